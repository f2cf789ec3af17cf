"""The held-out curve of a training: the same few windows, measured again and again.

A sample, so that measuring leaves the time to learning; the exact figures over the whole held-out
text come at the end.
"""

from __future__ import annotations

import time

import keras
import numpy as np

from charlstm.training.callbacks import VALIDATIONS_AT_LEAST

FEWEST_WINDOWS = 8
TIME_SHARE = 0.08  # of a training, for all its measurements together


class HeldOutCurve:
    """Measures a model on windows that stay the same.

    Args:
        model: compiled with a loss and an accuracy.
        inputs, targets: windows and what follows, the first axis of both is the windows'.
    """

    def __init__(self, model: keras.Model, inputs: np.ndarray, targets: np.ndarray):
        self.model = model
        self.inputs = inputs
        self.targets = targets

    def measure(self) -> tuple[float, float]:
        """Loss in nats and accuracy."""
        results = self.model.evaluate(
            self.inputs,
            self.targets,
            batch_size=len(self.inputs),
            verbose=0,
            return_dict=True,
        )
        return results["loss"], results["accuracy"]

    def fit_into(self, total_s: float) -> None:
        """Keep as many windows as a training of `total_s` seconds can measure often enough."""
        self.measure()  # traces the graph
        began_s = time.monotonic()
        self.measure()
        cost_s = time.monotonic() - began_s
        affordable_s = TIME_SHARE * total_s / VALIDATIONS_AT_LEAST
        if cost_s > affordable_s and len(self.inputs) > FEWEST_WINDOWS:
            count = int(len(self.inputs) * affordable_s / cost_s)
            chosen = np.linspace(0, len(self.inputs) - 1, max(FEWEST_WINDOWS, count)).astype(int)
            self.inputs, self.targets = self.inputs[chosen], self.targets[chosen]
            self.measure()  # traces the graph of the new size
