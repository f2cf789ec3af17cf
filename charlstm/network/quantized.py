"""The network in 16-bit integers, which writes all texts (see kernel.py).

A weight w is rounded to the integer nearest to w / scale, a hidden state h to the one nearest to
h * 2048. Each column of weights has a scale of its own: the smallest for which every weight fits
into 16 bits and no sum of products can exceed 32, whatever is read. Biases, cell states and logits
stay float32. `python -m tests.benchmarks.writing` measures what the rounding costs in loss.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from charlstm.network.kernel import (
    COLUMNS,
    GROUP,
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
_EXACT_BITS = 53  # float64 holds every integer up to 2**53
CACHE_LINE = 64  # bytes
# Added to the width of a state: rows that are a power of two apart compete for the same few places
# of a cache.
PADDING = 32

# (hidden int16, cells float32), each (texts, units), with all layers side by side.
QuantizedState = tuple[np.ndarray, np.ndarray]


@dataclass(slots=True, eq=False)
class Chances:
    """How likely characters were when they were drawn, and which ones were the likeliest then.

    Attributes:
        array: int32, (..., 2, 1 + count): `ids` and the bits of `probabilities`. They share one
            array because a part is taken of it for every text in every call of the network.
    """

    array: np.ndarray

    @classmethod
    def make(cls, rows: int, steps: int, count: int) -> Chances:
        """Room for what `QuantizedNetwork.write` fills in."""
        return cls(np.empty((rows, steps, 2, 1 + count), np.int32))

    @property
    def ids(self) -> np.ndarray:
        """int32, (..., 1 + count): the drawn character, then the likeliest ones; not a copy."""
        return self.array[..., 0, :]

    @property
    def probabilities(self) -> np.ndarray:
        """float32, (..., 1 + count): theirs; not a copy."""
        return self.array[..., 1, :].view(np.float32)

    def __getitem__(self, index: int | slice | tuple[int | slice, ...]) -> Chances:
        """A part: not a copy."""
        return Chances(self.array[index])


class QuantizedNetwork:
    """A character-level LSTM in 16-bit integers.

    Attributes:
        arrays: (layout, weights, scales, biases, table), as kernel.py reads them: the layout has
            a row for each layer and one for the logits; the table has the first layer's input
            for each tile and character, (tiles, vocab, columns of a tile).
        units: width of a state: the units of all layers, each layer padded to whole tiles, and
            PADDING.
    """

    def __init__(self, architecture: Architecture, weights: Mapping[str, np.ndarray]):
        self.architecture = architecture

        def full(name: str) -> np.ndarray:
            return np.asarray(weights[name], np.float32)

        layout, packed, scales, biases = [], [], [], []
        offsets = {WEIGHTS: 0, SCALES: 0}  # of the next layer in `weights` and in `scales`

        def add(kernel: np.ndarray, bias: np.ndarray, column: int, output: int) -> None:
            """Append a layer, or the logits.

            Args:
                kernel: (inputs, columns).
                bias: (columns,).
                column, output: where its inputs and outputs begin in a state.
            """
            integers, scale = quantize(kernel)
            row = np.zeros(6, np.int64)
            row[[INPUT, PAIRS, OUTPUT]] = column, len(kernel) // 2, output
            row[[WEIGHTS, SCALES, TILES]] = offsets[WEIGHTS], offsets[SCALES], len(bias) // COLUMNS
            layout.append(row)
            packed.append(pack(integers))
            scales.append(scale)
            biases.append(bias)
            offsets[WEIGHTS] += integers.size
            offsets[SCALES] += len(bias)

        below, units_below = 0, 0  # where the layer below begins in a state, and its width
        table = None
        for layer, units in enumerate(architecture.lstm_units, 1):
            name = f"lstm_{layer}/lstm_cell/"
            kernel, bias = full(name + "kernel"), full(name + "bias")
            recurrent = _gates_in_tiles(full(name + "recurrent_kernel"), units)
            bias = _gates_in_tiles(bias[None], units)[0]
            padded = len(bias) // 4
            if layer == 1:
                # Its input depends on the character alone: a row for each replaces the products.
                entering = product(full("embedding/embeddings"), kernel)
                rows = _gates_in_tiles(entering, units) + bias
                table = rows.reshape(len(rows), -1, COLUMNS).transpose(1, 0, 2)
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
        self.units = below + units_below + PADDING
        self.arrays = (
            np.stack(layout),
            _aligned(np.concatenate(packed)),
            np.concatenate(scales),
            np.concatenate(biases).reshape(-1, COLUMNS),
            np.ascontiguousarray(table),
        )

    def start(self, texts: int = 1) -> QuantizedState:
        """The state before any character: all zero."""
        return np.zeros((texts, self.units), np.int16), np.zeros((texts, self.units), np.float32)

    def write(
        self,
        state: QuantizedState,
        plan: np.ndarray,
        settings: np.ndarray,
        uniforms: np.ndarray,
        interrupt: np.ndarray,
        chances: Chances | None = None,
    ) -> int:
        """Advance texts in place, see `kernel.write_steps`; returns the number of steps done.

        Args:
            chances: is filled in; None if no row of the settings asks for them.
        """
        if chances is None:
            rows, steps = plan.shape
            chances = Chances.make(rows, steps, 0)
        recorded = chances.ids, chances.probabilities
        return write_steps(self.arrays, *state, plan, settings, uniforms, interrupt, *recorded)

    def read(self, ids: np.ndarray, state: QuantizedState) -> tuple[np.ndarray, QuantizedState]:
        """Read one text: ids (time,) -> logits (time, vocab), new state."""
        return self._read(ids, state, np.empty((0, 0), np.float32))

    def remember(
        self, ids: np.ndarray, state: QuantizedState
    ) -> tuple[np.ndarray, QuantizedState, list[np.ndarray]]:
        """As `read`, but also return all cell states: float32, (time, units), for each layer."""
        memory = np.empty((len(ids), self.units), np.float32)
        logits, state = self._read(ids, state, memory)
        begins = self.arrays[0][:-1, OUTPUT]  # the last row is that of the logits
        layers = zip(begins, self.architecture.lstm_units, strict=True)
        return logits, state, [memory[:, begin : begin + units] for begin, units in layers]

    def _read(self, ids: np.ndarray, state: QuantizedState, memory: np.ndarray):
        hidden, cells = (np.array(part) for part in state)
        logits = np.empty((len(ids), self.architecture.vocabulary_size), np.float32)
        read_text(self.arrays, hidden, cells, np.asarray(ids, np.int32), logits, memory)
        return logits, (hidden, cells)


def product(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """left @ right in float32, with the same bits on every machine.

    Matrix libraries choose the order of addition by the processor. So both factors are rounded to
    so few bits that float64 holds all sums of their products exactly, in whatever order: to 22 for
    256 units. What that costs is no more than the rounding to float32.
    """
    bits = (_EXACT_BITS - (len(right) - 1).bit_length()) // 2
    left, left_step = _in_steps(left, bits)
    right, right_step = _in_steps(right, bits)
    return ((left @ right) * (left_step * right_step)).astype(np.float32)


def _in_steps(numbers: np.ndarray, bits: int) -> tuple[np.ndarray, float]:
    """Integers up to 2**bits, float64, and the power of two whose multiples are nearest to these.

    (integers * step) are the numbers, rounded.
    """
    _, exponent = math.frexp(np.abs(numbers).max())
    integers = numbers.astype(np.float64) * math.ldexp(1, bits - exponent)
    return np.rint(integers, out=integers), math.ldexp(1, exponent - bits)


def quantize(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Round weights (inputs, columns) to integers, int16, with a scale for each column, float32.

    (h * 2048) @ integers, times the scales, is h @ kernel up to rounding.
    """
    sizes = np.abs(kernel)
    # Less than the largest sum, because rounding may add a little over half a step to each weight.
    room = _LARGEST_SUM / HIDDEN_SCALE - 0.52 * len(kernel)
    # One row after the other, on every machine: the sum of an array is added as it is fastest.
    totals = np.zeros(sizes.shape[1])
    for row in sizes:
        totals += row
    step = np.maximum(totals / room, sizes.max(0) / _LARGEST_WEIGHT)
    step[step < 1e-30] = 1  # a column of zeros
    step = step.astype(np.float32)
    sizes = np.divide(kernel, step, out=sizes)
    return np.rint(sizes, out=sizes).astype(np.int16), step / np.float32(HIDDEN_SCALE)


def pack(integers: np.ndarray, group: int = GROUP) -> np.ndarray:
    """Weights (inputs, columns) in the order in which the kernel reads them, flattened.

    The order is: by group of columns, within it by pair of inputs, within that by column, then by
    input.
    """
    inputs, columns = integers.shape
    groups = integers.reshape(inputs // 2, 2, columns // group, group)
    return np.ascontiguousarray(groups.transpose(2, 0, 3, 1)).ravel()


def _aligned(array: np.ndarray) -> np.ndarray:
    """A copy that begins where a cache line does: else every second vector lies across two."""
    memory = np.empty(array.nbytes + CACHE_LINE, np.uint8)
    begin = -memory.ctypes.data % CACHE_LINE
    copy = memory[begin : begin + array.nbytes].view(array.dtype)
    copy[:] = array
    return copy


def _gates_in_tiles(columns: np.ndarray, units: int) -> np.ndarray:
    """Rearrange columns (rows, 4 x units), ordered by gate, into tiles of 16 units and 4 gates.

    The last tile is padded with zeros. The gates that are sigmoids are halved, because
    sigmoid(x) = (1 + tanh(x / 2)) / 2.
    """
    gates = columns.reshape(-1, 4, units) * np.array([0.5, 0.5, 1, 0.5], np.float32)[:, None]
    padded = _wide(gates.reshape(-1, units), -(-units // UNITS) * UNITS)
    tiles = padded.reshape(len(columns), 4, -1, UNITS).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(tiles).reshape(len(columns), -1)


def _wide(rows: np.ndarray, width: int) -> np.ndarray:
    """Pad rows with zeros to a width."""
    return np.pad(rows, ((0, 0), (0, width - rows.shape[1])))


def _filled(columns: np.ndarray, inputs: int) -> np.ndarray:
    """Pad columns with zeros to a number of inputs."""
    return np.pad(columns, ((0, inputs - len(columns)), (0, 0)))
