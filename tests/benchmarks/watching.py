"""What it costs the server that many watch a training: python -m tests.benchmarks.watching

A training of three minutes is replayed at its own pace: five times a second it says how far it is.
Clients of another process watch it on the tab Train, or on Watch it learn, as the page does, for 20
seconds. Then the log of a training of a week is looked at, by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import multiprocessing
import random
import re
import tempfile
import threading
import time
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

import psutil

from charlstm.interface.models import ModelRegistry
from charlstm.interface.train.news import TrainingNews
from charlstm.machine import cpu_name
from charlstm.runs.recipes import QUICK
from charlstm.runs.run import Run, Runs
from charlstm.text.corpus import practice_text
from tests.page_server import running_page
from tests.tiny_runs import an_event, append, create_run

CROWDS = (0, 1, 30, 200)
SECONDS = 20
EVENTS_PER_S = 5
PLACES = {"Train": "/news?training=", "Watch it learn": "/news?replay=2026-a"}
SAYS_WHEN = re.compile(rb"It reads ([\d,]+) characters a second")
WEEK_S = 7 * 24 * 3600


def make_run(home: Path) -> Run:
    run = create_run(
        recipe=QUICK,
        corpus=practice_text("verse"),
        budget=QUICK.budget,
        random_seed=1,
        folder=home / "runs" / "2026-a",
    )
    append(run, "started", step=0, blind_loss_nats=4.2, four_gram_loss_nats=1.8)
    return run


class Training:
    """A training that only pretends; its speed is the time of each event, in milliseconds."""

    def __init__(self, run: Run):
        self.run = run
        self.began_s = time.time()
        self._step = 0
        self._rng = random.Random(1)
        self._has_ended = threading.Event()

    def __enter__(self) -> Training:
        self.run.ownership.claim()
        threading.Thread(target=self._go_on, daemon=True).start()
        return self

    def __exit__(self, *error) -> None:
        self._has_ended.set()

    def _go_on(self) -> None:
        while not self._has_ended.wait(1 / EVENTS_PER_S):
            self._step += 1
            elapsed_s = self._step / EVENTS_PER_S % 175  # then it begins again
            if elapsed_s == 0:
                append(self.run, "started", step=0)
            self._write(round(EVENTS_PER_S * elapsed_s), elapsed_s)

    def _write(self, step: int, elapsed_s: float) -> None:
        at = {"step": step, "elapsed_s": elapsed_s}
        loss = 1.4 + 2.8 * math.exp(-elapsed_s / 30)
        if step % (10 * EVENTS_PER_S) == 0:
            append(self.run, "sample", **at, kept=step % 100 == 0, text="To be, or not\n" * 30)
        if step % (6 * EVENTS_PER_S) == 0:
            append(self.run, "validated", **at, val_loss_nats=loss, val_accuracy=0.5 - loss / 9)
        append(
            self.run,
            "progress",
            **at,
            running_loss_nats=loss + 0.1 * self._rng.random(),
            accuracy=0.5 - loss / 9,
            share=elapsed_s / 180,
            eta_s=180 - elapsed_s,
            characters_per_s=round(1000 * (time.time() - self.began_s)),
        )


def watch(address: str, path: str, watchers: int, began_s: float, results) -> None:
    """Watch in this process; results in the ages of the news, the bytes and the messages."""
    ages_s: list[float] = []
    received = messages = 0

    async def one() -> None:
        nonlocal received, messages
        parts = urlsplit(address)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1 << 22)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        while True:
            message = await reader.readuntil(b"\n\n")
            received += len(message)
            if b"event: news" in message:
                messages += 1
                for said in SAYS_WHEN.findall(message):
                    ages_s.append(time.time() - began_s - int(said.replace(b",", b"")) / 1000)

    async def all_of_them() -> None:
        tasks = [asyncio.create_task(one()) for _ in range(watchers)]
        await asyncio.sleep(SECONDS)
        for task in tasks:
            task.cancel()

    asyncio.run(all_of_them())
    results.put((ages_s, received, messages))


def cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def measure(server, path: str, watchers: int, began_s: float) -> str:
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    process = psutil.Process(server.process.pid)
    crowd = context.Process(target=watch, args=(server.address, path, watchers, began_s, results))
    crowd.start()
    time.sleep(4)  # everybody is there
    before_s, now_s = cpu_s(process), time.monotonic()
    time.sleep(SECONDS - 6)
    share = (cpu_s(process) - before_s) / (time.monotonic() - now_s)
    ages_s, received, messages = results.get()
    crowd.join()
    each = max(watchers, 1) * SECONDS
    line = f"{watchers:8} | {100 * share:7.1f} % | "
    line += f"{messages / each:10.2f}, {received / each / 1000:4.1f}         | "
    return line + (f"{median(ages_s):.1f}, {max(ages_s):.1f} s" if ages_s else "")


def look_at_a_week(home: Path) -> None:
    """The time of a look at a long log: the first one, one at nothing new, one at a new event."""
    run = make_run(home)
    with open(run.paths.events, "a", encoding="utf-8") as file:
        for step in range(1, WEEK_S // 5):
            at = {"elapsed_s": 5.0 * step, "step": 10 * step}
            loss = 1.4 + 2.8 * math.exp(-step / 1000)
            events = [an_event("progress", **at, running_loss_nats=loss, share=5 * step / WEEK_S)]
            if step % 2 == 0:
                events.append(an_event("sample", **at, text="To be, or not to be\n" * 20))
            if step % 3 == 0:
                events.append(an_event("saved", **at))
            for event in events:
                file.write(json.dumps(event.to_json()) + "\n")
    look = TrainingNews(ModelRegistry(Runs(home / "runs")), run.name)
    run.ownership.claim()
    print(f"\na log of {run.paths.events.stat().st_size / 1e6:.0f} MB, a look at all of the report")
    for name in ("the first", "nothing is new", "one event is new"):
        if name == "one event is new":
            append(run, "progress", elapsed_s=WEEK_S, step=10**7)
        began_s = time.perf_counter()
        look(1)
        print(f"{name:20} {1000 * (time.perf_counter() - began_s):10.1f} ms")
    run.ownership.release()


def main() -> None:
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    print(f"{SECONDS} seconds each, on {cpu_name()}")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        run = make_run(home)
        with running_page(home) as server, Training(run) as training:
            for place, path in PLACES.items():
                print(f"\n{place}")
                print("watchers | processor | messages/s, kB/s of each | age of news: half, all")
                for watchers in CROWDS:
                    print(measure(server, path, watchers, training.began_s), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        look_at_a_week(Path(folder))


if __name__ == "__main__":
    main()
