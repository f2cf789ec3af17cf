"""Makes the README's pictures again: python -m tests.screenshots [MINUTES]

Starts the page, writes a text, trains the recipe quick for MINUTES (3) and takes a picture of each.
"""

import contextlib
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from charlstm import bootstrap
from charlstm.home import downloads_folder
from tests.page_server import ROOT, running_page

FOLDER = ROOT / "tests" / "pictures"
SIZE = {"width": 1240, "height": 880}
TALL = {"width": 1240, "height": 1000}


def main(minutes: float) -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        if downloads_folder().is_dir():  # else the text is downloaded anew
            shutil.copytree(downloads_folder(), Path(home) / "downloads")
        with running_page(Path(home)) as server:
            take(playwright, server.address, minutes)


def take(playwright, address: str, minutes: float) -> None:
    with contextlib.closing(
        playwright.chromium.launch(
            executable_path=bootstrap.find_chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
    ) as browser:
        page = browser.new_page(viewport=SIZE)
        page.add_init_script("localStorage.setItem('charlstm-visited', 'yes')")
        page.goto(address)
        page.locator("#more-button").click()
        page.locator("#always-new input").uncheck()
        page.wait_for_timeout(500)
        page.locator("#random-seed input").fill("2026")
        page.locator("#seed-text textarea").fill("ROMEO:")
        page.locator("#seed-text textarea").press("Enter")
        page.locator("#more-button").click()
        page.wait_for_timeout(9000)  # letter by letter
        page.locator("#write-button").click()
        page.locator("#seed-text textarea").blur()
        page.wait_for_timeout(500)
        page.screenshot(path=FOLDER / "write.png")
        page.get_by_role("tab", name="Train").click()
        page.locator("#amount input").fill(str(minutes))
        page.get_by_role("button", name="Start").click()
        page.locator("[data-status=finished]").wait_for(timeout=1000 * (60 * minutes + 120))
        page.mouse.move(0, 0)
        page.wait_for_timeout(1500)
        page.set_viewport_size(TALL)
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_timeout(500)
        page.screenshot(path=FOLDER / "train.png")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 3)
