"""How far a text has been written, and everything that decides how it continues."""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from charlstm.network.checkpoint import Checkpoint
from charlstm.network.quantized import Chances, QuantizedState
from charlstm.writing.piece import Choices, Piece
from charlstm.writing.piece_queue import MAX_UNREAD, PieceQueue
from charlstm.writing.sampling import Sampling, random_numbers
from charlstm.writing.single_text import read_seed_text

if TYPE_CHECKING:
    from _hashlib import HASH

MAX_MARKS = 6  # ends of a text's latest pieces: where a visitor may have stopped it
RANDOM_NUMBERS = 256  # drawn together


@dataclass(frozen=True, eq=False)
class Mark:
    """The end of a piece, where the text may be continued.

    Attributes:
        position: how many characters have been written.
        digest: of the seed text and of these characters.
        state: the recurrent state after them.
    """

    position: int
    digest: HASH
    state: QuantizedState


class WritingState:
    """One visitor's text while it is written.

    It belongs to one thread at a time: whoever asks for the text makes it and gives it to the
    engine's thread, which alone uses it from then on. The two meet in the queue.

    Attributes:
        settings: temperature, top_k, top_p and num_likeliest as numbers, see `kernel.write_steps`.
        num_likeliest: how many of the likeliest characters are recorded with each one drawn.
        queue: where what is written goes.
        remaining: characters still to be written.
        state: the recurrent state, (1, units), while the text is in no batch; None before it has
            been in one, and while it is.
        digest: of the seed text and of what was written so far, up to the last piece.
        marks: the ends of the latest pieces.
        identity: a digest of what decides the text, apart from the model: a text with the same has
            the same characters.
        to_skip: characters still to be written that are for nobody.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        seed_text: str,
        *,
        length: int,
        random_seed: int,
        sampling: Sampling,
        queue: PieceQueue,
        chances: int = 0,
        skip: int = 0,
    ):
        self.checkpoint = checkpoint
        self.num_likeliest = min(chances, len(checkpoint.vocabulary))
        self.settings = (*sampling.as_numbers, self.num_likeliest)
        self.queue = queue
        self.remaining = length
        self.state: QuantizedState | None = None
        self.digest = hashlib.sha256(_encoded(seed_text))
        self.marks: deque[Mark] = deque(maxlen=MAX_MARKS)
        decisive = seed_text, sampling.as_numbers, random_seed
        self.identity = hashlib.sha256(_encoded(repr(decisive))).digest()
        self.to_skip = skip
        self._length = length
        self._random_seed, self._first_position = random_seed, len(seed_text)
        self._to_read = read_seed_text(checkpoint.vocabulary, seed_text).ids
        self._num_read = 0
        self._written: list[int] = []  # ids that are not in the queue yet
        self._chances: list[Chances] = []  # those of these ids, if they were asked for
        self._random = random_numbers(random_seed, len(seed_text))
        self._uniforms = np.empty(0)
        self._num_used = 0  # of the uniforms
        self._due_s = 0.0

    def take_state(self) -> QuantizedState:
        """The recurrent state, for the batch, which keeps it from now on."""
        assert self.state is not None  # the engine has given it one
        state, self.state = self.state, None
        return state

    def begin_after_reading(self, state: QuantizedState) -> None:
        """Begin with the state after the seed text."""
        self.state = state
        self._num_read = len(self._to_read)

    def begin_at(self, mark: Mark) -> None:
        """Begin where a piece of a text with the same identity ended, at most `to_skip` on."""
        self.begin_after_reading(mark.state)
        self.digest = mark.digest.copy()
        self.remaining -= mark.position
        self.to_skip -= mark.position
        self._random = random_numbers(self._random_seed, self._first_position + mark.position)

    @property
    def remaining_steps(self) -> int:
        """How many characters are still to be read or written."""
        return len(self._to_read) - self._num_read + self.remaining

    @property
    def has_ended(self) -> bool:
        return self.remaining == 0

    @property
    def has_begun(self) -> bool:
        """Whether a piece of it has been put into the queue."""
        return self._due_s > 0

    @property
    def must_wait(self) -> bool:
        """Whether so much waits for its visitor that no more should be written."""
        return self.queue.num_unread + len(self._written) >= MAX_UNREAD

    @property
    def is_over(self) -> bool:
        """Whether no more is to be written, because all is there or nobody reads it."""
        return self.has_ended or self.queue.is_abandoned

    def plan(self, ids: np.ndarray, uniforms: np.ndarray) -> None:
        """Fill in what the next steps (steps,) read, and the random numbers for the others."""
        reading = self._to_read[self._num_read : self._num_read + len(ids)]
        ids[: len(reading)] = reading
        needed = len(ids) - len(reading)
        if len(self._uniforms) - self._num_used < needed:
            more = self._random.random(max(needed, RANDOM_NUMBERS))
            self._uniforms = np.concatenate([self._uniforms[self._num_used :], more])
            self._num_used = 0
        uniforms[len(reading) :] = self._uniforms[self._num_used : self._num_used + needed]

    def advance(self, ids: np.ndarray, chances: Chances | None) -> None:
        """Record what the steps read or wrote, ids (steps,).

        Args:
            chances: of each step, of num_likeliest characters or more; None if num_likeliest is 0.
        """
        reading = min(len(self._to_read) - self._num_read, len(ids))
        self._num_read += reading
        written = len(ids) - reading
        self._num_used += written
        self.remaining -= written
        begin = reading
        if self.to_skip and written:
            begin += min(self.to_skip, written)
            self.to_skip -= begin - reading
            self.digest.update(_encoded(self.checkpoint.vocabulary.decode(ids[reading:begin])))
        self._written += ids[begin:].tolist()
        if chances is not None and begin < len(ids):
            # Not copied: it keeps the arrays of all texts, but only until the next piece.
            self._chances.append(chances[begin:] if begin else chances)

    def is_due(self, now_s: float) -> bool:
        """Whether what was written should be put into the queue."""
        return self.has_ended or self.must_wait or (now_s >= self._due_s and bool(self._written))

    def put_piece(self, state: QuantizedState, due_s: float) -> None:
        """Put what was written into the queue.

        Args:
            state: the recurrent state after it, to be remembered.
            due_s: when the next piece is due.
        """
        piece = self._take_piece()
        self._due_s = due_s
        self.digest.update(_encoded(piece.text))
        self.marks.append(Mark(self._length - self.remaining, self.digest.copy(), state))
        self.queue.put(piece, is_last=self.has_ended)

    def _take_piece(self) -> Piece:
        """What was written and is not in the queue yet, as a piece."""
        vocabulary = self.checkpoint.vocabulary
        text, choices = vocabulary.decode(self._written), None
        if self._chances:
            choices = Choices.from_chances(self._chances, self.num_likeliest, vocabulary)
        self._written, self._chances = [], []
        return Piece(text, choices)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
