"""The live charts of a training, as SVG: loss and accuracy over training time.

The page redraws them about once a second, so they are not animated.
"""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from html import escape

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
    clock,
    keep_visible_points,
)
from charlstm.interface.charts.labels import (
    SWATCH_WIDTH,
    GuideLabel,
    Name,
    place_guide_labels,
    place_names,
)

HELD_OUT_LABEL = "text it never saw"
EMPTY_MESSAGE = "The curve appears a few seconds after the start."
DOT_DISTANCE = 10  # dots closer than this would merge into a bar
CLIP_TOP = TOP - 4  # curves are clipped above it


def loss_chart(
    training_points: Sequence[Point],
    held_out_points: Sequence[Point],
    *,
    blind_loss_nats: float,
    four_gram_loss_nats: float,
    budget_s: float | None,
    held_out_label: str = HELD_OUT_LABEL,
    x_start_s: float = 0.0,
    marks: Sequence[Point] = (),
) -> str:
    """Draw the loss over time, with guides for blind guessing and for the 4-gram baseline.

    A guide that is NaN, because it is not known yet, is not drawn. For `budget_s` see `x_end_s` in
    `chart_svg`, for `x_start_s` and `marks` there as well.
    """
    return chart_svg(
        title="How surprised is it by the next letter?",
        x_label="time spent learning (logarithmic)" if x_start_s else "time spent learning",
        y_label="loss in nats, lower is better",
        series=_training_and_held_out(training_points, held_out_points, held_out_label),
        guides=(
            Guide(label="random guessing", value=blind_loss_nats),
            Guide(label="simple counting (4-gram)", value=four_gram_loss_nats),
        ),
        x_end_s=budget_s,
        x_start_s=x_start_s,
        marks=marks,
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
    """Draw the accuracy over time; values are shares, 0 to 1."""
    return chart_svg(
        title="How often does it guess right?",
        x_label="time spent learning",
        y_label="share of next letters, higher is better",
        series=_training_and_held_out(training_points, held_out_points, held_out_label),
        x_end_s=budget_s,
        y_format="percent",
        description="Share of letters guessed right over the time spent learning.",
    )


def _training_and_held_out(
    training_points: Sequence[Point], held_out_points: Sequence[Point], held_out_label: str
) -> tuple[Series, Series]:
    return (
        Series(label="training", points=training_points, kind="line", css_class="training"),
        Series(
            label=held_out_label, points=held_out_points, kind="dots-line", css_class="held-out"
        ),
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
    x_start_s: float = 0.0,
    marks: Sequence[Point] = (),
) -> str:
    """Draw curves over time; the page needs plot.css to show them.

    Args:
        x_end_s: end of the time axis, usually the budget, so that the axis does not move while the
            curve grows; None ends it at a round time after the last point.
        y_format: "percent" expects shares, 0 to 1.
        description: one sentence for screen readers; the latest values are appended.
        x_start_s: start of a logarithmic time axis; 0 for a linear one that starts at 0.
        marks: points that the page may highlight. Their coordinates are written to `data-marks` as
            JSON: [x, y] each, or null for a point that is not finite.

    Returns:
        An HTML element of class `charlstm-plot` that contains the SVG.
    """
    curves = [curve for curve in map(keep_visible_points, series) if curve.points]
    guides = [guide for guide in guides if math.isfinite(guide.value)]
    axes = Axes.around(curves, guides, x_end_s=x_end_s, y_format=y_format, x_start_s=x_start_s)
    names = place_names(curves, axes)
    guide_labels = place_guide_labels(guides, axes, curves, names)
    description = f"{description} {_latest_values(curves, y_format)}"
    parts = [
        f'<div class="charlstm-plot"{_marks_attribute(marks, axes)}>',
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" width="100%" data-top="{TOP}" '
        f'data-y-low="{axes.y_low:g}" data-y-high="{axes.y_high:g}" data-format="{y_format}">',
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>",
        f'<text class="title" x="2" y="16">{escape(title)}</text>',
        f'<text class="y-label" x="2" y="34">{escape(y_label)}</text>',
        *_draw_axes(axes, x_label),
        *(
            _draw_guide(guide, label, axes)
            for guide, label in zip(guides, guide_labels, strict=True)
        ),
        *(_draw_curve(curve, axes) for curve in curves),
        *(_draw_name(name) for name in names),
        # Last, so that no line covers the areas that show tooltips.
        *(_draw_tooltips(curve, axes) for curve in curves if curve.has_dots),
        *([] if curves else [_draw_empty_message()]),
        "</svg></div>",
    ]
    return "\n".join(parts)


def _marks_attribute(marks: Sequence[Point], axes: Axes) -> str:
    """The coordinates of marks as an HTML attribute; outliers are moved to the plot's top."""
    if not marks:
        return ""
    coordinates = [
        [round(axes.x(elapsed_s), 1), round(max(axes.y(value), CLIP_TOP), 1)]
        if math.isfinite(elapsed_s) and math.isfinite(value)
        else None
        for elapsed_s, value in marks
    ]
    return f' data-marks="{json.dumps(coordinates)}"'


def _draw_axes(axes: Axes, x_label: str) -> Iterator[str]:
    for value in axes.y_ticks():
        y, text = _number(axes.y(value)), axes.y_tick_text(value)
        yield f'<line class="grid" x1="{LEFT}" x2="{RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text class="tick" x="{LEFT - 7}" y="{y}" dy="0.35em">{text}</text>'
    yield (
        f'<line class="axis" x1="{LEFT}" x2="{RIGHT}" y1="{BOTTOM}" y2="{BOTTOM}" '
        f'data-x-start-s="{axes.x_start_s:g}" data-x-end-s="{axes.x_end_s:g}"/>'
    )
    for elapsed_s in axes.x_ticks():
        x, text = _number(axes.x(elapsed_s)), axes.x_tick_text(elapsed_s)
        yield f'<line class="axis" x1="{x}" x2="{x}" y1="{BOTTOM}" y2="{BOTTOM + 4}"/>'
        yield f'<text class="middle" x="{x}" y="{BOTTOM + 7}" dy="0.85em">{text}</text>'
    yield f'<text class="end" x="{RIGHT}" y="{BOTTOM + 23}" dy="0.85em">{escape(x_label)}</text>'


def _draw_guide(guide: Guide, label: GuideLabel, axes: Axes) -> str:
    y = _number(axes.y(guide.value))
    lines = _stack(map(escape, label.lines), _number(label.x), label.dy, "1.1em")
    return (
        f'<line class="guide" x1="{LEFT}" x2="{RIGHT}" y1="{y}" y2="{y}"/>\n'
        f'<text class="guide-label {label.anchor}" y="{_number(label.y)}">{lines}</text>'
    )


def _draw_curve(curve: Series, axes: Axes) -> str:
    path = axes.path(curve)
    line = "L".join(f"{_number(x)} {_number(y)}" for x, y in path)
    # The inner svg clips the curve at the plot's top. A clipPath would need an id, and ids must be
    # unique in a page, which may have several charts.
    parts = [
        f'<g class="series {escape(curve.css_class)} {curve.kind}" '
        f'data-label="{escape(curve.label)}">',
        f'<svg x="0" y="{CLIP_TOP}" width="{WIDTH}" height="{HEIGHT - CLIP_TOP}" '
        f'viewBox="0 {CLIP_TOP} {WIDTH} {HEIGHT - CLIP_TOP}" overflow="hidden">',
        # h0 makes a curve of a single point visible, as a dot.
        f'<path class="curve" data-points="{len(path)}" d="M{line}h0"/>',
    ]
    if curve.has_dots:
        dots = "".join(f"M{_number(x)} {_number(y)}h0" for x, y in _spaced(path))
        parts.append(f'<path class="dots rim" d="{dots}"/><path class="dots" d="{dots}"/>')
    return "".join([*parts, "</svg></g>"])


def _spaced(path: list[Point]) -> list[Point]:
    """Leave out points too close to the one before; always keep the last, which is the newest."""
    kept = path[:1]
    for point in path[1:-1]:
        if point[0] - kept[-1][0] >= DOT_DISTANCE:
            kept.append(point)
    return kept + path[1:][-1:]


def _draw_name(name: Name) -> str:
    y = _number(name.y)
    swatch = f'<path class="curve" d="M{_number(name.x)} {y}h11"/>'
    if name.curve.has_dots:
        swatch += f'<path class="dots" d="M{_number(name.x + 5.5)} {y}h0"/>'
    first, *others = map(escape, name.lines)
    first = f'<tspan class="value">{name.value}</tspan>{first.removeprefix(name.value)}'
    lines = _stack([first, *others], _number(name.x + SWATCH_WIDTH), "0.35em", "1.15em")
    return (
        f'<g class="series {escape(name.curve.css_class)} {name.curve.kind}">{swatch}'
        f'<text class="name" y="{y}">{lines}</text></g>'
    )


def _draw_tooltips(curve: Series, axes: Axes) -> str:
    circles = []
    for (elapsed_s, value), (x, y) in zip(curve.points, axes.path(curve), strict=True):
        if y < CLIP_TOP:
            continue
        tooltip = f"after {clock(elapsed_s)}: {_full_value(value, axes.y_format)} on {curve.label}"
        circles.append(
            f'<circle cx="{_number(x)}" cy="{_number(y)}" r="9">'
            f"<title>{escape(tooltip)}</title></circle>"
        )
    return f'<g class="series {escape(curve.css_class)} hit">{"".join(circles)}</g>'


def _draw_empty_message() -> str:
    x, y = (LEFT + RIGHT) // 2, (TOP + BOTTOM) // 2
    lines = _stack(textwrap.wrap(EMPTY_MESSAGE, 30), str(x), "0", "1.3em")
    return f'<text class="middle empty" y="{y}">{lines}</text>'


def _stack(lines: Iterable[str], x: str, first_dy: str, next_dy: str) -> str:
    """Stack lines of markup below each other, as tspan elements."""
    first, *others = lines
    spans = [f'<tspan x="{x}" dy="{first_dy}">{first}</tspan>']
    spans += [f'<tspan x="{x}" dy="{next_dy}">{line}</tspan>' for line in others]
    return "".join(spans)


def _latest_values(curves: list[Series], y_format: YFormat) -> str:
    if not curves:
        return EMPTY_MESSAGE
    latest = [
        f"{_full_value(curve.points[-1][1], y_format)} on {curve.label} "
        f"after {clock(curve.points[-1][0])}"
        for curve in curves
    ]
    return f"Latest values: {', '.join(latest)}."


def _full_value(value: float, y_format: YFormat) -> str:
    return f"{100 * value:.1f}%" if y_format == "percent" else f"{value:.2f} nats"


def _number(value: float) -> str:
    """Format a coordinate with at most one decimal."""
    return f"{round(value, 1) + 0.0:g}"  # + 0.0 turns -0 into 0
