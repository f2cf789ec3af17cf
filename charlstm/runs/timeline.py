"""The timeline of a training, built from its events: what a page or a command line shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from charlstm.network.training_record import BaselineFigures, KeptVersion, Results, Sample
from charlstm.runs.events import (
    AskingTeachers,
    Completed,
    Ending,
    Event,
    Failed,
    Measuring,
    Preparing,
    Progress,
    Sampled,
    Started,
    Validated,
)
from charlstm.runs.progress_curve import ProgressCurve

CURVE_POINTS = 300
LATEST_SAMPLES = 10  # more than are written between two times of saving, to which Resume goes back

Point = tuple[float, float]  # (elapsed seconds, value)
Located = TypeVar("Located", Validated, Sampled)  # events that have a step


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """The state of a training according to its events.

    A training of a week has a hundred thousand events, so the timeline keeps what is shown: its
    size, and the cost of one more event, stay within bounds.

    Attributes:
        status: "new", "waiting" (for its turn), "preparing", "running", "measuring", "finished",
            "stopped", "failed" or "interrupted" (its process exited without a terminal event).
        preparation: what the training does to get ready, see `events.PREPARATIONS`; empty if it is
            not known.
        started: the latest `Started` event.
        progress: of a long training, thinned.
        validated: oldest first.
        samples: those to be kept, and the latest few of the others, oldest first.
        ending: the terminal event, once the training has ended.
        measured: share of the final measuring that is done, 0 to 1.

    When a training is resumed, what is later than the step at which it resumes is dropped.
    """

    status: str = "new"
    preparation: str = ""
    started: Started | None = None
    progress: ProgressCurve = ProgressCurve()
    validated: tuple[Validated, ...] = ()
    samples: tuple[Sampled, ...] = ()
    ending: Ending | None = None
    measured: float = 0.0

    @property
    def is_going_on(self) -> bool:
        return self.status in ("preparing", "running", "measuring")

    @property
    def latest(self) -> Progress | None:
        """The latest progress; of its loss and accuracy see `ProgressCurve`."""
        return self.progress.last

    @property
    def elapsed_s(self) -> float:
        return 0.0 if self.latest is None else self.latest.elapsed_s

    @property
    def share(self) -> float:
        """Share of the budget that is used, 0 to 1."""
        return 0.0 if self.latest is None else self.latest.share

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
        return [(event.elapsed_s, event.running_loss_nats) for event in self.progress.points]

    @property
    def training_accuracies(self) -> list[Point]:
        return [(event.elapsed_s, event.accuracy) for event in self.progress.points]

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

    def after(self, event: Event) -> Timeline:
        """The timeline after one more event."""
        match event:
            case Preparing():
                return replace(self, status="preparing", preparation=event.task, ending=None)
            case AskingTeachers():
                return replace(self, preparation="asking")
            case Started():
                return replace(
                    self,
                    status="preparing",
                    started=event,
                    ending=None,
                    progress=self.progress.until(event.step),
                    validated=_until(event.step, self.validated),
                    samples=_until(event.step, self.samples),
                )
            case Progress():
                return replace(self, status="running", progress=self.progress.after(event))
            case Validated():
                return replace(self, status="running", validated=(*self.validated, event))
            case Sampled():
                return replace(self, status="running", samples=_with(self.samples, event))
            case Measuring():
                return replace(self, status="measuring", measured=event.share)
            case Ending():
                return replace(self, status=event.kind, ending=event)
        return self  # still preparing, or saved


def _until(step: int, events: tuple[Located, ...]) -> tuple[Located, ...]:
    return tuple(event for event in events if event.step <= step)


def _with(samples: tuple[Sampled, ...], sample: Sampled) -> tuple[Sampled, ...]:
    """One more sample; the oldest that need not be kept gives way if there are too many."""
    others = [index for index, one in enumerate(samples) if not one.kept]
    if len(others) == LATEST_SAMPLES:
        samples = samples[: others[0]] + samples[others[0] + 1 :]
    return (*samples, sample)


def timeline_of(events: Iterable[Event], before: Timeline | None = None) -> Timeline:
    """The timeline after events, which follow those of the timeline `before`."""
    timeline = Timeline() if before is None else before
    for event in events:
        timeline = timeline.after(event)
    return timeline


def duration(seconds: float) -> str:
    """Format a duration for people: "45 seconds", "3 min 20 s", "about 27 hours"."""
    seconds = max(0, round(seconds))
    if seconds < 60:
        return f"{seconds} second{'s' if seconds != 1 else ''}"
    if seconds < 3600:
        minutes, rest = divmod(seconds, 60)
        if rest == 0:
            return f"{minutes} minute{'s' if minutes != 1 else ''}"
        return f"{minutes} min {rest} s"
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
