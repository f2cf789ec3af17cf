"""A compiled LSTM layer for TensorFlow, which makes training fast on a CPU.

The work is done by network/training_layer.py; here it becomes an operation with a gradient.
"""

from __future__ import annotations

import tensorflow as tf

from charlstm.network import training_layer
from charlstm.network.training_layer import Layer


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
        return training_layer.pack(matrix, in_tiles, transposed=True)

    def back(matrix):
        return training_layer.pack(matrix, in_tiles)

    return [
        tf.numpy_function(function, [weights], dtype, stateful=False) for function in (forth, back)
    ]


def recurrence(inputs, hidden, cell, weights, packed, layer: Layer):
    """Run an LSTM layer over a window of characters.

    Args:
        inputs: (features, time * lanes), float32: all lanes of the first character, then all lanes
            of the second, and so on.
        hidden, cell: state before the first character, (units, lanes), float32. They receive no
            gradient: this is truncated back-propagation through time.
        weights: (features + units, 4 * units), float32: of the gates i, f, g, o.
        packed: the same weights, as `pack` returns them.

    Returns:
        Hidden states (units, time * lanes); the last hidden state and the last cell state, (units,
        lanes), for the next window. All float32.
    """
    forth, back = packed
    shapes = (layer.units, layer.time * layer.lanes), (2, layer.units, layer.lanes)

    @tf.custom_gradient
    def run(inputs, weights):
        results = tf.numpy_function(
            layer.forward, [inputs, hidden, cell, forth], [tf.float32] * 2, stateful=False
        )
        outputs, last = map(tf.ensure_shape, results, shapes)

        def gradient(d_outputs, _):
            gradients = tf.numpy_function(
                layer.backward, [d_outputs, back], [tf.float32] * 2, stateful=False
            )
            return list(map(tf.ensure_shape, gradients, (inputs.shape, weights.shape)))

        return (outputs, last), gradient

    outputs, last = run(inputs, weights)
    return outputs, last[0], last[1]
