"""When the connection breaks in the middle of a text, in a real browser."""

from playwright.sync_api import expect

from tests.browsing import needs_browser, wait_until_shown
from tests.page_server import SLOW_PAGE, free_port, running_page

pytestmark = needs_browser


def wait_until_it_asks_for_the_server(page) -> None:
    """Let the time pass after which the page doubts that somebody answers, and it looks."""
    asked = len(page.requested)
    wait_until_shown(
        page,
        lambda: (
            page.clock.run_for(1000)
            or any(url.endswith("/app_id") for url in page.requested[asked:])
        ),
    )


def test_a_broken_text_is_kept_and_can_be_tried_again(visit, tmp_path):
    port = free_port()
    with running_page(tmp_path, port=port, program=SLOW_PAGE) as server:
        page = visit(on=server, with_clock=True)
        page.locator("#seed-text textarea").fill("ROMEO:")
        page.locator("#length input[type=number]").fill("2000")
        page.get_by_role("button", name="Write", exact=True).click()
        page.wait_for_function("document.querySelector('#page .seed')?.parentNode.textContent[20]")
        server.process.kill()
        server.process.wait()
        page.clock.run_for(7000)
        expect(page.get_by_role("button", name="Try again")).to_be_visible()
        begun = page.locator("#page .page").text_content()
        assert len(begun) < 2000, "the server was killed too late"
        expect(page.locator("#status")).to_contain_text("What stands here is kept")
        page.get_by_role("button", name="Try again").click()
        expect(page.locator("#status")).to_contain_text("no server answers yet")
    with running_page(tmp_path, port=port):
        # The page reloads by itself when the server is there again.
        status = page.locator("#status")
        expect(status).to_contain_text("The connection broke")
        assert page.locator("#page .page").text_content() == begun
        page.get_by_role("button", name="Try again").click()
        expect(status).to_contain_text("2,000 characters in")
        text = page.locator("#page .page").text_content()
        assert len(text) == len("ROMEO:") + 2000
        assert text.startswith(begun)  # the same random seed: the same text
        expect(page.get_by_role("button", name="Try again")).to_have_count(0)


def test_a_text_of_which_nothing_had_come_can_be_tried_again(visit, tmp_path):
    port = free_port()
    with running_page(tmp_path, port=port) as server:
        page = visit(on=server, with_clock=True)
        # The server takes the request and dies before it gives a word.
        page.on(
            "request",
            lambda request: server.process.kill() if "queue/data" in request.url else None,
        )
        page.locator("#seed-text textarea").fill("ROMEO:")
        page.get_by_role("button", name="Write", exact=True).click()
        expect(page.get_by_test_id("toast-body")).to_contain_text("lost")
        wait_until_it_asks_for_the_server(page)
    with running_page(tmp_path, port=port):
        # Only after the reload: the button from before it has no server to ask.
        expect(page.locator("#status")).to_contain_text("The connection broke")
        page.get_by_role("button", name="Try again").click()
        expect(page.locator("#status")).to_contain_text("500 characters in")
        assert page.locator("#page .page").text_content().startswith("ROMEO:")
        page.reload()  # a whole text is not called broken
        page.locator("#page .seed").wait_for()
        page.locator(".odd:not(:disabled)").first.wait_for()
        assert page.get_by_role("button", name="Try again").count() == 0


def test_nothing_is_said_while_pieces_come(visit, slow_server):
    page = visit(on=slow_server, with_clock=True)
    page.locator("#length input[type=number]").fill("500")
    page.get_by_role("button", name="Write", exact=True).click()
    page.locator("#page .seed").wait_for(state="attached")
    page.evaluate(
        """() => {
            window.wasBroken = false;
            const look = () => (window.wasBroken ||= !!document.querySelector(".broken"));
            new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
        }"""
    )
    # Pieces come several times in each of the page's six seconds of patience.
    for _ in range(8):
        before = page.locator("#page .page").text_content()
        wait_until_shown(page, lambda: page.locator("#page .page").text_content() != before)  # noqa: B023
        page.clock.run_for(2000)
    assert not page.evaluate("window.wasBroken")
    expect(page.locator("#status")).to_contain_text("500 characters in")
    assert not page.evaluate("window.wasBroken")
