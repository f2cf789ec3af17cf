"""Cuts off what stands around a book: the licence of Project Gutenberg.

At the end of a book it would be just the tenth that is held out, and is nothing like the rest.
"""

from __future__ import annotations

import re

_OF = r"(?:THE |THIS )?PROJECT GUTENBERG"
_START = re.compile(
    rf"^[ \t]*\*{{3}} *START OF {_OF}[^\n]*\n|^\*END\*? ?THE SMALL PRINT!?[^\n]*\n",
    re.MULTILINE | re.IGNORECASE,
)
_END = re.compile(
    rf"^[ \t]*\*{{3}} *END OF {_OF}|^ *End of (?:the |this )?Project Gutenberg",
    re.MULTILINE | re.IGNORECASE,
)


def without_frame(text: str) -> tuple[str, str]:
    """The text without such a frame, and a sentence about it; empty if there is none."""
    end = next((match.start() for match in _END.finditer(text)), len(text))
    starts = [match.end() for match in _START.finditer(text, 0, end)]
    start = starts[-1] if starts else 0
    if start == 0 and end == len(text):
        return text, ""
    start += len(text[start:end]) - len(text[start:end].lstrip("\n"))
    body = text[start:end].rstrip("\n") + "\n"
    after = max(0, len(text) - start - len(body))
    return body, (
        f"The frame of Project Gutenberg was left out: {start:,} characters before the text and "
        f"{after:,} after it."
    )
