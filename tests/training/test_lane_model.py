"""The network as it trains on a CPU: what the Keras layers would learn, whatever the groups."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("keras", reason="training needs Keras")
pytest.importorskip("tensorflow", reason="it is TensorFlow that takes this way")

import keras
import tensorflow as tf

from charlstm.network.lane_pass import LanePass, Masks, Window, matrices_of, weights_of
from charlstm.network.lstm import Architecture
from charlstm.network.recurrence_kernel import HAS_TILES
from charlstm.network.way import Way
from charlstm.runs.recipes import FULL
from charlstm.training.batches import Lanes
from charlstm.training.model import build_models, compile_models, set_weights
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
FLOAT, HALF = Way("float32", 2), Way("bfloat16", 2)
TEXT = np.random.default_rng(1).integers(0, VOCABULARY, (LANES, 3 * WINDOW + 1)).astype(np.int32)
TEACHERS = np.random.default_rng(2).dirichlet(np.ones(VOCABULARY), TEXT.shape).astype(np.float32)


def ways() -> list[Way]:
    dtypes = ["float32", "bfloat16"] if HAS_TILES else ["float32"]
    return [Way(dtype, groups) for dtype in dtypes for groups in (1, 2, 4)]


def window(first=0, keep=KEEP_ALL, **details) -> Window:
    last = first + WINDOW
    return Window(
        ids=TEXT[:, first:last], targets=TEXT[:, first + 1 : last + 1], keep=keep, **details
    )


def weights() -> list[np.ndarray]:
    named = random_weights(ARCHITECTURE)
    return [named[name] for name in ARCHITECTURE.weight_shapes()]


def run(way, *windows, masks=None):
    """What a pass finds in the last of some windows, read one after another."""
    lane_pass = LanePass(ARCHITECTURE, LANES, WINDOW, way)
    states = lane_pass.start()
    for each in windows:
        found = lane_pass(matrices_of(ARCHITECTURE, weights()), states, each, masks)
        states = found.states
    return found


def framework_losses(*windows, soft_share=0.0):
    """The same with the framework's own layers: losses of the last window, mean loss, gradients."""
    models = build_models(PLAIN, ARCHITECTURE)
    set_weights(models, random_weights(ARCHITECTURE))
    for each in windows[:-1]:
        models.training({"ids": each.ids, "keep": each.keep}, training=True)
    last = windows[-1]
    variables = models.cold.trainable_variables
    with tf.GradientTape() as tape:
        logits = models.training({"ids": last.ids, "keep": last.keep}, training=True)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(last.targets, logits)
        loss = tf.reduce_mean(losses)
        if soft_share:
            of_teachers = tf.nn.softmax_cross_entropy_with_logits(last.soft_targets, logits)
            loss = (1 - soft_share) * loss + soft_share * tf.reduce_mean(of_teachers)
    found = tape.gradient(loss, [variable.value for variable in variables])
    gradients = [tf.convert_to_tensor(each).numpy() for each in found]
    is_right = logits.numpy().argmax(-1) == last.targets
    return losses.numpy(), is_right, gradients


def assert_near(found, expected, tolerance):
    for own, theirs in zip(found, expected, strict=True):
        assert own.shape == theirs.shape
        assert np.abs(theirs).max() > 1e-5
        assert np.abs(own - theirs).max() < tolerance * np.abs(theirs).max()


@pytest.mark.parametrize("soft_share", [0.0, 0.8], ids=["text", "teachers"])
@pytest.mark.parametrize("way", ways(), ids=str)
def test_each_way_has_the_loss_and_the_gradients_of_the_keras_layers(way, soft_share):
    """The framework's own layers are the reference, in every way that this processor can."""
    taught = {}
    if soft_share:
        taught = {"soft_targets": TEACHERS[:, WINDOW : 2 * WINDOW], "soft_share": soft_share}
    windows = [window(0, KEEP_NONE), window(WINDOW, **taught)]
    found = run(way, *windows)
    losses, is_right, gradients = framework_losses(*windows, soft_share=soft_share)
    tolerance = 2e-2 if way.in_tiles else 2e-5
    assert np.allclose(found.losses, losses, rtol=tolerance)
    if not way.in_tiles:
        assert np.array_equal(found.is_right, is_right)
    assert_near(weights_of(ARCHITECTURE, found.gradients), gradients, tolerance)


def test_many_lanes_and_an_odd_number_of_them_are_computed_too(monkeypatch):
    """More than fill a panel, and a vocabulary and layers that fill no block of a product."""
    module = "tests.training.test_lane_model"
    text = np.random.default_rng(3).integers(0, VOCABULARY, (38, WINDOW + 1)).astype(np.int32)
    monkeypatch.setattr(f"{module}.LANES", 38)
    monkeypatch.setattr(f"{module}.TEXT", text)
    monkeypatch.setattr(f"{module}.PLAIN", replace(PLAIN, lanes=38))
    only = window(0, np.zeros((38, 1), np.float32))
    found = run(FLOAT, only)
    losses, _, gradients = framework_losses(only)
    assert np.allclose(found.losses, losses, rtol=2e-5)
    assert_near(weights_of(ARCHITECTURE, found.gradients), gradients, 2e-5)


def test_only_the_lane_that_starts_afresh_forgets_what_it_read():
    keep = KEEP_ALL.copy()
    keep[1] = 0
    mixed = run(FLOAT, window(0, KEEP_NONE), window(WINDOW, keep)).losses
    carried = run(FLOAT, window(0, KEEP_NONE), window(WINDOW)).losses
    fresh = run(FLOAT, window(WINDOW, KEEP_NONE)).losses
    assert np.allclose(mixed[1], fresh[1], atol=1e-5)
    assert np.allclose(mixed[[0, 2, 3]], carried[[0, 2, 3]], atol=1e-5)
    assert not np.allclose(mixed[1], carried[1], atol=1e-2)


@pytest.mark.skipif(not HAS_TILES, reason="this processor has no matrix units for bfloat16")
def test_half_precision_products_give_nearly_the_same_losses():
    fine, coarse = (run(way, window(0, KEEP_NONE)).losses for way in (FLOAT, HALF))
    assert coarse.dtype == np.float32
    assert 0 < np.abs(fine - coarse).max() < 0.05 * np.abs(fine).max()


def test_what_is_very_unlikely_has_the_loss_that_it_should():
    """Far below what a float32 can hold as a probability."""
    named = random_weights(ARCHITECTURE)
    named["output/bias"] = np.linspace(-150, 150, VOCABULARY).astype(np.float32)
    matrices = matrices_of(ARCHITECTURE, [named[name] for name in ARCHITECTURE.weight_shapes()])
    lane_pass = LanePass(ARCHITECTURE, LANES, WINDOW, FLOAT)
    found = lane_pass(matrices, lane_pass.start(), window(0, KEEP_NONE))
    assert np.allclose(found.losses, 150 - named["output/bias"][TEXT[:, 1 : WINDOW + 1]], atol=5)
    assert all(np.isfinite(each).all() for each in found.gradients)


# Dropout


def masks(**rates) -> Masks:
    return Masks.drawn(ARCHITECTURE, LANES, np.random.default_rng(5), **rates)


def test_dropout_takes_a_feature_of_a_lane_and_makes_up_for_it():
    wide = Architecture(vocabulary_size=3, embedding_units=500, lstm_units=(400,))
    drawn = Masks.drawn(wide, 8, np.random.default_rng(5), embedding=0.25, layers=0.5)
    assert drawn.embedding.shape == (500, 8) and drawn.layers[0].shape == (400, 8)
    assert set(np.unique(drawn.embedding)) == {np.float32(0), np.float32(4 / 3)}
    assert set(np.unique(drawn.layers[0])) == {np.float32(0), np.float32(2)}
    assert 0.2 < (drawn.embedding == 0).mean() < 0.3
    assert drawn.recurrent == ()


@pytest.mark.parametrize("name", ["embedding", "layers", "recurrent"])
def test_each_dropout_has_the_gradients_of_what_it_left(name):
    """Measured: the loss changes as the gradient says when weights are moved along it."""
    drawn = masks(**{name: 0.5})
    lane_pass = LanePass(ARCHITECTURE, LANES, WINDOW, FLOAT)
    matrices = matrices_of(ARCHITECTURE, weights())
    only = window(0, KEEP_NONE)
    found = lane_pass(matrices, lane_pass.start(), only, drawn)
    plain = lane_pass(matrices, lane_pass.start(), only)
    assert not np.allclose(found.losses, plain.losses, atol=1e-3)
    for place, gradient in enumerate(found.gradients):
        step = np.float32(2e-3 / np.abs(gradient).max())
        losses = []
        for sign in (-1, 1):
            moved = list(matrices)
            moved[place] = matrices[place] + sign * step * gradient
            losses.append(lane_pass(moved, lane_pass.start(), only, drawn).losses.mean())
        expected = 2 * step * float((gradient.astype(np.float64) ** 2).sum())
        assert losses[1] - losses[0] == pytest.approx(expected, rel=0.05)


# Keras leads


def trained(recipe=PLAIN, way=FLOAT, steps=5, resume_after=None, random_seed=7):
    """Models after some steps of `fit`, in one go or stopped and resumed."""
    keras.utils.set_random_seed(1)
    data = Lanes(
        ids=TEXT.reshape(-1),
        lanes=LANES,
        window=WINDOW,
        fresh_start_share=0.1,
        random_seed=random_seed,
    )

    def start():
        models = build_models(recipe, ARCHITECTURE, way=way)
        compile_models(models, recipe)
        set_weights(models, random_weights(ARCHITECTURE))
        return models

    def fit(models, first, count):
        models.training.fit(
            models.feed(data, first),
            steps_per_epoch=count,
            epochs=1,
            callbacks=[*models.callbacks],
            shuffle=False,
            verbose=0,
        )

    models = start()
    if resume_after is None:
        fit(models, 0, steps)
        return models
    from charlstm.training.saving import set_variables, variables_of

    fit(models, 0, resume_after)
    saved = list(variables_of(models).values())
    again = start()
    set_variables(again, saved)
    fit(again, resume_after, steps - resume_after)
    return again


def values(models) -> list[np.ndarray]:
    variables = [*models.cold.trainable_variables, *models.training.optimizer.variables]
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]


def test_the_optimizer_is_kerass_adamw():
    """Some steps end where Keras' own optimizer ends with the same gradients."""
    recipe = replace(PLAIN, weight_decay=0.1, clip_norm=0.05, learning_rate=0.02)
    models = trained(recipe, steps=3)
    reference = [keras.Variable(each) for each in weights()]
    optimizer = keras.optimizers.AdamW(
        0.02, weight_decay=0.1, beta_2=recipe.beta_2, global_clipnorm=0.05
    )
    lane_pass = LanePass(ARCHITECTURE, LANES, WINDOW, FLOAT)
    states = lane_pass.start()
    for step in range(3):
        now = [keras.ops.convert_to_numpy(variable) for variable in reference]
        found = lane_pass(
            matrices_of(ARCHITECTURE, now), states, models.training.window(step), None
        )
        states = found.states
        gradients = weights_of(ARCHITECTURE, found.gradients)
        optimizer.apply([tf.constant(each) for each in gradients], reference)
    for own, theirs in zip(models.cold.trainable_variables, reference, strict=True):
        np.testing.assert_allclose(
            keras.ops.convert_to_numpy(own), keras.ops.convert_to_numpy(theirs), atol=2e-6
        )
    assert int(models.training.optimizer.iterations) == 3


def test_a_resumed_training_ends_as_one_that_never_stopped():
    """Bit by bit, dropout included."""
    recipe = replace(PLAIN, dropout=0.3, embedding_dropout=0.2, recurrent_dropout=0.1)
    for one, other in zip(
        values(trained(recipe)), values(trained(recipe, resume_after=2)), strict=True
    ):
        assert np.array_equal(one, other)


def test_another_random_seed_drops_something_else():
    recipe = replace(PLAIN, dropout=0.3, fresh_start_share=0.0)
    one, other = (values(trained(recipe, random_seed=seed)) for seed in (7, 8))
    assert not np.allclose(one[0], other[0])


def test_kerass_variables_are_what_they_were_until_they_are_read_or_fit_ends():
    """A training that is tried out before it begins leaves them."""
    before = random_weights(ARCHITECTURE)["output/kernel"]
    seen = []

    class Looks(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            kernel = self.model.trained_layers[-1].kernel
            seen.append(np.array(keras.ops.convert_to_numpy(kernel)))

    models = build_models(PLAIN, ARCHITECTURE, way=FLOAT)
    compile_models(models, PLAIN)
    set_weights(models, random_weights(ARCHITECTURE))
    data = Lanes(
        ids=TEXT.reshape(-1), lanes=LANES, window=WINDOW, fresh_start_share=0.0, random_seed=1
    )
    settings = {"steps_per_epoch": 3, "verbose": 0, "shuffle": False}
    models.training.fit(models.feed(data, 0), callbacks=[Looks()], **settings)
    after = keras.ops.convert_to_numpy(models.training.trained_layers[-1].kernel)
    assert all(np.array_equal(each, before) for each in [*seen, after])
    models.training.fit(models.feed(data, 0), callbacks=[*models.callbacks], **settings)
    after = keras.ops.convert_to_numpy(models.training.trained_layers[-1].kernel)
    assert not np.allclose(after, before)


@pytest.mark.parametrize(("count", "length"), [(4, 6), (7, 10), (1, 3), (9, 13)])
def test_windows_are_evaluated_as_the_cold_model_does(count, length):
    """Of any number and length: what fills up lanes and windows does not count."""
    models = build_models(PLAIN, ARCHITECTURE, way=FLOAT)
    compile_models(models, PLAIN)
    set_weights(models, random_weights(ARCHITECTURE))
    text = np.random.default_rng(4).integers(0, VOCABULARY, (count, length + 1)).astype(np.int32)
    inputs, targets = text[:, :-1], text[:, 1:]
    assert models.evaluated is models.training
    options = {"batch_size": count, "verbose": 0, "return_dict": True}
    found = models.evaluated.evaluate(inputs, targets, **options)
    expected = models.cold.evaluate(inputs, targets, **options)
    assert found["loss"] == pytest.approx(expected["loss"], rel=1e-5)
    assert found["accuracy"] == pytest.approx(expected["accuracy"])


def test_fit_reports_the_means_since_the_chapter_began():
    models = build_models(PLAIN, ARCHITECTURE, way=FLOAT)
    compile_models(models, replace(PLAIN, learning_rate=0.0))
    set_weights(models, random_weights(ARCHITECTURE))
    data = Lanes(
        ids=TEXT.reshape(-1), lanes=LANES, window=WINDOW, fresh_start_share=0.0, random_seed=1
    )
    told = []
    note = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: told.append(logs))
    models.training.fit(
        models.feed(data, 0), steps_per_epoch=2, epochs=2, callbacks=[note], verbose=0
    )
    lane_pass = LanePass(ARCHITECTURE, LANES, WINDOW, FLOAT)
    states, losses = lane_pass.start(), []
    for step in range(4):
        found = lane_pass(
            matrices_of(ARCHITECTURE, weights()), states, models.training.window(step)
        )
        states = found.states
        losses.append(float(found.losses.mean()))
    expected = [losses[0], np.mean(losses[:2]), losses[2], np.mean(losses[2:])]
    assert [each["loss"] for each in told] == pytest.approx(expected, rel=1e-5)
    assert all(0 <= each["accuracy"] <= 1 for each in told)
