"""Makes the picture of link previews again: python -m tests.preview_picture

It shows what the bundled model wrote after a seed text, up to a letter that is still to come, and
how likely that letter is which. Messengers show it as small as a stamp.
"""

import base64
import contextlib
from html import escape

from playwright.sync_api import sync_playwright

from charlstm import bootstrap
from charlstm.analysis.insight import log_probabilities
from charlstm.home import shipped_folder
from charlstm.interface.assets import FOLDER, FONT
from charlstm.interface.link_preview import PICTURE, PICTURE_SIZE
from charlstm.interface.models import SHIPPED_FILE
from charlstm.network.checkpoint import Checkpoint, load_checkpoint
from charlstm.writing.sampling import Sampling, probabilities
from charlstm.writing.single_text import write

SEED_TEXT, TEMPERATURE, RANDOM_SEED = "JULIET:", 0.6, 7
LAST_WORDS = "sorrow f"  # where the picture stops
LETTERS = 5

PAGE = """<!doctype html><meta charset="utf-8"><style>
@font-face { font-family: "Source Serif 4"; src: url("data:font/woff2;base64,FONT"); }
* { box-sizing: border-box; margin: 0; }
body { background: #faf9f7; color: #1c1917; display: grid; font-family: "DejaVu Sans", sans-serif;
  grid-template: auto 1fr auto / 1fr; height: 630px; padding: 44px 60px 40px; width: 1200px; }
header { align-items: baseline; display: flex; gap: 26px; }
h1 { font: 400 60px "Source Serif 4"; letter-spacing: -0.01em; }
header p { color: #57534e; font-size: 29px; }
.text { align-self: center; font-family: "Source Serif 4"; font-size: 48px;
  line-height: 1.3; white-space: pre; }
.text b { color: #4338ca; font-weight: 400; }
.text i { background: #f59e0b; display: inline-block; height: 1em; margin-left: 4px;
  vertical-align: -0.12em; width: 0.42em; }
.odds { display: grid; gap: 20px; grid-template-columns: repeat(5, 1fr); }
.odd { align-items: center; background: #fff; border: 2px solid #e7e5e4; border-radius: 14px;
  display: grid; gap: 18px; grid-template-columns: auto 1fr; height: 150px; padding: 0 22px;
  overflow: hidden; position: relative; }
.odd u { background: #fde68a; bottom: 0; left: 0; position: absolute; text-decoration: none;
  width: 100%; }
.odd b, .odd span { position: relative; }
.odd b { font: 400 76px "Source Serif 4"; }
.odd span { font-size: 34px; text-align: right; }
</style><header><h1>charlstm</h1><p>a small network that writes, one letter at a time</p></header>
<p class="text">TEXT<i></i></p><div class="odds">ODDS</div>"""


def main() -> None:
    checkpoint = load_checkpoint(shipped_folder() / SHIPPED_FILE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=bootstrap.find_chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        with contextlib.closing(browser):
            width, height = PICTURE_SIZE
            page = browser.new_page(viewport={"width": width, "height": height})
            page.set_content(page_of(checkpoint))
            page.screenshot(path=PICTURE)
    print(f"{PICTURE}: {PICTURE.stat().st_size:,} bytes")


def page_of(checkpoint: Checkpoint) -> str:
    sampling = Sampling(temperature=TEMPERATURE)
    pieces = write(checkpoint, SEED_TEXT, length=400, sampling=sampling, random_seed=RANDOM_SEED)
    text = "".join(pieces)
    text = text[: text.index(LAST_WORDS) + len(LAST_WORDS)]
    weights = probabilities(log_probabilities(checkpoint, SEED_TEXT + text), sampling)
    odds = ""
    for id_ in (-weights).argsort(kind="stable")[:LETTERS]:
        percent = 100 * weights[id_]
        sign = escape(checkpoint.vocabulary.characters[id_])
        said = f"{percent:.0f}%" if percent >= 1 else "&lt; 1%"
        odds += (
            f'<div class="odd"><u style="height: {percent:.1f}%"></u><b>{sign}</b>'
            f"<span>{said}</span></div>"
        )
    shown = f"<b>{escape(SEED_TEXT)}</b>{escape(text)}"
    font = base64.b64encode((FOLDER / FONT).read_bytes()).decode()
    return PAGE.replace("TEXT", shown).replace("ODDS", odds).replace("FONT", font)


if __name__ == "__main__":
    main()
