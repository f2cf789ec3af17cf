"""Features of a text that a person can name: the position in the line, upper case, and others.

A feature has a value at each character. It describes the text up to and including that character,
or the character right after it. Nothing here depends on a network; cells.py looks for cells that
follow a feature.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

_SPEAKER = re.compile(r"(?:\A\n?|\n\n)([^\n:]{1,40}):\n")
_WORD = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*")
_LINE = re.compile(r"\n[^\n]*|\A[^\n]+")
_ENCLOSED = re.compile(r"\([^()\n]{1,300}\)|\[[^\[\]\n]{1,300}\]|“[^“”]{1,300}”|\"[^\"\n]{1,300}\"")


@dataclass(frozen=True)
class Feature:
    """A property of every character of a text.

    Attributes:
        name: its key in checkpoints.
        does: what a cell that follows it does, as the rest of a sentence that begins "Cell 7 of
            layer 1".
        values: text -> (characters,), float64 if it is a count, else bool.
        is_count: whether the values count something, such as characters in the line.
    """

    name: str
    does: str
    values: Callable[[str], np.ndarray]
    is_count: bool = False


def _spans(pattern: re.Pattern, text: str, group: int = 0) -> np.ndarray:
    """Whether each character is inside a match."""
    inside = np.zeros(len(text), bool)
    for match in pattern.finditer(text):
        inside[match.start(group) : match.end(group)] = True
    return inside


def _counts(pattern: re.Pattern, text: str, first: int) -> np.ndarray:
    """Position of each character in its match, counted from `first`; 0 outside of matches."""
    counts = np.zeros(len(text))
    for match in pattern.finditer(text):
        length = match.end() - match.start()
        counts[match.start() : match.end()] = np.arange(first, first + length)
    return counts


def _each(test: Callable[[str], bool], text: str) -> np.ndarray:
    return np.fromiter(map(test, text), bool, len(text))


def _before(character: str, text: str) -> np.ndarray:
    return _each(lambda next_one: next_one == character, text[1:] + "\0"[: len(text)])


FEATURES = (
    Feature(
        "place-in-line",
        "counts the characters in the line",
        lambda text: _counts(_LINE, text, 0),
        is_count=True,
    ),
    Feature(
        "place-in-word",
        "counts the letters in the word",
        lambda text: _counts(_WORD, text, 1),
        is_count=True,
    ),
    Feature(
        "speaker",
        "knows whether it is inside a speaker’s name",
        lambda text: _spans(_SPEAKER, text, 1),
    ),
    Feature(
        "line-begins",
        "knows whether a line has just been broken",
        lambda text: _each(lambda character: character == "\n", text),
    ),
    Feature(
        "line-ends",
        "knows whether a line break comes next",
        lambda text: _before("\n", text),
    ),
    Feature(
        "word",
        "knows whether it is inside a word",
        lambda text: _spans(_WORD, text),
    ),
    Feature(
        "full-stop",
        "knows whether a full stop comes next",
        lambda text: _before(".", text),
    ),
    Feature(
        "upper-case",
        "knows capital letters from others",
        lambda text: _each(str.isupper, text),
    ),
    Feature(
        "enclosed",
        "knows whether it is inside quotes or brackets",
        lambda text: _spans(_ENCLOSED, text),
    ),
)
