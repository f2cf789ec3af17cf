"""Places a chart's labels, the names of curves and of guides, so that none covers another.

One unit of the view box is 0.8 pixels on a phone and 1.4 in a wide column. Where the chart is wide,
the style sheet therefore makes the text smaller, in units. The layout assumes the largest text, so
that labels which do not overlap on a phone do not overlap anywhere.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean
from typing import Literal

from charlstm.interface.charts.curves import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Axes,
    Guide,
    Point,
    Series,
    YFormat,
)

TEXT_SIZE, SMALL_SIZE, LINE_HEIGHT = 14, 13, 16.5
CHARACTER_WIDTH = 0.56  # average, relative to the text size; on the large side for common fonts
NAME_GAP, SWATCH_WIDTH = 9, 16
MARGIN_CHARACTERS = 13  # per line in the margin right of the plot


@dataclass(frozen=True, kw_only=True)
class Box:
    """The rectangle that a text occupies at its largest, on a phone."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def meets(self, path: list[Point]) -> bool:
        """Whether a path, drawn from left to right, crosses the box."""
        for (x1, y1), (x2, y2) in pairwise(path if len(path) > 1 else path * 2):
            if x2 < self.left or x1 > self.right:
                continue
            inside = [y1, y2]  # range of y where the path passes the box's width
            if x2 > x1:
                slope = (y2 - y1) / (x2 - x1)
                inside = [y1 + slope * (x - x1) for x in (max(x1, self.left), min(x2, self.right))]
            if min(inside) < self.bottom and max(inside) > self.top:
                return True
        return False


@dataclass(frozen=True, kw_only=True)
class Name:
    """A curve's name and latest value, right of its last point."""

    curve: Series
    value: str
    lines: list[str]  # the first begins with the value
    x: float
    y: float  # middle of the first line

    @property
    def box(self) -> Box:
        top = self.y - LINE_HEIGHT / 2
        return Box(
            left=self.x,
            top=top,
            right=self.x + SWATCH_WIDTH + _text_width(self.lines, TEXT_SIZE) + NAME_GAP,
            bottom=top + LINE_HEIGHT * len(self.lines),
        )


@dataclass(frozen=True, kw_only=True)
class GuideLabel:
    """A guide's name and value, near the line."""

    lines: list[str]
    anchor: Literal["start", "end"]
    x: float
    y: float
    dy: str  # offset from y to the first baseline
    box: Box


def place_names(curves: Sequence[Series], axes: Axes) -> list[Name]:
    """Place each name beside the end of its curve, without overlaps."""
    if not curves:
        return []
    # Right of the last point of every curve, where nothing has been drawn yet.
    x = max(axes.x(curve.points[-1][0]) for curve in curves) + NAME_GAP
    curves = sorted(curves, key=lambda curve: axes.y(curve.points[-1][1]))
    ends = [min(max(axes.y(curve.points[-1][1]), TOP), BOTTOM) for curve in curves]
    values = [_latest_value(curve, axes) for curve in curves]
    texts = [f"{value} {curve.label}" for curve, value in zip(curves, values, strict=True)]
    if x + SWATCH_WIDTH + _text_width(texts, TEXT_SIZE) <= WIDTH:
        lines = [[text] for text in texts]
    else:
        lines = [_wrap_for_margin(text) for text in texts]
    middles = _spread(ends, [LINE_HEIGHT * len(one) for one in lines])
    return [
        Name(curve=curve, value=value, lines=one, x=x, y=y)
        for curve, value, one, y in zip(curves, values, lines, middles, strict=True)
    ]


def _latest_value(curve: Series, axes: Axes) -> str:
    """A curve's latest value as text, with an arrow if it is above the plot."""
    value = curve.points[-1][1]
    arrow = "\N{UPWARDS ARROW}" if value > axes.y_high else ""
    return arrow + _short_value(value, axes.y_format)


def _short_value(value: float, y_format: YFormat) -> str:
    return f"{100 * value:.0f}%" if y_format == "percent" else f"{value:.2f}"


def _text_width(lines: list[str], size: float) -> float:
    return max(len(line) for line in lines) * CHARACTER_WIDTH * size


def _wrap_for_margin(text: str) -> list[str]:
    return textwrap.wrap(text, MARGIN_CHARACTERS, break_long_words=False)


def _spread(wanted: list[float], heights: list[float]) -> list[float]:
    """Move positions, given in rising order, by as little as possible until none overlap."""
    above = [sum(heights[:index]) for index in range(len(heights))]
    groups: list[list[float]] = []  # of touching items: the first item's position as wanted by each
    for position, height_above in zip(wanted, above, strict=True):
        groups.append([position - height_above])
        while len(groups) > 1 and fmean(groups[-2]) > fmean(groups[-1]):
            groups[-2:] = [groups[-2] + groups[-1]]
    firsts = [fmean(group) for group in groups for _ in group]
    highest = BOTTOM + LINE_HEIGHT - sum(heights)  # the last line may be level with the axis
    return [min(first, highest) + more for first, more in zip(firsts, above, strict=True)]


def place_guide_labels(
    guides: Sequence[Guide], axes: Axes, curves: Sequence[Series], names: Sequence[Name]
) -> list[GuideLabel]:
    """Place a label near each guide so that it covers no name and, if possible, no line."""
    paths = [axes.path(curve) for curve in curves]
    paths += [[(LEFT, axes.y(guide.value)), (RIGHT, axes.y(guide.value))] for guide in guides]
    taken = [name.box for name in names]
    labels = []
    for guide in guides:
        label = _place_guide_label(guide, axes, taken, paths)
        labels.append(label)
        taken.append(label.box)
    return labels


def _place_guide_label(
    guide: Guide, axes: Axes, taken: list[Box], paths: list[list[Point]]
) -> GuideLabel:
    """Place a label at the guide's right end, moved up or down if names are in its way.

    Alternatively, above the guide's right end, or below its left end, where a falling curve leaves
    room. The position with the lowest cost wins.
    """
    y = axes.y(guide.value)

    def cost(label: GuideLabel) -> float:
        covered = sum(label.box.overlaps(other) for other in taken)
        crossed = sum(label.box.meets(path) for path in paths)
        outside = label.box.top < TOP - LINE_HEIGHT or label.box.bottom > BOTTOM + LINE_HEIGHT
        return 10 * covered + 10 * outside + crossed + abs(label.y - y) / HEIGHT

    text = f"{guide.label} {_short_value(guide.value, axes.y_format)}"
    wanted = _beside_guide(text, y)
    places = [
        wanted,
        _beside_guide(text, y + _way_out(wanted.box, taken, upwards=True)),
        _beside_guide(text, y + _way_out(wanted.box, taken, upwards=False)),
        _above_right_end(text, y),
        _below_left_end(text, y),
    ]
    return min(places, key=cost)  # the first one if several cost the same


def _way_out(box: Box, taken: list[Box], *, upwards: bool) -> float:
    """How far the box must move vertically until nothing overlaps it."""
    column = [other for other in taken if box.left < other.right and other.left < box.right]
    column.sort(key=lambda other: other.bottom if upwards else other.top, reverse=upwards)
    top, height = box.top, box.bottom - box.top
    for other in column:
        if top < other.bottom and other.top < top + height:
            top = other.top - height if upwards else other.bottom
    return top - box.top


def _beside_guide(text: str, y: float) -> GuideLabel:
    lines = _wrap_for_margin(text)
    left = RIGHT + NAME_GAP
    half = len(lines) * SMALL_SIZE * 1.1 / 2
    return GuideLabel(
        lines=lines,
        anchor="start",
        x=left,
        y=y,
        dy=f"{0.35 - 0.55 * (len(lines) - 1):.2f}em",
        box=Box(left=left, right=WIDTH, top=y - half, bottom=y + half),
    )


def _above_right_end(text: str, y: float) -> GuideLabel:
    left = RIGHT - _text_width([text], SMALL_SIZE)
    box = Box(left=left, right=RIGHT, top=y - 1 - SMALL_SIZE, bottom=y - 1)
    return GuideLabel(lines=[text], anchor="end", x=RIGHT, y=y, dy="-0.35em", box=box)


def _below_left_end(text: str, y: float) -> GuideLabel:
    left = LEFT + 3
    right = left + _text_width([text], SMALL_SIZE)
    box = Box(left=left, right=right, top=y + 1, bottom=y + 1 + SMALL_SIZE)
    return GuideLabel(lines=[text], anchor="start", x=left, y=y, dy="1.05em", box=box)
