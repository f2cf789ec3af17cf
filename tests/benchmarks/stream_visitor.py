"""A visitor as the server sees one: a request to `/write`, and nothing drawn.

Written on plain sockets, because hundreds of them must not take the time of the server, which runs
on the same cores.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

EVENTS = "text/event-stream"


@dataclass
class Visit:
    """What a visitor saw.

    Attributes:
        first_s: from the request to the first words after the seed text; None if none came.
        whole_s: to the end of the text; None if it did not end well.
        body: the events that came, in bytes.
        error: what went wrong, in words.
    """

    first_s: float | None = None
    whole_s: float | None = None
    body: bytes = b""
    error: str = ""

    @property
    def text(self) -> str:
        """The text that came, the seed text first."""
        data = [line[6:] for line in self.body.split(b"\n") if line.startswith(b"data: ")]
        return "".join(json.loads(line).get("text", "") for line in data)


async def read_text(address: str, **parameters) -> Visit:
    """Ask for a text and read it to its end, as the page does.

    Args:
        address: of the page, http://host:port.
        parameters: of `/write`.
    """
    visit, began_s = Visit(), time.perf_counter()
    try:
        parts = urlsplit(address)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            content = json.dumps(parameters).encode()
            head = (
                f"POST /write HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept: {EVENTS}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
            )
            writer.write(head.encode() + content)
            status = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0]
            if b" 200 " not in status:
                raise ValueError(status.decode())
            while size := int(await reader.readline(), 16):
                chunk = await reader.readexactly(size)
                await reader.readexactly(2)
                visit.body += chunk
                if visit.first_s is None and b"event: piece" in chunk:
                    visit.first_s = time.perf_counter() - began_s
            if b"event: end" not in visit.body:
                raise ValueError("the text has no end")
            visit.whole_s = time.perf_counter() - began_s
        finally:
            writer.close()
    except (OSError, EOFError, ValueError) as error:
        visit.error = f"{type(error).__name__}: {error}"
    return visit
