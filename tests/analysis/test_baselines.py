"""Figures side by side: what stands in the table, and what is never called unseen."""

import math

import numpy as np
import pytest

from charlstm.analysis.baselines import (
    MEASURED_ON,
    NOTICES,
    compare,
    measured_on,
    simple_figures,
)
from charlstm.analysis.ngram import ngram_figures
from charlstm.network.training_record import HELD_OUT
from charlstm.runs.timeline import Timeline

RESULTS = {"loss_nats": 1.5, "accuracy": 0.554, "characters": 111_539, "parameters": 7}
STARTED = {
    "blind_loss_nats": round(math.log(65), 4),
    "four_gram_loss_nats": 1.7738,
    "four_gram_accuracy": 0.4717,
}
ORIGIN = {
    "name": "a",
    "sha256": "b",
    "corpus": "c",
    "embedding_units": 3,
    "lstm_units": [5],
    "new_characters": "",
    "held_out": "unseen",
}


def test_every_figure_stands_beside_those_of_counting_and_of_blind_guessing():
    comparison = compare(RESULTS, STARTED, "unseen")
    assert [who.name for who in comparison.guessers] == ["this model", "4-gram", "blind"]
    assert [figures for _, _, figures in comparison.rows()] == [
        ["1.500", "1.774", "4.174"],
        ["4.48", "5.89", "65.0"],
        ["55.4 %", "47.2 %", "1.5 %"],
        ["2.164", "2.559", "6.022"],
    ]
    terms = [term for _, term, _ in comparison.rows()]
    assert terms == ["loss, nats", "perplexity", "accuracy", ""]


def test_the_text_is_a_table_for_a_terminal():
    lines = compare(RESULTS, STARTED, "unseen").as_text().splitlines()
    assert lines[0] == "On 111,539 characters of text it never saw:"
    assert lines[1].split() == ["this", "model", "4-gram", "blind"]
    table = lines[1:6]
    assert len({len(line) for line in table}) == 1, "the columns are straight"
    assert max(map(len, lines)) <= 80
    assert lines[4].startswith("Right guesses (accuracy) ")
    assert lines[4].split()[-6:] == ["55.4", "%", "47.2", "%", "1.5", "%"]


def test_what_an_older_training_did_not_tell_is_left_out():
    older = {name: STARTED[name] for name in ("blind_loss_nats", "four_gram_loss_nats")}
    assert compare(RESULTS, older, "unseen").rows()[2][2] == ["55.4 %", "–", "1.5 %"]
    assert [figures for *_, figures in compare(RESULTS, {}, "unseen").rows()][0] == ["1.500"]


def test_a_sample_is_called_a_part():
    sample = {"loss_nats": 1.5, "accuracy": 0.5}
    assert compare(sample, STARTED, "unseen").title == "On text it never saw (a part of it)"


@pytest.mark.parametrize("loss", [0.0, 9.0, 800.0])
def test_any_loss_can_be_told(loss):
    figures = compare({**RESULTS, "loss_nats": loss}, STARTED, "unseen").rows()
    assert figures[0][2][0] == f"{loss:.3f}"


def test_exact_figures_go_before_those_of_the_curve():
    validated = [
        {"val_loss_nats": 2.0, "val_accuracy": 0.3},
        {"val_loss_nats": 1.8, "val_accuracy": 0.4},
    ]
    exact = Timeline(ending={"results": RESULTS}, validated=validated)
    assert exact.results_so_far() == RESULTS
    stopped = Timeline(ending={"results": {}}, validated=validated)
    assert stopped.results_so_far() == {"loss_nats": 1.8, "accuracy": 0.4}
    assert Timeline().results_so_far() == {}


def test_simple_figures_are_those_of_counts_and_of_the_vocabulary():
    ids = np.random.default_rng(1).integers(0, 7, 500)
    figures = simple_figures(ids[:400], ids[400:], 7)
    counted = ngram_figures(ids[:400], ids[400:], 7)
    assert figures["four_gram_loss_nats"] == counted.loss_nats
    assert figures["four_gram_accuracy"] == counted.accuracy
    assert figures["four_gram_perplexity"] == pytest.approx(math.exp(counted.loss_nats))
    assert figures["four_gram_bits_per_char"] == pytest.approx(counted.loss_nats / math.log(2))
    assert figures["blind_loss_nats"] == pytest.approx(math.log(7))
    comparison = compare(RESULTS, figures, "unseen")
    assert comparison.guessers[2].accuracy == pytest.approx(1 / 7)


@pytest.mark.parametrize(
    ("training", "expected"),
    [
        ({}, "unseen"),
        ({"carries_state": True}, "unseen"),
        ({"carries_state": False}, "leaky"),
        ({"carries_state": False, "started_from": ORIGIN}, "leaky"),
        ({"carries_state": True, "started_from": ORIGIN}, "unseen"),
        ({"carries_state": True, "started_from": {**ORIGIN, "held_out": "seen"}}, "seen"),
        ({"carries_state": True, "started_from": {**ORIGIN, "held_out": "unknown"}}, "unknown"),
        ({"carries_state": True, "started_from": {**ORIGIN, "held_out": "odd"}}, "unknown"),
        ({"carries_state": True, "started_from": None}, "unknown"),
    ],
)
def test_what_a_model_may_have_read_before_is_never_called_unseen(training, expected):
    assert measured_on(training) == expected
    title = compare(RESULTS, STARTED, measured_on(training)).title
    assert ("never saw" in title) == (expected == "unseen")


def test_there_are_words_for_whatever_a_training_may_have_started_from():
    assert set(HELD_OUT) < set(MEASURED_ON)
    assert set(NOTICES) == set(MEASURED_ON) - {"unseen"}, "all but the good case are explained"
