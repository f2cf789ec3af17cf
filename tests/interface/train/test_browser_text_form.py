"""A text of one's own on the Train tab: how it was read is shown before anything learns from it."""

import re

import pytest
from playwright.sync_api import expect

from tests.browsing import needs_browser, open_tab
from tests.document_files import docx

pytestmark = needs_browser

# Few letters, as in a note: the guess may be wrong.
RUSSIAN = "Всё смешалось в доме Облонских.\n" * 70
NAMES = sorted(
    f"{a}{b}{c}{a * 2}{c}" for a in "abcdefghijklmnop" for b in "aeiou" for c in "klmnopqrstuvwxyz"
)


@pytest.fixture
def form(visit):
    """A page whose form waits for a file."""
    page = visit()
    open_tab(page, "Train")
    page.get_by_label("Files: upload them").check()
    return page


def give(page, *files) -> None:
    payloads = [{"name": name, "mimeType": "", "buffer": data} for name, data in files]
    page.locator("#upload input[type=file]").set_input_files(payloads)


def test_first_lines_show_whether_the_encoding_was_guessed_right(form):
    give(form, ("old.txt", RUSSIAN.encode("cp1251")))
    note = form.locator("#text-note")
    expect(note).to_contain_text("Read as Windows-1251 (Cyrillic)")
    expect(note.locator(".first-lines p").first).to_have_text(RUSSIAN.split("\n")[0])
    encoding = form.locator("#encoding input")
    expect(encoding).to_have_value("as guessed: Windows-1251 (Cyrillic)")
    encoding.click()
    form.get_by_role("option", name="KOI8 (Cyrillic)").click()
    expect(note.locator(".first-lines p").first).to_have_text(re.compile("^бЯ╦"))
    expect(note).to_contain_text("Read as KOI8 (Cyrillic)")
    encoding.click()
    form.get_by_role("option", name=re.compile("^guess")).click()
    expect(note.locator(".first-lines p").first).to_have_text(RUSSIAN.split("\n")[0])
    assert form.errors == []


def test_tags_are_left_out_until_they_are_wanted(form):
    page = "<!doctype html><html><body>" + "<p>some words of a page</p>\n" * 200 + "</body></html>"
    give(form, ("page.html", page.encode()))
    note = form.locator("#text-note")
    expect(note).to_contain_text("Read as a web page (HTML)")
    expect(note.locator(".first-lines p").first).to_have_text("some words of a page")
    form.get_by_label("Learn its tags and times too").check()
    expect(note.locator(".first-lines p").first).to_contain_text("<!doctype html>")
    expect(form.locator("#encoding")).to_be_hidden()
    assert form.errors == []


PRESS_WHEN_IT_APPEARS = """() => {
    const look = () => {
        const box = document.querySelector("#keeps-markup input");
        if (box?.offsetParent) box.click();
        else setTimeout(look);
    };
    look();
}"""


def test_a_tick_lasts_also_if_the_visitor_is_quick(form):
    form.evaluate(PRESS_WHEN_IT_APPEARS)
    give(form, ("page.html", b"<!doctype html><p>some words of a page</p>\n" * 200))
    expect(form.locator("#text-note .first-lines p").first).to_contain_text("<!doctype html>")
    expect(form.get_by_label("Learn its tags and times too")).to_be_checked()
    # Another file joins it, and is read as usual again.
    give(form, ("other.html", b"<!doctype html><p>other words of a page</p>\n" * 200))
    expect(form.locator("#text-note")).to_contain_text("page.html and 1 more")
    expect(form.get_by_label("Learn its tags and times too")).not_to_be_checked()
    expect(form.locator("#text-note .first-lines p").first).to_have_text("some words of a page")
    assert form.errors == []


def test_two_files_of_different_kinds_are_one_text(form):
    give(form, ("letter.docx", docx()), ("note.txt", b"and a note\n" * 30))
    note = form.locator("#text-note")
    expect(note).to_contain_text("letter.docx and 1 more: ")
    expect(note).to_contain_text("letter.docx: Read as a Word document")
    expect(form.locator("#encoding")).to_be_hidden()
    expect(form.locator("#keeps-markup")).to_be_hidden()
    assert form.errors == []


def test_a_sorted_list_may_be_shuffled(form):
    give(
        form, ("names.txt", "\n".join(f"{name}{name}{i}" for name in NAMES for i in "ab").encode())
    )
    note = form.locator("#text-note")
    expect(note).to_contain_text("look like a list: let them be shuffled")
    form.get_by_label("Shuffle its lines").check()
    expect(note).to_contain_text("The lines were put in random order")
    expect(note).not_to_contain_text("unlike the rest")
    # Another file joins it, and is read as usual again.
    give(form, ("other.txt", b"some words of a note\n" * 200))
    expect(note).to_contain_text("names.txt and 1 more")
    form.get_by_label("Remove this file").first.click()
    expect(note).to_contain_text("other.txt: 4,200 characters")
    expect(note).not_to_contain_text("random order")
    expect(form.locator("#shuffles-lines")).to_be_hidden()
    assert form.errors == []


PASTE = """(box, text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", text);
    const options = { bubbles: true, cancelable: true, clipboardData };
    return box.dispatchEvent(new ClipboardEvent("paste", options));
}"""


def test_a_long_text_that_is_pasted_is_taken_as_a_file(visit):
    page = visit()
    open_tab(page, "Train")
    page.get_by_label("My own text: paste it").check()
    box = page.locator("#pasted textarea")
    expect(box).to_be_visible()
    assert box.evaluate(PASTE, "a short text\n" * 200), "the browser does as always"
    expect(page.locator("#upload")).to_be_hidden()
    assert not box.evaluate(PASTE, "a long text of words\n" * 20_000)
    expect(page.locator("#upload").get_by_label("pasted text.txt")).to_be_visible()
    expect(page.locator("#text-note")).to_contain_text("pasted text.txt: 420,000 characters")
    expect(box).to_be_hidden()
    assert page.errors == []


@pytest.mark.parametrize(
    ("tab", "box"),
    [
        ("Write", "#seed-text textarea"),
        ("Look inside", "#inside-text"),
        ("Compare", "#compare-seed-text textarea"),
    ],
)
def test_other_boxes_refuse_a_long_text_in_a_sentence(tab, box, visit):
    page = visit()
    open_tab(page, tab)
    box = page.locator(box)
    if tab == "Look inside":  # its first text comes late
        expect(box).not_to_have_value("")
    box.fill("To be")
    assert box.evaluate(PASTE, "a short text\n" * 200), "the browser does as always"
    assert not box.evaluate(PASTE, "a long text of words\n" * 20_000)
    said = box.evaluate("box => box.validationMessage")
    assert said.startswith("You pasted about 420,000 characters, too many for this box")
    expect(box).to_have_value("To be")
    box.fill("To be, or not")
    assert box.evaluate("box => box.validationMessage") == ""
    assert page.errors == []
