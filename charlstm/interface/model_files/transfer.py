"""`/model-file`: sends a model's file to the visitor, or takes one.

GET  /model-file?model=ID        the file, under a good name
POST /model-file?name=FILE_NAME  its body is the file; answers with the new model's id
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from charlstm.errors import CharLSTMError
from charlstm.interface import visitors
from charlstm.interface.event_stream import Places, refused
from charlstm.interface.models import SHIPPED_FILE, ModelNotFound, ModelRegistry
from charlstm.interface.network_address import address_of
from charlstm.network.checkpoint import parse_checkpoint

ADDRESS = "/model-file"
PLACES_OF_ADDRESS, PLACES = 8, 20  # files that are on their way at once
ON_ITS_WAY_S = 600.0  # after which a reader who is slower loses the rest
BLOCK_BYTES = 256_000
MAX_NAME_CHARACTERS = 60
UNSAFE = re.compile(r"[^\w+-]+")  # in the name of a file, on any system
TEXT_ENDING = re.compile(r"\.(txt|md)\b")


class ModelTransfer:
    """The ASGI application behind `/model-file`."""

    def __init__(self, registry: ModelRegistry):
        self._registry = registry
        self._places = Places(PLACES_OF_ADDRESS, PLACES)

    def route(self) -> Route:
        return Route(ADDRESS, self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            answer = await self._answer(request)
        except ModelNotFound as error:
            answer = refused(str(error), 404)
        except CharLSTMError as error:
            answer = refused(str(error))
        with suppress(TimeoutError):  # the server cuts the connection short and logs a line
            async with asyncio.timeout(ON_ITS_WAY_S):
                await answer(scope, receive, send)

    async def _answer(self, request: Request) -> ASGIApp:
        if request.method == "POST":
            return await self._take(request)
        if request.method != "GET":
            return refused(f"{request.method} is not possible here; use GET or POST.", 405)
        file, name = await asyncio.to_thread(self._open, request.query_params.get("model", ""))
        size = file.seek(0, 2)
        file.seek(0)
        answer = StreamingResponse(
            _blocks(file),
            media_type="application/octet-stream",
            headers={
                "Content-Length": str(size),
                "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
                "Cache-Control": "no-store",
            },
        )
        return self._places.hold(request.scope, answer)

    def _open(self, model: str) -> tuple[BinaryIO, str]:
        """A model's file and the name to keep it under.

        The file is opened once: a training may replace it meanwhile.
        """
        path = self._registry.file(model)
        try:
            file = open(path, "rb")  # noqa: SIM115 (closed by _blocks)
        except OSError as error:
            raise ModelNotFound("This model was deleted meanwhile: choose another one.") from error
        if path.name == SHIPPED_FILE:
            return file, path.name
        return file, file_name_of(self._registry.title(model))

    async def _take(self, request: Request) -> ASGIApp:
        """Add the model whose file is the request's body."""
        # A page of another origin cannot send this header along.
        if visitors.asking() == visitors.NOBODY:
            raise CharLSTMError(visitors.NOT_KNOWN)
        name = request.query_params.get("name") or "The file"
        data = await request.body()
        added = await asyncio.to_thread(self._add, data, name, address_of(request.scope))
        return JSONResponse(added, headers={"Cache-Control": "no-store"})

    def _add(self, data: bytes, name: str, address: str) -> dict[str, str]:
        model, is_new = self._registry.add(data, name, address)
        title = self._registry.title(model)
        if not is_new:
            return {"model": model, "sentence": f"“{title}” is here already: now it is chosen."}
        size = parse_checkpoint(data, name).architecture.parameters()
        return {
            "model": model,
            "sentence": f"“{title}” is loaded, a network of {size:,} weights: now it is chosen.",
        }


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while block := file.read(BLOCK_BYTES):
            yield block


def file_name_of(title: str) -> str:
    """A name for the file of a model, which any system can keep.

    >>> file_name_of("my novel.txt, quick, 26 Nov 16:40")
    'my-novel-quick-26-Nov-16-40.safetensors'
    """
    words = UNSAFE.sub("-", TEXT_ENDING.sub("", title)).strip("-")[:MAX_NAME_CHARACTERS]
    return f"{words.strip('-') or 'model'}.safetensors"
