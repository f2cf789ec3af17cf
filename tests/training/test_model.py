"""The Keras network: its carried state, its names, and that it takes the fast paths."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("keras", reason="training needs Keras")

import keras

from charlstm.network.lstm import Architecture, Network
from charlstm.runs.recipes import FULL, NOTEBOOK, QUICK
from charlstm.training.model import build_models, compile_models, set_weights, weights_of
from tests.tiny_networks import random_weights

LANES, WINDOW, VOCABULARY = 3, 4, 11
ARCHITECTURE = Architecture(vocabulary_size=VOCABULARY, embedding_units=5, lstm_units=(6, 7))
LANES_RECIPE = replace(FULL, lanes=LANES, window=WINDOW, lstm_units=(6, 7), embedding_units=5)
WINDOWS_RECIPE = replace(NOTEBOOK, lanes=LANES, window=WINDOW)


@pytest.fixture(scope="module")
def models():
    built = build_models(LANES_RECIPE, ARCHITECTURE)
    set_weights(built, random_weights(ARCHITECTURE))
    return built


@pytest.fixture
def text():
    return np.random.default_rng(1).integers(0, VOCABULARY, (LANES, 3 * WINDOW)).astype(np.int32)


def numpy_of(tensor) -> np.ndarray:
    return keras.ops.convert_to_numpy(tensor)


def read(models, ids, keep) -> np.ndarray:
    inputs = {"ids": ids, "keep": np.array(keep, np.float32)[:, None]}
    return numpy_of(models.training(inputs, training=False))


def test_windows_read_one_after_another_give_the_logits_of_the_whole_text(models, text):
    whole = numpy_of(models.cold(text))
    pieces = [read(models, text[:, :WINDOW], [0, 0, 0])]
    for first in (WINDOW, 2 * WINDOW):
        pieces.append(read(models, text[:, first : first + WINDOW], [1, 1, 1]))
    assert np.allclose(np.concatenate(pieces, axis=1), whole, atol=1e-5)


def test_only_the_lane_that_starts_afresh_forgets_what_it_read(models, text):
    read(models, text[:, :WINDOW], [0, 0, 0])
    then = text[:, WINDOW : 2 * WINDOW]
    mixed = read(models, then, [1, 0, 1])
    carried = numpy_of(models.cold(text[:, : 2 * WINDOW]))[:, WINDOW:]
    afresh = numpy_of(models.cold(then))
    assert np.allclose(mixed[1], afresh[1], atol=1e-5)
    assert np.allclose(mixed[[0, 2]], carried[[0, 2]], atol=1e-5)
    assert not np.allclose(carried[1], afresh[1], atol=1e-2)


def test_the_numpy_network_writes_what_the_keras_network_learned(models, text):
    network = Network(ARCHITECTURE, weights_of(models))
    logits, _ = network.read(text, network.start(LANES))
    assert np.allclose(logits, numpy_of(models.cold(text)), atol=1e-5)


def test_the_notebooks_model_predicts_the_one_character_after_a_window(text):
    built = build_models(WINDOWS_RECIPE, ARCHITECTURE)
    set_weights(built, random_weights(ARCHITECTURE))
    window = text[:, :WINDOW]
    predicted = numpy_of(built.training(window, training=False))
    assert predicted.shape == (LANES, VOCABULARY)
    assert np.allclose(predicted, numpy_of(built.cold(window))[:, -1], atol=1e-5)


def test_weights_have_the_names_and_shapes_of_a_checkpoint(models):
    weights = weights_of(models)
    assert {name: array.shape for name, array in weights.items()} == ARCHITECTURE.weight_shapes()
    assert {array.dtype for array in weights.values()} == {np.dtype(np.float32)}


def test_weights_that_were_set_are_read_back(models):
    before = weights_of(models)
    before = {name: array.copy() for name, array in before.items()}
    other = random_weights(ARCHITECTURE, random_seed=9)
    set_weights(models, other)
    read_back = {name: array.copy() for name, array in weights_of(models).items()}
    set_weights(models, before)
    assert all(np.array_equal(read_back[name], other[name]) for name in other)


def test_the_carried_state_is_saved_but_neither_trained_nor_part_of_the_network(models):
    states = [v for v in models.training.variables if v.path.endswith(("/h", "/c"))]
    shapes = [tuple(state.shape) for state in states]
    assert shapes == [(LANES, 6), (LANES, 6), (LANES, 7), (LANES, 7)]
    assert not any(state.trainable for state in states)
    assert len(models.cold.weights) == len(ARCHITECTURE.weight_shapes())


@pytest.mark.parametrize(
    ("recipe", "vocabulary_size", "parameters"),
    [(QUICK, 65, 718_849), (FULL, 65, 3_724_097), (NOTEBOOK, 64, 3_723_328)],
)
def test_the_recipes_have_these_many_parameters(recipe, vocabulary_size, parameters):
    architecture = recipe.architecture(vocabulary_size)
    assert architecture.parameters() == parameters
    assert build_models(recipe, architecture).training.count_params() - parameters == (
        0 if recipe is NOTEBOOK else 2 * recipe.lanes * sum(recipe.lstm_units)
    )


@pytest.mark.parametrize("recipe", [LANES_RECIPE, WINDOWS_RECIPE], ids=["lanes", "windows"])
def test_dropout_is_taken_from_what_a_layer_writes_and_not_within_its_recurrence(recipe):
    built = build_models(recipe, ARCHITECTURE)
    for layer in built.cold.layers:
        if isinstance(layer, keras.layers.LSTM):
            # With other values Keras cannot use cuDNN.
            cell = layer.cell
            assert cell.activation is keras.activations.tanh
            assert cell.recurrent_activation is keras.activations.sigmoid
            assert cell.use_bias
            assert cell.recurrent_dropout == cell.dropout == 0
            assert layer.use_cudnn == "auto"
            assert not layer.unroll
    if recipe is LANES_RECIPE:
        shapes = [layer.noise_shape for layer in built.training.layers if hasattr(layer, "rate")]
        assert shapes == [(LANES, 1, None)] * 3  # the same features for a whole window
    rates = [layer.rate for layer in built.training.layers if hasattr(layer, "rate")]
    after_layers = [recipe.dropout] * 2
    assert rates == [recipe.embedding_dropout] * (recipe is LANES_RECIPE) + after_layers


def test_recurrent_dropout_leaves_out_weights_in_training_and_puts_them_back(text):
    recipe = replace(LANES_RECIPE, dropout=0.0, embedding_dropout=0.0, recurrent_dropout=0.5)
    built = build_models(recipe, ARCHITECTURE)
    set_weights(built, random_weights(ARCHITECTURE))
    ids = text[:, :WINDOW]
    inputs = {"ids": ids, "keep": np.zeros((LANES, 1), np.float32)}
    plain = numpy_of(built.cold(ids))
    one, other = (numpy_of(built.training(inputs, training=True)) for _ in range(2))
    assert not np.allclose(one, plain, atol=1e-3)
    assert not np.allclose(one, other, atol=1e-3)
    assert np.allclose(one[:, 0], plain[:, 0], atol=1e-5)  # nothing was carried to it
    assert np.allclose(numpy_of(built.training(inputs, training=False)), plain, atol=1e-5)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="a matter of TensorFlow")
def test_training_on_tensorflow_is_not_compiled_with_xla_which_is_slower():
    built = build_models(LANES_RECIPE, ARCHITECTURE)
    compile_models(built, LANES_RECIPE)
    assert not built.training.jit_compile


def test_the_optimizer_is_the_recipes():
    built = build_models(LANES_RECIPE, ARCHITECTURE)
    compile_models(built, LANES_RECIPE)
    optimizer = built.training.optimizer
    assert float(numpy_of(optimizer.learning_rate)) == pytest.approx(LANES_RECIPE.learning_rate)
    decay = getattr(optimizer, "decay", optimizer.weight_decay)
    expected = (LANES_RECIPE.beta_2, LANES_RECIPE.weight_decay, LANES_RECIPE.clip_norm)
    assert (optimizer.beta_2, decay, optimizer.global_clipnorm) == expected
