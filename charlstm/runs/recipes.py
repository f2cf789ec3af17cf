"""Recipes: named sets of network sizes, hyperparameters and a default budget.

`quick` learns the most in a few minutes, `full` the most in an hour, and `notebook` reproduces the
course notebook that this project began with.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from charlstm.errors import CharLSTMError
from charlstm.network.lstm import Architecture

MAX_MINUTES = 60 * 24 * 7
MAX_EPOCHS = 10_000


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How long a training may take: either minutes from its first step, or epochs.

    Raises:
        CharLSTMError: not exactly one of the two is given, or it is out of range.
    """

    minutes: float | None = None
    epochs: float | None = None

    def __post_init__(self):
        if (self.minutes is None) == (self.epochs is None):
            raise CharLSTMError(
                "A training needs a budget either in minutes or in epochs, not "
                f"{'both' if self.minutes is not None else 'neither'}: give one of the two."
            )
        name, value, most = (
            ("minutes", self.minutes, MAX_MINUTES)
            if self.minutes is not None
            else ("epochs", self.epochs, MAX_EPOCHS)
        )
        if isinstance(value, bool) or not (isinstance(value, (int, float)) and 0 < value <= most):
            raise CharLSTMError(
                f"The budget was {value} {name}; give a number above 0 and up to {most:,}."
            )

    @property
    def unit(self) -> str:
        """The unit of the budget: "minutes" or "epochs"."""
        return "epochs" if self.minutes is None else "minutes"

    @property
    def amount(self) -> float:
        """The size of the budget, in its unit."""
        amount = self.epochs if self.minutes is None else self.minutes
        assert amount is not None  # see __post_init__
        return amount

    def share_used(self, elapsed_s: float, epoch: float) -> float:
        """Share of the budget that is used, 0 to 1.

        Args:
            elapsed_s: seconds since the first step.
            epoch: number of times the training text has been read.
        """
        used = epoch if self.minutes is None else elapsed_s / 60
        return min(1.0, used / self.amount)

    def total_s(self, epoch_s: float) -> float:
        """Seconds that the whole budget takes if one epoch takes `epoch_s`."""
        return self.amount * (epoch_s if self.minutes is None else 60)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The settings of a training, except its text and its random seed.

    Sources: truncated back-propagation through time, Williams and Peng 1990; decoupled weight decay
    (AdamW), Loshchilov and Hutter 2019, arXiv:1711.05101; dropout with one mask for a whole window
    (variational dropout), Gal and Ghahramani 2016, arXiv:1512.05287; dropout of the recurrent
    weights, DropConnect, Wan et al. 2013, as weight-drop, Merity et al. 2017, arXiv:1708.02182.
    """

    name: str
    embedding_units: int
    lstm_units: tuple[int, ...]
    budget: Budget  # the default
    lanes: int  # batch size: parallel streams of text
    window: int  # characters per lane and step (length of truncated back-propagation)
    predicts_every_position: bool = True  # False: the notebook's windows with one target each
    learning_rate: float = 1e-3  # its peak
    warmup_share: float = 0.0  # share of the budget in which the learning rate rises to its peak
    decays: bool = True  # by a cosine, from the peak to a hundredth of it
    beta_2: float = 0.999
    weight_decay: float = 0.0
    clip_norm: float | None = None  # the largest global norm of the gradients
    dropout: float = 0.0  # rate after each LSTM layer
    recurrent_dropout: float = 0.0  # rate for the recurrent weights, one mask per step
    embedding_dropout: float = 0.0
    is_sized: bool = False  # whether its width is chosen to suit the machine and the time
    teachers_share: float = 0.5  # weight of the soft targets in the loss, with teachers
    fresh_start_share: float = 0.0  # share of lanes whose state is reset to zero at each step
    # Initial weights come from counts unless the text is read more often than this; 0: never.
    max_epochs_from_counts: float = 12

    def architecture(self, vocabulary_size: int) -> Architecture:
        return Architecture(
            vocabulary_size=vocabulary_size,
            embedding_units=self.embedding_units,
            lstm_units=self.lstm_units,
        )

    def learning_rate_at(self, share: float) -> float:
        """Learning rate when `share` (0 to 1) of the budget is used."""
        if share < self.warmup_share:
            # At least a hundredth of the peak: at zero the first step would be wasted.
            return self.learning_rate * max(share / self.warmup_share, 0.01)
        if not self.decays:
            return self.learning_rate
        progress = (share - self.warmup_share) / (1 - self.warmup_share)
        cosine = (1 + math.cos(math.pi * min(progress, 1.0))) / 2
        return self.learning_rate * (0.01 + 0.99 * cosine)


QUICK = Recipe(
    name="quick",
    embedding_units=64,
    lstm_units=(384,),
    is_sized=True,
    budget=Budget(minutes=3),
    lanes=32,
    window=32,
    learning_rate=1e-2,
    warmup_share=0.05,
    beta_2=0.99,
    weight_decay=0.1,
    clip_norm=1.0,
    dropout=0.3,
    fresh_start_share=0.02,
)

FULL = Recipe(
    name="full",
    embedding_units=256,
    lstm_units=(512, 512),
    budget=Budget(minutes=45),
    lanes=64,
    window=64,
    learning_rate=8e-3,
    warmup_share=0.02,
    beta_2=0.99,
    weight_decay=0.1,
    clip_norm=0.5,
    dropout=0.4,
    embedding_dropout=0.25,
    teachers_share=0.8,
    fresh_start_share=0.02,
)

NOTEBOOK = Recipe(
    name="notebook",
    embedding_units=256,
    lstm_units=(512, 512),
    budget=Budget(epochs=20),
    lanes=64,
    window=100,
    predicts_every_position=False,
    decays=False,
    dropout=0.2,
    max_epochs_from_counts=0,
)

RECIPES = {recipe.name: recipe for recipe in (QUICK, FULL, NOTEBOOK)}


def find_recipe(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        CharLSTMError: there is none.
    """
    if name not in RECIPES:
        raise CharLSTMError(f"There is no recipe {name!r}: choose one of {', '.join(RECIPES)}.")
    return RECIPES[name]
