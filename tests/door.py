"""An address at which a page is met, and at which another one can take its place.

For a page of which the server is lost and comes back: to a browser it is the same whether a server
was killed and started again, which takes seconds, or another one answers at its address.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.page_server import PageServer, free_port


class Door:
    """Passes on what is sent, in both directions, as long as it is open."""

    def __init__(self):
        self._port = free_port()
        self._listener: socket.socket | None = None
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._passes_on = threading.Event()
        self._passes_on.set()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def open(self, server: PageServer) -> None:
        listener = socket.create_server(("127.0.0.1", self._port))
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener, server.port), daemon=True).start()

    def shut(self) -> None:
        """As if the server were killed: connections end, and nobody listens."""
        if self._listener is not None:
            _end(self._listener)
            self._listener = None
        with self._lock:
            connections, self._connections = self._connections, set()
        for connection in connections:
            _end(connection)

    @contextmanager
    def held(self) -> Iterator[None]:
        """As if the server stood still: connections stay, and nothing passes."""
        self._passes_on.clear()
        try:
            yield
        finally:
            self._passes_on.set()

    def _accept(self, listener: socket.socket, port: int) -> None:
        while True:
            try:
                visitor, _ = listener.accept()
            except OSError:  # it was shut
                return
            server = socket.create_connection(("127.0.0.1", port))
            with self._lock:
                is_open = self._listener is listener
                if is_open:
                    self._connections |= {visitor, server}
            if not is_open:
                _end(visitor)
                _end(server)
                return
            for source, target in ((visitor, server), (server, visitor)):
                threading.Thread(target=self._pass_on, args=(source, target), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._passes_on.wait()
                target.sendall(data)
        for one in (source, target):
            _end(one)


def _end(one: socket.socket) -> None:
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)  # wakes who waits for it in another thread
    one.close()
