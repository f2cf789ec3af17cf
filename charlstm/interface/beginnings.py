"""Beginnings that suit a model: what the buttons under the seed box offer, and other tabs show.

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
MOST_OF_A_LINE = 200
LINES_TO_CHOOSE_FROM = 50  # for the longest: in verse many are a name only
LINE_BREAK = "↵"  # on a button
JOINER = "\N{ZERO WIDTH JOINER}"


def beginnings(model: Model) -> tuple[str, ...]:
    """At most `COUNT` different seed texts that suit a model; empty if nothing is known of it."""
    text = model.checkpoint.training.text
    if text.name == "tiny-shakespeare":
        return SHAKESPEARE
    found, _ = _of_text_at_hand(text, model.folder)
    if not found and model.checkpoint.samples:
        found = of_lines(model.checkpoint.samples[-1].text.splitlines()[:-1])  # the last is cut off
    return found


def learned_line(model: Model) -> str:
    """A line from the middle of the text that a model learned from; empty if it is not at hand."""
    _, line = _of_text_at_hand(model.checkpoint.training.text, model.folder)
    return line


@lru_cache(maxsize=64)
def _of_text_at_hand(text: TextRecord, folder: Path) -> tuple[tuple[str, ...], str]:
    """Beginnings, and a line."""
    found = text_at_hand(TrainingRecord(text=text), folder)
    lines = [] if found is None else found.splitlines()
    near_the_middle = lines[len(lines) // 2 :][:LINES_TO_CHOOSE_FROM]
    cut = (first_words(line, MOST_OF_A_LINE, MOST_OF_A_LINE) for line in near_the_middle)
    return of_lines(lines), max(cut, key=len, default="")


def of_lines(lines: Sequence[str]) -> tuple[str, ...]:
    """The first words of some lines, spread evenly over a text."""
    found: list[str] = []
    for place in range(COUNT):
        first, end = (len(lines) * (place + more) // COUNT for more in (0, 1))
        words = (first_words(line) for line in lines[first:end])
        new = (each for each in words if len(each) > 1 and each not in found)
        found += [each for each in [next(new, "")] if each]
    return tuple(found)


def first_words(
    line: str, most: int = MOST_CHARACTERS, most_of_a_word: int = MOST_OF_A_WORD
) -> str:
    """The beginning of a line, a few words long, as a label can show it.

    Args:
        most: characters of whole words.
        most_of_a_word: characters where no word ends by then.
    """
    line = " ".join(line.split()) if LINE_BREAK not in line else ""
    if len(line) <= most:
        return line
    space = line.rfind(" ", 0, most + 1)
    return line[:space] if space > 0 else "".join(_whole_characters(line, most_of_a_word))


def _whole_characters(line: str, most: int) -> Iterator[str]:
    """The first characters of a line, each with the marks that belong to it."""
    for place, character in enumerate(line):
        belongs = (
            unicodedata.category(character).startswith("M") or JOINER in line[place - 1 : place + 1]
        )
        if place >= most and not belongs:
            return
        yield character


def label_of(seed_text: str) -> str:
    """A beginning as its button shows it; `writeBeginning` in buttons.js reads it back."""
    return seed_text.replace("\n", LINE_BREAK)
