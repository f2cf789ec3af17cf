"""What the Write tab's settings do while a text is written, and what Undo takes back."""

import re

import pytest
from playwright.sync_api import expect

from tests.browsing import needs_browser, wait_until_shown
from tests.writing_visitor import expect_text, set_form, shipped_text

pytestmark = needs_browser
NUMBER = "#temperature input[type=number]"


def shown(page) -> str:
    return page.locator("#page .page").text_content()


def test_undo_of_a_text_of_which_nothing_has_come_leaves_the_one_on_the_paper(visit):
    page = visit()
    for seed_text in ("AAA", "BBB"):
        set_form(page, seed_text, length=60)
        page.locator("#seed-text textarea").press("Enter")
        expect_text(page, shipped_text(seed_text, length=60))
    held = []
    page.route("**/write", lambda route: held.append(route))
    page.locator("#seed-text textarea").fill("CCC")
    page.locator("#seed-text textarea").press("Enter")
    wait_until_shown(page, lambda: held)
    page.locator("#undo").click()
    expect(page.locator("#status")).to_contain_text("Stopped.")
    assert shown(page) == shipped_text("BBB", length=60)
    page.locator("#undo").click()
    expect_text(page, shipped_text("AAA", length=60))
    assert page.errors == []


@pytest.mark.parametrize("by", ["arrow keys", "Enter"])
def test_a_temperature_chosen_by_keys_is_that_of_the_rest(visit, slow_server, by):
    page = visit(on=slow_server)
    set_form(page, "ROMEO:", length=2000)
    page.locator("#seed-text textarea").press("Enter")
    wait_until_shown(page, lambda: re.match(r"ROMEO:[\s\S]{30}", shown(page)))

    def is_at_last(request) -> bool:
        """Keys that are pressed slowly lead through other temperatures."""
        return request.url.endswith("/write") and request.post_data_json["temperature"] == 1.3

    with page.expect_request(is_at_last) as request:
        if by == "Enter":
            page.locator(NUMBER).fill("1.3")
            page.locator(NUMBER).press("Enter")
        else:
            for _ in range(10):
                page.locator("#temperature input[type=range]").press("ArrowRight")
    asked = request.value.post_data_json
    assert len(asked["seed_text"]) > 30, "the rest of the text, not another one"
    assert page.errors == []


def test_a_box_that_is_left_empty_shows_its_number_again(visit):
    page = visit()
    set_form(page, "ROMEO:", length=60, temperature=0.7)
    for box, number in ((NUMBER, "0.7"), ("#length input[type=number]", "60")):
        page.locator(box).fill("")
        page.locator(box).press("Tab")
        expect(page.locator(box)).to_have_value(number)
    page.locator("#seed-text textarea").press("Enter")
    expect_text(page, shipped_text("ROMEO:", length=60, temperature=0.7))
    assert page.errors == []
