"""The Compare tab in a real browser."""

import pytest
from playwright.sync_api import expect

from charlstm.home import shipped_folder
from charlstm.interface.models import SHIPPED_FILE, SHIPPED_TITLE
from charlstm.network.checkpoint import load_checkpoint
from charlstm.writing.sampling import Sampling
from charlstm.writing.single_text import write
from tests.browsing import (
    add_model,
    choose,
    needs_browser,
    open_compare_more,
    open_tab,
    overflow,
    wait_until_shown,
)
from tests.tiny_networks import random_checkpoint

pytestmark = needs_browser
COPY = {"permissions": ["clipboard-read", "clipboard-write"]}


@pytest.fixture
def open_compare(visit):
    """Opens the page on the Compare tab."""

    def open_page(path="/", **options):
        page = visit(path, **options)
        open_tab(page, "Compare")
        page.locator("#compare-seed-text textarea").wait_for()
        open_compare_more(page)
        return page

    return open_page


def set_number(page, elem_id: str, number) -> None:
    page.locator(f"#{elem_id} input[type=number]").fill(str(number))


def compare(page, seed_text: str, *, length: int = 100, random_seed: int = 7) -> list[str]:
    """Press Write, with this random seed; the columns' texts when all is there."""
    page.locator("#compare-always-new input").uncheck()
    set_number(page, "compare-random-seed", random_seed)
    set_number(page, "compare-length", length)
    page.locator("#compare-seed-text textarea").fill(seed_text)
    page.locator("#compare-write").click()
    page.wait_for_function(
        """([seed, length, said]) => {
            const status = document.querySelector("#compare-status").textContent;
            const pages = [...document.querySelectorAll("#compare-columns .compared .page")];
            const all = pages.map((page) => page.textContent);
            const isWhole = all.some((text) => [...text].length === [...seed].length + length);
            return status.includes(said) && isWhole && all.every((text) => text.startsWith(seed));
        }""",
        arg=[seed_text.replace("\r", "\n"), length, f"random seed {random_seed}."],
    )
    return texts(page)


def texts(page) -> list[str]:
    return page.locator("#compare-columns .compared .page").all_text_contents()


def headings(page) -> list[str]:
    return page.get_by_role("heading", level=2).all_inner_texts()


def shipped_text(seed_text, temperature, *, length=100, random_seed=7) -> str:
    checkpoint = load_checkpoint(shipped_folder() / SHIPPED_FILE)
    return library_text(checkpoint, seed_text, temperature, length, random_seed)


def library_text(checkpoint, seed_text, temperature, length, random_seed) -> str:
    sampling = Sampling(temperature=temperature)
    pieces = write(checkpoint, seed_text, length=length, sampling=sampling, random_seed=random_seed)
    return seed_text + "".join(pieces)


def test_one_model_alone_is_said_before_and_after_writing_and_nothing_is_lost(open_compare):
    page = open_compare()
    before = compare(page, "ROMEO:")
    page.get_by_label("Two models").check()
    expect(page.locator("#compare-note")).to_contain_text("train another one on the Train tab")
    page.locator("#compare-write").click()
    expect(page.locator("#compare-status")).to_contain_text("train another one on the Train tab")
    page.get_by_label("Three temperatures").check()
    expect(page.locator("#compare-columns .compared")).to_have_count(3)
    assert texts(page) == before
    assert page.errors == []


def test_three_temperatures_are_named_and_each_shows_the_library_s_text(open_compare):
    page = open_compare()
    expect(page.locator("#compare-columns")).to_contain_text("Type a beginning")
    assert compare(page, "ROMEO:\r<b>") == [
        shipped_text("ROMEO:\n<b>", temperature) for temperature in (0.3, 0.8, 1.3)
    ]
    assert headings(page) == [
        "Careful temperature 0.3",
        "Balanced temperature 0.8",
        "Wild temperature 1.3",
    ]
    assert page.locator("#compare-columns .seed").all_text_contents() == ["ROMEO:\n<b>"] * 3
    expect(page.locator("#compare-columns .facts")).to_have_count(3)
    expect(page.locator("#compare-columns .facts").first).to_contain_text("different words of")
    expect(page.locator("#compare-status")).to_contain_text(SHIPPED_TITLE)
    page.locator("#compare-temperature-middle input[type=number]").fill("0.5")
    assert compare(page, "KING")[1] == shipped_text("KING", 0.5)
    assert headings(page)[1] == "Careful temperature 0.5"
    assert page.errors == []


def test_enter_writes_each_time_with_a_new_number_that_is_shown(open_compare):
    page = open_compare()
    page.locator("#compare-seed-text textarea").fill("O")
    numbers, before = set(), [""] * 3
    for _ in range(2):
        page.locator("#compare-seed-text textarea").press("Enter")
        page.wait_for_function(
            """(before) => {
                const text = document.querySelector("#compare-columns .compared .page");
                const status = document.querySelector("#compare-status").textContent;
                return text && text.textContent !== before && status.includes("random seed");
            }""",
            arg=before[0],
        )
        number = page.locator("#compare-random-seed input").input_value()
        expect(page.locator("#compare-status")).to_contain_text(f"random seed {number}.")
        numbers.add(number)
        before = texts(page)
        assert [len(text) for text in before] == [301] * 3
    assert len(numbers) == 2
    assert page.errors == []
    assert compare(open_compare(), "O", length=300, random_seed=int(number)) == before


def test_bad_input_is_refused_in_a_sentence_and_nothing_is_lost(open_compare):
    page = open_compare()
    before = compare(page, "O")
    page.locator("#compare-seed-text textarea").fill("x" * 2001)
    page.locator("#compare-write").click()
    expect(page.locator("#compare-status")).to_contain_text("use at most 2,000")
    assert texts(page) == before
    assert page.errors == []


def test_the_other_mode_has_columns_of_its_own(open_compare):
    page = open_compare()
    before = compare(page, "O")
    page.get_by_label("Two models").check()
    expect(page.locator("#compare-columns .compared")).to_have_count(0)
    expect(page.locator("#compare-columns")).to_contain_text("Type a beginning")
    page.get_by_label("Three temperatures").check()
    expect(page.locator("#compare-columns .compared")).to_have_count(3)
    assert texts(page) == before
    assert page.errors == []


def wait_for_words(page, characters: int) -> None:
    page.wait_for_function(
        """(characters) =>
            document.querySelector("#compare-columns .compared .page")?.textContent.length >
                characters""",
        arg=characters,
    )


def test_stop_keeps_what_stands_there(open_compare, slow_server):
    page = open_compare(on=slow_server)
    page.locator("#compare-seed-text textarea").fill("ROMEO:")
    set_number(page, "compare-length", 2000)
    page.locator("#compare-write").click()
    wait_for_words(page, 30)
    status = page.locator("#compare-status")
    page.locator("#compare-stop").click()
    expect(status).to_contain_text("Stopped")
    expect(status).to_have_text("Stopped.", use_inner_text=True)
    stopped = texts(page)
    assert all(6 < len(text) < 2006 for text in stopped)
    page.wait_for_timeout(300)
    assert texts(page) == stopped, "nobody goes on writing"
    assert [len(text) for text in compare(page, "O", length=50)] == [51] * 3
    assert page.errors == []


def test_a_new_comparison_takes_the_place_of_the_one_that_is_being_written(
    open_compare, slow_server
):
    page = open_compare(on=slow_server)
    page.locator("#compare-seed-text textarea").fill("ROMEO:")
    set_number(page, "compare-length", 2000)
    page.locator("#compare-write").click()
    wait_for_words(page, 30)
    assert [len(text) for text in compare(page, "KING:", length=50)] == [55] * 3
    page.wait_for_timeout(500)
    assert all(text.startswith("KING:") and len(text) == 55 for text in texts(page))
    assert page.errors == []


def test_a_column_can_be_copied(open_compare):
    page = open_compare(**COPY)
    before = compare(page, "ROMEO:")
    page.get_by_role("button", name="Copy the text: Wild").click()
    expect(page.locator(".copy-column").nth(2)).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == before[2]
    assert page.errors == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_on_a_phone_a_swipe_leads_from_text_to_text(open_compare, theme):
    page = open_compare(f"/?__theme={theme}", width=390)
    assert overflow(page) <= 0
    compare(page, "KING:")
    assert overflow(page) <= 0
    columns = page.locator("#compare-columns .compared")
    boxes = [columns.nth(place).bounding_box() for place in range(3)]
    assert len({box["y"] for box in boxes}) == 1 and boxes[0]["width"] > 300
    button = page.locator("#compare-write").bounding_box()
    assert boxes[0]["y"] - button["y"] < 150, "the texts stand right below the button"
    columns.nth(2).scroll_into_view_if_needed()

    def is_in_sight() -> bool:
        box = columns.nth(2).bounding_box()
        return 0 <= box["x"] and box["x"] + box["width"] <= 390

    wait_until_shown(page, is_in_sight)
    page.get_by_label("Two models").check()
    expect(page.locator("#compare-models")).to_be_visible()
    expect(page.locator("#compare-temperatures")).to_be_hidden()
    assert overflow(page) <= 0
    assert page.errors == []


def test_two_models_stand_side_by_side_the_newest_on_the_right(open_compare, home_folder):
    page = open_compare()
    page.get_by_label("Two models").check()
    expect(page.locator("#compare-note")).to_contain_text("only one model")
    model = random_checkpoint("\n .:EMORaeht")
    add_model(home_folder, "1000-first", model)
    page.get_by_label("Three temperatures").check()
    page.get_by_label("Two models").check()  # a training that has ended since is found
    expect(page.locator("#compare-right input")).to_have_value("1000-first, quick")
    expect(page.locator("#compare-note")).to_have_text("", use_inner_text=True)
    left, right = compare(page, "ROMEOZ:")
    assert left == shipped_text("ROMEOZ:", 0.8)
    assert right == library_text(model, "ROMEOZ:", 0.8, 100, 7)
    assert headings(page) == [
        f"{SHIPPED_TITLE} temperature 0.8",
        "1000-first, quick temperature 0.8",
    ]
    facts = page.locator("#compare-columns .facts")
    expect(facts.first).not_to_contain_text("Skipped")
    expect(facts.nth(1)).to_contain_text("Skipped Z")

    add_model(home_folder, "1001-second", model)
    damaged = home_folder / "runs" / "1001-second" / "checkpoint.safetensors"
    damaged.write_bytes(b"garbage" * 99)
    # The list is as new as the click.
    choose(page, "compare-left", "1000-first, quick", once_listed="1001-second, quick")
    expect(page.locator("#compare-right input")).to_have_value("1001-second, quick")
    left, right = compare(page, "ROMEO:", random_seed=8)
    assert left == library_text(model, "ROMEO:", 0.8, 100, 8)
    assert right == "ROMEO:"
    expect(facts.nth(1)).to_contain_text("no checkpoint")
    assert all("status of 500" in error for error in page.errors)


def test_when_no_text_can_be_written_the_earlier_ones_stay(open_compare):
    page = open_compare()
    before = compare(page, "O")
    sentence = "This model <is> not here any more."
    page.route("**/write", lambda route: route.fulfill(status=404, json={"error": sentence}))
    page.locator("#compare-write").click()
    expect(page.locator("#compare-status")).to_contain_text(sentence)
    assert texts(page) == before
    page.unroute_all()
    assert compare(page, "KING", random_seed=8)[0].startswith("KING")


def test_texts_go_on_after_a_broken_connection(open_compare):
    page = open_compare()
    cut = iter(range(3))

    def cut_once(route) -> None:
        """Of each column's text only the beginning arrives."""
        if next(cut, None) is None:
            route.continue_()
            return
        begin = '{"text": "O", "model": "tiny-shakespeare", "unknown": "", "is_ready": true}'
        body = f"event: begin\ndata: {begin}\n\n"
        route.fulfill(body=body, content_type="text/event-stream")

    page.route("**/write", cut_once)
    assert compare(page, "O") == [shipped_text("O", temperature) for temperature in (0.3, 0.8, 1.3)]
    page.unroute_all()
    assert page.errors == []
