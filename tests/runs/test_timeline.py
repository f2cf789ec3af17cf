"""The course of a training, from its events and from whether its process lives."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import psutil
import pytest

from charlstm.network.training_record import Results
from charlstm.runs.recipes import QUICK
from charlstm.runs.run import Run
from charlstm.runs.timeline import read_timeline
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
    timeline = read_timeline(run)
    assert timeline.status == "new"
    assert not timeline.is_going_on
    assert (timeline.elapsed_s, timeline.share) == (0.0, 0.0)


def test_a_training_is_preparing_then_running_then_measuring(run):
    run.ownership.claim()
    assert read_timeline(run).status == "preparing"
    append(run, "started", step=0, elapsed_s=0.0, device="a CPU")
    assert read_timeline(run).status == "preparing"
    progress(run, 1)
    assert read_timeline(run).status == "running"
    append(run, "saved", step=1, elapsed_s=1.0)
    assert read_timeline(run).status == "running"
    append(run, "measuring", elapsed_s=1.0, share=0.5)
    timeline = read_timeline(run)
    assert timeline.status == "measuring" and timeline.measured == 0.5
    assert timeline.is_going_on


@pytest.mark.parametrize("kind", ["finished", "stopped", "failed"])
def test_a_training_that_ended_is_known_by_its_last_event(run, kind):
    run.ownership.claim()
    append(run, "started", step=0, elapsed_s=0.0)
    progress(run, 3, share=0.25)
    append(run, kind, elapsed_s=0.3, pid=os.getpid(), message="the disk is full")
    still_there = read_timeline(run)  # its process is just about to leave
    run.ownership.release()
    for timeline in (still_there, read_timeline(run)):
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
    timeline = read_timeline(run)
    assert timeline.status == "interrupted"
    assert not timeline.is_going_on


def test_a_resumed_training_is_going_on_before_its_first_event(run):
    append(run, "started", step=0, elapsed_s=0.0)
    append(run, "stopped", elapsed_s=1.0, pid=-1)
    run.ownership.claim()
    timeline = read_timeline(run)
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
    timeline = read_timeline(run)
    assert [event.step for event in timeline.progress] == [1, 2, 3]
    assert [event.step for event in timeline.validated] == [1, 2]
    assert [event.text for event in timeline.samples] == ["1", "2"]
    assert timeline.started.step == 2


def test_a_training_that_begins_again_forgets_everything(run):
    append(run, "started", step=0, elapsed_s=0.0)
    progress(run, 5)
    append(run, "failed", elapsed_s=0.5, message="why")
    append(run, "started", step=0, elapsed_s=0.0)
    timeline = read_timeline(run)
    assert timeline.progress == []
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
    curves = read_timeline(run).curves()
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
