"""A visitor as the server sees one: HTTP requests of Gradio's queue, and nothing drawn.

Written on plain sockets, because a hundred of them must not take the time of the server, which
runs on the same cores.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass
class Visit:
    """What a visitor saw.

    Attributes:
        first_s: from the press of the button to the first words; None if none came.
        whole_s: to the end of the text; None if it did not end well.
        text: the last state of it.
        pieces: updates that came.
        error: what went wrong, in words.
        copy: which copy answered, if a balancer says so.
    """

    first_s: float | None = None
    whole_s: float | None = None
    text: str = ""
    pieces: int = 0
    error: str = ""
    copy: str = ""


async def write(
    address: str,
    function: int,
    data: list,
    seed_text: str,
    *,
    cookie: str = "",
    visit: Visit | None = None,
) -> Visit:
    """Press the button: join the queue, open the stream, read it to its end.

    Args:
        address: of the page, http://host:port.
        function: number of the page's function among its dependencies.
        data: its arguments.
        seed_text: with which the text begins: it is not counted as first words.
        cookie: sent with every request.
        visit: filled in while it goes on, for those who want to watch.
    """
    visit, began_s = visit or Visit(), time.perf_counter()
    session = uuid.uuid4().hex[:12]
    try:
        body = {"data": data, "fn_index": function, "session_hash": session}
        visit.copy = await _post(address, "/gradio_api/queue/join", body, cookie)
        path = f"/gradio_api/queue/data?session_hash={session}"
        async for message in _events(address, path, cookie):
            kind = message["msg"]
            if kind in ("process_generating", "process_completed"):
                output = message["output"]
                if not message.get("success", True):
                    visit.error = str(output)
                    return visit
                if kind == "process_generating":
                    visit.pieces += 1
                    visit.text = _changed(visit.text, output["data"][0])
                    if visit.first_s is None and len(_plain(visit.text)) > len(seed_text):
                        visit.first_s = time.perf_counter() - began_s
                else:
                    visit.whole_s = time.perf_counter() - began_s
            elif kind == "close_stream":
                break
    except (OSError, EOFError, ValueError) as error:
        visit.error = f"{type(error).__name__}: {error}"
    return visit


def _plain(page: str) -> str:
    """The text in the HTML of the page, or the text itself."""
    for tag in ('<div class="page">', '<span class="seed">', "</span>", "</div>"):
        page = page.replace(tag, "")
    return page


def _changed(text: str, change) -> str:
    """Apply Gradio's description of a change: the whole text, or a list of operations."""
    if not isinstance(change, list):
        return text if change is None or isinstance(change, dict) else str(change)
    for operation, _, value in change:
        text = text + value if operation == "append" else value
    return text


async def _open(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(address)
    return await asyncio.open_connection(parts.hostname, parts.port)


async def _post(address: str, path: str, body: dict, cookie: str) -> str:
    """Returns the address of the copy that answered, if the answer tells."""
    reader, writer = await _open(address)
    try:
        content = json.dumps(body).encode()
        writer.write(
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(content)}\r\nCookie: {cookie}\r\n"
            "Connection: close\r\n\r\n".encode()
            + content
        )
        answer = await reader.read()
        head = answer.partition(b"\r\n\r\n")[0]
        if b" 200 " not in head.split(b"\r\n")[0]:
            raise ValueError(f"{path} answered {answer[:200]!r}")
        copies = [line[7:] for line in head.decode().split("\r\n") if line[:7] == "X-Copy:"]
        return copies[0].strip() if copies else ""
    finally:
        writer.close()


async def _events(address: str, path: str, cookie: str):
    """The messages of a stream of server-sent events, from its chunks."""
    reader, writer = await _open(address)
    try:
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n"
            "Accept: text/event-stream\r\n\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n")[0]:
            raise ValueError(f"{path} answered {head[:200]!r}")
        pending = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            pending += (await reader.readexactly(size + 2))[:-2]
            *whole, pending = pending.split(b"\n\n")
            for event in whole:
                if event.startswith(b"data: "):
                    yield json.loads(event[6:])
    finally:
        writer.close()
