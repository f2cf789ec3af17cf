"""A server that is killed under an open Train tab, and started again: in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from charlstm.runs.recipes import QUICK
from charlstm.runs.run import Run
from tests.browsing import needs_browser, open_tab
from tests.page_server import free_port, running_page
from tests.tiny_runs import append, create_run
from tests.waiting import wait_until

pytestmark = needs_browser
LOST = "connection is lost"


@pytest.fixture
def training(home, tiny_corpus):
    """A training that this process pretends to do: as a real one it outlives the server."""
    run = create_run(
        recipe=QUICK,
        corpus=tiny_corpus,
        budget=QUICK.budget,
        random_seed=1,
        folder=home / "runs" / "2026-01-01-a",
    )
    append(run, "started", step=0)
    run.ownership.claim()
    yield run
    run.ownership.release()


def go_on(run: Run, step: int) -> None:
    append(run, "progress", 2.0 * step, step=step, share=step / 90, characters_per_s=1000 * step)


def test_the_training_is_followed_once_the_server_is_back(visit, home, training):
    port = free_port()
    with running_page(home, port=port) as server:
        page = visit(on=server)
        open_tab(page, "Train")
        status, connection = (
            page.locator(place) for place in ("#training-status", "training-report .connection")
        )
        go_on(training, 5)
        expect(status).to_contain_text("5,000 letters a second")
        server.process.kill()
        server.process.wait()
        expect(connection).to_contain_text(LOST)
        expect(status).to_contain_text("5,000 letters a second")
        go_on(training, 6)
    with running_page(home, port=port):
        expect(status).to_contain_text("6,000 letters a second")
        expect(connection).to_have_text("")
        go_on(training, 7)
        expect(status).to_contain_text("7,000 letters a second")
        page.get_by_role("button", name="Stop", exact=True).click()
        wait_until(training.paths.stop.exists)
        expect(status).to_contain_text("Stopping")
        append(training, "stopped", 14.0)
        training.paths.stop.unlink()
        training.ownership.release()
        expect(page.locator("[data-status=stopped]")).to_be_visible()
        expect(page.get_by_role("button", name="Resume", exact=True)).to_be_enabled()
