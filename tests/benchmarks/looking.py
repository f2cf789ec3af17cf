"""How soon the page's odds and colours are there: python -m tests.benchmarks.looking

The questions that the page asks for a text of 1,000 characters, asked by a real browser, one after
the other; and how long reading that text takes by itself.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from charlstm.analysis.insight import surprisal
from charlstm.home import shipped_folder
from charlstm.interface.assets import browser_function
from charlstm.network.checkpoint import load_checkpoint
from tests.browsing import CHROMIUM, FLAGS
from tests.page_server import running_page

CHARACTERS = 1000
ASK = browser_function("browser/server.js", "ask")
TURNS = 30
ASKED = {
    "odds, a text that was just pasted": '"odds", "shipped", turn + text.slice(3)',
    "odds, one more character typed": '"odds", "shipped", text.slice(0, 900 + turn)',
    "surprise": '"surprise", "shipped", text',
    "a cell": '"cell", "shipped", text, 2, 217',
}


def main() -> None:
    checkpoint = load_checkpoint(shipped_folder() / "tiny-shakespeare.safetensors")
    text = (checkpoint.samples[-1].text * 10)[:CHARACTERS]
    rows = {}
    with tempfile.TemporaryDirectory() as home, running_page(Path(home)) as server:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_page()
            page.goto(server.address)
            page.locator(".odd:not(:disabled)").first.wait_for(timeout=60_000)
            for name, question in ASKED.items():
                rows[name] = page.evaluate(
                    f"""async (text) => {{
                        const ask = {ASK};
                        const times = [];
                        for (let number = 0; number < {TURNS}; number++) {{
                            const turn = "aeiou"[number % 5] + "aeiou"[Math.floor(number / 5) % 5];
                            const began = performance.now();
                            await ask({question.replace("900 + turn", "900 + number")});
                            times.push(performance.now() - began);
                        }}
                        return times;
                    }}""",
                    text,
                )
            browser.close()
    rows["reading the text, without the page"] = times_ms = []
    for _ in range(TURNS):
        began_s = time.perf_counter()
        surprisal(checkpoint, text)
        times_ms.append(1000 * (time.perf_counter() - began_s))
    print(f"{CHARACTERS:,} characters, {TURNS} times each, milliseconds\n")
    print("| | half | all |\n|---|---|---|")
    for name, times_ms in rows.items():
        print(f"| {name} | {statistics.median(times_ms):.0f} | {max(times_ms):.0f} |")


if __name__ == "__main__":
    main()
