"""The timeline of a training, built from its events: what a page or a command line shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from charlstm.network.training_record import BaselineFigures, KeptVersion, Results, Sample
from charlstm.runs.events import (
    AskingTeachers,
    Completed,
    Ending,
    Event,
    Failed,
    Measuring,
    Progress,
    Sampled,
    Started,
    Validated,
)
from charlstm.runs.run import Run

CURVE_POINTS = 300

Point = tuple[float, float]  # (elapsed seconds, value)


@dataclass(kw_only=True)
class Timeline:
    """The state of a training according to its events.

    Attributes:
        status: "new", "preparing", "running", "measuring", "finished", "stopped", "failed" or
            "interrupted" (its process exited without a terminal event).
        started: the latest `Started` event.
        progress, validated, samples: events of these kinds, oldest first. Those later than the
            step from which the training was resumed are dropped.
        ending: the terminal event, once the training has ended.
        measured: share of the final measuring that is done, 0 to 1.
    """

    status: str = "new"
    started: Started | None = None
    progress: list[Progress] = field(default_factory=list)
    validated: list[Validated] = field(default_factory=list)
    samples: list[Sampled] = field(default_factory=list)
    ending: Ending | None = None
    measured: float = 0.0

    @property
    def is_going_on(self) -> bool:
        return self.status in ("preparing", "running", "measuring")

    @property
    def elapsed_s(self) -> float:
        return self.progress[-1].elapsed_s if self.progress else 0.0

    @property
    def share(self) -> float:
        """Share of the budget that is used, 0 to 1."""
        return self.progress[-1].share if self.progress else 0.0

    @property
    def baselines(self) -> BaselineFigures:
        return BaselineFigures() if self.started is None else self.started.baselines

    @property
    def kept_version(self) -> KeptVersion | None:
        """The earlier version that was kept at the end; None if the last version was kept."""
        return self.ending.kept_version if isinstance(self.ending, Completed) else None

    @property
    def failure(self) -> str:
        """Why the training failed; empty if it did not."""
        return self.ending.message if isinstance(self.ending, Failed) else ""

    @property
    def results(self) -> Results | None:
        """The final figures of a finished training, else the latest point of its held-out curve."""
        if isinstance(self.ending, Completed) and self.ending.results is not None:
            return self.ending.results
        if not self.validated:
            return None
        last = self.validated[-1]
        return Results(loss_nats=last.val_loss_nats, accuracy=last.val_accuracy)

    @property
    def training_losses(self) -> list[Point]:
        return [(event.elapsed_s, event.running_loss_nats) for event in self.progress]

    @property
    def training_accuracies(self) -> list[Point]:
        return [(event.elapsed_s, event.accuracy) for event in self.progress]

    @property
    def held_out_losses(self) -> list[Point]:
        return [(event.elapsed_s, event.val_loss_nats) for event in self.validated]

    @property
    def held_out_accuracies(self) -> list[Point]:
        return [(event.elapsed_s, event.val_accuracy) for event in self.validated]

    def curves(self) -> dict[str, list[Point]]:
        """The curves for a checkpoint, each averaged down to at most `CURVE_POINTS` points."""
        return {
            "running_loss_nats": _thin(self.training_losses),
            "accuracy": _thin(self.training_accuracies),
            "val_loss_nats": _thin(self.held_out_losses),
            "val_accuracy": _thin(self.held_out_accuracies),
        }

    def kept_samples(self) -> tuple[Sample, ...]:
        """The samples for a checkpoint."""
        return tuple(
            Sample(step=event.step, elapsed_s=event.elapsed_s, text=event.text)
            for event in self.samples
            if event.kept
        )

    def add(self, event: Event) -> None:
        """Update the timeline with the next event."""
        match event:
            case Started():
                self._go_back_to(event.step)
                self.started, self.ending, self.status = event, None, "preparing"
            case AskingTeachers():
                pass  # still preparing
            case Progress():
                self.progress.append(event)
                self.status = "running"
            case Validated():
                self.validated.append(event)
                self.status = "running"
            case Sampled():
                self.samples.append(event)
                self.status = "running"
            case Measuring():
                self.status, self.measured = "measuring", event.share
            case Ending():
                self.ending, self.status = event, event.kind

    def _go_back_to(self, step: int) -> None:
        """Drop the events later than the step from which a training is resumed."""
        self.progress = [event for event in self.progress if event.step <= step]
        self.validated = [event for event in self.validated if event.step <= step]
        self.samples = [event for event in self.samples if event.step <= step]


def timeline_of(events: Iterable[Event]) -> Timeline:
    timeline = Timeline()
    for event in events:
        timeline.add(event)
    return timeline


def read_timeline(run: Run) -> Timeline:
    """The timeline of a run folder, with a status that takes the training process into account.

    Raises:
        RunError: an event is damaged, or was written by another version.
    """
    # Before the events are read: a process that ends in between has written its terminal event.
    owner = run.ownership.pid()
    timeline = timeline_of(run.events())
    if timeline.is_going_on:
        if owner is None:
            timeline.status = "interrupted"
    elif timeline.status == "new" and owner is None and run.ownership.was_claimed():
        timeline.status = "interrupted"  # before its first event
    elif owner is not None and (timeline.ending is None or owner != timeline.ending.pid):
        timeline.status, timeline.ending = "preparing", None  # started, with no event yet
    return timeline


def duration(seconds: float) -> str:
    """Format a duration for people: "45 seconds", "3:20 minutes", "about 27 hours"."""
    seconds = max(0, round(seconds))
    if seconds < 60:
        return f"{seconds} second{'s' if seconds != 1 else ''}"
    if seconds < 3600:
        minutes, rest = divmod(seconds, 60)
        if rest == 0:
            return f"{minutes} minute{'s' if minutes != 1 else ''}"
        return f"{minutes}:{rest:02d} minutes"
    hours = seconds / 3600
    return f"about {hours:.1f} hours" if hours < 10 else f"about {hours:.0f} hours"


def _thin(curve: Sequence[Point]) -> list[Point]:
    """Average a curve down to at most `CURVE_POINTS` points, each at the end of its stretch."""
    stretches = np.array_split(np.arange(len(curve)), min(CURVE_POINTS, max(1, len(curve))))
    return [
        (
            curve[stretch[-1]][0],
            round(float(np.mean([curve[index][1] for index in stretch])), 4),
        )
        for stretch in stretches
        if len(stretch)
    ]
