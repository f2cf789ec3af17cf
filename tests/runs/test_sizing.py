"""The width of a network suits the machine and the time, and is recorded once."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from charlstm.runs import sizing
from charlstm.runs.config import RunConfig
from charlstm.runs.recipes import FULL, NOTEBOOK, QUICK, Budget
from charlstm.runs.sizing import (
    LOSSES,
    Size,
    best_size,
    can_be_sized,
    dropout_for,
    expected_loss,
    starts_from_counts,
)
from tests.tiny_runs import create_run

LONG = 1_000_000  # characters of text


def speeds_of(fastest: float) -> dict[int, float]:
    """Of a processor whose speed falls with the number of weights."""
    return {units: fastest * (192 / units) ** 2 for units in LOSSES}


def test_the_usual_width_was_measured_after_all_numbers_of_characters():
    assert len(LOSSES[sizing.USUAL_UNITS]) == len(sizing.CHARACTERS)
    assert all(0 < len(losses) <= len(sizing.CHARACTERS) for losses in LOSSES.values())


@pytest.mark.parametrize("units", LOSSES)
def test_more_characters_never_mean_a_higher_loss(units):
    losses = [expected_loss(units, characters) for characters in (1e4, 3e5, 5e5, 3e6, 1e7, 1e9)]
    assert losses == sorted(losses, reverse=True)
    for characters, loss in zip(sizing.CHARACTERS, LOSSES[units], strict=False):
        assert expected_loss(units, characters) == pytest.approx(loss)


def test_a_fast_machine_and_a_long_time_get_a_wider_network():
    widths = [best_size(speeds_of(fastest), 1, LONG).units for fastest in (2e4, 1e5, 5e5)]
    assert widths == sorted(widths)
    assert widths[0] < widths[-1]
    longer = [best_size(speeds_of(1e5), minutes, LONG).units for minutes in (0.2, 1, 5)]
    assert longer == sorted(longer)
    assert longer[0] < longer[-1]


def test_the_slowest_machine_gets_the_narrowest_network():
    for fastest in (1e2, 1e3, 5e3):
        assert best_size(speeds_of(fastest), 1, LONG).units == min(LOSSES)
    assert best_size(speeds_of(1e5), 0.001, LONG).units == min(LOSSES)


def test_a_short_text_gets_no_wider_network_than_usual():
    speeds = dict.fromkeys(LOSSES, 5e4)  # the wider one is as fast
    assert best_size(speeds, 1, LONG).units > sizing.USUAL_UNITS
    assert best_size(speeds, 1, 50_000).units <= sizing.USUAL_UNITS


def test_the_more_often_a_text_is_read_the_more_is_dropped_out():
    rates = [dropout_for(epochs) for epochs in (0.1, 1, 4, 8, 15, 1000)]
    assert rates == sorted(rates)
    assert 0 < rates[0] < QUICK.dropout < rates[-1] < 0.6


@pytest.mark.parametrize(
    ("recipe", "budget", "vocabulary_size", "is_counted"),
    [
        (QUICK, Budget(epochs=3), 65, True),
        (QUICK, Budget(epochs=60), 65, False),
        (QUICK, Budget(epochs=60), 1_500, True),
        (FULL, FULL.budget, 65, True),
        (NOTEBOOK, Budget(epochs=1), 1_500, False),
        (Size(384, dropout_for(3)).applied_to(QUICK), Budget(minutes=3), 65, True),
        (Size(384, dropout_for(60)).applied_to(QUICK), Budget(minutes=3), 65, False),
        (Size(384, dropout_for(60)).applied_to(QUICK), Budget(minutes=3), 1_500, True),
    ],
)
def test_a_network_begins_with_counts_unless_it_reads_a_short_text_often(
    recipe, budget, vocabulary_size, is_counted
):
    assert starts_from_counts(recipe, budget, vocabulary_size) == is_counted


def test_only_quick_with_some_minutes_is_sized():
    assert can_be_sized(QUICK, Budget(minutes=1))
    assert not can_be_sized(QUICK, Budget(epochs=1))
    assert not can_be_sized(FULL, Budget(minutes=1))
    assert not can_be_sized(NOTEBOOK, Budget(minutes=1))


@pytest.mark.parametrize(
    ("recipe", "budget"),
    [(QUICK, Budget(epochs=1)), (FULL, FULL.budget), (NOTEBOOK, Budget(minutes=1))],
)
def test_otherwise_there_is_one_candidate(recipe, budget, tmp_path, tiny_corpus):
    run = create_run(
        recipe=recipe, corpus=tiny_corpus, budget=budget, random_seed=1, folder=tmp_path / "run"
    )
    assert run.config.candidates == [recipe]


def test_a_config_keeps_the_size_and_its_recipe_has_it(tmp_path, tiny_corpus):
    run = create_run(
        recipe=QUICK,
        corpus=tiny_corpus,
        budget=Budget(minutes=1),
        random_seed=1,
        folder=tmp_path / "run",
    )
    assert run.config.size is None and run.config.recipe == QUICK
    assert [recipe.lstm_units for recipe in run.config.candidates] == [(n,) for n in LOSSES]
    run.set_size(Size(256, 0.4))
    config = run.config
    assert config.recipe == replace(QUICK, lstm_units=(256,), dropout=0.4)
    assert config.candidates == [config.recipe]
    assert RunConfig.from_json(json.loads(json.dumps(config.to_json()))) == config
    assert config.notices[-1] == (
        "256 units: the width that learns the most on this computer in the time it was given."
    )


@pytest.mark.parametrize(
    "record",
    [
        None,
        [],
        {"units": 256},
        {"units": "256", "dropout": 0.3},
        {"units": 0, "dropout": 0.3},
        {"units": 10**9, "dropout": 0.3},
        {"units": True, "dropout": 0.3},
        {"units": 256, "dropout": 1},
        {"units": 256, "dropout": float("nan")},
        {"units": 256, "dropout": 0.3, "more": 1},
    ],
)
def test_a_damaged_size_is_refused(record):
    assert Size.from_json(record) is None
