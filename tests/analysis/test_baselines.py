"""Figures side by side: what stands in the table, and what is never called unseen."""

import math
from dataclasses import replace

import numpy as np
import pytest

from charlstm.analysis.baselines import (
    MEASURED_ON,
    NOTICES,
    compare,
    measure_baselines,
    measured_on,
)
from charlstm.analysis.ngram import ngram_figures
from charlstm.network.training_record import EXPOSURES, BaselineFigures, Results, TrainingRecord

RESULTS = Results(loss_nats=1.5, accuracy=0.554, characters=111_539, parameters=7)
BASELINES = BaselineFigures(
    blind_loss_nats=round(math.log(65), 4),
    four_gram_loss_nats=1.7738,
    four_gram_accuracy=0.4717,
)
SOURCE = {
    "name": "a",
    "sha256": "b",
    "corpus": "c",
    "embedding_units": 3,
    "lstm_units": [5],
    "new_characters": "",
    "held_out": "unseen",
}


def test_every_figure_stands_beside_those_of_counting_and_of_blind_guessing():
    comparison = compare(RESULTS, BASELINES, "unseen")
    assert [who.name for who in comparison.predictors] == ["this model", "4-gram", "blind"]
    assert [figures for _, _, figures in comparison.rows()] == [
        ["1.500", "1.774", "4.174"],
        ["4.48", "5.89", "65.0"],
        ["55.4%", "47.2%", "1.5%"],
        ["2.164", "2.559", "6.022"],
    ]
    terms = [term for _, term, _ in comparison.rows()]
    assert terms == ["loss, nats", "perplexity", "accuracy", ""]


def test_the_text_is_a_table_for_a_terminal():
    lines = compare(RESULTS, BASELINES, "unseen").as_text().splitlines()
    assert lines[0] == "On 111,539 characters of text it never saw:"
    assert lines[1].split() == ["this", "model", "4-gram", "blind"]
    table = lines[1:6]
    assert len({len(line) for line in table}) == 1, "the columns are straight"
    assert max(map(len, lines)) <= 80
    assert lines[4].startswith("Right guesses (accuracy) ")
    assert lines[4].split()[-3:] == ["55.4%", "47.2%", "1.5%"]


def test_what_an_older_record_lacks_is_left_out():
    older = replace(BASELINES, four_gram_accuracy=None)
    assert compare(RESULTS, older, "unseen").rows()[2][2] == ["55.4%", "–", "1.5%"]
    alone = compare(RESULTS, BaselineFigures(), "unseen").rows()
    assert [figures for *_, figures in alone][0] == ["1.500"]


def test_a_sample_is_called_a_part():
    sample = Results(loss_nats=1.5, accuracy=0.5)
    assert compare(sample, BASELINES, "unseen").title == "On text it never saw (a part of it)"


@pytest.mark.parametrize("loss", [0.0, 9.0, 800.0])
def test_any_loss_can_be_shown(loss):
    figures = compare(replace(RESULTS, loss_nats=loss), BASELINES, "unseen").rows()
    assert figures[0][2][0] == f"{loss:.3f}"


def test_baselines_are_those_of_counts_and_of_the_vocabulary():
    ids = np.random.default_rng(1).integers(0, 7, 500)
    baselines = measure_baselines(ids[:400], ids[400:], 7)
    counted = ngram_figures(ids[:400], ids[400:], 7)
    assert baselines.four_gram_loss_nats == counted.loss_nats
    assert baselines.four_gram_accuracy == counted.accuracy
    assert baselines.blind_loss_nats == pytest.approx(math.log(7))
    comparison = compare(RESULTS, baselines, "unseen")
    assert comparison.predictors[2].accuracy == pytest.approx(1 / 7)


@pytest.mark.parametrize(
    ("training", "expected"),
    [
        ({}, "unrecorded"),
        ({"started_from": SOURCE}, "unrecorded"),
        ({"carries_state": True}, "unseen"),
        ({"carries_state": False}, "leaky"),
        ({"carries_state": False, "started_from": SOURCE}, "leaky"),
        ({"carries_state": True, "started_from": SOURCE}, "unseen"),
        ({"carries_state": True, "started_from": {**SOURCE, "held_out": "seen"}}, "seen"),
        ({"carries_state": True, "started_from": {**SOURCE, "held_out": "unknown"}}, "unknown"),
        ({"carries_state": True, "started_from": {**SOURCE, "held_out": "odd"}}, "unknown"),
        ({"carries_state": True, "started_from": None}, "unknown"),
    ],
)
def test_what_a_model_may_have_read_before_is_never_called_unseen(training, expected):
    on = measured_on(TrainingRecord.from_json(training))
    assert on == expected
    title = compare(RESULTS, BASELINES, on).title
    assert ("never saw" in title) == (expected == "unseen")


def test_there_are_words_for_whatever_a_training_may_have_started_from():
    assert set(EXPOSURES) < set(MEASURED_ON)
    assert set(NOTICES) == set(MEASURED_ON) - {"unseen"}, "all but the good case are explained"
