"""The live charts of a training, as SVG text: loss and accuracy over the time it has learned.

A page redraws them about once a second. So nothing moves that has no reason to: the axes follow
from the budget and the guides and hardly ever from the data, and there is no animation.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from statistics import median
from typing import Literal

Point = tuple[float, float]  # (elapsed seconds, value)
YFormat = Literal["nats", "percent"]

HELD_OUT_LABEL = "text it never saw"
EMPTY_MESSAGE = "The curve appears a few seconds after the start."
MAX_LINE_POINTS = 300  # the plot is about 250 units wide: more cannot be seen
MAX_DOTS = 60  # each has a tooltip, which is what makes a chart's text long

# Everything below is in units of the view box. A phone shows a unit as 0.8 pixels, a wide column
# as 1.4, so the style sheet makes the text smaller, in units, where the chart is wide. The layout
# reckons with the largest text: what does not overlap on a phone overlaps nowhere.
WIDTH, HEIGHT = 400, 262
LEFT, RIGHT, TOP, BOTTOM = 37, 286, 52, 224  # of the plot; right of it stand names
TEXT_SIZE, SMALL_SIZE, LINE_HEIGHT = 14, 13, 16.5
CHARACTER_WIDTH = 0.56  # of the text size, on average; a generous one for the usual fonts
NAME_GAP, SWATCH_WIDTH = 9, 16
MARGIN_CHARACTERS = 13  # in a line right of the plot
DOT_DISTANCE = 10  # dots that are closer would merge into a bar

PLOT_CSS = """
.charlstm-plot {
  --plot-training: #1a6cb0;
  --plot-held-out: #b8500b;
  --plot-paper: var(--block-background-fill, #fff);
  --plot-ink: var(--body-text-color, #222);
  --plot-quiet: var(--body-text-color-subdued, #666);
  --plot-grid: var(--border-color-primary, #ddd);
  background: var(--plot-paper);
  container-type: inline-size;
  margin: 0 auto;
  max-width: 560px;
}
.dark .charlstm-plot {
  --plot-training: #7ab8f5;
  --plot-held-out: #ffa04d;
  --plot-paper: var(--block-background-fill, #1f1f23);
  --plot-ink: var(--body-text-color, #eee);
  --plot-quiet: var(--body-text-color-subdued, #aaa);
  --plot-grid: var(--border-color-primary, #444);
}
.charlstm-plot > svg {
  --size: 14px;
  display: block;
  font-family: inherit;
  font-variant-numeric: tabular-nums;
  height: auto;
  overflow: visible; /* for the last letter, where the font is a very wide one */
  width: 100%;
}
@container (min-width: 390px) { .charlstm-plot > svg { --size: 12.5px; } }
@container (min-width: 480px) { .charlstm-plot > svg { --size: 11px; } }
.charlstm-plot text { fill: var(--plot-quiet); font-size: calc(var(--size) * 0.93); }
.charlstm-plot .title {
  fill: var(--plot-ink);
  font-size: calc(var(--size) * 1.1);
  font-weight: 600;
}
.charlstm-plot .tick, .charlstm-plot .end { text-anchor: end; }
.charlstm-plot .middle { text-anchor: middle; }
.charlstm-plot path, .charlstm-plot line {
  fill: none;
  stroke-linecap: round;
  stroke-linejoin: round;
}
.charlstm-plot .grid { stroke: var(--plot-grid); stroke-width: 0.7; }
.charlstm-plot .axis { stroke: var(--plot-quiet); stroke-width: 1; }
.charlstm-plot .guide { stroke: var(--plot-quiet); stroke-dasharray: 3 4; stroke-width: 1.1; }
.charlstm-plot .series { color: var(--plot-ink); }
.charlstm-plot .series.training { color: var(--plot-training); }
.charlstm-plot .series.held-out { color: var(--plot-held-out); }
.charlstm-plot .curve { stroke: currentColor; stroke-width: 1.3; }
.charlstm-plot .dots-line .curve { stroke-width: 2.2; }
.charlstm-plot .dots { stroke: currentColor; stroke-width: 6.5; }
.charlstm-plot .dots.rim { stroke: var(--plot-paper); stroke-width: 9; }
.charlstm-plot .name { fill: currentColor; font-size: var(--size); }
.charlstm-plot .name .value { font-weight: 700; }
.charlstm-plot .name, .charlstm-plot .guide-label {
  paint-order: stroke;
  stroke: var(--plot-paper);
  stroke-linejoin: round;
  stroke-width: 5px;
}
.charlstm-plot .hit circle { fill: transparent; pointer-events: all; }
.charlstm-plot .hit circle:hover { stroke: currentColor; stroke-width: 1.5; }
"""


@dataclass(frozen=True, kw_only=True)
class Series:
    """One curve.

    Attributes:
        points: (elapsed seconds, value), oldest first; those that are not finite are left out.
        kind: "line" is thin; "dots-line" is thick, with a dot and a tooltip at each point.
        css_class: gives the colour; "training" and "held-out" have one.
    """

    label: str
    points: Sequence[Point]
    kind: Literal["line", "dots-line"] = "line"
    css_class: str = "training"


@dataclass(frozen=True, kw_only=True)
class Guide:
    """A value to compare with: a dashed line across the plot."""

    label: str
    value: float


def loss_chart(
    training_points: Sequence[Point],
    held_out_points: Sequence[Point],
    *,
    blind_loss_nats: float,
    four_gram_loss_nats: float,
    budget_s: float | None,
    held_out_label: str = HELD_OUT_LABEL,
) -> str:
    """Draw how the loss falls, between blind guessing and what counting characters achieves."""
    return chart_svg(
        title="How surprised is it by the next character?",
        x_label="time spent learning",
        y_label="loss in nats, lower is better",
        series=_training_and_held_out(training_points, held_out_points, held_out_label),
        guides=(
            Guide(label="guessing blindly", value=blind_loss_nats),
            Guide(label="4-gram count model", value=four_gram_loss_nats),
        ),
        x_end_s=budget_s,
        y_format="nats",
        description="Loss for each character over the time spent learning.",
    )


def accuracy_chart(
    training_points: Sequence[Point],
    held_out_points: Sequence[Point],
    *,
    budget_s: float | None,
    held_out_label: str = HELD_OUT_LABEL,
) -> str:
    """Draw how the share of correctly guessed characters grows; values are shares, 0 to 1."""
    return chart_svg(
        title="How often does it guess right?",
        x_label="time spent learning",
        y_label="share of next characters, higher is better",
        series=_training_and_held_out(training_points, held_out_points, held_out_label),
        x_end_s=budget_s,
        y_format="percent",
        description="Share of characters guessed right over the time spent learning.",
    )


def chart_svg(
    *,
    title: str,
    x_label: str,
    y_label: str,
    series: Sequence[Series],
    guides: Sequence[Guide] = (),
    x_end_s: float | None,
    y_format: YFormat,
    description: str,
) -> str:
    """Draw curves over time; the page that shows them needs PLOT_CSS.

    Args:
        x_end_s: where the time axis ends, the budget, so that it stands still while the curve
            grows; None: at a round time after the last point.
        y_format: "percent" takes shares, 0 to 1.
        description: one sentence for those who do not see the chart; the latest values follow it.

    Returns: an element of class `charlstm-plot` that holds the SVG.
    """
    curves = [_Curve.of(one) for one in series]
    curves = [curve for curve in curves if curve.points]
    guides = [guide for guide in guides if math.isfinite(guide.value)]
    axes = _Axes.around(curves, guides, x_end_s=x_end_s, y_format=y_format)
    names = _place_names(curves, axes)
    description = " ".join([description, _latest_values(curves, y_format)])
    parts = [
        f'<div class="charlstm-plot"><svg xmlns="http://www.w3.org/2000/svg" role="img" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" width="100%">',
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>",
        f'<text class="title" x="2" y="16">{escape(title)}</text>',
        f'<text x="2" y="34">{escape(y_label)}</text>',
        *_draw_axes(axes, x_label),
        *_draw_guides(guides, axes, curves, [name.box for name in names]),
        *(_draw_curve(curve, axes) for curve in curves),
        *(_draw_name(name) for name in names),
        # Last, so that no line lies between the pointer and a tooltip.
        *(_draw_tooltips(curve, axes) for curve in curves if curve.has_dots),
        *([] if curves else [_draw_empty_message()]),
        "</svg></div>",
    ]
    return "\n".join(parts)


def _training_and_held_out(
    training_points: Sequence[Point], held_out_points: Sequence[Point], held_out_label: str
) -> tuple[Series, Series]:
    return (
        Series(label="training", points=training_points, kind="line", css_class="training"),
        Series(
            label=held_out_label, points=held_out_points, kind="dots-line", css_class="held-out"
        ),
    )


@dataclass(frozen=True, kw_only=True)
class _Curve:
    """A series as it is drawn: finite, and not more points than can be seen."""

    label: str
    points: list[Point]
    has_dots: bool
    css_class: str

    @classmethod
    def of(cls, series: Series) -> _Curve:
        has_dots = series.kind == "dots-line"
        finite = [(x, y) for x, y in series.points if math.isfinite(x) and math.isfinite(y)]
        return cls(
            label=series.label,
            points=_thin(finite, MAX_DOTS if has_dots else MAX_LINE_POINTS),
            has_dots=has_dots,
            css_class=series.css_class,
        )


def _thin(points: list[Point], max_points: int) -> list[Point]:
    """Keep the first, the last, and the lowest and highest of each of equal parts between."""
    if len(points) <= max_points:
        return points
    inner = points[1:-1]
    part_size = 2
    # Doubling leaves the parts where they were when a point is added: the curve does not flicker.
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
class _Box:
    """A rectangle that text takes up, as large as the text gets on a phone."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: _Box) -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def meets(self, path: list[Point]) -> bool:
        """Whether a path that runs from left to right enters the box."""
        for (x1, y1), (x2, y2) in pairwise(path if len(path) > 1 else path * 2):
            if x2 < self.left or x1 > self.right:
                continue
            slope = (y2 - y1) / (x2 - x1) if x2 > x1 else 0.0
            inside = (
                y1 + slope * (max(x1, self.left) - x1),
                y1 + slope * (min(x2, self.right) - x1) if x2 > x1 else y2,
            )
            if min(inside) < self.bottom and max(inside) > self.top:
                return True
        return False


@dataclass(frozen=True, kw_only=True)
class _Axes:
    """The ranges that are shown, and where in the picture a point of them lies."""

    x_end_s: float
    y_low: float
    y_high: float
    y_step: float
    y_format: YFormat

    @classmethod
    def around(
        cls,
        curves: list[_Curve],
        guides: list[Guide],
        *,
        x_end_s: float | None,
        y_format: YFormat,
    ) -> _Axes:
        last_s = max((curve.points[-1][0] for curve in curves), default=0.0)
        # The last measurement comes a little after the budget, and must be seen.
        end_s = max(x_end_s, last_s) if x_end_s else _round_time_after(last_s)
        y_range = _share_range(curves) if y_format == "percent" else _loss_range(curves, guides)
        low, high, step = y_range
        return cls(x_end_s=end_s, y_low=low, y_high=high, y_step=step, y_format=y_format)

    def x(self, elapsed_s: float) -> float:
        return LEFT + (RIGHT - LEFT) * elapsed_s / self.x_end_s

    def y(self, value: float) -> float:
        y = BOTTOM - (BOTTOM - TOP) * (value - self.y_low) / (self.y_high - self.y_low)
        return min(max(y, TOP - HEIGHT), BOTTOM + HEIGHT)  # keeps the digits of an outlier few

    def path(self, curve: _Curve) -> list[Point]:
        return [(self.x(x), self.y(y)) for x, y in curve.points]

    def y_ticks(self) -> list[float]:
        first = math.ceil(self.y_low / self.y_step - 1e-9)
        last = math.floor(self.y_high / self.y_step + 1e-9)
        return [index * self.y_step for index in range(first, last + 1)]

    def x_ticks(self) -> list[float]:
        step = _time_step(self.x_end_s)
        return [index * step for index in range(math.floor(self.x_end_s / step + 1e-9) + 1)]


def _loss_range(curves: list[_Curve], guides: list[Guide]) -> tuple[float, float, float]:
    """Lowest value, highest value and distance of ticks for losses, whatever one outlier does."""
    values = [value for curve in curves for _, value in curve.points]
    lines = [guide.value for guide in guides]
    if not values and not lines:
        return 0.0, 1.0, 0.5
    # A training that diverges leaves the picture at its top instead of squashing the rest.
    ceiling = 1.25 * max(lines) if lines else 2.5 * median(values)
    first_values = [value for curve in curves for _, value in curve.points[:3]]
    high = max([*lines, *(min(value, ceiling) for value in first_values or lines)])
    lowest = min(*values, *lines, high) if values else min(lines)
    span = high - lowest or 1.0
    step = _nice_step(span / 4)
    low = max(0.0, math.floor((lowest - 0.04 * span) / step) * step)
    high = max(high, lowest + span)
    # Reckoned from the rounded low: with the lowest value itself, each new one would move the axis.
    return low, high + 0.04 * (high - low), step


def _share_range(curves: list[_Curve]) -> tuple[float, float, float]:
    """0 to 70 %, where characters of English usually end, and further only if need be."""
    highest = max((value for curve in curves for _, value in curve.points), default=0.0)
    return 0.0, min(1.0, max(0.7, math.ceil(highest * 10 + 0.2) / 10)), 0.2


def _nice_step(at_least: float) -> float:
    """Return the next of ..., 0.1, 0.2, 0.5, 1, 2, 5, 10, ..."""
    power = 10.0 ** math.floor(math.log10(at_least))
    return next(power * digit for digit in (1, 2, 5, 10) if power * digit >= at_least * (1 - 1e-9))


MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
TIME_STEPS_S = (
    *(1, 2, 5, 10, 20, 30),
    *(MINUTE_S * minutes for minutes in (1, 2, 5, 10, 15, 30)),
    *(HOUR_S * hours for hours in (1, 2, 5, 12)),
    *(DAY_S * days for days in (1, 2)),
)


def _time_step(end_s: float) -> float:
    """Return a distance of ticks that leaves at most six on the axis."""
    return next((step for step in TIME_STEPS_S if end_s / step <= 5), _nice_step(end_s / 5))


def _round_time_after(elapsed_s: float) -> float:
    step = _time_step(max(elapsed_s, 10.0))
    return step * math.ceil(max(elapsed_s, 10.0) / step)


def _tick_time(elapsed_s: float, end_s: float) -> str:
    if elapsed_s == 0:
        return "0"
    if end_s > 2 * HOUR_S:
        for unit_s, unit in ((DAY_S, "d"), (HOUR_S, "h"), (MINUTE_S, "min")):
            if elapsed_s % unit_s == 0 and (unit_s < DAY_S or end_s > 5 * DAY_S):
                return f"{elapsed_s / unit_s:g}\N{NO-BREAK SPACE}{unit}"
    if elapsed_s % MINUTE_S == 0:
        return f"{elapsed_s / MINUTE_S:g}\N{NO-BREAK SPACE}min"
    return _clock(elapsed_s) if end_s > MINUTE_S else f"{elapsed_s:g}\N{NO-BREAK SPACE}s"


def _clock(elapsed_s: float) -> str:
    """Write a duration as 1:05, or as 2:00:05 from an hour on."""
    minutes, seconds = divmod(round(elapsed_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _tick_value(value: float, axes: _Axes) -> str:
    if axes.y_format == "percent":
        return f"{100 * value:.0f}\N{NO-BREAK SPACE}%"
    return f"{value:.{max(0, -math.floor(math.log10(axes.y_step) + 1e-9))}f}"


def _short_value(value: float, y_format: YFormat) -> str:
    return f"{100 * value:.0f}\N{NO-BREAK SPACE}%" if y_format == "percent" else f"{value:.2f}"


def _full_value(value: float, y_format: YFormat) -> str:
    return f"{100 * value:.1f} %" if y_format == "percent" else f"{value:.2f} nats"


def _latest_values(curves: list[_Curve], y_format: YFormat) -> str:
    if not curves:
        return EMPTY_MESSAGE
    latest = [
        f"{_full_value(curve.points[-1][1], y_format)} on {curve.label} "
        f"after {_clock(curve.points[-1][0])}"
        for curve in curves
    ]
    return f"Latest values: {', '.join(latest)}."


@dataclass(frozen=True, kw_only=True)
class _Name:
    """A curve's name and latest value, to the right of its end."""

    curve: _Curve
    value: str
    lines: list[str]  # the first begins with the value
    x: float
    y: float  # middle of the first line

    @property
    def box(self) -> _Box:
        top = self.y - LINE_HEIGHT / 2
        return _Box(
            left=self.x,
            top=top,
            right=self.x + SWATCH_WIDTH + _text_width(self.lines, TEXT_SIZE) + NAME_GAP,
            bottom=top + LINE_HEIGHT * len(self.lines),
        )


def _text_width(lines: list[str], size: float) -> float:
    return max(len(line) for line in lines) * CHARACTER_WIDTH * size


def _wrap_for_margin(text: str) -> list[str]:
    return textwrap.wrap(text, MARGIN_CHARACTERS, break_long_words=False)


def _place_names(curves: list[_Curve], axes: _Axes) -> list[_Name]:
    """Put each name beside the end of its curve, and apart from the others."""
    if not curves:
        return []
    # All right of the last point of any curve, where there is nothing yet that they could cover.
    x = max(axes.x(curve.points[-1][0]) for curve in curves) + NAME_GAP
    curves = sorted(curves, key=lambda curve: axes.y(curve.points[-1][1]))
    ends = [min(max(axes.y(curve.points[-1][1]), TOP), BOTTOM) for curve in curves]
    values = [_short_value(curve.points[-1][1], axes.y_format) for curve in curves]
    values = [
        f"\N{UPWARDS ARROW}{value}" if curve.points[-1][1] > axes.y_high else value
        for curve, value in zip(curves, values, strict=True)
    ]
    texts = [f"{value} {curve.label}" for curve, value in zip(curves, values, strict=True)]
    if x + SWATCH_WIDTH + _text_width(texts, TEXT_SIZE) <= WIDTH:
        lines = [[text] for text in texts]
    else:
        lines = [_wrap_for_margin(text) for text in texts]
    middles = _spread(ends, [LINE_HEIGHT * len(one) for one in lines])
    return [
        _Name(curve=curve, value=value, lines=one, x=x, y=y)
        for curve, value, one, y in zip(curves, values, lines, middles, strict=True)
    ]


def _spread(wanted: list[float], heights: list[float]) -> list[float]:
    """Move positions, given in rising order, as little as it takes to leave each its height."""
    above = [sum(heights[:index]) for index in range(len(heights))]
    groups: list[list[float]] = []  # of neighbours that touch: where each wants the first to be
    for position, height_above in zip(wanted, above, strict=True):
        groups.append([position - height_above])
        while len(groups) > 1 and _mean(groups[-2]) > _mean(groups[-1]):
            groups[-2:] = [groups[-2] + groups[-1]]
    firsts = [_mean(group) for group in groups for _ in group]
    highest = BOTTOM + LINE_HEIGHT - sum(heights)  # the last line may stand on the axis
    return [min(first, highest) + more for first, more in zip(firsts, above, strict=True)]


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _draw_axes(axes: _Axes, x_label: str) -> Iterator[str]:
    for value in axes.y_ticks():
        y = _number(axes.y(value))
        yield f'<line class="grid" x1="{LEFT}" x2="{RIGHT}" y1="{y}" y2="{y}"/>'
        text = _tick_value(value, axes)
        yield f'<text class="tick" x="{LEFT - 7}" y="{y}" dy="0.35em">{text}</text>'
    yield (
        f'<line class="axis" x1="{LEFT}" x2="{RIGHT}" y1="{BOTTOM}" y2="{BOTTOM}" '
        f'data-x-end-s="{axes.x_end_s:g}"/>'
    )
    for elapsed_s in axes.x_ticks():
        x = _number(axes.x(elapsed_s))
        yield f'<line class="axis" x1="{x}" x2="{x}" y1="{BOTTOM}" y2="{BOTTOM + 4}"/>'
        text = _tick_time(elapsed_s, axes.x_end_s)
        yield f'<text class="middle" x="{x}" y="{BOTTOM + 7}" dy="0.85em">{text}</text>'
    yield (f'<text class="end" x="{RIGHT}" y="{BOTTOM + 23}" dy="0.85em">{escape(x_label)}</text>')


def _draw_guides(
    guides: list[Guide], axes: _Axes, curves: list[_Curve], name_boxes: list[_Box]
) -> Iterator[str]:
    paths = [axes.path(curve) for curve in curves]
    paths += [[(LEFT, axes.y(guide.value)), (RIGHT, axes.y(guide.value))] for guide in guides]
    taken = list(name_boxes)
    for guide in guides:
        label = _place_guide_label(guide, axes, taken, paths)
        taken.append(label.box)
        y = _number(axes.y(guide.value))
        yield f'<line class="guide" x1="{LEFT}" x2="{RIGHT}" y1="{y}" y2="{y}"/>'
        x = _number(label.x)
        lines = [f'<tspan x="{x}" dy="{label.dy}">{escape(label.lines[0])}</tspan>']
        lines += [f'<tspan x="{x}" dy="1.1em">{escape(line)}</tspan>' for line in label.lines[1:]]
        yield (
            f'<text class="guide-label {label.anchor}" y="{_number(label.y)}">'
            f"{''.join(lines)}</text>"
        )


@dataclass(frozen=True, kw_only=True)
class _GuideLabel:
    lines: list[str]
    anchor: Literal["start", "end"]
    x: float
    y: float
    dy: str
    box: _Box


def _place_guide_label(
    guide: Guide, axes: _Axes, taken: list[_Box], paths: list[list[Point]]
) -> _GuideLabel:
    """Put the label at the guide's right end, moved up or down as far as names are in its way.

    Failing that, above the guide's right end or below its left end, which a falling curve leaves
    free.
    """
    y = axes.y(guide.value)

    def cost(label: _GuideLabel) -> float:
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
        _along_guide(text, y, anchor="end"),
        _along_guide(text, y, anchor="start"),
    ]
    return min(places, key=cost)  # the first of equally good ones


def _way_out(box: _Box, taken: list[_Box], *, upwards: bool) -> float:
    """Return how far the box must move for nothing to overlap it."""
    column = [other for other in taken if box.left < other.right and other.left < box.right]
    column.sort(key=lambda other: other.bottom if upwards else -other.top, reverse=upwards)
    top, height = box.top, box.bottom - box.top
    for other in column:
        if top < other.bottom and other.top < top + height:
            top = other.top - height if upwards else other.bottom
    return top - box.top


def _beside_guide(text: str, y: float) -> _GuideLabel:
    lines = _wrap_for_margin(text)
    left = RIGHT + NAME_GAP
    half = len(lines) * SMALL_SIZE * 1.1 / 2
    return _GuideLabel(
        lines=lines,
        anchor="start",
        x=left,
        y=y,
        dy=f"{0.35 - 0.55 * (len(lines) - 1):.2f}em",
        box=_Box(left=left, right=WIDTH, top=y - half, bottom=y + half),
    )


def _along_guide(text: str, y: float, *, anchor: Literal["start", "end"]) -> _GuideLabel:
    width = _text_width([text], SMALL_SIZE)
    left = RIGHT - width if anchor == "end" else LEFT + 3
    top = y - 1 - SMALL_SIZE if anchor == "end" else y + 1
    return _GuideLabel(
        lines=[text],
        anchor=anchor,
        x=RIGHT if anchor == "end" else left,
        y=y,
        dy="-0.35em" if anchor == "end" else "1.05em",
        box=_Box(left=left, right=left + width, top=top, bottom=top + SMALL_SIZE),
    )


def _draw_curve(curve: _Curve, axes: _Axes) -> str:
    path = axes.path(curve)
    line = "L".join(f"{_number(x)} {_number(y)}" for x, y in path)
    # The inner svg cuts off what leaves the plot at its top; unlike a clipPath it needs no id,
    # which two charts on a page would share.
    clip_top = TOP - 4
    parts = [
        f'<g class="series {escape(curve.css_class)} {"dots-line" if curve.has_dots else "line"}">',
        f'<svg x="0" y="{clip_top}" width="{WIDTH}" height="{HEIGHT - clip_top}" '
        f'viewBox="0 {clip_top} {WIDTH} {HEIGHT - clip_top}" overflow="hidden">',
        # h0: a curve of one point is a point.
        f'<path class="curve" data-points="{len(path)}" d="M{line}h0"/>',
    ]
    if curve.has_dots:
        dots = "".join(f"M{_number(x)} {_number(y)}h0" for x, y in _spaced(path))
        parts.append(f'<path class="dots rim" d="{dots}"/><path class="dots" d="{dots}"/>')
    return "".join([*parts, "</svg></g>"])


def _spaced(path: list[Point]) -> list[Point]:
    """Leave out points too close to the one before; the last one stays, it is the news."""
    kept = path[:1]
    for point in path[1:-1]:
        if point[0] - kept[-1][0] >= DOT_DISTANCE:
            kept.append(point)
    return kept + path[1:][-1:]


def _draw_name(name: _Name) -> str:
    y, text_x = _number(name.y), _number(name.x + SWATCH_WIDTH)
    kind = "dots-line" if name.curve.has_dots else "line"
    swatch = f'<path class="curve" d="M{_number(name.x)} {y}h11"/>'
    if name.curve.has_dots:
        swatch += f'<path class="dots" d="M{_number(name.x + 5.5)} {y}h0"/>'
    rest = escape(name.lines[0].removeprefix(name.value))
    lines = [
        f'<tspan x="{text_x}" dy="0.35em"><tspan class="value">{name.value}</tspan>{rest}</tspan>',
        *(f'<tspan x="{text_x}" dy="1.15em">{escape(line)}</tspan>' for line in name.lines[1:]),
    ]
    return (
        f'<g class="series {escape(name.curve.css_class)} {kind}">{swatch}'
        f'<text class="name" y="{y}">{"".join(lines)}</text></g>'
    )


def _draw_tooltips(curve: _Curve, axes: _Axes) -> str:
    circles = []
    for (elapsed_s, value), (x, y) in zip(curve.points, axes.path(curve), strict=True):
        if y < TOP - 4:
            continue
        tooltip = f"after {_clock(elapsed_s)}: {_full_value(value, axes.y_format)} on {curve.label}"
        circles.append(
            f'<circle cx="{_number(x)}" cy="{_number(y)}" r="9">'
            f"<title>{escape(tooltip)}</title></circle>"
        )
    return f'<g class="series {escape(curve.css_class)} hit">{"".join(circles)}</g>'


def _draw_empty_message() -> str:
    lines = textwrap.wrap(EMPTY_MESSAGE, 30)
    x = (LEFT + RIGHT) // 2
    y = (TOP + BOTTOM) // 2
    spans = "".join(
        f'<tspan x="{x}" dy="{"0" if index == 0 else "1.3em"}">{line}</tspan>'
        for index, line in enumerate(lines)
    )
    return f'<text class="middle empty" y="{y}">{spans}</text>'


def _number(value: float) -> str:
    """Write a coordinate with at most one decimal."""
    return f"{round(value, 1) + 0.0:g}"  # + 0.0 turns -0 into 0
