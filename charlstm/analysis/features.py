"""Features of a text that a person can name: the position in the line, upper case, and others.

A feature has a value at each character. It describes the text up to and including that character,
or the character right after it. Nothing here depends on a network; cells.py looks for cells that
follow a feature.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

# Scripts that put no spaces between words: Thai to Lao, Myanmar, Khmer, Chinese and Japanese.
_SPACELESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
# Points, vowel signs and accents, which are no letters by themselves.
_MARKS = (
    "\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963\u0981-\u0983\u09bc-\u09d7\u0a01-\u0a03"
    "\u0a3c-\u0a51\u0a81-\u0a83\u0abc-\u0acd\u0b01-\u0b03\u0b3c-\u0b57\u0b82\u0bbe-\u0bcd"
    "\u0c00-\u0c04\u0c3c-\u0c56\u0c81-\u0c83\u0cbc-\u0cd6\u0d00-\u0d03\u0d3b-\u0d4d\u0d81-\u0d83"
    "\u0dca-\u0ddf\u200c\u200d"
)
# No head of a function: it has brackets, and an indented line follows.
_SPEAKER = re.compile(r"(?:\A\n?|\n\n)([^\n:()\[\]{}=<>]{1,40}):(?=\n(?![ \t]))")
_LETTERS = rf"(?:(?![{_SPACELESS}])[^\W\d_][{_MARKS}]*)+"
_WORD = re.compile(rf"{_LETTERS}(?:['’׳״\-]{_LETTERS})*")
_PHRASE = re.compile(rf"[{_SPACELESS}]+")
_LINE = re.compile(r"\n[^\n]*|\A[^\n]+")
_ENCLOSED = re.compile(
    r"\([^()\n]{1,300}\)|\[[^\[\]\n]{1,300}\]|“[^“”]{1,300}”|\"[^\"\n]{1,300}\"|«[^«»]{1,300}»"
    r"|「[^「」]{1,300}」|『[^『』]{1,300}』|《[^《》]{1,300}》|（[^（）]{1,300}）"
)
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_INDENTATION = re.compile(r"^[ \t]+(?=[^ \t\n])", re.M)
_COMMENT = re.compile(r"/\*.{1,2000}?\*/|(?<![:\w])//[^\n]*", re.S)
_TAG = re.compile(r"<[^<>\n]{1,200}>")
_FULL_STOPS = frozenset(".。．।۔॥።")
_OPENING, _CLOSING = "([{", ")]}"
MIN_DEPTH = 2  # of brackets within brackets, for a text to be one that nests them
MIN_BARS = 2  # in a line, for it to be music or a table


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


def _before(characters: Collection[str], text: str) -> np.ndarray:
    return _each(lambda next_one: next_one in characters, text[1:] + "\0"[: len(text)])


def _depth(text: str) -> np.ndarray:
    """How many brackets are open; zeros in a text that puts none into others."""
    steps = _each(_OPENING.__contains__, text).astype(int) - _each(_CLOSING.__contains__, text)
    heights = np.cumsum(steps)
    # A closing bracket that nothing was opened for leaves the depth at 0.
    depth = heights - np.minimum(np.minimum.accumulate(heights), 0) if len(text) else heights
    return depth.astype(float) if depth.max(initial=0) >= MIN_DEPTH else np.zeros(len(text))


def _indentation(text: str) -> np.ndarray:
    """How far each character's line is indented."""
    depths = np.zeros(len(text))
    for match in _INDENTATION.finditer(text):
        end = text.find("\n", match.end())
        depths[match.end() : len(text) if end < 0 else end] = match.end() - match.start()
    return depths


def _since_bar(text: str) -> np.ndarray:
    """Characters since the last bar of the line, in lines that have several."""
    counts = np.zeros(len(text))
    for line in _LINE.finditer(text):
        bars = [line.start() + place for place, one in enumerate(line[0]) if one == "|"]
        if len(bars) >= MIN_BARS:
            for bar, after in zip(bars, [*bars[1:], line.end()], strict=True):
                counts[bar:after] = np.arange(after - bar)
    return counts


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
        "knows whether a line has just begun",
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
        lambda text: _before(_FULL_STOPS, text),
    ),
    Feature(
        "upper-case",
        "tells capitals from other letters",
        lambda text: _each(str.isupper, text),
    ),
    Feature(
        "enclosed",
        "knows whether it is inside quotes or brackets",
        lambda text: _spans(_ENCLOSED, text),
    ),
    Feature(
        "place-in-phrase",
        "counts the characters since the last punctuation mark",
        lambda text: _counts(_PHRASE, text, 1),
        is_count=True,
    ),
    Feature(
        "number",
        "knows whether it is inside a number",
        lambda text: _spans(_NUMBER, text),
    ),
    Feature(
        "indentation",
        "remembers how far the line is indented",
        _indentation,
        is_count=True,
    ),
    Feature(
        "depth",
        "counts the open brackets",
        _depth,
        is_count=True,
    ),
    Feature(
        "comment",
        "knows whether it is inside a comment",
        lambda text: _spans(_COMMENT, text),
    ),
    Feature(
        "tag",
        "knows whether it is inside a tag",
        lambda text: _spans(_TAG, text),
    ),
    Feature(
        "bar",
        "counts the characters since the last bar",
        _since_bar,
        is_count=True,
    ),
)
