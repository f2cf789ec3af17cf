"""What messengers and social networks show of a link to the page: title, sentence and picture.

They read the page's HTML and run no scripts. Gradio's HTML has each of these tags twice, with its
own words and pictures, and most of them cannot be set. So they are replaced on the way out.

Source of the names: https://ogp.me, and "Cards" in the documentation of X.
"""

from __future__ import annotations

import hashlib
import re
from html import escape
from pathlib import Path

from gradio import route_utils
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from charlstm.interface.assets import KEEP

TITLE = "charlstm: learning to write"
DESCRIPTION = (
    "A small neural network that learned to write by guessing the next letter, over and over. "
    "Give it a beginning and it goes on, or watch a new one learn from nothing."
)
PICTURE = Path(__file__).parent / "link_preview.png"  # made by tests/preview_picture.py
PICTURE_SIZE = (1200, 630)
PICTURE_WORDS = "A verse that the network wrote, and how likely each letter is to come next."
_picture = PICTURE.read_bytes()
PICTURE_ADDRESS = f"views/{hashlib.sha256(_picture).hexdigest()[:16]}.png"

_TAG = re.compile(
    r"""<meta\b(?:[^>"']|"[^"]*"|'[^']*')*>|<title\b[^>]*>.*?</title>""", re.DOTALL | re.IGNORECASE
)
_FOR_PREVIEWS = re.compile(
    r"""<title|\b(?:property|name)\s*=\s*["']?(?:og:|twitter:|description\b)""", re.IGNORECASE
)
_BEGINNING = re.compile(r"<head\b[^>]*>(?:\s*<meta\s+charset[^>]*>)?", re.IGNORECASE)


class LinkPreview:
    """ASGI middleware that puts our tags into the page in place of Gradio's."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The page's own address, whatever prefix it has, and nothing that streams.
        if scope["type"] != "http" or not scope["path"].endswith("/"):
            await self._app(scope, receive, send)
            return
        start: Message | None = None  # held until the page is whole, and its length known
        body = bytearray()

        async def send_changed(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _is_page(message):
                start = message
                return
            if start is None or message["type"] != "http.response.body":
                await send(message)
                return
            body.extend(message.get("body", b""))
            if message.get("more_body", False):
                return
            page = with_preview(body.decode(), _address(scope)).encode()
            MutableHeaders(scope=start)["Content-Length"] = str(len(page))
            await send(start)
            await send({"type": "http.response.body", "body": page})

        await self._app(scope, receive, send_changed)


def _is_page(start: Message) -> bool:
    headers = MutableHeaders(scope=start)
    is_html = headers.get("content-type", "").startswith("text/html")
    return is_html and start["status"] == 200 and "content-encoding" not in headers


def _address(scope: Scope) -> str:
    """The page's address as the visitor has it, with what a link asks for."""
    root_path = getattr(scope["app"], "root_path", "") or scope.get("root_path")
    root = route_utils.get_root_url(Request(scope), route_path="/", root_path=root_path)
    query = scope["query_string"].decode("latin-1")
    return f"{root}/?{query}" if query else f"{root}/"


def with_preview(page: str, address: str) -> str:
    """The page's HTML with our tags for previews, and no others."""
    head, end, rest = page.partition("</head>")
    head = _TAG.sub(lambda found: "" if _FOR_PREVIEWS.search(found[0]) else found[0], head)
    beginning = _BEGINNING.search(head)
    if not end or beginning is None:
        return page
    place = beginning.end()
    return head[:place] + _tags(address) + head[place:] + end + rest


def _tags(address: str) -> str:
    picture = address.partition("?")[0] + PICTURE_ADDRESS
    width, height = map(str, PICTURE_SIZE)
    of_page = {
        "og:type": "website",
        "og:site_name": "charlstm",
        "og:title": TITLE,
        "og:description": DESCRIPTION,
        "og:url": address,
        "og:image": picture,
        "og:image:type": "image/png",
        "og:image:width": width,
        "og:image:height": height,
        "og:image:alt": PICTURE_WORDS,
    }
    of_card = {
        "description": DESCRIPTION,
        "twitter:card": "summary_large_image",
        "twitter:title": TITLE,
        "twitter:description": DESCRIPTION,
        "twitter:image": picture,
        "twitter:image:alt": PICTURE_WORDS,
    }
    lines = [f"<title>{escape(TITLE)}</title>"]
    for kind, tags in (("property", of_page), ("name", of_card)):
        lines += [f'<meta {kind}="{name}" content="{escape(tags[name])}">' for name in tags]
    return "\n" + "\n".join(lines)


def picture_route() -> Route:
    async def serve(request: Request) -> Response:
        return Response(_picture, media_type="image/png", headers=KEEP)

    return Route(f"/{PICTURE_ADDRESS}", serve)
