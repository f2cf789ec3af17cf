"""The network in NumPy, against Keras and against the textbook."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest

from charlstm.network.lstm import Architecture, Network
from charlstm.runs.recipes import FULL, NOTEBOOK, QUICK
from tests.tiny_networks import random_weights

ARCHITECTURES = {
    "one layer": Architecture(vocabulary_size=11, embedding_units=3, lstm_units=(6,)),
    "two layers": Architecture(vocabulary_size=11, embedding_units=3, lstm_units=(5, 7)),
    "three layers": Architecture(vocabulary_size=4, embedding_units=9, lstm_units=(2, 8, 3)),
}


@pytest.fixture(params=ARCHITECTURES.values(), ids=ARCHITECTURES.keys())
def architecture(request) -> Architecture:
    return request.param


def some_ids(architecture: Architecture, *shape: int, random_seed: int = 1) -> np.ndarray:
    return np.random.default_rng(random_seed).integers(0, architecture.vocabulary_size, shape)


def step_through(network: Network, ids: np.ndarray) -> np.ndarray:
    """Logits (batch, time, vocab) by one step after another."""
    state, logits = network.start(len(ids)), []
    for moment in range(ids.shape[1]):
        now, state = network.step(ids[:, moment], state)
        logits.append(now)
    return np.stack(logits, axis=1)


def textbook_logits(architecture: Architecture, weights: dict, ids: np.ndarray) -> np.ndarray:
    """Logits (time, vocab) of one text, float64, written as the equations stand in the books."""

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    weights = {name: array.astype(np.float64) for name, array in weights.items()}
    hidden = [np.zeros(units) for units in architecture.lstm_units]
    cell = [np.zeros(units) for units in architecture.lstm_units]
    logits = []
    for id_ in ids:
        x = weights["embedding/embeddings"][id_]
        for layer, units in enumerate(architecture.lstm_units):
            name = f"lstm_{layer + 1}/lstm_cell/"
            gates = x @ weights[name + "kernel"] + weights[name + "bias"]
            gates = gates + hidden[layer] @ weights[name + "recurrent_kernel"]
            inputs, forget, candidate, output = (
                gates[place * units : (place + 1) * units] for place in range(4)
            )
            cell[layer] = sigmoid(forget) * cell[layer] + sigmoid(inputs) * np.tanh(candidate)
            hidden[layer] = sigmoid(output) * np.tanh(cell[layer])
            x = hidden[layer]
        logits.append(x @ weights["output/kernel"] + weights["output/bias"])
    return np.array(logits)


def test_steps_match_the_textbook(architecture):
    weights = random_weights(architecture)
    ids = some_ids(architecture, 2, 100)
    logits = step_through(Network(architecture, weights), ids)
    for row in range(2):
        expected = textbook_logits(architecture, weights, ids[row])
        np.testing.assert_allclose(logits[row], expected, atol=1e-5)


def test_reading_matches_steps(architecture):
    network = Network(architecture, random_weights(architecture))
    ids = some_ids(architecture, 3, 40)
    logits, state = network.read(ids, network.start(3))
    np.testing.assert_allclose(logits, step_through(network, ids), atol=1e-5)
    stepped = network.start(3)
    for moment in range(40):
        stepped = network.advance(ids[:, moment], stepped)
    for (hidden, cell), (its_hidden, its_cell) in zip(state, stepped, strict=True):
        np.testing.assert_allclose(hidden, its_hidden, atol=1e-5)
        np.testing.assert_allclose(cell, its_cell, atol=1e-5)


def test_reading_in_two_goes_equals_one_go(architecture):
    network = Network(architecture, random_weights(architecture))
    ids = some_ids(architecture, 2, 23)
    whole, end = network.read(ids, network.start(2))
    first, between = network.read(ids[:, :10], network.start(2))
    second, its_end = network.read(ids[:, 10:], between)
    np.testing.assert_allclose(np.concatenate([first, second], axis=1), whole, atol=1e-6)
    np.testing.assert_allclose(its_end[-1][1], end[-1][1], atol=1e-6)


def test_reading_nothing_changes_nothing(architecture):
    network = Network(architecture, random_weights(architecture))
    _, state = network.read(some_ids(architecture, 2, 5), network.start(2))
    logits, after = network.read(np.zeros((2, 0), int), state)
    assert logits.shape == (2, 0, architecture.vocabulary_size)
    for (hidden, cell), (its_hidden, its_cell) in zip(state, after, strict=True):
        np.testing.assert_array_equal(hidden, its_hidden)
        np.testing.assert_array_equal(cell, its_cell)


def test_a_state_is_never_changed_in_place(architecture):
    network = Network(architecture, random_weights(architecture))
    ids = some_ids(architecture, 2, 3)
    _, state = network.read(ids, network.start(2))
    for hidden, cell in state:
        hidden.flags.writeable = cell.flags.writeable = False
    once = network.step(ids[:, 0], state)[0]
    network.advance(ids[:, 1], state)
    network.read(ids, state)
    network.logits(state)[:] = 0  # whoever gets logits may write on them
    np.testing.assert_array_equal(network.step(ids[:, 0], state)[0], once)


def test_rows_of_a_batch_are_independent(architecture):
    network = Network(architecture, random_weights(architecture))
    ids = some_ids(architecture, 6, 30)
    together = step_through(network, ids)
    for row in range(6):
        alone = step_through(network, ids[row : row + 1])
        np.testing.assert_allclose(together[row : row + 1], alone, atol=1e-5)


def test_float16_weights_are_computed_with_in_float32():
    architecture = ARCHITECTURES["two layers"]
    rounded = {k: v.astype(np.float16) for k, v in random_weights(architecture).items()}
    logits = step_through(Network(architecture, rounded), some_ids(architecture, 1, 5))
    assert logits.dtype == np.float32
    wide = {name: array.astype(np.float32) for name, array in rounded.items()}
    expected = step_through(Network(architecture, wide), some_ids(architecture, 1, 5))
    np.testing.assert_array_equal(logits, expected)


def test_weights_as_large_as_float16_allows_overflow_nowhere():
    architecture = ARCHITECTURES["two layers"]
    weights = {k: 65504 * np.sign(v) for k, v in random_weights(architecture).items()}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        logits = step_through(Network(architecture, weights), some_ids(architecture, 2, 9))
    assert np.isfinite(logits).all()


@pytest.mark.parametrize(
    ("recipe", "vocabulary_size", "parameters"),
    [(NOTEBOOK, 64, 3_723_328), (FULL, 65, 3_724_097), (QUICK, 65, 718_849)],
)
def test_parameters_are_counted(recipe, vocabulary_size, parameters):
    assert recipe.architecture(vocabulary_size).parameters() == parameters


# Against Keras


@pytest.fixture(scope="module")
def model():
    return pytest.importorskip("charlstm.training.model")


def recipe_of(architecture: Architecture, **changes):
    return replace(
        QUICK,
        embedding_units=architecture.embedding_units,
        lstm_units=architecture.lstm_units,
        **changes,
    )


def keras_models(model, architecture: Architecture, weights: dict, **changes):
    models = model.build_models(recipe_of(architecture, **changes), architecture)
    model.set_weights(models, weights)
    return models


def to_numpy(tensor) -> np.ndarray:
    import keras

    return keras.ops.convert_to_numpy(tensor)


def test_the_weights_are_named_and_shaped_as_in_keras(model, architecture):
    models = model.build_models(recipe_of(architecture), architecture)
    found = {name: array.shape for name, array in model.weights_of(models).items()}
    assert found == architecture.weight_shapes()
    assert architecture.parameters() == models.cold.count_params()


def test_logits_equal_the_keras_network_over_500_characters(model, architecture):
    weights = random_weights(architecture)
    models = keras_models(model, architecture, weights)
    ids = some_ids(architecture, 2, 500)
    expected = to_numpy(models.cold(ids))
    network = Network(architecture, model.weights_of(models))
    assert np.abs(step_through(network, ids) - expected).max() < 1e-4
    assert np.abs(network.read(ids, network.start(2))[0] - expected).max() < 1e-4


def test_the_training_model_carries_its_state_and_starts_afresh_where_told(model, architecture):
    weights = random_weights(architecture)
    models = keras_models(model, architecture, weights, lanes=3, window=4, fresh_start_share=0)
    network = Network(architecture, weights)
    state = network.start(3)
    ids = some_ids(architecture, 3, 20)
    keeps = np.array([[0, 1, 1, 0, 1], [0, 1, 0, 1, 1], [0, 1, 1, 1, 1]], np.float32)
    for place in range(5):
        window, keep = ids[:, 4 * place : 4 * place + 4], keeps[:, place, None]
        given = {"ids": window.astype(np.int32), "keep": keep}
        logits = to_numpy(models.training(given, training=False))
        state = tuple((hidden * keep, cell * keep) for hidden, cell in state)
        expected, state = network.read(window, state)
        np.testing.assert_allclose(logits, expected, atol=1e-5)


@pytest.mark.filterwarnings("ignore:`shuffle=True`")
def test_fit_carries_the_state_from_step_to_step(model):
    import keras

    architecture = ARCHITECTURES["two layers"]
    weights = random_weights(architecture)
    models = keras_models(model, architecture, weights, lanes=2, window=4, dropout=0.0)
    models.training.compile(
        optimizer=keras.optimizers.SGD(0.0),  # learns nothing: the weights stay comparable
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    ids = some_ids(architecture, 2, 13).astype(np.int32)

    def batches():
        for place in (0, 4, 8):
            keep = np.array([[float(place > 0)], [float(place == 4)]], np.float32)
            window = {"ids": ids[:, place : place + 4], "keep": keep}
            yield window, ids[:, place + 1 : place + 5]

    models.training.fit(batches(), steps_per_epoch=3, epochs=1, verbose=0)
    network = Network(architecture, weights)
    _, kept = network.read(ids[:1, :12], network.start())
    _, afresh = network.read(ids[1:, 8:12], network.start())
    carried = [layer for layer in models.training.layers if isinstance(layer, model.CarriedLSTM)]
    assert len(carried) == len(architecture.lstm_units)
    for layer, of_first, of_second in zip(carried, kept, afresh, strict=True):
        for variable, first, second in zip(
            (layer.hidden, layer.cell), of_first, of_second, strict=True
        ):
            expected = np.concatenate([first, second])
            np.testing.assert_allclose(to_numpy(variable.value), expected, atol=1e-5)


def test_the_notebook_s_model_predicts_what_follows_its_window(model, architecture):
    weights = random_weights(architecture)
    models = keras_models(model, architecture, weights, predicts_every_position=False, dropout=0.2)
    ids = some_ids(architecture, 3, 8)
    logits = to_numpy(models.training(ids, training=False))
    network = Network(architecture, weights)
    np.testing.assert_allclose(logits, network.read(ids, network.start(3))[0][:, -1], atol=1e-5)
