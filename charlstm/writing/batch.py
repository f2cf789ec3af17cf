"""The texts that one network writes at the same time, side by side in one batch."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import deque
from concurrent.futures import Executor
from itertools import pairwise

import numpy as np

from charlstm.network.checkpoint import Checkpoint
from charlstm.network.quantized import QuantizedState
from charlstm.writing.sampling import Sampling, random_numbers
from charlstm.writing.single_text import read_seed_text

MARKS = 6  # ends of a text's latest pieces: where a visitor may have stopped it
MAX_UNREAD = 4000  # characters that wait for a visitor: from here on the text waits too
MAX_STEPS = 256  # at once
RANDOM_NUMBERS = 256  # drawn together
LEAST_TEXTS = 8  # for which another core is asked to help: each reads all weights
# A thread that got less than this share of a core shares it with a training, say. For a while no
# other core is asked then: it would be taken from the training.
CONTESTED, ALONE_S = 0.8, 1.0


class OpenText:
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
        self.to_read = read_seed_text(checkpoint.vocabulary, seed_text).ids
        self.position = 0  # in to_read
        self.remaining = length  # characters still to be written
        self.settings = sampling.as_numbers
        self.state: QuantizedState | None = None  # while it is in no batch
        self.abandoned = False
        self.error: Exception | None = None
        # What was written up to the ends of the latest pieces, as a digest, and the states there.
        self.marks: deque[tuple[bytes, QuantizedState]] = deque(maxlen=MARKS)
        # Of the text so far: shorter than the text, and it can be continued.
        self.digest = hashlib.sha256(_encoded(seed_text))
        self._written: list[int] = []  # and not yet handed over
        self._random = random_numbers(random_seed, len(seed_text))
        self._uniforms = np.empty(0)
        self._used = 0  # of them
        # The thread that writes appends pieces and counts; the visitor's task takes and counts.
        self._pieces: deque[str] = deque()
        self._handed_over, self._taken = 0, 0  # characters
        self._is_last = False  # there will be no more pieces
        self.is_parked = False  # it waits for its visitor to take what is ready
        self._due_s = 0.0
        self._news = asyncio.Event()
        self.loop = asyncio.get_running_loop()

    # For the batch

    def skip_reading(self) -> None:
        self.position = len(self.to_read)

    @property
    def remaining_steps(self) -> int:
        return len(self.to_read) - self.position + self.remaining

    @property
    def has_ended(self) -> bool:
        return self.remaining == 0 or self.error is not None

    @property
    def must_wait(self) -> bool:
        """Whether so much waits for its visitor that no more should be written."""
        return len(self._written) + self._handed_over - self._taken >= MAX_UNREAD

    def plan(self, ids: np.ndarray, uniforms: np.ndarray) -> None:
        """Fill in what the next steps (steps,) read, and the random numbers for the others."""
        reading = self.to_read[self.position : self.position + len(ids)]
        ids[: len(reading)] = reading
        needed = len(ids) - len(reading)
        if len(self._uniforms) - self._used < needed:
            more = self._random.random(max(needed, RANDOM_NUMBERS))
            self._uniforms = np.concatenate([self._uniforms[self._used :], more])
            self._used = 0
        uniforms[len(reading) :] = self._uniforms[self._used : self._used + needed]

    def take(self, ids: np.ndarray) -> None:
        """What the steps read or wrote, (steps,)."""
        reading = min(len(self.to_read) - self.position, len(ids))
        self.position += reading
        written = ids[reading:].tolist()
        self._written += written
        self._used += len(written)
        self.remaining -= len(written)

    def is_due(self, now_s: float) -> bool:
        """Whether a piece is to be handed over."""
        return self.has_ended or self.must_wait or (now_s >= self._due_s and bool(self._written))

    def hand_over(self, state: QuantizedState | None, due_s: float) -> None:
        """Make ready what was written; the state there, to be remembered; when the next is due."""
        piece = self.checkpoint.vocabulary.decode(self._written)
        self._written = []
        self._due_s = due_s
        if state is not None:
            self.digest.update(_encoded(piece))
            self.marks.append((self.digest.digest(), state))
        self._pieces.append(piece)
        self._handed_over += len(piece)
        self._is_last = self.has_ended  # after the piece: the visitor's task looks here first

    # For the visitor's task

    def wake(self) -> None:
        """In the visitor's event loop: there is something to read."""
        self._news.set()

    async def next_piece(self) -> tuple[str, bool]:
        """What was written since the last piece, and whether the text has ended."""
        await self._news.wait()
        self._news.clear()
        is_last = self._is_last
        if self.error is not None:
            raise self.error
        pieces = []
        while self._pieces:
            pieces.append(self._pieces.popleft())
        piece = "".join(pieces)
        self._taken += len(piece)
        return piece, is_last


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


class Batch:
    """Texts and their states, a row each."""

    def __init__(self, checkpoint: Checkpoint):
        self.checkpoint = checkpoint
        self.network = checkpoint.quantized
        self.texts: list[OpenText] = []
        self.hidden, self.cells = self.network.start(0)
        self._step_s = 0.001  # how long a step took, the last time
        self._alone_until_s = 0.0

    def admit(self, text: OpenText) -> None:
        """`text.state` says where it begins."""
        hidden, cells = text.state
        text.state = None
        self.texts.append(text)
        self.hidden = np.concatenate([self.hidden, hidden])
        self.cells = np.concatenate([self.cells, cells])

    def advance(self, seconds: float, interrupt: np.ndarray, helpers: Executor, cores: int) -> None:
        """Read or write about as many characters of every text as fit in the seconds.

        Args:
            interrupt: see `kernel.write_steps`.
            helpers: threads of the other cores.
            cores: how many there are, this one counted.
        """
        steps = min(text.remaining_steps for text in self.texts)
        steps = max(1, min(steps, MAX_STEPS, int(seconds / self._step_s)))
        plan = np.full((len(self.texts), steps), -1, np.int32)
        uniforms = np.zeros((len(self.texts), steps))
        for text, ids, numbers in zip(self.texts, plan, uniforms, strict=True):
            text.plan(ids, numbers)
        settings = np.array([text.settings for text in self.texts], np.float64)

        def write(rows: slice) -> int:
            state = self.hidden[rows], self.cells[rows]
            began_s, worked_s = time.perf_counter(), time.thread_time()
            done = self.network.write(state, plan[rows], settings[rows], uniforms[rows], interrupt)
            took_s, worked_s = time.perf_counter() - began_s, time.thread_time() - worked_s
            if worked_s < CONTESTED * took_s:
                self._alone_until_s = began_s + ALONE_S
            return done

        began_s = time.perf_counter()
        if began_s < self._alone_until_s:
            cores = 1
        # Rows need nothing of each other: every core can take some of them.
        count = max(1, min(cores, len(self.texts) // LEAST_TEXTS))
        edges = np.linspace(0, len(self.texts), count + 1).astype(int)
        parts = [slice(*pair) for pair in pairwise(edges)]
        others = [helpers.submit(write, rows) for rows in parts[1:]]
        done = [write(parts[0]), *(other.result() for other in others)]
        self._step_s = max((time.perf_counter() - began_s) / max(done), 1e-6)
        for rows, steps in zip(parts, done, strict=True):
            for text, ids in zip(self.texts[rows], plan[rows, :steps], strict=True):
                text.take(ids)

    def state_of(self, row: int) -> QuantizedState:
        """A copy of a text's state."""
        return self.hidden[row : row + 1].copy(), self.cells[row : row + 1].copy()

    def let_go(self) -> list[OpenText]:
        """Take out the texts that have ended, were abandoned or must wait for their visitor."""
        leaves = [text.has_ended or text.abandoned or text.must_wait for text in self.texts]
        if not any(leaves):
            return []
        gone, staying = [], []
        for row, text in enumerate(self.texts):
            if leaves[row]:
                text.state = self.state_of(row)
            (gone if leaves[row] else staying).append(text)
        self.texts = staying
        stays = ~np.array(leaves)
        self.hidden, self.cells = self.hidden[stays], self.cells[stays]
        return gone

    def let_all_go(self) -> list[OpenText]:
        gone, self.texts = self.texts, []
        self.hidden, self.cells = self.network.start(0)
        return gone
