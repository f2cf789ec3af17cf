"""The geometry of a chart: the points of its curves, the ranges of its axes, and their ticks.

A live chart should not jump: the axes depend on the budget and the guides, and hardly ever on the
data, and adding a point does not move the others.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Literal

Point = tuple[float, float]  # (elapsed seconds, value), or (x, y) in the picture
YFormat = Literal["nats", "percent"]

WIDTH, HEIGHT = 400, 262  # of the view box, in its units, which are used throughout
LEFT, RIGHT, TOP, BOTTOM = 37, 286, 52, 224  # edges of the plot; curves' names are on the right

MAX_LINE_POINTS = 300  # the plot is about 250 units wide: more cannot be seen
MAX_DOTS = 60  # each has a tooltip, and tooltips make up most of a chart's size

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
TIME_STEPS_S = (
    *(1, 2, 5, 10, 20, 30),
    *(MINUTE_S * minutes for minutes in (1, 2, 5, 10, 15, 30)),
    *(HOUR_S * hours for hours in (1, 2, 5, 12)),
    *(DAY_S * days for days in (1, 2)),
)
STRETCHED_TICKS_S = (1, 10, MINUTE_S, 10 * MINUTE_S, HOUR_S, 10 * HOUR_S, 5 * DAY_S)


@dataclass(frozen=True, kw_only=True)
class Series:
    """One curve.

    Attributes:
        points: (elapsed seconds, value), oldest first; points that are not finite are not drawn.
        kind: "line" is thin; "dots-line" is thick, with a dot and a tooltip at each point.
        css_class: determines the colour; defined are "training" and "held-out".
    """

    label: str
    points: Sequence[Point]
    kind: Literal["line", "dots-line"] = "line"
    css_class: str = "training"

    @property
    def has_dots(self) -> bool:
        return self.kind == "dots-line"


@dataclass(frozen=True, kw_only=True)
class Guide:
    """A value to compare with: a dashed line across the plot, unless it is not finite."""

    label: str
    value: float


def keep_visible_points(series: Series) -> Series:
    """Leave out points that are not finite, and thin out those too dense to be seen."""
    finite = [(x, y) for x, y in series.points if math.isfinite(x) and math.isfinite(y)]
    return replace(series, points=_thin(finite, MAX_DOTS if series.has_dots else MAX_LINE_POINTS))


def _thin(points: list[Point], max_points: int) -> list[Point]:
    """Keep the first and the last point, and the extremes of equally long parts in between."""
    if len(points) <= max_points:
        return points
    inner = points[1:-1]
    part_size = 2
    # Doubling keeps the parts' boundaries when a point is added: the curve does not flicker.
    while 2 * math.ceil(len(inner) / part_size) > max_points - 2:
        part_size *= 2
    kept = [points[0]]
    for start in range(0, len(inner), part_size):
        part = range(start, min(start + part_size, len(inner)))
        lowest = min(part, key=lambda index: inner[index][1])
        highest = max(part, key=lambda index: inner[index][1])
        kept += [inner[index] for index in sorted({lowest, highest})]
    return [*kept, points[-1]]


@dataclass(frozen=True, kw_only=True)
class Axes:
    """The ranges of the axes, and the mapping from values to coordinates in the picture.

    Attributes:
        x_start_s: start of a logarithmic time axis; 0 for a linear one that starts at 0.
    """

    x_start_s: float = 0.0
    x_end_s: float
    y_low: float
    y_high: float
    y_step: float
    y_format: YFormat

    @classmethod
    def around(
        cls,
        curves: Sequence[Series],
        guides: Sequence[Guide],
        *,
        x_end_s: float | None,
        y_format: YFormat,
        x_start_s: float = 0.0,
    ) -> Axes:
        """Choose the ranges for curves that have points and guides that are finite."""
        last_s = max((curve.points[-1][0] for curve in curves), default=0.0)
        # The last measurement is made shortly after the end of the budget, and must be visible.
        end_s = max(x_end_s, last_s) if x_end_s else _round_time_after(last_s)
        end_s = max(end_s, 2 * x_start_s)
        values = [[value for _, value in curve.points] for curve in curves]
        if y_format == "percent":
            low, high, step = _share_range(values)
        else:
            low, high, step = _loss_range(values, [guide.value for guide in guides])
        return cls(
            x_start_s=x_start_s,
            x_end_s=end_s,
            y_low=low,
            y_high=high,
            y_step=step,
            y_format=y_format,
        )

    def x(self, elapsed_s: float) -> float:
        share = elapsed_s / self.x_end_s
        if self.x_start_s:
            since_start = max(elapsed_s, self.x_start_s) / self.x_start_s
            share = math.log(since_start) / math.log(self.x_end_s / self.x_start_s)
        return LEFT + (RIGHT - LEFT) * share

    def y(self, value: float) -> float:
        y = BOTTOM - (BOTTOM - TOP) * (value - self.y_low) / (self.y_high - self.y_low)
        return min(max(y, TOP - HEIGHT), BOTTOM + HEIGHT)  # an outlier would have a long number

    def path(self, curve: Series) -> list[Point]:
        return [(self.x(elapsed_s), self.y(value)) for elapsed_s, value in curve.points]

    def x_ticks(self) -> list[float]:
        if self.x_start_s:
            return [tick for tick in STRETCHED_TICKS_S if self.x_start_s <= tick <= self.x_end_s]
        step = _time_step(self.x_end_s)
        return [index * step for index in range(math.floor(self.x_end_s / step + 1e-9) + 1)]

    def y_ticks(self) -> list[float]:
        first = math.ceil(self.y_low / self.y_step - 1e-9)
        last = math.floor(self.y_high / self.y_step + 1e-9)
        return [index * self.y_step for index in range(first, last + 1)]

    def x_tick_text(self, elapsed_s: float) -> str:
        if elapsed_s == 0:
            return "0"
        for unit, unit_s, axis_s in (
            ("d", DAY_S, 5 * DAY_S),
            ("h", HOUR_S, 2 * HOUR_S),
            ("min", MINUTE_S, 0),
        ):
            is_usual = self.x_end_s > axis_s or self.x_start_s
            if is_usual and elapsed_s % unit_s == 0:
                return f"{elapsed_s / unit_s:g}\N{NO-BREAK SPACE}{unit}"
        if self.x_end_s > MINUTE_S and not self.x_start_s:
            return clock(elapsed_s)
        return f"{elapsed_s:g}\N{NO-BREAK SPACE}s"

    def y_tick_text(self, value: float) -> str:
        if self.y_format == "percent":
            return f"{100 * value:.0f}%"
        return f"{value:.{max(0, -math.floor(math.log10(self.y_step) + 1e-9))}f}"


def _loss_range(
    curve_values: list[list[float]], guide_values: list[float]
) -> tuple[float, float, float]:
    """Lowest value, highest value and tick distance for losses; robust to a single outlier."""
    values = [value for values in curve_values for value in values]
    if not values and not guide_values:
        return 0.0, 4.0, 1.0  # as for English; nothing is known yet
    # A diverging curve leaves the plot at the top instead of compressing everything else.
    ceiling = 1.25 * max(guide_values) if guide_values else 2.5 * median(values)
    first_values = [value for values in curve_values for value in values[:3]]
    high = max([*guide_values, *(min(value, ceiling) for value in first_values)])
    lowest = min([*values, *guide_values, high])
    if high == lowest:
        high += 1.0
    span = high - lowest
    step = _nice_step(span / 4)
    low = max(0.0, math.floor((lowest - 0.04 * span) / step) * step)
    # Based on the rounded `low`: otherwise each new minimum would move the axis.
    return low, high + 0.04 * (high - low), step


def _share_range(curve_values: list[list[float]]) -> tuple[float, float, float]:
    """As `_loss_range`, for shares: 0 to 70%, usually enough for English; extended if needed."""
    highest = max((max(values) for values in curve_values), default=0.0)
    return 0.0, min(1.0, max(0.7, math.ceil(highest * 10 + 0.2) / 10)), 0.2


def _nice_step(at_least: float) -> float:
    """Round up to one of ..., 0.1, 0.2, 0.5, 1, 2, 5, 10, ..."""
    power = 10.0 ** math.floor(math.log10(at_least))
    return next(power * digit for digit in (1, 2, 5, 10) if power * digit >= at_least * (1 - 1e-9))


def _time_step(end_s: float) -> float:
    """A tick distance in seconds that gives at most six ticks."""
    return next((step for step in TIME_STEPS_S if end_s / step <= 5), _nice_step(end_s / 5))


def _round_time_after(elapsed_s: float) -> float:
    elapsed_s = max(elapsed_s, 10.0)
    step = _time_step(elapsed_s)
    return step * math.ceil(elapsed_s / step)


def clock(elapsed_s: float) -> str:
    """Format a duration as 1:05, or as 2:00:05 from an hour on."""
    minutes, seconds = divmod(round(elapsed_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
