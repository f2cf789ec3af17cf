"""HTML that several tabs use."""

from __future__ import annotations

from html import escape

WRITING = '<p role="status" class="writing">Writing …</p>'
GETTING_READY = (
    '<p role="status" class="writing" data-patience="90">Getting ready: some seconds, '
    "only when charlstm is started for the first time …</p>"
)


def text_html(text: str) -> str:
    """A text as HTML that a browser reads back unchanged, character for character."""
    # A browser turns a raw carriage return into a line feed, which Continue and Copy would read.
    return escape(text, quote=False).replace("\r", "&#13;")
