"""Processes long texts in blocks, so that patterns with millions of matches need little memory.

The new text grows by `+=`, which CPython does in place: a list of its parts is as large as it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import AnyStr

BLOCK = 1 << 18  # characters that are processed together
# Where a block may begin.
ANYWHERE = re.compile("")
LINES = re.compile("(?<=\n)")


def blocks(
    text: AnyStr, begins: re.Pattern[AnyStr], longest: int | None = None
) -> Iterator[AnyStr]:
    """Split a text into blocks of at least `BLOCK` characters, or bytes.

    Args:
        begins: matches where a block may begin without splitting what belongs together.
        longest: the most characters of a block, wherever it then ends; None for no limit.
    """
    begin = 0
    while begin < len(text):
        most = len(text) if longest is None else begin + longest
        found = begins.search(text, begin + BLOCK, most)
        end = found.start() if found else most
        yield text[begin:end]
        begin = end


def substituted(
    pattern: re.Pattern[AnyStr],
    new: AnyStr | Callable[[re.Match[AnyStr]], AnyStr],
    text: AnyStr,
    begins: re.Pattern[AnyStr],
    longest: int | None = None,
) -> tuple[AnyStr, int]:
    """As `pattern.subn(new, text)`, block by block."""
    number, changed = 0, text[:0]
    for block in blocks(text, begins, longest):
        part, count = pattern.subn(new, block)
        number += count
        changed += part
    return (changed, number) if number else (text, 0)


def matches(pattern: re.Pattern[str], text: str, begins: re.Pattern[str]) -> Counter[str]:
    """Count the distinct strings that a pattern matches; it has one group around all, or none."""
    found: Counter[str] = Counter()
    for block in blocks(text, begins):
        found.update(pattern.findall(block))
    return found


def replaced(
    pattern: re.Pattern[str], new: dict[str, str], text: str, begins: re.Pattern[str]
) -> str:
    """Replace each match by another string.

    Args:
        pattern: with one group, around all of it.
        new: the other string for each match.
    """
    changed = ""
    for block in blocks(text, begins):
        parts = pattern.split(block)
        parts[1::2] = map(new.__getitem__, parts[1::2])
        changed += "".join(parts)
    return changed
