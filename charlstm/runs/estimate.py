"""Estimates how long a training will take on this machine, before it begins.

The best predictor is the speed of an earlier training here with the same recipe. Without one, it is
the time of a training step, where that was measured (fastest_way.py). Without either, the machine's
speed in matrix products is measured briefly, and the recipe is assumed to reach its usual share of
it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np

from charlstm.machine import available_cores, matrix_dtype_of
from charlstm.runs.events import Progress
from charlstm.runs.fastest_way import remembered_way, step_s
from charlstm.runs.ownership import RunError
from charlstm.runs.recipes import Budget, Recipe
from charlstm.runs.run import Run

# Speed of a recipe's training relative to the float32 speed that is probed below, by the dtype of
# the training's matrix products. Measured with TensorFlow on 2 otherwise idle cores of a Sapphire
# Rapids Xeon. Small networks reach less; processors with bfloat16 matrix units reach more.
USUAL_SHARE = {
    "float32": {"quick": 0.5, "full": 0.6, "notebook": 0.5},
    "bfloat16": {"quick": 1.2, "full": 1.8, "notebook": 0.5},
}
OPERATIONS_PER_WEIGHT = 6  # multiply and add: once forward, twice backward
PROBE_S = 0.05
PROBE_SIZE = 64  # rows and columns; so small that one core computes the product
PROBE_TIMES = 20


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """The expected extent of a training.

    Attributes:
        seconds: from the first step to the last.
        epochs: number of times the training text is read.
        measured: True if based on an earlier training or a measured step here, False if only on the
            processor's speed.
    """

    seconds: float
    epochs: float
    measured: bool


def estimate(recipe: Recipe, budget: Budget, characters: int, runs: Iterable[Run]) -> Estimate:
    """Estimate a training on a text of `characters` characters.

    Args:
        runs: earlier trainings, newest first.
    """
    speed = past_characters_per_s(recipe, runs)
    if speed is None and recipe.predicts_every_position:
        step = remembered_way(recipe)
        speed = None if step is None else recipe.lanes * recipe.window / step_s(recipe, step)
    measured = speed is not None
    if speed is None:
        weights = recipe.architecture(65).parameters() - 65 * recipe.embedding_units
        work = OPERATIONS_PER_WEIGHT * weights
        share = USUAL_SHARE[matrix_dtype_of("cpu")][recipe.name]
        speed = share * matrix_operations_per_s() / work
    per_epoch = 0.9 * characters
    if not recipe.predicts_every_position:
        per_epoch *= recipe.window / 3  # every character is read in a third of a window's windows
    epoch_s = per_epoch / speed
    seconds = budget.total_s(epoch_s)
    return Estimate(seconds=seconds, epochs=seconds / epoch_s, measured=measured)


def past_characters_per_s(recipe: Recipe, runs: Iterable[Run]) -> float | None:
    """Characters per second, over all lanes, of the newest training of this recipe and network.

    None if there is no such training with enough progress events.
    """
    for run in runs:
        trained = run.config.recipe  # a fine-tuned network may have other sizes than the recipe
        if (trained.name, trained.embedding_units, trained.lstm_units) != (
            recipe.name,
            recipe.embedding_units,
            recipe.lstm_units,
        ):
            continue
        progress = _progress_of(run)
        if len(progress) < 10:
            continue
        steps = progress[-1].step - progress[0].step
        seconds = progress[-1].elapsed_s - progress[0].elapsed_s
        if steps > 0 and seconds > 0:
            return steps * recipe.lanes * recipe.window / seconds
    return None


def _progress_of(run: Run) -> list[Progress]:
    """A training's progress events; none if they cannot be read, so that it is skipped."""
    try:
        return [event for event in run.events() if isinstance(event, Progress)]
    except RunError:
        return []


@cache
def matrix_operations_per_s() -> float:
    """Operations per second in small float32 matrix products, on all cores together.

    Cached, because many visitors ask.
    """
    matrix = np.ones((PROBE_SIZE, PROBE_SIZE), np.float32)
    product = np.empty_like(matrix)
    best, until = 0.0, time.perf_counter() + PROBE_S
    while time.perf_counter() < until:
        began = time.perf_counter()
        for _ in range(PROBE_TIMES):
            np.matmul(matrix, matrix, out=product)
        seconds = time.perf_counter() - began
        best = max(best, PROBE_TIMES * 2 * PROBE_SIZE**3 / seconds)
    return best * available_cores()
