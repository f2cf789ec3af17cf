"""The compiled LSTM layer computes what the equations say, forward and backward."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from charlstm.network import float_products, kernel, recurrence_kernel
from charlstm.network.recurrence_kernel import HAS_TILES
from charlstm.network.training_layer import Layer, pack

TIME, FEATURES = 5, 3
KINDS = [
    pytest.param(False, id="vectors"),
    pytest.param(
        True,
        id="tiles",
        marks=pytest.mark.skipif(not HAS_TILES, reason="no matrix units for bfloat16 here"),
    ),
]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def reference(weights, inputs, hidden, cell, d_outputs):
    """Outputs, last state, and gradients of inputs and weights, in float64 by the equations."""
    weights, inputs, hidden, cell, d_outputs = (
        np.float64(array) for array in (weights, inputs, hidden, cell, d_outputs)
    )
    features, lanes = len(inputs), hidden.shape[1]
    steps = np.split(inputs, inputs.shape[1] // lanes, axis=1)
    kept, outputs = [], []
    for entering in steps:
        seen = np.concatenate([entering, hidden])
        i, f, g, o = np.split(weights.T @ seen, 4)
        i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
        before, cell = cell, f * cell + i * g
        hidden = o * np.tanh(cell)
        outputs.append(hidden)
        kept.append((seen, i, f, g, o, before, cell))
    d_weights, d_inputs = np.zeros_like(weights), []
    d_hidden, d_cell = np.zeros_like(hidden), np.zeros_like(cell)
    d_steps = np.split(d_outputs, len(steps), axis=1)
    for d_output, (seen, i, f, g, o, before, after) in zip(
        reversed(d_steps), reversed(kept), strict=True
    ):
        d_h = d_output + d_hidden
        squashed = np.tanh(after)
        d_c = d_cell + d_h * o * (1 - squashed**2)
        d_gates = [
            d_c * g * i * (1 - i),
            d_c * before * f * (1 - f),
            d_c * i * (1 - g**2),
            d_h * squashed * o * (1 - o),
        ]
        d_gates = np.concatenate(d_gates)
        d_weights += seen @ d_gates.T
        d_seen = weights @ d_gates
        d_inputs.append(d_seen[:features])
        d_hidden, d_cell = d_seen[features:], d_c * f
    return (
        np.concatenate(outputs, axis=1),
        np.stack([hidden, cell]),
        np.concatenate(d_inputs[::-1], axis=1),
        d_weights,
    )


def random_arrays(units: int, lanes: int):
    rng = np.random.default_rng(units + lanes)
    weights, *others = (
        rng.normal(size=shape).astype(np.float32)
        for shape in (
            (FEATURES + units, 4 * units),
            (FEATURES, TIME * lanes),
            (units, lanes),
            (units, lanes),
            (units, TIME * lanes),
        )
    )
    return weights / np.sqrt(np.float32(len(weights))), *others


def computed(layer: Layer, arrays):
    weights, inputs, hidden, cell, d_outputs = arrays
    forth, back = (
        pack(weights, layer.in_tiles, transposed=True),
        pack(weights, layer.in_tiles),
    )
    outputs, last = layer.forward(inputs, hidden, cell, forth)
    return outputs, last, *layer.backward(d_outputs, back)


def assert_near(found, expected, in_tiles: bool):
    for own, theirs in zip(found, expected, strict=True):
        assert own.shape == theirs.shape
        tolerance = 0.05 if in_tiles else 2e-5
        assert np.abs(own - theirs).max() < tolerance * np.abs(theirs).max()


@pytest.mark.parametrize("in_tiles", KINDS)
@pytest.mark.parametrize(
    ("units", "lanes"), [(1, 1), (5, 3), (8, 16), (6, 17), (33, 32), (40, 8), (70, 48)]
)
def test_all_sizes_give_what_the_equations_give(units, lanes, in_tiles):
    arrays = random_arrays(units, lanes)
    layer = Layer(FEATURES, units, TIME, lanes, in_tiles)
    assert_near(computed(layer, arrays), reference(*arrays), in_tiles)


@pytest.mark.parametrize("in_tiles", KINDS)
def test_a_second_window_owes_nothing_to_the_first(in_tiles):
    layer = Layer(FEATURES, 9, TIME, 20, in_tiles)
    first, second = random_arrays(9, 20), [2 * array for array in random_arrays(9, 20)]
    computed(layer, first)
    again = computed(layer, second)
    afresh = computed(Layer(FEATURES, 9, TIME, 20, in_tiles), second)
    for one, other in zip(again, afresh, strict=True):
        assert np.array_equal(one, other)


def test_what_is_not_a_number_stays_so():
    """A training that diverges must be seen."""
    weights, inputs, hidden, cell, d_outputs = random_arrays(5, 3)
    weights[0, 0] = np.nan
    layer = Layer(FEATURES, 5, TIME, 3, in_tiles=False)
    outputs, _, _, d_weights = computed(layer, (weights, inputs, hidden, cell, d_outputs))
    assert np.isnan(outputs).any()
    assert np.isnan(d_weights).any()


@pytest.mark.parametrize("in_tiles", KINDS)
def test_packed_transposed_weights_are_the_packed_transpose(in_tiles):
    matrix = np.random.default_rng(1).normal(size=(37, 50)).astype(np.float32)
    transpose = np.ascontiguousarray(matrix.T)
    assert np.array_equal(pack(matrix, in_tiles, transposed=True), pack(transpose, in_tiles))


def test_the_cache_on_disk_knows_what_it_was_compiled_from():
    sources = b"".join(Path(module.__file__).read_bytes() for module in (float_products, kernel))
    assert recurrence_kernel.SOURCES_SHA256 == hashlib.sha256(sources).hexdigest(), (
        "float_products.py or kernel.py has changed: put the new SHA-256 of both into this file"
    )
