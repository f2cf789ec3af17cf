"""The texts that one network writes at the same time: continuous batching, with a row for each."""

from __future__ import annotations

import time
from concurrent.futures import Executor
from itertools import pairwise

import numpy as np

from charlstm.network.checkpoint import Checkpoint
from charlstm.network.quantized import QuantizedState
from charlstm.writing.writing_state import WritingState

MAX_STEPS = 256  # in one call of the network
# Minimum number of texts per worker thread: each thread reads all the weights.
MIN_TEXTS_PER_WORKER = 8
# Below this share of a core another process, such as a training, is competing: use one core for
# ALONE_S, to leave the others to it.
CONTESTED, ALONE_S = 0.8, 1.0


class Batch:
    """Texts of one model and their recurrent states, a row each.

    For the engine's thread alone.

    Attributes:
        hidden: int16, (texts, units), all layers side by side.
        cells: float32, (texts, units).
    """

    def __init__(self, checkpoint: Checkpoint):
        self.checkpoint = checkpoint
        self.network = checkpoint.quantized
        self.texts: list[WritingState] = []
        self.hidden, self.cells = self.network.start(0)
        self._step_s = 0.001  # how long a step took in the latest call
        self._alone_until_s = 0.0

    def admit(self, text: WritingState) -> None:
        """Add a row for a text, which starts from `text.state`."""
        hidden, cells = text.take_state()
        self.texts.append(text)
        self.hidden = np.concatenate([self.hidden, hidden])
        self.cells = np.concatenate([self.cells, cells])

    def advance(self, seconds: float, interrupt: np.ndarray, workers: Executor, cores: int) -> None:
        """Read or write about as many characters of every text as fit in the seconds.

        Args:
            interrupt: see `kernel.write_steps`.
            workers: threads that may compute some of the rows.
            cores: how many cores may be used, that of the calling thread included.
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
        # Rows do not depend on each other: each core can take some of them.
        count = max(1, min(cores, len(self.texts) // MIN_TEXTS_PER_WORKER))
        edges = np.linspace(0, len(self.texts), count + 1).astype(int)
        parts = [slice(*pair) for pair in pairwise(edges)]
        others = [workers.submit(write, rows) for rows in parts[1:]]
        done = [write(parts[0]), *(other.result() for other in others)]
        self._step_s = max((time.perf_counter() - began_s) / max(done), 1e-6)
        for rows, steps in zip(parts, done, strict=True):
            for text, ids in zip(self.texts[rows], plan[rows, :steps], strict=True):
                text.advance(ids)

    def state_of(self, row: int) -> QuantizedState:
        """A copy of a text's recurrent state, (1, units)."""
        return self.hidden[row : row + 1].copy(), self.cells[row : row + 1].copy()

    def remove_idle(self) -> list[WritingState]:
        """Remove and return the texts that are over or must wait for their visitor."""
        is_idle = [text.is_over or text.must_wait for text in self.texts]
        if not any(is_idle):
            return []
        removed: list[WritingState] = []
        staying: list[WritingState] = []
        for row, text in enumerate(self.texts):
            if is_idle[row]:
                text.state = self.state_of(row)
            (removed if is_idle[row] else staying).append(text)
        self.texts = staying
        stays = ~np.array(is_idle)
        self.hidden, self.cells = self.hidden[stays], self.cells[stays]
        return removed

    def remove_all(self) -> list[WritingState]:
        """Remove and return all texts, without their recurrent states."""
        removed, self.texts = self.texts, []
        self.hidden, self.cells = self.network.start(0)
        return removed
