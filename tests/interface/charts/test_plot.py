import json
import math
import random
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from charlstm.interface.charts import plot
from charlstm.interface.charts.curves import MAX_LINE_POINTS, Guide, Series
from charlstm.interface.charts.plot import EMPTY_MESSAGE, accuracy_chart, chart_svg, loss_chart

SVG = "{http://www.w3.org/2000/svg}"
BLIND_NATS, FOUR_GRAM_NATS = 4.17, 1.77
TRAINING = [(0.0, 4.2), (10.0, 2.2), (20.0, 1.8), (30.0, 1.6)]
HELD_OUT = [(15.0, 2.0), (30.0, 1.7)]


def draw_loss(training=TRAINING, held_out=HELD_OUT, budget_s=60.0, **options):
    return ElementTree.fromstring(
        loss_chart(
            training,
            held_out,
            blind_loss_nats=BLIND_NATS,
            four_gram_loss_nats=FOUR_GRAM_NATS,
            budget_s=budget_s,
            **options,
        )
    )


def draw(points, *, kind="line", guides=(), x_end_s=60.0, y_format="nats", label="a curve"):
    return ElementTree.fromstring(
        chart_svg(
            title="Title",
            x_label="time",
            y_label="loss",
            series=[Series(label=label, points=points, kind=kind)],
            guides=guides,
            x_end_s=x_end_s,
            y_format=y_format,
            description="A curve.",
        )
    )


def curves(root):
    return [path for path in root.iter(f"{SVG}path") if "data-points" in path.attrib]


def positions(path):
    pairs = re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path.get("d"))
    return [(float(x), float(y)) for x, y in pairs]


def of_class(root, name):
    return [element for element in root.iter() if name in element.get("class", "").split()]


def texts(root):
    return ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]


def guide_heights(root):
    return [float(line.get("y1")) for line in of_class(root, "guide")]


def learning_curve(num_points, end_s, floor=1.45, noise=0.0):
    rng = random.Random(5)
    times = [end_s * (index + 1) / num_points for index in range(num_points)]
    return [(t, floor + 2.7 * math.exp(-6 * t / 60) + rng.uniform(-noise, noise)) for t in times]


def test_time_runs_right_and_falling_loss_runs_down():
    for path in curves(draw_loss()):
        xs, ys = zip(*positions(path), strict=True)
        assert list(xs) == sorted(set(xs))
        assert list(ys) == sorted(set(ys))


def test_both_curves_are_drawn_in_their_colours():
    root = draw_loss()
    assert [path.get("data-points") for path in curves(root)] == ["4", "2"]
    assert of_class(root, "training") and of_class(root, "held-out")
    css = (Path(plot.__file__).parent / "plot.css").read_text(encoding="utf-8")
    assert ".training" in css and ".held-out" in css


def test_a_point_as_good_as_a_guide_lies_on_it():
    root = draw_loss([(1.0, BLIND_NATS), (9.0, FOUR_GRAM_NATS), (20.0, 1.5)], [])
    heights = [y for _, y in positions(curves(root)[0])]
    assert heights[:2] == guide_heights(root)
    assert heights[2] > guide_heights(root)[1]


def test_guides_are_named_with_their_values():
    labels = [" ".join(text.itertext()) for text in of_class(draw_loss(), "guide-label")]
    assert labels == ["random guessing 4.17", "simple counting (4-gram) 1.77"]


@pytest.mark.parametrize("training", [[], TRAINING])
def test_guides_that_are_not_known_yet_are_not_drawn(training):
    unknown = {"blind_loss_nats": math.nan, "four_gram_loss_nats": math.nan}
    root = ElementTree.fromstring(loss_chart(training, [], budget_s=60.0, **unknown))
    assert not of_class(root, "guide") and not of_class(root, "guide-label")


def test_nothing_the_axis_shows_depends_on_an_outlier():
    steady = draw_loss()
    diverged = draw_loss([*TRAINING, (40.0, 50.0), (50.0, 1e30)])
    assert guide_heights(diverged) == guide_heights(steady)
    assert positions(curves(diverged)[0])[:4] == positions(curves(steady)[0])
    assert any("↑" in text for text in texts(diverged))
    assert not any("↑" in text for text in texts(steady))


def test_a_training_that_begins_with_an_outlier_leaves_the_guides_apart():
    blind_y, four_gram_y = guide_heights(draw_loss([(0.0, 50.0), *TRAINING[1:]]))
    assert four_gram_y - blind_y > 80


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_values_that_are_not_numbers_are_left_out(bad):
    root = draw([(0.0, 3.0), (1.0, bad), (2.0, 2.0), (bad, 1.0)])
    assert curves(root)[0].get("data-points") == "2"
    assert "nan" not in curves(root)[0].get("d") and "inf" not in curves(root)[0].get("d")


@pytest.mark.parametrize("kind", ["line", "dots-line"])
@pytest.mark.parametrize("x_end_s", [None, 60.0])
@pytest.mark.parametrize("point", [(0.0, 0.0), (5.0, 2.5), (1e6, 1e-9)])
def test_one_point_is_drawn(kind, x_end_s, point):
    root = draw([point], kind=kind, x_end_s=x_end_s)
    assert curves(root)[0].get("data-points") == "1"
    assert curves(root)[0].get("d").endswith("h0")  # a line of no length, which has round ends


@pytest.mark.parametrize("y_format", ["nats", "percent"])
@pytest.mark.parametrize("points", [[], [(1.0, math.nan)]])
def test_no_points_say_so_in_the_plot(points, y_format):
    root = draw(points, y_format=y_format)
    message = of_class(root, "empty")[0]
    assert " ".join(message.itertext()) == EMPTY_MESSAGE
    assert curves(root) == []
    assert not of_class(draw_loss(), "empty")


def test_held_out_points_alone_are_enough():
    root = draw_loss([], HELD_OUT)
    assert len(curves(root)) == 1 and not of_class(root, "empty")


def test_thinning_keeps_the_first_the_last_and_the_extremes():
    points = [(float(second), 2.0 + second % 3 / 10) for second in range(10_000)]
    points[0], points[-1] = (0.0, 2.5), (9999.0, 1.9)
    points[3456], points[7891] = (3456.0, 3.5), (7891.0, 1.2)
    landmarks = [points[0], points[3456], points[7891], points[-1]]
    guides = [Guide(label="blind", value=4.0)]  # so that both have the same axis
    whole = draw(landmarks, guides=guides, x_end_s=10_000.0)
    thinned = draw(points, guides=guides, x_end_s=10_000.0)
    kept = positions(curves(thinned)[0])
    assert len(kept) == int(curves(thinned)[0].get("data-points")) <= MAX_LINE_POINTS
    assert len(kept) >= MAX_LINE_POINTS // 2
    assert set(positions(curves(whole)[0])) <= set(kept)
    assert kept[0] == positions(curves(whole)[0])[0]
    assert kept[-1] == positions(curves(whole)[0])[-1]
    assert [x for x, _ in kept] == sorted(x for x, _ in kept)


def test_new_points_move_no_old_ones():
    points = [(0.0, 4.2), *learning_curve(2300, 58.0, noise=0.1)]
    before = positions(curves(draw_loss(points[:1300], []))[0])
    after = positions(curves(draw_loss(points, []))[0])
    # The last point is always drawn, and the part before it may not have been complete.
    assert before[:-4] == after[: len(before) - 4]


@pytest.mark.parametrize("end_s", [1, 5, 13, 20, 24, 30, 37, 44, 50, 57, 60])
@pytest.mark.parametrize("gap", [-0.3, 0.0, 0.05, 0.4])
def test_labels_never_cover_each_other(end_s, gap):
    training = learning_curve(40, end_s)
    held_out = [(t, value + gap) for t, value in training[::8]]
    boxes = [box for text in draw_loss(training, held_out).iter(f"{SVG}text") for box in _box(text)]
    for index, one in enumerate(boxes):
        for other in boxes[:index]:
            apart_x = one[0] >= other[1] or other[0] >= one[1]
            apart_y = one[2] >= other[3] or other[2] >= one[3]
            assert apart_x or apart_y, (one, other)


def _box(text):
    """Yield (left, right, top, bottom, text) of each line of text of a usual width, 13.5 high."""
    classes = text.get("class", "").split()
    lines = [line for line in text if line.get("x")] or [text]
    y = float(text.get("y"))
    for line in lines:
        content = "".join(line.itertext())
        y += 13.5 * float(line.get("dy", "0").removesuffix("em"))
        x, width = float(line.get("x")), 0.5 * 13.5 * len(content)
        share = 1.0 if {"end", "tick"} & set(classes) else 0.5 if "middle" in classes else 0.0
        # The height is that of letters without a tail, from the baseline up.
        yield (x - share * width, x + (1 - share) * width, y - 9.5, y, content)


def test_labels_stay_in_the_picture_when_the_budget_is_used_up():
    for value in (0.0, 1.0, 4.1, 90.0):
        root = draw_loss([(59.0, value)], [(60.0, value)])
        for text in root.iter(f"{SVG}text"):
            for left, right, top, bottom, content in _box(text):
                assert left >= 0 and right <= 400 and top >= 0 and bottom <= 262, content


def test_everything_is_escaped():
    nasty = "<b>&\"'</b>"
    root = draw([(1.0, 2.0)], kind="dots-line", label=nasty, guides=[Guide(label=nasty, value=2.5)])
    assert not list(root.iter("b")) and not list(root.iter(f"{SVG}b"))
    assert sum(nasty in text for text in texts(root)) == 2
    assert nasty in root.find(f".//{SVG}circle/{SVG}title").text
    assert nasty in root.find(f"{SVG}svg/{SVG}desc").text


def axis_end_s(root):
    return next(float(line.get("data-x-end-s")) for line in root.iter() if line.get("data-x-end-s"))


@pytest.mark.parametrize("budget_s", [30.0, 60.0, 90.0, 180.0, 2700.0, 30_000.0, 604_800.0])
def test_the_time_axis_ends_at_the_budget(budget_s):
    root = draw_loss([(0.0, 4.0), (budget_s, 1.5)], [], budget_s=budget_s)
    axis = next(line for line in root.iter() if line.get("data-x-end-s"))
    assert axis_end_s(root) == budget_s
    assert positions(curves(root)[0])[-1][0] == float(axis.get("x2"))
    ticks = of_class(root, "middle")
    assert 3 <= len(ticks) <= 7
    assert len({text.text for text in ticks}) == len(ticks)


def test_a_point_after_the_budget_is_still_in_the_plot():
    root = draw_loss([(0.0, 4.0), (63.0, 1.5)], [])
    axis = next(line for line in root.iter() if line.get("data-x-end-s"))
    assert positions(curves(root)[0])[-1][0] == float(axis.get("x2"))


def test_without_a_budget_the_axis_ends_at_a_round_time():
    assert axis_end_s(draw_loss([(0.0, 4.0), (47.0, 1.5)], [], budget_s=None)) == 50
    assert axis_end_s(draw_loss([(0.0, 4.0), (48.0, 1.5)], [], budget_s=None)) == 50


def test_times_are_written_as_people_read_them():
    def ticks(budget_s):
        root = draw_loss(budget_s=budget_s)
        return [text.text.replace("\N{NO-BREAK SPACE}", " ") for text in of_class(root, "middle")]

    assert ticks(60.0) == ["0", "20 s", "40 s", "1 min"]
    assert ticks(120.0) == ["0", "0:30", "1 min", "1:30", "2 min"]
    assert ticks(2700.0) == ["0", "10 min", "20 min", "30 min", "40 min"]
    assert ticks(4 * 3600.0) == ["0", "1 h", "2 h", "3 h", "4 h"]


def test_the_accuracy_axis_is_in_percent_and_grows_only_when_it_must():
    def ticks(accuracy):
        root = ElementTree.fromstring(accuracy_chart([(1.0, accuracy)], [], budget_s=60.0))
        return [text.text.replace("\N{NO-BREAK SPACE}", " ") for text in of_class(root, "tick")]

    assert ticks(0.02) == ticks(0.6) == ["0%", "20%", "40%", "60%"]
    assert ticks(0.97)[-1] == "100%"


def test_each_held_out_point_has_a_tooltip():
    root = draw_loss([(0.0, 4.0)], [(65.0, 1.62), (130.0, 1.5)], budget_s=180.0)
    tooltips = [title.text for title in root.iterfind(f".//{SVG}circle/{SVG}title")]
    assert tooltips[0] == "after 1:05: 1.62 nats on text it never saw"
    assert len(tooltips) == 2


def test_a_screen_reader_hears_the_latest_values():
    svg = draw_loss(TRAINING, HELD_OUT).find(f"{SVG}svg")
    assert svg.get("role") == "img"
    assert svg.find(f"{SVG}title").text == "How surprised is it by the next letter?"
    assert "1.60 nats on training after 0:30" in svg.find(f"{SVG}desc").text
    assert "1.70 nats on text it never saw after 0:30" in svg.find(f"{SVG}desc").text


def test_a_long_training_stays_small():
    text = loss_chart(
        learning_curve(10_000, 180.0, noise=0.1),
        learning_curve(600, 180.0),
        blind_loss_nats=BLIND_NATS,
        four_gram_loss_nats=FOUR_GRAM_NATS,
        budget_s=180.0,
    )
    assert len(text.encode()) < 25_000


def test_a_logarithmic_time_axis_gives_equal_factors_equal_lengths():
    root = draw_loss(
        training=[(2.0, 4.0), (20.0, 3.0), (200.0, 2.0)], held_out=[], budget_s=2000.0, x_start_s=2
    )
    (x1, _), (x2, _), (x3, _) = positions(curves(root)[0])
    assert x1 == 37 and x2 - x1 == pytest.approx(x3 - x2, abs=0.2) == pytest.approx(83, abs=0.2)
    labels = [text.replace("\N{NO-BREAK SPACE}", " ") for text in texts(root)]
    assert [text for text in labels if text in ("1 s", "10 s", "1 min", "10 min", "1 h")] == [
        "10 s",
        "1 min",
        "10 min",
    ]
    assert any("logarithmic" in text for text in labels)
    assert not any("logarithmic" in text for text in texts(draw_loss()))


@pytest.mark.parametrize("x_start_s", [0.0, 5.0])
def test_marks_lie_on_the_curve_and_unknown_ones_nowhere(x_start_s):
    marks = [*TRAINING[1:], (12.0, math.nan), (math.inf, 2.0), (20.0, 1000.0)]
    root = draw_loss(held_out=[], x_start_s=x_start_s, marks=marks)
    places = json.loads(root.get("data-marks"))
    on_curve = positions(curves(root)[0])[1:]
    assert [tuple(place) for place in places[:3]] == on_curve
    assert places[3:5] == [None, None]
    assert places[5] == [on_curve[1][0], plot.CLIP_TOP]
    assert "data-marks" not in draw_loss().attrib
