"""An LSTM layer in training on a CPU: forward and backward through a window of characters.

A framework computes a recurrence as thousands of small operations, and spends more time between
them than in them. Here a window is one call forward and one backward, compiled for this processor
(recurrence_kernel.py).

Arrays are laid out (features, time * lanes): all lanes of the first character, then all lanes of
the second, and so on.
"""

from __future__ import annotations

import math

import numpy as np

from charlstm.network import recurrence_kernel as kernel
from charlstm.network.float_products import COLUMNS, TILE_DEPTH, TILE_ROWS, TILES
from charlstm.network.recurrence_kernel import ROWS

ALIGNMENT = 64  # bytes: frameworks then take an array as it is, instead of copying it
_NO_VECTORS, _NO_TILES = np.empty((0, 0, 0), np.float32), np.empty((0, 0, 0, 0), np.uint16)


def filled_up(number: int, unit: int) -> int:
    """The smallest multiple of `unit` that is not below `number`."""
    return -(-number // unit) * unit


class Layer:
    """An LSTM layer in training, for one group of lanes.

    It keeps what a window forward leaves for the window backward, and uses that memory again for
    every window, because to allocate some megabytes each time takes long. So each `forward` whose
    gradient is needed must be followed by its `backward` before the next.

    Args:
        features: of the inputs.
        time: characters of a window.
        in_tiles: whether the matrix units compute the products, in bfloat16.
    """

    def __init__(self, features: int, units: int, time: int, lanes: int, in_tiles: bool):
        self.features, self.units, self.time, self.lanes = features, units, time, lanes
        self.in_tiles = in_tiles
        panels = filled_up(lanes, COLUMNS) // COLUMNS
        # Rows that only fill up a tile would be computed for nothing elsewhere.
        depth = filled_up(features + units, TILE_DEPTH if in_tiles else 1)
        rows = filled_up(4 * units, TILE_DEPTH)
        # What the weights are multiplied with: the inputs, then the hidden states before.
        self._seen = np.zeros((time, panels, depth, COLUMNS), np.float32)
        self._gates = np.zeros((time, panels, 4 * units * COLUMNS), np.float32)
        self._cells = np.zeros((time + 1, panels, units * COLUMNS), np.float32)
        # Gradients of the sums that enter the gates.
        self._d_gates = np.zeros((time, panels, rows, COLUMNS), np.float32)

    def forward(
        self, inputs: np.ndarray, hidden: np.ndarray, cell: np.ndarray, weights: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Run the layer over a window of characters.

        Args:
            inputs: float32, (features, time * lanes).
            hidden, cell: float32, (units, lanes): the state before the first character.
            weights: of the gates i, f, g, o, (4 * units, features + units), as `pack` returns them.

        Returns:
            The hidden states, float32, (units, time * lanes), and the state after the last
            character, (2, units, lanes).
        """
        outputs = aligned((self.units, self.time * self.lanes))
        last = aligned((2, self.units, self.lanes))
        kernel.forward(
            inputs,
            hidden,
            cell,
            *products_arguments(weights),
            self._seen,
            self._gates,
            self._cells,
            outputs,
            last,
        )
        return outputs, last

    def backward(self, d_outputs: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The gradient of the latest `forward`: back-propagation through time within the window.

        Args:
            d_outputs: float32, (units, time * lanes): gradient of the loss with respect to the
                hidden states.
            weights: transposed, (features + units, 4 * units), as `pack` returns them.

        Returns:
            The gradients with respect to the inputs, (features, time * lanes), and to the weights,
            (features + units, 4 * units).
        """
        d_inputs = aligned((self.features, self.time * self.lanes))
        kernel.backward(
            d_outputs,
            self._gates,
            self._cells,
            *products_arguments(weights),
            self._d_gates,
            d_inputs,
        )
        rows, columns = self.features + self.units, 4 * self.units
        room = math.lcm(ROWS, TILES * TILE_ROWS)
        d_weights = aligned((filled_up(rows, room), filled_up(columns, COLUMNS)))
        kernel.weight_gradient(self._seen, self._d_gates, self.in_tiles, d_weights)
        return d_inputs, np.ascontiguousarray(d_weights[:rows, :columns])


def products_arguments(packed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Packed weights as compiled code takes them: for vectors and for tiles, one of them empty."""
    return (packed, _NO_TILES) if packed.dtype == np.float32 else (_NO_VECTORS, packed)


def aligned(shape: tuple[int, ...]) -> np.ndarray:
    """An array of float32, not initialized, that begins at a multiple of ALIGNMENT bytes."""
    count = math.prod(shape)
    array = np.empty(count + ALIGNMENT // 4, np.float32)
    begin = -array.ctypes.data % ALIGNMENT // 4
    return array[begin : begin + count].reshape(shape)


def pack(matrix: np.ndarray, in_tiles: bool, *, transposed: bool = False) -> np.ndarray:
    """Arrange weights for products: for vectors, or in bfloat16 for tiles.

    Args:
        matrix: float32, (rows, depth); (depth, rows) if it is `transposed`.

    Returns:
        float32, (blocks, depth, ROWS), or uint16 (the bits of bfloat16), (blocks, steps, TILE_ROWS,
        TILE_DEPTH). What is missing in the last blocks and steps is zero.
    """
    assert matrix.dtype == np.float32
    rows, depth = matrix.shape[::-1] if transposed else matrix.shape
    if in_tiles:
        blocks = filled_up(rows, TILES * TILE_ROWS) // TILE_ROWS
        steps = filled_up(depth, TILE_DEPTH) // TILE_DEPTH
        packed = np.zeros((blocks, steps, TILE_ROWS, TILE_DEPTH), np.uint16)
        (kernel.pack_columns_in_tiles if transposed else kernel.pack_rows_in_tiles)(matrix, packed)
    else:
        packed = np.zeros((filled_up(rows, ROWS) // ROWS, depth, ROWS), np.float32)
        (kernel.pack_columns if transposed else kernel.pack_rows)(matrix, packed)
    return packed
