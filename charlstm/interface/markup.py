"""Pieces of HTML that more than one tab shows."""

from __future__ import annotations

from html import escape

WRITING = '<p role="status" class="writing">Writing …</p>'
GETTING_READY = (
    '<p role="status" class="writing" data-patience="90">Getting ready: some seconds, '
    "only when charlstm is started for the first time …</p>"
)


def text_html(text: str) -> str:
    """A text as it is, character for character."""
    # A browser makes a bare carriage return a line break, and Continue or Copy would read that.
    return escape(text, quote=False).replace("\r", "&#13;")
