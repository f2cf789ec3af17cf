"""The odds of the next character, and choosing it, in a real browser."""

import json

import numpy as np
import pytest
from playwright.sync_api import expect

from charlstm.analysis.insight import log_probabilities
from charlstm.home import shipped_folder
from charlstm.interface.write.tab import FIRST_TEXT
from charlstm.network.checkpoint import load_checkpoint
from charlstm.writing.sampling import Sampling, probabilities
from tests.browsing import add_model, choose, needs_browser, overflow, wait_until_shown
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
        if percent == "< 0.1%":
            assert odd < 0.0006
        else:
            assert float(percent.removesuffix("%")) == pytest.approx(100 * odd, abs=0.51)
        width = bar.locator("i").evaluate(
            "bar => [bar.getBoundingClientRect().width, bar.parentElement.clientWidth]"
        )
        assert width[0] == pytest.approx(max(2, odd * width[1]), abs=1)


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
    # It is still held down.
    wait_for_bars(page, expected_bars(shipped, "My lord, ", 1.5))
    page.mouse.up()
    set_temperature(page, 0.1)
    wait_for_bars(page, expected_bars(shipped, "My lord, ", 0.1))
    assert len([url for url in page.requested if url.endswith("/odds")]) == asked


def test_the_visitor_chooses_letters_and_lets_the_network_go_on(visit, shipped):
    page = visit()
    seed_box(page).fill("The kin")
    wait_for_bars(page, expected_bars(shipped, "The kin", 0.8))
    text = "The kin"
    for rank in (1, 0, 0):
        character = likeliest(shipped, text, 0.8)[rank][0]
        page.locator(".odd").nth(rank).click()
        text += character
        expect_paper(page, text)
        wait_for_bars(page, expected_bars(shipped, text, 0.8))
    assert seed_box(page).input_value() == "The kin", "the letters land on the paper"
    back = page.get_by_role("button", name="Undo letter")
    back.click()
    text = text[:-1]
    expect_paper(page, text)
    wait_for_bars(page, expected_bars(shipped, text, 0.8))
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#status")).to_contain_text("500 letters in")
    assert page.locator("#page .page").text_content().startswith(text)
    assert page.locator("#page .seed").text_content() == text
    page.locator(".odd").first.click()
    expect(page.locator("#page .seed")).to_have_count(2)  # the visitor's, whoever wrote before
    page.locator("#undo").click()
    page.locator("#undo").click()
    expect_paper(page, text)
    page.locator("#undo").click()  # letters that follow each other are one step
    expect(page.locator("#page")).to_contain_text("Type how the text starts")
    assert page.errors == []


def test_what_was_written_last_is_shown_as_people_count_and_with_signs(visit):
    page = visit()
    after = page.locator(".next-odds .after")
    for text, shown in (
        ("हिन्दी", "after “हिन्दी”"),
        ("a\u200b\n\u2066b", "after “aZWSP↵U+2066b”"),
        ("x" + "👩🏽\u200d🚀" * 14, "after “…" + "👩🏽\u200d🚀" * 14 + "”"),
        ("", "at the very beginning"),
    ):
        seed_box(page).fill(text)
        expect(after).to_have_text(shown)
    assert page.errors == []


def test_letters_are_undone_as_a_whole_and_down_to_nothing(visit):
    page = visit()
    back = page.get_by_role("button", name="Undo letter")
    expect(back).to_be_disabled()
    seed_box(page).fill("a😀")
    expect(page.locator(".next-odds .after")).to_contain_text("a😀")
    page.locator(".odd:not(:disabled)").first.click()
    for text in ("a😀", "a", ""):
        back.click()
        expect_paper(page, text)
    expect(back).to_be_disabled()


def expect_paper(page, text: str) -> None:
    expect(page.locator("#page .page .lines")).to_have_text(text, use_inner_text=False)


def test_unknown_characters_are_told_and_of_long_texts_the_end_counts(visit, shipped):
    page = visit()
    seed_box(page).fill("Ünder")
    expect(page.locator(".next-odds .told")).to_contain_text("Ü as U")
    wait_for_bars(page, expected_bars(shipped, "Under", 0.8))
    seed_box(page).fill("o" * 2001)
    wait_for_bars(page, expected_bars(shipped, "o" * 2000, 0.8))
    expect(page.locator(".next-odds .told")).to_be_empty()
    seed_box(page).fill("nder")
    wait_for_bars(page, expected_bars(shipped, "nder", 0.8))


def test_another_model_expects_something_else(visit, home_folder, shipped):
    small = add_model(home_folder, "small", random_checkpoint("\n ab", 3))
    page = visit()
    seed_box(page).fill("ab")
    wait_for_bars(page, expected_bars(shipped, "ab", 0.8))
    choose(page, "model", "small")
    wait_for_bars(page, expected_bars(small, "ab", 0.8, count=4))
    expect(page.locator(".next-odds .rest")).to_be_hidden()


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
    rest = page.locator(".rest").text_content().split(": ")[1].removesuffix("%")
    assert 100 * np.sum(shown) + float(rest) == pytest.approx(100, abs=0.6)


# While a text is written


def test_each_letter_is_seen_being_drawn(visit):
    page = visit(speed="Slow", color_scheme="light")
    page.evaluate(NOTE_WHAT_IS_DRAWN)
    seed_box(page).fill("ROMEO:")
    seed_box(page).press("Enter")
    wait_until_shown(page, lambda: page.evaluate("window.drawn.length") >= 6)
    page.locator("#write-button").click()
    expect(page.locator("#status")).to_contain_text("Paused")
    text = page.locator("#page .page").text_content()
    drawn = page.evaluate("window.drawn")
    for length, (sign, after) in enumerate(drawn[:5], len("ROMEO:")):
        assert sign == SIGNS.get(text[length], text[length]), "the letter that landed is marked"
        assert after == [SIGNS.get(c, c) if c != " " else c for c in text[:length]][-14:]
    assert page.errors == []


# Each letter that was marked as drawn, and after what.
NOTE_WHAT_IS_DRAWN = """() => {
  const odds = document.querySelector(".next-odds");
  window.drawn = [];
  let before = "";
  new MutationObserver(() => {
    const sign = odds.querySelector(".odd.drawn .sign, .rest.drawn b")?.textContent;
    const after = odds.querySelector(".after").textContent;
    if (!sign || after === before) return;
    before = after;
    window.drawn.push([sign, [...after.split("“")[1].slice(0, -1).replace("…", "")]]);
  }).observe(odds, { attributes: true, childList: true, subtree: true, characterData: true });
}"""


def test_a_letter_at_each_press(visit):
    page = visit(speed="Step", color_scheme="light")
    button = page.locator("#write-button")
    seed_box(page).fill("KING:")
    button.click()
    for letters in (1, 2, 3):
        wait_until_shown(page, lambda: len(paper(page)) == len("KING:") + letters)  # noqa: B023
        expect(button).to_have_text("Next letter")
        assert page.locator(".drawn").count() <= 1
        button.click()
    wait_until_shown(page, lambda: len(paper(page)) == len("KING:") + 4)
    page.get_by_label("Instant").check()
    expect(page.locator("#status")).to_contain_text("500 letters in")
    assert page.errors == []


def paper(page) -> str:
    return page.locator("#page .page").text_content()


def test_a_letter_of_the_visitor_takes_the_place_of_a_drawn_one(visit):
    page = visit(speed="Step", color_scheme="light")
    seed_box(page).fill("KING:")
    page.locator("#write-button").click()
    # At once: half a second later the bars are those of the next letter.
    sign = page.wait_for_function(
        """() => {
            if (!document.querySelector(".odd.drawn")) return null;
            const other = document.querySelector(".odd:not(.drawn)");
            const sign = other.querySelector(".sign").textContent;
            other.click();
            return sign;
        }"""
    ).json_value()
    character = {sign: character for character, sign in SIGNS.items()}.get(sign, sign)
    expect_paper(page, f"KING:{character}")
    expect(page.locator("#page .seed")).to_have_text(f"KING:{character}", use_inner_text=False)


def test_undo_brings_back_what_a_text_began_with(visit, shipped):
    page = visit()
    for beginning in ("KING:", "The king is"):
        seed_box(page).fill(beginning)
        seed_box(page).press("Enter")
        expect(page.locator("#page .seed")).to_have_text(beginning)
        expect(page.locator("#status")).to_contain_text("letters in")
    page.locator("#undo").click()
    expect(seed_box(page)).to_have_value("KING:")
    wait_for_bars(page, expected_bars(shipped, paper(page), 0.8))
    before = paper(page)
    page.locator(".odd").first.click()
    expect_paper(page, before + likeliest(shipped, before, 0.8)[0][0])
    page.get_by_role("button", name="Undo letter").click()
    expect(page.locator("#status")).to_contain_text("The last letter is gone")
    expect_paper(page, before)
    seed_box(page).fill("not sent yet")
    page.locator("#undo").click()
    expect(seed_box(page)).to_have_value("not sent yet")
    assert page.errors == []


def test_step_by_step_the_bars_are_there_after_a_reload(visit, shipped):
    page = visit(speed="Step", color_scheme="light")
    seed_box(page).fill("The king is")
    page.locator("#write-button").click()
    expect(page.locator("#write-button")).to_have_text("Next letter")
    page.reload()
    expect(page.locator("#write-button")).to_have_text("Next letter")
    wait_for_bars(page, expected_bars(shipped, paper(page), 0.8))
    assert page.errors == []


def test_the_first_visit_begins_with_a_text_that_came_with_the_page(visit):
    page = visit(is_first=True, speed=None, color_scheme="light")
    whole = json.loads(FIRST_TEXT.read_text("utf-8"))
    text = whole["seed_text"] + whole["piece"]["text"]
    wait_until_shown(page, lambda: 10 < len(paper(page)) < len(text))
    assert text.startswith(paper(page))
    expect_paper(page, text)
    expect(page.locator("#status")).to_contain_text("Your turn")
    expect(page.locator("#write-button")).to_have_text("Write")
    assert not any(url.endswith("/write") for url in page.requested)
    again = page.context.new_page()
    again.goto(page.url)
    expect(again.locator("#page")).to_contain_text("Type how the text starts")
    assert page.errors == []
