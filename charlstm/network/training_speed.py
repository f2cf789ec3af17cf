"""How fast this processor trains LSTM layers, in each way that it can.

A way is a float type for the matrix products and a number of groups of lanes, which are computed at
the same time. Which way is the fastest depends on the processor, on what else it does, and on the
size of the network, so it is measured.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from charlstm.network.lstm import Architecture
from charlstm.network.recurrence_kernel import HAS_TILES
from charlstm.network.training_layer import Layer, pack

MIN_GROUP_LANES = 16  # a panel: a smaller group takes as long
MEASURE_S = 0.15  # for each way
GOES_AT_LEAST = 3


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


def layers_step_s(way: Way, architecture: Architecture, lanes: int, window: int) -> float:
    """Seconds that the LSTM layers of a network take for a training step.

    The best of several goes, because the machine may be shared. The first call ever compiles.
    """
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

    best_s = float("inf")
    with ThreadPoolExecutor(way.groups) as threads:
        goes, until_s = 0, float("inf")
        while goes < GOES_AT_LEAST or time.perf_counter() < until_s:
            began_s = time.perf_counter()
            packed = pack_all()
            list(threads.map(train, groups, [packed] * way.groups))
            best_s = min(best_s, time.perf_counter() - began_s)
            goes += 1
            if goes == 1:  # the first has compiled
                until_s = time.perf_counter() + MEASURE_S
    return best_s
