"""Closes connections on which nobody asks for anything.

The server itself closes one that was used and is idle since. One on which nothing has come, or half
a request, it would keep until the other side leaves, and each takes one of the files that a process
may have open: some thousand of them would keep everybody else out.
"""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any
from weakref import WeakKeyDictionary

from gradio.http_server import Server

IDLE_S = 30.0
LOOK_S = 5.0


class IdleConnections:
    """The connections of a server that have no request, and since when.

    Args:
        server: which has started.
    """

    def __init__(self, server: Server):
        self._server = server
        # Since when a connection has been idle, and the request before, None if there was none.
        self._idle: WeakKeyDictionary[Any, tuple[Any, float]] = WeakKeyDictionary()

    def close(self, now_s: float) -> int:
        """Close those that have been idle for `IDLE_S`; in the server's event loop.

        Returns:
            How many.
        """
        closed = 0
        for connection in list(self._server.server_state.connections):
            request = getattr(connection, "cycle", None)
            if request is not None and not request.response_complete:
                self._idle.pop(connection, None)
                continue
            latest, since_s = self._idle.setdefault(connection, (request, now_s))
            if latest is not request:  # there was one in the meantime
                self._idle[connection] = request, now_s
            elif now_s - since_s >= IDLE_S:
                connection.transport.close()
                closed += 1
        return closed

    def close_until(self, end: threading.Event) -> None:
        """Look after them until the server stops or the event is set."""
        loops: set[asyncio.AbstractEventLoop] = {one.get_loop() for one in self._server.servers}
        while not end.wait(LOOK_S):
            for loop in loops:
                try:
                    loop.call_soon_threadsafe(self.close, time.monotonic())
                except RuntimeError:  # the event loop is closed
                    return
