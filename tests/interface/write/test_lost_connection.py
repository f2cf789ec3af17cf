"""When the connection breaks, or the page is reloaded, in the middle of a text: in a real browser.

The page's time is the test's own where a test says what is shown after how many seconds.
"""

import json
import re
import time

import pytest
from playwright.sync_api import expect

from charlstm.home import shipped_folder
from charlstm.interface.models import SHIPPED_FILE
from charlstm.network.checkpoint import load_checkpoint
from charlstm.writing.sampling import Sampling
from charlstm.writing.single_text import write as write_alone
from tests.browsing import hold_time, needs_browser, open_more, wait_until_shown
from tests.door import Door

pytestmark = needs_browser
SEED_TEXT, LENGTH, RANDOM_SEED = "ROMEO 😀:", 1000, 7
LOST = "The connection is lost."

# `cut()` ends what the page is being sent as a broken connection does.
CUTTABLE_STREAMS = """
const cutters = new Set();
window.cut = () => cutters.forEach((cut) => cut());
const load = window.fetch;
window.fetch = async (address, options) => {
  const response = await load(address, options);
  if (!String(address).endsWith("/write")) return response;
  let cut;
  const cuttable = new TransformStream({
    start: (controller) => cutters.add((cut = () => controller.error(new TypeError("cut")))),
    flush: () => cutters.delete(cut),
  });
  const { status, headers } = response;
  return new Response(response.body.pipeThrough(cuttable), { status, headers });
};
"""

# How often the server was asked for a text, how often it was not there, and how many streams have
# ended in whatever way.
COUNTED_REQUESTS = """
window.asked = window.failed = window.ended = 0;
const load = window.fetch;
window.fetch = async (address, options) => {
  if (!String(address).endsWith("/write")) return load(address, options);
  window.asked += 1;
  try {
    const response = await load(address, options);
    response.clone().text().catch(() => null).then(() => (window.ended += 1));
    return response;
  } catch (error) {
    window.failed += 1;
    throw error;
  }
};
"""


@pytest.fixture(scope="module")
def whole_text():
    checkpoint = load_checkpoint(shipped_folder() / SHIPPED_FILE)
    pieces = write_alone(
        checkpoint,
        SEED_TEXT,
        length=LENGTH,
        sampling=Sampling(temperature=0.8),
        random_seed=RANDOM_SEED,
    )
    return SEED_TEXT + "".join(pieces)


def press_write(page) -> None:
    open_more(page)
    page.locator("#always-new input").uncheck()
    page.locator("#random-seed input").fill(str(RANDOM_SEED))
    page.locator("#length input[type=number]").fill(str(LENGTH))
    page.locator("#seed-text textarea").fill(SEED_TEXT)
    page.locator("#write-button").click()


def wait_for_words(page, characters: int = 20) -> None:
    page.wait_for_function(
        """([seed, characters]) => {
            const text = document.querySelector("#page .page")?.textContent ?? "";
            return text.startsWith(seed) && text.length > seed.length + characters;
        }""",
        arg=[SEED_TEXT, characters],
    )


def shown(page) -> str:
    return page.locator("#page .page").text_content()


def status(page) -> str:
    return page.locator("#status").text_content()


def requests_for_texts(page) -> list[str]:
    return [url for url in page.requested if url.endswith("/write")]


def let_pass(page, milliseconds: int) -> None:
    """Let the page's time pass, slowly enough for what happens meanwhile."""
    for _ in range(milliseconds // 100):
        page.clock.run_for(100)
        page.wait_for_timeout(20)


def note_what_is_said(page) -> None:
    page.evaluate(
        """() => {
            const status = document.querySelector("#status");
            window.said = [];
            new MutationObserver(() => window.said.push(status.textContent)).observe(
                status, { childList: true, subtree: true, characterData: true });
        }"""
    )


def said(page) -> str:
    return "\n".join(page.evaluate("window.said"))


@pytest.fixture
def door():
    """Where the page is met: a server that is lost comes back as another one."""
    door = Door()
    yield door
    door.shut()


def test_a_server_that_is_back_within_three_seconds_was_never_lost(
    visit, door, server, slow_server, whole_text
):
    door.open(slow_server)
    page = visit(on=door, with_clock=True, script=COUNTED_REQUESTS)
    press_write(page)
    wait_for_words(page)
    note_what_is_said(page)
    hold_time(page)
    door.shut()
    wait_until_shown(page, lambda: page.evaluate("window.ended"))  # the browser noticed

    def waits_for_no_answer() -> bool:
        return page.evaluate("window.asked - window.failed === 1")  # the one that began it

    for _ in range(20):  # two seconds
        page.clock.run_for(100)
        wait_until_shown(page, waits_for_no_answer)
    assert page.evaluate("window.failed") >= 3
    begun = shown(page)
    assert begun != whole_text, "the server was killed too late"
    assert whole_text.startswith(begun)
    door.open(server)
    for _ in range(9):  # less than three seconds in all
        if waits_for_no_answer():
            page.clock.run_for(100)
    wait_until_shown(page, lambda: shown(page) != begun)
    page.clock.resume()
    expect(page.locator("#status")).to_contain_text(f"{LENGTH:,} letters in")
    assert shown(page) == whole_text
    assert LOST not in said(page)


def test_a_server_that_is_away_for_longer_is_quietly_named_and_the_text_goes_on(
    visit, door, server, slow_server, whole_text
):
    door.open(slow_server)
    page = visit(on=door, with_clock=True)
    press_write(page)
    wait_for_words(page)
    hold_time(page)
    door.shut()
    let_pass(page, 2500)
    assert "Writing" in status(page)
    wait_until_shown(page, lambda: let_pass(page, 100) or LOST in status(page))
    assert f"{LOST} What stands here is kept" in status(page)
    begun = shown(page)
    assert begun != whole_text and whole_text.startswith(begun)
    assert page.locator(".toast-wrap").inner_text() == "", "no alarm"
    page.clock.resume()
    door.open(server)
    expect(page.locator("#status")).to_contain_text(f"{LENGTH:,} letters in")
    assert shown(page) == whole_text
    assert LOST not in status(page)


def test_pause_works_while_the_connection_is_lost(visit, door, server, slow_server):
    door.open(slow_server)
    page = visit(on=door)
    press_write(page)
    wait_for_words(page)
    door.shut()
    expect(page.locator("#status")).to_contain_text(LOST)
    page.locator("#write-button").click()
    expect(page.locator("#status")).to_contain_text("Paused")
    paused = shown(page)
    before = len(requests_for_texts(page))
    door.open(server)
    wait_until_shown(page, lambda: len(requests_for_texts(page)) > before)  # the rest comes
    page.wait_for_timeout(500)
    assert shown(page) == paused
    expect(page.locator("#status")).not_to_contain_text(LOST)
    page.locator("#write-button").click()
    wait_until_shown(page, lambda: len(shown(page)) > len(paused))
    assert shown(page).startswith(paused)


def test_a_text_of_which_nothing_had_come_begins_when_the_server_is_there(
    visit, door, server, slow_server, whole_text
):
    door.open(slow_server)
    page = visit(on=door)
    page.locator(".odd:not(:disabled)").first.wait_for()
    door.shut()
    press_write(page)
    expect(page.locator("#status")).to_contain_text(f"{LOST} The writing begins as soon as")
    expect(page.locator("#page")).to_contain_text("Type how the text starts")
    door.open(server)
    expect(page.locator("#status")).to_contain_text(f"{LENGTH:,} letters in")
    assert shown(page) == whole_text


def test_a_page_that_gradio_reloads_meanwhile_loses_nothing(
    visit, door, server, slow_server, whole_text
):
    door.open(slow_server)
    page = visit(on=door)
    press_write(page)
    wait_for_words(page)
    door.shut()
    reloads: list = []
    page.on("domcontentloaded", lambda loaded: reloads.append(loaded))
    open_more(page)
    page.locator("#model input").click()  # Gradio asks the server, and notices
    page.keyboard.press("Escape")
    expect(page.locator("#status")).to_contain_text(LOST)
    door.open(server)
    wait_until_shown(page, lambda: reloads, "Gradio did not reload the page")
    expect(page.locator("#status")).to_contain_text(f"{LENGTH:,} letters in")
    assert shown(page) == whole_text
    expect(page.locator("#seed-text textarea")).to_have_value(SEED_TEXT)


def test_a_reload_in_the_middle_of_a_text_goes_on_with_it(visit, slow_server, whole_text):
    page = visit(on=slow_server)
    press_write(page)
    wait_for_words(page)
    page.reload()
    with page.expect_request("**/write") as request:
        page.locator("#page .seed").wait_for(state="attached")
    begun = request.value.post_data_json["from"]
    assert len(SEED_TEXT) + 20 < begun < len(whole_text)
    expect(page.locator("#status")).to_contain_text(f"{LENGTH:,} letters in")
    assert shown(page) == whole_text
    assert page.errors == []


def test_the_rest_of_a_text_is_asked_for_by_the_number_of_its_characters(
    visit, slow_server, whole_text
):
    page = visit(on=slow_server, script=CUTTABLE_STREAMS)
    page.locator(".odd:not(:disabled)").first.wait_for()
    press_write(page)
    for words in (20, 100):
        wait_for_words(page, words)
        with page.expect_request("**/write") as request:
            page.evaluate("window.cut()")
        asked = request.value.post_data_json
        assert words < asked["from"] - len(SEED_TEXT) < LENGTH
        assert asked["seed_text"] == SEED_TEXT and asked["random_seed"] == RANDOM_SEED
    expect(page.locator("#status")).to_contain_text(f"{LENGTH:,} letters in")
    assert shown(page) == whole_text
    assert page.errors == []


def test_the_text_is_asked_for_as_soon_as_the_network_is_back(visit, server, whole_text):
    page = visit(on=server, with_clock=True)
    page.locator(".odd:not(:disabled)").first.wait_for()
    hold_time(page)
    page.context.set_offline(True)
    press_write(page)
    wait_until_shown(page, lambda: requests_for_texts(page))
    page.context.set_offline(False)  # the page's time stands still: it waits for no timer
    wait_until_shown(page, lambda: page.clock.run_for(10) or shown(page) == whole_text)
    assert LOST not in status(page)


def test_a_proxy_that_has_no_server_for_the_moment_is_asked_again(visit, server, whole_text):
    page = visit(on=server)
    answers = iter([502, 503, 504])

    def refuse(route) -> None:
        code = next(answers, None)
        route.continue_() if code is None else route.fulfill(status=code, body="<h1>busy</h1>")

    page.route("**/write", refuse)
    press_write(page)
    expect(page.locator("#status")).to_contain_text(f"{LENGTH:,} letters in")
    assert shown(page) == whole_text
    assert len(requests_for_texts(page)) == 4
    page.unroute_all()


def test_a_server_that_gives_no_sign_of_life_for_seven_seconds_is_asked_again(
    visit, door, slow_server, whole_text
):
    door.open(slow_server)
    page = visit(on=door, with_clock=True)
    press_write(page)
    wait_for_words(page)
    hold_time(page)
    with door.held():
        time.sleep(0.5)  # what it had sent
        let_pass(page, 6000)
        assert len(requests_for_texts(page)) == 1
        assert "Writing" in status(page)
        wait_until_shown(page, lambda: let_pass(page, 100) or len(requests_for_texts(page)) > 1)
    page.clock.resume()
    expect(page.locator("#status")).to_contain_text(f"{LENGTH:,} letters in")
    assert shown(page) == whole_text


def test_a_text_that_the_server_breaks_off_can_be_tried_again(visit, server, whole_text):
    page = visit(on=server)
    begun = whole_text[:100]
    events = [
        (
            "begin",
            {"text": SEED_TEXT, "model": "tiny-shakespeare", "unknown": "", "is_ready": True},
        ),
        ("piece", {"text": begun[len(SEED_TEXT) :]}),
        ("error", {"error": "The text broke off, by a fault of the server: try again."}),
    ]
    body = "".join(f"event: {kind}\ndata: {json.dumps(data)}\n\n" for kind, data in events)
    page.route(
        "**/write",
        lambda route: route.fulfill(body=body, content_type="text/event-stream"),
        times=1,
    )
    press_write(page)
    expect(page.locator("#status")).to_contain_text("by a fault of the server")
    assert shown(page) == begun
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#status")).to_contain_text(f"{LENGTH:,} letters in")
    assert shown(page) == whole_text
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)


def test_nothing_is_said_while_pieces_come(visit, slow_server):
    page = visit(on=slow_server, with_clock=True)
    open_more(page)
    page.locator("#length input[type=number]").fill("500")
    page.locator("#write-button").click()
    page.locator("#page .lines").wait_for(state="attached")
    note_what_is_said(page)
    hold_time(page)
    # Pieces come several times in each of the page's seven seconds of patience.
    for _ in range(8):
        before = shown(page)
        wait_until_shown(page, lambda: shown(page) != before)  # noqa: B023
        page.clock.run_for(2000)
    assert LOST not in said(page)
    page.clock.resume()
    expect(page.locator("#status")).to_contain_text("500 letters in")
    assert LOST not in said(page) and len(requests_for_texts(page)) == 1


def test_a_clock_that_is_set_while_a_text_comes_makes_no_hours_of_its_seconds(visit, slow_server):
    page = visit(on=slow_server, with_clock=True)
    press_write(page)
    wait_for_words(page)
    for hours in (-30, 50):
        page.clock.set_system_time(time.time() + 3600 * hours)
    expect(page.locator("#status")).to_contain_text(f"{LENGTH:,} letters in")
    seconds = float(re.search(r"letters in ([\d.]+) s", status(page))[1])
    assert 0 < seconds < 3600
    assert page.errors == []
