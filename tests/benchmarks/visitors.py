"""How the page serves a crowd: real HTTP clients of Gradio's queue, in another process.

python -m tests.benchmarks.visitors [--quick]

Everybody presses Write for 500 characters: some at the same moment, then 20 a second for two
minutes (with --quick: 20 seconds), then 20 at once while a training runs on the same cores.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil

from tests.benchmarks.gradio_visitor import Visit, write
from tests.page_server import ROOT, running_page

CROWDS = (1, 20, 100, 300)
SEED_TEXTS = ("ROMEO:", "To be, or not to be", "", "The king is")
A_SECOND = 20
TRAINING_S = 20


class Page:
    """A running page, as its visitors use it."""

    def __init__(self, address: str, process):
        self.address = address
        self.process = psutil.Process(process.pid)
        with urllib.request.urlopen(f"{address}/config") as answer:
            dependencies = json.load(answer)["dependencies"]
        # The button of the page, which shows HTML; `/generate` shows bare text.
        self.function = next(
            entry["id"]
            for entry in dependencies
            if len(entry["inputs"]) == 6 and len(entry["outputs"]) == 3
        )
        self._rng = random.Random(1)

    async def visit(self, after_s: float = 0.0) -> Visit:
        await asyncio.sleep(after_s)
        seed_text, random_seed = self._rng.choice(SEED_TEXTS), self._rng.randrange(2**31)
        number = 1  # of the request, see charlstm.interface.endpoints.numbered
        data = ["shipped", seed_text, 0.8, 500, random_seed, number]
        return await write(self.address, self.function, data, seed_text)

    async def crowd(self, visitors: int, over_s: float = 0.0) -> list[Visit]:
        """As many visitors, at once or evenly over some seconds."""
        return await asyncio.gather(
            *(self.visit(number * over_s / visitors) for number in range(visitors))
        )

    def memory_mb(self) -> float:
        return self.process.memory_info().rss / 1e6


HEADER = (
    f"{'visitors':32}{'lost':>6}{'first words: half':>19}{'99 %':>8}{'all':>8}"
    f"{'text: half':>12}{'all':>8}{'memory':>10}"
)


def row(name: str, visits: list[Visit], memory_mb: float) -> str:
    """A line of the table; the times are seconds from pressing Write."""
    good = [visit for visit in visits if visit.whole_s is not None and visit.first_s is not None]
    firsts = sorted(visit.first_s for visit in good)
    wholes = sorted(visit.whole_s for visit in good)
    late = firsts[int(0.99 * (len(firsts) - 1))]
    line = (
        f"{name:32}{len(visits) - len(good):6}{firsts[len(firsts) // 2]:17.2f} s{late:6.2f} s"
        f"{firsts[-1]:6.2f} s{wholes[len(wholes) // 2]:10.2f} s{wholes[-1]:6.2f} s"
        f"{memory_mb:7.0f} MB"
    )
    errors = {visit.error for visit in visits if visit.error}
    return "\n".join([line, *(f"  {error}" for error in sorted(errors))])


async def steady(page: Page, seconds: float) -> tuple[list[Visit], list[float]]:
    """Visitors of a steady stream, and the memory at each quarter of the time."""
    memories = []

    async def look():
        for _ in range(4):
            await asyncio.sleep(seconds / 4)
            memories.append(page.memory_mb())

    visits, _ = await asyncio.gather(page.crowd(int(A_SECOND * seconds), seconds), look())
    return visits, memories


def training_speed(run: Path, seconds: float, meanwhile=None) -> float:
    """Characters a second of a running training over some seconds, in which something happens."""

    def now() -> tuple[int, float]:
        lines = (run / "events.jsonl").read_text().splitlines()
        events = [json.loads(line) for line in lines]
        last = [event for event in events if event["event"] == "progress"][-1]
        return last["step"], last["elapsed_s"]

    step, elapsed_s = now()
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        if meanwhile is None:
            time.sleep(0.5)
        else:
            meanwhile()
    later_step, later_s = now()
    return (later_step - step) * 32 * 32 / (later_s - elapsed_s)  # lanes x window of `quick`


def beside_a_training(page: Page, home: Path) -> None:
    run = home / "runs" / "beside"
    command = [sys.executable, "-m", "charlstm", "train", "--minutes", "3", "--run", str(run)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while not (run / "events.jsonl").exists() or '"progress"' not in (
            run / "events.jsonl"
        ).read_text("utf-8"):
            time.sleep(0.2)
        time.sleep(5)
        alone = training_speed(run, TRAINING_S)
        visits: list[Visit] = []
        beside = training_speed(run, TRAINING_S, lambda: visits.extend(asyncio.run(page.crowd(20))))
        print(row("20 at once, again and again,", visits, page.memory_mb()))
        print(
            f"  while a training runs: {len(visits)} texts; the training did {beside:,.0f} "
            f"characters/s, alone {alone:,.0f}: {beside / alone:.2f} of it"
        )
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    seconds = 20 if parser.parse_args().quick else 120
    with tempfile.TemporaryDirectory() as folder:
        with running_page(Path(folder)) as server:
            page = Page(server.address, server.process)
            asyncio.run(page.crowd(1))  # the model is loaded
            print(HEADER)
            for visitors in CROWDS:
                visits = asyncio.run(page.crowd(visitors))
                print(row(f"{visitors} at once", visits, page.memory_mb()), flush=True)
            visits, memories = asyncio.run(steady(page, seconds))
            name = f"{A_SECOND} a second for {seconds} s"
            print(row(name, visits, page.memory_mb()))
            print(f"  memory at each quarter: {', '.join(f'{m:.0f} MB' for m in memories)}")
            beside_a_training(page, Path(folder))


if __name__ == "__main__":
    main()
