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

HEADER = "X-Charlstm-Visitor"
SECRET = re.compile(r"[0-9a-f]{32,64}")
NOBODY = ""  # owns nothing
NOT_KNOWN = (
    "This browser did not say whose training it would be: open the page anew, with scripts allowed."
)
_asking: ContextVar[str] = ContextVar("asking", default=NOBODY)


def owner_of(secret: str | None) -> str:
    """What a training records of its owner; NOBODY if this is no secret."""
    if secret is None or not SECRET.fullmatch(secret):
        return NOBODY
    return hashlib.sha256(b"charlstm visitor " + secret.encode()).hexdigest()[:32]


def asking() -> str:
    """The owner on whose behalf the current request, or what it began, is worked on."""
    return _asking.get()


@contextmanager
def on_behalf_of(owner: str) -> Iterator[None]:
    token = _asking.set(owner)
    try:
        yield
    finally:
        _asking.reset(token)


class KnowsVisitors:
    """ASGI middleware: says on whose behalf each request is worked on."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with on_behalf_of(owner_of(Headers(scope=scope).get(HEADER))):
            await self._app(scope, receive, send)
