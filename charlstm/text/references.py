"""The characters that references of web pages and XML stand for, as &eacute; for é."""

from __future__ import annotations

import functools
import html
import re

# An emoji as two halves, as Java writes it.
_HALVES = re.compile(r"&#(5[5-6]\d{3});&#(5[6-7]\d{3});")
MOST_KEPT = 10_000  # character references whose characters are kept
_REFERENCE = re.compile("(&#?[a-zA-Z0-9]{1,31};)")
_character_of = functools.lru_cache(MOST_KEPT)(html.unescape)


def unescaped(text: str) -> str:
    """With the characters that references stand for, as a browser does."""
    pieces = _REFERENCE.split(text)
    pieces[1::2] = map(_character_of, pieces[1::2])
    pieces[::2] = [html.unescape(piece) if "&" in piece else piece for piece in pieces[::2]]
    return "".join(pieces)


def with_whole_emoji(markup: str) -> str:
    """With references to the two halves of an emoji as one character."""
    return _HALVES.sub(_joined, markup)


def _joined(found: re.Match[str]) -> str:
    high, low = int(found[1]) - 0xD800, int(found[2]) - 0xDC00
    are_halves = 0 <= high < 0x400 and 0 <= low < 0x400
    return chr(0x10000 + (high << 10 | low)) if are_halves else found[0]
