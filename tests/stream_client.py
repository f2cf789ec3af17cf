"""A reader of `/write` as the page's script is one: it asks again for the rest when it is cut off.

Written on plain sockets, because hundreds of them share two cores with the server.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

BUSY = (502, 503, 504)  # a proxy that has no server for the moment
WAIT_S = 0.1  # before asking again


class CutOff(Exception):
    """The connection ended before the text did."""


@dataclass
class Reader:
    """One text, and how it came.

    Attributes:
        request: what was asked for, without `from`.
        text: what has come.
        chunks: how many characters were there after each chunk of the answer that brought some.
        copies: which copies answered, if a balancer names them; the latest last.
        cuts: how often the connection broke after the text had begun.
        is_whole: the server has said that this is all.
    """

    request: dict
    text: str = ""
    chunks: list[int] = field(default_factory=list)
    copies: list[str] = field(default_factory=list)
    cuts: int = 0
    is_whole: bool = False

    async def read(self, address: str) -> Reader:
        """Ask the page at an address until the text is whole.

        Raises:
            ValueError: the server refused.
        """
        while not self.is_whole:
            begun = len(self.text)
            try:
                await self._read_once(address)
            except (OSError, EOFError, CutOff):
                self.cuts += len(self.text) > begun
                await asyncio.sleep(WAIT_S)
        return self

    async def _read_once(self, address: str) -> None:
        unread = b""
        async for chunk in self._chunks(address):
            before = len(self.text)
            *events, unread = (unread + chunk).split(b"\n\n")
            for event in events:
                self._take(event)
            if len(self.text) > before:
                self.chunks.append(len(self.text))
        if not self.is_whole:
            raise CutOff

    def _take(self, event: bytes) -> None:
        if event.startswith(b":"):
            return  # a sign of life
        kind, data = (line.partition(b": ")[2] for line in event.split(b"\n"))
        if kind in (b"begin", b"piece"):
            self.text += json.loads(data)["text"]
        elif kind == b"end":
            self.is_whole = True
        else:
            raise ValueError(f"the server says: {data.decode()}")

    async def _chunks(self, address: str) -> AsyncIterator[bytes]:
        """The chunks of the answer to the request for what is missing."""
        parts = urlsplit(address)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            body = json.dumps({**self.request, "from": len(self.text)}).encode()
            writer.write(
                f"POST /write HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept: text/event-stream\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            status, *lines = head.strip().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines)
            code = int(status.split()[1])
            if code in BUSY:
                raise CutOff
            if code != 200:
                raise ValueError(f"the server refused: {head}")
            self.copies.append(headers.get("x-copy", ""))
            while size := int(await reader.readuntil(b"\r\n"), 16):
                yield (await reader.readexactly(size + 2))[:-2]
        finally:
            writer.close()
