"""What is said of a text before something is learned from it, on the page and in a terminal."""

from __future__ import annotations

from dataclasses import dataclass

from charlstm.analysis.unlike_tail import tail_of
from charlstm.runs.advice import small_text
from charlstm.text.corpus import Corpus
from charlstm.text.counting import counted

FIRST_LINES = 5
MAX_LINE = 90  # characters of a line that are shown


@dataclass(frozen=True, kw_only=True)
class TextReport:
    """How a text was read.

    Attributes:
        facts: its size, in a sentence.
        first_lines: its first lines that are not empty, the long ones cut.
        notices: sentences about what was changed, guessed or left out.
        advice: sentences about what will keep it from being learned well.
        may_be_shuffled: whether its lines may be put in another order, and this would help.
    """

    facts: str
    first_lines: tuple[str, ...]
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
    tail = tail_of(text.text)
    advice = [small_text(characters, from_model=from_model), tail.sentence]
    return TextReport(
        facts=f"{text.name}: {characters:,} characters ({distinct:,} distinct){in_lines}.",
        first_lines=_first_lines(text.text),
        notices=text.notices,
        advice=tuple(filter(None, advice)),
        may_be_shuffled=tail.is_unlike and tail.is_list,
    )


def _first_lines(text: str) -> tuple[str, ...]:
    beginning = text[: 100 * MAX_LINE].split("\n")
    lines = [line.strip() for line in beginning if line.strip()][:FIRST_LINES]
    return tuple(line if len(line) <= MAX_LINE else f"{line[:MAX_LINE]} …" for line in lines)
