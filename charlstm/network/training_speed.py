"""How fast this processor trains LSTM layers, in each way that it can.

A way is a float type for the matrix products and a number of groups of lanes, which are computed at
the same time. Which way is the fastest depends on the processor, on what else it does, and on the
size of the network, so it is measured.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from charlstm.network.lstm import Architecture
from charlstm.network.recurrence_kernel import HAS_TILES
from charlstm.network.training_layer import Layer, pack

MIN_GROUP_LANES = 16  # a panel: a smaller group takes as long
ROUNDS = 3
MEASURE_S = 0.15  # for each case, in all rounds


@dataclass(frozen=True)
class Way:
    """How the LSTM layers of a training are computed on a CPU.

    Attributes:
        matrix_dtype: of the matrix products, "float32" or "bfloat16".
        groups: number of groups of lanes; each is computed by a thread of its own.
    """

    matrix_dtype: str
    groups: int

    @property
    def in_tiles(self) -> bool:
        """Whether the processor's matrix units compute the products."""
        return self.matrix_dtype == "bfloat16"

    def __str__(self) -> str:
        groups = "1 group" if self.groups == 1 else f"{self.groups} groups"
        return f"{self.matrix_dtype}, {groups} of lanes"


def possible_ways(cores: int, lanes: int) -> list[Way]:
    """The ways that make sense on this machine: one group, or about one for each core."""
    fitting = [n for n in range(1, cores + 1) if not lanes % n and lanes >= n * MIN_GROUP_LANES]
    groups = sorted({1, max(fitting, default=1)}, reverse=True)
    dtypes = ["bfloat16", "float32"] if HAS_TILES else ["float32"]
    return [Way(dtype, number) for dtype in dtypes for number in groups]


@dataclass(frozen=True)
class Case:
    """What is measured: the LSTM layers of a network, trained in a way."""

    way: Way
    architecture: Architecture
    lanes: int
    window: int


def layers_steps_s(cases: Sequence[Case]) -> list[float]:
    """Seconds that the LSTM layers take for a training step, in each case.

    The best of several steps, because the machine may be shared; in rounds, so that a moment in
    which it is busy makes all cases slower, and not one of them. The first call ever compiles.
    """
    best_s = [math.inf] * len(cases)
    for _ in range(ROUNDS):
        for index, case in enumerate(cases):
            best_s[index] = min(best_s[index], _step_s(case, MEASURE_S / ROUNDS))
    return best_s


def _step_s(case: Case, measure_s: float) -> float:
    """The shortest of the steps within `measure_s`, of which there is at least one.

    What they need is made anew each time: that of all cases together may be a gigabyte.
    """
    way, architecture, lanes, window = case.way, case.architecture, case.lanes, case.window
    rng = np.random.default_rng(0)
    lanes_of_group = lanes // way.groups
    layers, weights = [], []
    features = architecture.embedding_units
    for units in architecture.lstm_units:
        shape = (features + 1 + units, 4 * units)
        weights.append(
            (rng.random(shape, np.float32) - np.float32(0.5)) / np.float32(shape[0] ** 0.5)
        )
        layers.append((features + 1, units))
        features = units
    groups = [
        [Layer(below, units, window, lanes_of_group, way.in_tiles) for below, units in layers]
        for _ in range(way.groups)
    ]
    inputs = [rng.random((below, window * lanes_of_group), np.float32) for below, _ in layers]

    def pack_all() -> list[tuple[np.ndarray, np.ndarray]]:
        return [
            (pack(matrix, way.in_tiles, transposed=True), pack(matrix, way.in_tiles))
            for matrix in map(np.ascontiguousarray, weights)
        ]

    def train(group: list[Layer], packed) -> None:
        for layer, (forth, _), entering in zip(group, packed, inputs, strict=True):
            state = np.zeros((2, layer.units, lanes_of_group), np.float32)
            outputs, _ = layer.forward(entering, state[0], state[1], forth)
        for layer, (_, back) in reversed(list(zip(group, packed, strict=True))):
            layer.backward(np.ones((layer.units, window * lanes_of_group), np.float32), back)

    with ThreadPoolExecutor(way.groups) as threads:

        def step_s() -> float:
            began_s = time.perf_counter()
            packed = pack_all()
            list(threads.map(train, groups, [packed] * way.groups))
            return time.perf_counter() - began_s

        step_s()  # compiles, or is the first to touch the memory
        until_s = time.perf_counter() + measure_s
        best_s = step_s()
        while time.perf_counter() < until_s:
            best_s = min(best_s, step_s())
    return best_s
