"""When the connection breaks in the middle of a text, in a real browser."""

import re
import time

from playwright.sync_api import expect

from tests.browsing import TIMEOUT_MS, needs_browser
from tests.page_server import free_port, running_page

pytestmark = needs_browser


def test_a_broken_text_is_kept_and_can_be_tried_again(browser, tmp_path):
    port = free_port()
    page = browser.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    with running_page(tmp_path, port=port) as (address, process, _):
        page.goto(address)
        page.locator("#seed-text textarea").fill("ROMEO:")
        page.locator("#length input[type=number]").fill("2000")
        page.get_by_role("button", name="Write", exact=True).click()
        page.wait_for_function("document.querySelector('#page .seed')?.parentNode.textContent[20]")
        process.kill()
        expect(page.get_by_role("button", name="Try again")).to_be_visible(timeout=TIMEOUT_MS)
        begun = page.locator("#page .page").text_content()
        assert len(begun) < 2000, "the server was killed too late"
        expect(page.locator("#status")).to_contain_text("What stands here is kept")
        page.get_by_role("button", name="Try again").click()
        expect(page.locator("#status")).to_contain_text("no server answers yet")
    with running_page(tmp_path, port=port):
        # The page reloads by itself when the server is there again.
        status = page.locator("#status")
        expect(status).to_contain_text("The connection broke", timeout=TIMEOUT_MS)
        assert page.locator("#page .page").text_content() == begun
        page.get_by_role("button", name="Try again").click()
        expect(status).to_contain_text(re.compile("2,000 characters in"), timeout=TIMEOUT_MS)
        text = page.locator("#page .page").text_content()
        assert len(text) == len("ROMEO:") + 2000
        assert text.startswith(begun)  # the same random seed: the same text
        expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    page.close()


def test_a_text_of_which_nothing_had_come_can_be_tried_again(browser, tmp_path):
    port = free_port()
    page = browser.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    with running_page(tmp_path, port=port) as (address, process, _):
        # The server takes the writing_request and dies before it gives a word.
        page.on("request", lambda request: process.kill() if "queue/data" in request.url else None)
        page.goto(address)
        page.locator("#seed-text textarea").fill("ROMEO:")
        page.get_by_role("button", name="Write", exact=True).click()
        expect(page.get_by_test_id("toast-body")).to_contain_text("lost", timeout=TIMEOUT_MS)
        page.wait_for_timeout(7000)  # longer than the page waits before it asks for the server
    with running_page(tmp_path, port=port):
        # Only after the reload: the button that stands there before has nobody to ask.
        expect(page.locator("#status")).to_contain_text("The connection broke", timeout=TIMEOUT_MS)
        page.get_by_role("button", name="Try again").click()
        expect(page.locator("#status")).to_contain_text("500 characters in", timeout=TIMEOUT_MS)
        assert page.locator("#page .page").text_content().startswith("ROMEO:")
        page.reload()  # a whole text is not called broken
        page.locator("#page .seed").wait_for()
        page.wait_for_timeout(500)
        assert page.get_by_role("button", name="Try again").count() == 0
    page.close()


def test_nothing_is_said_while_pieces_come(browser, tmp_path):
    page = browser.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    with running_page(tmp_path) as (address, _, _):
        page.goto(address)
        page.locator("#length input[type=number]").fill("2000")
        page.get_by_role("button", name="Write", exact=True).click()
        page.wait_for_function("document.querySelector('#status').textContent.includes('in')")
        until_s = time.monotonic() + 7
        while time.monotonic() < until_s:
            assert page.locator(".broken").count() == 0
            time.sleep(0.2)
    page.close()
