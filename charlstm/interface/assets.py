"""The page's own scripts and style sheets: how a browser gets them, and how Gradio calls them.

The scripts are ES modules, served as they lie in this folder; they import each other by relative
paths. The style sheets are joined into one. Both have addresses that change with their content, so
that a browser may keep them for good.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

FOLDER = Path(__file__).parent
ENTRY = "browser/main.js"
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


def _digest(contents: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(contents).encode()).hexdigest()[:16]


def _read(names) -> dict[str, str]:
    return {name: (FOLDER / name).read_text(encoding="utf-8") for name in names}


SCRIPTS = _read(sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.js")))
# Relative addresses, because a proxy may serve the page below a path of its own.
SCRIPTS_ADDRESS = f"views/{_digest(SCRIPTS)}"


def browser_function(module: str, name: str, *first) -> str:
    """A function of one of our modules, as the string that Gradio takes as `js`.

    Args:
        module: its file, relative to this folder.
        first: what the function is called with, before what Gradio passes; for JSON.
    """
    if module not in SCRIPTS:
        raise ValueError(f"There is no script {module!r} in {FOLDER}.")
    address = json.dumps(f"{SCRIPTS_ADDRESS}/{module}")
    arguments = ", ".join([*map(json.dumps, first), "...given"])
    # Gradio's own script would resolve a relative address against itself.
    return (
        f"async (...given) => (await import(new URL({address}, document.baseURI)))"
        f".{name}({arguments})"
    )


def assets() -> tuple[str, list[Route]]:
    """What to put into the page's head, and what the server has to answer for it."""
    styles = _read(STYLES)
    style_address = f"views/{_digest(styles)}.css"

    async def style(request: Request) -> Response:
        return Response("".join(styles.values()), media_type="text/css", headers=KEEP)

    async def script(request: Request) -> Response:
        content = SCRIPTS.get(request.path_params["module"])
        if content is None:
            return Response(status_code=404)
        return Response(content, media_type="text/javascript", headers=KEEP)

    # Without the links a browser would learn of a module only from the one that imports it.
    modules = "".join(
        f'<link rel="modulepreload" href="{SCRIPTS_ADDRESS}/{name}">'
        for name in SCRIPTS
        if name != ENTRY
    )
    # Not by Gradio's `css`: it rewrites that, and breaks selectors with a comma inside.
    head = (
        f'<link rel="stylesheet" href="{style_address}">'
        f'<script type="module" src="{SCRIPTS_ADDRESS}/{ENTRY}"></script>{modules}'
    )
    routes = [
        Route(f"/{style_address}", style),
        Route(f"/{SCRIPTS_ADDRESS}/{{module:path}}", script),
    ]
    return head, routes
