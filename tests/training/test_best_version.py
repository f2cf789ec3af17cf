"""The version with the lowest held-out loss is kept when the last one is clearly worse."""

from __future__ import annotations

import numpy as np
import pytest

from charlstm.network.training_record import KeptVersion
from charlstm.runs.advice import advice_for
from charlstm.training.best_version import SMOOTHED, WORSE_NATS, BestVersion
from tests.damage import DAMAGES, modes_count
from tests.tiny_runs import a_timeline, an_event

FALLS, RISES = [3.0, 2.0, 1.5, 1.4, 1.35], [1.4, 1.6, 1.9, 2.2]


def weights(step: int) -> dict[str, np.ndarray]:
    return {"a": np.full((2, 3), step, np.float32), "b": np.full(4, -step, np.float32)}


def offer(best: BestVersion, losses, first_step: int = 0) -> None:
    for step, loss in enumerate(losses, first_step):
        best.offer(loss, step=step, elapsed_s=10.0 * step, weights=lambda step=step: weights(step))


@pytest.fixture
def best(tmp_path):
    version = BestVersion(tmp_path / "best.safetensors")
    version.windows = 48
    return version


def test_the_version_with_the_lowest_mean_is_kept(best):
    offer(best, FALLS + RISES)
    means = np.convolve(FALLS + RISES, np.full(SMOOTHED, 1 / SMOOTHED), "valid")
    step = int(means.argmin()) + SMOOTHED - 1
    kept = best.kept()
    assert kept == KeptVersion(
        step=step,
        elapsed_s=10.0 * step,
        best_nats=pytest.approx(means.min()),
        last_nats=pytest.approx(np.mean(RISES[-SMOOTHED:])),
    )
    assert (best.weights["a"] == step).all() and (best.weights["b"] == -step).all()


@pytest.mark.parametrize("rise, is_kept", [(0.9 * WORSE_NATS, False), (1.1 * WORSE_NATS, True)])
def test_a_rise_within_the_noise_keeps_the_last_version(best, rise, is_kept):
    offer(best, [1.5] * SMOOTHED + [1.5 + rise] * SMOOTHED)
    assert (best.kept() is not None) == is_kept


def test_a_training_too_short_to_tell_keeps_the_last_version(best, tmp_path):
    assert best.kept() is None
    offer(best, [1.0, 5.0][: SMOOTHED - 1])
    best.save()
    assert best.kept() is None and list(tmp_path.iterdir()) == []


def test_what_was_remembered_is_a_copy(best):
    shared = np.ones(3, np.float32)
    for step, loss in enumerate([2.0, 1.0, 1.0]):
        best.offer(loss, step=step, elapsed_s=1.0, weights=lambda: {"a": shared})
    shared[:] = 9
    assert (best.weights["a"] == 1).all()


def test_a_training_that_goes_on_remembers(best):
    offer(best, FALLS)
    best.save()
    again = BestVersion(best.path)
    again.load(windows=48)
    assert again.kept() is None
    offer(again, RISES, first_step=len(FALLS))
    offer(best, RISES, first_step=len(FALLS))
    assert again.kept() == best.kept() is not None
    np.testing.assert_array_equal(again.weights["a"], best.weights["a"])


def test_measurements_of_other_windows_are_not_compared(best):
    offer(best, FALLS)
    best.save()
    other = BestVersion(best.path)
    other.load(windows=20)
    offer(other, RISES)
    assert other.kept().best_nats == pytest.approx(np.mean(RISES[:SMOOTHED]))
    any_windows = BestVersion(best.path)
    any_windows.load()
    assert (any_windows.weights["a"] == len(FALLS) - 1).all()


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_file_is_nothing(best, name):
    DAMAGES[name](best.path)
    with modes_count():
        best.load(windows=48)
    assert best.kept() is None and best.weights == {}


def test_people_read_which_version_was_kept_and_are_not_warned_twice():
    kept = {"step": 700, "elapsed_s": 41.2, "best_nats": 1.8, "last_nats": 3.4}
    curves = []
    for seconds in (10.0 * index for index in range(20)):
        held_out, training = 1.8 + 0.01 * max(0, seconds - 40), 3 - 0.01 * seconds
        curves.append(an_event("validated", seconds, val_loss_nats=held_out))
        curves.append(an_event("progress", seconds, running_loss_nats=training))
    finished = a_timeline(events=[*curves, an_event("finished", kept_version=kept)])
    advice = advice_for(finished, from_model=False)
    assert len(advice) == 1
    assert "from 1.80 to 3.40 nats" in advice[0]
    assert "version after 41 seconds was kept" in advice[0]
    without = a_timeline(events=[*curves, an_event("finished")])
    assert "has begun to memorise its text" in advice_for(without, from_model=False)[0]
