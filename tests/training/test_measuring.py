"""The held-out curve takes no more windows than a training has time to measure."""

import numpy as np
import pytest

from charlstm.training import measuring as held_out
from charlstm.training.callbacks import VALIDATIONS_AT_LEAST
from charlstm.training.measuring import MIN_WINDOWS, HeldOutCurve


class SlowModel:
    """Takes a tenth of a second a window, by a clock of its own."""

    def __init__(self):
        self.now_s = 0.0
        self.sizes = []

    def evaluate(self, inputs, targets, batch_size, **options):
        assert len(inputs) == len(targets) == batch_size
        assert (targets == inputs + 1).all(), "each window keeps its own targets"
        self.sizes.append(len(inputs))
        self.now_s += 0.1 * len(inputs)
        return {"loss": 1.5, "accuracy": 0.25}


@pytest.fixture
def model(monkeypatch):
    model = SlowModel()
    monkeypatch.setattr(held_out.time, "monotonic", lambda: model.now_s)
    return model


def curve_of(model, windows: int = 40) -> HeldOutCurve:
    inputs = np.arange(windows * 3).reshape(windows, 3)
    return HeldOutCurve(model, inputs, inputs + 1)


def test_it_measures_loss_and_accuracy(model):
    assert curve_of(model).measure() == (1.5, 0.25)


def test_a_long_training_measures_all_windows(model):
    curve = curve_of(model)
    curve.fit_into(3600)
    curve.measure()
    assert model.sizes[-1] == 40


@pytest.mark.parametrize("total_s", [300, 600, 900])
def test_a_short_training_measures_often_enough_for_a_curve(model, total_s):
    curve = curve_of(model)
    curve.fit_into(total_s)
    began_s = model.now_s
    curve.measure()
    cost_s = model.now_s - began_s
    assert VALIDATIONS_AT_LEAST * cost_s <= 0.1 * total_s
    assert curve.inputs[0, 0] == 0 and curve.inputs[-1, 0] == 117, "from all over the text"


def test_the_very_short_one_still_has_some(model):
    curve = curve_of(model)
    curve.fit_into(1)
    assert len(curve.inputs) == MIN_WINDOWS
