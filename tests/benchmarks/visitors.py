"""How the page serves a crowd: real HTTP clients of `/write`, in another process.

python -m tests.benchmarks.visitors [--quick]

Everybody asks for 500 characters and, as the Write tab does, for the chances of each: some at the
same moment, beside what the engine needs for the same texts, without chances, in a script; then
20 a second for two minutes (with --quick: 20 seconds), 1,000 at once, 20 at once while a training
runs on the same cores, and 100 through Gradio's queue.
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

from charlstm.home import shipped_folder
from charlstm.machine import cpu_name
from charlstm.network.checkpoint import load_checkpoint
from charlstm.writing.engine import Engine
from tests.benchmarks.gradio_visitor import write as generate
from tests.benchmarks.stream_visitor import Visit, read_text
from tests.benchmarks.training import text_path
from tests.page_server import ROOT, running_page

CROWDS = (1, 20, 100, 300)
SEED_TEXTS = ("ROMEO:", "To be, or not to be", "", "The king is")
LENGTH = 500
CHANCES = 5
A_SECOND = 20
MOST_OPEN = 1000
TRAINING_S = 20
TIMES = 3  # each crowd comes; the machine is shared, so the best time counts


class Page:
    """A running page, as its visitors use it."""

    def __init__(self, address: str, process):
        self.address = address
        self.process = psutil.Process(process.pid)
        self._rng = random.Random(1)

    def texts(self, visitors: int) -> list[dict]:
        """What the visitors ask for."""
        return [
            {
                "seed_text": self._rng.choice(SEED_TEXTS),
                "length": LENGTH,
                "random_seed": self._rng.randrange(2**31),
            }
            for _ in range(visitors)
        ]

    async def crowd(self, texts: list[dict], over_s: float = 0.0) -> list[Visit]:
        """A visitor for each of the texts, at once or evenly over some seconds."""

        async def visit(number: int, text: dict) -> Visit:
            await asyncio.sleep(number * over_s / len(texts))
            return await read_text(self.address, **text, chances=CHANCES)

        return await asyncio.gather(*(visit(number, text) for number, text in enumerate(texts)))

    def memory_mb(self) -> float:
        return self.process.memory_info().rss / 1e6


def engine_s(engine: Engine, texts: list[dict]) -> float:
    """Seconds that the engine needs for the texts in a script."""
    checkpoint = load_checkpoint(shipped_folder() / "tiny-shakespeare.safetensors")

    async def one(text: dict) -> None:
        async for _ in engine.write(checkpoint, **text):
            pass

    async def all_of_them() -> None:
        await asyncio.gather(*(one(text) for text in texts))

    began_s = time.perf_counter()
    asyncio.run(all_of_them())
    return time.perf_counter() - began_s


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

    texts = page.texts(int(A_SECOND * seconds))
    visits, _ = await asyncio.gather(page.crowd(texts, seconds), look())
    return visits, memories


async def through_the_queue(page: Page, visitors: int) -> list[Visit]:
    """Visitors of `/generate`."""
    with urllib.request.urlopen(f"{page.address}/config") as answer:
        dependencies = json.load(answer)["dependencies"]
    (function,) = [entry["id"] for entry in dependencies if entry["api_name"] == "generate"]
    texts = page.texts(visitors)
    return await asyncio.gather(
        *(
            generate(
                page.address,
                function,
                [text["seed_text"], 0.8, LENGTH, text["random_seed"]],
                text["seed_text"],
            )
            for text in texts
        )
    )


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


def beside_a_training(page: Page, home: Path, text: Path) -> None:
    run = home / "runs" / "beside"
    options = ["--text", str(text), "--minutes", "3", "--run", str(run)]
    command = [sys.executable, "-m", "charlstm", "train", *options]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while not (run / "events.jsonl").exists() or '"progress"' not in (
            run / "events.jsonl"
        ).read_text("utf-8"):
            if process.poll() is not None:
                raise SystemExit("The training ended before it had begun.")
            time.sleep(0.2)
        time.sleep(5)
        alone = training_speed(run, TRAINING_S)
        visits: list[Visit] = []
        beside = training_speed(
            run, TRAINING_S, lambda: visits.extend(asyncio.run(page.crowd(page.texts(20))))
        )
        print(row("20 at once, again and again,", visits, page.memory_mb()))
        print(
            f"  while a training runs: {len(visits)} texts; the training did {beside:,.0f} "
            f"characters/s, alone {alone:,.0f}: {beside / alone:.2f} of it"
        )
    finally:
        process.terminate()
        process.wait()


def best_crowd(page: Page, texts: list[dict]) -> list[Visit]:
    """The visits of the crowd that was done soonest, of several."""
    crowds = [asyncio.run(page.crowd(texts)) for _ in range(TIMES)]
    return min(crowds, key=lambda visits: max(visit.whole_s or float("inf") for visit in visits))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--text", help="to train on meanwhile (default: Tiny Shakespeare)")
    arguments = parser.parse_args()
    text, seconds = text_path(arguments.text), 20 if arguments.quick else 120
    print(cpu_name())
    engine = Engine()
    with tempfile.TemporaryDirectory() as folder:
        with running_page(Path(folder)) as server:
            page = Page(server.address, server.process)
            asyncio.run(page.crowd(page.texts(1)))  # the model is loaded
            engine_s(engine, page.texts(1))
            print(HEADER)
            for visitors in CROWDS:
                texts = page.texts(visitors)
                visits = best_crowd(page, texts)
                alone_s = min(engine_s(engine, texts) for _ in range(TIMES))
                print(row(f"{visitors} at once", visits, page.memory_mb()))
                whole_s = max(visit.whole_s or float("inf") for visit in visits)
                print(
                    f"  the engine alone: {alone_s:.2f} s; with the page {whole_s / alone_s:.2f} "
                    "times as long",
                    flush=True,
                )
            visits, memories = asyncio.run(steady(page, seconds))
            name = f"{A_SECOND} a second for {seconds} s"
            print(row(name, visits, page.memory_mb()))
            print(f"  memory at each quarter: {', '.join(f'{m:.0f} MB' for m in memories)}")
            visits = asyncio.run(page.crowd(page.texts(MOST_OPEN)))
            print(row(f"{MOST_OPEN:,} at once", visits, page.memory_mb()), flush=True)
            visits = asyncio.run(through_the_queue(page, 100))
            print(row("100 at once by /generate", visits, page.memory_mb()), flush=True)
            beside_a_training(page, Path(folder), text)


if __name__ == "__main__":
    main()
