"""Trainings of networks of some hundred weights: begun, stopped, copied, and looked at."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from charlstm.network.lstm import Architecture
from charlstm.runs.events import PREPARATIONS, Ending
from charlstm.runs.recipes import Budget, Recipe
from charlstm.runs.run import Run
from charlstm.runs.timeline import timeline_of
from charlstm.text.corpus import Corpus
from charlstm.training.device import prepare_device
from charlstm.training.recording import EventRecorder
from charlstm.training.session import TrainingSession
from tests.tiny_runs import create_run, records

STEPS_PER_EPOCH = 4 * 11  # lanes x window of the tiny recipe: characters of a step
FIELDS = {
    "preparing": {"task"},
    "started": {"step", "device", "backend", "parameters", "characters", "blind_loss_nats"},
    "progress": {
        "step", "epoch", "share", "running_loss_nats", "accuracy", "characters_per_s", "eta_s",
    },
    "validated": {"step", "val_loss_nats", "val_accuracy"},
    "sample": {"step", "text"},
    "saved": {"step"},
    "measuring": {"share"},
    "finished": {"step", "results", "pid"},
    "stopped": {"step", "results", "pid"},
    "failed": {"message", "pid"},
}  # fmt: skip


def create(folder: Path, corpus: Corpus, recipe: Recipe, **budget: float) -> Run:
    return create_run(
        recipe=recipe, corpus=corpus, budget=Budget(**budget), random_seed=3, folder=folder
    )


def stop_at(run: Run, step: int) -> Callable[[dict], None]:
    """Press Stop as soon as that step was taken."""

    def on_event(event):
        if event["event"] == "progress" and event["step"] >= step:
            run.stop()

    return on_event


def copy_of(run: Run, folder: Path) -> Run:
    shutil.copytree(run.folder, folder)
    return Run(folder)


def session_of(run: Run) -> TrainingSession:
    """What goes on in the run folder, before its first step."""
    recorder = EventRecorder(run, timeline_of(run.events()), lambda event: None)
    return TrainingSession(run, prepare_device(), recorder)


def architecture_of(training: TrainingSession) -> Architecture:
    return training.recipe.architecture(len(training.material.vocabulary))


def check_events(run: Run, starts: int = 1) -> None:
    """What holds for the events of every training."""
    events = records(run)
    for event in events:
        assert FIELDS[event["event"]] <= set(event), event
        assert event["elapsed_s"] >= 0
    begun = [index for index, event in enumerate(events) if event["event"] == "started"]
    ends = [index for index, event in enumerate(run.events()) if isinstance(event, Ending)]
    assert len(begun) == len(ends) == starts
    assert ends[-1] == len(events) - 1
    assert all(start < end for start, end in zip(begun, ends, strict=True))
    assert events[0] == {"event": "preparing", "elapsed_s": 0.0, "task": "loading"}
    assert all(event["task"] in PREPARATIONS for event in events if event["event"] == "preparing")
    elapsed = [event["elapsed_s"] for event in events[begun[-1] :]]
    assert elapsed == sorted(elapsed)
