"""The network as it trains on a CPU: the same network, whatever the groups; its dropout."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("keras", reason="training needs Keras")
pytest.importorskip("tensorflow", reason="it is TensorFlow that takes this way")

import keras
import tensorflow as tf

from charlstm.network.lstm import Architecture
from charlstm.network.recurrence_kernel import HAS_TILES
from charlstm.network.training_speed import Way
from charlstm.runs.recipes import FULL
from charlstm.training.lane_network import LaneNetwork
from charlstm.training.model import build_models, set_weights
from tests.tiny_networks import random_weights

LANES, WINDOW, VOCABULARY = 4, 6, 11
ARCHITECTURE = Architecture(vocabulary_size=VOCABULARY, embedding_units=5, lstm_units=(6, 7))
PLAIN = replace(
    FULL,
    lanes=LANES,
    window=WINDOW,
    lstm_units=(6, 7),
    embedding_units=5,
    dropout=0.0,
    embedding_dropout=0.0,
    recurrent_dropout=0.0,
)
KEEP_ALL, KEEP_NONE = np.ones((LANES, 1), np.float32), np.zeros((LANES, 1), np.float32)


def build(recipe=PLAIN, groups=1, matrix_dtype="float32"):
    models = build_models(recipe, ARCHITECTURE, way=Way(matrix_dtype, groups))
    set_weights(models, random_weights(ARCHITECTURE))
    return models


def read(models, ids, keep, training=False):
    return np.array(models.training({"ids": ids, "keep": keep}, training=training))


def lane_network(models) -> LaneNetwork:
    return next(layer for layer in models.training.layers if isinstance(layer, LaneNetwork))


@pytest.fixture
def text():
    return np.random.default_rng(1).integers(0, VOCABULARY, (LANES, 3 * WINDOW)).astype(np.int32)


def ways() -> list[Way]:
    dtypes = ["float32", "bfloat16"] if HAS_TILES else ["float32"]
    return [Way(dtype, groups) for dtype in dtypes for groups in (1, 2)]


@pytest.mark.parametrize("way", ways(), ids=str)
def test_each_way_has_the_loss_and_the_gradients_of_the_keras_layers(way, text):
    """The framework's own layers are the reference, in every way that this processor can."""
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    found = []
    for each in (None, way):
        models = build_models(PLAIN, ARCHITECTURE, way=each)
        set_weights(models, random_weights(ARCHITECTURE))
        read(models, text[:, :WINDOW], KEEP_NONE)  # so that a state is carried
        inputs = {"ids": text[:, WINDOW : 2 * WINDOW], "keep": KEEP_ALL}
        with tf.GradientTape() as tape:
            logits = models.training(inputs, training=True)
            loss = loss_of(text[:, WINDOW + 1 : 2 * WINDOW + 1], logits)
        variables = models.cold.trainable_variables
        gradients = tape.gradient(loss, [variable.value for variable in variables])
        found.append((float(loss), [tf.convert_to_tensor(each).numpy() for each in gradients]))
    (expected_loss, expected), (loss, gradients) = found
    tolerance = 2e-2 if way.in_tiles else 1e-5
    assert loss == pytest.approx(expected_loss, rel=tolerance)
    for own, theirs in zip(gradients, expected, strict=True):
        assert np.abs(theirs).max() > 1e-5
        assert np.abs(own - theirs).max() < tolerance * np.abs(theirs).max()


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_windows_read_one_after_another_give_the_logits_of_the_whole_text(groups, text):
    models = build(groups=groups)
    pieces = [read(models, text[:, :WINDOW], KEEP_NONE)]
    for first in (WINDOW, 2 * WINDOW):
        pieces.append(read(models, text[:, first : first + WINDOW], KEEP_ALL))
    assert np.allclose(np.concatenate(pieces, axis=1), np.array(models.cold(text)), atol=1e-5)


def test_only_the_lane_that_starts_afresh_forgets_what_it_read(text):
    models = build(groups=2)
    read(models, text[:, :WINDOW], KEEP_NONE)
    then = text[:, WINDOW : 2 * WINDOW]
    keep = KEEP_ALL.copy()
    keep[1] = 0
    mixed = read(models, then, keep)
    carried = np.array(models.cold(text[:, : 2 * WINDOW]))[:, WINDOW:]
    assert np.allclose(mixed[1], np.array(models.cold(then))[1], atol=1e-5)
    assert np.allclose(mixed[[0, 2, 3]], carried[[0, 2, 3]], atol=1e-5)
    assert not np.allclose(mixed[1], carried[1], atol=1e-2)


@pytest.mark.skipif(not HAS_TILES, reason="this processor has no matrix units for bfloat16")
def test_half_precision_products_give_nearly_the_same_logits(text):
    ids = text[:, :WINDOW]
    fine = read(build(), ids, KEEP_NONE)
    coarse = read(build(matrix_dtype="bfloat16"), ids, KEEP_NONE)
    assert coarse.dtype == np.float32
    assert 0 < np.abs(fine - coarse).max() < 0.05 * np.abs(fine).max()


def numpy_of(variable) -> np.ndarray:
    """A copy of its value now."""
    return np.array(keras.ops.convert_to_numpy(variable.value))


def test_one_step_trains_all_weights_of_the_network(text):
    models = build(groups=2)
    models.training.compile(
        optimizer=keras.optimizers.SGD(1.0),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    before = [numpy_of(variable) for variable in models.cold.trainable_variables]
    inputs = {"ids": text[:, :WINDOW], "keep": KEEP_NONE}
    first = models.training.train_on_batch(inputs, text[:, 1 : WINDOW + 1])
    after = [numpy_of(variable) for variable in models.cold.trainable_variables]
    assert all(np.any(old != new) for old, new in zip(before, after, strict=True))
    for _ in range(20):
        last = models.training.train_on_batch(inputs, text[:, 1 : WINDOW + 1])
    assert last < first - 0.1


@pytest.mark.parametrize("name", ["dropout", "embedding_dropout", "recurrent_dropout"])
def test_each_dropout_acts_in_training_alone(name, text):
    models = build(replace(PLAIN, **{name: 0.5}), groups=2)
    ids = text[:, :WINDOW]
    plain = np.array(models.cold(ids))
    assert np.allclose(read(models, ids, KEEP_NONE), plain, atol=1e-5)
    one, other = (read(models, ids, KEEP_NONE, training=True) for _ in range(2))
    assert not np.allclose(one, plain, atol=1e-2)
    assert not np.allclose(one, other, atol=1e-2)


def test_dropout_takes_a_feature_of_a_lane_from_the_whole_window():
    network = lane_network(build(groups=2))
    lanes = LANES // 2
    ones = keras.ops.ones((50, WINDOW * lanes))
    dropped = np.array(network._drop(ones, 0.25, training=True)).reshape(50, WINDOW, lanes)
    assert np.array_equal(dropped, np.broadcast_to(dropped[:, :1], dropped.shape))
    assert set(np.unique(dropped.round(5))) == {0.0, np.float32(4 / 3).round(5)}
    assert 0.1 < (dropped[:, 0] == 0).mean() < 0.4


def test_what_dropout_draws_next_is_among_what_a_stopped_training_saves():
    models = build(replace(PLAIN, dropout=0.5))
    state = lane_network(models).seed_generator.state
    assert any(variable is state for variable in models.training.variables)
