"""A curve that is thinned while it grows stays true, and within bounds."""

from __future__ import annotations

import math
import random
from statistics import fmean

import pytest

from charlstm.runs import progress_curve
from charlstm.runs.progress_curve import ProgressCurve
from tests.tiny_runs import an_event

FIRST, MOST = 7, 27


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(progress_curve, "FIRST_POINTS", FIRST)
    monkeypatch.setattr(progress_curve, "MAX_POINTS", MOST)


def events(count: int, seed: int = 1) -> list:
    rng = random.Random(seed)
    return [
        an_event(
            "progress",
            elapsed_s=0.5 * step,
            step=step,
            running_loss_nats=rng.uniform(1, 4),
            accuracy=rng.random(),
            eta_s=float(count - step),
        )
        for step in range(1, count + 1)
    ]


def curve_of(all_events) -> ProgressCurve:
    curve = ProgressCurve()
    for event in all_events:
        curve = curve.after(event)
    return curve


def test_a_short_training_keeps_every_event():
    assert list(curve_of(events(MOST)).points) == events(MOST)


@pytest.mark.parametrize("count", [1, FIRST, MOST, MOST + 1, 100, 1000, 5003])
def test_the_points_are_few_and_end_at_the_latest_event(count):
    all_events = events(count)
    points = curve_of(all_events).points
    assert len(points) <= MOST and (count < MOST or len(points) > MOST // 2)
    assert list(points[:FIRST]) == all_events[:FIRST], "the beginning is as it was"
    latest = all_events[-1]
    assert (points[-1].step, points[-1].elapsed_s, points[-1].eta_s) == (
        latest.step,
        latest.elapsed_s,
        latest.eta_s,
    )
    assert [point.step for point in points] == sorted({point.step for point in points})


@pytest.mark.parametrize("count", [MOST + 1, 100, 1000, 5003])
def test_a_point_is_the_mean_of_the_events_since_the_one_before(count):
    all_events = events(count)
    points = curve_of(all_events).points
    before = 0
    for point in points:
        meant = all_events[before : point.step]
        assert point.running_loss_nats == pytest.approx(fmean(e.running_loss_nats for e in meant))
        assert point.accuracy == pytest.approx(fmean(event.accuracy for event in meant))
        before = point.step
    assert before == count


def test_the_points_are_evenly_spaced_after_the_beginning():
    steps = [point.step for point in curve_of(events(5003)).points][FIRST - 1 : -1]
    assert len({after - before for before, after in zip(steps, steps[1:], strict=False)}) == 1


@pytest.mark.parametrize("count", [MOST, 100, 1000])
def test_a_resumed_training_goes_on_from_its_step(count):
    curve = curve_of(events(count))
    for step in (0, 1, FIRST, FIRST + 1, count // 2, count - 1, count):
        resumed = curve.until(step)
        assert [p.step for p in resumed.points] == [p.step for p in curve.points if p.step <= step]
        before = resumed.points
        for event in events(count + 60, seed=2)[step:]:
            resumed = resumed.after(event)
            if resumed.stride == curve.stride and step < count:
                assert resumed.points[: len(before)] == before, "what is past does not change"
        assert len(resumed.points) <= MOST
        steps = [point.step for point in resumed.points]
        assert steps == sorted(set(steps)) and steps[-1] == count + 60


def test_a_loss_that_is_not_finite_stays_within_its_point():
    all_events = events(200)
    all_events[150] = an_event(
        "progress", elapsed_s=75.5, step=151, running_loss_nats=math.inf, accuracy=math.nan
    )
    losses = [point.running_loss_nats for point in curve_of(all_events).points]
    assert sum(not math.isfinite(loss) for loss in losses) == 1
