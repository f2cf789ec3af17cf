"""A model's figures beside those of simple baselines: a number says little by itself.

The 4-gram baseline counts which character follows the last three in the same training text; blind
guessing gives every character the same probability.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from charlstm.analysis.evaluation import bits_per_char, perplexity
from charlstm.analysis.ngram import blind_loss_nats, ngram_figures
from charlstm.network.training_record import BaselineFigures, Results, TrainingRecord

# Whether the model had seen the evaluation text, and the words for it.
MEASURED_ON = {
    "unseen": "text it never saw",
    "leaky": "text that overlaps what it learned from (the notebook’s random split leaks)",
    "seen": "text that the model it started from had seen",
    "unknown": "text that this training kept from it",
    "unrecorded": "text that it may have seen",
    "other": "the last tenth of this text",
}
_LEAKY = (
    "This model, or one that it started from, was trained on a random split of overlapping "
    "windows, so it has seen this text: its figures here are too good."
)
# What people should know where the figures are no test on text the model never saw.
NOTICES = {
    "leaky": _LEAKY,
    "seen": _LEAKY,
    "unknown": "The model that this one started from may have read this text: then its figures "
    "here are too good.",
    "unrecorded": "The file does not say how this model was trained. It may have seen this text: "
    "then its figures here are too good.",
    "other": "This is not the text that the model is known to have learned from: its last tenth is "
    "measured, and whether the model has read passages of it is not known. The 4-gram model has "
    "counted the first nine tenths of this same text, which is an advantage.",
}
LEGEND = (
    "4-gram: counting which character follows the last three.",
    "Blind: taking every character for as likely as any other.",
)


@dataclass(frozen=True, kw_only=True)
class Predictor:
    """What predicts the next character, and how well: the model, or a baseline.

    Attributes:
        loss_nats: mean negative log-likelihood of a character.
        accuracy: share of right predictions; None: not measured.
    """

    name: str
    loss_nats: float
    accuracy: float | None = None


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f}%"


def _choices(number: float) -> str:
    return f"{number:.{2 if number < 10 else 1 if number < 100 else 0}f}"


# Plain words, the technical term, and the figure of a predictor.
MEASURES: tuple[tuple[str, str, Callable[[Predictor], str]], ...] = (
    ("How surprised it is by each character", "loss, nats", lambda who: f"{who.loss_nats:.3f}"),
    (
        "Like choosing among this many letters",
        "perplexity",
        lambda who: _choices(perplexity(who.loss_nats)),
    ),
    ("Right guesses", "accuracy", lambda who: _percent(who.accuracy)),
    ("Bits per character", "", lambda who: f"{bits_per_char(who.loss_nats):.3f}"),
)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Figures of a model and of baselines on the same text.

    Attributes:
        predictors: the model first.
        measured_on: a key of `MEASURED_ON`.
        characters: how many were predicted; None: a sample of the held-out text, which only the
            model was measured on.
    """

    predictors: tuple[Predictor, ...]
    measured_on: str
    characters: int | None = None

    @property
    def title(self) -> str:
        """What was measured, for people."""
        words = MEASURED_ON[self.measured_on]
        if self.characters is None:
            return f"On {words} (a part of it)"
        return f"On {self.characters:,} characters of {words}"

    def rows(self) -> list[tuple[str, str, list[str]]]:
        """Plain words, the technical term beside them, and a figure for each predictor."""
        return [
            (plain, term, [figure(who) for who in self.predictors])
            for plain, term, figure in MEASURES
        ]

    def as_text(self) -> str:
        """A table of 80 columns, and below it what the baselines do."""
        labels = [f"{plain} ({term})" if term else plain for plain, term, _ in self.rows()]
        heads = [who.name for who in self.predictors]
        table = [("", heads), *zip(labels, (cells for *_, cells in self.rows()), strict=True)]
        width = max(map(len, labels))
        widths = [2 + max(len(cells[column]) for _, cells in table) for column in range(len(heads))]
        lines = [
            f"{label:{width}}"
            + "".join(f"{cell:>{size}}" for cell, size in zip(cells, widths, strict=True))
            for label, cells in table
        ]
        return "\n".join([f"{self.title}:", *lines, *LEGEND])


def compare(results: Results, baselines: BaselineFigures, measured_on: str) -> Comparison:
    """Set a training's results beside what counting and blind guessing achieve.

    Args:
        baselines: what is None is left out.
        measured_on: a key of `MEASURED_ON`.
    """
    predictors = [
        Predictor(name="this model", loss_nats=results.loss_nats, accuracy=results.accuracy)
    ]
    if baselines.four_gram_loss_nats is not None:
        predictors.append(
            Predictor(
                name="4-gram",
                loss_nats=baselines.four_gram_loss_nats,
                accuracy=baselines.four_gram_accuracy,
            )
        )
    blind = baselines.blind_loss_nats
    if blind is not None:
        predictors.append(Predictor(name="blind", loss_nats=blind, accuracy=math.exp(-blind)))
    return Comparison(
        predictors=tuple(predictors),
        measured_on=measured_on,
        characters=results.characters,
    )


def measure_baselines(
    training_ids: np.ndarray, held_out_ids: np.ndarray, vocabulary_size: int
) -> BaselineFigures:
    """What counting and blind guessing achieve.

    Args:
        training_ids, held_out_ids: (characters,), as `ngram_figures` takes them.
    """
    four_gram = ngram_figures(training_ids, held_out_ids, vocabulary_size)
    return BaselineFigures(
        blind_loss_nats=blind_loss_nats(vocabulary_size),
        four_gram_loss_nats=four_gram.loss_nats,
        four_gram_accuracy=four_gram.accuracy,
    )


def measured_on(training: TrainingRecord) -> str:
    """Whether a model had seen the held-out part of its own text: a key of `MEASURED_ON`."""
    if training.carries_state is None:
        return "unrecorded"
    if not training.carries_state:
        return "leaky"
    return "unseen" if training.source is None else training.source.held_out
