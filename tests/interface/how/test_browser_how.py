"""The How it works tab in a real browser: every picture shows what the library computes."""

import itertools
import re

import numpy as np
import pytest
from playwright.sync_api import expect

from charlstm.interface.how.tab import FIRST_TEXT
from tests.browsing import needs_browser, open_more, open_tab, overflow, wait_until_shown
from tests.how_it_works import (
    EVIL,
    expect_bars,
    expect_place,
    expect_shown,
    ids_on_tiles,
    odds_of,
    save_model,
    snapshot_of,
    type_text,
)

pytestmark = needs_browser
KINDS = ("hidden state h", "cell state c")


@pytest.fixture
def twin(home_folder, shipped):
    """A model with the vocabulary of the shipped one."""
    return save_model(home_folder, "twin", shipped.vocabulary.characters, {})


def choose(page, name):
    page.locator("#how-model input").click()
    page.get_by_role("option", name=f"{name}, quick").click()
    expect(page.locator("how-it-works .state-size")).to_have_text("18 numbers")


def test_tiles_and_ids_are_those_of_the_vocabulary(how, shipped):
    page = how()
    tiles = page.locator("how-it-works .tiles button")
    expect(tiles).to_have_count(len(FIRST_TEXT) + 1)
    assert ids_on_tiles(page) == [str(i) for i in shipped.vocabulary.encode("\n" + FIRST_TEXT)]
    assert page.locator("how-it-works .tiles b").all_text_contents() == list("↵ROMEO:↵O")
    expect(tiles.first).to_have_attribute("aria-label", re.compile("line's beginning"))
    expect(tiles.nth(7)).to_have_attribute("title", "a line break: number 0")

    type_text(page, "A é 😀!<b>")
    assert ids_on_tiles(page) == "0 13 1 43 1 ? 2 ? 40 ?".split()
    unknown = page.locator("how-it-works .unknown")
    expect(unknown).to_contain_text("never saw “😀”, “<”, “>”")
    expect(unknown).to_contain_text("Read as what it knows: “é” as “e”.")
    assert page.locator("how-it-works .tiles b").all_text_contents()[2] == "␣"

    page.locator("how-it-works summary").click()
    known = page.locator("how-it-works .known span small")
    assert known.all_text_contents() == [str(i) for i in range(65)]
    assert "".join(page.locator("how-it-works .known b").all_text_contents()) == (
        "↵␣" + shipped.vocabulary.characters[2:]
    )
    assert page.errors == []


def test_the_text_ends_at_its_limit(how):
    page = how()
    page.locator("#how-text").fill("y" * 59 + "😀zzz")
    expect(page.locator("how-it-works .tiles button")).to_have_count(61)
    assert page.locator("#how-text").input_value() == "y" * 59 + "😀"
    expect(page.locator("how-it-works .count")).to_have_text("60 of 60 characters")
    page.locator("how-it-works .draw").click()
    expect(page.locator("how-it-works .drawn")).to_contain_text("60 characters are full")
    assert page.errors == []


def test_stepping_shows_the_state_and_the_odds_of_each_place(how, shipped):
    page = how()
    temperature = 0.8
    expect_bars(page, odds_of(shipped, FIRST_TEXT, temperature))
    page.locator("how-it-works .back").click()
    expect_place(page, 8, 9)
    expect(page.locator("how-it-works .came")).to_contain_text("In your text came “O”: ")
    expect_bars(page, odds_of(shipped, FIRST_TEXT, temperature, 8))
    page.locator("how-it-works .tiles button").nth(3).click()
    expect_place(page, 4, 9)
    expect(page.locator("how-it-works .moved")).to_contain_text(
        f"changed {snapshot_of(shipped, FIRST_TEXT, 4).moved:,} of 2,048 numbers"
    )
    expect_bars(page, odds_of(shipped, FIRST_TEXT, temperature, 4))
    for key, read in (("ArrowLeft", 3), ("ArrowRight", 4), ("End", 9), ("Home", 1)):
        page.keyboard.press(key)
        expect_place(page, read, 9)
        assert page.evaluate("document.activeElement.getAttribute('aria-current')") == "true"
    page.locator("how-it-works .back").click()
    expect(page.locator("how-it-works .moved")).to_contain_text("all 2,048 numbers are 0")
    expect(page.locator("how-it-works .back")).to_be_disabled()
    page.locator("how-it-works .draw").click()
    expect(page.locator("how-it-works .drawn")).to_contain_text("First it must read")
    page.locator("how-it-works .anew").click()
    expect_shown(page, shipped, FIRST_TEXT, 9)
    expect_bars(page, odds_of(shipped, FIRST_TEXT, temperature))
    assert page.errors == []


def value_told(page) -> float:
    words = page.locator("how-it-works .cell-value").text_content()
    return float(re.search(r": (−?[\d.]+\d)", words)[1].replace("−", "-"))


def test_the_value_of_each_square_is_that_of_the_state(how, shipped):
    page = how()
    page.locator("how-it-works .tiles button").nth(5).click()
    expect_shown(page, shipped, FIRST_TEXT, 6)
    state = snapshot_of(shipped, FIRST_TEXT, 6).state
    canvases = page.locator("how-it-works canvas")
    expect(canvases).to_have_count(4)
    for (layer, part), place in itertools.product([(0, 0), (0, 1), (1, 0), (1, 1)], [0, 133, 511]):
        canvas = canvases.nth(2 * layer + part)
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        x, y = (place % 32 + 0.4) / 32, (place // 32 + 0.4) / 16
        canvas.hover(position={"x": box["width"] * x, "y": box["height"] * y}, force=True)
        told = page.locator("how-it-works .cell-value")
        expect(told).to_contain_text(f"Layer {layer + 1}, {KINDS[part]}, number {place + 1} of 512")
        assert value_told(page) == pytest.approx(state[layer][part][0, place], abs=0.00501)
    # The same square in the next place, and another square by the keyboard.
    before, state = state, snapshot_of(shipped, FIRST_TEXT, 7).state
    place = int(np.abs(state[1][1] - before[1][1])[0].argmax())
    canvas.focus()
    page.keyboard.press("Home")
    for key in ["ArrowDown"] * (place // 32) + ["ArrowRight"] * (place % 32):
        page.keyboard.press(key)
    expect(told).to_contain_text(f"number {place + 1} of 512")
    assert value_told(page) == pytest.approx(before[1][1][0, place], abs=0.00501)
    earlier = told.text_content().split(": ")[1].split(" ")[0].rstrip(".")
    page.locator("how-it-works .forward").click()
    expect(told).to_contain_text(f"(one character before: {earlier})")
    assert value_told(page) == pytest.approx(state[1][1][0, place], abs=0.00501)
    canvases.nth(2).focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowUp")
    expect(told).to_contain_text("Layer 2, hidden state h, number 480 of 512")
    assert value_told(page) == pytest.approx(state[1][0][0, 479], abs=0.00501)
    assert page.errors == []


COLOURS = """(canvas) => {
  const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return Array.from({ length: 512 }, (_, place) => {
    const at = 4 * (((place >> 5) * 16 + 6) * width + (place & 31) * 16 + 6);
    return [data[at], data[at + 2]];
  });
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_colour_of_a_square_tells_the_sign_and_the_size_of_its_number(how, shipped, theme):
    page = how(f"/?__theme={theme}")
    state = snapshot_of(shipped, FIRST_TEXT).state
    for place in range(4):
        values = state[place // 2][place % 2][0]
        if place % 2:
            values = np.tanh(values)
        red, blue = np.array(page.locator("how-it-works canvas").nth(place).evaluate(COLOURS)).T
        warmth = red - blue
        assert np.corrcoef(warmth, values)[0, 1] > 0.98
        assert (warmth[values > 0.3] > 40).all() and (warmth[values < -0.3] < -40).all()


def numbers_in(text) -> list[int]:
    return [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", text)]


def expect_network(page, checkpoint):
    architecture, shapes = checkpoint.architecture, checkpoint.architecture.weight_shapes()
    layers = [f"LSTM layer {layer + 1}" for layer in range(len(architecture.lstm_units))]
    prefixes = {"Embedding": "embedding/", "Scores": "output/"}
    prefixes |= {name: f"lstm_{place}/" for place, name in enumerate(layers, 1)}
    units = {"Embedding": architecture.embedding_units, "Scores": architecture.vocabulary_size}
    units |= dict(zip(layers, architecture.lstm_units, strict=True))
    titles = page.locator("how-it-works .box .title").all_text_contents()
    assert titles == ["Character", "Embedding", *layers, "Scores", "Odds"]
    assert page.locator("how-it-works svg .loop").count() == len(layers)
    for name, prefix in prefixes.items():
        box = page.locator(f'how-it-works [data-part="{name}"]')
        own = [shape for weight, shape in shapes.items() if weight.startswith(prefix)]
        count = sum(int(np.prod(shape)) for shape in own)
        assert numbers_in(box.locator(".sizes").text_content()) == [units[name], count]
        box.focus()
        page.keyboard.press("Enter")
        expect(page.locator("how-it-works .part h4")).to_have_text(name)
        cells = page.locator("how-it-works .part td").all_text_contents()
        expected = [[*shape, int(np.prod(shape))][-3 if len(shape) > 1 else -1 :] for shape in own]
        assert [numbers_in(cell) for cell in cells] == expected
        expect(page.locator("how-it-works .total b")).to_have_text(
            f"{architecture.parameters():,} weights"
        )


def test_the_network_is_drawn_in_its_real_sizes(how, shipped):
    page = how()
    expect_network(page, shipped)
    best = shipped.vocabulary.characters[int(odds_of(shipped, FIRST_TEXT, 1.0).argmax())]
    assert best == ","
    expect(page.locator('how-it-works [data-part="Odds"] .sizes')).to_contain_text("“,”")
    expect(page.locator('how-it-works [data-part="Character"] .sizes')).to_have_text(
        "“O”, number 27"
    )
    words = page.locator("how-it-works .words")
    for number in (
        "This model knows 65.",
        "2,048",
        "3,724,097",
        "1.328",
        "4.174",
        "3.78",
        "111,539",
    ):
        expect(words).to_contain_text(number)
    story = page.locator("how-it-works .story-of")
    expect(story).to_contain_text("This model was shown 248,709,120 characters, in 15,180 steps")
    expect(story).to_contain_text("13% of them come from “Shakespeare”")
    expect(story).to_contain_text("written by 12 networks")
    curve = page.locator("how-it-works .learning-curve svg")
    losses = [loss for _, loss in shipped.history["val_loss_nats"]]
    expect(curve).to_have_attribute(
        "aria-label", re.compile(f"{losses[0]:.2f} nats at first, {losses[-1]:.2f} at the end")
    )
    assert page.errors == []


def test_another_model_changes_every_picture(how, other):
    page = how()
    choose(page, "other")
    text = "docu=mn <x"
    type_text(page, text)
    ids = other.vocabulary.encode(" " + text)
    assert ids_on_tiles(page) == [str(i) for i in ids], "a line begins with a space here"
    expect(page.locator("how-it-works .beginning")).to_contain_text("a space (the dashed tile)")
    expect_bars(page, odds_of(other, text, 0.8))
    canvases = page.locator("how-it-works canvas")
    expect(canvases).to_have_count(2)
    canvases.first.focus()
    page.keyboard.press("Home")
    page.keyboard.press("End")
    expect(page.locator("how-it-works .cell-value")).to_contain_text("number 9 of 9")
    state = snapshot_of(other, text).state
    assert value_told(page) == pytest.approx(state[0][0][0, 8], abs=0.00501)
    expect_network(page, other)
    words = page.locator("how-it-works .words")
    expect(words).to_contain_text("This model knows")
    expect(words).not_to_contain_text("This model: ")  # figures without a loss are none
    expect(words).not_to_contain_text("random guessing")
    expect(page.locator("how-it-works .learning-curve")).to_be_empty()
    # What a stranger wrote stands there as text.
    expect(page.locator("how-it-works .story-of")).to_contain_text(f"text of “{EVIL}”")
    expect(words).to_contain_text(f"had read “{EVIL}”")
    assert page.locator("how-it-works img").count() == 0
    assert page.title() != "1"
    assert page.errors == []


def test_nothing_of_the_model_before_stands_beside_the_new_one(how, shipped, twin):
    page = how()
    for read in (8, 7):
        page.locator("how-it-works .back").click()
        expect_shown(page, shipped, FIRST_TEXT, read)
    choose(page, "twin")
    expect_shown(page, twin, FIRST_TEXT, 9)
    for read in (8, 7):
        page.locator("how-it-works .back").click()
        expect_shown(page, twin, FIRST_TEXT, read)
        expect_bars(page, odds_of(twin, FIRST_TEXT, 0.8, read))
    assert page.errors == []


def test_a_tab_that_is_not_looked_at_asks_for_nothing(visit, other):
    page = visit()
    page.locator(".odd:not(:disabled)").first.wait_for()  # the open tab has got its answer
    assert not [url for url in page.requested if "run/how_" in url]
    open_tab(page, "How it works")
    expect(page.locator("how-it-works .bars li")).to_have_count(8)
    open_tab(page, "Write")
    page.locator("#seed-text textarea").wait_for()
    page.requested.clear()
    open_more(page)
    page.locator("#model input").click()
    with page.expect_response("**/run/odds"):
        page.get_by_role("option", name="other, quick").click()
    assert not [url for url in page.requested if "run/how_" in url]
    open_tab(page, "How it works")
    expect(page.locator("how-it-works .state-size")).to_have_text("18 numbers")
    assert page.errors == []


def test_a_server_that_does_not_answer_is_told_and_forgotten(how):
    page = how()
    page.route("**/how_moment", lambda route: route.abort())
    page.locator("#how-text").fill("King")
    trouble = page.locator("how-it-works .trouble")
    expect(trouble).to_contain_text("does not answer")
    page.unroute("**/how_moment")
    type_text(page, "Kings")
    expect(trouble).to_be_empty()
    expect_place(page, 6, 6)


def test_it_fits_the_window_and_the_fingers(how):
    page = how(color_scheme="light")
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        expect(page.locator("body.dark")).to_have_count(int(theme == "dark"))
        for width, height in ((1280, 800), (390, 844)):
            page.set_viewport_size({"width": width, "height": height})
            page.evaluate("scrollTo(0, 0)")
            type_text(page, "x")
            type_text(page, "x" * 60)
            expect_place(page, 61, 61)
            check_fit(page, width)
    assert page.errors == []


def check_fit(page, width: int) -> None:
    wait_until_shown(page, lambda: overflow(page) <= 0)
    buttons = page.locator("how-it-works button:visible").evaluate_all(
        "buttons => buttons.map((button) => button.getBoundingClientRect().height)"
    )
    assert min(buttons) >= 40
    # The tiles stay in sight while one plays with the pictures below, the marked one within.
    page.locator("how-it-works .bars").scroll_into_view_if_needed()
    page.evaluate("scrollBy(0, 300)")

    def is_in_sight() -> bool:
        marked = page.locator("how-it-works [aria-current]").bounding_box()
        return 0 <= marked["y"] < 80 and 0 <= marked["x"] < width - marked["width"]

    wait_until_shown(page, is_in_sight)
    sizes = page.locator("how-it-works p:visible, how-it-works small:visible").evaluate_all(
        "all => all.map((each) => parseFloat(getComputedStyle(each).fontSize))"
    )
    assert min(sizes) >= 12


def test_with_reduced_motion_nothing_runs(how):
    page = how(reduced_motion="reduce")
    for selector in (".marker", ".track i"):
        duration = page.locator(f"how-it-works {selector}").first.evaluate(
            "(element) => getComputedStyle(element).transitionDuration"
        )
        assert duration == "0s"


def test_a_text_that_is_read_from_right_to_left_begins_on_the_right(how):
    page = how()
    direction = "(element) => getComputedStyle(element).direction"
    for text, expected in (("שלום", "rtl"), ("peace", "ltr")):
        page.locator("#how-text").fill(text)
        expect(page.locator(".so-far")).to_have_text(text)
        for selector in ("#how-text", ".so-far"):
            assert page.locator(selector).evaluate(direction) == expected
    assert page.errors == []
