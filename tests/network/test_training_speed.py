"""The ways in which a processor can train, and how long they take."""

from __future__ import annotations

import pytest

from charlstm.network import training_speed
from charlstm.network.lstm import Architecture
from charlstm.network.training_speed import Way, layers_step_s, possible_ways

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
    monkeypatch.setattr(training_speed, "HAS_TILES", False)
    assert possible_ways(cores, lanes) == [Way("float32", number) for number in groups]


def test_half_precision_is_for_processors_with_matrix_units(monkeypatch):
    monkeypatch.setattr(training_speed, "HAS_TILES", True)
    assert [str(way) for way in possible_ways(2, 32)] == [
        "bfloat16, 2 groups of lanes",
        "bfloat16, 1 group of lanes",
        "float32, 2 groups of lanes",
        "float32, 1 group of lanes",
    ]


@pytest.mark.parametrize("way", possible_ways(2, 32), ids=str)
def test_every_way_can_be_measured(way):
    assert 0 < layers_step_s(way, SMALL, 32, 3) < float("inf")
