"""The story of a training, told from its events: what a page or a command line shows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from charlstm.runs.run import TERMINAL_EVENTS, Run

CURVE_POINTS = 300


@dataclass(kw_only=True)
class Timeline:
    """Where a training stands.

    Attributes:
        status: "new", "preparing", "running", "measuring", "finished", "stopped", "failed" or
            "interrupted" (its process died without a word).
        started: the event of the latest start: device, backend, parameters, characters.
        progress, validated, samples: events of these kinds, oldest first, without those that a
            resumed training has gone back behind.
        ending: the last event, once it has ended.
        measured: share of the measuring at the end that is done, 0 to 1.
    """

    status: str = "new"
    started: dict = field(default_factory=dict)
    progress: list[dict] = field(default_factory=list)
    validated: list[dict] = field(default_factory=list)
    samples: list[dict] = field(default_factory=list)
    ending: dict = field(default_factory=dict)
    measured: float = 0.0

    @property
    def is_going_on(self) -> bool:
        return self.status in ("preparing", "running", "measuring")

    @property
    def elapsed_s(self) -> float:
        return self.progress[-1]["elapsed_s"] if self.progress else 0.0

    @property
    def share(self) -> float:
        """Share of the budget that is used, 0 to 1."""
        return self.progress[-1].get("share", 0.0) if self.progress else 0.0

    def results_so_far(self) -> dict:
        """Exact figures at the end of a training, else the latest of its held-out curve."""
        results = self.ending.get("results")
        if results or not self.validated:
            return results or {}
        last = self.validated[-1]
        return {"loss_nats": last["val_loss_nats"], "accuracy": last["val_accuracy"]}

    def curves(self) -> dict[str, list[list[float]]]:
        """What a checkpoint keeps: [elapsed_s, mean of a stretch], some hundred points a curve."""
        return {
            "running_loss_nats": _thin(self.progress, "running_loss_nats"),
            "accuracy": _thin(self.progress, "accuracy"),
            "val_loss_nats": _thin(self.validated, "val_loss_nats"),
            "val_accuracy": _thin(self.validated, "val_accuracy"),
        }


def _thin(events: list[dict], name: str) -> list[list[float]]:
    stretches = np.array_split(np.arange(len(events)), min(CURVE_POINTS, max(1, len(events))))
    return [
        [
            events[stretch[-1]]["elapsed_s"],
            round(float(np.mean([events[place][name] for place in stretch])), 4),
        ]
        for stretch in stretches
        if len(stretch)
    ]


def read_timeline(run: Run) -> Timeline:
    # Asked before the events are read: a process that ends in between has then left its last one.
    owner = run.owner()
    timeline = Timeline()
    for event in run.events():
        kind = event["event"]
        if kind == "started":
            _go_back(timeline, event.get("step", 0))
            timeline.started, timeline.ending = event, {}
            timeline.status = "preparing"
        elif kind in TERMINAL_EVENTS:
            timeline.ending, timeline.status = event, kind
        elif kind in ("progress", "validated", "sample"):
            {
                "progress": timeline.progress,
                "validated": timeline.validated,
                "sample": timeline.samples,
            }[kind].append(event)
            timeline.status = "running"
        elif kind == "measuring":
            timeline.status = "measuring"
            timeline.measured = event.get("share", 0.0)
    if timeline.is_going_on:
        if owner is None:
            timeline.status = "interrupted"
    elif timeline.status == "new" and owner is None and run.was_started():
        timeline.status = "interrupted"  # it died before its first word
    elif owner is not None and owner != timeline.ending.get("pid"):
        timeline.status, timeline.ending = "preparing", {}  # resumed, and not yet heard of
    return timeline


def _go_back(timeline: Timeline, step: int) -> None:
    """Forget what came after the step from which a training goes on."""
    for events in (timeline.progress, timeline.validated, timeline.samples):
        events[:] = [event for event in events if event["step"] <= step]
