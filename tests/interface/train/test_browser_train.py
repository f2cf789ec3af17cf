"""The running training on the Train tab, in a real browser: what is shown follows what happens."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from charlstm.network.checkpoint import save_checkpoint
from charlstm.runs.recipes import QUICK
from charlstm.runs.run import Run
from tests.browsing import (
    Streams,
    hide,
    needs_browser,
    open_tab,
    overflow,
    show_again,
    wait_until_shown,
)
from tests.tiny_networks import random_checkpoint
from tests.tiny_runs import append, append_record, create_run
from tests.wire import wire_to

pytestmark = needs_browser
LOST = "connection is lost"
GONE = "The training that was shown here is gone"


@pytest.fixture
def make(home_folder, tiny_corpus):
    """A training that this process pretends to do; alive: it goes on."""
    claimed = []

    def make(name: str, alive: bool = True) -> Run:
        run = create_run(
            recipe=QUICK,
            corpus=tiny_corpus,
            budget=QUICK.budget,
            random_seed=1,
            folder=home_folder / "runs" / f"2026-01-01-{name}",
        )
        append(run, "started", step=0)
        if alive:
            run.ownership.claim()
            claimed.append(run)
        return run

    yield make
    for run in claimed:
        run.ownership.release()
        run.paths.config.unlink(missing_ok=True)


@pytest.fixture
def look(visit):
    """Opens the page at the tab."""

    def look(**options):
        page = visit(**options)
        open_tab(page, "Train")
        page.locator("#training-status h2").wait_for(state="attached")
        return page

    return look


def go_on(run: Run, step: int, text: str = "") -> None:
    append(run, "progress", 2.0 * step, step=step, share=step / 90, characters_per_s=1000 * step)
    if text:
        append(run, "sample", 2.0 * step, step=step, text=text)


def button(page, name: str):
    return page.get_by_role("button", name=name, exact=True)


def status(page):
    return page.locator("#training-status")


def listed(page):
    return page.get_by_role("combobox", name="Training", exact=True)


def test_the_report_and_the_buttons_follow_the_training(look, make):
    run = make("a")
    page = look()
    expect(status(page)).to_contain_text("Getting ready")
    expect(page.locator("#charts .charlstm-plot")).to_have_count(2)
    for name in ("Write with it", "Resume"):
        expect(button(page, name)).to_be_hidden()
    expect(listed(page)).to_be_hidden()
    for step in (5, 9):
        go_on(run, step, f"<b>text</b> {step}")
        expect(status(page)).to_contain_text(f"{step},000 letters a second")
        expect(page.locator("#sample")).to_contain_text(f"<b>text</b> {step}")
        expect(page.locator("#charts")).to_contain_text("2.00 training")
    save_checkpoint(random_checkpoint(), run.paths.checkpoint)
    expect(button(page, "Write with it")).to_be_visible()

    button(page, "Stop").click()
    expect(status(page)).to_contain_text("Stopping")
    expect(button(page, "Stop")).to_be_disabled()
    assert run.paths.stop.exists()
    append(run, "stopped", 18.0, pid=run.ownership.pid())
    run.paths.stop.unlink()
    expect(page.locator("[data-status=stopped]")).to_be_visible()
    expect(button(page, "Stop")).to_be_hidden()
    run.ownership.release()
    expect(button(page, "Resume")).to_be_enabled()

    button(page, "Write with it").click()
    expect(page.locator("#seed-text textarea")).to_be_visible()
    assert "quick" in page.locator("#model input").input_value()
    assert page.errors == []


def test_a_training_that_begins_appears_by_itself(look, make):
    page = look()
    expect(status(page)).to_contain_text("No training yet")
    first = make("a")
    go_on(first, 3)
    expect(status(page)).to_contain_text("3,000 letters a second")
    append(first, "finished", 6.0, pid=first.ownership.pid())
    first.ownership.release()
    expect(page.locator("[data-status=finished]")).to_be_visible()
    second = make("b")
    go_on(second, 4)
    expect(status(page)).to_contain_text("4,000 letters a second")
    expect(listed(page)).to_have_value(second.name)
    assert page.errors == []


def test_whoever_looks_at_an_old_training_stays_there_until_another_one_begins(look, make):
    old, running = make("a", alive=False), make("b")
    go_on(old, 2)
    go_on(running, 3)
    page = look()
    expect(listed(page)).to_have_value(running.name)
    streams = Streams(page)
    listed(page).select_option(old.name)
    expect(page.locator("[data-status=interrupted]")).to_be_visible()
    expect(button(page, "Resume")).to_be_disabled()
    make("c", alive=False)
    expect(listed(page).locator("option")).to_have_count(3)
    go_on(running, 4)
    hide(page)
    wait_until_shown(page, lambda: streams.now == 0)
    opened = len(streams.opened)
    show_again(page)
    wait_until_shown(page, lambda: len(streams.opened) > opened)
    expect(listed(page)).to_have_value(old.name)
    newest = make("d")
    expect(listed(page)).to_have_value(newest.name)
    expect(status(page)).to_contain_text("Getting ready")
    expect(page.locator("#sample .live-part")).to_contain_text("Its first text appears")
    assert page.errors == []


def test_a_page_that_is_not_looked_at_is_sent_nothing(visit, make):
    run = make("a")
    page = visit()
    streams = Streams(page)
    assert streams.now == 0 and streams.opened == []
    open_tab(page, "Train")
    expect(status(page)).to_contain_text("Getting ready")
    assert streams.now == 1
    open_tab(page, "Write")
    wait_until_shown(page, lambda: streams.now == 0)
    go_on(run, 5)
    open_tab(page, "Train")
    expect(status(page)).to_contain_text("5,000 letters a second")
    hide(page)
    wait_until_shown(page, lambda: streams.now == 0)
    go_on(run, 6)
    show_again(page)
    expect(status(page)).to_contain_text("6,000 letters a second")
    assert len(streams.opened) == 3 and streams.now == 1
    assert page.errors == []


def test_a_connection_that_is_cut_is_mended_and_nothing_is_lost(look, make, server):
    run = make("a")
    go_on(run, 5, "To be")
    with wire_to(server.port) as wire:
        page = look(on=replace(server, address=f"http://127.0.0.1:{wire.port}"))
        expect(status(page)).to_contain_text("5,000 letters a second")
        before = page.locator("#train-now").inner_text()
        connection = page.locator("training-report .connection")
        assert connection.get_attribute("role") == "status"
        wire.cut()
        expect(connection).to_contain_text(LOST)
        after = page.locator("#train-now").inner_text()
        assert "".join(before.split()) == "".join(
            after.replace(connection.inner_text(), "").split()
        )
        go_on(run, 6)
        wire.mend()
        expect(status(page)).to_contain_text("6,000 letters a second")
        expect(connection).to_have_text("")
        go_on(run, 7)
        expect(status(page)).to_contain_text("7,000 letters a second")


def test_a_connection_that_has_fallen_silent_is_given_up(look, make, server):
    run = make("a")
    go_on(run, 5)
    with wire_to(server.port) as wire:
        address = f"http://127.0.0.1:{wire.port}"
        page = look(on=replace(server, address=address), with_clock=True)
        expect(status(page)).to_contain_text("5,000 letters a second")
        wire.forget()
        go_on(run, 6)
        page.clock.run_for(7000)
        expect(status(page)).to_contain_text("6,000 letters a second")


def test_a_server_that_answers_with_an_error_is_lost_until_it_answers_well(look, make):
    run = make("a")
    page = look()
    page.route(
        "**/news?*", lambda route: route.fulfill(status=502, body="<html>Bad gateway</html>")
    )
    hide(page)
    go_on(run, 8)
    show_again(page)
    expect(page.locator("training-report .connection")).to_contain_text(LOST)
    page.unroute("**/news?*")
    expect(status(page)).to_contain_text("8,000 letters a second")
    expect(page.locator("training-report .connection")).to_have_text("")


def test_whoever_has_chosen_nothing_stays_with_the_training_that_is_shown_at_first(look, make):
    page = look()
    streams = Streams(page)
    expect(status(page)).to_contain_text("No training yet")
    first = make("a", alive=False)
    button(page, "Back to the training").click()
    expect(page.locator("[data-status=interrupted]")).to_be_visible()
    make("b", alive=False)
    expect(listed(page)).to_have_value(first.name)
    for leave, come_back in (
        (lambda: hide(page), lambda: show_again(page)),
        (lambda: open_tab(page, "Write"), lambda: open_tab(page, "Train")),
    ):
        leave()
        wait_until_shown(page, lambda: streams.now == 0)
        come_back()
        wait_until_shown(page, lambda: streams.now == 1)
    assert set(streams.opened) == {f"training={first.name}"}
    other = look()
    expect(listed(other)).not_to_have_value(first.name)


def test_a_damaged_and_a_removed_training_are_said_in_a_sentence(look, make):
    other, run = make("a", alive=False), make("b")
    page = look()
    expect(listed(page)).to_have_value(run.name)
    append_record(run, {"event": "saved", "step": "seven", "elapsed_s": 1.0})
    expect(status(page)).to_contain_text("cannot be shown")
    expect(page.locator("#charts .live-part")).to_be_empty()
    shutil.rmtree(run.folder)
    expect(page.locator("[data-status=interrupted]")).to_be_visible()
    expect(page.get_by_text(GONE)).to_be_visible()
    expect(listed(page)).to_be_hidden()
    shutil.rmtree(other.folder)
    expect(page.get_by_text("No training yet")).to_be_visible()
    expect(page.get_by_text(GONE)).to_be_visible()
    expect(button(page, "Resume")).to_be_hidden()
    button(page, "New training").click()
    expect(button(page, "Start")).to_be_visible()
    assert page.errors == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone_has_room_for_the_list(look, make, theme):
    make("a", alive=False)
    go_on(make("b"), 3, "To be, or not to be")
    page = look(path=f"/?__theme={theme}", width=390, height=844)
    expect(listed(page)).to_be_visible()
    assert listed(page).bounding_box()["height"] >= 40
    wait_until_shown(page, lambda: overflow(page) <= 0)
