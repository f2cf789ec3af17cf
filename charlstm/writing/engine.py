"""Writes the texts of all visitors together: one thread, one batch a model, a character a step.

With many texts, threads on the other cores compute some rows of the batch.

Texts join and leave between two steps, so no text waits for another one to end. This is continuous
batching: Gao et al. 2018, "Low Latency RNN Inference with Cellular Batching" (BatchMaker), EuroSys;
Yu et al. 2022, "Orca: A Distributed Serving System for Transformer-Based Generative Models", OSDI.
Seed texts are read in the same steps. A text is the same whatever else is written beside it (see
network/kernel.py). From a script:

    engine = Engine()
    async def main():
        async for piece in engine.write(checkpoint, "ROMEO:", length=200, random_seed=1):
            print(piece, end="", flush=True)
    asyncio.run(main())
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path

import numpy as np

from charlstm.home import PACKAGE_PARENT
from charlstm.machine import available_cores
from charlstm.network.checkpoint import Checkpoint
from charlstm.network.kernel import write_steps
from charlstm.network.lstm import Architecture
from charlstm.network.quantized import QuantizedNetwork, QuantizedState
from charlstm.writing.batch import Batch
from charlstm.writing.piece import MAX_CHANCES, Piece
from charlstm.writing.piece_queue import PieceQueue, wake
from charlstm.writing.sampling import Sampling
from charlstm.writing.state_cache import StateCache
from charlstm.writing.writing_state import MAX_MARKS, Mark, WritingState

PIECE_S = 0.1  # interval between the pieces of a text, when few texts are written
PIECE_S_PER_TEXT = 0.006  # added for each open text, because a page has to show each piece
LOOK_FOR_TRAINING_S = 1.0
TIME_SLICE_S = 0.02  # per model: then the next model's texts are advanced
# Added for each text, once all have begun: Python takes some 15 us for each in every slice.
TIME_SLICE_S_PER_TEXT = 0.0008
REMEMBERED_STATES = 2000  # at the ends of pieces, where texts may be continued; 6 kB each
REMEMBERED_TEXTS = REMEMBERED_STATES // MAX_MARKS  # whose rest may be asked for again


class Engine:
    """Writes the texts of many visitors at once.

    The thread starts with the first text and sleeps while there is none. If it meets an error that
    it cannot lay at one text's door, all who wait get that error, and the next text gets a new
    thread.

    Attributes:
        is_ready: whether the network's step is compiled, so that texts begin at once.
        failure: the error that ended the last thread; None once a thread is ready again.

    Args:
        is_training: whether a training runs on the same cores, to which half of them are left. A
            training goes behind in priority, so that without this a crowd would leave it little.
    """

    def __init__(self, is_training: Callable[[], bool] = lambda: False):
        self._is_training = is_training
        self._leaves_half = False
        self._look_again_s = 0.0  # when to ask again whether a training runs
        self._lock = threading.Condition()
        self._arriving: list[WritingState] = []
        self._thread: threading.Thread | None = None
        self._interrupt = np.zeros(1, np.uint8)  # not 0: the thread should end its time slice
        self._batches: list[Batch] = []  # for the thread alone
        self._cores = available_cores()
        self._workers = ThreadPoolExecutor(self._cores, "engine-worker")
        self._states: StateCache[QuantizedState] = StateCache(REMEMBERED_STATES)
        self._marks: StateCache[tuple[Mark, ...]] = StateCache(REMEMBERED_TEXTS)
        self.is_ready = False
        self.failure: Exception | None = None

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
    ) -> AsyncGenerator[str, None]:
        """Yield pieces of what follows the seed text, `length` characters in all: see `pieces`."""
        pieces = self.pieces(
            checkpoint, seed_text, length=length, random_seed=random_seed, sampling=sampling
        )
        async with aclosing(pieces):
            async for piece in pieces:
                yield piece.text

    async def pieces(
        self,
        checkpoint: Checkpoint,
        seed_text: str = "",
        *,
        length: int,
        random_seed: int,
        sampling: Sampling | None = None,
        chances: int = 0,
        skip: int = 0,
    ) -> AsyncGenerator[Piece, None]:
        """Yield pieces of what follows the seed text, with what else could have been chosen.

        Ending the iteration early, or cancelling the task, ends the text. A text whose pieces
        nobody reads pauses after `piece_queue.MAX_UNREAD` characters.

        Args:
            length: of all pieces together, at least 1.
            random_seed: 0 or more. The same model, seed text, length, seed and sampling give the
                same text.
            sampling: None for the default.
            chances: how many of the likeliest characters come with each character: at most
                MAX_CHANCES, and no more than the vocabulary has; 0 for pieces without choices.
            skip: how many characters, of the `length`, are left out at the beginning, because the
                reader has them already. The rest is the same as without.

        Raises:
            ValueError: a number is out of its range.
        """
        if length < 1:
            raise ValueError(f"length must be at least 1 character, got {length}.")
        if not 0 <= chances <= MAX_CHANCES:
            raise ValueError(f"chances must be from 0 to {MAX_CHANCES}, got {chances}.")
        if not 0 <= skip <= length:
            raise ValueError(f"skip must be from 0 to the length, {length}, got {skip}.")
        if skip == length:
            return
        queue = PieceQueue()
        text = WritingState(
            checkpoint,
            seed_text,
            length=length,
            random_seed=random_seed,
            sampling=sampling or Sampling(),
            queue=queue,
            chances=chances,
            skip=skip,
        )
        self._enter(text)
        try:
            while True:
                taken = await queue.take()
                if taken.was_paused:
                    self._enter(text)
                if taken.piece.text:
                    yield taken.piece
                if taken.is_last:
                    return
        finally:
            if queue.abandon():
                self._enter(text)  # for the last time, to have its states remembered
            self._interrupt[0] = 1

    def _enter(self, text: WritingState) -> None:
        """Give a text to the thread, which may have to be started, and interrupt its time slice."""
        with self._lock:
            self._arriving.append(text)
            self._interrupt[0] = 1
            self._lock.notify()
            self.start()

    # The thread

    def _run(self) -> None:
        try:
            _compile()
            self.is_ready, self.failure = True, None
            while True:
                self._take_turns()
        except Exception as error:  # the thread ends: nobody must wait for it
            with self._lock:
                self._thread, self.is_ready, self.failure = None, False, error
                waiting, self._arriving = self._arriving, []
                waiting += [text for batch in self._batches for text in batch.texts]
                self._batches = []
            _fail(waiting, error)

    def _take_turns(self) -> None:
        """Wait for texts, let them in, and advance each model's texts for a time slice."""
        with self._lock:
            while not self._arriving and not self._batches:
                self._lock.wait()
            arriving, self._arriving = self._arriving, []
            self._interrupt[0] = 0
        for text in arriving:
            try:
                self._admit(text)
            except Exception as error:
                _fail([text], error)
        open_texts = sum(len(batch.texts) for batch in self._batches)
        interval_s = PIECE_S + PIECE_S_PER_TEXT * open_texts
        for batch in self._batches:
            try:
                cores = self._usable_cores(time.monotonic())
                batch.advance(_time_slice_s(batch), self._interrupt, self._workers, cores)
                _put_pieces(batch, interval_s)
            except Exception as error:
                _fail(batch.remove_all(), error)
            for text in batch.remove_idle():
                try:
                    self._leave(text)
                except Exception as error:
                    _fail([text], error)
        self._batches = [batch for batch in self._batches if batch.texts]

    def _usable_cores(self, now_s: float) -> int:
        if now_s >= self._look_again_s:
            self._leaves_half = self._is_training()
            self._look_again_s = now_s + LOOK_FOR_TRAINING_S
        return max(1, self._cores // 2) if self._leaves_half else self._cores

    def _admit(self, text: WritingState) -> None:
        """Add a text to the batch of its model, from a remembered state if there is one."""
        if text.queue.is_abandoned:
            self._remember(text)
            return
        batch = next((b for b in self._batches if b.checkpoint is text.checkpoint), None)
        if batch is None:
            batch = Batch(text.checkpoint)
            self._batches.append(batch)
        if text.state is None:
            self._begin(text, batch.network)
        batch.admit(text)

    def _begin(self, text: WritingState, network: QuantizedNetwork) -> None:
        """Give a text its first state: the latest one that is remembered, or that of no text."""
        marks = self._marks.get(text.checkpoint, text.identity) or ()
        usable = [mark for mark in marks if mark.position <= text.to_skip]
        known = self._states.get(text.checkpoint, text.digest.digest())
        if usable:
            text.begin_at(usable[-1])
        elif known is not None:
            text.begin_after_reading(known)
        else:
            text.state = network.start()

    def _leave(self, text: WritingState) -> None:
        """Remember or pause a text that was removed from its batch."""
        if text.is_over:
            self._remember(text)
        elif not text.queue.pause():  # it has been read, or abandoned, in the meantime
            with self._lock:
                self._arriving.append(text)

    def _remember(self, text: WritingState) -> None:
        """Keep the states at the ends of the latest pieces, for a text that continues there."""
        for mark in text.marks:
            self._states.put(text.checkpoint, mark.digest.digest(), mark.state)
        if text.marks:
            self._marks.put(text.checkpoint, text.identity, tuple(text.marks))


def _time_slice_s(batch: Batch) -> float:
    """How long to advance a batch: not long while somebody waits for first words."""
    if not all(text.has_begun for text in batch.texts):
        return TIME_SLICE_S
    return TIME_SLICE_S + TIME_SLICE_S_PER_TEXT * len(batch.texts)


def _put_pieces(batch: Batch, interval_s: float) -> None:
    """Put what was written into the queues of those texts whose next piece is due."""
    now_s = time.monotonic()
    due = [(row, text) for row, text in enumerate(batch.texts) if text.is_due(now_s)]
    for row, text in due:
        text.put_piece(batch.state_of(row), now_s + interval_s)
    wake(text.queue for _, text in due)


def _fail(texts: list[WritingState], error: Exception) -> None:
    """Give an error to those who wait for these texts: a thread has no caller."""
    for text in texts:
        text.queue.fail(error)
    wake(text.queue for text in texts)


def _compile() -> None:
    """Compile the network's step in a process of its own: it takes 100 MB and never frees them."""
    kept_in = write_steps.stats.cache_path  # None where there is no folder for it
    if kept_in is not None and not any(Path(kept_in).glob("kernel.write_steps*")):
        command = [sys.executable, "-m", "charlstm.writing.engine"]
        subprocess.run(command, cwd=PACKAGE_PARENT, check=False)
    _step_once()  # loads what was compiled


def _step_once() -> None:
    """Write and read a character with the smallest of networks."""
    architecture = Architecture(vocabulary_size=1, embedding_units=1, lstm_units=(1,))
    shapes = architecture.weight_shapes().items()
    network = QuantizedNetwork(
        architecture, {name: np.zeros(shape, np.float32) for name, shape in shapes}
    )
    plan, settings = np.full((1, 1), -1, np.int32), np.array([[1.0, 0.0, 0.0, 0.0]])
    network.write(network.start(), plan, settings, np.zeros((1, 1)), np.zeros(1, np.uint8))
    network.read(np.zeros(1, np.int32), network.start())


if __name__ == "__main__":
    _step_once()
