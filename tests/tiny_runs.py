"""Run folders and events for tests, with plain values for what a test does not care about."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from charlstm.runs.events import Event, event_from_json
from charlstm.runs.recipes import Budget, Recipe
from charlstm.runs.run import Run
from charlstm.runs.source_model import SourceModel
from charlstm.runs.timeline import Timeline, timeline_of
from charlstm.runs.training_request import TrainingRequest
from charlstm.text.corpus import Corpus

DETAILS = {
    "preparing": {"task": "loading"},
    "started": {
        "step": 0,
        "device": "a processor",
        "device_kind": "cpu",
        "backend": "tensorflow",
        "backend_version": "2.20",
        "parameters": 1000,
        "characters": 500_000,
        "vocabulary_size": 65,
    },
    "asking_teachers": {"share": 0.5},
    "progress": {
        "step": 1,
        "epoch": 0.1,
        "share": 0.1,
        "running_loss_nats": 2.0,
        "accuracy": 0.4,
        "characters_per_s": 1000,
        "eta_s": 10.0,
    },
    "validated": {"step": 1, "val_loss_nats": 2.0, "val_accuracy": 0.4},
    "sample": {"step": 1, "kept": False, "text": "a text"},
    "saved": {"step": 1},
    "measuring": {"share": 0.5},
    "finished": {"pid": -1, "step": 1, "epoch": 1.0, "prepare_s": 1.0, "results": {}},
    "stopped": {"pid": -1, "step": 1, "epoch": 0.5, "prepare_s": 1.0, "results": {}},
    "failed": {"pid": -1, "message": "why"},
}


def create_run(
    *,
    recipe: Recipe,
    corpus: Corpus,
    budget: Budget,
    random_seed: int,
    folder: str | Path | None = None,
    source: SourceModel | None = None,
    teachers: Sequence[SourceModel] = (),
) -> Run:
    request = TrainingRequest(
        recipe=recipe,
        corpus=corpus,
        budget=budget,
        random_seed=random_seed,
        source=source,
        teachers=tuple(teachers),
    )
    return Run.create(request, folder)


def an_event(kind: str, elapsed_s: float = 0.0, **details) -> Event:
    event = event_from_json(
        {"event": kind, "elapsed_s": elapsed_s, **DETAILS[kind], **_known(kind, details)}
    )
    assert event is not None
    return event


def _known(kind: str, details: dict) -> dict:
    """The details that events of the kind have: tests give some to several kinds at once."""
    more = {
        "started": {"blind_loss_nats", "four_gram_loss_nats", "four_gram_accuracy"},
        "finished": {"kept_version"},
        "stopped": {"kept_version"},
    }
    return {
        key: details[key] for key in details if key in DETAILS[kind].keys() | more.get(kind, ())
    }


def append(run: Run, kind: str, elapsed_s: float = 0.0, **details) -> None:
    """Add an event, as the process that trains would.

    An ending says by which process: one that another process has written is of a training before,
    and the owner would seem to get ready.
    """
    if "pid" in DETAILS[kind] and (owner := run.ownership.pid()) is not None:
        details = {"pid": owner, **details}
    run.append(an_event(kind, elapsed_s, **details))


def append_record(run: Run, record: dict) -> None:
    """Write a line as another version, or a damaged disk, might have left it."""
    with open(run.paths.events, "a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


def records(run: Run) -> list[dict]:
    """The events of a run as they are written."""
    return [event.to_json() for event in run.events()]


def first_of(kind: str, records: Iterable[dict]) -> dict:
    """The first event of that kind."""
    return next(record for record in records if record["event"] == kind)


def train_records(run: Run, on_record: Callable[[dict], None] = lambda record: None) -> dict:
    """Train, with events as they are written; returns the last one."""
    from charlstm.training.train import train

    return train(run, lambda event: on_record(event.to_json())).to_json()


def a_timeline(status: str | None = None, events: Iterable[Event] = ()) -> Timeline:
    """What these events add up to; `status` as if the process had been looked at."""
    timeline = timeline_of(events)
    return timeline if status is None else replace(timeline, status=status)
