"""On a GPU, TensorFlow trains with cuDNN's LSTM. Tested without a GPU: TensorFlow lists one.

Keras silently falls back to a much slower loop over the characters when it sees no GPU, or when a
layer has a setting that cuDNN lacks.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("keras", reason="training needs Keras")

import keras

from charlstm.network.lstm import Architecture
from charlstm.runs.recipes import FULL, NOTEBOOK, QUICK
from charlstm.training.device import prepare_device
from charlstm.training.model import build_models, compile_models, set_weights
from tests.tiny_networks import random_weights

if keras.backend.backend() != "tensorflow":
    pytest.skip("how TensorFlow computes", allow_module_level=True)

import tensorflow as tf

LANES, WINDOW, VOCABULARY = 3, 4, 11
DEVICES = [SimpleNamespace(device_type=name[:3], name=name) for name in ("CPU:0", "GPU:0", "GPU:1")]
TRAINED = {"CudnnRNNV3", "CudnnRNNBackpropV3"}  # cuDNN's LSTM, and its gradient


@pytest.fixture(autouse=True)
def calls(monkeypatch):
    """TensorFlow lists two GPUs that are not there; returns which of its functions were called."""
    made = []

    def listing(name):
        def devices(device_type=None):
            made.append(name)
            return [each for each in DEVICES if device_type in (None, each.device_type)]

        return devices

    def grow(device, enable):
        assert enable
        made.append(f"grow {device.name}")

    def details(device):
        made.append("details")
        return {"device_name": "Some GPU"}

    for name in ("list_physical_devices", "list_logical_devices"):
        monkeypatch.setattr(tf.config, name, listing(name))
    monkeypatch.setattr(tf.config.experimental, "set_memory_growth", grow)
    monkeypatch.setattr(tf.config.experimental, "get_device_details", details)
    return made


def small(recipe, **changes):
    """A recipe and its network with as many layers, but a few units in each."""
    units = tuple(6 + layer for layer, _ in enumerate(recipe.lstm_units))
    architecture = Architecture(vocabulary_size=VOCABULARY, embedding_units=5, lstm_units=units)
    return replace(recipe, lanes=LANES, window=WINDOW, **changes), architecture


def operations(function, *arguments) -> Counter:
    """How often each operation is in the graph that TensorFlow makes of a function."""
    graph = function.get_concrete_function(*arguments).graph
    return Counter(operation.type for operation in graph.get_operations())


def batch(recipe, taught):
    """One batch as `fit` gets it: inputs and targets."""
    ids = tf.zeros((LANES, WINDOW), tf.int32)
    if not recipe.predicts_every_position:
        return ids, tf.zeros((LANES,), tf.int32)
    inputs = {"ids": ids, "keep": tf.zeros((LANES, 1))}
    if taught:
        return inputs, {"text": ids, "teachers": tf.ones((LANES, WINDOW, VOCABULARY)) / VOCABULARY}
    return inputs, ids


@pytest.mark.parametrize(
    ("recipe", "changes", "taught"),
    [
        (QUICK, {}, False),
        (QUICK, {"recurrent_dropout": 0.5}, False),
        (FULL, {}, False),
        (FULL, {"recurrent_dropout": 0.5}, False),
        (FULL, {}, True),
        (NOTEBOOK, {}, False),
    ],
    ids=["quick", "quick-dropping", "full", "full-dropping", "full-taught", "notebook"],
)
def test_every_layer_trains_and_is_measured_with_cudnn(recipe, changes, taught):
    recipe, architecture = small(recipe, **changes)
    models = build_models(recipe, architecture, way=None, taught=taught)
    compile_models(models, recipe)
    layers = len(architecture.lstm_units)

    step = tf.function(models.training.train_step)
    counts = operations(step, batch(recipe, taught))
    assert {name: counts[name] for name in TRAINED} == dict.fromkeys(TRAINED, layers)
    assert not counts["While"]
    assert not counts["StatelessWhile"]

    ids = tf.zeros((LANES, WINDOW), tf.int32)
    counts = operations(tf.function(models.cold.test_step), (ids, ids))
    assert counts["CudnnRNNV3"] == layers
    assert not counts["While"]
    # XLA cannot compile cuDNN's operations.
    assert not models.training.jit_compile
    assert not models.cold.jit_compile


def test_the_test_above_would_notice_the_slow_path(monkeypatch):
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda device_type=None: [])
    recipe, architecture = small(FULL)
    models = build_models(recipe, architecture, way=None)
    compile_models(models, recipe)
    counts = operations(tf.function(models.training.train_step), batch(recipe, taught=False))
    assert not counts.keys() & TRAINED


@pytest.fixture
def given(monkeypatch):
    """What cuDNN's operation is given; in its place a stand-in always ends in the same state."""
    made = []
    real = tf.raw_ops.CudnnRNNV3

    def stand_in(**arguments):
        if not tf.executing_eagerly():  # while a model is built
            return real(**arguments)
        state, cell = arguments["input_h"], arguments["input_c"]
        made.append({"h": state.numpy()[:, 0], "c": cell.numpy()[:, 0], **arguments})
        outputs = tf.zeros((*arguments["input"].shape[:2], state.shape[-1]))
        return outputs, tf.fill(state.shape, 0.25), tf.fill(cell.shape, 0.75), None, None

    monkeypatch.setattr(tf.raw_ops, "CudnnRNNV3", stand_in)
    return made


def test_cudnn_starts_from_the_state_in_which_it_ended_except_in_lanes_that_start_afresh(given):
    recipe, architecture = small(FULL)
    models = build_models(recipe, architecture, way=None)
    ids, keep = tf.zeros((LANES, WINDOW), tf.int32), tf.constant([[1.0], [0.0], [1.0]])
    for _ in range(2):
        models.training({"ids": ids, "keep": keep}, training=True)
    assert len(given) == 4  # two layers, twice
    for layer, units in enumerate(architecture.lstm_units):
        before, after = given[layer], given[2 + layer]
        assert not before["h"].any()
        assert not before["c"].any()
        assert np.array_equal(after["h"], 0.25 * keep.numpy() * np.ones(units))
        assert np.array_equal(after["c"], 0.75 * keep.numpy() * np.ones(units))


def test_cudnn_is_given_the_weights_that_recurrent_dropout_leaves(given):
    recipe, architecture = small(QUICK, recurrent_dropout=0.5)
    models = build_models(recipe, architecture, way=None)
    weights = random_weights(architecture)
    set_weights(models, weights)
    ids, keep = tf.zeros((LANES, WINDOW), tf.int32), tf.zeros((LANES, 1))
    for training in (True, True, False):
        models.training({"ids": ids, "keep": keep}, training=training)
    units, features = architecture.lstm_units[0], architecture.embedding_units
    # The parameters are the kernel, the recurrent kernel and the biases of cuDNN and of Keras.
    recurrent = slice(4 * units * features, 4 * units * (features + units))
    one, other, whole = (each["params"].numpy()[recurrent] for each in given)
    gates = np.split(weights["lstm_1/lstm_cell/recurrent_kernel"], 4, axis=1)
    assert np.array_equal(whole, np.concatenate([gate.T.ravel() for gate in gates]))
    for dropped in (one, other):
        assert 0.2 < np.mean(dropped == 0) < 0.8
        assert np.allclose(dropped[dropped != 0], 2 * whole[dropped != 0])
    assert not np.array_equal(one, other)


def test_memory_grows_as_needed_before_anything_else_touches_a_gpu(calls):
    """TensorFlow takes all memory of all GPUs as soon as it lists them as logical devices."""
    device = prepare_device()
    assert (device.kind, device.name) == ("gpu", "Some GPU")
    assert calls == ["list_physical_devices", "grow GPU:0", "grow GPU:1", "details"]
    build_models(*small(QUICK), way=None)
    assert "list_logical_devices" in calls  # Keras looks for a GPU
