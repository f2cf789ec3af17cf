"""The fused optimizer learns, step by step, what Keras' AdamW learns."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("keras", reason="training needs Keras")
pytest.importorskip("tensorflow", reason="it is TensorFlow that has the operation")

import keras

from charlstm.training.optimizer import FusedAdamW


def numpy_of(variable) -> np.ndarray:
    return keras.ops.convert_to_numpy(variable.value)


SETTINGS = {"learning_rate": 0.02, "beta_2": 0.99, "global_clipnorm": 1.0}


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_the_same_gradients_give_the_same_weights(decay):
    rng = np.random.default_rng(4)
    shapes = [(3, 5), (5,)]
    gradients = [[rng.normal(size=shape) for shape in shapes] for _ in range(8)]
    results = []
    for optimizer in (
        keras.optimizers.AdamW(weight_decay=decay, **SETTINGS),
        FusedAdamW(decay=decay, **SETTINGS),
    ):
        variables = [keras.Variable(np.full(shape, 0.5), dtype="float32") for shape in shapes]
        optimizer.build(variables)
        for number, each in enumerate(gradients):
            optimizer.learning_rate = 0.02 / (1 + number)
            optimizer.apply([keras.ops.convert_to_tensor(g, "float32") for g in each], variables)
        results.append([numpy_of(each) for each in (*variables, *optimizer.variables)])
    for keras_own, fused in zip(*results, strict=True):
        assert np.allclose(keras_own, fused, rtol=1e-5, atol=1e-7)
    assert not np.allclose(results[0][0], 0.5, atol=0.01)


def test_a_training_of_the_version_before_finds_its_variables():
    variables = [keras.Variable(np.ones(3), dtype="float32", name="w")]
    paths = []
    for optimizer in (keras.optimizers.AdamW(), FusedAdamW(decay=0.1)):
        optimizer.build(variables)
        paths.append([variable.path.partition("/")[2] for variable in optimizer.variables])
    assert paths[0] == paths[1]
