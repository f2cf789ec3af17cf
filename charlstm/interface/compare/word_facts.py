"""Simple statistics of a written text: its distinct words and its longest repeated passage.

They work for every language: a word is a run of letters, marks, digits and apostrophes.
"""

from __future__ import annotations

import unicodedata
from html import escape

APOSTROPHES = "'\u2019"
MAX_SHOWN = 60  # characters of a passage


def word_facts(seed_text: str, written: str) -> list[str]:
    """Sentences, as HTML, about what was written, without the seed text."""
    words = whole_words(seed_text, written)
    if not words:
        return ["It holds no whole word."]
    different = len(set(words))
    count = (
        f"<b>{different:,}</b> different {'word' if different == 1 else 'words'} of {len(words):,}."
    )
    twice = longest_said_twice(words)
    if len(twice) < 2:
        return [count, "No repeated phrases."]
    shown = " ".join(twice)
    if len(shown) > MAX_SHOWN:
        shown = f"{shown[: MAX_SHOWN - 1].rstrip()}…"
    passage = f"“{escape(shown, quote=False)}”"
    return [count, f"Longest repeated phrase: <b>{len(twice):,}</b> words, {passage}."]


def whole_words(seed_text: str, written: str) -> list[str]:
    """The complete words of a written text, in lower case.

    Leaves out a word that begins in the seed text, and one at the very end, which may be cut off.

    >>> whole_words("To b", "e, or not to be, that's th")
    ['or', 'not', 'to', 'be', "that's"]
    """
    first, last = 0, len(written)
    if seed_text and _is_of_word(seed_text[-1]):
        while first < last and _is_of_word(written[first]):
            first += 1
    while last > first and _is_of_word(written[last - 1]):
        last -= 1
    spaced = (c if _is_of_word(c) else " " for c in written[first:last].casefold())
    words = (word.strip(APOSTROPHES) for word in "".join(spaced).split())
    return [word for word in words if word]


def longest_said_twice(words: list[str]) -> list[str]:
    """The longest run of words that occurs twice without overlapping itself.

    >>> longest_said_twice("to be or not to be".split())
    ['to', 'be']
    """
    ends = [0]
    for word in words:
        ends.append(ends[-1] + len(word) + 1)
    text = " ".join(words) + " "

    def first_repeated(length: int) -> int | None:
        seen: dict[str, int] = {}
        for start in range(len(words) - length + 1):
            run = text[ends[start] : ends[start + length]]
            if start - seen.setdefault(run, start) >= length:
                return seen[run]
        return None

    # If a run occurs twice, so do its prefixes: the greatest length can be found by bisection.
    longest, too_long, begin = 0, len(words) // 2 + 1, 0
    while too_long - longest > 1:
        length = (longest + too_long) // 2
        start = first_repeated(length)
        if start is None:
            too_long = length
        else:
            longest, begin = length, start
    return words[begin : begin + longest]


def _is_of_word(character: str) -> bool:
    return character in APOSTROPHES or unicodedata.category(character)[0] in "LMN"
