"""Reads a character that a network does not know as the nearest one that it knows.

Phones and word processors type curly quotes and long dashes, of which most texts have one kind.
"""

from __future__ import annotations

import unicodedata

from charlstm.text.vocabulary import Vocabulary

# Signs that stand for each other; the first that is known is taken.
GROUPS = (
    "'’‘‚‛ʼ′`´",
    '"“”„‟″«»',
    "-–—‐‑‒―−",
    " \xa0\u2002\u2003\u2009\u202f\u3000\t",
    ".…",
    ",，、",
    "·•∙",
)
_DOUBLE_QUOTES, _SINGLE_QUOTE = GROUPS[1], "'"


def nearest_known(vocabulary: Vocabulary, text: str) -> tuple[str, dict[str, str]]:
    """A text of the same length, in which unknown characters are the nearest known ones.

    Returns:
        The text, in which characters that nothing is near to stay unknown; and what was read as
        what, in the order of its first appearance.

    >>> nearest_known(Vocabulary.from_text("it's a cafe"), "it’s a café")
    ("it's a cafe", {'’': "'", 'é': 'e'})
    """
    read: dict[str, str] = {}
    for character in dict.fromkeys(text):
        if character in vocabulary:
            continue
        near = next((one for one in _near(character) if one in vocabulary), None)
        if near is not None:
            read[character] = near
    return text.translate({ord(one): other for one, other in read.items()}), read


def composed(vocabulary: Vocabulary, text: str) -> str:
    """The text with each letter and its accents as one character, as training texts have them.

    A text whose every character is known stays as it is.

    >>> composed(Vocabulary.from_text("caf\u00e9"), "cafe\u0301") == "caf\u00e9"
    True
    """
    if all(character in vocabulary for character in text):
        return text
    return unicodedata.normalize("NFC", text)


def _near(character: str):
    """Characters that one may stand for, the nearest first."""
    for group in GROUPS:
        if character in group:
            yield from group
    if character in _DOUBLE_QUOTES:  # a text may have single ones only
        yield _SINGLE_QUOTE
    # Other forms: full width, ligatures of one letter, letters with accents, capitals.
    form = unicodedata.normalize("NFKC", character)
    base = unicodedata.normalize("NFKD", character)[:1]
    for one in (form, base, _without_stroke(character)):
        yield from (one, one.lower(), one.upper())


def _without_stroke(letter: str) -> str:
    """The letter that its name says it is, without what it is "with": ł is l with stroke."""
    name, is_with, _ = unicodedata.name(letter, "").partition(" WITH ")
    try:
        return unicodedata.lookup(name) if is_with else letter
    except KeyError:
        return letter
