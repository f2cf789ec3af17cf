"""Splitting and cutting: no position twice, none left out, nothing of the held-out part."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charlstm.text.split import split
from charlstm.text.vocabulary import Vocabulary
from charlstm.training.batches import Lanes, Windows, cold_windows
from tests.tiny_networks import tiny_shakespeare_text


def lanes_of(ids: np.ndarray, **changes) -> Lanes:
    settings = {"lanes": 5, "window": 7, "fresh_start_share": 0.0, "random_seed": 1}
    return Lanes(ids=ids, **(settings | changes))


# Splitting


def test_training_never_touches_a_held_out_position():
    ids = np.zeros(2000, np.int32)
    split(ids)[1][:] = 9  # a view: marks the held-out part
    assert ids.sum() == 9 * 200
    lanes = lanes_of(split(ids)[0], lanes=32, window=64)
    for step in range(int(3 * lanes.steps_per_epoch()) + 1):
        batch = lanes.batch(step)
        assert not batch.ids.any()
        assert not batch.targets.any()


# Lanes


@given(st.integers(1, 300), st.integers(1, 9), st.integers(1, 40), st.integers(0, 50))
def test_targets_are_inputs_shifted_by_one(characters, count, window, step):
    batch = lanes_of(np.arange(characters), lanes=count, window=window).batch(step)
    np.testing.assert_array_equal(batch.targets, (batch.ids + 1) % characters)
    assert batch.ids.shape == batch.targets.shape == (count, window)
    assert (batch.ids.dtype, batch.targets.dtype) == (np.int32, np.int32)
    assert (batch.keep.dtype, batch.keep.shape) == (np.float32, (count, 1))


@given(st.integers(1, 300), st.integers(1, 9), st.integers(1, 40), st.integers(0, 50))
def test_every_lane_goes_on_where_it_was(characters, count, window, step):
    lanes = lanes_of(np.arange(characters), lanes=count, window=window)
    before, after = lanes.batch(step), lanes.batch(step + 1)
    np.testing.assert_array_equal(after.ids[:, 0], before.targets[:, -1])


@given(st.integers(1, 500), st.integers(1, 9), st.integers(1, 40))
def test_one_epoch_covers_every_position(characters, count, window):
    lanes = lanes_of(np.arange(characters), lanes=count, window=window)
    steps = int(np.ceil(lanes.steps_per_epoch()))
    seen = np.unique([lanes.batch(step).ids for step in range(steps)])
    assert seen.tolist() == list(range(characters))


def test_lanes_begin_evenly_spread():
    assert lanes_of(np.arange(103), lanes=4).batch(0).ids[:, 0].tolist() == [0, 25, 51, 77]


def test_a_batch_depends_on_its_step_alone():
    ids = np.random.default_rng(2).integers(0, 9, 400)
    lanes = lanes_of(ids, fresh_start_share=0.3)
    in_order = [lanes.batch(step) for step in range(6)]
    for step in (5, 0, 3):
        again = lanes_of(ids, fresh_start_share=0.3).batch(step)
        np.testing.assert_array_equal(again.ids, in_order[step].ids)
        np.testing.assert_array_equal(again.keep, in_order[step].keep)


def test_every_lane_starts_afresh_in_the_first_step_and_only_there_without_fresh_starts():
    lanes = lanes_of(np.arange(100))
    assert not lanes.batch(0).keep.any()
    assert all(lanes.batch(step).keep.all() for step in range(1, 30))


def test_the_asked_share_of_lanes_starts_afresh():
    lanes = lanes_of(np.arange(100), lanes=40, fresh_start_share=0.02)
    keep = np.array([lanes.batch(step).keep for step in range(1, 501)])
    fresh = 1 - keep.mean()
    assert set(np.unique(keep)) == {0, 1}
    assert abs(fresh - 0.02) < 4 * np.sqrt(0.02 * 0.98 / keep.size)


def test_another_random_seed_starts_other_lanes_afresh():
    keeps = [
        [lanes.batch(step).keep.tolist() for step in range(1, 20)]
        for lanes in (
            lanes_of(np.arange(100), fresh_start_share=0.5, random_seed=seed) for seed in (1, 2)
        )
    ]
    assert keeps[0] != keeps[1]


# The notebook's windows


def windows_of(ids: np.ndarray, **changes) -> Windows:
    settings = {"window": 10, "batch_size": 16, "random_seed": 1}
    return Windows.from_ids(ids, **(settings | changes))


def test_tiny_shakespeare_gives_the_notebook_s_windows_and_split():
    from sklearn.model_selection import train_test_split

    text = tiny_shakespeare_text().replace("\n", " ").replace("  ", " ").strip()
    vocabulary = Vocabulary.from_text(text)
    assert (len(text), len(vocabulary)) == (1_108_157, 64)
    ids = vocabulary.encode(text).astype(np.uint8)
    windows = windows_of(ids, window=100, batch_size=64)
    assert (len(windows.train), len(windows.test)) == (332_417, 36_936)
    assert np.shares_memory(windows.windows, ids)

    # as the notebook did it, with real arrays
    starts = range(0, len(ids) - 100, 3)
    inputs = np.stack([ids[start : start + 100] for start in starts])
    targets = np.array([ids[start + 100] for start in starts])
    train_inputs, test_inputs, train_targets, test_targets = train_test_split(
        inputs, targets, test_size=0.1, random_state=42
    )
    np.testing.assert_array_equal(windows.windows[windows.train], train_inputs)
    np.testing.assert_array_equal(windows.windows[windows.test], test_inputs)
    np.testing.assert_array_equal(windows.targets[windows.train], train_targets)
    np.testing.assert_array_equal(windows.targets[windows.test], test_targets)


@given(st.integers(200, 230))
def test_a_window_s_target_is_the_character_after_it(characters):
    windows = windows_of(np.arange(characters))
    np.testing.assert_array_equal(windows.windows[:, 0], np.arange(0, characters - 10, 3))
    np.testing.assert_array_equal(windows.targets, windows.windows[:, -1] + 1)
    assert np.diff(windows.windows, axis=1).min() == np.diff(windows.windows, axis=1).max() == 1


def test_training_and_test_windows_are_all_windows_once():
    windows = windows_of(np.arange(2000))
    together = np.concatenate([windows.train, windows.test])
    np.testing.assert_array_equal(np.sort(together), np.arange(len(windows.windows)))


def test_an_epoch_reads_every_training_window_once_in_another_order_each_time():
    windows = windows_of(np.arange(2000))
    steps = int(windows.steps_per_epoch())
    batches = list(itertools.islice(windows.batches(0), 2 * steps))
    epochs = [
        np.concatenate([inputs[:, 0] for inputs, _ in batches[part]])
        for part in (slice(0, steps), slice(steps, 2 * steps))
    ]
    for epoch in epochs:
        np.testing.assert_array_equal(np.sort(epoch), np.sort(3 * windows.train))
    assert epochs[0].tolist() != epochs[1].tolist()
    for inputs, targets in batches:
        np.testing.assert_array_equal(targets, inputs[:, -1] + 1)


@pytest.mark.parametrize("first_step", [1, 36, 37, 38, 80])
def test_batches_resumed_at_a_step_are_those_of_one_go(first_step):
    windows = windows_of(np.arange(2000))
    assert windows.steps_per_epoch() == 38
    whole = itertools.islice(windows.batches(0), first_step, first_step + 4)
    resumed = itertools.islice(windows.batches(first_step), 4)
    for (inputs, targets), (its_inputs, its_targets) in zip(whole, resumed, strict=True):
        np.testing.assert_array_equal(inputs, its_inputs)
        np.testing.assert_array_equal(targets, its_targets)


def test_a_text_of_2000_characters_is_enough():
    ids = np.arange(2000) % 17
    windows = windows_of(ids, window=100, batch_size=64)
    inputs, targets = next(windows.batches(0))
    assert inputs.shape == (64, 100)
    assert targets.shape == (64,)
    training, held_out = split(ids)
    assert lanes_of(training, lanes=32, window=64).batch(3).ids.shape == (32, 64)
    assert cold_windows(held_out, 256, 48)[0].shape == (1, 199)


# Windows from a zero state


@given(st.integers(2, 900), st.integers(1, 60), st.integers(1, 20))
def test_cold_windows_spread_over_the_text_without_overlap(characters, window, count):
    inputs, targets = cold_windows(np.arange(characters), window, count)
    np.testing.assert_array_equal(targets, inputs + 1)
    assert inputs.shape[1] == min(window, characters - 1)
    assert len(inputs) <= count
    assert len(inputs) == min(count, (characters - 1) // inputs.shape[1])
    assert len(np.unique(targets)) == targets.size
    assert targets.max() <= characters - 1
    if len(inputs) > 1:
        assert inputs[0, 0] == 0
        assert targets.max() == characters - 1
