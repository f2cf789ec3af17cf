"""Back and Forward, windows and reloads bring back texts and tabs: in a real browser."""

import json

from playwright.sync_api import expect

from tests.browsing import needs_browser, open_tab, wait_until_shown
from tests.writing_visitor import (
    CLIPBOARD,
    TABS,
    a_link,
    expect_text,
    parameters,
    set_form,
    share,
    shipped_text,
    write,
)

pytestmark = needs_browser


def entries(page) -> int:
    """How many steps Back and Forward know of."""
    return page.evaluate("history.length")


def expect_tab(page, name: str) -> None:
    expect(page.locator("[role=tab][aria-selected=true]").first).to_have_text(TABS[name])


# Back and Forward


def test_back_and_forward_lead_through_texts_and_tabs(visit):
    page = visit()
    before = entries(page)
    first = write(page, "KING:")
    second = write(page, "ROMEO:", temperature=0.5, random_seed=8, length=150)
    page.get_by_role("tab", name="Compare").click()
    page.get_by_role("tab", name="How it works").click()
    assert entries(page) == before + 4
    asked = len(texts_asked_for(page))

    page.go_back()
    expect_tab(page, "compare")
    page.go_back()
    expect_tab(page, "write")
    expect_text(page, second)
    expect(page.locator("#seed-text textarea")).to_have_value("ROMEO:")
    page.go_back()
    expect_text(page, first)
    expect(page.locator("#seed-text textarea")).to_have_value("KING:")
    expect(page.locator("#temperature input[type=number]")).to_have_value("0.8")
    expect(page.locator("#random-seed input")).to_have_value("7")
    expect(page.locator("#length input[type=number]")).to_have_value("100")
    page.go_back()
    expect(page.locator("#page")).to_contain_text("Type how the text starts")
    for text in (first, second):
        page.go_forward()
        expect_text(page, text)
    page.go_forward()
    expect_tab(page, "compare")
    page.go_forward()
    expect_tab(page, "how")
    assert len(texts_asked_for(page)) == asked, "they are shown again, not written again"
    assert entries(page) == before + 4
    assert page.errors == []


def texts_asked_for(page) -> list[str]:
    return [url for url in page.requested if url.endswith("/write")]


def test_back_leaves_a_text_that_is_being_written_and_forward_writes_it(visit, slow_server):
    page = visit(on=slow_server)
    first = write(page, "KING:")
    set_form(page, "ROMEO:", length=1000)
    page.locator("#seed-text textarea").press("Enter")
    page.wait_for_function("document.querySelector('#page .page').textContent.startsWith('ROMEO')")
    page.go_back()
    expect_text(page, first)
    page.go_forward()
    expect_text(page, shipped_text("ROMEO:", length=1000))


def test_back_brings_a_text_whose_address_would_be_too_long(visit):
    page = visit()
    long = write(page, "O, " * 600)
    write(page, "KING:")
    page.go_back()
    expect_text(page, long)
    page.reload()
    expect_text(page, long)


LEAVES_EARLY = """
const read = Storage.prototype.getItem;
Storage.prototype.getItem = function (key) {
  const kept = read.call(this, key);
  if (key !== "charlstm-form" || window.keptForm) return kept;
  window.dispatchEvent(new Event("pagehide"));
  window.keptForm = read.call(this, key);
  return kept;
};
"""


def test_a_page_that_is_reloaded_before_its_form_is_filled_keeps_the_form(visit):
    page = visit()
    set_form(page, "ROMEO 😀:", length=300)
    page.add_init_script(LEAVES_EARLY)
    page.reload()
    expect(page.locator("#seed-text textarea")).to_have_value("ROMEO 😀:")
    kept = json.loads(page.evaluate("window.keptForm"))
    assert kept == ["shipped", "ROMEO 😀:", 0.8, 300, 7]


def test_back_from_a_link_s_text_leads_to_the_page_before_it(visit, server):
    page = visit()
    page.goto(server.address + a_link(text="KING:", n=100, seed=7))
    expect_text(page, shipped_text("KING:", length=100))
    assert parameters(page)["t"] == "0.8", "the address was completed"
    page.go_back()
    page.wait_for_url(server.address + "/")


def test_there_is_no_new_step_back_where_nothing_has_changed(visit):
    page = visit(**CLIPBOARD)
    write(page, "KING:")
    before = entries(page)
    write(page, "KING:")  # the same text again
    share(page)
    page.locator("#copy").click()
    expect(page.locator("#status")).to_contain_text("Copied.")
    page.get_by_role("tab", name="Write").click()
    page.locator("#seed-text textarea").fill("something else")
    page.locator("#temperature input[type=number]").fill("0.3")
    page.locator("#seed-text textarea").fill("x" * 2001)
    page.locator("#seed-text textarea").press("Enter")
    expect(page.locator("#status")).to_contain_text("use at most")
    page.reload()
    page.locator(".odd").first.wait_for()
    assert entries(page) == before
    assert parameters(page)["text"] == "KING:"


def test_undo_changes_the_address_too(visit):
    page = visit()
    first = write(page, "KING:")
    write(page, "ROMEO:")
    page.locator("#undo").click()
    expect_text(page, first)
    assert parameters(page)["text"] == "KING:"
    page.locator("#undo").click()
    expect(page.locator("#page")).to_contain_text("Type how the text starts")
    assert parameters(page) == {}


def test_a_browser_that_lets_no_more_addresses_be_set_is_no_hindrance(visit):
    """Safari allows a hundred in half a minute, and throws."""
    page = visit()
    page.evaluate(
        """() => {
            for (const name of ["pushState", "replaceState"]) {
                history[name] = () => { throw new DOMException("too many", "SecurityError"); };
            }
        }"""
    )
    write(page, "KING:")
    page.get_by_role("tab", name="Compare").click()
    page.locator("#compare-write").wait_for()
    page.get_by_role("tab", name="Write").click()
    write(page, "ROMEO:")
    assert page.errors == []


# Windows and reloads


def test_two_windows_do_not_disturb_each_other(visit):
    one, two = visit(), visit()
    first = write(one, "KING:")
    second = write(two, "ROMEO:", random_seed=8)
    one.reload()
    expect_text(one, first)
    expect(one.locator("#seed-text textarea")).to_have_value("KING:")
    two.reload()
    expect_text(two, second)
    expect(two.locator("#seed-text textarea")).to_have_value("ROMEO:")
    assert parameters(one)["text"] == "KING:" and parameters(two)["text"] == "ROMEO:"


def test_a_reload_keeps_form_text_and_earlier_texts(visit):
    page = visit("/?__theme=dark")
    first = write(page, "KING:")
    second = write(page, "ROMEO:", temperature=0.5, random_seed=8, length=150)
    page.locator("#seed-text textarea").fill("something new")
    page.reload()
    expect_text(page, second)
    expect(page.locator("#seed-text textarea")).to_have_value("something new")
    expect(page.locator("#temperature input[type=number]")).to_have_value("0.5")
    expect(page.locator("#length input[type=number]")).to_have_value("150")
    expect(page.locator("#random-seed input")).to_have_value("8")
    expect(page.locator("body.dark")).to_have_count(1)
    assert parameters(page)["__theme"] == "dark" and parameters(page)["text"] == "ROMEO:"
    page.locator("#undo").click()
    expect_text(page, first)
    open_tab(page, "Compare")
    page.reload()
    expect_tab(page, "compare")
    assert page.errors == []


def test_whoever_comes_back_finds_what_was_left_unless_a_link_asks_for_more(visit, server):
    page = visit()
    text = write(page, "KING:")
    page.goto("about:blank")
    page.goto(server.address)
    expect_text(page, text)
    expect(page.locator("#seed-text textarea")).to_have_value("KING:")
    wait_until_shown(page, lambda: parameters(page).get("text") == "KING:")
    page.goto(server.address + a_link(text="ROMEO:", n=100, seed=7))
    expect_text(page, shipped_text("ROMEO:", length=100))
    page.locator("#undo").click()
    expect_text(page, text)


def test_more_texts_than_a_browser_keeps_leave_the_latest_ones_after_a_reload(visit):
    page = visit()
    text = write(page, "KING:")
    page.evaluate(
        """() => {
            const store = Storage.prototype.setItem;
            Storage.prototype.setItem = function (key, value) {
                if (value.length > 2000) throw new DOMException("full", "QuotaExceededError");
                store.call(this, key, value);
            };
        }"""
    )
    for number in range(6):
        text = write(page, "KING:", random_seed=number)
    page.reload()
    expect_text(page, text)
    page.locator("#undo").click()
    expect(page.locator("#status")).to_contain_text("Undone.")
    expect_text(page, shipped_text("KING:", length=100, random_seed=4))
