"""The ways in which a processor can train, and how long they take."""

from __future__ import annotations

import pytest

from charlstm.network import training_speed, way
from charlstm.network.lstm import Architecture
from charlstm.network.training_speed import ROUNDS, Case, steps_s
from charlstm.network.way import Way, possible_ways

SMALL = Architecture(vocabulary_size=1, embedding_units=3, lstm_units=(4, 5))


@pytest.mark.parametrize(
    ("cores", "lanes", "groups"),
    [
        (1, 128, [1]),
        (2, 128, [2, 1]),
        (2, 16, [1]),
        (3, 128, [2, 1]),
        (8, 128, [8, 1]),
        (64, 128, [8, 1]),
        (2, 33, [1]),
    ],
)
def test_lanes_are_divided_evenly_among_the_cores_in_groups_that_are_worth_it(
    cores, lanes, groups, monkeypatch
):
    monkeypatch.setattr(way, "HAS_TILES", False)
    assert possible_ways(cores, lanes) == [Way("float32", number) for number in groups]


def test_half_precision_is_for_processors_with_matrix_units(monkeypatch):
    monkeypatch.setattr(way, "HAS_TILES", True)
    assert [str(way) for way in possible_ways(2, 32)] == [
        "bfloat16, 2 groups of lanes",
        "bfloat16, 1 group of lanes",
        "float32, 2 groups of lanes",
        "float32, 1 group of lanes",
    ]


CASES = [Case(way, SMALL, 32, 3) for way in possible_ways(2, 32)]


def test_every_way_can_be_measured():
    found_s = steps_s(CASES)
    assert len(found_s) == len(CASES)
    assert all(0 < step_s < float("inf") for step_s in found_s)


def test_cases_take_turns_and_the_best_of_each_counts(monkeypatch):
    """So a moment in which the machine is busy does not make one of them look slow."""
    measured = []

    def measure(case, measure_s):
        measured.append(case)
        busy = len(measured) <= len(CASES)  # in the first round
        return 9.0 if busy else 1.0 + CASES.index(case)

    monkeypatch.setattr(training_speed, "_step_s", measure)
    assert steps_s(CASES) == [1.0 + index for index in range(len(CASES))]
    assert measured == CASES * ROUNDS
