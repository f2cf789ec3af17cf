"""The tab "Watch it learn" in a real browser: what is shown is what the training wrote."""

import math
import os
import re
import time

import pytest
from playwright.sync_api import expect

from charlstm.home import shipped_folder
from charlstm.interface.charts.curves import BOTTOM, LEFT, RIGHT, TOP
from charlstm.interface.models import SHIPPED_FILE, SHIPPED_TITLE
from charlstm.interface.watch.replay import NOTES
from charlstm.network.checkpoint import load_checkpoint
from charlstm.runs.recipes import QUICK
from charlstm.runs.run import Run
from charlstm.text.corpus import paste
from tests.browsing import (
    Streams,
    hide,
    hold_time,
    needs_browser,
    open_tab,
    show_again,
    wait_until_shown,
)
from tests.tiny_runs import DETAILS, append, append_record, create_run

pytestmark = needs_browser
SHIPPED = load_checkpoint(shipped_folder() / SHIPPED_FILE)
SHOWN = """() => {
  const story = document.querySelector("training-story");
  const [line, dot] = story.querySelector(".watch-mark")?.children ?? [];
  const number = (element, name) => Number(element?.getAttribute(name));
  const text = (name) => story.querySelector(`.watch-${name}`).textContent;
  const slider = story.querySelector("input");
  return {
    text: text("text"), when: text("when"), loss: text("loss"), play: text("play"),
    place: Number(slider.value), last: Number(slider.max), said: slider.ariaValueText ??
      slider.getAttribute("aria-valuetext"),
    mark: [number(dot, "cx"), number(dot, "cy")], foot: [number(line, "x1"), number(line, "y2")],
  };
}"""


@pytest.fixture
def watch(visit):
    """Opens the page at the tab."""

    def open_watch(*size, path="/", **options):
        page = visit(path, *size, **options)
        open_tab(page, "Watch it learn")
        page.locator("training-story").wait_for()
        return page

    return open_watch


@pytest.fixture
def live(home_folder):
    """A training that this process pretends to do; its text is of its own, its words too."""
    corpus = paste("the king loves a fool\nand so does my lord\n" * 80, "verse")
    run = create_run(
        recipe=QUICK, corpus=corpus, budget=QUICK.budget, random_seed=1,
        folder=home_folder / "runs" / f"2026-01-01-{time.monotonic_ns()}",
    )  # fmt: skip
    run.ownership.claim()
    append(run, "started", step=0, blind_loss_nats=3.0, four_gram_loss_nats=1.5)
    yield run
    run.ownership.release()
    run.paths.config.unlink(missing_ok=True)  # so that the next test does not meet it


def write_sample(run: Run, step: int, elapsed_s: float, loss: float, kept: bool = True) -> None:
    append(
        run,
        "progress",
        step=step,
        elapsed_s=elapsed_s,
        running_loss_nats=loss,
        accuracy=0.2,
        eta_s=9.0,
    )
    text = f"<i>text</i> {step}\nand &amp; so on"
    append(run, "sample", step=step, elapsed_s=elapsed_s, text=text, kept=kept)


def shown(page) -> dict:
    return page.evaluate(SHOWN)


def slide(page, place: int) -> dict:
    page.locator("training-story input").fill(str(place))
    return shown(page)


def pass_time(page, seconds: float) -> None:
    page.clock.run_for(round(1000 * seconds))


def ready(page, moments: int) -> None:
    slider = page.locator("training-story input")
    expect(slider).to_have_attribute("max", str(moments - 1))
    expect(slider).to_be_enabled()


def test_the_shipped_model_can_be_watched_at_once(watch):
    page = watch()
    ready(page, len(SHIPPED.samples))
    for place in (0, 7, len(SHIPPED.samples) // 2, len(SHIPPED.samples) - 1):
        sample = SHIPPED.samples[place]
        seen = slide(page, place)
        assert seen["text"] == sample.text
        assert seen["when"] == seen["said"] and f"step {sample.step:,}" in seen["when"]
    last_loss = SHIPPED.history["val_loss_nats"][-1][1]
    assert f"loss {last_loss:.2f} nats, on text it never saw" in seen["loss"]
    assert f"{math.exp(last_loss):.1f} equally likely letters (perplexity)" in seen["loss"]
    assert page.errors == []
    assert {url.split("/")[2] for url in page.requested} == {page.url.split("/")[2]}


def test_the_mark_lies_on_the_curve_at_its_time(watch):
    page = watch()
    ready(page, len(SHIPPED.samples))
    axis = page.locator("training-story [data-x-end-s]")
    start_s, end_s = (float(axis.get_attribute(f"data-x-{side}-s")) for side in ("start", "end"))
    ticks = page.evaluate(
        """() => [...document.querySelectorAll("training-story .tick")].map((tick) =>
            [Number(tick.textContent), Number(tick.getAttribute("y"))])"""
    )
    (low, low_y), (high, high_y) = ticks[0], ticks[-1]
    xs = []
    for place in (0, 8, 14, 20, len(SHIPPED.samples) - 1):
        seen = slide(page, place)
        share = math.log(SHIPPED.samples[place].elapsed_s / start_s) / math.log(end_s / start_s)
        loss = float(re.search(r"loss ([\d.]+) nats", seen["loss"])[1])
        height = low_y + (high_y - low_y) * (loss - low) / (high - low)
        assert seen["mark"] == [
            pytest.approx(LEFT + (RIGHT - LEFT) * share, abs=0.15),
            pytest.approx(height, abs=0.4),  # the loss is said with two digits
        ]
        assert seen["foot"] == [seen["mark"][0], BOTTOM]
        xs.append(seen["mark"][0])
    assert xs == sorted(xs) and (xs[0], xs[-1]) == (LEFT, pytest.approx(RIGHT, abs=0.1))
    dot = page.locator(".watch-mark circle").bounding_box()
    plot = page.locator("training-story .charlstm-plot svg").first.bounding_box()
    assert plot["y"] + TOP < dot["y"] < plot["y"] + plot["height"], "it is seen within the plot"


def test_a_click_on_the_curve_moves_the_slider(watch):
    page = watch()
    ready(page, len(SHIPPED.samples))
    places = []
    for share in (0.9, 0.3, 0.6):
        axis = page.locator("training-story [data-x-end-s]").bounding_box()
        page.mouse.click(axis["x"] + share * axis["width"], axis["y"] - 40)
        places.append(int(page.locator("training-story input").input_value()))
        mark = page.locator("training-story .watch-mark circle").bounding_box()
        off = mark["x"] + mark["width"] / 2 - axis["x"] - share * axis["width"]
        assert abs(off) < axis["width"] / 8, "the nearest moment"
    assert places[1] < places[2] < places[0]
    assert page.errors == []


def test_keys_move_the_slider_and_nothing_else_moves(watch):
    page = watch()
    ready(page, len(SHIPPED.samples))
    page.locator("training-story input").focus()
    boxes = set()
    for _ in range(len(SHIPPED.samples) - 1):
        page.keyboard.press("ArrowRight")
        boxes.add(str(page.locator(".watch-text").bounding_box()))
        boxes.add(str(page.locator(".watch-text").bounding_box()))
    seen = shown(page)
    assert seen["place"] == seen["last"] and seen["text"] == SHIPPED.samples[-1].text
    assert len(boxes) == 1
    expect(page.locator(".watch-said")).to_have_text(seen["loss"])
    page.keyboard.press("Home")
    assert shown(page)["text"] == SHIPPED.samples[0].text


def test_play_runs_through_the_whole_story_and_starts_over(watch):
    page = watch(with_clock=True)
    ready(page, len(SHIPPED.samples))
    page.evaluate(
        """() => {
            window.places = new Set();
            const range = document.querySelector("training-story input");
            const look = () => (window.places.add(range.value), requestAnimationFrame(look));
            look();
            document.querySelector("training-story").dataset.playS = 3;
        }"""
    )
    hold_time(page)
    play = page.locator(".watch-play")
    play.focus()
    page.keyboard.press("Enter")
    expect(play).to_have_text("Pause")
    pass_time(page, 2.9)
    expect(play).to_have_text("Pause")
    pass_time(page, 0.2)
    expect(play).to_have_text("Play")
    assert shown(page)["text"] == SHIPPED.samples[-1].text
    assert len(page.evaluate("[...window.places]")) > 0.8 * len(SHIPPED.samples)
    page.keyboard.press("Space")
    expect(play).to_have_text("Pause")
    pass_time(page, 0.2)
    assert shown(page)["place"] < 10, "from the beginning"
    page.keyboard.press("Space")
    expect(play).to_have_text("Play")
    place = shown(page)["place"]
    pass_time(page, 1)
    assert shown(page)["place"] == place, "it has paused"
    assert page.errors == []


def test_the_whole_story_takes_twenty_seconds_and_dragging_pauses_it(watch):
    page = watch(with_clock=True)
    ready(page, len(SHIPPED.samples))
    hold_time(page)
    page.locator(".watch-play").click()
    pass_time(page, 2)
    assert shown(page)["place"] == pytest.approx(2 / 20 * len(SHIPPED.samples), abs=1)
    box = page.locator("training-story input").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.25, middle)
    page.mouse.down()
    expect(page.locator(".watch-play")).to_have_text("Play")
    page.mouse.move(box["x"] + box["width"] * 0.75, middle, steps=5)
    page.mouse.up()
    place = shown(page)["place"]
    assert place == pytest.approx(0.75 * (len(SHIPPED.samples) - 1), abs=1)
    pass_time(page, 1)
    assert shown(page)["place"] == place
    # It goes on from there, and does not start over.
    page.locator(".watch-play").click()
    pass_time(page, 1.5)
    assert place < shown(page)["place"] < place + 4


def test_a_running_training_is_followed_until_somebody_touches_the_slider(watch, live):
    page = watch()
    expect(page.locator(".watch-note")).to_have_text(NOTES["coming"])
    expect(page.locator(".watch-play")).to_be_disabled()
    write_sample(live, 1, 1.0, 3.0)
    write_sample(live, 2, 3.0, 2.5)
    ready(page, 2)
    assert shown(page)["text"] == "<i>text</i> 2\nand &amp; so on", "text is never markup"
    write_sample(live, 3, 6.0, 2.0)
    expect(page.locator(".watch-when")).to_have_text("After 6 seconds, step 3")
    newest = page.locator(".watch-follow")
    expect(newest).to_have_attribute("aria-pressed", "true")
    x_of_the_third = shown(page)["mark"][0]

    assert slide(page, 0)["text"].startswith("<i>text</i> 1")
    expect(newest).to_have_attribute("aria-pressed", "false")
    write_sample(live, 4, 10.0, 1.8)
    ready(page, 4)
    assert shown(page)["place"] == 0 and "step 1" in shown(page)["when"], "it stays"
    assert slide(page, 2)["mark"][0] == x_of_the_third, "the time axis stands still"
    newest.click()
    assert "step 4" in shown(page)["when"]
    write_sample(live, 5, 14.0, 1.7)
    expect(page.locator(".watch-when")).to_have_text("After 14 seconds, step 5")

    page.evaluate("document.querySelector('training-story').dataset.playS = 3")
    page.locator(".watch-play").click()
    expect(newest).to_have_attribute("aria-pressed", "false")
    expect(newest).to_have_attribute("aria-pressed", "true")  # having caught up
    append(live, "finished", results={}, pid=os.getpid())
    expect(newest).to_be_hidden()
    assert "step 5" in shown(page)["when"]
    assert page.errors == []


def test_the_moment_that_is_looked_at_stays_though_it_is_not_kept(watch, live):
    write_sample(live, 1, 1.0, 3.0)
    write_sample(live, 2, 3.0, 2.5, kept=False)
    page = watch()
    ready(page, 2)
    assert "step 2" in shown(page)["when"]
    mark = shown(page)["mark"]
    slide(page, 1)
    write_sample(live, 3, 6.0, 2.0, kept=False)
    ready(page, 3)
    assert "step 2" in shown(page)["when"] and shown(page)["mark"] == mark
    page.locator(".watch-follow").click()
    assert "step 3" in shown(page)["when"]
    write_sample(live, 4, 9.0, 1.9, kept=False)
    expect(page.locator(".watch-when")).to_have_text("After 9 seconds, step 4")
    ready(page, 2)
    assert page.errors == []


def test_a_tab_that_is_not_looked_at_is_sent_nothing(visit, live):
    write_sample(live, 1, 1.0, 3.0)
    page = visit()
    streams = Streams(page)
    assert streams.now == 0
    open_tab(page, "Watch it learn")
    ready(page, 1)
    assert streams.now == 1
    open_tab(page, "Write")
    page.locator("#seed-text textarea").wait_for()
    wait_until_shown(page, lambda: streams.now == 0)
    write_sample(live, 2, 5.0, 2.0)
    open_tab(page, "Watch it learn")
    ready(page, 2)
    wait_until_shown(page, lambda: streams.now == 1)
    hide(page)
    wait_until_shown(page, lambda: streams.now == 0)
    write_sample(live, 3, 9.0, 1.9)
    show_again(page)
    ready(page, 3)
    assert streams.opened == [f"replay={live.name}"] * 3
    append(live, "finished", results={}, pid=os.getpid())
    expect(page.locator(".watch-follow")).to_be_hidden()
    wait_until_shown(page, lambda: streams.now == 0)
    assert page.errors == []


def test_a_training_that_was_resumed_meanwhile_goes_on(watch, live):
    write_sample(live, 1, 1.0, 3.0)
    append(live, "stopped", pid=os.getpid())
    page = watch()
    ready(page, 1)
    expect(page.locator(".watch-follow")).to_be_hidden()
    append(live, "started", step=1)
    write_sample(live, 2, 5.0, 2.0)
    open_tab(page, "Write")
    open_tab(page, "Watch it learn")
    ready(page, 2)
    expect(page.locator(".watch-follow")).to_be_visible()


def test_another_story_can_be_chosen_and_stays_chosen(watch, live):
    write_sample(live, 1, 1.0, 3.0)
    page = watch(with_clock=True)
    ready(page, 1)
    page.locator("#watch-choice input").click()
    page.get_by_role("option", name=SHIPPED_TITLE).click()
    ready(page, len(SHIPPED.samples))
    expect(page.locator(".watch-follow")).to_be_hidden()
    assert shown(page)["text"] == SHIPPED.samples[0].text
    slide(page, 9)
    open_tab(page, "Write")
    open_tab(page, "Watch it learn")
    pass_time(page, 10)
    assert shown(page)["text"] == SHIPPED.samples[9].text, "nor does it lose its place"
    assert page.errors == []


def test_a_damaged_story_is_an_error_in_words_and_the_others_stay_within_reach(watch, live):
    write_sample(live, 1, 1.0, 3.0)
    odd = {**DETAILS["started"], "step": "seven"}
    append_record(live, {"event": "started", "elapsed_s": 0.0, **odd})
    page = watch()
    expect(page.locator(".watch-note")).to_contain_text("damaged")
    expect(page.locator(".watch-play")).to_be_disabled()
    page.locator("#watch-choice input").click()
    page.get_by_role("option", name=SHIPPED_TITLE).click()
    ready(page, len(SHIPPED.samples))
    expect(page.locator(".watch-note")).to_have_text(NOTES["sampled"])
    assert page.errors == []


def test_a_lost_server_leaves_what_is_shown_and_the_page_tries_again(watch, live):
    write_sample(live, 1, 1.0, 3.0)
    page = watch()
    ready(page, 1)
    page.route("**/news?*", lambda route: route.abort())
    hide(page)
    show_again(page)
    connection = page.locator("training-story .connection")
    expect(connection).to_contain_text("connection is lost")
    assert shown(page)["text"].startswith("<i>text</i> 1")
    page.unroute("**/news?*")
    write_sample(live, 2, 5.0, 2.0)
    ready(page, 2)
    expect(connection).to_have_text("")
    expect(page.locator(".watch-note")).to_have_text(NOTES["going on"])


def test_a_phone_has_room_for_it(watch, live):
    write_sample(live, 1, 1.0, 3.0)
    page = watch(390, 844, path="/?__theme=dark")
    ready(page, 1)
    sizes = page.evaluate(
        """() => [...document.querySelectorAll("training-story :is(button, input)")].map(
            (part) => part.getBoundingClientRect().height)"""
    )
    assert len(sizes) == 3 and min(sizes) >= 40
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
