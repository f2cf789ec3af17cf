"""The stage: large type, led by keys alone, in a real browser."""

from playwright.sync_api import expect

from tests.browsing import needs_browser, wait_until_shown

pytestmark = needs_browser
OWN = {"color_scheme": "light"}  # a browser of one's own, which keeps nothing


def stage(visit, **options):
    page = visit("/?stage=1", width=1280, height=720, **{**OWN, **options})
    expect(page.locator("body.stage")).to_have_count(1)
    return page


def paper(page) -> str:
    return page.locator("#page .page").text_content()


def test_a_text_is_written_by_keys_alone(visit):
    page = stage(visit)
    expect(page.get_by_role("tablist")).to_be_hidden()
    page.locator("#seed-text textarea").fill("ROMEO:")
    page.locator("#seed-text textarea").press("Escape")
    page.keyboard.press("ArrowRight")
    wait_until_shown(page, lambda: len(paper(page)) == len("ROMEO:") + 1)
    page.keyboard.press("ArrowRight")
    wait_until_shown(page, lambda: len(paper(page)) == len("ROMEO:") + 2)
    page.keyboard.press("ArrowUp")
    expect(page.locator("#temperature input[type=number]")).to_have_value("0.9")
    size = page.locator("#page .page").evaluate("page => getComputedStyle(page).fontSize")
    assert size == "32px"
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), "nothing scrolls"
    page.keyboard.press("Escape")
    expect(page.locator("body.stage")).to_have_count(0)
    assert "stage" not in page.url
    page.keyboard.press("s")
    expect(page.locator("body.stage")).to_have_count(1)
    assert page.errors == []


def test_the_keys_are_letters_where_somebody_types(visit):
    page = stage(visit)
    page.locator("#seed-text textarea").press_sequentially("squ 1?")
    assert page.locator("#seed-text textarea").input_value() == "squ 1?"
    expect(page.locator("body.stage")).to_have_count(1)
    expect(page.locator("dialog")).to_have_count(0)


def test_the_story_has_five_steps(visit):
    page = stage(visit)
    caption = page.locator(".stage-caption")
    seen = []
    for step in range(1, 6):
        page.keyboard.press("n")
        expect(caption).to_contain_text(f"{step}/5")
        seen.append(page.locator("[role=tab][aria-selected=true]").get_attribute("data-tab-id"))
        if step == 3:
            expect(page.locator("#seed-text textarea")).to_be_focused()
            page.keyboard.press("Escape")
    assert seen == ["watch", "watch", "write", "compare", "inside"]
    page.keyboard.press("2")
    expect(caption).to_contain_text("2/5")
    assert page.errors == []


def test_the_code_fills_the_window_and_goes_again(visit):
    page = stage(visit)
    page.keyboard.press("q")
    expect(page.locator("dialog.stage-code")).to_contain_text("--host 0.0.0.0")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    # Not by a route: Chromium may send what is asked for in the next moment past a new one.
    page.evaluate(
        """() => {
          window.fetch = async () => ({ json: async () => ({ address: "http://192.0.2.7/" }) });
        }"""
    )
    page.keyboard.press("q")
    picture = page.locator("dialog.stage-code img")
    wait_until_shown(page, lambda: picture.evaluate("image => image.complete"))
    assert picture.evaluate("image => image.naturalWidth") > 0
    assert picture.bounding_box()["height"] > 500
    expect(page.locator("dialog.stage-code")).to_contain_text("http://192.0.2.7/")
    page.keyboard.press("q")
    expect(page.locator("dialog")).to_have_count(0)


def test_a_reset_forgets_what_the_last_audience_wrote(visit):
    page = stage(visit)
    page.locator("#seed-text textarea").fill("A secret of the room:")
    page.locator("#seed-text textarea").press("Enter")
    expect(page.locator("#status")).to_contain_text("letters in")
    page.locator("#seed-text textarea").press("Escape")
    page.keyboard.press("r")
    expect(page.locator("#page")).not_to_contain_text("A secret")
    expect(page.locator("body.stage")).to_have_count(1)
    expect(page.locator("#seed-text textarea")).to_have_value("")
    kept = page.evaluate("JSON.stringify({ ...sessionStorage, ...localStorage })")
    assert "A secret" not in kept


def test_after_a_word_of_the_audience_the_keys_are_those_of_the_stage(visit):
    page = stage(visit)
    page.keyboard.press("3")
    box = page.locator("#seed-text textarea")
    expect(box).to_be_focused()
    page.keyboard.type("dragon")
    page.keyboard.press("Enter")
    expect(box).not_to_be_focused()
    expect(page.locator("#page .seed")).to_have_text("dragon")
    page.keyboard.press("n")
    expect(page.locator(".stage-caption")).to_contain_text("4/5")
    expect(box).to_have_value("dragon")
    assert page.errors == []


def test_one_letter_does_not_change_the_speed_for_good(visit):
    page = stage(visit)
    page.keyboard.press("ArrowRight")
    wait_until_shown(page, lambda: page.locator("#page .lines").count() and paper(page) != "")
    page.keyboard.press(" ")
    expect(page.locator("#status")).to_contain_text("letters in")
    assert page.evaluate("localStorage.getItem('charlstm-speed')") != "Step"


def test_what_is_held_in_the_hand_turns_the_story_also_while_a_word_is_given(visit):
    page = stage(visit)
    caption = page.locator(".stage-caption")
    for step in (1, 2, 3):
        page.keyboard.press("PageDown")
        expect(caption).to_contain_text(f"{step}/5")
    box = page.locator("#seed-text textarea")
    expect(box).to_be_focused()
    expect(caption).to_contain_text("Type it and press Enter. Then N goes on.")
    page.keyboard.type("dragon")
    page.keyboard.press("PageDown")
    expect(caption).to_contain_text("4/5")
    expect(page.locator("#compare-seed-text textarea")).to_have_value("dragon")
    page.keyboard.press("PageUp")
    expect(caption).to_contain_text("3/5")
    assert page.errors == []


def test_the_keys_close_what_explains_them_and_act(visit):
    page = stage(visit)
    page.keyboard.press("?")
    expect(page.locator("dialog.stage-help")).to_be_visible()
    page.keyboard.press("?")
    expect(page.locator("dialog")).to_have_count(0)
    page.keyboard.press("?")
    page.keyboard.press("n")
    expect(page.locator("dialog")).to_have_count(0)
    expect(page.locator(".stage-caption")).to_contain_text("1/5")


def test_texts_are_compared_in_whole_lines_above_the_caption(visit):
    page = stage(visit)
    page.keyboard.press("4")
    expect(page.locator("#compare-columns .page").first).to_contain_text("ROMEO:")
    page.wait_for_function(
        """() => {
          const page = document.querySelector("#compare-columns .page");
          return page.scrollHeight > page.clientHeight;
        }"""
    )
    bottom = page.locator("#compare-columns .page").first.evaluate(
        "page => page.getBoundingClientRect().bottom"
    )
    assert bottom < page.locator(".stage-caption").bounding_box()["y"]
