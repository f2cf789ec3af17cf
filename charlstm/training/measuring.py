"""Measures a network on held-out text: on a sample during training, on all of it at the end.

The held-out curve always uses the same few windows, so that measuring costs little training time.
The final figures are those of the weights as stored in the checkpoint (float16).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import keras
import numpy as np

from charlstm.analysis.evaluation import evaluate
from charlstm.network.checkpoint import Checkpoint
from charlstm.network.training_record import Results, SplitResults
from charlstm.training.batches import Lanes, Windows
from charlstm.training.callbacks import VALIDATIONS_AT_LEAST

NOTEBOOK_TEST_BATCH = 512
MIN_WINDOWS = 8
TIME_SHARE = 0.05  # share of a training's time for all its measurements together


class HeldOutCurve:
    """Measures a model repeatedly on a fixed set of windows.

    Args:
        model: compiled with a loss and an accuracy.
        inputs: windows, (windows, window).
        targets: the next characters, (windows, window), or (windows,) for the notebook's windows.
    """

    def __init__(self, model: keras.Model, inputs: np.ndarray, targets: np.ndarray):
        self.model = model
        self.inputs = inputs
        self.targets = targets

    def measure(self) -> tuple[float, float]:
        """Mean loss in nats per character, and accuracy (0 to 1)."""
        results = self.model.evaluate(
            self.inputs,
            self.targets,
            batch_size=len(self.inputs),
            verbose=0,
            return_dict=True,
        )
        return results["loss"], results["accuracy"]

    def fit_into(self, total_s: float) -> None:
        """Reduce the windows so that measuring fits into a training of `total_s` seconds.

        `VALIDATIONS_AT_LEAST` measurements shall take at most `TIME_SHARE` of that time.
        """
        self.measure()  # traces the graph, which must not be timed
        began_s = time.monotonic()
        self.measure()
        cost_s = time.monotonic() - began_s
        affordable_s = TIME_SHARE * total_s / VALIDATIONS_AT_LEAST
        if cost_s > affordable_s and len(self.inputs) > MIN_WINDOWS:
            count = int(len(self.inputs) * affordable_s / cost_s)
            chosen = np.linspace(0, len(self.inputs) - 1, max(MIN_WINDOWS, count)).astype(int)
            self.inputs, self.targets = self.inputs[chosen], self.targets[chosen]
            self.measure()  # traces the graph of the new size


def final_figures(
    stored: Checkpoint,
    held_out_ids: np.ndarray,
    model: keras.Model,
    data: Lanes | Windows,
    progress: Callable[[float], None],
) -> Results:
    """Figures on the whole held-out text, and for the notebook's windows on its test split too.

    Args:
        stored: the network, with its weights rounded as in the file.
        held_out_ids: (characters,).
        model: the Keras model that was trained.
        progress: called with the share of the work done, 0 to 1.
    """
    if not isinstance(data, Windows):
        return evaluate(stored.network, held_out_ids, progress).results
    first_part = 0.1  # the notebook's test windows take most of the time
    results = evaluate(stored.network, held_out_ids, lambda share: progress(first_part * share))
    num_batches = -(-len(data.test) // NOTEBOOK_TEST_BATCH)
    on_split = model.evaluate(
        data.windows[data.test].astype(np.int32),
        data.targets[data.test],
        batch_size=NOTEBOOK_TEST_BATCH,
        callbacks=[
            keras.callbacks.LambdaCallback(
                on_test_batch_end=lambda batch, logs: progress(
                    first_part + (1 - first_part) * (batch + 1) / num_batches
                )
            )
        ],
        verbose=0,
        return_dict=True,
    )
    split_results = SplitResults(loss_nats=on_split["loss"], accuracy=on_split["accuracy"])
    return replace(results.results, random_split=split_results)
