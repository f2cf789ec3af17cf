"""Estimates how long a training will take on this machine, before it begins.

The best predictor is the speed of an earlier training here with the same recipe on the same device.
Without one, it is the time of a training step, where that was measured and the processor will train
by itself (fastest_way.py). Without either, the processor's speed in matrix products is measured
briefly, and the recipe is assumed to reach its usual share of it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache

import numpy as np

from charlstm.backend import chosen_backend, expected_device_kind
from charlstm.machine import available_cores, cpu_name, matrix_dtype_of
from charlstm.runs.events import Started
from charlstm.runs.fastest_way import expects_ways, remembered_way
from charlstm.runs.ownership import RunError
from charlstm.runs.recipes import Budget, Recipe
from charlstm.runs.run import Run
from charlstm.runs.sizing import READING_SHARE
from charlstm.runs.timeline import Timeline

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


class Basis(Enum):
    """What an estimate rests on."""

    EARLIER_TRAINING = auto()
    MEASURED_STEP = auto()
    PROCESSOR = auto()  # its speed in matrix products
    PROCESSOR_ONLY = auto()  # the same, but a GPU is likely to train


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """The expected extent of a training.

    Attributes:
        seconds: from the first step to the last.
        epochs: number of times the training text is read.
    """

    seconds: float
    epochs: float
    basis: Basis

    @property
    def is_measured(self) -> bool:
        """Whether the speed of such a training was measured here."""
        return self.basis in (Basis.EARLIER_TRAINING, Basis.MEASURED_STEP)


def estimate(recipe: Recipe, budget: Budget, characters: int, runs: Iterable[Run]) -> Estimate:
    """Estimate a training on a text of `characters` characters.

    Args:
        runs: earlier trainings, newest first.
    """
    speed, basis = past_characters_per_s(recipe, runs), Basis.EARLIER_TRAINING
    if speed is None and expects_ways(recipe) and (way := remembered_way(recipe)) is not None:
        speed, basis = (
            READING_SHARE * recipe.lanes * recipe.window / way.step_s,
            Basis.MEASURED_STEP,
        )
    if speed is None:
        weights = recipe.architecture(65).parameters() - 65 * recipe.embedding_units
        work = OPERATIONS_PER_WEIGHT * weights
        share = USUAL_SHARE[matrix_dtype_of("cpu")][recipe.name]
        speed = share * matrix_operations_per_s() / work
        basis = Basis.PROCESSOR if expected_device_kind() == "cpu" else Basis.PROCESSOR_ONLY
    per_epoch = 0.9 * characters
    if not recipe.predicts_every_position:
        per_epoch *= recipe.window / 3  # every character is read in a third of a window's windows
    epoch_s = per_epoch / speed
    seconds = budget.total_s(epoch_s)
    return Estimate(seconds=seconds, epochs=seconds / epoch_s, basis=basis)


def past_characters_per_s(recipe: Recipe, runs: Iterable[Run]) -> float | None:
    """Characters per second, over all lanes, of the newest training of this recipe and network.

    None if there is no such training on the expected device with enough progress events.
    """
    for run in runs:
        trained = run.config.recipe  # a fine-tuned network may have other sizes than the recipe
        if (trained.name, trained.embedding_units, trained.lstm_units) != (
            recipe.name,
            recipe.embedding_units,
            recipe.lstm_units,
        ):
            continue
        timeline = _timeline_of(run)
        progress = timeline.progress.points
        if len(progress) < 10 or not _ran_on_expected_device(timeline.started):
            continue
        steps = progress[-1].step - progress[0].step
        seconds = progress[-1].elapsed_s - progress[0].elapsed_s
        if steps > 0 and seconds > 0:
            return steps * recipe.lanes * recipe.window / seconds
    return None


def _timeline_of(run: Run) -> Timeline:
    """A training's timeline; an empty one, which is skipped, if its events cannot be read."""
    try:
        return run.timeline()
    except RunError:
        return Timeline()


def _ran_on_expected_device(latest: Started | None) -> bool:
    """Whether a training computed where the next one will: framework, and processor or GPU."""
    if latest is None or latest.backend != chosen_backend():
        return False
    if latest.device_kind == "cpu":  # counts even if a GPU is expected: that may be wrong
        return latest.device == cpu_name()
    return expected_device_kind() == "gpu"


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
