"""The Train tab's form, its buttons, and reading the plots: in a real browser."""

from __future__ import annotations

import re

import psutil
import pytest
from playwright.sync_api import expect

from charlstm.runs.recipes import QUICK, Budget
from charlstm.runs.run import Run
from tests.browsing import needs_browser, open_tab, overflow, wait_until_shown
from tests.tiny_runs import append, create_run, records

pytestmark = needs_browser


@pytest.fixture
def run(home_folder, tiny_corpus):
    """A training that this process pretends to do: half a minute is over."""
    run = create_run(
        recipe=QUICK,
        corpus=tiny_corpus,
        budget=Budget(minutes=1),
        random_seed=1,
        folder=home_folder / "runs" / "2026-01-01-a",
    )
    append(run, "started", step=0, blind_loss_nats=3.0, four_gram_loss_nats=1.5)
    for step in range(1, 31):
        append(
            run,
            "progress",
            float(step),
            step=step,
            share=step / 60,
            running_loss_nats=3 - 0.05 * step,
            accuracy=0.01 * step,
        )
    append(run, "validated", 20.0, step=20, val_loss_nats=1.9, val_accuracy=0.3)
    append(run, "validated", 30.0, step=30, val_loss_nats=1.7, val_accuracy=0.4)
    for step in (1, 10, 30):
        append(run, "sample", float(step), step=step, text=f"After step {step}\n" * 4)
    run.ownership.claim()
    yield run
    run.ownership.release()
    run.paths.config.unlink(missing_ok=True)


def finish(run: Run) -> None:
    append(run, "finished", 60.0, step=60, pid=run.ownership.pid())
    run.ownership.release()


def button(page, name: str):
    return page.get_by_role("button", name=name, exact=True)


def label(page, place: int) -> str:
    return page.locator("#charts .y-label").nth(place).text_content()


def look(visit, **options):
    page = visit(**options)
    open_tab(page, "Train")
    expect(page.locator("#charts .charlstm-plot")).to_have_count(2)
    return page


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1440, 900)])
def test_both_plots_and_what_it_writes_are_in_sight_while_it_learns(visit, run, width, height):
    page = look(visit, width=width, height=height)
    expect(page.locator("#sample")).to_contain_text("After step 10")
    expect(page.locator("#training-status")).to_contain_text("Learning: ")
    for plot in page.locator("#charts .charlstm-plot").all():
        box = plot.bounding_box()
        assert box["width"] >= 420 and box["y"] + box["height"] <= height
        size = plot.locator(".tick").first.evaluate("tick => tick.getBoundingClientRect().height")
        assert size >= 12, "its figures can be read"
    expect(button(page, "Start")).to_be_hidden()
    assert page.errors == []


def test_a_crosshair_reads_both_plots_by_mouse(visit, run):
    page = look(visit)
    words = [label(page, place) for place in (0, 1)]
    plot = page.locator("#charts svg").first
    box = plot.bounding_box()
    # Half of the axis, which ends at one minute.
    x = box["x"] + box["width"] * (37 + 286) / 2 / 400
    page.mouse.move(x, box["y"] + box["height"] / 2)
    assert label(page, 0) == "after 0:30: training 1.50, text it never saw 1.70"
    assert label(page, 1) == "after 0:30: training 30.0%, text it never saw 40.0%"
    append(run, "progress", 31.0, step=31, share=31 / 60, running_loss_nats=1.4, accuracy=0.3)
    points = page.locator("#charts .series.training .curve[data-points='31']")
    expect(points).to_have_count(2)
    assert "after 0:30" in label(page, 0), "it stays when the plots are drawn anew"
    page.mouse.move(2, 2)
    expect(page.locator(".crosshair")).to_have_count(0)
    assert [label(page, place) for place in (0, 1)] == words
    assert page.errors == []


def test_a_crosshair_is_moved_by_keys(visit, run):
    page = look(visit)
    page.get_by_role("group", name="Plots").focus()
    page.keyboard.press("Home")
    assert "after 0:01: training 2.95" in label(page, 0)
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    assert "after 0:12" in label(page, 1)
    assert "never saw" not in label(page, 1), "it was measured at 0:20 for the first time"
    for _ in range(22):
        page.keyboard.press("ArrowRight")
    assert label(page, 0) == "after 0:25: training 1.75, text it never saw 1.80"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Escape")
    expect(page.locator(".crosshair")).to_have_count(0)
    assert page.errors == []


def test_a_crosshair_is_set_by_a_finger_and_stays(visit, run):
    page = look(visit, width=390, height=844, has_touch=True)
    plot = page.locator("#charts svg").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] * 0.4, box["y"] + box["height"] / 2)
    wait_until_shown(page, lambda: label(page, 0).startswith("after "))
    assert page.locator(".crosshair").count() == 2
    assert overflow(page) <= 0


def test_a_training_that_finished_can_be_kept_going_and_a_new_one_be_set_up(visit, run):
    page = look(visit, width=1280, height=720)
    for name in ("Keep training (1 minute more)", "New training"):
        expect(button(page, name)).to_be_hidden()
    finish(run)
    expect(page.locator("[data-status=finished]")).to_be_visible()
    expect(button(page, "Keep training (1 minute more)")).to_be_enabled()
    expect(page.locator("#details summary")).to_have_text("All figures")

    button(page, "New training").click()
    expect(page.locator("#train-now")).to_be_hidden()
    start = button(page, "Start")
    assert start.bounding_box()["y"] + start.bounding_box()["height"] <= 720, "Start is in sight"
    expect(page.locator("#train-promise .charlstm-plot")).to_be_visible()
    page.get_by_label("Practice text").check()
    expect(page.locator("#text-note")).to_contain_text("characters")
    assert start.bounding_box()["y"] + start.bounding_box()["height"] <= 720
    button(page, "Back to the training").click()
    expect(page.locator("[data-status=finished]")).to_be_visible()
    assert page.errors == []


def test_keep_training_gives_as_long_again(visit, run):
    page = look(visit)
    finish(run)
    button(page, "Keep training (1 minute more)").click()
    wait_until_shown(page, lambda: run.config.budget == Budget(minutes=2))
    wait_until_shown(page, lambda: run.ownership.pid() is not None)
    wait_until_shown(page, lambda: records(run)[-1]["event"] == "preparing")
    psutil.Process(run.ownership.pid()).kill()
    expect(page.locator("[data-status=interrupted]")).to_be_visible()
    assert page.errors == []


def test_the_measuring_at_the_end_can_be_skipped(visit, run):
    page = look(visit)
    append(run, "measuring", 60.0, share=0.25)
    expect(page.locator("#training-status")).to_contain_text("Measuring how good it is … 25%")
    button(page, "Skip").click()
    wait_until_shown(page, run.paths.stop.exists)
    expect(button(page, "Skip")).to_be_disabled()
    assert page.errors == []


def test_getting_ready_is_said_step_by_step(visit, home_folder, tiny_corpus):
    page = visit()
    open_tab(page, "Train")
    expect(button(page, "Start")).to_be_visible()
    run = create_run(
        recipe=QUICK,
        corpus=tiny_corpus,
        budget=Budget(minutes=1),
        random_seed=1,
        folder=home_folder / "runs" / "2026-01-01-b",
    )
    run.ownership.claim()
    try:
        for task, words in (("loading", "Loading"), ("building", "building the network")):
            append(run, "preparing", 0.0, task=task)
            expect(page.locator(".preparations .now")).to_contain_text(re.compile(words))
        expect(page.locator(".preparations .done")).to_have_count(2)
        expect(button(page, "Start")).to_be_hidden()
    finally:
        run.ownership.release()
    assert page.errors == []
