"""A server on this computer that stands in for the network, with all its moods."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.waiting import PATIENCE_S

MOODS = ("good", "unannounced", "corrupt", "cut off", "slow", "trickle", "404", "500")


class Server:
    """Answers each request in the next of its moods; the last one stays.

    Attributes:
        moods: what is still to come, from `MOODS`.
        requests: how many have been made.
        url: where to ask.
    """

    def __init__(self, payload: bytes, moods: list[str], url: str):
        assert set(moods) <= set(MOODS)
        self.payload = payload
        self.moods = moods
        self.url = url
        self.requests = 0
        self.closing = threading.Event()

    def next_mood(self) -> str:
        self.requests += 1
        return self.moods.pop(0) if len(self.moods) > 1 else self.moods[0]


@contextmanager
def serving(payload: bytes, *moods: str) -> Iterator[Server]:
    """Serve `payload` while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            try:
                self.answer(server.next_mood())
            except ConnectionError:  # the client gave up, as it should
                pass

        def answer(self, mood: str) -> None:
            if mood in ("404", "500"):
                self.send_error(int(mood))
                return
            body = server.payload[::-1] if mood == "corrupt" else server.payload
            self.send_response(200)
            if mood != "unannounced":
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.send_body(body, mood)

        def send_body(self, body: bytes, mood: str) -> None:
            half = body[: len(body) // 2]
            if mood == "cut off":
                self.wfile.write(half)
            elif mood == "slow":
                self.wfile.write(half)
                self.wfile.flush()
                server.closing.wait(PATIENCE_S)
            elif mood == "trickle":
                for start in range(0, len(body), 256):
                    self.wfile.write(body[start : start + 256])
                    if server.closing.wait(0.02):
                        return
            else:
                self.wfile.write(body)

        def log_message(self, *arguments):
            """Say nothing: the output belongs to the tests."""

    http_server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http_server.daemon_threads = True
    url = f"http://127.0.0.1:{http_server.server_port}/input.txt"
    server = Server(payload, list(moods), url)
    thread = threading.Thread(target=http_server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        http_server.shutdown()
        http_server.server_close()
        thread.join(5)
