"""A compiled LSTM layer for TensorFlow, which makes training fast on a CPU.

The work is done by network/recurrence_kernel.py; here it becomes an operation with a gradient.
"""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf

from charlstm.network import recurrence_kernel
from charlstm.network.float_products import COLUMNS, TILE_ROWS, TILES
from charlstm.network.recurrence_kernel import ROWS, Workspace

_ALIGNMENT = 64  # bytes: TensorFlow then takes an array as it is, instead of copying it


def pack(weights, in_tiles: bool):
    """Arrange the weights of a layer for `recurrence`, once for all groups of lanes.

    Args:
        weights: (features + units, 4 * units), float32.
        in_tiles: whether the matrix units compute the products, in bfloat16.

    Returns:
        Two tensors, for the way forward and for the way back.
    """
    dtype = tf.uint16 if in_tiles else tf.float32

    def forth(matrix):
        return recurrence_kernel.pack(matrix, in_tiles, transposed=True)

    def back(matrix):
        return recurrence_kernel.pack(matrix, in_tiles)

    return [
        tf.numpy_function(function, [weights], dtype, stateful=False) for function in (forth, back)
    ]


def recurrence(inputs, hidden, cell, weights, packed, workspace: Workspace):
    """Run an LSTM layer over a window of characters.

    Args:
        inputs: (features, time * lanes), float32: all lanes of the first character, then all lanes
            of the second, and so on.
        hidden, cell: state before the first character, (units, lanes), float32. They receive no
            gradient: this is truncated back-propagation through time.
        weights: (features + units, 4 * units), float32: of the gates i, f, g, o.
        packed: the same weights, as `pack` returns them.
        workspace: of this layer and group; each call is followed by its gradient before the next.

    Returns:
        Hidden states (units, time * lanes); the last hidden state and the last cell state, (units,
        lanes), for the next window. All float32.
    """
    features, (units, lanes) = inputs.shape[0], hidden.shape
    forth, back = packed
    in_tiles = forth.dtype == tf.uint16
    shapes = (units, inputs.shape[1]), (2, units, lanes)

    def forward(inputs, hidden, cell, weights):
        outputs, last = (_aligned(shape) for shape in shapes)
        seen, gates, cells = workspace.seen, workspace.gates, workspace.cells
        recurrence_kernel.forward(
            inputs, hidden, cell, *_kinds(weights), seen, gates, cells, outputs, last
        )
        return outputs, last

    def backward(d_outputs, weights):
        d_inputs = _aligned((features, d_outputs.shape[1]))
        gates, cells, d_gates = workspace.gates, workspace.cells, workspace.d_gates
        recurrence_kernel.backward(d_outputs, gates, cells, *_kinds(weights), d_gates, d_inputs)
        rows = math.lcm(ROWS, TILES * TILE_ROWS)
        d_weights = _aligned(
            (-(-workspace.seen.shape[2] // rows) * rows, -(-4 * units // COLUMNS) * COLUMNS)
        )
        recurrence_kernel.weight_gradient(workspace.seen, d_gates, in_tiles, d_weights)
        return d_inputs, d_weights[: features + units, : 4 * units]

    @tf.custom_gradient
    def run(inputs, weights):
        outputs, last = tf.numpy_function(
            forward, [inputs, hidden, cell, forth], [tf.float32] * 2, stateful=False
        )
        outputs, last = (
            tf.ensure_shape(tensor, shape)
            for tensor, shape in zip((outputs, last), shapes, strict=True)
        )

        def gradient(d_outputs, _):
            d_inputs, d_weights = tf.numpy_function(
                backward, [d_outputs, back], [tf.float32] * 2, stateful=False
            )
            return (
                tf.ensure_shape(d_inputs, inputs.shape),
                tf.ensure_shape(d_weights, weights.shape),
            )

        return (outputs, last), gradient

    outputs, last = run(inputs, weights)
    return outputs, last[0], last[1]


def _kinds(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Packed weights as the kernel takes them: for vectors and for tiles, of which one is empty."""
    if weights.dtype == np.uint16:
        return np.empty((0, 0, 0), np.float32), weights
    return weights, np.empty((0, 0, 0, 0), np.uint16)


def _aligned(shape: tuple[int, ...]) -> np.ndarray:
    """An array of float32, not initialized, that begins at a multiple of `_ALIGNMENT` bytes."""
    count = int(np.prod(shape))
    array = np.empty(count + _ALIGNMENT // 4, np.float32)
    begin = -array.ctypes.data % _ALIGNMENT // 4
    return array[begin : begin + count].reshape(shape)
