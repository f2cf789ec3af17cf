"""What a training says of itself: each event is recorded, and passed on."""

from __future__ import annotations

import time
from collections.abc import Callable

from charlstm.runs import events
from charlstm.runs.run import Run
from charlstm.runs.timeline import Timeline


class EventRecorder:
    """Appends each event to the run folder, updates the timeline, and passes the event on.

    Attributes:
        timeline: of this training, including what earlier processes recorded.
        elapsed_s: seconds of training at the latest event.
    """

    def __init__(self, run: Run, timeline: Timeline, on_event: Callable[[events.Event], None]):
        self.timeline = timeline
        self.elapsed_s = 0.0
        self._run = run
        self._on_event = on_event

    def __call__(self, event: events.Event) -> None:
        self._run.append(event)
        self.elapsed_s = event.elapsed_s
        self.timeline = self.timeline.after(event)
        self._on_event(event)


def once_a_second(
    emit: Callable[[events.Event], None], event_of: Callable[[float], events.Event]
) -> Callable[[float], None]:
    """A progress function that emits an event at most once a second.

    Args:
        event_of: makes the event from the share of the work done, 0 to 1.
    """
    emitted_s = 0.0

    def progress(share: float) -> None:
        nonlocal emitted_s
        if time.monotonic() - emitted_s > 1:
            emit(event_of(round(share, 3)))
            emitted_s = time.monotonic()

    return progress
