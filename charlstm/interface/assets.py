"""The page's own scripts and style sheets, in one file each, which a browser loads once."""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

FOLDER = Path(__file__).parent
SCRIPTS = (
    "write/write.js",
    "browser/ask.js",
    "write/next_odds.js",
    "inside/coloured_text.js",
    "inside/inside.js",
    "watch/watch.js",
    "how/state.js",
    "how/drawings.js",
    "how/network.js",
    "how/words.js",
    "how/how.js",
    "compare/compare.js",
)
STYLES = (
    "browser/tokens.css",
    "browser/page.css",
    "charts/plot.css",
    "write/next_odds.css",
    "inside/inside.css",
    "watch/watch.css",
    "compare/compare.css",
    "how/how.css",
)
KEEP = {"Cache-Control": "public, max-age=31536000, immutable"}


class Asset:
    """Some files as one. Its name changes with its content, so that a browser may keep it."""

    def __init__(self, names: tuple[str, ...], media_type: str):
        self.content = "".join((FOLDER / name).read_text(encoding="utf-8") for name in names)
        self.media_type = media_type
        digest = hashlib.sha256(self.content.encode()).hexdigest()[:16]
        self.path = f"views/charlstm-{digest}{Path(names[0]).suffix}"

    @property
    def route(self) -> Route:
        async def respond(request: Request) -> Response:
            return Response(self.content, media_type=self.media_type, headers=KEEP)

        return Route(f"/{self.path}", respond)


def assets() -> tuple[str, list[Route]]:
    """What to put into the page's head, and what the server has to answer for it."""
    script = Asset(SCRIPTS, "text/javascript")
    # Not by Gradio's `css`: it rewrites that, and breaks selectors with a comma inside.
    style = Asset(STYLES, "text/css")
    head = f'<link rel="stylesheet" href="{style.path}"><script src="{script.path}"></script>'
    return head, [script.route, style.route]
