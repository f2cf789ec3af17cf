"""The odds, the draw and the loss on the How it works tab, in a real browser."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from charlstm.interface.how.tab import FIRST_TEXT
from charlstm.writing.sampling import draw
from tests.browsing import hold_time, needs_browser
from tests.how_it_works import expect_bars, expect_place, odds_of, set_temperature, type_text

pytestmark = needs_browser


@pytest.mark.parametrize("temperature", [0.1, 0.8, 1.5])
def test_the_bars_are_the_odds_at_the_slider_s_temperature(how, shipped, temperature):
    page = how()
    type_text(page, "To be, or not to b")
    page.requested.clear()
    set_temperature(page, temperature)
    odds = odds_of(shipped, "To be, or not to b", temperature)
    expect_bars(page, odds)
    widths = page.locator("how-it-works .pieces span").evaluate_all(
        "pieces => pieces.map((piece) => parseFloat(piece.style.width) / 100)"
    )
    np.testing.assert_allclose(widths, odds, atol=3e-4)
    entropy = -(odds[odds > 0] * np.log(odds[odds > 0])).sum()
    expect(page.locator("how-it-works .hesitates")).to_contain_text(
        f"one among {np.exp(entropy):.1f} equally"
    )
    assert not [url for url in page.requested if "gradio_api/run" in url], "bent in the browser"
    assert page.errors == []


def test_the_draw_takes_the_character_whose_piece_holds_the_number(how, shipped):
    page = how(with_clock=True)
    text = FIRST_TEXT
    set_temperature(page, 1.0)
    for side in ("first", "last", "first", "last"):
        odds = odds_of(shipped, text, 1.0)
        best = int(odds.argmax())
        begin, end = np.cumsum(odds)[best] - odds[best], np.cumsum(odds)[best]
        number = float(begin + 0.004 if side == "first" else end - 0.004)
        assert draw(odds, number) == best, "a piece's edge tells more than its middle"
        character = shipped.vocabulary.characters[best]
        page.evaluate("(number) => { Math.random = () => number; }", number)
        hold_time(page)  # the character stays where it fell for a moment only
        page.locator("how-it-works .draw").click()
        expect(page.locator("how-it-works .drawn")).to_contain_text(f"{number:.4f} falls on")
        hit = page.locator("how-it-works .pieces .hit")
        expect(hit).to_have_count(1)
        page.locator("how-it-works .marker").evaluate(
            "(marker) => Promise.all(marker.getAnimations().map((run) => run.finished))"
        )
        marker, piece, line = (
            page.locator(f"how-it-works {selector}").bounding_box()
            for selector in (".marker", ".pieces .hit", "div.line")
        )
        at = marker["x"] + marker["width"] / 2
        assert at == pytest.approx(line["x"] + number * line["width"], abs=1)
        assert piece["x"] < at < piece["x"] + piece["width"]
        text += character
        page.clock.run_for(2000)
        page.clock.resume()
        expect(page.locator("#how-text")).to_have_value(text)
        expect_place(page, len(text) + 1, len(text) + 1)
        expect(page.locator("how-it-works .so-far .grown")).to_have_text(
            text[len(FIRST_TEXT) :], use_inner_text=False
        )
    page.locator("how-it-works .anew").click()
    expect(page.locator("#how-text")).to_have_value(FIRST_TEXT)
    expect_place(page, 9, 9)
    assert page.errors == []


def test_a_press_on_the_line_chooses_the_number_and_replaces_what_followed(how, shipped):
    page = how()
    page.locator("how-it-works .tiles button").nth(2).click()
    expect_place(page, 3, 9)
    odds = odds_of(shipped, FIRST_TEXT, 0.8, 3)
    best = int(odds.argmax())
    middle = np.cumsum(odds)[best] - odds[best] / 2
    line = page.locator("how-it-works div.line")
    box = line.bounding_box()
    line.click(position={"x": box["width"] * middle, "y": 20})
    expect(page.locator("#how-text")).to_have_value("RO" + shipped.vocabulary.characters[best])
    assert page.errors == []


def test_two_quick_presses_draw_two_characters(how):
    page = how(with_clock=True)
    page.locator("how-it-works .draw").evaluate("(button) => { button.click(); button.click(); }")
    expect(page.locator("how-it-works .count")).to_have_text("10 of 60 characters")
    expect_place(page, 11, 11)
    page.clock.run_for(10_000)
    expect(page.locator("how-it-works .count")).to_have_text("10 of 60 characters")
    assert page.errors == []


def test_keep_drawing_goes_on_until_it_is_stopped(how):
    page = how(with_clock=True)
    keep = page.locator("how-it-works .keep")
    count = page.locator("how-it-works .count")
    keep.click()
    for characters in (9, 10):
        page.clock.run_for(2000)
        expect(count).to_contain_text(re.compile(f"^({characters}|1[0-9]) of 60"))
    expect(keep).to_have_text("Stop")
    keep.click()
    expect(keep).to_have_attribute("aria-pressed", "false")
    page.clock.run_for(2000)  # a character that was drawn still joins the text
    text = page.locator("#how-text").input_value()
    expect_place(page, len(text) + 1, len(text) + 1)
    page.clock.run_for(10_000)
    assert page.locator("#how-text").input_value() == text
    assert page.errors == []


def test_the_loss_is_the_surprise_at_the_supposed_character(how, shipped):
    page = how()
    for character in "zhO":
        odds = odds_of(shipped, FIRST_TEXT, 1.0)
        id_ = shipped.vocabulary.characters.index(character)
        page.locator("#how-right").select_option(str(id_))
        expect(page.locator("how-it-works .surprise")).to_contain_text(
            f"the loss is {-np.log(odds[id_]):.2f} nats"
        )
