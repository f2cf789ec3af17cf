"""Answers that arrive piece by piece: a plain text, or server-sent events.

Source of the format: WHATWG HTML, "Server-sent events". The answers are written straight to the
server's `send`: a framework's wrapper for each piece would cost more than writing the text does.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from charlstm.interface.network_address import address_of

EVENTS = "text/event-stream"
PLAIN = "text/plain"
# A sign of life, so that a reader can tell a busy server from a broken connection.
KEEP_ALIVE_S = 2.0
FULL = "Too many visitors are here at once: try again in a moment."
KEEP_ALIVE = b":\n\n"  # a comment, which readers of events ignore
END: Message = {"type": "http.response.body", "body": b"", "more_body": False}
HEADERS = {
    # no-transform: a proxy that compresses would hold pieces back; nginx is asked by the other.
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no",
    "X-Content-Type-Options": "nosniff",
}


def event(kind: str, data: Any) -> bytes:
    """An event as it is sent: its kind, and its data as JSON on one line.

    >>> event("piece", {"text": "O, "})
    b'event: piece\\ndata: {"text":"O, "}\\n\\n'
    """
    # ASCII: other line separators of Unicode would need care. Escaped, they need none.
    return f"event: {kind}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


def wants_events(accept: str) -> bool:
    """Whether a request's Accept header asks for events rather than for plain text.

    >>> wants_events("text/event-stream"), wants_events("*/*"), wants_events("")
    (True, False, False)
    """
    qualities = {PLAIN: 0.0, EVENTS: 0.0}
    for part in accept.lower().split(","):
        media_type, *parameters = (piece.strip() for piece in part.split(";"))
        given = [text.removeprefix("q=") for text in parameters if text.startswith("q=")]
        with suppress(ValueError):
            qualities[media_type] = float(given[0]) if given else 1.0
    return qualities[EVENTS] > 0 and qualities[EVENTS] >= qualities[PLAIN]


class Places:
    """Counts the streams that are open at once: in all, and for each network address.

    To be used in one event loop.

    Args:
        of_address: how many one address may have. A room may share one.
        in_all: how many there may be.
    """

    def __init__(self, of_address: int, in_all: int):
        self._of_address = of_address
        self._in_all = in_all
        self._taken: Counter[str] = Counter()

    def hold(self, scope: Scope, stream: ASGIApp) -> ASGIApp:
        """The stream, which has a place until it ends; a refusal if there is none for it."""
        address = address_of(scope)
        if self._taken.total() >= self._in_all or self._taken[address] >= self._of_address:
            answer = refused(FULL, 503)
            answer.headers["Retry-After"] = "2"
            return answer
        self._taken[address] += 1

        async def holding(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await stream(scope, receive, send)
            finally:
                self._taken[address] -= 1
                if not self._taken[address]:
                    del self._taken[address]

        return holding


class Streamed:
    """An ASGI response that sends pieces as they come, until they end or the reader leaves.

    When the reader leaves, the iteration is closed at once, also while it waits for a piece. A
    reader who is slow slows the iteration: no piece is taken before the last one is on its way.
    When the server stops, it ends as well.

    Args:
        pieces: what to send. If it raises, the connection is cut short of its proper end, which a
            reader can tell from a complete answer.
        media_type: `EVENTS` or `PLAIN`. Events are kept alive by comments.
    """

    def __init__(self, pieces: AsyncGenerator[bytes, None], media_type: str):
        self._pieces = pieces
        self._media_type = media_type

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {"Content-Type": f"{self._media_type}; charset=utf-8", **HEADERS}
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        sending = asyncio.create_task(self._send_all(send))
        leaving = asyncio.create_task(_until_disconnected(receive))
        stopping = asyncio.create_task(_until_stopped(scope))
        try:
            await asyncio.wait([sending, leaving, stopping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            is_cut = stopping.done() and not sending.done()
            leaving.cancel()
            stopping.cancel()
            if not sending.done():
                sending.cancel()
            # Waits until the pieces are closed; what they raised is raised here.
            with suppress(asyncio.CancelledError):
                await sending
            if is_cut and self._media_type == EVENTS:  # whose readers know the last event
                await send(END)

    async def _send_all(self, send: Send) -> None:
        async with aclosing(self._pieces) as pieces:
            keeps_alive = self._media_type == EVENTS
            coming: asyncio.Future[bytes] | None = None
            try:
                while True:
                    coming = coming or asyncio.ensure_future(anext(pieces))
                    done, _ = await asyncio.wait([coming], timeout=KEEP_ALIVE_S)
                    if not done:
                        if keeps_alive:
                            await send(_body(KEEP_ALIVE))
                        continue
                    finished, coming = coming, None
                    try:
                        piece = finished.result()
                    except StopAsyncIteration:
                        break
                    await send(_body(piece))
            finally:
                if coming is not None:
                    coming.cancel()
                    with suppress(asyncio.CancelledError, StopAsyncIteration):
                        await coming
        await send(END)


def _body(piece: bytes) -> Message:
    return {"type": "http.response.body", "body": piece, "more_body": True}


async def _until_stopped(scope: Scope) -> None:
    """Wait until the server stops, of which Gradio tells its app."""
    stop_event = getattr(scope.get("app"), "stop_event", None)
    await (stop_event or asyncio.Event()).wait()


async def _until_disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def refused(sentence: str, status: int = 400) -> JSONResponse:
    """The answer to a request that cannot be served: one sentence, as JSON."""
    return JSONResponse({"error": sentence}, status, {"Cache-Control": "no-store"})
