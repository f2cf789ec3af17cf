"""Limits each visitor to one text at a time: a new one replaces the one being written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

LOOK_EVERY_S = 0.1


class Turn:
    """A visitor's text that is being written.

    Attributes:
        is_over: whether the visitor has begun another text, so that this one must end.
        left: set once this one has ended.
    """

    def __init__(self):
        self.is_over = False
        self.left = asyncio.Event()

    async def wait_for(self, future: asyncio.Future):
        """The future's result; None if the visitor begins another text first."""
        try:
            while not self.is_over:
                done, _ = await asyncio.wait([future], timeout=LOOK_EVERY_S)
                if done:
                    return future.result()
        finally:
            future.cancel()


class Turns:
    """The latest turn of each visitor."""

    def __init__(self):
        self._latest: dict[str, Turn] = {}

    @asynccontextmanager
    async def take(self, visitor: str | None) -> AsyncIterator[Turn]:
        """Context in which a visitor's text is written; ends the visitor's previous one first.

        Args:
            visitor: id of the visitor's session; None for programs, which are not limited.
        """
        turn = Turn()
        before = None
        if visitor is not None:
            before, self._latest[visitor] = self._latest.get(visitor), turn
        try:
            if before is not None:
                # Both write on the same page: the earlier text must finish before this one starts.
                before.is_over = True
                await before.left.wait()
            yield turn
        finally:
            turn.left.set()
            if visitor is not None and self._latest.get(visitor) is turn:
                del self._latest[visitor]
