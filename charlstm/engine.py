"""Everybody's texts written together: one thread, one batch, one character for all a step.

Texts join and leave between two steps, so nobody waits for somebody else to end (continuous
batching). Seed texts are read in the same steps. From a script:

    engine = Engine()
    async def main():
        async for piece in engine.write(checkpoint, "ROMEO:", length=200, random_seed=1):
            print(piece, end="", flush=True)
    asyncio.run(main())
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
import weakref
from collections import OrderedDict, deque
from collections.abc import AsyncIterator

import numpy as np
from threadpoolctl import threadpool_limits

from charlstm.checkpoint import Checkpoint
from charlstm.lstm import State
from charlstm.sampling import Sampling, draw, probabilities, random_numbers
from charlstm.writing import read_seed_text

PIECE_S = 0.1  # how often a text's new characters are handed over
MARKS = 6  # ends of a text's latest pieces: where a visitor may have stopped it
REMEMBERED_STATES = 2000  # states at such ends, for going on; 8 kB each


class Engine:
    """Writes the texts of many visitors at once.

    The thread starts with the first text and sleeps while there is none.
    """

    def __init__(self):
        self._lock = threading.Condition()
        self._arriving: list[_Text] = []
        self._thread: threading.Thread | None = None
        self._batches: list[_Batch] = []  # the thread's own
        self._ends: OrderedDict[bytes, tuple[weakref.ref[Checkpoint], State]] = OrderedDict()

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

        Leaving the iteration early (or cancelling the task) frees the place.

        Raises:
            ValueError: length below 1.
        """
        if length < 1:
            raise ValueError(f"length must be at least 1 character, got {length}.")
        text = _Text(checkpoint, seed_text, length, random_seed, sampling or Sampling())
        with self._lock:
            self._arriving.append(text)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True, name="engine")
                self._thread.start()
            self._lock.notify()
        try:
            while True:
                piece, ended = await text.next_piece()
                if piece:
                    yield piece
                if ended:
                    return
        finally:
            text.abandoned = True

    # The thread

    def _run(self) -> None:
        # One thread for the matrices too: a step is too short to share, and a second thread that
        # waits for a core while a training runs makes every step wait for it.
        threadpool_limits(limits=1, user_api="blas")
        while True:
            with self._lock:
                while not self._arriving and not self._batches:
                    self._lock.wait()
                arriving, self._arriving = self._arriving, []
            for text in arriving:
                self._admit(text)
            for batch in self._batches:
                try:
                    batch.step()
                except Exception as error:  # handed to those who wait: a thread has no caller
                    batch.fail(error)
                for text in batch.take_ended():
                    self._remember(text)
            self._batches = [batch for batch in self._batches if batch.texts]

    def _admit(self, text: _Text) -> None:
        batch = next((b for b in self._batches if b.checkpoint is text.checkpoint), None)
        if batch is None:
            batch = _Batch(text.checkpoint)
            self._batches.append(batch)
        known = self._ends.get(_digest(text.checkpoint, text.seed_text))
        # Once a checkpoint is gone, another one may be given its id.
        if known is not None and known[0]() is text.checkpoint:
            text.skip_reading()
            batch.admit(text, known[1])
        else:
            batch.admit(text, text.checkpoint.network.start())

    def _remember(self, text: _Text) -> None:
        """Keep the states where a text ended: whoever goes on from there need not read it again."""
        written = text.checkpoint.vocabulary.decode(text.ids)
        for length, state in text.marks:
            key = _digest(text.checkpoint, text.seed_text + written[:length])
            # Weakly: a model that is saved anew every few seconds must not pile up.
            self._ends[key] = (weakref.ref(text.checkpoint), state)
            self._ends.move_to_end(key)
        while len(self._ends) > REMEMBERED_STATES:
            self._ends.popitem(last=False)


def _digest(checkpoint: Checkpoint, text: str) -> bytes:
    """What a text is remembered by: shorter than the text."""
    return hashlib.sha256(f"{id(checkpoint)} {text}".encode("utf-8", "surrogatepass")).digest()


class _Text:
    """One visitor's text: what is still to be read, what is still to be written."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        seed_text: str,
        length: int,
        random_seed: int,
        sampling: Sampling,
    ):
        self.checkpoint = checkpoint
        self.seed_text = seed_text
        self.sampling = sampling
        self.to_read = read_seed_text(checkpoint.vocabulary, seed_text).ids
        self.position = 0  # in to_read
        self.draws = random_numbers(random_seed, len(seed_text)).random(length)
        self.ids: list[int] = []  # written so far
        self.ready = 0  # as many of them as may be handed over
        self.marks: deque[tuple[int, State]] = deque(maxlen=MARKS)  # (of ids, the state there)
        self.abandoned = False
        self.error: Exception | None = None
        self.ended = False
        self._handed_over = 0
        self._due_s = 0.0
        self._news = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def skip_reading(self) -> None:
        self.position = len(self.to_read)

    @property
    def reads(self) -> bool:
        return self.position < len(self.to_read)

    @property
    def is_whole(self) -> bool:
        return len(self.ids) == len(self.draws)

    def is_due(self, now_s: float) -> bool:
        """Whether a piece is to be handed over."""
        return self.is_whole or (now_s >= self._due_s and bool(self.ids))

    def hand_over(self, now_s: float) -> None:
        """Wake the visitor's task."""
        self._due_s = now_s + PIECE_S
        self.ready = len(self.ids)
        self.ended = self.is_whole or self.error is not None  # last: then all else is there
        try:
            self._loop.call_soon_threadsafe(self._news.set)
        except RuntimeError:  # the visitor's event loop is gone
            self.abandoned = True

    async def next_piece(self) -> tuple[str, bool]:
        """What was written since the last piece, and whether the text has ended."""
        await self._news.wait()
        self._news.clear()
        ended, count = self.ended, self.ready
        if self.error is not None:
            raise self.error
        piece = self.checkpoint.vocabulary.decode(self.ids[self._handed_over : count])
        self._handed_over = count
        return piece, ended


class _Batch:
    """The texts that one network writes, and their states side by side."""

    def __init__(self, checkpoint: Checkpoint):
        self.checkpoint = checkpoint
        self.network = checkpoint.network
        self.texts: list[_Text] = []
        self.state = self.network.start(0)
        self._ended: list[_Text] = []

    def admit(self, text: _Text, state: State) -> None:
        self.texts.append(text)
        self.state = tuple(
            (np.concatenate([hidden, new_hidden]), np.concatenate([cell, new_cell]))
            for (hidden, cell), (new_hidden, new_cell) in zip(self.state, state, strict=True)
        )

    def step(self) -> None:
        """Advance every text by one character: read one of the seed text, or write one."""
        ids = np.zeros(len(self.texts), np.int64)
        writers: dict[Sampling, list[int]] = {}
        for row, text in enumerate(self.texts):
            if text.reads:
                ids[row] = text.to_read[text.position]
                text.position += 1
            else:
                writers.setdefault(text.sampling, []).append(row)
        if writers:
            logits = self.network.logits(self.state)
            for sampling, rows in writers.items():
                numbers = [self.texts[row].draws[len(self.texts[row].ids)] for row in rows]
                ids[rows] = draw(probabilities(logits[rows], sampling), np.array(numbers))
                for row in rows:
                    self.texts[row].ids.append(int(ids[row]))
        self.state = self.network.advance(ids, self.state)
        now_s = time.monotonic()
        for row, text in enumerate(self.texts):
            if text.is_due(now_s):
                text.marks.append((len(text.ids), _rows(self.state, [row])))
                text.hand_over(now_s)
        self._let_go()

    def _let_go(self) -> None:
        """Remove the texts that have ended or whose visitor has left."""
        leaving = {row for row, text in enumerate(self.texts) if text.ended or text.abandoned}
        if not leaving:
            return
        self._ended += [self.texts[row] for row in sorted(leaving)]
        staying = [row for row in range(len(self.texts)) if row not in leaving]
        self.texts = [self.texts[row] for row in staying]
        self.state = _rows(self.state, staying)

    def take_ended(self) -> list[_Text]:
        ended, self._ended = self._ended, []
        return ended

    def fail(self, error: Exception) -> None:
        """Let every visitor of this network hear of an error, and begin anew."""
        for text in self.texts:
            text.error = error
            text.hand_over(0.0)
        self.texts, self.state = [], self.network.start(0)


def _rows(state: State, rows: list[int]) -> State:
    return tuple((hidden[rows], cell[rows]) for hidden, cell in state)
