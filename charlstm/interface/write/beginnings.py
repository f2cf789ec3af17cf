"""Beginnings that suit a model: what the buttons under the seed box offer.

They are the first words of lines of the text that the model learned from, where it is at hand, and
otherwise of what the model wrote last while it learned. So a model of Russian is not asked to go on
from an English line, none of whose letters it knows.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from charlstm.analysis.training_text import text_at_hand
from charlstm.interface.models import Model
from charlstm.network.training_record import TextRecord, TrainingRecord

# Of the bundled model, and of others that learned from the same text.
SHAKESPEARE = ("ROMEO:", "To be, or not to be", "The king is", "JULIET:\nO ", "Once upon a time")
COUNT = len(SHAKESPEARE)
MOST_CHARACTERS = 20  # of whole words
MOST_OF_A_WORD = 8  # where a line has no space early on, as in Chinese
LINE_BREAK = "↵"  # on a button
JOINER = "\N{ZERO WIDTH JOINER}"


def beginnings(model: Model) -> tuple[str, ...]:
    """At most `COUNT` different seed texts that suit a model; empty if nothing is known of it."""
    text = model.checkpoint.training.text
    if text.name == "tiny-shakespeare":
        return SHAKESPEARE
    found = _of_text_at_hand(text, model.folder)
    if not found and model.checkpoint.samples:
        found = of_lines(model.checkpoint.samples[-1].text.splitlines()[:-1])  # the last is cut off
    return found


@lru_cache(maxsize=64)
def _of_text_at_hand(text: TextRecord, folder: Path) -> tuple[str, ...]:
    found = text_at_hand(TrainingRecord(text=text), folder)
    return () if found is None else of_lines(found.splitlines())


def of_lines(lines: Sequence[str]) -> tuple[str, ...]:
    """The first words of some lines, spread evenly over a text."""
    found: list[str] = []
    for place in range(COUNT):
        first, end = (len(lines) * (place + more) // COUNT for more in (0, 1))
        words = (first_words(line) for line in lines[first:end])
        new = (each for each in words if len(each) > 1 and each not in found)
        found += [each for each in [next(new, "")] if each]
    return tuple(found)


def first_words(line: str) -> str:
    """The beginning of a line, a few words long, as a label can show it."""
    line = " ".join(line.split()) if LINE_BREAK not in line else ""
    if len(line) <= MOST_CHARACTERS:
        return line
    space = line.rfind(" ", 0, MOST_CHARACTERS + 1)
    return line[:space] if space > 0 else "".join(_whole_characters(line))


def _whole_characters(line: str) -> Iterator[str]:
    """The first characters of a line, each with the marks that belong to it."""
    for place, character in enumerate(line):
        belongs = (
            unicodedata.category(character).startswith("M") or JOINER in line[place - 1 : place + 1]
        )
        if place >= MOST_OF_A_WORD and not belongs:
            return
        yield character


def label_of(seed_text: str) -> str:
    """A beginning as its button shows it; `writeBeginning` in buttons.js reads it back."""
    return seed_text.replace("\n", LINE_BREAK)
