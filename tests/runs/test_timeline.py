"""The course of a training, from its events and from whether its process lives."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys

import psutil
import pytest

from charlstm.network.training_record import Results
from charlstm.runs.events import Event
from charlstm.runs.progress_curve import MAX_POINTS
from charlstm.runs.recipes import QUICK
from charlstm.runs.run import Run
from charlstm.runs.timeline import LATEST_SAMPLES, timeline_of
from tests.tiny_runs import a_timeline, an_event, append, create_run


@pytest.fixture
def run(tiny_corpus, tmp_path):
    return create_run(
        recipe=QUICK,
        corpus=tiny_corpus,
        budget=QUICK.budget,
        random_seed=7,
        folder=tmp_path / "run",
    )


def progress(run: Run, step: int, share: float = 0.0) -> None:
    append(run, "progress", step=step, elapsed_s=step / 10, share=share)


def dead_process(run: Run) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    created = psutil.Process(process.pid).create_time()
    process.wait()
    owner = {"pid": process.pid, "create_time": created}
    (run.folder / "process.json").write_text(json.dumps(owner))


def test_a_run_that_was_never_started_is_new(run):
    timeline = run.timeline()
    assert timeline.status == "new"
    assert not timeline.is_going_on
    assert (timeline.elapsed_s, timeline.share) == (0.0, 0.0)


def test_a_training_is_preparing_then_running_then_measuring(run):
    run.ownership.claim()
    assert run.timeline().status == "preparing"
    append(run, "started", step=0, elapsed_s=0.0, device="a CPU")
    assert run.timeline().status == "preparing"
    progress(run, 1)
    assert run.timeline().status == "running"
    append(run, "saved", step=1, elapsed_s=1.0)
    assert run.timeline().status == "running"
    append(run, "measuring", elapsed_s=1.0, share=0.5)
    timeline = run.timeline()
    assert timeline.status == "measuring" and timeline.measured == 0.5
    assert timeline.is_going_on


@pytest.mark.parametrize("kind", ["finished", "stopped", "failed"])
def test_a_training_that_ended_is_known_by_its_last_event(run, kind):
    run.ownership.claim()
    append(run, "started", step=0, elapsed_s=0.0)
    progress(run, 3, share=0.25)
    append(run, kind, elapsed_s=0.3, pid=os.getpid(), message="the disk is full")
    still_there = run.timeline()  # its process is just about to leave
    run.ownership.release()
    for timeline in (still_there, run.timeline()):
        assert timeline.status == kind
        assert timeline.ending.pid == os.getpid()
        assert timeline.failure == ("the disk is full" if kind == "failed" else "")
        assert not timeline.is_going_on
        assert (timeline.elapsed_s, timeline.share) == (0.3, 0.25)


@pytest.mark.parametrize("last", [None, "started", "progress", "measuring"])
def test_a_training_whose_process_exited_without_a_terminal_event_is_interrupted(run, last):
    dead_process(run)
    if last is not None:
        append(run, last, step=1, elapsed_s=0.0, share=0.0)
    timeline = run.timeline()
    assert timeline.status == "interrupted"
    assert not timeline.is_going_on


def test_a_resumed_training_is_going_on_before_its_first_event(run):
    append(run, "started", step=0, elapsed_s=0.0)
    append(run, "stopped", elapsed_s=1.0, pid=-1)
    run.ownership.claim()
    timeline = run.timeline()
    assert timeline.status == "preparing"
    assert timeline.ending is None


def test_a_resumed_training_forgets_what_it_had_gone_beyond(run):
    append(run, "started", step=0, elapsed_s=0.0)
    for step in (1, 2, 3, 4):
        progress(run, step)
        append(run, "validated", step=step, elapsed_s=step / 10, val_loss_nats=5.0 - step)
        append(run, "sample", step=step, elapsed_s=step / 10, text=str(step))
    append(run, "started", step=2, elapsed_s=0.2)
    progress(run, 3)
    timeline = run.timeline()
    assert [event.step for event in timeline.progress.points] == [1, 2, 3]
    assert [event.step for event in timeline.validated] == [1, 2]
    assert [event.text for event in timeline.samples] == ["1", "2"]
    assert timeline.started.step == 2


def test_a_training_that_begins_again_forgets_everything(run):
    append(run, "started", step=0, elapsed_s=0.0)
    progress(run, 5)
    append(run, "failed", elapsed_s=0.5, message="why")
    append(run, "started", step=0, elapsed_s=0.0)
    timeline = run.timeline()
    assert timeline.progress.points == ()
    assert timeline.ending is None


def test_the_curves_of_a_long_training_are_thinned_to_means_that_keep_the_last_moment(run):
    for step in range(1, 1801):
        append(
            run,
            "progress",
            step=step,
            elapsed_s=step / 10,
            running_loss_nats=float(step),
            accuracy=0.5,
        )
    curves = run.timeline().curves()
    assert len(curves["running_loss_nats"]) == 300
    assert curves["running_loss_nats"][0] == (0.6, 3.5)  # the mean of steps 1 to 6
    assert curves["running_loss_nats"][-1] == (180.0, 1797.5)
    assert curves["val_loss_nats"] == []


def test_exact_figures_go_before_those_of_the_curve():
    validated = [
        an_event("validated", val_loss_nats=loss, val_accuracy=accuracy)
        for loss, accuracy in ((2.0, 0.3), (1.8, 0.4))
    ]
    exact = {"loss_nats": 1.5, "accuracy": 0.5, "characters": 900}
    finished = a_timeline(events=[*validated, an_event("finished", results=exact)])
    assert finished.results == Results.from_json(exact)
    stopped = a_timeline(events=[*validated, an_event("stopped")])
    assert stopped.results == Results(loss_nats=1.8, accuracy=0.4)
    assert a_timeline().results is None


# A timeline that is read on


def a_whole_training(rng: random.Random) -> list[Event]:
    """What a training records that was stopped, resumed a little before that, and finished."""
    found = [an_event("asking_teachers")]
    for first, last in ((0, 60), (47, 140)):
        found.append(an_event("started", elapsed_s=first / 5, step=first))
        for step in range(first + 1, last + 1):
            at = {"elapsed_s": step / 5, "step": step}
            loss, share = rng.uniform(1, 4), step / 140
            found.append(an_event("progress", **at, running_loss_nats=loss, share=share))
            if step % 11 == 0:
                found.append(an_event("validated", **at, val_loss_nats=rng.uniform(1, 4)))
            if step % 2 == 0:
                found.append(an_event("sample", **at, kept=rng.random() < 0.3, text=str(step)))
            if step % 13 == 0:
                found.append(an_event("saved", **at))
        found.append(an_event("stopped", elapsed_s=last / 5, step=last))
    found[-1:] = [an_event("measuring", share=0.5), an_event("finished", elapsed_s=28.0)]
    return found


def until(step: int, events: list) -> list:
    return [event for event in events if event.step <= step]


def expected(events: list[Event]) -> dict:
    """What a timeline is to show of events, worked out anew."""
    progress, validated, samples, status = [], [], [], "new"
    for event in events:
        match event.kind:
            case "started":
                progress, validated = until(event.step, progress), until(event.step, validated)
                samples, status = until(event.step, samples), "preparing"
            case "progress" | "validated" | "sample":
                {"progress": progress, "validated": validated, "sample": samples}[
                    event.kind
                ].append(event)
                status = "running"
            case "measuring" | "stopped" | "finished":
                status = event.kind
    return {
        "status": status,
        "losses": [(event.elapsed_s, event.running_loss_nats) for event in progress],
        "latest": progress[-1] if progress else None,
        "held_out": [(event.elapsed_s, event.val_loss_nats) for event in validated],
        "kept": [event for event in samples if event.kept],
        "latest_sample": samples[-1] if samples else None,
    }


def shown(timeline) -> dict:
    return {
        "status": timeline.status,
        "losses": timeline.training_losses,
        "latest": timeline.latest,
        "held_out": timeline.held_out_losses,
        "kept": [event for event in timeline.samples if event.kept],
        "latest_sample": timeline.samples[-1] if timeline.samples else None,
    }


def test_a_timeline_that_is_read_on_is_the_one_that_is_made_anew():
    events = a_whole_training(random.Random(3))
    read_on = timeline_of([])
    for count, event in enumerate(events, 1):
        before, seen_before = read_on, shown(read_on)
        read_on = read_on.after(event)
        assert read_on == timeline_of(events[:count])
        assert shown(read_on) == expected(events[:count]), event
        assert shown(before) == seen_before, "the one before is still what it was"


def test_it_does_not_matter_when_somebody_looks(run):
    rng = random.Random(4)
    watching = Run(run.folder)
    events = a_whole_training(rng)
    for count, event in enumerate(events, 1):
        run.append(event)
        if rng.random() < 0.2 or count == len(events):
            assert watching.timeline() == Run(run.folder).timeline()
    assert shown(watching.timeline()) == expected(events)


def test_a_long_training_is_shown_by_a_limited_number_of_points_and_samples():
    step_s = 5.0
    timeline = timeline_of([an_event("started")])
    for step in range(1, 12_001):
        at = {"elapsed_s": step * step_s, "step": step}
        timeline = timeline.after(an_event("progress", **at))
        timeline = timeline.after(an_event("sample", **at, kept=step in (1, 5000), text=str(step)))
    assert len(timeline.training_losses) <= MAX_POINTS
    assert timeline.training_losses[-1][0] == 60_000.0
    assert len(timeline.samples) == LATEST_SAMPLES + 2
    assert [sample.text for sample in timeline.samples[:3]] == ["1", "5000", "11991"]
    assert timeline.samples[-1].text == "12000"
