"""A visitor's whole way through the page, in a real browser."""

import json
import re
import shutil

import psutil
import pytest
from playwright.sync_api import expect

from charlstm.runs.run import Runs
from tests.browsing import (
    FILLED,
    add_model,
    choose,
    needs_browser,
    open_more,
    open_tab,
    overflow,
    wait_until_shown,
)
from tests.tiny_networks import random_checkpoint
from tests.tiny_runs import records

pytestmark = needs_browser


def written(page) -> str:
    return page.locator("#page .page").text_content()


def write(page, seed_text: str, length: int = 500) -> str:
    """Write with the button and wait for the whole text, another one than stood there."""
    before = written(page)
    set_length(page, length)
    page.locator("#seed-text textarea").fill(seed_text)
    page.locator("#seed-text textarea").press("Enter")
    page.wait_for_function(
        """([before, length]) => {
            const text = document.querySelector("#page .page").textContent;
            const done = document.querySelector("#status").textContent.includes("letters in");
            return done && text !== before && [...text].length === length;
        }""",
        arg=[before, len(seed_text) + length],
    )
    return written(page)


def test_writing(visit):
    page = visit()
    expect(page.locator("#page")).to_contain_text("Type how the text starts")
    page.locator("#seed-text textarea").fill("ROMEO:")
    page.locator("#seed-text textarea").press("Enter")
    expect(page.locator("#status")).to_contain_text("500 letters in")
    first = written(page)
    assert first.startswith("ROMEO:") and len(first) == 506
    assert page.locator("#page .seed").text_content() == "ROMEO:"

    expect(page.locator("#write-button")).to_have_text("Continue")
    page.locator("#write-button").click()
    page.wait_for_function("document.querySelector('#page .page').textContent.length === 1006")
    assert written(page).startswith(first), "Continue keeps what stands there"
    page.locator("#undo").click()
    expect(page.locator("#page .page")).to_have_text(first, use_inner_text=False)
    assert page.errors == []


def test_the_same_random_seed_gives_the_same_text_and_the_dice_another(visit):
    page = visit()
    open_more(page)
    page.locator("#always-new input").uncheck()
    page.locator("#random-seed input").fill("7")
    first = write(page, "JULIET:", 200)
    page.reload()
    expect(page.locator("#page .page")).to_have_text(first)  # a reload loses no text
    page = visit()
    open_more(page)
    # The page throws its dice when it opens.
    expect(page.locator("#random-seed input")).not_to_have_value("1")
    page.locator("#always-new input").uncheck()
    page.locator("#random-seed input").fill("7")
    assert write(page, "JULIET:", 200) == first
    page.locator("#dice").click()
    expect(page.locator("#random-seed input")).not_to_have_value("7")
    assert write(page, "JULIET:", 200) != first


def test_examples_write_at_once(visit):
    page = visit()
    page.get_by_role("button", name="The king is").click()
    expect(page.locator("#status")).to_contain_text("letters in")
    assert written(page).startswith("The king is")
    assert page.locator("#seed-text textarea").input_value() == "The king is"


def test_the_beginnings_are_those_of_the_chosen_model(visit, home_folder):
    samples = [{"step": 9, "elapsed_s": 1.0, "text": "sent a seat\nan ant\nten teas\nand so on"}]
    add_model(home_folder, "of-ants", random_checkpoint(samples=samples))
    page = visit()
    buttons = page.locator("#composer .chips button:visible")
    expect(buttons).to_have_text(
        ["ROMEO:", "To be, or not to be", "The king is", "JULIET:↵O", "Once upon a time"]
    )
    buttons.nth(3).click()
    expect(page.locator("#status")).to_contain_text("letters in")
    assert written(page).startswith("JULIET:\nO ")
    choose(page, "model", "of-ants")
    expect(buttons).to_have_text(["sent a seat", "an ant", "ten teas"])
    buttons.nth(1).click()
    expect(page.locator("#page .seed")).to_have_text("an ant")
    assert page.locator("#seed-text textarea").input_value() == "an ant"
    open_tab(page, "How it works")
    expect(page.locator("#how-text")).to_have_value("sent a seat")
    expect(page.locator(".tiles button").last).to_have_attribute("title", re.compile("“t”: number"))
    page.locator("#how-text").fill("an eel")
    open_tab(page, "Look inside")
    expect(page.get_by_role("button", name="A line of Shakespeare")).to_be_hidden()
    open_tab(page, "Write")
    choose(page, "model", "Shakespeare")
    expect(buttons).to_have_count(5)
    open_tab(page, "How it works")
    expect(page.locator("#how-text")).to_have_value("an eel")
    page.get_by_role("button", name="Start again").click()
    expect(page.locator("#how-text")).to_have_value("ROMEO:\nO")
    assert page.errors == []


def test_odd_seed_texts_are_named_and_stand_unchanged(visit):
    page = visit()
    text = write(page, "<b>Ω&amp; 😀</b>", 50)
    assert text.startswith("<b>Ω&amp; 😀</b>")
    expect(page.locator("#status")).to_contain_text("Ω")
    expect(page.locator("#status")).to_contain_text("Skipped")
    assert page.locator("#page .page b").count() == 0, "what visitors type is never markup"


def wait_for_words(page, characters: int, before: str = "") -> None:
    """Wait until more characters of a text are there, another one than stood there."""
    page.wait_for_function(
        """([characters, before]) => {
            const text = document.querySelector("#page .page").textContent;
            return document.querySelector("#page .seed") && text.length > characters &&
                text !== before && document.querySelector("#status .writing");
        }""",
        arg=[characters, before],
    )


def set_length(page, length: int) -> None:
    open_more(page)
    page.locator("#length input[type=number]").fill(str(length))


def test_pause_continue_and_undo(visit, slow_server):
    page = visit(on=slow_server)
    button = page.locator("#write-button")
    expect(button).to_have_text("Write")
    set_length(page, 2000)
    page.locator("#seed-text textarea").fill("ROMEO:")
    button.click()
    wait_for_words(page, 20)
    expect(button).to_have_text("Pause")
    button.click()
    expect(page.locator("#status")).to_contain_text("Paused")
    paused = written(page)
    assert len(paused) < 2006, "it was paused on its way"
    page.wait_for_timeout(300)  # the server goes on
    assert written(page) == paused
    expect(button).to_have_text("Continue")
    button.click()
    wait_for_words(page, len(paused))
    assert written(page).startswith(paused)
    page.locator("#undo").click()
    expect(page.locator("#page")).to_contain_text("Type how the text starts")
    page.locator("#undo").click()
    expect(page.locator("#status")).to_contain_text("nothing to undo")
    assert page.errors == []


def test_another_temperature_counts_from_where_the_text_stands(visit, slow_server):
    page = visit(on=slow_server)
    set_length(page, 500)
    page.locator("#seed-text textarea").fill("ROMEO:")
    page.locator("#seed-text textarea").press("Enter")
    wait_for_words(page, 20)
    page.locator("#write-button").click()
    expect(page.locator("#status")).to_contain_text("Paused")
    paused = written(page)
    page.locator("#temperature input[type=number]").fill("1.4")
    page.locator("#temperature input[type=number]").blur()
    set_length(page, 50)
    with page.expect_request("**/write") as request:
        page.locator("#write-button").click()
    asked = request.value.post_data_json
    assert (asked["seed_text"], asked["temperature"]) == (paused, 1.4)
    expect(page.locator("#status")).to_contain_text("50 letters in")
    assert written(page)[:-50] == paused
    assert page.locator("#page .seed").text_content() == "ROMEO:", "the rest is the network's"
    page.locator("#undo").click()
    expect(page.locator("#page .page")).to_have_text(paused, use_inner_text=False)
    assert page.errors == []


def test_a_new_text_takes_the_place_of_the_one_that_is_being_written(visit, slow_server):
    page = visit(on=slow_server)
    for begin_anew in ("Write", "Start over", "The king is"):
        set_length(page, 2000)
        page.locator("#seed-text textarea").fill("ROMEO:")
        before = written(page)
        page.locator("#seed-text textarea").press("Enter")
        wait_for_words(page, 50, before)
        set_length(page, 50)
        page.locator("#seed-text textarea").fill("KING:")
        page.get_by_role("button", name=begin_anew, exact=True).click()
        expect(page.locator("#status")).to_contain_text(" 50 letters in")
        text = written(page)
        page.wait_for_timeout(500)
        assert written(page) == text, "nobody goes on writing"
        assert text.startswith("The king is" if begin_anew == "The king is" else "KING:")
    assert page.errors == []


def test_what_cannot_be_written_is_refused_in_a_sentence(visit):
    page = visit()
    first = write(page, "O", 50)
    page.locator("#seed-text textarea").fill("x" * 2001)
    page.locator("#seed-text textarea").press("Enter")
    expect(page.locator("#status")).to_contain_text("2,001 characters; use at most 2,000")
    assert written(page) == first, "nothing is lost"
    page.locator("#seed-text textarea").fill("O")
    open_more(page)
    page.locator("#always-new input").uncheck()
    page.locator("#random-seed input").fill("9999999999")
    page.locator("#seed-text textarea").press("Enter")
    expect(page.locator("#status")).to_contain_text("random seed was 9999999999")  # by the server
    assert written(page) == first
    page.locator("#undo").click()  # what was refused has changed nothing
    expect(page.locator("#status")).to_contain_text("50 letters in")
    assert written(page) == first


def test_training_and_writing_with_the_new_model(visit, server, home_folder):
    page = visit()
    page.get_by_role("tab", name="Train").click()
    expect(page.locator("#training-status")).to_contain_text("No training yet")
    page.get_by_label("Practice text").check()
    page.locator("#amount input").fill("3")
    page.get_by_role("button", name="Start").click()
    expect(page.locator("[data-status=running]")).to_be_visible()
    run = Runs(home_folder / "runs").all()[0]

    def points() -> int:
        return sum(
            int(count)
            for count in re.findall(
                r'data-points="(\d+)"', page.locator("#charts").first.inner_html()
            )
        )

    def losses() -> list[float]:
        return [e["val_loss_nats"] for e in records(run) if e["event"] == "validated"]

    page.wait_for_function("document.querySelectorAll('#charts .charlstm-plot').length === 2")
    before = points()
    second = visit("/?__theme=dark")  # another visitor finds the same training
    second.get_by_role("tab", name="Train").click()
    expect(second.locator("[data-status=running]")).to_be_visible()
    page.reload()  # and so does one who reloads
    page.get_by_role("tab", name="Train").click()
    expect(page.locator("[data-status=running]")).to_be_visible()
    wait_until_shown(page, lambda: points() > before)  # the plots grow
    expect(page.locator("#sample")).to_contain_text("What it writes")
    expect(page.locator("#training-status")).to_contain_text("left")
    wait_until_shown(page, lambda: losses()[-1] < losses()[0] - 0.5)  # it learns

    page.get_by_role("button", name="Stop").click()
    expect(page.locator("[data-status=stopped]")).to_be_visible()
    expect(page.locator("#training-status")).to_contain_text("of the next characters")
    expect(page.locator("#details .figures td")).to_have_count(13)
    assert run.paths.checkpoint.exists() and run.ownership.pid() is None

    page.get_by_role("button", name="Write with it").click()
    expect(page.locator("#seed-text textarea")).to_be_visible()
    assert "quick" in page.locator("#model input").input_value()
    assert write(page, "The ", 100).startswith("The ")
    expect(page.locator("#status")).to_contain_text("atch with its training text")
    expect(page.locator("#about-model caption")).to_have_text("On text it never saw (a part of it)")

    page.get_by_role("tab", name="Train").click()  # and on it goes
    expect(page.get_by_role("button", name="Resume")).to_be_enabled()
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("[data-status=running]")).to_be_visible()
    psutil.Process(run.ownership.pid()).kill()
    expect(page.locator("[data-status=interrupted]")).to_be_visible()
    expect(page.get_by_role("button", name="Resume")).to_be_enabled()
    assert page.errors == []


def test_starting_from_a_model(visit, home_folder):
    page = visit()
    page.get_by_role("tab", name="Train").click()
    page.get_by_label("Practice text").check()
    start_from, note = page.locator("#start-from input"), page.locator("#start-note")
    assert "from scratch" in start_from.input_value()
    expect(note).to_have_text("")
    start_from.click()
    page.get_by_role("option", name="Shakespeare (comes with charlstm)").click()
    expect(note).to_contain_text("The model knows all characters of this text.")
    expect(page.locator("#amount input")).to_have_value("4")
    expect(page.locator("#unit input")).to_have_value("times through the text")

    add_model(home_folder, "a newer text", random_checkpoint("\n .aeht"))
    page.locator("#amount input").click()
    start_from.click()  # the list is as new as the click
    page.get_by_role("option", name="a newer text, quick").click()
    expect(note).to_contain_text("LSTM 5 + 7")
    expect(note).to_contain_text("They start from scratch")
    shutil.rmtree(home_folder / "runs" / "a newer text")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_test_id("toast-text")).to_contain_text("here, or not any more")
    assert page.errors == []


def test_a_file_that_is_too_long_is_cut_and_this_is_said_before_the_start(visit, tmp_path):
    page = visit()
    page.get_by_role("tab", name="Train").click()
    page.get_by_label("Files: upload them").check()
    file = tmp_path / "long.txt"
    file.write_bytes(b"abc \n" * 1_100_000)
    page.locator("#upload input[type=file]").set_input_files(str(file))
    expect(page.locator("#text-note")).to_contain_text("longer than 5 MB: only its first 5,000,000")
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_enabled()
    assert page.errors == []


def test_damaged_folders_hide_nothing(visit, home_folder):
    runs = home_folder / "runs"
    damaged = {"no-json": "{", "of-another-version": '{"format": "charlstm-run/1", "recipe": 5}'}
    for name, config in damaged.items():
        (runs / name).mkdir(parents=True)
        (runs / name / "config.json").write_text(config)
    page = visit()
    assert write(page, "The ", 50).startswith("The ")
    page.get_by_role("tab", name="Train").click()
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_enabled()
    assert page.errors == []


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "plain text"),
        ("short.txt", b"Too short.\n", "at least 2,000"),
        ("empty.txt", b" ", "empty"),
    ],
)
def test_bad_files_are_refused_in_a_sentence(visit, tmp_path, name, data, sentence):
    page = visit()
    page.get_by_role("tab", name="Train").click()
    page.get_by_label("Files: upload them").check()
    file = tmp_path / name
    file.write_bytes(data)
    page.locator("#upload input[type=file]").set_input_files(str(file))
    expect(page.locator("#text-note")).to_contain_text(sentence)
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_test_id("toast-body")).to_contain_text(sentence)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_figures_of_the_model_can_be_read_and_copied_on_a_phone(visit, theme):
    page = visit(f"/?__theme={theme}", permissions=["clipboard-read", "clipboard-write"])
    page.set_viewport_size({"width": 390, "height": 844})
    open_more(page)
    page.get_by_text("How good is this model?").click()
    cells = page.locator("#about-model tbody td")
    expect(cells).to_have_count(12)
    boxes = [cells.nth(place).bounding_box() for place in range(12)]
    assert all(box["x"] + box["width"] <= 390 and box["height"] > 0 for box in boxes)
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    page.get_by_role("button", name="Copy the figures").click()
    expect(page.locator(".copy-figures")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("On 111,539 characters of text it never saw:\n")
    assert "Right guesses (accuracy)" in copied
    assert page.errors == []


def test_the_page_fits_and_nothing_comes_from_another_host(visit, server):
    page = visit(color_scheme="light")
    write(page, "KING:", 100)
    for tab, whole in FILLED.items():
        page.set_viewport_size({"width": 1280, "height": 844})  # where Gradio shows all tabs
        open_tab(page, tab)
        page.locator(whole).first.wait_for()
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            expect(page.locator("body.dark")).to_have_count(int(theme == "dark"))
            for width in (1280, 390):
                page.set_viewport_size({"width": width, "height": 844})
                wait_until_shown(page, lambda: overflow(page) <= 0, f"{tab}, {theme}, {width}")
    hosts = {url.split("/")[2] for url in page.requested if url.startswith("http")}
    assert hosts == {server.address.removeprefix("http://")}
    assert page.errors == [], json.dumps(page.errors)
