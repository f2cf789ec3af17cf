"""Makes the README's pictures again: python -m tests.screenshots [MINUTES]

Starts the page, writes a text, trains the recipe quick for MINUTES (3) and takes a picture of each.
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from charlstm import bootstrap
from tests.page_server import ROOT, running_page

FOLDER = ROOT / "tests" / "pictures"
SIZE = {"width": 1180, "height": 820}


def main(minutes: float) -> None:
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as home,
        running_page(Path(home)) as (address, _, _),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=bootstrap.find_chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport=SIZE)
        page.goto(address)
        page.locator("#always-new input").uncheck()
        page.wait_for_timeout(500)
        page.locator("#random-seed input").fill("2026")
        page.locator("#seed-text textarea").fill("ROMEO:")
        page.locator("#seed-text textarea").press("Enter")
        page.get_by_text("characters in").wait_for()
        page.locator("#seed-text textarea").blur()
        page.screenshot(path=FOLDER / "write.png")
        page.get_by_role("tab", name="Train").click()
        page.get_by_label("Practice text").check()
        page.locator("#amount input").fill(str(minutes))
        page.get_by_role("button", name="Start").click()
        page.locator("[data-status=finished]").wait_for(timeout=1000 * (60 * minutes + 120))
        page.mouse.move(0, 0)
        page.wait_for_timeout(1500)
        page.screenshot(path=FOLDER / "train.png")
        browser.close()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 3)
