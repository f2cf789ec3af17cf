"""What `fit()` is fed with, batch by batch, from any step on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from charlstm.runs.recipes import Recipe
from charlstm.text.split import split
from charlstm.training.train import dataset


def training_data(
    recipe: Recipe, ids: np.ndarray, random_seed: int
) -> dataset.Lanes | dataset.Windows:
    """The training part of a text, (characters,) ids, as the recipe reads it."""
    if recipe.predicts_every_position:
        return dataset.Lanes(
            ids=split(ids)[0],
            lanes=recipe.lanes,
            window=recipe.window,
            fresh_start_share=recipe.fresh_start_share,
            random_seed=random_seed,
        )
    return dataset.Windows.from_ids(
        ids, window=recipe.window, batch_size=recipe.lanes, random_seed=random_seed
    )


def batches(
    data: dataset.Lanes | dataset.Windows, step: int, odds: np.ndarray | None = None
) -> Iterator[tuple]:
    """Inputs and targets of a training model, from a step on, for ever.

    Args:
        odds: what teachers expect after each character of the text, (characters, vocabulary).
    """
    if isinstance(data, dataset.Windows):
        yield from data.batches(step)
    while True:
        batch = data.batch(step)
        targets = batch.targets
        if odds is not None:
            expected = odds.take(data.positions(step), axis=0, mode="wrap")
            targets = {"text": batch.targets, "teachers": expected.astype(np.float32)}
        yield {"ids": batch.ids, "keep": batch.keep}, targets
        step += 1
