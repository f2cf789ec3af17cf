"""Models are downloaded, loaded, renamed, deleted and brought back: in a real browser."""

import base64
import re

import pytest
from playwright.sync_api import expect

from charlstm.network.checkpoint import save_checkpoint
from charlstm.network.training_record import Sample
from charlstm.text.corpus import practice_text
from tests.browsing import add_model, needs_browser, open_more, open_tab
from tests.tiny_networks import random_checkpoint

pytestmark = needs_browser
SHIPPED_TITLE = "Shakespeare (comes with charlstm)"

DROP = """([name, content]) => {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([bytes], name));
    const options = { bubbles: true, cancelable: true, dataTransfer };
    const target = document.querySelector("#tabs");
    return ["dragover", "drop"].map((kind) => target.dispatchEvent(new DragEvent(kind, options)));
}"""


@pytest.fixture
def page(visit, home_folder):
    return visit()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "my novel.safetensors"
    sample = Sample(step=1, elapsed_s=0.5, text="sense")
    save_checkpoint(random_checkpoint(random_seed=100, samples=(sample,)), path)
    return path


def drop(page, name: str, content: bytes) -> None:
    prevented = page.evaluate(DROP, [name, base64.b64encode(content).decode()])
    assert prevented == [False, False], "the browser would leave the page for the file"


def note(page):
    return page.locator("#more model-note")


def chosen(page):
    return page.locator("#model input")


def load(page, path) -> None:
    open_more(page)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Load…").click()
    chooser.value.set_files(path)


def test_a_model_is_loaded_written_with_renamed_deleted_and_brought_back(page, file):
    load(page, file)
    expect(note(page)).to_contain_text("is loaded, a network of 665 weights: now it is chosen.")
    expect(chosen(page)).to_have_value(re.compile("^my novel, loaded, "))
    page.locator("#seed-text textarea").fill("sense")
    page.locator("#write-button").click()
    expect(page.locator("#status")).to_contain_text("500 letters in")

    page.get_by_role("button", name="Rename").click()
    box = page.locator("#model-title input, #model-title textarea")
    expect(box).to_have_value(re.compile("^my novel, loaded, "))
    box.fill("Grandmother's letters")
    box.press("Enter")
    expect(note(page)).to_contain_text("It is called “Grandmother's letters” now.")
    expect(chosen(page)).to_have_value("Grandmother's letters")
    expect(box).to_be_hidden()

    page.get_by_role("button", name="Delete").click()
    expect(note(page)).to_contain_text("“Grandmother's letters” is deleted.")
    expect(chosen(page)).to_have_value(SHIPPED_TITLE)
    note(page).get_by_role("button", name="Undo").click()
    expect(note(page)).to_contain_text("is back")
    expect(chosen(page)).to_have_value("Grandmother's letters")
    open_tab(page, "Watch it learn")
    page.locator("#watch-choice input").click()
    expect(page.get_by_role("option", name="Grandmother's letters")).to_be_visible()
    assert page.errors == []


def test_what_was_trained_here_goes_to_another_machine_and_comes_back(page, home_folder):
    add_model(home_folder, "hers", random_checkpoint(random_seed=5))
    open_more(page)
    chosen(page).click()
    page.get_by_role("option", name=re.compile("quick")).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    name = download.value.suggested_filename
    assert re.fullmatch(r"[\w-]*quick[\w-]*\.safetensors", name)
    expect(note(page)).to_contain_text(f"{name} (0.0 MB) is downloaded.")
    page.get_by_role("button", name="Delete").click()
    expect(note(page)).to_contain_text("is deleted")
    content = download.value.path().read_bytes()
    note(page).get_by_role("button", name="Undo").click()
    expect(note(page)).to_contain_text("is back")
    open_tab(page, "Train")
    with page.expect_download() as again:
        page.locator("#download-training").click()
    assert again.value.path().read_bytes() == content
    there = page.locator("#train-now model-note")
    expect(there).to_contain_text("is downloaded")
    page.locator("#delete-training").click()
    expect(there).to_contain_text("is deleted")
    expect(page.locator("#training-status")).to_contain_text("No training yet")
    there.get_by_role("button", name="Undo").click()
    expect(there).to_contain_text("is back")
    expect(page.locator("#download-training")).to_be_visible()

    open_tab(page, "Write")
    page.get_by_role("button", name="Delete").click()
    expect(note(page)).to_contain_text("is deleted")
    drop(page, name, content)
    expect(note(page)).to_contain_text("is loaded")
    expect(chosen(page)).to_have_value(re.compile(f"^{name[:10]}.*, loaded, "))
    assert page.errors == []


def test_lists_are_loaded_one_after_the_other_so_that_no_older_answer_comes_last(
    page, home_folder, file
):
    add_model(home_folder, "hers", random_checkpoint(random_seed=5))
    open_more(page)
    chosen(page).click()
    page.get_by_role("option", name=re.compile("quick")).click()
    asked = []

    def hold_the_first(route):
        if '"event_data":null' in route.request.post_data:  # of the button, as no other
            asked.append(route)
        if route not in asked[:1]:
            route.continue_()

    page.route("**/gradio_api/run/predict", hold_the_first)
    page.get_by_role("button", name="Delete").click()
    expect(note(page)).to_contain_text("is deleted")
    drop(page, file.name, file.read_bytes())
    expect(note(page)).to_contain_text("is loaded")
    assert len(asked) == 1
    asked[0].continue_()
    expect(chosen(page)).to_have_value(re.compile("^my novel"))
    assert len(asked) == 2
    assert page.errors == []


def test_a_model_may_be_dropped_on_any_tab(page, file):
    open_tab(page, "Compare")
    drop(page, file.name, file.read_bytes())
    expect(page.locator("#seed-text textarea")).to_be_visible()  # the Write tab
    expect(note(page)).to_contain_text("is loaded")
    expect(chosen(page)).to_have_value(re.compile("^my novel"))


def test_a_text_that_is_dropped_beside_the_box_is_taken_to_it(page):
    drop(page, "mine.txt", practice_text().text[:5000].encode())
    # Gradio shows the name in two parts, now and then with a space between them.
    expect(page.locator("#upload").get_by_label("mine.txt")).to_be_visible()
    expect(page.locator("#text-note")).to_contain_text("characters")
    assert page.errors == []


def test_what_is_no_model_is_refused_and_nothing_changes(page, file):
    open_more(page)
    for content in (b"%PDF-1.7", file.read_bytes()[:-100]):
        drop(page, "broken.safetensors", content)
        expect(note(page)).to_contain_text("broken.safetensors is")
        expect(chosen(page)).to_have_value(SHIPPED_TITLE)
    page.get_by_role("button", name="Delete").click()
    expect(note(page)).to_contain_text("comes with charlstm: it cannot be deleted")
    page.get_by_role("button", name="Rename").click()
    page.get_by_role("button", name="Keep").click()
    expect(note(page)).to_contain_text("cannot be renamed")


def test_without_a_server_it_is_said(page, file):
    page.route("**/model-file*", lambda route: route.abort())
    load(page, file)
    expect(note(page)).to_contain_text("did not reach the server: try again")
    page.unroute_all()
    load(page, file)
    expect(note(page)).to_contain_text("is loaded")


def test_the_hub_says_what_is_wrong(page):
    open_more(page)
    page.get_by_role("button", name="Hugging Face Hub").click()
    page.get_by_role("button", name="Get it").click()
    expect(note(page)).to_contain_text("'' is no name of a model on the Hub: give owner/name")
