"""Pieces of a text that are still on their way after Stop, or after another text was asked for."""

import re

import pytest
from playwright.sync_api import expect

from tests.browsing import needs_browser, open_compare_more, open_more, open_tab

pytestmark = needs_browser

# The texts' streams, letter by letter, as from a slow network: however much of a text has come at
# once, there is more of it to hold. While `window.isHeld` the letters are kept back, in order. The
# page cannot cut them off: what was held comes all the same.
HOLDABLE_STREAMS = """
window.isHeld = false;
window.held = 0;
const load = window.fetch;
const letters = (event) => {
  const [kind, line] = event.split("\\n");
  if (kind !== "event: piece") return [event];
  const { text, ...lists } = JSON.parse(line.slice("data: ".length));
  return Array.from(text, (letter, at) => {
    const ofLetter = Object.entries(lists).map(([name, list]) => [name, [list[at]]]);
    const data = JSON.stringify({ text: letter, ...Object.fromEntries(ofLetter) });
    return `${kind}\\ndata: ${data}`;
  });
};
window.fetch = async (address, options) => {
  if (!String(address).endsWith("/write")) return load(address, options);
  const response = await load(address, { ...options, signal: null });
  let begun = "";
  const byLetter = async (chunk, controller) => {
    const events = (begun + chunk).split("\\n\\n");
    begun = events.pop();
    for (const letter of events.flatMap(letters)) {
      await new Promise((go) => setTimeout(go, 20));
      if (window.isHeld) window.held += 1;
      while (window.isHeld) await new Promise((go) => setTimeout(go, 5));
      controller.enqueue(`${letter}\\n\\n`);
    }
  };
  const held = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new TransformStream({ transform: byLetter }))
    .pipeThrough(new TextEncoderStream());
  return new Response(held, { status: response.status, headers: response.headers });
};
"""
# Once a text has begun and there is more of it: hold what comes, press Stop.
STOP_WITH_A_PIECE_ON_ITS_WAY = """async ([shown, button, letters]) => {
  const until = async (isSo) => {
    for (let tries = 0; !isSo(); tries++) {
      if (tries > 4000) throw new Error(`never: ${isSo}`);
      await new Promise((go) => setTimeout(go, 2));
    }
  };
  await until(() => document.querySelector(shown).textContent.length > letters);
  window.isHeld = true;
  await until(() => window.held > 0);
  document.querySelector(button)?.click();
}"""
TABS = {
    "Write": ("#page", "#seed-text", "#length", "#write-button", "#write-button", "#status"),
    "Compare": (
        "#compare-columns",
        "#compare-seed-text",
        "#compare-length",
        "#compare-write",
        "#compare-stop",
        "#compare-status",
    ),
}


@pytest.fixture
def begin(visit, browser):
    """Opens a tab whose streams can be held, and lets it write a long text."""

    def begin(tab: str):
        page = visit(script=HOLDABLE_STREAMS)
        page.locator(".odd:not(:disabled)").first.wait_for()
        open_tab(page, tab)
        shown, seed_text, length, write, _, _ = TABS[tab]
        if tab == "Write":
            open_more(page)
        else:
            open_compare_more(page)
        page.locator(f"{length} input[type=number]").fill("2000")
        page.locator(f"{seed_text} textarea").fill("ROMEO7:")
        page.locator(write).click()
        page.wait_for_function(
            "(shown) => document.querySelector(shown).textContent.includes('ROMEO7:')", arg=shown
        )
        return page

    return begin


@pytest.mark.parametrize("tab", TABS)
def test_nothing_changes_after_stop(begin, tab):
    page = begin(tab)
    shown, _, _, _, stop, status = TABS[tab]
    page.evaluate(STOP_WITH_A_PIECE_ON_ITS_WAY, [shown, stop, 30])
    expect(page.locator(status)).to_contain_text(re.compile("Stopped|Paused"))
    stopped = page.locator(shown).text_content()
    page.evaluate("window.isHeld = false")
    page.wait_for_timeout(1000)
    assert page.locator(shown).text_content() == stopped
    expect(page.locator(status)).to_contain_text(re.compile("Stopped|Paused"))
    assert page.locator(f"{status} .writing").count() == 0
    assert page.errors == []


@pytest.mark.parametrize("tab", TABS)
def test_an_older_text_does_not_go_on_after_a_newer_one_was_asked_for(begin, tab):
    page = begin(tab)
    shown, seed_text, length, write, _, status = TABS[tab]
    page.evaluate(STOP_WITH_A_PIECE_ON_ITS_WAY, [shown, "#no-button", 30])
    page.locator(f"{length} input[type=number]").fill("50")
    page.locator(f"{seed_text} textarea").fill("KING:")
    with page.expect_request("**/write"):
        page.locator(write).click()
    page.evaluate(
        """(shown) => {
            const element = document.querySelector(shown);
            const note = () => window.texts.push(element.textContent);
            window.texts = [];
            new MutationObserver(note).observe(
                element, { childList: true, subtree: true, characterData: true });
            window.older = element.textContent;
            window.isHeld = false;
        }""",
        shown,
    )
    expect(page.locator(status)).to_contain_text(re.compile("50 (letters|characters)"))
    page.wait_for_timeout(1000)
    older, seen = page.evaluate("[window.older, window.texts]")
    assert all(text == older or _is_newer(text) for text in seen), "the older text grew"
    newer = next(index for index, text in enumerate(seen) if _is_newer(text))
    assert all(_is_newer(text) for text in seen[newer:])
    assert page.errors == []


def _is_newer(text: str) -> bool:
    return "KING:" in text and "ROMEO7:" not in text
