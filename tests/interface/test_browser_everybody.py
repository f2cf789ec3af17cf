"""The page for everybody: by finger, at twice the size, without motion."""

import pytest
from playwright.sync_api import expect

from tests.browsing import FILLED, needs_browser, open_more, open_tab, overflow

pytestmark = needs_browser

# Each thing that can be pressed, and its height; of a box within a label, the label is pressed.
SMALL = """() => {
    const all = document.querySelectorAll(
        ".gradio-container :is(button, select, summary, input, textarea, label:has(input))");
    const isPressed = (element) => element.checkVisibility({ visibilityProperty: true })
        && element.getBoundingClientRect().width > 1
        && !element.closest("[aria-hidden=true], .visually-hidden")
        && !(element.matches("input")
            && (element.closest(".wrap-inner") ?? element.closest("label:has(input)")))
        && !(element.matches("label") && element.querySelector("textarea, select, [type=range]"));
    const isCut = (element) => element.matches("[type=number]")
        && element.parentElement.getBoundingClientRect().height < 43.5;
    return [...all].filter(isPressed)
        .filter((element) => element.getBoundingClientRect().height < 43.5 || isCut(element))
        .map((element) => element.outerHTML.slice(0, 120));
}"""


def open_whole(page, name: str) -> None:
    open_tab(page, name)
    page.locator("#page .page" if name == "Write" else FILLED[name]).first.wait_for()


@pytest.mark.parametrize("name", FILLED)
def test_what_a_finger_presses_is_as_large_as_a_finger(visit, name):
    page = visit(width=390, height=844, has_touch=True, is_mobile=True)
    open_whole(page, name)
    if name == "Write":
        open_more(page)
    assert page.evaluate(SMALL) == []
    assert overflow(page) <= 0


@pytest.mark.parametrize("name", FILLED)
def test_at_twice_the_size_nothing_is_cut_off(visit, name):
    """A window of 1280 by 720 that is zoomed to 200% has room for 640 by 360 pixels of the page."""
    page = visit(width=640, height=360)
    open_whole(page, name)
    assert overflow(page) <= 0
    if name == "Write":
        button = page.get_by_role("button", name="Write", exact=True)
        button.scroll_into_view_if_needed()
        button.click()
        expect(page.locator("#status")).to_contain_text("letters in")
    assert page.errors == []


# How much of something stands above the composer, which covers the rest. [pixels, its height]
ABOVE_COMPOSER = """(element) => {
    const { top, bottom, height } = element.getBoundingClientRect();
    const { top: end } = document.querySelector("#composer").getBoundingClientRect();
    return [Math.min(bottom, end) - Math.max(top, 0), height];
}"""


def test_on_a_phone_the_text_and_all_its_odds_are_in_sight(visit):
    page = visit(width=390, height=844, has_touch=True, is_mobile=True)
    open_whole(page, "Write")
    page.get_by_role("button", name="ROMEO:", exact=True).click()
    expect(page.locator("#status")).to_contain_text("letters in")
    odds = page.locator("#next-odds .odd")
    for element in (page.locator("#page .page"), *odds.all()[:5]):
        seen, height = element.evaluate(ABOVE_COMPOSER)
        assert seen == pytest.approx(height, abs=1)
    assert page.evaluate("scrollY") == 0
    begin_anew = page.get_by_role("button", name="Start over").bounding_box()
    assert begin_anew["y"] + begin_anew["height"] <= 844


def test_at_twice_the_size_the_paper_has_room(visit):
    page = visit(width=640, height=360)
    open_whole(page, "Write")
    seen, height = page.locator("#page .page").evaluate(ABOVE_COMPOSER)
    assert seen == pytest.approx(height, abs=1) and seen >= 120


@pytest.mark.parametrize("name", FILLED)
def test_whoever_wants_no_motion_sees_none(visit, name):
    page = visit(reduced_motion="reduce", speed=None)
    open_whole(page, name)
    if name == "Write":
        page.locator("#seed-text textarea").fill("ROMEO:")
        page.locator("#seed-text textarea").press("Enter")
        expect(page.locator("#page .page")).to_contain_text("ROMEO:")
    moving = page.evaluate(
        """() => document.getAnimations()
            .filter((one) => one.playState === "running" && one.effect.target?.checkVisibility())
            .map((one) => one.effect.target.outerHTML.slice(0, 100))"""
    )
    assert moving == []


# Where the first letter of a line stands, as a share of the width of what it stands in.
BEGINNINGS = """(element) => {
    const box = element.getBoundingClientRect();
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    const found = [];
    let before = "\\n";
    while (walker.nextNode()) {
        const node = walker.currentNode;
        for (let at = 0; at < node.length; at += 1) {
            if (before === "\\n" && node.data[at] !== "\\n") {
                const range = document.createRange();
                range.setStart(node, at);
                range.setEnd(node, at + 1);
                const place = range.getBoundingClientRect();
                found.push((place.left + place.width / 2 - box.left) / box.width);
            }
            before = node.data[at];
        }
    }
    return found;
}"""


def test_each_line_begins_where_its_script_does_and_its_letters_join(visit):
    page = visit()
    text = "ROMEO:\nسلام عليكم\nAy me!\nשלום."
    page.locator("#seed-text textarea").fill(text)
    page.locator("#write-button").click()
    expect(page.locator("#status")).to_contain_text("500 letters in")
    lines = page.locator("#page .lines")
    latin, arabic, second, hebrew = lines.evaluate(BEGINNINGS)[:4]
    assert latin < 0.1 and second < 0.1
    assert arabic > 0.9 and hebrew > 0.9
    # Letters of Arabic join where they stand in one piece: the seed is one.
    assert page.locator("#page .seed").text_content() == text
    boxes = page.locator("#seed-text textarea")
    assert boxes.evaluate("box => getComputedStyle(box).unicodeBidi") == "plaintext"
    open_whole(page, "Watch it learn")
    watched = page.locator(".watch-text")
    assert watched.evaluate("box => getComputedStyle(box).unicodeBidi") == "plaintext"
    open_whole(page, "Compare")
    page.locator("#compare-seed-text textarea").fill(text)
    page.get_by_role("button", name="Write", exact=True).locator("visible=true").click()
    expect(page.locator("compare-status")).to_contain_text("3 texts of")
    for column in page.locator(".compared .page").all():
        latin, arabic, second, hebrew = column.evaluate(BEGINNINGS)[:4]
        assert max(latin, second) < 0.5 < min(arabic, hebrew)
    assert page.errors == []
