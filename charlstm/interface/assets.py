"""Serves the page's own scripts and style sheets, and lets Gradio call the scripts.

The scripts are ES modules, served unchanged from this folder; they import each other by relative
paths. The style sheets are joined into one. The addresses of both contain a digest of their
content, so that browsers may cache them indefinitely.
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
    "write/write.css",
    "charts/plot.css",
    "write/next_odds.css",
    "model_files/model_files.css",
    "train/report.css",
    "inside/inside.css",
    "watch/watch.css",
    "compare/compare.css",
    "how/how.css",
    "stage/stage.css",
    "browser/print.css",
)
# The serif of what the network writes, so that it looks the same on every machine.
FONT = "browser/source-serif-4-latin.woff2"
FONT_ADDRESS = "views/source-serif-4-latin.woff2"  # beside the style sheet, which names it
KEEP = {"Cache-Control": "public, max-age=31536000, immutable"}


def _digest(contents: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(contents).encode()).hexdigest()[:16]


def _read(names) -> dict[str, str]:
    return {name: (FOLDER / name).read_text(encoding="utf-8") for name in names}


SCRIPTS = _read(sorted(path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.js")))
# Relative addresses, because a proxy may serve the page under a path prefix.
SCRIPTS_ADDRESS = f"views/{_digest(SCRIPTS)}"


def browser_function(module: str, name: str, *first) -> str:
    """JavaScript for Gradio's `js` that imports one of our modules and calls a function of it.

    Args:
        module: the module's file, relative to this folder.
        first: arguments to pass before those from Gradio; must be serializable as JSON.
    """
    if module not in SCRIPTS:
        raise ValueError(f"There is no script {module!r} in {FOLDER}.")
    address = json.dumps(f"{SCRIPTS_ADDRESS}/{module}")
    arguments = ", ".join([*map(json.dumps, first), "...given"])
    # Without `new URL` the address would be resolved relative to Gradio's own script.
    return (
        f"async (...given) => (await import(new URL({address}, document.baseURI)))"
        f".{name}({arguments})"
    )


def assets() -> tuple[str, list[Route]]:
    """HTML for the page's head, and the routes that serve what it refers to."""
    styles = _read(STYLES)
    style_address = f"views/{_digest(styles)}.css"

    async def style(request: Request) -> Response:
        return Response("".join(styles.values()), media_type="text/css", headers=KEEP)

    async def script(request: Request) -> Response:
        content = SCRIPTS.get(request.path_params["module"])
        if content is None:
            return Response(status_code=404)
        return Response(content, media_type="text/javascript", headers=KEEP)

    async def font(request: Request) -> Response:
        return Response((FOLDER / FONT).read_bytes(), media_type="font/woff2", headers=KEEP)

    # Preloading saves round trips: a module's imports are known only once it has arrived.
    modules = "".join(
        f'<link rel="modulepreload" href="{SCRIPTS_ADDRESS}/{name}">'
        for name in SCRIPTS
        if name != ENTRY
    )
    # Not passed as Gradio's `css`, which it rewrites, breaking selectors that contain a comma.
    head = (
        f'<link rel="preload" href="{FONT_ADDRESS}" as="font" type="font/woff2" crossorigin>'
        f'<link rel="stylesheet" href="{style_address}">'
        f'<script type="module" src="{SCRIPTS_ADDRESS}/{ENTRY}"></script>{modules}'
    )
    routes = [
        Route(f"/{style_address}", style),
        Route(f"/{FONT_ADDRESS}", font),
        Route(f"/{SCRIPTS_ADDRESS}/{{module:path}}", script),
    ]
    return head, routes
