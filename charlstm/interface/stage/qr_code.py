"""A QR code of the page's address, for a room full of phones.

    GET /qr.svg?address=ADDRESS    the code as a picture
    GET /room-address              where others in the room reach this server, if that is known

The code is made here, not in the browser, and needs no network.
"""

from __future__ import annotations

import io
import os
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import segno
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from charlstm.interface.event_stream import refused

MAX_ADDRESS = 2000  # characters; a longer one gives a code that no phone reads
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 compared with, not listened on
NO_ADDRESS = "Say which address the code is for: add ?address=https://… to this one."


def address_for_others(host: str | None, port: int, shared: str | None = None) -> str:
    """The address under which others reach a server; empty if only this machine does.

    Args:
        host: what the server listens on; None for this machine alone.
        shared: its public address, after a start with `--share`.
    """
    space = os.environ.get("SPACE_HOST")
    if space:
        return f"https://{space}/"
    return shared or room_address(host, port)


def room_address(host: str | None, port: int) -> str:
    """The address under which devices in the same network reach a server; may be empty.

    Args:
        host: as above.
    """
    if host not in EVERYWHERE:
        return "" if host in (None, "127.0.0.1", "localhost", "::1") else f"http://{host}:{port}/"
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            # Nothing is sent: the system only says from which of its addresses it would be.
            probe.connect(("192.0.2.1", 9))
            own = probe.getsockname()[0]
    except OSError:
        return ""  # there is no network
    return f"http://{own}:{port}/"


def terminal_code(address: str) -> str:
    """The code as text, for a terminal."""
    text = io.StringIO()
    segno.make(address, error="m", micro=False).terminal(text, compact=True)
    return text.getvalue()


def qr_routes(address_at: Callable[[int], str]) -> list[Route]:
    """The routes of a server.

    Args:
        address_at: returns the address for others of the server that listens on a port.
    """

    async def code(request: Request) -> Response:
        address = request.query_params.get("address", "")
        try:
            if len(address) > MAX_ADDRESS or urlsplit(address).scheme not in ("http", "https"):
                return refused(NO_ADDRESS)
            made = segno.make(address, error="m", micro=False)
        except ValueError:  # no address, or more than a code can hold
            return refused(NO_ADDRESS)
        picture = io.BytesIO()
        made.save(
            picture, kind="svg", border=4, dark="black", light="white", xmldecl=False, omitsize=True
        )
        return Response(picture.getvalue(), media_type="image/svg+xml")

    async def room(request: Request) -> Response:
        port = request.url.port or (443 if request.url.scheme == "https" else 80)
        return JSONResponse({"address": address_at(port)}, headers={"Cache-Control": "no-store"})

    return [Route("/qr.svg", code), Route("/room-address", room)]
