"""The network in 16-bit integers: what writes, for one text or a hundred (see kernel.py).

A weight w of a column becomes the whole number nearest to w / scale, a hidden state h the one
nearest to h * 2048. Each column has a scale of its own: the smallest with which its sums of
products can never leave 32 bits, whatever is read. Biases, cell states and scores stay float32.
What that costs is measured by `python -m tests.benchmarks.writing`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from charlstm.network.kernel import (
    COLUMNS,
    HIDDEN_SCALE,
    INPUT,
    OUTPUT,
    PAIRS,
    SCALES,
    TILES,
    UNITS,
    WEIGHTS,
    read_text,
    write_steps,
)
from charlstm.network.lstm import Architecture

_LARGEST_SUM = 2**31 - 1
_LARGEST_WEIGHT = 2**15 - 1

# (hidden int16, cells float32), each (texts, units): all layers side by side.
QuantizedState = tuple[np.ndarray, np.ndarray]


class QuantizedNetwork:
    """A character-level LSTM in 16-bit integers.

    Attributes:
        arrays: (layout, weights, scales, biases, table), as kernel.py reads them.
        units: of all layers together, each filled up to whole tiles.
    """

    def __init__(self, architecture: Architecture, weights: Mapping[str, np.ndarray]):
        self.architecture = architecture

        def full(name: str) -> np.ndarray:
            return np.asarray(weights[name], np.float32)

        layout, packed, scales, biases = [], [], [], []
        place = {WEIGHTS: 0, SCALES: 0}

        def add(kernel: np.ndarray, bias: np.ndarray, column: int, output: int) -> None:
            """Append a layer, or the scores: kernel (inputs, columns) and bias (columns,)."""
            integers, scale = quantize(kernel)
            row = np.zeros(6, np.int64)
            row[[INPUT, PAIRS, OUTPUT]] = column, len(kernel) // 2, output
            row[[WEIGHTS, SCALES, TILES]] = place[WEIGHTS], place[SCALES], len(bias) // COLUMNS
            layout.append(row)
            packed.append(pack(integers))
            scales.append(scale)
            biases.append(bias)
            place[WEIGHTS] += integers.size
            place[SCALES] += len(bias)

        below, units_below = 0, 0  # where the layer below stands among the states, its width
        table = None
        for layer, units in enumerate(architecture.lstm_units, 1):
            name = f"lstm_{layer}/lstm_cell/"
            kernel, bias = full(name + "kernel"), full(name + "bias")
            recurrent = _gates_in_tiles(full(name + "recurrent_kernel"), units)
            bias = _gates_in_tiles(bias[None], units)[0]
            padded = len(bias) // 4
            if layer == 1:
                # It sees nothing but characters: embedding, kernel and bias fold into a row each.
                entering = full("embedding/embeddings") @ kernel
                table = _gates_in_tiles(entering, units) + bias
                stacked = _filled(recurrent, padded)
                output = 0
            else:
                entering = _filled(_gates_in_tiles(kernel, units), units_below)
                stacked = np.concatenate([entering, _filled(recurrent, padded)])
                output = below + units_below
            add(stacked, bias, below, output)
            below, units_below = output, padded
        width = -(-architecture.vocabulary_size // COLUMNS) * COLUMNS
        add(
            _filled(_wide(full("output/kernel"), width), units_below),
            _wide(full("output/bias")[None], width)[0],
            below,
            0,
        )
        self.units = below + units_below
        self.arrays = (
            np.stack(layout),
            np.concatenate(packed),
            np.concatenate(scales),
            np.concatenate(biases),
            np.ascontiguousarray(table),
        )

    def start(self, texts: int = 1) -> QuantizedState:
        """The states before any character: all zero."""
        return np.zeros((texts, self.units), np.int16), np.zeros((texts, self.units), np.float32)

    def write(
        self,
        state: QuantizedState,
        plan: np.ndarray,
        settings: np.ndarray,
        uniforms: np.ndarray,
        interrupt: np.ndarray,
    ) -> int:
        """Advance texts in place; see `kernel.write_steps`. Returns how many steps were done."""
        return write_steps(self.arrays, *state, plan, settings, uniforms, interrupt)

    def read(self, ids: np.ndarray, state: QuantizedState) -> tuple[np.ndarray, QuantizedState]:
        """Read one text: ids (time,) -> logits (time, vocab) and the new state."""
        return self._read(ids, state, np.empty((0, 0), np.float32))

    def remember(
        self, ids: np.ndarray, state: QuantizedState
    ) -> tuple[np.ndarray, QuantizedState, list[np.ndarray]]:
        """As `read`, and the cell states after each character: float32, (time, units) a layer."""
        memory = np.empty((len(ids), self.units), np.float32)
        logits, state = self._read(ids, state, memory)
        begins = self.arrays[0][:-1, OUTPUT]  # the last row is that of the scores
        layers = zip(begins, self.architecture.lstm_units, strict=True)
        return logits, state, [memory[:, begin : begin + units] for begin, units in layers]

    def _read(self, ids: np.ndarray, state: QuantizedState, memory: np.ndarray):
        hidden, cells = (np.array(part) for part in state)
        logits = np.empty((len(ids), self.architecture.vocabulary_size), np.float32)
        read_text(self.arrays, hidden, cells, np.asarray(ids, np.int32), logits, memory)
        return logits, (hidden, cells)


def quantize(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers for weights (inputs, columns), int16, and what brings their sums back.

    sum over the inputs of (h * 2048) * integers, times the scale of the column, is h @ kernel.
    """
    sizes = np.abs(kernel)
    # Rounding may add half a step to each weight, and a little more; hence the smaller divisor.
    room = _LARGEST_SUM / HIDDEN_SCALE - 0.52 * len(kernel)
    step = np.maximum(sizes.sum(0, dtype=np.float64) / room, sizes.max(0) / _LARGEST_WEIGHT)
    step[step < 1e-30] = 1  # a column of zeros
    step = step.astype(np.float32)
    sizes = np.divide(kernel, step, out=sizes)
    return np.rint(sizes, out=sizes).astype(np.int16), step / np.float32(HIDDEN_SCALE)


def pack(integers: np.ndarray) -> np.ndarray:
    """Weights (inputs, columns) in the order in which the kernel reads them, flat.

    Tile by tile; in a tile two inputs at a time; of these column by column.
    """
    inputs, columns = integers.shape
    tiles = integers.reshape(inputs // 2, 2, columns // COLUMNS, COLUMNS)
    return np.ascontiguousarray(tiles.transpose(2, 0, 3, 1)).ravel()


def _gates_in_tiles(columns: np.ndarray, units: int) -> np.ndarray:
    """Columns (…, 4 x units), gate by gate, as tiles of 16 units with their four gates each.

    Units that fill up the last tile get zeros. The gates that are sigmoids are halved, because
    sigmoid(x) = (1 + tanh(x / 2)) / 2.
    """
    gates = columns.reshape(-1, 4, units) * np.array([0.5, 0.5, 1, 0.5], np.float32)[:, None]
    padded = _wide(gates.reshape(-1, units), -(-units // UNITS) * UNITS)
    tiles = padded.reshape(len(columns), 4, -1, UNITS).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(tiles).reshape(len(columns), -1)


def _wide(rows: np.ndarray, width: int) -> np.ndarray:
    return np.pad(rows, ((0, 0), (0, width - rows.shape[1])))


def _filled(columns: np.ndarray, inputs: int) -> np.ndarray:
    return np.pad(columns, ((0, inputs - len(columns)), (0, 0)))
