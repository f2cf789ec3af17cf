"""The odds of the next character, and choosing it, in a real browser."""

import numpy as np
import pytest
from playwright.sync_api import expect

from charlstm.analysis.insight import log_probabilities
from charlstm.home import shipped_folder
from charlstm.network.checkpoint import load_checkpoint
from charlstm.writing.sampling import Sampling, probabilities
from tests.browsing import add_model, choose, needs_browser, overflow
from tests.tiny_networks import random_checkpoint

pytestmark = needs_browser
SIGNS = {"\n": "↵", " ": "␣"}


@pytest.fixture(scope="module")
def shipped():
    return load_checkpoint(shipped_folder() / "tiny-shakespeare.safetensors")


def likeliest(checkpoint, text, temperature, count=5):
    """The most likely characters with their probabilities, the most likely first."""
    logits = log_probabilities(checkpoint, text)
    weights = probabilities(logits, Sampling(temperature=temperature))
    order = np.argsort(-weights, kind="stable")[:count]
    return [(checkpoint.vocabulary.characters[id_], float(weights[id_])) for id_ in order]


def expected_bars(checkpoint, text, temperature, count=5):
    found = likeliest(checkpoint, text, temperature, count)
    return [(SIGNS.get(character, character), odd) for character, odd in found]


def wait_for_bars(page, expected):
    """Wait until the page shows these characters, then compare the probabilities."""
    signs = [sign for sign, _ in expected]
    expect(page.locator(".odd:visible .sign")).to_have_text(signs)
    for bar, (_, odd) in zip(page.locator(".odd:visible").all(), expected, strict=True):
        shown = float(bar.get_attribute("data-probability"))
        assert shown == pytest.approx(odd, abs=2e-4)
        percent = bar.locator(".percent").text_content()
        if percent == "< 0.1 %":
            assert odd < 0.0006
        else:
            assert float(percent.split()[0]) == pytest.approx(100 * odd, abs=0.51)
        height = bar.locator("i").evaluate(
            "bar => [bar.getBoundingClientRect().height, bar.parentElement.clientHeight]"
        )
        assert height[0] == pytest.approx(max(2, odd * height[1]), abs=1)


def seed_box(page):
    return page.locator("#seed-text textarea")


def set_temperature(page, value):
    page.locator("#temperature input[type=number]").fill(str(value))
    page.locator("#temperature input[type=number]").blur()


def test_the_bars_follow_what_is_typed(visit, shipped):
    page = visit()
    wait_for_bars(page, expected_bars(shipped, "", 0.8))
    seed_box(page).fill("The king ")
    wait_for_bars(page, expected_bars(shipped, "The king ", 0.8))
    seed_box(page).press_sequentially("is so")
    wait_for_bars(page, expected_bars(shipped, "The king is so", 0.8))
    page.get_by_role("button", name="ROMEO:").click()  # an example
    wait_for_bars(page, expected_bars(shipped, "ROMEO:", 0.8))
    assert page.errors == []


def test_temperature_bends_them_while_the_slider_moves_without_the_server(visit, shipped):
    page = visit()
    seed_box(page).fill("My lord, ")
    wait_for_bars(page, expected_bars(shipped, "My lord, ", 0.8))
    page.wait_for_timeout(300)  # should it ask twice
    asked = len([url for url in page.requested if url.endswith("/odds")])
    slider = page.locator("#temperature input[type=range]")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 1, box["y"] + box["height"] / 2)
    expect(page.locator(".next-odds .rest")).to_contain_text("Temperature 1.5:")  # still held down
    wait_for_bars(page, expected_bars(shipped, "My lord, ", 1.5))
    page.mouse.up()
    set_temperature(page, 0.1)
    wait_for_bars(page, expected_bars(shipped, "My lord, ", 0.1))
    assert len([url for url in page.requested if url.endswith("/odds")]) == asked


def test_the_visitor_chooses_goes_back_and_lets_it_go_on(visit, shipped):
    page = visit()
    seed_box(page).fill("The kin")
    first = expected_bars(shipped, "The kin", 0.8)
    wait_for_bars(page, first)
    text = "The kin"
    for rank in (1, 0, 0):
        character = likeliest(shipped, text, 0.8)[rank][0]
        page.locator(".odd").nth(rank).click()
        text += character
        expect(seed_box(page)).to_have_value(text)
        wait_for_bars(page, expected_bars(shipped, text, 0.8))
    page.get_by_role("button", name="Back one step").click()
    text = text[:-1]
    expect(seed_box(page)).to_have_value(text)
    wait_for_bars(page, expected_bars(shipped, text, 0.8))
    page.get_by_role("button", name="Let it go on from here").click()
    expect(page.locator("#status")).to_contain_text("500 characters in")
    assert page.locator("#page .page").text_content().startswith(text)
    assert page.locator("#page .seed").text_content() == text
    assert page.errors == []


def test_back_takes_whole_characters_and_ends_at_nothing(visit):
    page = visit()
    seed_box(page).fill("a😀")
    back = page.get_by_role("button", name="Back one step")
    back.click()
    expect(seed_box(page)).to_have_value("a")
    back.click()
    expect(seed_box(page)).to_have_value("")
    expect(back).to_be_disabled()


def test_unknown_characters_and_too_long_texts_are_told(visit, shipped):
    page = visit()
    seed_box(page).fill("Ünder")
    expect(page.locator(".next-odds .told")).to_contain_text("never saw Ü")
    wait_for_bars(page, expected_bars(shipped, "nder", 0.8))
    seed_box(page).fill("o" * 2001)
    expect(page.locator(".next-odds .told")).to_contain_text("2,001 characters")
    expect(page.locator(".odd").first).to_be_disabled()
    seed_box(page).fill("nder")
    wait_for_bars(page, expected_bars(shipped, "nder", 0.8))


def test_another_model_expects_something_else(visit, home_folder, shipped):
    small = add_model(home_folder, "small", random_checkpoint("\n ab", 3))
    page = visit()
    seed_box(page).fill("ab")
    wait_for_bars(page, expected_bars(shipped, "ab", 0.8))
    choose(page, "model", "small")
    wait_for_bars(page, expected_bars(small, "ab", 0.8, count=4))
    expect(page.locator(".next-odds .rest")).to_be_empty()


@pytest.mark.parametrize("width", [390, 320])
def test_the_bars_fit_on_a_phone(visit, shipped, width):
    page = visit(width=width, height=844)
    for text in ("", "The king ", "QUEEN"):
        seed_box(page).fill(text)
        wait_for_bars(page, expected_bars(shipped, text, 0.8))
        assert overflow(page) <= 0


def test_the_bars_do_not_flicker_while_they_change(visit, shipped):
    """No bar is taken away and put there again: the elements stay the same ones."""
    page = visit()
    expect(page.locator(".odd").first).to_be_enabled()
    page.evaluate("window.before = [...document.querySelectorAll('.odd, .odd *')]")
    box = page.locator(".next-odds").bounding_box()
    for length in range(1, 1 + len("ROMEO: O, she")):
        text = "ROMEO: O, she"[:length]
        seed_box(page).press(text[-1])
        wait_for_bars(page, expected_bars(shipped, text, 0.8))
    assert page.evaluate("window.before.every((element) => element.isConnected)")
    assert page.locator(".next-odds").bounding_box()["height"] == box["height"]


def test_the_odds_are_of_the_kind_that_adds_up(visit, shipped):
    page = visit()
    seed_box(page).fill("I ")
    wait_for_bars(page, expected_bars(shipped, "I ", 0.8))
    shown = [float(bar.get_attribute("data-probability")) for bar in page.locator(".odd").all()]
    rest = page.locator(".rest").text_content().split("together: ")[1].split(" %")[0]
    assert 100 * np.sum(shown) + float(rest) == pytest.approx(100, abs=0.6)
