"""Finds out whether the tenth of a text that is held out is like the rest, by counting.

A network is measured on that tenth. Where it is something else, a licence or the last letters of a
sorted list, the measure says little about what was learned.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from charlstm.analysis.ngram import ngram_figures
from charlstm.text.split import split

MOST_CHARACTERS = 400_000  # that are counted; of a longer text, stretches from everywhere
MIN_CHARACTERS = 20_000
STRETCH = 4_000
BLOCK = 400  # characters; every tenth block is held out to compare with
MIN_DIFFERENCE_NATS = 0.25
# What makes lines a list.
MIN_LINES = 100
MAX_LINE = 60  # characters, on average
MAX_WORDS = 3.0  # in a line, on average; else they have to be sorted
MIN_SORTED_SHARE = 0.8  # of the lines that do not come before the one above


@dataclass(frozen=True, kw_only=True)
class Tail:
    """The last tenth of a text beside tenths that are taken from everywhere in it.

    Attributes:
        loss_nats: of counting 4-grams in the rest, measured on the last tenth.
        usual_loss_nats: the same, measured on blocks from everywhere.
        is_list: whether the lines of the text are a list, and may stand in another order.
    """

    loss_nats: float
    usual_loss_nats: float
    is_list: bool

    @property
    def is_unlike(self) -> bool:
        return self.loss_nats - self.usual_loss_nats > MIN_DIFFERENCE_NATS

    @property
    def sentence(self) -> str:
        """What to know about it, and what to do; empty if it is like the rest."""
        if not self.is_unlike:
            return ""
        told = (
            "The last tenth of the text, on which the network will be measured, is unlike the rest "
            f"(simple counting: {self.loss_nats:.2f} nats there, {self.usual_loss_nats:.2f} "
            "elsewhere)."
        )
        if self.is_list:
            return f"{told} Its lines look like a list: let them be shuffled."
        return f"{told} If something else stands at its end, cut that off."


def tail_of(text: str) -> Tail:
    """Compare the last tenth of a text with the rest; at most half a second for any text.

    Of a text of under `MIN_CHARACTERS`, nothing can be said, and both losses are 0.
    """
    if len(text) < MIN_CHARACTERS:
        return Tail(loss_nats=0.0, usual_loss_nats=0.0, is_list=False)
    training, held_out = split(text)
    share = MOST_CHARACTERS / len(text)
    sampled, tail = _stretches(training, share), _stretches(held_out, share)
    codes = np.frombuffer(f"{sampled}{tail}".encode("utf-32-le"), np.uint32)
    kinds, ids = np.unique(codes, return_inverse=True)
    before, last = ids[: len(sampled)], ids[len(sampled) :]
    blocks = np.arange(len(ids)) // BLOCK % 10 == 9
    return Tail(
        loss_nats=ngram_figures(before, last, len(kinds)).loss_nats,
        usual_loss_nats=ngram_figures(ids[~blocks], ids[blocks], len(kinds)).loss_nats,
        is_list=_is_list(text[:MOST_CHARACTERS]),
    )


def _is_list(text: str) -> bool:
    lines = [line.casefold() for line in text.split("\n") if line]
    if len(lines) < MIN_LINES or len(text) > MAX_LINE * len(lines):
        return False
    words = sum(len(line.split()) for line in lines)
    in_order = sum(line >= above for above, line in pairwise(lines))
    return words <= MAX_WORDS * len(lines) or in_order >= MIN_SORTED_SHARE * len(lines)


def _stretches(text: str, share: float) -> str:
    """Stretches from everywhere in a text, a share of it in all."""
    if share >= 1:
        return text
    count = max(1, int(len(text) * share / STRETCH))
    starts = np.linspace(0, len(text) - STRETCH, count).astype(int)
    return "".join(text[start : start + STRETCH] for start in starts)
