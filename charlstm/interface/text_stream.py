"""`/write`: answers a request for a text with the text, while it is written.

    curl -N 'http://127.0.0.1:7860/write?seed_text=ROMEO:&temperature=0.8&length=500&random_seed=7'

GET takes the parameters from the address, POST the same names from a JSON object, for long seed
texts. `from` asks for the same text from a character on, counted from the first of the seed text:
whoever lost the connection asks for the rest. The answer is the text in UTF-8, or, with
`Accept: text/event-stream`, events. Their data are JSON objects:

    begin   text: the seed text, as far as it was asked for; model: the name of the model, the same
            on every machine; unknown: a sentence about skipped characters, or empty; is_ready:
            false while the server still prepares itself
    piece   text: the characters that follow
    end     characters: how many the text has in all; seconds: how long it took
    error   error: a sentence; the text has broken off

With `chances=5` a piece also has, for each of its characters, the five that were the likeliest when
it was drawn, by the temperature that was asked for:

    likeliest       a list of strings of five characters, the likeliest first
    probabilities   a list of lists of five numbers, in thousandths
    drawn           a list of numbers: of the characters that were drawn
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

import numpy as np
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from charlstm.errors import CharLSTMError
from charlstm.interface.event_stream import (
    EVENTS,
    PLAIN,
    Places,
    Streamed,
    event,
    refused,
    wants_events,
)
from charlstm.interface.models import Model, ModelNotFound, ModelRegistry
from charlstm.interface.server_log import log_unexpected
from charlstm.writing.engine import Engine
from charlstm.writing.piece import MAX_CHANCES, Piece
from charlstm.writing.request import (
    CONTINUED,
    MAX_TEXT_CHARACTERS,
    VISITORS,
    Limits,
    TextRequest,
    check_names,
    whole_number,
)
from charlstm.writing.single_text import read_seed_text

ADDRESS = "/write"
# What a request may leave out.
DEFAULTS = {
    "seed_text": "",
    "temperature": 0.8,
    "length": 500,
    "random_seed": 0,
    "model": "",
    "from": 0,
    "chances": 0,
}
MAX_BODY_BYTES = 1_000_000
BROKE_OFF = "The text broke off, by a fault of the server: try again."


@dataclass(frozen=True, kw_only=True)
class StreamRequest:
    """What a reader of the stream asked for, checked.

    Attributes:
        begin: the first character wanted, counted from the first of the seed text.
        chances: how many of the likeliest characters to report for each one; 0 for none.
    """

    text_request: TextRequest
    model: Model
    begin: int
    chances: int


class TextStream:
    """The ASGI application behind `/write`."""

    def __init__(self, engine: Engine, registry: ModelRegistry):
        self._engine = engine
        self._registry = registry
        self._places = Places(registry.limits.texts_of_address, registry.limits.texts)

    def route(self) -> Route:
        return Route(ADDRESS, self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            answer = await self._answer(request)
        except ClientDisconnect:
            return
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> ASGIApp:
        if request.method not in ("GET", "HEAD", "POST"):
            answer = refused(f"{request.method} is not possible here; use GET or POST.", 405)
            answer.headers["Allow"] = "GET, HEAD, POST"
            return answer
        has_events = wants_events(request.headers.get("accept", ""))
        try:
            if request.method == "POST":
                given, limits = await _read_json(request), CONTINUED
            else:
                given, limits = _read_query(request), VISITORS
            asked = await self._check(given, limits, has_events)
        except _Refused as error:
            return refused(str(error), error.status)
        except ModelNotFound as error:
            return refused(str(error), 404)
        except CharLSTMError as error:
            return refused(str(error))
        media_type = EVENTS if has_events else PLAIN
        if request.method == "HEAD":
            return Response(media_type=media_type)
        written = self._events(asked) if has_events else self._plain(asked)
        return self._places.hold(request.scope, Streamed(written, media_type))

    async def _check(
        self, given: Mapping[str, Any], limits: Limits, has_events: bool
    ) -> StreamRequest:
        """The request made of what was given, and its model.

        Raises:
            CharLSTMError: something given is wrong, or there is no such model.
        """
        check_names(given, DEFAULTS)
        values = {**DEFAULTS, **given}
        text_request = TextRequest.check(
            values["model"],
            values["seed_text"],
            values["temperature"],
            values["length"],
            values["random_seed"],
            limits,
        )
        chances = whole_number("chances", values["chances"], 0, MAX_CHANCES)
        if chances and not has_events:
            raise CharLSTMError(f"A plain text has no chances; ask for events: Accept: {EVENTS}.")
        end = len(text_request.seed_text) + text_request.length
        begin = whole_number("from", values["from"], 0, MAX_TEXT_CHARACTERS + limits.lengths[1])
        if begin > end:
            raise CharLSTMError(f"from was {begin:,}; this text has {end:,} characters.")
        try:
            model = await asyncio.to_thread(self._registry.load, text_request.model)
        except ModelNotFound:
            raise
        except CharLSTMError as error:
            raise _Refused(str(error), 500) from error  # its file is damaged: no fault of the asker
        return StreamRequest(text_request=text_request, model=model, begin=begin, chances=chances)

    async def _plain(self, asked: StreamRequest) -> AsyncGenerator[bytes, None]:
        seed_text = asked.text_request.seed_text[asked.begin :]
        if seed_text:
            yield seed_text.encode()
        async with aclosing(self._pieces(asked)) as pieces:
            async for piece in pieces:
                yield piece.text.encode()

    async def _events(self, asked: StreamRequest) -> AsyncGenerator[bytes, None]:
        began_s = time.monotonic()
        seed_text = asked.text_request.seed_text
        reading = read_seed_text(asked.model.checkpoint.vocabulary, seed_text)
        yield event(
            "begin",
            {
                "text": seed_text[asked.begin :],
                "model": asked.model.name,
                "unknown": reading.remark,
                "is_ready": self._engine.is_ready,
            },
        )
        try:
            async with aclosing(self._pieces(asked)) as pieces:
                async for piece in pieces:
                    yield event("piece", as_json(piece))
        except Exception as error:
            log_unexpected(error)
            yield event("error", {"error": BROKE_OFF})
            return
        characters = len(seed_text) + asked.text_request.length
        took_s = time.monotonic() - began_s
        yield event("end", {"characters": characters, "seconds": round(took_s, 2)})

    def _pieces(self, asked: StreamRequest) -> AsyncGenerator[Piece, None]:
        """The pieces of what follows the seed text, from the first character wanted on."""
        request = asked.text_request
        return self._engine.pieces(
            asked.model.checkpoint,
            request.seed_text,
            length=request.length,
            random_seed=request.random_seed,
            sampling=request.sampling,
            chances=asked.chances,
            skip=max(0, asked.begin - len(request.seed_text)),
        )


def as_json(piece: Piece) -> dict[str, Any]:
    """The data of an event `piece`."""
    choices = piece.choices
    if choices is None:
        return {"text": piece.text}
    return {
        "text": piece.text,
        "likeliest": list(choices.characters),
        "probabilities": _thousandths(choices.probabilities),
        "drawn": _thousandths(choices.drawn),
    }


def _thousandths(probabilities: np.ndarray) -> list:
    return np.rint(probabilities * 1000).astype(int).tolist()


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    for name, count in Counter(name for name, _ in pairs).items():
        if count > 1:
            raise CharLSTMError(f"{name!r:.60} was given more than once; give it once.")
    return dict(pairs)


class _Refused(CharLSTMError):
    """A request that cannot be served, with the status of the answer."""

    def __init__(self, sentence: str, status: int):
        super().__init__(sentence)
        self.status = status


def _read_query(request: Request) -> dict[str, str]:
    """The parameters of an address."""
    try:
        unquote_to_bytes(request.scope["query_string"]).decode()
    except UnicodeDecodeError as error:
        raise CharLSTMError(
            "The address is not in UTF-8; encode its parameters in UTF-8, then with percent signs."
        ) from error
    query = request.query_params
    for name in query:
        if len(query.getlist(name)) > 1:
            raise CharLSTMError(f"{name!r:.60} was given more than once; give it once.")
    return dict(query)


async def _read_json(request: Request) -> dict[str, Any]:
    """The parameters in the body of a request."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise _Refused("POST needs a JSON object, and Content-Type: application/json.", 415)
    if request.query_params:
        raise CharLSTMError("POST takes all parameters from its body; leave none in the address.")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            raise _Refused(f"The body has more than {MAX_BODY_BYTES:,} bytes; send fewer.", 413)
    try:
        given = json.loads(bytes(body), object_pairs_hook=_once_each)
    except (ValueError, RecursionError) as error:
        raise CharLSTMError("The body is not JSON; send an object with the parameters.") from error
    if not isinstance(given, dict):
        raise CharLSTMError("The body is no JSON object; send one with the parameters.")
    return given
