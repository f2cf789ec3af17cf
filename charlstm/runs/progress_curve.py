"""The progress of a training, thinned as it goes on: a training of a week has 100,000 events."""

from __future__ import annotations

from dataclasses import dataclass, replace

from charlstm.runs.events import Progress

# At the beginning a network learns the fastest, and a logarithmic axis shows the beginning large.
FIRST_POINTS = 500
MAX_POINTS = 2500  # a training of up to 3 hours has some 2,000 events


@dataclass(frozen=True, kw_only=True)
class ProgressCurve:
    """The progress events of a training, as at most `MAX_POINTS` points.

    The first `FIRST_POINTS` are events as they were. Of the later ones, each point stands for
    `stride` events: it is the last of them, with the means of their losses and accuracies. When
    there are too many, every two become one, and the stride doubles.

    Attributes:
        last: the last point; None before the first event.
        in_last: number of events for which it stands.
        earlier: the points before it, oldest first.
    """

    # The last point is kept apart: most events change it alone.
    last: Progress | None = None
    in_last: int = 0
    earlier: tuple[Progress, ...] = ()
    stride: int = 1

    @property
    def points(self) -> tuple[Progress, ...]:
        return self.earlier if self.last is None else (*self.earlier, self.last)

    def after(self, event: Progress) -> ProgressCurve:
        """The curve with one more event."""
        earlier, stride = self.earlier, self.stride
        if self.last is not None:
            if self.in_last < stride and len(earlier) >= FIRST_POINTS:
                mean = _mean(self.last, self.in_last, event)
                return ProgressCurve(
                    last=mean, in_last=self.in_last + 1, earlier=earlier, stride=stride
                )
            earlier = (*earlier, self.last)
        if len(earlier) >= MAX_POINTS:
            earlier, stride = _halved(earlier), 2 * stride
        return ProgressCurve(last=event, in_last=1, earlier=earlier, stride=stride)

    def until(self, step: int) -> ProgressCurve:
        """The curve up to a step; a point that goes beyond it is left out."""
        if self.last is None or self.last.step <= step:
            return self
        points = [point for point in self.earlier if point.step <= step]
        last = points.pop() if points else None
        # Each of the earlier points stands for as many events as it can.
        return replace(self, last=last, in_last=self.stride, earlier=tuple(points))


def _halved(points: tuple[Progress, ...]) -> tuple[Progress, ...]:
    first, later = points[:FIRST_POINTS], points[FIRST_POINTS:]
    pairs = zip(later[::2], later[1::2], strict=False)
    means = tuple(_mean(one, 1, other) for one, other in pairs)
    return first + means + later[2 * len(means) :]


def _mean(point: Progress, events: int, event: Progress) -> Progress:
    """An event, with the means of itself and of a point that stands for some events."""

    def mean(before: float, now: float) -> float:
        return before + (now - before) / (events + 1)

    return replace(
        event,
        running_loss_nats=mean(point.running_loss_nats, event.running_loss_nats),
        accuracy=mean(point.accuracy, event.accuracy),
    )
