"""On a Hugging Face Space: an empty home, a checkout that cannot be written to, and strangers."""

import re
import shutil
import subprocess

import pytest
import requests
from playwright.sync_api import expect

from charlstm.network.checkpoint import save_checkpoint
from tests.browsing import needs_browser, open_more, open_tab
from tests.page_server import ROOT, running_page
from tests.tiny_networks import random_checkpoint
from tests.waiting import PATIENCE_S

pytestmark = needs_browser
HOST = "anna-writer.hf.space"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of what the page needs, without what was made in this one."""
    folder = tmp_path_factory.mktemp("space") / "app"
    folder.mkdir()
    (folder / "checkpoints").mkdir()
    for path in (ROOT / "checkpoints").iterdir():
        if path.suffix in (".safetensors", ".xz"):
            shutil.copy(path, folder / "checkpoints")
    shutil.copytree(ROOT / "charlstm", folder / "charlstm", ignore=lambda *_: ["__pycache__"])
    shutil.copy(ROOT / "app.py", folder)
    shutil.copy(ROOT / "requirements.txt", folder)
    return folder


@pytest.fixture(scope="module")
def read_only(checkout):
    """A command that starts another one to which the copy is read-only, even to the superuser."""
    script = f"mount --bind {checkout} {checkout} && mount -o remount,bind,ro {checkout}"
    command = ["unshare", "--mount", "sh", "-c", script + ' && cd . && exec "$@"', "sh"]
    try:
        tried = subprocess.run([*command, "test", "!", "-w", checkout], capture_output=True)
    except FileNotFoundError:
        pytest.skip("there is no unshare here, which makes a folder read-only")
    if tried.returncode != 0:
        pytest.skip("a folder cannot be made read-only here")
    return command


@pytest.fixture(scope="module")
def empty_home(tmp_path_factory):
    return tmp_path_factory.mktemp("visitor-home")


@pytest.fixture(scope="module")
def space(checkout, read_only, empty_home):
    environment = {
        "SPACE_ID": "anna/writer",
        "SPACE_HOST": HOST,
        "SYSTEM": "spaces",
        "HOME": str(empty_home),
        "XDG_DATA_HOME": "",
        "CHARLSTM_HOME": "",
    }
    with running_page(
        empty_home,
        environment=environment,
        folder=checkout,
        launcher=read_only,
        is_measured=False,
    ) as server:
        yield server


def test_it_writes_begins_to_train_and_lets_a_model_come_and_go(
    visit, space, checkout, empty_home, tmp_path
):
    model = tmp_path / "mine.safetensors"
    save_checkpoint(random_checkpoint(), model)
    page = visit(on=space, locale="en-GB")
    health = requests.get(f"{space.address}/health", timeout=PATIENCE_S)
    assert health.status_code == 200
    page.locator("#seed-text textarea").fill("ROMEO:")
    page.locator("#write-button").click()
    expect(page.locator("#status")).to_contain_text("500 letters in")
    page.locator("#qr-code").click()
    expect(page.locator(".stage-code")).to_contain_text(f"https://{HOST}/")
    page.keyboard.press("Escape")

    open_tab(page, "Train")
    expect(page.locator("#train-form")).to_contain_text("This page is shared")
    page.get_by_label("Practice text").check()
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator("#training-status")).to_contain_text(re.compile("Getting ready|Learning"))
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator("[data-status=stopped]")).to_be_visible()

    open_tab(page, "Write")
    open_more(page)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Load…").click()
    chooser.value.set_files(model)
    expect(page.locator("#model input")).to_have_value(re.compile("^mine, loaded"))
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.path().read_bytes() == model.read_bytes()

    made = {path.parent.parent.name for path in empty_home.glob(".local/share/charlstm/*/*/*")}
    assert made == {"runs", "models"}
    assert not list(checkout.glob("**/__pycache__")), "nothing was written there"
    assert page.errors == [], "\n".join(page.errors)
    space.log.seek(0)
    assert "Traceback" not in space.log.read()
