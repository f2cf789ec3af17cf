"""Makes the README's pictures again: python -m tests.screenshots [MINUTES]

Starts the page, writes a text and trains the recipe quick for MINUTES (3). Takes a picture of each,
and an animated one of both.
"""

import contextlib
import io
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from charlstm import bootstrap
from charlstm.home import downloads_folder
from tests.page_server import ROOT, running_page

FOLDER = ROOT / "tests" / "pictures"
SIZE = {"width": 1280, "height": 720}
FRAME = (800, 450)  # of the animation
LETTER_FRAMES, LETTER_MS = 36, 120
TRAINING_FRAMES, TRAINING_FRAME_MS = 40, 150
LAST_MS = 4000
IN_DOUBT_PERCENT, MOST_UNDONE = 40, 40
MOST_BYTES = 2_000_000


class Film:
    """The frames of the animation."""

    def __init__(self):
        self._frames: list[Image.Image] = []
        self._times_ms: list[int] = []

    def take(self, page: Page, shown_ms: int) -> None:
        frame = Image.open(io.BytesIO(page.screenshot()))
        self._frames.append(frame.convert("RGB").resize(FRAME, Image.Resampling.LANCZOS))
        self._times_ms.append(shown_ms)

    def save(self, path: Path) -> None:
        for quality in (70, 50, 30):
            self._frames[0].save(
                path,
                save_all=True,
                append_images=self._frames[1:],
                duration=self._times_ms,
                loop=0,
                quality=quality,
                method=6,
            )
            if path.stat().st_size <= MOST_BYTES:
                return
        raise SystemExit(f"{path} has {path.stat().st_size:,} bytes: take fewer frames.")


def main(minutes: float) -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        if downloads_folder().is_dir():  # else the text is downloaded anew
            shutil.copytree(downloads_folder(), Path(home) / "downloads")
        with running_page(Path(home), is_measured=False) as server:
            take(playwright, server.address, minutes)


def take(playwright, address: str, minutes: float) -> None:
    with contextlib.closing(
        playwright.chromium.launch(
            executable_path=bootstrap.find_chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
    ) as browser:
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.add_init_script("localStorage.setItem('charlstm-visited', 'yes')")
        page.goto(address)
        film = Film()
        write(page, film)
        train(page, film, minutes)
        film.save(FOLDER / "charlstm.webp")


def write(page: Page, film: Film) -> None:
    page.locator("#more-button").click()
    page.locator("#always-new input").uncheck()
    page.wait_for_timeout(500)
    page.locator("#random-seed input").fill("2026")
    page.locator("#seed-text textarea").fill("ROMEO:")
    page.locator("#more-button").click()
    film.take(page, 1000)
    page.locator("#seed-text textarea").press("Enter")
    page.locator("#page .seed").wait_for()
    for _ in range(LETTER_FRAMES):
        film.take(page, LETTER_MS)
        page.wait_for_timeout(LETTER_MS)
    page.wait_for_timeout(3000)
    page.locator("#write-button").click()
    page.locator("#seed-text textarea").blur()
    undo_until_in_doubt(page)
    page.screenshot(path=FOLDER / "write.png")
    film.take(page, 1500)


def undo_until_in_doubt(page: Page) -> None:
    """Take letters back to a place where several are likely: there is more to see."""
    for _ in range(MOST_UNDONE):
        page.wait_for_timeout(500)
        if float(page.locator(".percent").first.inner_text().strip("<> %")) < IN_DOUBT_PERCENT:
            return
        page.locator(".next-odds .back").click()


def train(page: Page, film: Film, minutes: float) -> None:
    page.get_by_role("tab", name="Train").click()
    page.locator("#amount input").fill(str(minutes))
    page.locator("#train-promise .charlstm-plot").wait_for()
    page.wait_for_timeout(1500)
    film.take(page, 2000)
    page.get_by_role("button", name="Start", exact=True).click()
    page.locator("[data-status=preparing] .preparations .now").wait_for()
    film.take(page, 1500)
    page.locator("[data-status=running]").wait_for(timeout=120_000)
    for _ in range(TRAINING_FRAMES):
        film.take(page, TRAINING_FRAME_MS)
        page.wait_for_timeout(60_000 * minutes / TRAINING_FRAMES)
    page.locator("[data-status=finished]").wait_for(timeout=1000 * (60 * minutes + 120))
    page.mouse.move(0, 0)
    page.wait_for_timeout(1500)
    page.screenshot(path=FOLDER / "train.png")
    film.take(page, LAST_MS)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 3)
