"""The Look inside tab in a real browser: what is coloured, and the values behind the colours."""

import dataclasses
import re

import numpy as np
import pytest
from playwright.sync_api import expect

from charlstm.analysis.cells import meanings
from charlstm.analysis.insight import activations, surprisal
from charlstm.home import shipped_folder
from charlstm.network.checkpoint import load_checkpoint
from tests.browsing import add_model, choose, needs_browser, open_tab, overflow, wait_until_shown
from tests.tiny_networks import random_checkpoint

pytestmark = needs_browser
TEXT = "KING:\nMy lord, the day is done."


@pytest.fixture(scope="module")
def shipped():
    return load_checkpoint(shipped_folder() / "tiny-shakespeare.safetensors")


@pytest.fixture
def inside(visit):
    def open_inside(**options):
        page = visit(**options)
        open_tab(page, "Look inside")
        page.locator(".coloured span").first.wait_for()
        return page

    return open_inside


def read(page, text):
    page.locator("#inside-text").fill(text)
    expect(page.locator(".coloured span")).to_have_count(len(text))
    expect(page.locator(".coloured")).to_have_text(text, use_inner_text=False)


def strengths(page) -> np.ndarray:
    """How strongly each character is coloured, -1 to 1."""
    return np.array(
        page.locator(".coloured span").evaluate_all(
            """spans => spans.map((span) => (span.classList.contains("negative") ? -1 : 1) *
                Number(span.style.getPropertyValue("--strength")))"""
        )
    )


def expect_strengths(page, expected) -> None:
    wait_until_shown(
        page,
        lambda: (
            (found := strengths(page)).shape == expected.shape
            and np.allclose(found, expected, rtol=0, atol=0.011)
        ),
    )


def point_at(page, place: int) -> None:
    """The pointer over a character: what lies there is the text area, above the coloured copy."""
    character = page.locator(".coloured span").nth(place)
    character.scroll_into_view_if_needed()
    box = character.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def told(page) -> str:
    return page.locator(".value-told").text_content()


def test_surprise_is_coloured_and_told_in_words(inside, shipped):
    page = inside()
    read(page, TEXT)
    found = surprisal(shipped, TEXT)
    expect_strengths(page, np.minimum(1, found.nats / 6))
    assert page.locator(".coloured").text_content() == TEXT
    figures = page.locator(".figures-told")
    expect(figures.locator(".perplexity")).to_have_text(f"{found.perplexity:.1f}")
    expect(figures).to_contain_text("among 65")
    mean = figures.locator(".mean")
    expect(mean).to_be_hidden()  # plain words first, the terms behind an "i"
    figures.get_by_label("The exact figures of this text").click()
    expect(mean).to_be_visible()
    expect(mean).to_have_text(f"{found.mean_nats:.2f} nats")
    expect(page.locator(".legend")).to_contain_text("a great surprise")
    assert page.errors == []


def test_the_value_of_a_character_is_told_on_hover_and_on_focus(inside, shipped):
    page = inside()
    read(page, TEXT)
    nats = surprisal(shipped, TEXT).nats
    point_at(page, 6)
    expect(page.locator(".value-tip")).to_be_visible()
    expect(page.locator(".value-tip")).to_have_text(
        re.compile(f"“M”: .* likely .{nats[6]:.2f} nats.")
    )
    assert told(page) == page.locator(".value-tip").text_content()
    page.mouse.move(0, 0)
    expect(page.locator(".value-tip")).to_be_hidden()

    page.locator("#inside-text").focus()
    page.keyboard.press("Control+Home")
    assert told(page).startswith("“K”: ") and f"({nats[0]:.2f} nats)" in told(page)
    for _ in range(9):
        page.keyboard.press("ArrowRight")
    assert told(page).startswith("space: ") and f"({nats[8]:.2f} nats)" in told(page)
    page.keyboard.press("Control+End")
    assert told(page).startswith("“.”: ") and f"({nats[-1]:.2f} nats)" in told(page)
    page.keyboard.press("ArrowUp")
    assert told(page).startswith("“:”: ")  # as far to the right as the line above goes
    expect(page.locator(".coloured .current")).to_have_count(1)


def test_what_is_typed_is_coloured_where_it_stands(inside, shipped):
    page = inside()
    read(page, TEXT)
    before = np.minimum(1, surprisal(shipped, TEXT).nats / 6)
    expect_strengths(page, before)
    page.locator("#inside-text").focus()
    page.keyboard.press("Control+End")
    page.keyboard.insert_text(" Quite so, my lord.\n")
    text = f"{TEXT} Quite so, my lord.\n"
    found = surprisal(shipped, text)
    expect_strengths(page, np.minimum(1, found.nats / 6))
    expect(page.locator("#inside-text")).to_have_value(text)


def test_the_colours_lie_exactly_behind_the_letters(inside):
    """Both break their lines alike, at every width: the copy makes the text area as high as it is,
    so that a text area that needs one line more would have to scroll."""
    page = inside()
    text = "A long line that has to be broken somewhere, perhaps here.  And\there, and " * 9
    for width in (1280, 700, 390):
        page.set_viewport_size({"width": width, "height": 800})
        for ending in ("", "\n", "\n\n", "   "):
            read(page, text + ending)
            heights = page.locator("#inside-text").evaluate(
                "box => [box.scrollHeight, box.clientHeight]"
            )
            assert heights[0] <= heights[1], (width, ending)


def test_letters_that_join_stay_joined_and_begin_on_the_right(inside):
    """The text is one run of letters in the text area; the copy behind it only lends its places."""
    page = inside()
    read(page, "שלום عليكم")
    box = page.locator("#inside-text")
    assert box.evaluate("box => getComputedStyle(box).direction") == "rtl"
    first, last = (page.locator(".coloured span").nth(place).bounding_box() for place in (0, -1))
    field = page.locator(".coloured").bounding_box()
    assert first["x"] > last["x"]
    assert first["x"] + first["width"] > field["x"] + field["width"] - 40
    assert page.locator(".coloured").evaluate("field => getComputedStyle(field).color") == (
        "rgba(0, 0, 0, 0)"
    )


def test_named_cells_are_listed_and_colour_the_text(inside, shipped):
    page = inside()
    read(page, TEXT)
    page.get_by_label("Cells", exact=True).check()
    named = list(meanings(shipped))
    expect(page.locator(".named b")).to_have_text([meaning.sentence for meaning in named])
    expect(page.locator(".named span")).to_have_text([meaning.score_in_words for meaning in named])
    layers = activations(shipped, TEXT)
    for place, meaning in enumerate(named):
        page.locator(".named").nth(place).click()
        expect(page.locator(".named").nth(place)).to_have_attribute("aria-pressed", "true")
        expect(page.locator('.named[aria-pressed="true"]')).to_have_count(1)
        expected = layers[meaning.layer - 1][:, meaning.cell - 1]
        expect_strengths(page, expected)
    point_at(page, 3)
    sign = "−" if expected[3] < 0 else "+"
    expect(page.locator(".value-tip")).to_contain_text(
        f"cell {meaning.cell} of layer {meaning.layer}: {sign}{abs(expected[3]):.2f}"
    )
    assert page.errors == []


def test_any_cell_by_its_number_and_the_next_one(inside, shipped):
    page = inside()
    read(page, TEXT)
    page.get_by_label("Cells", exact=True).check()
    expect(page.locator(".any-told")).to_contain_text("layer 2: 512 cells")
    layers = activations(shipped, TEXT)

    def shows(layer, cell):
        expect(page.locator(".inside .layer")).to_have_value(str(layer))
        expect(page.locator(".inside .cell")).to_have_value(str(cell))
        expect_strengths(page, layers[layer - 1][:, cell - 1])

    page.locator(".inside .layer").fill("2")
    page.locator(".inside .cell").fill("217")
    shows(2, 217)
    page.get_by_label("Next cell").click()
    shows(2, 218)
    page.locator(".inside .cell").fill("512")
    page.get_by_label("Next cell").click()
    shows(1, 1)
    page.get_by_label("Previous cell").click()
    shows(2, 512)
    before = strengths(page)
    page.locator(".inside .cell").fill("513")
    expect(page.locator(".inside .refused")).to_contain_text("There is no cell 513 of layer 2")
    np.testing.assert_array_equal(strengths(page), before)


def test_a_value_goes_with_its_text(inside):
    page = inside()
    read(page, TEXT)
    point_at(page, 2)
    wait_until_shown(page, lambda: "likely" in told(page))
    page.locator(".inside .example").last.click()
    expect(page.locator(".value-told")).to_contain_text("Point at a letter")


def test_a_server_that_was_silent_is_asked_again(visit):
    page = visit()
    page.route("**/run/cells", lambda route: route.abort())
    open_tab(page, "Look inside")
    expect(page.locator(".cells-told")).to_contain_text("The server does not answer")
    page.unroute("**/run/cells")
    expect(page.locator(".inside .example").first).to_be_visible()
    expect(page.locator(".legend .low")).to_have_text("expected")


def test_a_written_text_is_taken_over(inside):
    page = inside()
    take = page.get_by_role("button", name=re.compile("Use the text from Write"))
    take.click()
    expect(page.locator(".inside .take")).to_contain_text("No text yet")
    open_tab(page, "Write")
    page.locator("#seed-text textarea").fill("ROMEO:")
    page.locator("#seed-text textarea").press("Enter")
    expect(page.locator("#status")).to_contain_text("500 letters in")
    open_tab(page, "Look inside")
    page.locator(".inside .take").click()
    expect(page.locator(".coloured span")).to_have_count(506)
    written = page.locator("#page .page").text_content()
    assert page.locator(".coloured").text_content() == written


@pytest.mark.parametrize("width", [1280, 390])
def test_from_the_write_tab_it_opens_with_what_stands_there(visit, width):
    page = visit(width=width, height=800)
    for seed_text in ("ROMEO:", "KING:"):  # before the view is there, and again when it is
        page.locator("#seed-text textarea").fill(seed_text)
        page.locator("#seed-text textarea").press("Enter")
        page.wait_for_function(
            """(seed) => document.querySelector("#status").textContent.includes("letters in") &&
                document.querySelector("#page .page").textContent.startsWith(seed)""",
            arg=seed_text,
        )
        written = page.locator("#page .page").text_content()
        page.locator("#look").click()
        expect(page.locator(".coloured")).to_have_text(written, use_inner_text=False)
        expect(page.locator(".coloured")).to_be_visible()
        open_tab(page, "Write")
    assert page.errors == []


def test_verse_is_less_surprising_than_a_tweet_and_that_than_gibberish(inside, shipped):
    page = inside()
    perplexities = []
    for name in ("A line of Shakespeare", "A tweet", "Gibberish"):
        before = page.locator(".coloured").text_content()
        page.get_by_role("button", name=name).click()
        page.wait_for_function(
            "(before) => document.querySelector('.coloured').textContent !== before", arg=before
        )
        read_by_the_library = surprisal(shipped, page.locator(".coloured").text_content())
        perplexity = read_by_the_library.perplexity
        shown = f"{perplexity:.1f}" if perplexity < 100 else f"{perplexity:,.0f}"
        expect(page.locator(".figures-told .perplexity")).to_have_text(shown)
        perplexities.append(perplexity)
    assert perplexities == sorted(perplexities)
    assert perplexities[2] > 3 * perplexities[0]


def test_it_opens_with_something_to_see(inside, shipped):
    page = inside()
    sample = shipped.samples[-1].text.strip("\n")
    assert sample.startswith(page.locator(".coloured").text_content())


def test_odd_texts_stand_unchanged_and_what_is_unknown_is_named(inside):
    page = inside()
    text = '<b>Ünïcode</b> 😀\t& "done"'
    read(page, text)
    assert page.locator(".coloured").text_content() == text
    expect(page.locator(".inside .unknown")).to_contain_text("Skipped")
    assert page.locator(".coloured .skipped").count() > 3
    place = page.locator(".coloured span").evaluate_all(
        "spans => spans.findIndex((span) => span.classList.contains('skipped'))"
    )
    point_at(page, place)
    expect(page.locator(".value-tip")).to_contain_text("skipped")
    read(page, "")
    expect(page.locator(".figures-told")).to_contain_text("nothing to read yet")


def test_a_text_that_is_too_long_is_refused_and_nothing_is_lost(inside):
    page = inside()
    read(page, TEXT)
    page.locator("#inside-text").fill("o" * 4001)
    expect(page.locator(".inside .refused")).to_contain_text("4,001 characters")
    expect(page.locator("#inside-text")).to_have_value("o" * 4001)
    expect(page.locator(".coloured span")).to_have_count(0)  # no colours of another text
    page.locator("#inside-text").fill("o" * 4000)
    expect(page.locator(".coloured span")).to_have_count(4000)
    expect(page.locator(".inside .refused")).to_have_count(0)


def test_a_model_whose_cells_nobody_looked_for_can_be_searched(inside, shipped, home_folder):
    add_model(home_folder, "unsearched", dataclasses.replace(shipped, cells=[]))
    add_model(home_folder, "tiny", random_checkpoint("\n ab"))
    page = inside()
    page.get_by_label("Cells", exact=True).check()
    choose(page, "inside-model", "unsearched")
    expect(page.locator(".cells-told")).to_contain_text("Nobody has looked")
    page.get_by_role("button", name="Look for them now").click()
    expect(page.locator(".named")).to_have_count(len(shipped.cells))
    expect(page.get_by_role("button", name="Look for them now")).to_be_hidden()
    choose(page, "inside-model", "tiny")
    expect(page.locator(".any-told")).to_contain_text("layer 2: 7 cells")
    page.locator("#inside-text").fill("ab ba")
    expect(page.locator(".coloured span")).to_have_count(5)
    open_tab(page, "Write")  # the choice is the page's, not the tab's
    expect(page.locator("#model input")).to_have_value(re.compile("tiny"))
    assert page.errors == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_on_a_phone_and_the_text_stands_above_the_cells(inside, theme):
    page = inside(path=f"/?__theme={theme}", width=390, height=844)
    page.get_by_label("Cells", exact=True).check()
    page.locator(".named").first.wait_for()
    page.locator("#inside-text").click(position={"x": 40, "y": 30})
    assert overflow(page) <= 0
    text, cells = (page.locator(name).bounding_box() for name in (".coloured-scroll", ".cell-list"))
    assert text["y"] + text["height"] <= cells["y"]


def test_coloured_letters_can_be_read(inside):
    """Contrast of at least 4.5 to 1 at the strongest colours, as WCAG asks of texts."""
    page = inside(color_scheme="light")
    text = "qxv jzzk wrtp, lkjh gfdsa! My lord, the day is done and we shall go."
    read(page, text)
    wait_until_shown(page, lambda: np.abs(strengths(page)).max() > 0.5)
    shown = strengths(page)
    for mode in ("Surprise", "Cells"):
        page.get_by_label(mode, exact=True).check()
        wait_until_shown(page, lambda: (strengths(page) != shown).any() or mode == "Surprise")  # noqa: B023
        shown = strengths(page)
        assert np.abs(shown).max() > 0.5
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            expect(page.locator("body.dark")).to_have_count(int(theme == "dark"))
            assert min(contrasts(page)) >= 4.5, (mode, theme)


def contrasts(page) -> list[float]:
    """Of each letter's colour against what is behind it, when no colour changes any more."""
    return page.evaluate(
        """async () => {
            const changes = document.querySelector(".coloured").getAnimations({ subtree: true });
            await Promise.all(changes.map((change) => change.finished));
            const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
            const over = ([r, g, b, a = 1], below) =>
                [r, g, b].map((part, place) => part * a + below[place] * (1 - a));
            const luminance = (colour) => {
                const [r, g, b] = colour.map((part) => {
                    const share = part / 255;
                    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
                });
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            };
            const field = document.querySelector(".coloured");
            const paper = numbers(getComputedStyle(field.parentElement).backgroundColor);
            const box = document.querySelector("#inside-text");
            const letter = luminance(numbers(getComputedStyle(box).color));
            return [...field.children].map((span) => {
                const style = getComputedStyle(span);
                const behind = luminance(over(numbers(style.backgroundColor), paper));
                const [dark, light] = [behind, letter].sort((a, b) => a - b);
                return (light + 0.05) / (dark + 0.05);
            });
        }"""
    )
