"""How fast this processor trains, in each way that it can.

Which way is the fastest depends on the processor, on what else it does, and on the size of the
network, so it is measured.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from charlstm.network.lane_pass import LanePass, Masks, Window, matrices_of
from charlstm.network.lane_training import AdamW, LaneTraining
from charlstm.network.lstm import Architecture
from charlstm.network.way import Way

ROUNDS = 3
MEASURE_S = 0.15  # for each case, in all rounds


@dataclass(frozen=True)
class Case:
    """What is measured: the training of a network, in a way."""

    way: Way
    architecture: Architecture
    lanes: int
    window: int


def steps_s(cases: Sequence[Case]) -> list[float]:
    """Seconds that a training step takes, in each case.

    In rounds, of which the best counts, because the machine may be shared: so a moment in which it
    is busy makes all cases slower, and not one of them. The first call ever compiles.
    """
    best_s = [math.inf] * len(cases)
    for _ in range(ROUNDS):
        for index, case in enumerate(cases):
            best_s[index] = min(best_s[index], _step_s(case, MEASURE_S / ROUNDS))
    return best_s


def _step_s(case: Case, measure_s: float) -> float:
    """The median of the steps within `measure_s`, of which there is at least one.

    What they need is made anew each time: that of all cases together may be a gigabyte.
    """
    architecture, lanes, window = case.architecture, case.lanes, case.window
    rng = np.random.default_rng(0)
    weights = [
        (rng.random(shape, np.float32) - np.float32(0.5)) / np.float32(shape[0] ** 0.5)
        for shape in architecture.weight_shapes().values()
    ]
    lane_pass = LanePass(architecture, lanes, window, case.way)
    matrices = matrices_of(architecture, weights)
    training = LaneTraining(
        lane_pass=lane_pass,
        optimizer=AdamW(clip_norm=1.0),
        matrices=matrices,
        means=[np.zeros_like(matrix) for matrix in matrices],
        variances=[np.zeros_like(matrix) for matrix in matrices],
        states=lane_pass.start(),
    )
    ids = rng.integers(0, architecture.vocabulary_size, (lanes, window)).astype(np.int32)
    text = Window(ids=ids, targets=ids, keep=np.ones((lanes, 1), np.float32))
    masks = Masks.drawn(architecture, lanes, rng)

    def step_s() -> float:
        began_s = time.perf_counter()
        training.step(text, masks, 1e-3)
        return time.perf_counter() - began_s

    step_s()  # compiles, or is the first to touch the memory
    until_s = time.perf_counter() + measure_s
    found_s = [step_s()]
    while time.perf_counter() < until_s:
        found_s.append(step_s())
    return float(np.median(found_s))
