"""Who asks: on a public page, visitors see and use their own trainings only.

A browser makes up a secret, keeps it, and sends it along with each request (browser/visitor.js). A
training's folder records its owner: the digest of that secret, from which it cannot be found.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from charlstm.interface.network_address import address_of

HEADER = "X-Charlstm-Visitor"
SECRET = re.compile(r"[0-9a-f]{32,64}")
NOBODY = ""  # owns nothing
NOT_KNOWN = (
    "This browser did not say whose training it would be: open the page anew, with scripts allowed."
)
_asking: ContextVar[str] = ContextVar("asking", default=NOBODY)
_address: ContextVar[str] = ContextVar("address", default="")


def owner_of(secret: str | None) -> str:
    """What a training records of its owner; NOBODY if this is no secret."""
    if secret is None or not SECRET.fullmatch(secret):
        return NOBODY
    return hashlib.sha256(b"charlstm visitor " + secret.encode()).hexdigest()[:32]


def asking() -> str:
    """The owner on whose behalf the current request, or what it began, is worked on."""
    return _asking.get()


def address() -> str:
    """The network address that the current request came from; empty where that is not known."""
    return _address.get()


@contextmanager
def on_behalf_of(owner: str, address: str = "") -> Iterator[None]:
    tokens = _asking.set(owner), _address.set(address)
    try:
        yield
    finally:
        _asking.reset(tokens[0])
        _address.reset(tokens[1])


@contextmanager
def on_behalf_of_sender(scope: Scope) -> Iterator[None]:
    """Act for whoever sent a request."""
    owner = owner_of(Headers(scope=scope).get(HEADER))
    with on_behalf_of(owner, address_of(scope)):
        yield


class KnowsVisitors:
    """ASGI middleware: says on whose behalf each request is worked on."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with on_behalf_of_sender(scope):
            await self._app(scope, receive, send)
