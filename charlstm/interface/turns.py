"""One text at a time for each visitor: a new one replaces the one that is being written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

LOOK_EVERY_S = 0.1


class Turn:
    """A visitor's text that is being written."""

    def __init__(self):
        self.is_over = False  # the visitor has begun another one
        self.left = asyncio.Event()

    async def wait_for(self, future: asyncio.Future):
        """The future's result, or None if the visitor begins another text first."""
        try:
            while not self.is_over:
                done, _ = await asyncio.wait([future], timeout=LOOK_EVERY_S)
                if done:
                    return future.result()
        finally:
            future.cancel()


class Turns:
    """Starts a visitor's text after the one before it has ended."""

    def __init__(self):
        self._latest: dict[str, Turn] = {}

    @asynccontextmanager
    async def take(self, visitor: str | None) -> AsyncIterator[Turn]:
        """`visitor` is None for programs: they write as many texts at once as they like."""
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
