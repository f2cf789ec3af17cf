"""What the browser prints: the text, and nothing that can only be pressed."""

import pytest
from playwright.sync_api import expect

from tests.browsing import needs_browser, open_tab
from tests.writing_visitor import write

pytestmark = needs_browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_text_is_printed_whole_and_without_controls(visit, scheme):
    page = visit(f"/?__theme={scheme}")
    text = write(page, "ROMEO:", length=900)
    page.emulate_media(media="print")
    paper = page.locator("#page .page")
    expect(paper).to_be_visible()
    assert paper.evaluate("paper => paper.scrollHeight <= paper.clientHeight + 1"), "it scrolls"
    assert paper.evaluate("paper => getComputedStyle(paper).color") == "rgb(0, 0, 0)"
    assert text[:100].split("\n")[0] in paper.inner_text()
    for hidden in ("#seed-text", "#write-button", "#temperature", "#share", "#undo", "footer"):
        expect(page.locator(hidden).first).to_be_hidden()
    expect(page.get_by_role("tab", name="Train")).to_be_hidden()


@pytest.mark.parametrize(
    ("tab", "shown", "hidden"),
    [
        ("Watch it learn", ".watch-text", ".watch-controls :is(input, button)"),
        ("Look inside", ".coloured-frame", ".inside-modes, .value-told"),
        ("Compare", "compared-texts", "#compare-mode, #compare-more, #compare-write"),
        ("How it works", "#how-text", "how-it-works input[type=range]"),
    ],
)
def test_other_tabs_are_printed_without_controls(tab, shown, hidden, visit):
    page = visit()
    open_tab(page, tab)
    expect(page.locator(shown).first).to_be_visible()
    controls = page.locator(hidden)
    expect(controls.first).to_be_attached()
    page.emulate_media(media="print")
    expect(page.locator(shown).first).to_be_visible()
    for control in controls.all():
        expect(control).to_be_hidden()
    assert page.errors == []
