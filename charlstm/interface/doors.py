"""What every request passes before anything is done with it, and every answer on its way out.

Gradio serves many addresses that this page does not need: they are closed. A request's body may
have only so many bytes, and must arrive within some time. A file that a request names must have
been uploaded here: Gradio would fetch an address that stands in place of one.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from email.message import Message
from email.utils import collapse_rfc2231_value
from itertools import islice
from pathlib import Path
from typing import Any

from gradio.route_utils import CustomCORSMiddleware
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as ASGIMessage

from charlstm.files import parse_json
from charlstm.interface.event_stream import Places, refused
from charlstm.interface.network_address import address_of
from charlstm.interface.server_log import BROKEN, log_unexpected

OPEN = re.compile(
    r"""/(?:config|theme\.css|favicon\.ico|robots\.txt|manifest\.json|pwa_icon(?:/\d+)?)?/?
    |/(?:write|news|health|qr\.svg|room-address|model-file)
    |/(?:static|assets|svelte|views)/.+
    |/gradio_api/(?:info|app_id|startup-events|upload|upload_progress|cancel|reset)/?
    |/gradio_api/queue/(?:join|data)/?
    |/gradio_api/heartbeat/[^/]+
    |/gradio_api/(?:run|call|call/v2)/[^/]+(?:/[^/]+)?/?
    |/gradio_api/file=(?!\w+:).+""",
    re.VERBOSE,
)
HEALTH = "/health"
RUN = "/gradio_api/run/"
UPLOAD = "/gradio_api/upload"
MODEL_FILE = "/model-file"
MAX_BODY_BYTES = 8_000_000  # a pasted text has up to 5 MB
FORM_BYTES = 500_000  # in the body of an upload, beside the file
# Of all bodies that arrive or are worked on at one time, and of those of one network address. Small
# ones always pass: whoever sends large ones slowly keeps nobody from writing.
MAX_HELD_BYTES = 250_000_000
MAX_HELD_OF_ADDRESS = 70_000_000
SMALL_BYTES = 20_000
# In the JSON of a request. A long text is one value; many take long to parse, and all wait.
MAX_VALUES = 5_000
MAX_FILES = 100  # in a request
EMPTY_S = 60.0  # after which an empty folder goes: a file may be about to come into it
HOUR_S = 3600.0
MAX_KEPT_FILES = 1_000  # that were uploaded; then the oldest are deleted
# What begins or parts values; a text that does not end is one as well, looked at once only.
_VALUE = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[{,]', re.DOTALL)
BODY_S = 120.0  # within which a body must have arrived
CROWDED = "Too much is being sent to this page at once: try again in a moment."
CLOSED = "There is nothing at this address."
NOT_UPLOADED = "Only a file that was uploaded on this page can be read: choose it again."
CREDENTIALS = "Access-Control-Allow-Credentials"
TOO_MUCH_UPLOADED = (
    "Much was uploaded from your network within the last hour: paste the text, or try again later."
)
NO_JSON = "The body is not JSON."
TOO_MANY_VALUES = f"The request has more than {MAX_VALUES:,} values; send fewer."
TOO_MANY_FILES = f"The request has more than {MAX_FILES:,} files; send fewer at a time."

# Gradio's page has scripts and styles within it, and makes functions from text.
CONTENT_POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        # A Space and a notebook show the page in a frame.
        "frame-ancestors 'self' https://huggingface.co https://*.huggingface.co "
        "https://*.hf.space http://localhost:* http://127.0.0.1:*",
    ]
)


class _Refusal(Exception):
    """A request that goes no further.

    Attributes:
        status: of the answer.
    """

    def __init__(self, sentence: str, status: int):
        super().__init__(sentence)
        self.status = status


class OtherOrigins(CustomCORSMiddleware):
    """Gradio's answers to pages of other origins: they may ask, but not with a visitor's cookies.

    Gradio puts it around all other middleware, `Doors` included.
    """

    def __init__(self, *arguments: Any, **settings: Any):
        super().__init__(*arguments, **settings)
        for headers in (self.simple_headers, self.preflight_headers):
            headers.pop(CREDENTIALS, None)


class Doors:
    """ASGI middleware, around all that is the page's.

    Args:
        upload_folder: returns where Gradio puts files that were uploaded.
        upload_bytes: of a file that is uploaded, at most.
        kept_bytes: of all that was uploaded and is kept, at most; then the oldest is deleted. None
            for any number.
        requests_of_address, requests: that are answered at once, streams among them.
        work_of_address: calls of functions that are worked on at once for one network address; the
            others wait.
    """

    def __init__(
        self,
        app: ASGIApp,
        upload_folder: Callable[[], str],
        upload_bytes: int = 33_000_000,
        kept_bytes: int | None = None,
        requests_of_address: int = 5000,
        requests: int = 5000,
        work_of_address: int = 1000,
    ):
        self._app = app
        self._upload_folder = upload_folder
        self._upload_bytes = upload_bytes
        self._kept_bytes = kept_bytes
        self._places = Places(requests_of_address, requests)
        self._work = _Work(work_of_address)
        self._uploaded = _Uploaded()
        self._held: Counter[str] = Counter()  # bytes of bodies, by the address of the sender

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        if _path(scope) == HEALTH:  # for whoever wonders why the page refuses
            await self._let_in(scope, receive, answer)
            return

        async def let_in(scope: Scope, receive: Receive, send: Send) -> None:
            await self._let_in(scope, receive, answer)

        await self._places.hold(scope, let_in)(scope, receive, answer.send)

    async def _let_in(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        send = answer.send
        body = bytearray()
        try:
            try:
                receive = await self._checked(scope, receive, body)
            except _Refusal as refusal:
                await refused(str(refusal), refusal.status)(scope, receive, send)
                return
            try:
                async with self._work.hold(scope):
                    await self._app(scope, receive, send)
            except Exception as error:  # a bug, ours or Gradio's: its message may quote a visitor
                log_unexpected(error)
                if not answer.has_begun:  # else the server cuts it short
                    await refused(BROKEN, 500)(scope, receive, send)
        finally:
            self._let_go(scope, len(body))

    async def _checked(self, scope: Scope, receive: Receive, body: bytearray) -> Receive:
        """What the request's body can be received from, once the request has been checked.

        Args:
            body: is filled with the body.
        """
        path = _path(scope)
        if not OPEN.fullmatch(path):
            raise _Refusal(CLOSED, 404)
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            return receive
        is_upload = path.startswith(UPLOAD)
        has_file = is_upload or path == MODEL_FILE
        limit = self._upload_bytes + FORM_BYTES if has_file else MAX_BODY_BYTES
        await self._receive_body(scope, receive, body, limit)
        parts = _number_of_parts(scope, body) if is_upload else 0
        if parts > MAX_FILES:
            raise _Refusal(TOO_MANY_FILES, 413)
        if is_upload and self._kept_bytes is not None:
            # What others uploaded is kept, whatever one address sends.
            most = self._kept_bytes // 2, MAX_KEPT_FILES // 2
            if not self._uploaded.add(address_of(scope), len(body), parts, most):
                raise _Refusal(TOO_MUCH_UPLOADED, 429)
            room = self._kept_bytes - len(body)
            await asyncio.to_thread(_delete_oldest, Path(self._upload_folder()), room)
        if path.startswith("/gradio_api/") and not is_upload and body:
            if _has_too_many_values(body):
                raise _Refusal(TOO_MANY_VALUES, 413)
            try:
                given = parse_json(bytes(body))
            except ValueError as error:
                raise _Refusal(NO_JSON, 400) from error
            paths = _paths_of_files(given)
            if len(paths) > MAX_FILES:
                raise _Refusal(TOO_MANY_FILES, 413)
            if any(not self._is_uploaded(path) for path in paths):
                raise _Refusal(NOT_UPLOADED, 400)
        return _again(body, receive)

    def _let_go(self, scope: Scope, size: int) -> None:
        address = address_of(scope)
        self._held[address] -= size
        if self._held[address] <= 0:
            del self._held[address]

    async def _receive_body(
        self, scope: Scope, receive: Receive, body: bytearray, limit: int
    ) -> None:
        """
        Raises:
            _Refusal: it is too long, too slow, there are too many at once, or the sender left.
        """
        too_long = _Refusal(f"The request has more than {limit:,} bytes; send fewer.", 413)
        announced = Headers(scope=scope).get("content-length", "0")
        if announced.isdecimal() and int(announced) > limit:
            raise too_long
        until_s = time.monotonic() + BODY_S
        while True:
            try:
                message = await asyncio.wait_for(receive(), until_s - time.monotonic())
            except TimeoutError as error:
                raise _Refusal(
                    f"The request took more than {BODY_S:.0f} seconds to arrive; send it again.",
                    408,
                ) from error
            if message["type"] == "http.disconnect":
                raise _Refusal("The sender left.", 400)
            part = message.get("body", b"")
            if len(body) + len(part) > limit:
                raise too_long
            address = address_of(scope)
            is_small = len(body) + len(part) <= SMALL_BYTES
            if not is_small and (
                self._held[address] + len(part) > MAX_HELD_OF_ADDRESS
                or self._held.total() + len(part) > MAX_HELD_BYTES
            ):
                raise _Refusal(CROWDED, 503)
            body += part
            self._held[address] += len(part)
            if not message.get("more_body", False):
                return

    def _is_uploaded(self, path: Any) -> bool:
        """Whether a file that a request names is one that was uploaded here."""
        if not isinstance(path, str) or "\0" in path or len(path) > 4096:
            return False
        folder = os.path.realpath(self._upload_folder())
        return Path(os.path.realpath(path)).is_relative_to(folder) and os.path.isfile(path)


def _path(scope: Scope) -> str:
    """The path of a request, without the prefix under which a proxy serves the page."""
    path, root = scope["path"], scope.get("root_path", "").rstrip("/")
    return path[len(root) :] if root and path.startswith(f"{root}/") else path


def _delete_oldest(folder: Path, room: int) -> None:
    """Delete of the files in a folder the oldest, until the others have at most `room` bytes.

    Folders that are empty go as well, and of very many files the oldest.
    """
    found = []
    for path in sorted(folder.rglob("*"), reverse=True):  # what is in a folder before it
        with suppress(OSError):  # deleted meanwhile, or not empty
            if path.is_dir():
                if time.time() - path.stat().st_mtime > EMPTY_S:
                    path.rmdir()
            else:
                state = path.stat()
                found.append((state.st_mtime_ns, state.st_size, path))
    for number, (_, size, path) in enumerate(sorted(found, reverse=True)):
        room -= size
        if room < 0 or number >= MAX_KEPT_FILES:
            with suppress(OSError):
                path.unlink()


def _again(body: bytearray, receive: Receive) -> Receive:
    """A `receive` that gives a body which has been received already, then what comes after it."""
    messages: list[ASGIMessage] = [
        {"type": "http.request", "body": bytes(body), "more_body": False}
    ]

    async def receive_again() -> ASGIMessage:
        return messages.pop() if messages else await receive()

    return receive_again


def _has_too_many_values(body: bytearray) -> bool:
    """Whether JSON has more values than any request of the page, seen without parsing it."""
    return next(islice(_VALUE.finditer(body), MAX_VALUES, None), None) is not None


def _number_of_parts(scope: Scope, body: bytearray) -> int:
    """How many parts the body of an upload has, each a file or a field; 0 if it has none."""
    message = Message()
    message["Content-Type"] = Headers(scope=scope).get("content-type", "")
    # Of several, Gradio may take any.
    boundaries = [
        collapse_rfc2231_value(value)
        for name, value in message.get_params([])
        if name.lower() == "boundary"
    ]
    counts = [body.count(f"--{one}".encode("latin-1", "replace")) for one in boundaries if one]
    return max(counts, default=1) - 1


def _paths_of_files(given: Any) -> list[Any]:
    """The paths of all that Gradio would take for a file, however deep within a request."""
    paths, to_see = [], [given]
    while to_see:
        value = to_see.pop()
        if isinstance(value, dict):
            if "path" in value or "url" in value:
                paths.append(value.get("path"))
            to_see.extend(value.values())
        elif isinstance(value, list):
            to_see.extend(value)
    return paths


class _Work:
    """Calls of functions that are worked on at once, for each network address.

    Args:
        of_address: how many; the others wait.
    """

    def __init__(self, of_address: int):
        self._of_address = of_address
        self._turns: dict[str, asyncio.Semaphore] = {}
        self._numbers: Counter[str] = Counter()

    @asynccontextmanager
    async def hold(self, scope: Scope) -> AsyncIterator[None]:
        if not _path(scope).startswith(RUN):
            yield
            return
        address = address_of(scope)
        turns = self._turns.setdefault(address, asyncio.Semaphore(self._of_address))
        self._numbers[address] += 1
        try:
            async with turns:
                yield
        finally:
            self._numbers[address] -= 1
            if not self._numbers[address]:
                del self._numbers[address], self._turns[address]


class _Uploaded:
    """What each network address has uploaded in the last hour."""

    def __init__(self):
        self._latest: dict[str, deque[tuple[float, int, int]]] = {}  # when, bytes, files

    def add(self, address: str, size: int, files: int, most: tuple[int, int]) -> bool:
        """Take note of an upload.

        Args:
            most: bytes and files within an hour.

        Returns:
            Whether it may pass. If not, it does not count.
        """
        now_s = time.monotonic()
        for one, latest in list(self._latest.items()):
            while latest and now_s - latest[0][0] > HOUR_S:
                latest.popleft()
            if not latest:
                del self._latest[one]
        latest = self._latest.get(address, deque())
        if (
            sum(one[1] for one in latest) + size > most[0]
            or sum(one[2] for one in latest) + files > most[1]
        ):
            return False
        latest.append((now_s, size, files))
        self._latest[address] = latest
        return True


class _Answer:
    """An answer on its way out.

    Attributes:
        has_begun: whether a part of it was sent.
    """

    def __init__(self, send: Send):
        self._send = send
        self.has_begun = False

    async def send(self, message: ASGIMessage) -> None:
        if message["type"] == "http.response.start":
            self.has_begun = True
            headers = MutableHeaders(scope=message)
            headers.setdefault("X-Content-Type-Options", "nosniff")
            headers.setdefault("Referrer-Policy", "same-origin")
            if headers.get("content-type", "").startswith("text/html"):
                headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
            if CREDENTIALS in headers:
                del headers[CREDENTIALS]
        await self._send(message)
