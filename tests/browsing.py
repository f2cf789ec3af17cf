"""Fixtures for tests in a real browser: app.py in a process of its own, and who visits it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Error, Page, Request, expect, sync_playwright

from charlstm import bootstrap
from charlstm.network.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from charlstm.runs.config import CorpusConfig, RunConfig, write_config
from charlstm.runs.recipes import Budget
from charlstm.runs.run import Runs
from tests.page_server import SLOW_PAGE, PageServer, running_page
from tests.waiting import PATIENCE_MS, wait_until

CHROMIUM = bootstrap.find_chromium()
FILLED = {  # what each tab shows when it is whole
    "Write": "#page .seed",
    "Train": "#train-promise .charlstm-plot",
    "Watch it learn": "training-story .charlstm-plot",
    "Look inside": ".coloured span",
    "Compare": "#compare-columns",
    "How it works": "how-it-works .bars li",
}
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
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory) -> Path:
    """The home of the page that all tests share: `home_folder` is for what a test adds to it."""
    return tmp_path_factory.mktemp("page")


@pytest.fixture(scope="session")
def server(shared_home) -> Iterator[PageServer]:
    """The page that all tests share, unless they kill it or need a home of their own."""
    with running_page(shared_home) as server:
        yield server


@pytest.fixture(scope="session")
def slow_server(tmp_path_factory) -> Iterator[PageServer]:
    """Another page, which writes so slowly that a visitor can act on the way."""
    with running_page(tmp_path_factory.mktemp("slow-page"), program=SLOW_PAGE) as server:
        yield server


@pytest.fixture
def home_folder(shared_home) -> Iterator[Path]:
    """The home of the shared page; what a test adds to it does not outlive the test."""
    with cleared_afterwards(shared_home):
        yield shared_home


@contextmanager
def cleared_afterwards(home: Path) -> Iterator[None]:
    """Remove the trainings and models that the block adds to a home, also those that still run."""

    def there() -> set[Path]:
        return {path for kind in ("runs/*", "models/*", "deleted/*/*") for path in home.glob(kind)}

    before = there()
    yield
    running = Runs(home / "runs").running()
    if running is not None:
        psutil.Process(running.ownership.pid()).kill()
        wait_until(lambda: not running.is_alive())
    for folder in there() - before:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def usual_context(browser):
    """What most visitors share: a cache of what the page loads, so that tests take less long."""
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture
def visit(server, browser, usual_context):
    """Opens the page; every request and every error in the browser's console is written down."""
    opened = []

    def open_page(
        path="/",
        width=1280,
        height=800,
        with_clock=False,
        on=server,
        is_first=False,
        speed="Instant",
        script="",
        until="#seed-text textarea",
        **options,
    ):
        """
        Args:
            with_clock: a test can let the page's time pass, by `page.clock`.
            on: whose page.
            is_first: to a visitor who was never there, a text writes itself.
            speed: at which the paper shows a text; None for the usual one.
            script: runs in the page before its own ones.
            until: what to wait for.
            options: of a browser context of its own.
        """
        is_alone = with_clock or options
        context = browser.new_context(**options) if is_alone else usual_context
        page = context.new_page()
        opened.append(context if is_alone else page)
        page.set_viewport_size({"width": width, "height": height})
        page.set_default_timeout(PATIENCE_MS)
        page.requested, page.errors = [], []
        page.on("request", lambda request: page.requested.append(request.url))
        page.on(
            "console",
            lambda message: page.errors.append(message.text) if _is_error(message) else None,
        )
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        if with_clock:
            page.clock.install()
        if not is_first:
            page.add_init_script(_keep("charlstm-visited", "yes"))
        if speed:
            page.add_init_script(_keep("charlstm-speed", speed))
        if script:
            page.add_init_script(script)
        page.goto(on.address + path)
        page.locator(until).first.wait_for()
        return page

    yield open_page
    for one in opened:
        one.close()


def _keep(key: str, value: str) -> str:
    """A script that keeps something in the browser before the page begins, if it keeps nothing."""
    return f"localStorage.getItem({key!r}) ?? localStorage.setItem({key!r}, {value!r})"


def open_more(page: Page) -> None:
    """Show the Write tab's other settings."""
    if not page.locator("#more").is_visible():
        page.locator("#more-button").click()


def open_compare_more(page: Page) -> None:
    """Show the Compare tab's other settings."""
    if not page.locator("#compare-length").is_visible():
        page.locator("#compare-more > button").click()


def _is_error(message) -> bool:
    """Whether the console says that something is wrong.

    On a slow machine Gradio may ask the server to cancel an event before it knows its id, which the
    server refuses. What Stop does on the page does not depend on it.
    """
    is_cancelling = message.location["url"].endswith(("/gradio_api/cancel", "/gradio_api/reset"))
    return message.type == "error" and not is_cancelling


def hold_time(page: Page) -> None:
    """From now on the page's time passes only when the test says so."""
    for ahead_s in (1, 4, 16, 64):
        try:
            page.clock.pause_at(page.evaluate("Date.now()") / 1000 + ahead_s)
            return
        except Error as error:  # on a busy machine that time may have passed already
            if "past" not in error.message:
                raise
    raise AssertionError("the page's time could not be held")


def wait_until_shown(page: Page, condition: Callable[[], object], message: str = "") -> None:
    """Return as soon as the condition holds for what the page shows; fail if it never does."""
    for _ in range(int(PATIENCE_MS / 50)):
        if condition():
            return
        page.wait_for_timeout(50)  # the page's own events are heard meanwhile
    raise AssertionError(message or "the page never came to show what was waited for")


def hide(page: Page) -> None:
    """Let the page believe that its browser tab is not seen, as when a phone is locked."""
    _set_hidden(page, True)


def show_again(page: Page) -> None:
    _set_hidden(page, False)


def _set_hidden(page: Page, is_hidden: bool) -> None:
    page.evaluate(
        """(isHidden) => {
            Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        is_hidden,
    )


class Streams:
    """The streams of news that a page has opened; those that are open now."""

    def __init__(self, page: Page):
        self.page = page
        self.opened: list[str] = []
        self._open: list[Request] = []
        page.on("request", self._begin)
        page.on("requestfailed", self._end)
        page.on("requestfinished", self._end)

    def _begin(self, request: Request) -> None:
        if "/news?" in request.url:
            self.opened.append(request.url.partition("/news?")[2])
            self._open.append(request)

    def _end(self, request: Request) -> None:
        if request in self._open:
            self._open.remove(request)

    @property
    def now(self) -> int:
        """How many are open."""
        self.page.evaluate("0")  # what the page has done by now is known then
        return len(self._open)


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


def choose(page: Page, list_id: str, title: str, *, once_listed: str = "") -> None:
    """Choose from one of the page's lists, by what it shows.

    Args:
        once_listed: another title, to wait for: a list that is brought up to date while it is open
            moves its options under the pointer.
    """
    if list_id == "model":
        open_more(page)
    page.locator(f"#{list_id} input").click()
    if once_listed:
        page.get_by_role("option", name=once_listed).wait_for()
    page.get_by_role("option", name=title).click()
