"""Links to texts and tabs, and what a stranger may have put into one: in a real browser."""

import re
from urllib.parse import quote, urlencode, urlsplit

import pytest
from playwright.sync_api import expect

from charlstm.interface.models import SHIPPED_TITLE
from charlstm.writing.sampling import Sampling
from charlstm.writing.single_text import write as write_alone
from tests.browsing import add_model, choose, needs_browser, open_tab, overflow, wait_until_shown
from tests.tiny_networks import random_checkpoint
from tests.writing_visitor import (
    CLIPBOARD,
    TABS,
    a_link,
    expect_text,
    parameters,
    parameters_of,
    set_form,
    share,
    shipped_text,
    write,
)

pytestmark = needs_browser


def shown(page) -> str:
    return page.locator("#page .page").text_content()


def status(page) -> str:
    return page.locator("#status").text_content()


def path_of(link: str) -> str:
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}"


def is_of_models(route) -> bool:
    return route.request.post_data_json["data"] == ["shipped"]


# Sharing


ODD = "<b>Ω&amp; 😀?#%&=+</b>\n "


@pytest.mark.parametrize(
    ("seed_text", "settings"),
    [("ROMEO:", {}), (ODD, {"temperature": 0.123456789, "random_seed": 2**31 - 1}), ("", {})],
    ids=["usual", "odd", "empty"],
)
def test_a_link_gives_the_same_text_on_another_server(visit, slow_server, seed_text, settings):
    page = visit(**CLIPBOARD)
    text = write(page, seed_text, **settings)
    link = share(page)
    assert page.url == link, "the address is the link"
    assert "model" not in parameters(page), "every installation has it"
    other = visit(path_of(link), on=slow_server)
    expect_text(other, text)
    for box, value in {
        "#seed-text textarea": seed_text,
        "#length input[type=number]": 100,
        "#temperature input[type=number]": settings.get("temperature", 0.8),
        "#random-seed input": settings.get("random_seed", 7),
    }.items():
        expect(other.locator(box)).to_have_value(str(value))
    assert other.locator("#page .page b").count() == 0, "what a link brings is never markup"
    assert "Of the link" not in status(other)
    assert page.errors == other.errors == []


def test_a_link_names_another_model_by_its_content(visit, home_folder, slow_server):
    model = add_model(home_folder, "of-mine", random_checkpoint("\n .:EMORaeht"))
    page = visit(**CLIPBOARD)
    choose(page, "model", "of-mine, quick")
    set_form(page, "ROMEO:")
    page.locator("#seed-text textarea").press("Enter")
    pieces = write_alone(
        model, "ROMEO:", length=100, sampling=Sampling(temperature=0.8), random_seed=7
    )
    text = "ROMEO:" + "".join(pieces)
    expect_text(page, text)
    link = share(page)
    expect(page.locator("#status")).to_contain_text("as long as this server has the model")
    name = parameters(page)["model"]
    assert re.fullmatch("[0-9a-f]{16}", name)

    same_server = visit()
    held = []  # the lists of models, of which the page has got those that were there at its start
    same_server.route(
        "**/gradio_api/run/predict*",
        lambda route: held.append(route) if is_of_models(route) else route.continue_(),
    )
    same_server.goto(link)
    expect_text(same_server, text)
    assert held
    for route in held:
        route.continue_()
    expect(same_server.locator("#model input")).to_have_value("of-mine, quick")
    elsewhere = visit(path_of(link), on=slow_server)
    expect(elsewhere.locator("#status")).to_contain_text(
        f"Of the link: The model “{name}” is not here: the Shakespeare model writes instead."
    )
    expect_text(elsewhere, shipped_text("ROMEO:", length=100))
    expect(elsewhere.locator("#model input")).to_have_value(SHIPPED_TITLE)
    assert "model" not in parameters(elsewhere), "the address is of what is shown"


def test_a_text_that_was_continued_is_shared_as_one_longer_text(visit):
    page = visit(**CLIPBOARD)
    write(page, "KING:")
    for length in (200, 300):
        page.locator("#write-button").click()
        expect_text(page, shipped_text("KING:", length=length))
    link = share(page)
    assert parameters_of(link)["text"] == "KING:" and parameters_of(link)["n"] == "300"
    expect_text(visit(path_of(link)), shipped_text("KING:", length=300))


def test_a_text_continued_in_another_way_is_shared_with_what_stood_there(visit):
    page = visit(**CLIPBOARD)
    text = write(page, "KING:")
    set_form(page, "KING:", temperature=0.5)
    page.locator("#write-button").click()
    longer = shipped_text(text, length=100, temperature=0.5)
    expect_text(page, longer)
    link = share(page)
    assert parameters_of(link)["text"] == text
    expect_text(visit(path_of(link)), longer)


def test_a_text_with_a_letter_of_one_s_own_is_shared_without_a_name_for_the_usual_model(visit):
    page = visit(**CLIPBOARD)
    write(page, "KING:")
    page.locator(".odd:not(:disabled)").nth(1).click()
    expect(page.locator("#status")).to_contain_text("Your letter")
    assert "model" not in parameters_of(share(page))
    page.locator("#write-button").click()
    expect(page.locator("#status")).to_contain_text("letters in")
    link = share(page)
    assert "model" not in parameters_of(link)
    expect_text(visit(path_of(link)), shown(page))


def test_a_text_that_is_paused_is_shared_as_a_whole(visit, slow_server):
    page = visit(on=slow_server, **CLIPBOARD)
    set_form(page, "ROMEO:", length=500)
    page.locator("#seed-text textarea").press("Enter")
    wait_until_shown(page, lambda: shown(page).startswith("ROMEO:") and len(shown(page)) > 80)
    page.locator("#write-button").click()
    expect(page.locator("#status")).to_contain_text("Paused")
    link = share(page)
    assert parameters_of(link)["n"] == "500"
    expect_text(visit(path_of(link)), shipped_text("ROMEO:"))


def test_a_beginning_that_no_link_can_hold_is_refused_in_a_sentence(visit):
    page = visit(**CLIPBOARD)
    page.locator("#share").click()
    expect(page.locator("#status")).to_contain_text("no text to share yet: press Write first")
    text = write(page, "O, " * 600)
    page.evaluate("navigator.clipboard.writeText('nothing')")
    page.locator("#share").click()
    expect(page.locator("#status")).to_contain_text("too long for a link")
    assert page.evaluate("navigator.clipboard.readText()") == "nothing"
    # Nor can the page's own address: a server might refuse it after a reload.
    assert len(page.url) < 2000 and parameters(page) == {}
    page.reload()
    expect_text(page, text)
    expect(page.locator("#seed-text textarea")).to_have_value("O, " * 600)


KEEPS_WHAT_IS_SHARED = "navigator.share = async (what) => { window.shared = what; };"


def test_a_phone_shares_in_its_own_way(visit, server):
    page = visit(
        viewport={"width": 390, "height": 844},
        is_mobile=True,
        has_touch=True,
        script=KEEPS_WHAT_IS_SHARED,
    )
    page.locator(".odd:not(:disabled)").first.wait_for()
    write(page, "KING:")
    page.locator("#share").click()
    expect(page.locator("#status")).to_contain_text("Shared.")
    assert page.evaluate("window.shared.url") == page.url
    assert overflow(page) <= 0


# What a stranger may have put into a link


HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.mark.parametrize(
    ("search", "named"),
    [
        (
            f"t=9&n=abc&seed=-1&tab=x&{quote(HOSTILE)}=1",
            [
                f"“{HOSTILE}” is ignored: there is no such setting.",
                "The temperature “9” is ignored: it is not from 0.1 to 1.5.",
                "The length “abc” is ignored: it is not from 50 to 2,000.",
                "The random seed “-1” is ignored: it is not from 0 to 2,147,483,647.",
                "The tab “x” is ignored: there is none of that name.",
            ],
        ),
        (f"t={quote(HOSTILE)}", [f"The temperature “{HOSTILE}” is ignored"]),
        (f"foo={quote(HOSTILE)}", ["“foo” is ignored: there is no such setting."]),
        ("t=0.5&t=0.7", ["“t” is given more than once: only the first counts."]),
        (f"model={quote(HOSTILE)}", [f"The model “{HOSTILE}” is not here"]),
        (f"text={'x' * 2001}", ["The text is ignored: it has more than 2,000 characters."]),
        (f"t={'9' * 5000}", [f"The temperature “{'9' * 60}…” is ignored"]),
        ("t=1e-1&n=0x50&seed=7.5", ["“1e-1” is ignored", "“0x50” is", "“7.5” is ignored"]),
        ("t=%E2%80%AE9%00", ["The temperature “\ufffd9\ufffd” is ignored"]),
        (
            "&".join(f"a{number}=1" for number in range(300)),
            ["“a4” is ignored", "So are 295 more."],
        ),
        ("t=%zz%&&=&==&%00=%00", ["The temperature “%zz%” is ignored"]),
    ],
    ids=range(11),
)
def test_what_is_wrong_in_a_link_is_named_as_text_and_ignored(visit, server, search, named):
    page = visit(f"/?{search}")
    page.on("dialog", lambda dialog: page.errors.append("a script of a stranger ran"))
    remark = page.locator("#status .remark")
    for sentence in named:
        expect(remark).to_contain_text(sentence)
    assert page.locator("#status img, #page img").count() == 0
    assert page.locator("[role=tab][aria-selected=true]").first.text_content() == "Write"
    expect(page.locator("#page")).to_contain_text("Type how the text starts")
    text = write(page, "KING:")  # the page works
    assert remark.text_content() == ""
    assert shown(page) == text
    assert page.errors == []


def test_good_parts_of_a_link_count_where_others_are_wrong(visit):
    page = visit(a_link(text="KING:", t="9", n="100", seed="7", more="x"))
    expect_text(page, shipped_text("KING:", length=100))
    expect(page.locator("#status .remark")).to_contain_text("The temperature “9” is ignored")
    assert parameters(page) == {"text": "KING:", "t": "0.8", "n": "100", "seed": "7", "more": "x"}
    page = visit(a_link(t="0.5"))
    expect(page.locator("#temperature input[type=number]")).to_have_value("0.5")
    expect(page.locator("#page")).to_contain_text("Type how the text starts")


@pytest.mark.parametrize("text", ["\x00\x07", "\r\n\t", "\u202e\ufeffab", "\U0010ffff", "' OR 1=1"])
def test_any_text_can_stand_in_a_link(visit, text):
    page = visit(a_link(text=text, n=50, seed=7))
    expect(page.locator("#status")).to_contain_text("50 letters in")
    assert page.evaluate("document.querySelector('#page .seed').textContent") == text
    assert parameters(page)["text"] == text
    assert page.errors == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_link_s_remarks_fit_on_a_phone_and_stand_in_sight(visit, theme):
    search = urlencode({"text": "KING:", "n": 2000, "t": "9" * 60, "x" * 60: 1, "__theme": theme})
    page = visit(f"/?{search}", width=390, height=844)
    expect(page.locator("#status")).to_contain_text("2,000 letters in")
    expect(page.locator("#status .remark")).to_be_in_viewport(ratio=1)
    assert overflow(page) <= 0


# Tabs


@pytest.mark.parametrize("tab", TABS)
def test_a_link_opens_any_tab(visit, tab):
    page = visit(f"/?tab={tab}&__theme=dark", until=".gradio-container")
    expect(page.locator("[role=tab][aria-selected=true]").first).to_have_text(TABS[tab])
    expect(page.locator("body.dark")).to_have_count(1)
    assert parameters(page) in ({"tab": tab, "__theme": "dark"}, {"__theme": "dark"})
    assert page.errors == []


def test_a_tab_chosen_while_the_page_opens_is_not_taken_back(visit, server):
    page = visit("/")
    held = []
    page.route("**/which_model*", lambda route: held.append(route))
    page.goto(f"{server.address}{a_link(tab='compare', model='0123456789ab')}")
    wait_until_shown(page, lambda: held)
    page.get_by_role("tab", name="Watch").click()
    expect(page.locator("training-story")).to_be_visible()
    for route in held:
        route.continue_()
    expect(page.locator(".remark")).to_contain_text("0123456789ab")
    expect(page.locator("training-story")).to_be_visible()
    open_tab(page, "Write")
    assert "tab=" not in page.url
    open_tab(page, "Watch it learn")
    assert parameters(page)["tab"] == "watch"
