"""What the browser prints: the text, and nothing that can only be pressed."""

import pytest
from playwright.sync_api import expect

from tests.browsing import needs_browser
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
