"""The compiled recurrence computes, and learns, what an LSTM layer does."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("keras", reason="training needs Keras")
pytest.importorskip("tensorflow", reason="it is TensorFlow that takes this way")

import keras
import tensorflow as tf

from charlstm.network.recurrence_kernel import HAS_TILES
from charlstm.network.training_layer import Layer
from charlstm.training.recurrence import pack, recurrence

FEATURES, UNITS, LANES, STEPS = 3, 5, 4, 6


@pytest.fixture
def layer():
    keras.utils.set_random_seed(3)
    layer = keras.layers.LSTM(
        UNITS, return_sequences=True, return_state=True, bias_initializer="random_normal"
    )
    layer.build((LANES, STEPS, FEATURES))
    return layer


@pytest.fixture
def arrays():
    rng = np.random.default_rng(7)
    return {
        "inputs": rng.normal(size=(LANES, STEPS, FEATURES)).astype(np.float32),
        "hidden": rng.normal(size=(LANES, UNITS)).astype(np.float32),
        "cell": rng.normal(size=(LANES, UNITS)).astype(np.float32),
        "weights": rng.normal(size=(LANES, STEPS, UNITS)).astype(np.float32),
    }


def features_first(sequence):
    """(lanes, steps, features) -> (features, steps * lanes)"""
    return tf.reshape(tf.transpose(sequence, (2, 1, 0)), (sequence.shape[2], -1))


def by_hand(layer, inputs, hidden, cell, in_tiles=False):
    parts = [layer.cell.kernel, layer.cell.bias[None], layer.cell.recurrent_kernel]
    weights = tf.concat(parts, axis=0)
    with_ones = tf.concat([features_first(inputs), tf.ones((1, STEPS * LANES))], axis=0)
    outputs, hidden, cell = recurrence(
        with_ones,
        tf.transpose(hidden),
        tf.transpose(cell),
        weights,
        pack(weights, in_tiles),
        Layer(FEATURES + 1, UNITS, STEPS, LANES, in_tiles),
    )
    outputs = tf.reshape(outputs, (UNITS, STEPS, LANES))
    return tf.transpose(outputs, (2, 1, 0)), tf.transpose(hidden), tf.transpose(cell)


def by_keras(layer, inputs, hidden, cell):
    return layer(inputs, initial_state=[hidden, cell])


def gradients(run, layer, arrays):
    inputs = tf.constant(arrays["inputs"])
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs, _, _ = run(layer, inputs, arrays["hidden"], arrays["cell"])
        loss = tf.reduce_sum(outputs * arrays["weights"])
    variables = [variable.value for variable in layer.trainable_variables]
    return tape.gradient(loss, [inputs, *variables])


def test_outputs_and_state_are_those_of_an_lstm_layer(layer, arrays):
    arguments = (layer, arrays["inputs"], arrays["hidden"], arrays["cell"])
    for own, expected in zip(by_hand(*arguments), by_keras(*arguments), strict=True):
        assert np.allclose(own, expected, atol=1e-6)


def test_its_gradients_are_those_that_a_framework_finds(layer, arrays):
    own, expected = gradients(by_hand, layer, arrays), gradients(by_keras, layer, arrays)
    assert len(own) == 4
    for mine, theirs in zip(own, expected, strict=True):
        assert np.abs(theirs).max() > 0.1
        assert np.allclose(mine, theirs, rtol=1e-4, atol=1e-5)


def test_no_gradient_flows_into_the_window_before(layer, arrays):
    hidden, cell = tf.constant(arrays["hidden"]), tf.constant(arrays["cell"])
    with tf.GradientTape() as tape:
        tape.watch([hidden, cell])
        outputs, _, _ = by_hand(layer, arrays["inputs"], hidden, cell)
        loss = tf.reduce_sum(outputs)
    assert all(not np.any(gradient) for gradient in tape.gradient(loss, [hidden, cell]))


@pytest.mark.skipif(not HAS_TILES, reason="this processor has no matrix units for bfloat16")
def test_half_precision_products_change_little_and_the_state_stays_precise(layer, arrays):
    arguments = (layer, arrays["inputs"], arrays["hidden"], arrays["cell"])
    coarse, hidden, cell = by_hand(*arguments, in_tiles=True)
    assert hidden.dtype == cell.dtype == tf.float32
    fine, _, _ = by_keras(*arguments)
    assert 0 < np.abs(coarse - fine).max() < 0.02
