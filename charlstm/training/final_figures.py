"""The exact figures at the end of a training, of the weights as they are stored."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

from charlstm.analysis.evaluation import evaluate
from charlstm.network.checkpoint import Checkpoint
from charlstm.training.dataset import Lanes, Windows

NOTEBOOK_TEST_BATCH = 512


def final_figures(
    stored: Checkpoint,
    held_out_ids: np.ndarray,
    model: keras.Model,
    data: Lanes | Windows,
    progress: Callable[[float], None],
) -> dict:
    """Figures over the whole held-out text; for the notebook's windows also over its test split.

    Args:
        held_out_ids: (characters,).
        model: the one that was trained.
        progress: called with the share of the work done, 0 to 1.
    """
    leaky = isinstance(data, Windows)
    first_part = 0.1 if leaky else 1.0  # the notebook's test windows take most of the time
    results = evaluate(
        stored.network, held_out_ids, lambda share: progress(first_part * share)
    ).as_dict()
    if leaky:
        batches = -(-len(data.test) // NOTEBOOK_TEST_BATCH)
        split = model.evaluate(
            data.windows[data.test].astype(np.int32),
            data.targets[data.test],
            batch_size=NOTEBOOK_TEST_BATCH,
            callbacks=[
                keras.callbacks.LambdaCallback(
                    on_test_batch_end=lambda batch, logs: progress(
                        first_part + (1 - first_part) * (batch + 1) / batches
                    )
                )
            ],
            verbose=0,
            return_dict=True,
        )
        results["random_split"] = {
            "loss_nats": split["loss"],
            "accuracy": split["accuracy"],
            "leaky": True,
        }
    return results
