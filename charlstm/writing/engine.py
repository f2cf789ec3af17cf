"""Everybody's texts written together: one thread, one batch, one character for all a step.

(With many texts the thread lets the other cores take some rows of the batch.)

Texts join and leave between two steps, so nobody waits for somebody else to end (continuous
batching). Seed texts are read in the same steps. A text is the same in any company (see
kernel.py). From a script:

    engine = Engine()
    async def main():
        async for piece in engine.write(checkpoint, "ROMEO:", length=200, random_seed=1):
            print(piece, end="", flush=True)
    asyncio.run(main())
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from charlstm.home import PACKAGE_PARENT
from charlstm.machine import available_cores
from charlstm.network.checkpoint import Checkpoint
from charlstm.network.kernel import write_steps
from charlstm.network.lstm import Architecture
from charlstm.network.quantized import QuantizedNetwork, QuantizedState
from charlstm.writing.batch import Batch, OpenText
from charlstm.writing.sampling import Sampling
from charlstm.writing.state_cache import StateCache

PIECE_S = 0.1  # how often a text's new characters are handed over, when few are written
PIECE_S_PER_TEXT = 0.006  # and how much longer for every open text: a page has to show each piece
TURN_S = 0.02  # how long the texts of one network are advanced before another one's
REMEMBERED_STATES = 2000  # at the ends of pieces, where texts may be continued; 6 kB each


class Engine:
    """Writes the texts of many visitors at once.

    The thread starts with the first text and sleeps while there is none.
    """

    def __init__(self):
        self._lock = threading.Condition()
        self._arriving: list[OpenText] = []
        self._thread: threading.Thread | None = None
        self._interrupt = np.zeros(1, np.uint8)  # the thread should look up from its steps
        self._batches: list[Batch] = []  # the thread's own
        self._cores = available_cores()
        self._helpers = ThreadPoolExecutor(self._cores, "engine-helper")
        self._states: StateCache[QuantizedState] = StateCache(REMEMBERED_STATES)
        self.is_ready = False  # the network's step is compiled

    def start(self) -> None:
        """Start the thread, which compiles the network's step: seconds, the first time ever."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True, name="engine")
                self._thread.start()

    async def write(
        self,
        checkpoint: Checkpoint,
        seed_text: str = "",
        *,
        length: int,
        random_seed: int,
        sampling: Sampling | None = None,
    ) -> AsyncIterator[str]:
        """Pieces of what follows the seed text, `length` characters in all.

        Leaving the iteration early (or cancelling the task) frees the place. A text whose pieces
        nobody reads waits after some thousand characters.

        Raises:
            ValueError: length below 1.
        """
        if length < 1:
            raise ValueError(f"length must be at least 1 character, got {length}.")
        text = OpenText(checkpoint, seed_text, length, random_seed, sampling or Sampling())
        self.start()
        self._enter(text)
        try:
            while True:
                piece, is_last = await text.next_piece()
                if text.is_parked:
                    self._go_on(text)
                if piece:
                    yield piece
                if is_last:
                    return
        finally:
            text.abandoned = True
            if text.is_parked:
                self._enter(text)  # for the last time
            self._interrupt[0] = 1

    def _enter(self, text: OpenText) -> None:
        with self._lock:
            self._arriving.append(text)
            self._interrupt[0] = 1
            self._lock.notify()

    def _go_on(self, text: OpenText) -> None:
        """The visitor has taken what was ready."""
        with self._lock:
            text.is_parked = False
        self._enter(text)

    # The thread

    def _run(self) -> None:
        _compile()
        self.is_ready = True
        while True:
            with self._lock:
                while not self._arriving and not self._batches:
                    self._lock.wait()
                arriving, self._arriving = self._arriving, []
                self._interrupt[0] = 0
            for text in arriving:
                try:
                    self._admit(text)
                except Exception as error:
                    _tell([text], error)
            open_texts = sum(len(batch.texts) for batch in self._batches)
            interval_s = PIECE_S + PIECE_S_PER_TEXT * open_texts
            for batch in self._batches:
                try:
                    batch.advance(TURN_S, self._interrupt, self._helpers, self._cores)
                    self._hand_over(batch, interval_s)
                except Exception as error:
                    _tell(batch.let_all_go(), error)
                for text in batch.let_go():
                    self._leave(text)
            self._batches = [batch for batch in self._batches if batch.texts]

    def _admit(self, text: OpenText) -> None:
        if text.abandoned:
            self._remember(text)
            return
        batch = next((b for b in self._batches if b.checkpoint is text.checkpoint), None)
        if batch is None:
            batch = Batch(text.checkpoint)
            self._batches.append(batch)
        if text.state is None:
            known = self._states.get(text.checkpoint, text.digest.digest())
            if known is not None:
                text.skip_reading()
            text.state = batch.network.start() if known is None else known
        batch.admit(text)

    def _hand_over(self, batch: Batch, interval_s: float) -> None:
        now_s = time.monotonic()
        due = [(row, text) for row, text in enumerate(batch.texts) if text.is_due(now_s)]
        for row, text in due:
            text.hand_over(batch.state_of(row), now_s + interval_s)
        _wake(text for _, text in due)

    def _leave(self, text: OpenText) -> None:
        """A text that is out of its batch: it is over, or waits for its visitor."""
        if not (text.has_ended or text.abandoned):
            with self._lock:
                if text.must_wait:
                    text.is_parked = True
                else:  # it was read in the meantime
                    self._arriving.append(text)
            return
        self._remember(text)

    def _remember(self, text: OpenText) -> None:
        """Keep the states at a text's latest pieces' ends: who goes on there need not read it."""
        for digest, state in text.marks:
            self._states.put(text.checkpoint, digest, state)


def _tell(texts: list[OpenText], error: Exception) -> None:
    """Hand an error to those who wait for these texts: a thread has no caller."""
    for text in texts:
        text.error = error
        text.hand_over(None, 0.0)
    _wake(texts)


def _wake(texts: Iterable[OpenText]) -> None:
    """Wake the visitors' tasks, all tasks of an event loop by one call: such a call is slow."""
    by_loop: dict[asyncio.AbstractEventLoop, list[OpenText]] = {}
    for text in texts:
        by_loop.setdefault(text.loop, []).append(text)
    for loop, waiting in by_loop.items():
        try:
            loop.call_soon_threadsafe(_wake_all, waiting)
        except RuntimeError:  # the event loop is gone, and its visitors with it
            for text in waiting:
                text.abandoned = True


def _wake_all(texts: list[OpenText]) -> None:
    for text in texts:
        text.wake()


def _compile() -> None:
    """Compile the network's step, in a process of its own: that takes 100 MB, which stay taken."""
    if not any(Path(write_steps.stats.cache_path).glob("kernel.write_steps*")):
        command = [sys.executable, "-m", "charlstm.writing.engine"]
        subprocess.run(command, cwd=PACKAGE_PARENT, check=False)
    _step_once()  # from the disk then


def _step_once() -> None:
    """With the smallest of networks."""
    architecture = Architecture(vocabulary_size=1, embedding_units=1, lstm_units=(1,))
    shapes = architecture.weight_shapes().items()
    network = QuantizedNetwork(
        architecture, {name: np.zeros(shape, np.float32) for name, shape in shapes}
    )
    plan, settings = np.full((1, 1), -1, np.int32), np.array([[1.0, 0.0, 0.0]])
    network.write(network.start(), plan, settings, np.zeros((1, 1)), np.zeros(1, np.uint8))
    network.read(np.zeros(1, np.int32), network.start())


if __name__ == "__main__":
    _step_once()
