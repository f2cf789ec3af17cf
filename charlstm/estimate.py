"""How long a training takes on this machine, before it has begun.

What trainings of the same recipe reached here before is the best guide. Without one, the speed of
matrix products is measured for a moment, and a recipe's usual share of it is assumed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from charlstm.recipes import Budget, Recipe
from charlstm.runs import Runs

# Measured with TensorFlow on 2 cores of a Sapphire Rapids Xeon: the share of the processor's
# matrix speed that a recipe's training reaches (small matrices reach less).
USUAL_SHARE = {"quick": 0.35, "full": 0.5, "notebook": 0.7}
OPERATIONS_PER_WEIGHT = 6  # a multiplication and an addition, forward and twice backward
PROBE_S = 0.05


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a training will need.

    Attributes:
        seconds: from the first step to the last.
        epochs: how often the training text is read.
        measured: whether earlier trainings here say so, or only the processor's speed.
    """

    seconds: float
    epochs: float
    measured: bool


def estimate(recipe: Recipe, budget: Budget, characters: int, runs: Runs) -> Estimate:
    """Estimate a training on a text of `characters` characters.

    Takes a twentieth of a second where nothing was trained before.
    """
    speed = past_characters_per_s(recipe, runs)
    measured = speed is not None
    if speed is None:
        weights = recipe.architecture(65).parameters() - 65 * recipe.embedding_units
        work = OPERATIONS_PER_WEIGHT * weights
        speed = USUAL_SHARE[recipe.name] * matrix_operations_per_s() / work
    per_epoch = 0.9 * characters
    if not recipe.predicts_every_position:
        per_epoch *= recipe.window / 3  # every character is read in a third of a window's windows
    if budget.minutes is not None:
        return Estimate(
            seconds=60 * budget.minutes,
            epochs=60 * budget.minutes * speed / per_epoch,
            measured=measured,
        )
    return Estimate(
        seconds=budget.epochs * per_epoch / speed, epochs=budget.epochs, measured=measured
    )


def past_characters_per_s(recipe: Recipe, runs: Runs) -> float | None:
    """Characters read a second by the newest training of this recipe here, all work counted."""
    for run in runs.all():
        if run.config.get("recipe") != recipe.name:
            continue
        progress = [event for event in run.events() if event["event"] == "progress"]
        if len(progress) < 10 or progress[-1]["elapsed_s"] <= progress[0]["elapsed_s"]:
            continue
        steps = progress[-1]["step"] - progress[0]["step"]
        seconds = progress[-1]["elapsed_s"] - progress[0]["elapsed_s"]
        if steps > 0:
            return steps * recipe.lanes * recipe.window / seconds
    return None


def matrix_operations_per_s() -> float:
    """The processor's speed in matrix products of a training's size, operations a second."""
    left = np.ones((256, 512), np.float32)
    right = np.ones((512, 2048), np.float32)
    best, until = 0.0, time.perf_counter() + PROBE_S
    while time.perf_counter() < until:
        began = time.perf_counter()
        _ = left @ right
        best = max(best, 2 * left.size * right.shape[1] / (time.perf_counter() - began))
    return best
