"""How wide a network to train: what can be learned in the time depends on how fast it is read.

A wide network learns more from each character, a narrow one reads more characters in a minute. The
losses of networks of several widths were measured after several numbers of characters; together
with the speed of each width on this machine they say which width learns the most in the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from charlstm.runs.recipes import Budget, Recipe

# Losses in nats of the recipe `quick`, by the units of its LSTM layer, after reading CHARACTERS of
# Tiny Shakespeare: cold windows of the last tenth of the training part. Each is of one training
# with about the dropout of `dropout_for` (tests/benchmarks/README.md, "sizes"). Those of 12 million
# are means of four to six trainings with random initial weights: by then, these hardly matter.
# Narrow networks were not trained longer: they are taken to learn nothing more.
CHARACTERS = (300_000, 1_000_000, 2_000_000, 4_000_000, 12_000_000)
LOSSES = {
    192: (1.790, 1.570, 1.514, 1.479),
    256: (1.748, 1.528, 1.478, 1.446),
    384: (1.710, 1.490, 1.438, 1.411, 1.402),
    512: (1.679, 1.471, 1.417, 1.396, 1.383),
    640: (1.666, 1.458, 1.412, 1.381, 1.375),
}
USUAL_UNITS = 384
ENOUGH_CHARACTERS = 500_000  # of text: from fewer a wider network learns passages by rote
# With initial weights from counts, a network overfits a short text sooner: after many epochs its
# loss is slightly higher than with random ones (tests/benchmarks/README.md, "initial_weights").
# With a vocabulary larger than this, counts are better all the same.
LARGE_VOCABULARY = 500
# Share of the speed of a measured step that a whole training reaches. Measuring on held-out text,
# samples and saving take a tenth of the time, and a processor that is busy for minutes is slower
# than in a tenth of a second: on an AMD EPYC in the cloud it was 0.68 to 0.71 in all.
READING_SHARE = 0.8


@dataclass(frozen=True)
class Size:
    """The settings of a recipe that depend on the machine and the time.

    Attributes:
        units: of the LSTM layer.
        dropout: rate after the LSTM layer.
    """

    units: int
    dropout: float

    def applied_to(self, recipe: Recipe) -> Recipe:
        return replace(recipe, lstm_units=(self.units,), dropout=self.dropout)

    def notice(self) -> str:
        """The choice, as a sentence to show."""
        return (
            f"{self.units} units: the width that learns the most on this computer in the time it "
            "was given."
        )

    def to_json(self) -> dict[str, Any]:
        return vars(self)

    @classmethod
    def from_json(cls, record: Any) -> Self | None:
        """Parse a size; None if it is damaged."""
        if not isinstance(record, dict) or set(record) != {"units", "dropout"}:
            return None
        units, dropout = record["units"], record["dropout"]
        is_good = (
            type(units) is int
            and 1 <= units <= 4096
            and type(dropout) in (int, float)
            and 0 <= dropout < 1
        )
        return cls(units, dropout) if is_good else None


def in_all_widths(recipe: Recipe) -> list[Recipe]:
    """The recipe with each width that it may get; only itself if its width is not chosen."""
    if not recipe.is_sized:
        return [recipe]
    return [replace(recipe, lstm_units=(units,)) for units in LOSSES]


def can_be_sized(recipe: Recipe, budget: Budget) -> bool:
    """Whether the width is to be chosen: of a new network that trains for some minutes."""
    return recipe.is_sized and budget.minutes is not None


def best_size(speeds: Mapping[int, float], minutes: float, text_characters: int) -> Size:
    """The width that learns the most in the time, and the dropout that goes with it.

    Args:
        speeds: characters a second by units; some keys of `LOSSES`.
        minutes: the budget.
        text_characters: length of the text.
    """
    seconds = READING_SHARE * 60 * minutes
    fitting = {
        units: speed
        for units, speed in speeds.items()
        if units <= USUAL_UNITS or text_characters >= ENOUGH_CHARACTERS
    }
    units = min(fitting, key=lambda each: expected_loss(each, fitting[each] * seconds))
    return Size(units, dropout_for(fitting[units] * seconds / text_characters))


def expected_loss(units: int, characters: float) -> float:
    """Expected loss in nats after a number of characters, interpolated on a logarithmic scale."""
    losses = LOSSES[units]
    if characters < CHARACTERS[0]:  # as steep for all as for the narrowest between its first points
        first, second = LOSSES[min(LOSSES)][:2]
        slope = (first - second) / np.log(CHARACTERS[1] / CHARACTERS[0])
        return float(losses[0] + slope * np.log(CHARACTERS[0] / max(characters, 1)))
    return float(np.interp(np.log(characters), np.log(CHARACTERS[: len(losses)]), losses))


def starts_from_counts(recipe: Recipe, budget: Budget, vocabulary_size: int) -> bool:
    """Whether the initial weights of a network come from counts of its text.

    Args:
        recipe: with its final size. The dropout of a size is chosen by the expected number of
            epochs, so it stands for that number here.
    """
    most = recipe.max_epochs_from_counts
    if not most or vocabulary_size > LARGE_VOCABULARY:
        return most > 0
    if budget.epochs is not None:
        return budget.epochs <= most
    return not recipe.is_sized or recipe.dropout <= dropout_for(most)


def dropout_for(epochs: float) -> float:
    """The more often a text is read, the more is dropped out, so that it is not learned by rote.

    Found with a weight decay of 0.1: of Shakespeare, 384 units learned the most without dropout or
    with 0.1 in up to 4 epochs, and after 13 epochs equally much with 0.1 to 0.4; of a Greek, a
    Russian and an Arabic text with 0.3 to 0.45 in 6, 5 and 25 epochs.
    """
    return round(float(np.interp(epochs, [1, 4, 12, 40], [0.05, 0.15, 0.3, 0.45])), 3)
