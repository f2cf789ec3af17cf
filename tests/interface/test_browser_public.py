"""A public page: strangers wait for each other, and do not see each other's trainings."""

import re
from dataclasses import replace

import pytest
import requests
from playwright.sync_api import expect

from charlstm.interface.visitors import owner_of
from charlstm.network.checkpoint import save_checkpoint
from charlstm.runs.config import write_config
from charlstm.runs.run import Runs
from tests.browsing import (
    add_model,
    choose,
    cleared_afterwards,
    needs_browser,
    open_more,
    open_tab,
    wait_until_shown,
)
from tests.page_server import running_page
from tests.tiny_networks import random_checkpoint
from tests.waiting import PATIENCE_MS, PATIENCE_S

pytestmark = needs_browser
# A list shows a model before Gradio says that it is chosen: the page is left in between.
RELOAD_ONCE_CHOSEN = """(beginning) => {
  const look = () => {
    if (!document.querySelector("#model input").value.startsWith(beginning)) return;
    clearInterval(timer);
    location.reload();
  };
  const timer = setInterval(look, 1);
}"""


@pytest.fixture(scope="module")
def public_home(tmp_path_factory):
    return tmp_path_factory.mktemp("public")


@pytest.fixture(scope="module")
def public(public_home):
    with running_page(public_home, environment={"CHARLSTM_PUBLIC": "1"}) as server:
        yield server


@pytest.fixture
def runs(public_home):
    with cleared_afterwards(public_home):
        yield Runs(public_home / "runs")


@pytest.fixture
def stranger(visit, public):
    """Opens the page for somebody with a browser of their own."""
    return lambda: visit(on=public, locale="en-GB")


def start(page) -> None:
    open_tab(page, "Train")
    page.get_by_label("Practice text").check()
    expect(page.locator("#text-note")).to_contain_text("characters")
    page.get_by_role("button", name="Start", exact=True).click()


def status(page):
    return page.locator("#training-status")


def test_the_form_offers_what_is_allowed_and_says_so(stranger):
    page = stranger()
    open_tab(page, "Train")
    expect(page.locator("#train-form")).to_contain_text("This page is shared")
    page.locator("#recipe input").click()
    expect(page.get_by_role("option")).to_have_text([re.compile("small")])
    page.keyboard.press("Escape")
    page.locator("#amount input").fill("30")
    page.get_by_label("Practice text").check()
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_test_id("toast-text")).to_contain_text("up to 5 minutes")
    assert page.errors == []


def test_strangers_wait_for_each_other_and_see_their_own_trainings_only(stranger, runs, public):
    anna, bert = stranger(), stranger()
    start(anna)
    expect(status(anna)).to_contain_text(re.compile("Getting ready|Learning"))
    (hers,) = runs.all()

    start(bert)
    expect(status(bert)).to_contain_text("Waiting for its turn")
    expect(status(bert)).to_contain_text("One training goes before it.")
    expect(bert.locator("[data-status=waiting]")).to_be_visible()
    (his,) = [run for run in runs.all() if run.name != hers.name]
    expect(bert.locator(".training-choice option")).to_have_count(1)
    assert hers.name not in bert.content()

    # What Bert might try with the name of Anna's training.
    for address in (f"news?replay={hers.name}", f"write?model={hers.name}"):
        answer = requests.get(f"{public.address}/{address}", timeout=PATIENCE_S)
        assert "There is no" in answer.text

    anna.reload()
    open_tab(anna, "Train")
    expect(status(anna)).to_contain_text(re.compile("Getting ready|Learning"))
    anna.get_by_role("button", name="Stop", exact=True).click()
    expect(anna.locator("[data-status=stopped]")).to_be_visible()
    expect(status(bert)).to_contain_text(re.compile("Getting ready|Learning"))  # by itself
    bert.get_by_role("button", name="Stop", exact=True).click()
    expect(bert.locator("[data-status=stopped]")).to_be_visible()
    assert hers.config.owner != his.config.owner
    assert anna.errors == bert.errors == []


def test_lists_hold_ones_own_models_only(stranger, runs, public_home):
    anna, bert = stranger(), stranger()
    secret = anna.evaluate("localStorage.getItem('charlstm-visitor')")
    add_model(public_home, "hers", random_checkpoint())
    run = runs.get("hers")
    write_config(replace(run.config, owner=owner_of(secret)), run.paths.config)
    lists = {"Write": "#model", "Watch it learn": "#watch-choice", "Look inside": "#inside-model",
             "Train": "#start-from"}  # fmt: skip
    for page, count in ((anna, 1), (bert, 0)):
        for tab, place in lists.items():
            open_tab(page, tab)
            if tab == "Write":
                open_more(page)
            if tab == "Train" and count:  # her training is shown, and not the form
                page.get_by_role("button", name="New training").click()
            page.locator(f"{place} input").click()
            expect(page.get_by_role("option").first).to_be_visible()
            expect(page.get_by_role("option", name="hers")).to_have_count(count)
            page.keyboard.press("Escape")
    open_tab(anna, "Write")
    choose(anna, "model", "hers")
    anna.locator("#seed-text textarea").fill("sea")
    anna.locator("#seed-text textarea").press("Enter")
    expect(anna.locator("#status")).to_contain_text("letters in")
    assert anna.errors == bert.errors == []


def test_whoever_waits_can_leave_the_line(stranger, runs):
    anna, bert = stranger(), stranger()
    start(anna)
    expect(status(anna)).to_contain_text(re.compile("Getting ready|Learning"))
    start(bert)
    expect(status(bert)).to_contain_text("Waiting for its turn")
    bert.get_by_role("button", name="Leave the line").click()
    expect(status(bert)).to_contain_text("Not started yet")
    wait_until_shown(bert, lambda: not any(run.paths.waiting.exists() for run in runs.all()))


def test_a_model_that_one_loads_is_seen_by_nobody_else(stranger, runs, tmp_path):
    anna, bert = stranger(), stranger()
    path = tmp_path / "hers.safetensors"
    save_checkpoint(random_checkpoint(), path)
    open_more(anna)
    expect(anna.get_by_role("button", name="Hugging Face Hub")).to_have_count(0)
    with anna.expect_file_chooser() as chooser:
        anna.get_by_role("button", name="Load…").click()
    anna.evaluate(RELOAD_ONCE_CHOSEN, "hers, loaded, ")
    tools = anna.context.new_cdp_session(anna)
    tools.send("Emulation.setCPUThrottlingRate", {"rate": 6})  # as on a phone
    with anna.expect_navigation(timeout=PATIENCE_MS):
        chooser.value.set_files(path)
    open_more(anna)
    expect(anna.locator("#model input")).to_have_value(re.compile("^hers, loaded, "))
    open_more(bert)
    bert.locator("#model input").click()
    expect(bert.get_by_role("option")).to_have_count(1)
    assert anna.errors == bert.errors == []
