"""The texts that one network writes at the same time: continuous batching, with a row for each."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Executor
from itertools import pairwise

import numpy as np

from charlstm.network.checkpoint import Checkpoint
from charlstm.network.quantized import Chances, QuantizedState
from charlstm.writing.writing_state import WritingState

MAX_STEPS = 256  # in one call of the network
# Minimum number of texts per worker thread: each thread reads all the weights.
MIN_TEXTS_PER_WORKER = 4
# More texts are divided into more parts than there are threads, and whoever is free takes the next
# part, for a core that others use as well should get fewer. The states of so few stay in its cache.
TEXTS_PER_PART = 8
# Where other cores gain less, they are left to others, such as a training.
LEAST_GAIN = 1.1
EXPECTED_GAIN = 2.0  # until it is measured
SMOOTHING = 0.3  # weight of the latest measurement: one hiccup of the machine decides nothing
# How often the way of writing that was slower is tried again: writing alone costs more to try.
TRY_HELP_S, TRY_ALONE_S = 0.25, 2.0


class CoreChoice:
    """Decides whether other cores help, by the speeds measured with and without them.

    They may be busy with a training, or be no cores at all but second threads of a core.
    """

    def __init__(self):
        self._alone = self._helped = 0.0  # characters a second in all; 0 until measured
        self._next_trial_s = 0.0

    def choose(self, now_s: float) -> bool:
        """Whether to let other cores help in the next call."""
        if now_s < self._next_trial_s:
            return self._is_help_worth_it
        self._wait_for_trial(now_s)
        return not self._is_help_worth_it

    def measured(self, was_helped: bool, speed: float, now_s: float) -> None:
        """Learn how fast a call was: characters a second."""
        was_worth_it = self._is_help_worth_it
        # What an earlier trial found is old, and maybe for fewer texts.
        weight = SMOOTHING if was_helped == was_worth_it else 1
        if was_helped:
            self._helped += weight * (speed - self._helped)
        else:
            self._alone += weight * (speed - self._alone)
            self._helped = self._helped or EXPECTED_GAIN * speed
        if self._is_help_worth_it != was_worth_it:
            self._wait_for_trial(now_s)

    @property
    def _is_help_worth_it(self) -> bool:
        return self._helped >= LEAST_GAIN * self._alone

    def _wait_for_trial(self, now_s: float) -> None:
        self._next_trial_s = now_s + (TRY_ALONE_S if self._is_help_worth_it else TRY_HELP_S)


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
        self._core_choice = CoreChoice()

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
        num_likeliest = max(text.num_likeliest for text in self.texts)
        chances = Chances.make(len(self.texts), steps, num_likeliest)

        def write(rows: slice) -> int:
            return self.network.write(
                (self.hidden[rows], self.cells[rows]),
                plan[rows],
                settings[rows],
                uniforms[rows],
                interrupt,
                chances[rows],
            )

        began_s = time.perf_counter()
        # Rows do not depend on each other: each core can take some of them.
        most = max(1, min(cores, len(self.texts) // MIN_TEXTS_PER_WORKER))
        count = most if most > 1 and self._core_choice.choose(began_s) else 1
        parts = _parts(len(self.texts), count)
        done = [0] * len(parts)
        left = deque(enumerate(parts))

        def work() -> None:
            while left:
                try:
                    number, rows = left.popleft()
                except IndexError:  # another thread took the last one
                    return
                done[number] = write(rows)

        others = [workers.submit(work) for _ in range(count - 1)]
        work()
        for other in others:
            other.result()
        ended_s = time.perf_counter()
        took_s = ended_s - began_s
        self._step_s = max(took_s / max(done), 1e-6)
        # Not after an interrupt: to begin takes other cores longer than a single step.
        if most > 1 and min(done) == steps:
            self._core_choice.measured(count > 1, len(self.texts) * steps / took_s, ended_s)
        for rows, steps in zip(parts, done, strict=True):
            for row in range(rows.start, rows.stop):
                text = self.texts[row]
                recorded = chances[row, :steps] if text.num_likeliest else None
                text.advance(plan[row, :steps], recorded)

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


def _parts(texts: int, workers: int) -> list[slice]:
    """The rows of so many texts, divided for so many threads."""
    count = max(workers, texts // TEXTS_PER_PART) if workers > 1 else 1
    edges = np.linspace(0, texts, count + 1).astype(int)
    return [slice(*pair) for pair in pairwise(edges)]
