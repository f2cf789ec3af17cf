"""A wire between a browser and a server, which a test can cut, or leave without a sound."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Wire:
    """Passes on what comes, in both directions, while it is whole.

    Attributes:
        port: where a browser connects.
    """

    def __init__(self, server_port: int):
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._is_cut = threading.Event()
        self._connections: set[socket.socket] = set()
        self._forgotten: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End all connections; new ones are refused until the wire is mended."""
        self._is_cut.set()
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def forget(self) -> None:
        """Let the connections of now stay open, and pass nothing more: new ones are as usual."""
        self._forgotten |= self._connections

    def mend(self) -> None:
        self._is_cut.clear()

    def close(self) -> None:
        self.cut()
        self._listener.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with self._listener, suppress(OSError):  # when the listener is closed
            while True:
                near, _ = self._listener.accept()
                if self._is_cut.is_set():
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self._server_port))
                self._connections |= {near, far}
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=self._pass, args=(source, target), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with source:
            with suppress(OSError):
                while data := source.recv(1 << 16):
                    if source not in self._forgotten:
                        target.sendall(data)
            self._connections.discard(source)
            with suppress(OSError):
                target.shutdown(socket.SHUT_RDWR)


@contextmanager
def wire_to(server_port: int) -> Iterator[Wire]:
    wire = Wire(server_port)
    try:
        yield wire
    finally:
        wire.close()
