"""What is said of a text before something is learned from it, on the page and in a terminal."""

from __future__ import annotations

from dataclasses import dataclass

from charlstm.analysis.unlike_tail import tail_of
from charlstm.runs.advice import small_text
from charlstm.text.corpus import Corpus
from charlstm.text.counting import counted
from charlstm.text.decoding import LABELS

FIRST_LINES = 5
MOST_FILES, LINES_OF_FILE = 8, 2  # of several whose encoding was guessed
MAX_LINE = 90  # characters of a line that are shown


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """How one of several files begins, as it was read.

    Attributes:
        file: its name, and the encoding that was guessed for it.
    """

    file: str
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class TextReport:
    """How a text was read.

    Attributes:
        facts: its size, in a sentence.
        first_lines: its first lines that are not empty, the long ones cut.
        beginnings: of the files after the first whose encoding was guessed, where several were.
        notices: sentences about what was changed, guessed or left out.
        advice: sentences about what will keep it from being learned well.
        may_be_shuffled: whether its lines may be put in another order, and this would help.
    """

    facts: str
    first_lines: tuple[str, ...]
    beginnings: tuple[Beginning, ...]
    notices: tuple[str, ...]
    advice: tuple[str, ...]
    may_be_shuffled: bool


def report_on(text: Corpus, *, from_model: bool = False) -> TextReport:
    """Look at a text.

    Args:
        from_model: whether the training will start from a model.
    """
    characters, distinct = len(text.text), len(counted(text.text))
    lines = text.text.count("\n")
    in_lines = f", {lines:,} lines" if lines else ""
    tail, first_lines = tail_of(text.text), _first_lines(text.text)
    advice = [small_text(characters, from_model=from_model), tail.sentence]
    return TextReport(
        facts=f"{text.name}: {characters:,} characters ({distinct:,} distinct){in_lines}.",
        first_lines=first_lines,
        beginnings=_beginnings(text, first_lines),
        notices=text.notices,
        advice=tuple(filter(None, advice)),
        may_be_shuffled=tail.is_unlike and tail.is_list,
    )


def _beginnings(text: Corpus, first_lines: tuple[str, ...]) -> tuple[Beginning, ...]:
    if len(text.guessed_files) < 2:
        return ()
    found = (
        Beginning(
            file=f"{file.name}, {LABELS[file.encoding]}",
            lines=_first_lines(file.beginning)[:LINES_OF_FILE],
        )
        for file in text.guessed_files[:MOST_FILES]
    )
    return tuple(one for one in found if one.lines != first_lines[:LINES_OF_FILE])


def _first_lines(text: str) -> tuple[str, ...]:
    beginning = text[: 100 * MAX_LINE].split("\n")
    lines = [line.rstrip() for line in beginning if line.strip()][:FIRST_LINES]
    return tuple(line if len(line) <= MAX_LINE else f"{line[:MAX_LINE]} …" for line in lines)
