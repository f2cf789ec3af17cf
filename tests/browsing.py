"""Fixtures for tests in a real browser: app.py in a process of its own, and who visits it."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page, sync_playwright

from charlstm import bootstrap
from charlstm.network.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from charlstm.runs.config import CorpusConfig, RunConfig, write_config
from charlstm.runs.recipes import Budget
from charlstm.runs.run import Runs
from tests.page_server import running_page

CHROMIUM = bootstrap.find_chromium()
needs_browser = pytest.mark.skipif(
    CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium"
)
FLAGS = [
    "--no-sandbox",  # tests may run as root
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
TIMEOUT_MS = 30_000


@pytest.fixture(scope="module")
def home_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("browser")


@pytest.fixture(scope="module")
def server(home_folder):
    """(address, process) of a page whose trainings lie in `home_folder`."""
    with running_page(home_folder) as (address, process, _):
        yield address, process
        running = Runs(home_folder / "runs").running()
        if running is not None:  # a test that failed must not leave a training behind
            psutil.Process(running.ownership.pid()).kill()


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def usual_context(browser):
    """What most visitors share: a cache of what the page loads, so that tests take less long."""
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture
def visit(server, browser, usual_context):
    """Opens the page; every request and every error in the browser's console is written down."""
    opened = []

    def open_page(path="/", width=1280, height=800, **options):
        context = browser.new_context(**options) if options else usual_context
        page = context.new_page()
        opened.append(context if options else page)
        page.set_viewport_size({"width": width, "height": height})
        page.set_default_timeout(TIMEOUT_MS)
        page.requested, page.errors = [], []
        page.on("request", lambda request: page.requested.append(request.url))
        page.on(
            "console",
            lambda message: page.errors.append(message.text) if message.type == "error" else None,
        )
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.goto(server[0] + path)
        page.locator("#seed-text textarea").wait_for()
        return page

    yield open_page
    for one in opened:
        one.close()


def open_tab(page: Page, name: str) -> None:
    """Open a tab by its name; where there is no room for all, some stand in a menu."""
    page.wait_for_function(
        """(name) => [...document.querySelectorAll(
            "[role=tablist] button, .overflow-dropdown button",
        )].some((button) => button.textContent.trim() === name)""",
        arg=name,
    )
    tab = page.locator("[role=tablist]").get_by_text(name, exact=True)
    if not tab.is_visible():
        page.locator(".overflow-menu > button").click()
        tab = page.locator(".overflow-dropdown").get_by_text(name, exact=True)
    tab.click()


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


def add_model(home_folder: Path, name: str, checkpoint: Checkpoint) -> Checkpoint:
    """Put a model among the trainings of a page, as if it had been trained there.

    Returns the model as it is stored.
    """
    folder = home_folder / "runs" / name
    folder.mkdir(parents=True)
    config = RunConfig(
        recipe_name="quick",
        corpus=CorpusConfig(name=name, sha256="", style="verse"),
        budget=Budget(minutes=1),
        random_seed=1,
    )
    write_config(config, folder / "config.json")
    save_checkpoint(checkpoint, folder / "checkpoint.safetensors")
    return load_checkpoint(folder / "checkpoint.safetensors")


def choose(page: Page, list_id: str, title: str) -> None:
    """Choose from one of the page's lists, as it is now, by what stands there."""
    page.locator(f"#{list_id} input").click()
    page.get_by_role("option", name=title).click()
