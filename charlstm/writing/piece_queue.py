"""How the characters of a text get from the thread that writes them to the task that reads them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from dataclasses import dataclass

from charlstm.writing.piece import Piece

MAX_UNREAD = 4000  # characters that wait for the reader: from here on the writer should pause


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What a reader took out of a queue.

    Attributes:
        piece: what was written since the last time; its text may be empty.
        is_last: nothing comes after it.
        was_paused: the writer had paused, and the reader must let it continue.
    """

    piece: Piece
    is_last: bool
    was_paused: bool


class PieceQueue:
    """The pieces of one text: one thread puts them in, one task of an event loop takes them out.

    Thread safety: `put`, `fail` and `pause` are for the writing thread; `take` and `abandon` are
    for the reading task, in whose event loop the queue must have been made. What both sides change
    is changed under one lock. `num_unread` and `is_abandoned` may be read anywhere; without the
    lock they may be a moment old.

    Neither `put` nor `fail` wakes the reader: `wake` does, for many queues by one call.
    """

    def __init__(self):
        self.num_unread = 0  # characters
        self.is_abandoned = False
        self._lock = threading.Lock()
        self._pieces: list[Piece] = []
        self._is_closed = False
        self._is_paused = False
        self._error: Exception | None = None
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()

    # For the writing thread

    def put(self, piece: Piece, *, is_last: bool) -> None:
        with self._lock:
            self._pieces.append(piece)
            self.num_unread += len(piece.text)
            self._is_closed = is_last

    def fail(self, error: Exception) -> None:
        """Let the reader get this error instead of what it has not read yet."""
        with self._lock:
            self._error = error

    def pause(self) -> bool:
        """Tell the reader that the writer waits, if the queue is full and still has a reader.

        Returns:
            Whether that is so: then `take` or `abandon` will say once that the writer was paused.
        """
        with self._lock:
            self._is_paused = self.num_unread >= MAX_UNREAD and not self.is_abandoned
            return self._is_paused

    # For the reading task

    async def take(self) -> Taken:
        """Wait for the writer to wake this reader, and take all there is.

        Raises:
            Exception: whatever the writer failed with.
        """
        await self._news.wait()
        self._news.clear()
        with self._lock:
            if self._error is not None:
                raise self._error
            piece = Piece.joined(self._pieces)
            self._pieces.clear()
            self.num_unread = 0
            was_paused, self._is_paused = self._is_paused, False
            return Taken(piece=piece, is_last=self._is_closed, was_paused=was_paused)

    def abandon(self) -> bool:
        """Say that nobody will read on. Returns whether the writer had paused."""
        with self._lock:
            self.is_abandoned = True
            was_paused, self._is_paused = self._is_paused, False
            return was_paused


def wake(queues: Iterable[PieceQueue]) -> None:
    """Wake the readers of these queues, all those of an event loop by one call: it is slow.

    From any thread. Queues whose event loop is closed are abandoned: their readers are gone too.
    """
    by_loop: dict[asyncio.AbstractEventLoop, list[PieceQueue]] = {}
    for queue in queues:
        by_loop.setdefault(queue._loop, []).append(queue)
    for loop, waiting in by_loop.items():
        try:
            loop.call_soon_threadsafe(_set_all, waiting)
        except RuntimeError:  # the event loop is closed
            for queue in waiting:
                queue.abandon()


def _set_all(queues: list[PieceQueue]) -> None:
    for queue in queues:
        queue._news.set()
