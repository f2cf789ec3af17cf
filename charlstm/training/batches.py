"""From ids to batches: split first, then cut.

Two ways. Lanes: the training text runs through a batch as many parallel lanes, each a stretch of
the text read from front to back, so that the network's state can be carried from step to step;
the end of the text is held out. Windows: the course notebook's overlapping windows with one
target each and a random split, which leaks (neighbouring windows share 97 of 100 characters);
kept because the notebook's figures were made that way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from charlstm.runs.recipes import Recipe
from charlstm.text.split import split

NOTEBOOK_STEP = 3
NOTEBOOK_SPLIT_SEED = 42


@dataclass(frozen=True)
class LaneBatch:
    ids: np.ndarray  # int32, (lanes, window)
    targets: np.ndarray  # int32, (lanes, window): the character after each one of ids
    keep: np.ndarray  # float32, (lanes, 1): 0 where a lane starts afresh, else 1


@dataclass(frozen=True, kw_only=True)
class Lanes:
    """The training text as parallel lanes; a batch is a pure function of the step's number.

    That makes resuming exact, and lets the framework fetch batches ahead. The text is read as a
    ring: a lane that reaches the end goes on at the beginning.
    """

    ids: np.ndarray  # (characters,)
    lanes: int
    window: int
    fresh_start_share: float
    random_seed: int

    def steps_per_epoch(self) -> float:
        """Steps in which the lanes together read as many characters as the text has."""
        return len(self.ids) / (self.lanes * self.window)

    def positions(self, step: int) -> np.ndarray:
        """Where in the text (a ring) the characters of a batch stand, (lanes, window)."""
        starts = np.arange(self.lanes) * len(self.ids) // self.lanes + step * self.window
        return starts[:, None] + np.arange(self.window)

    def batch(self, step: int) -> LaneBatch:
        positions = self.positions(step)
        characters = self.ids.take(positions, mode="wrap").astype(np.int32)
        targets = self.ids.take(positions + 1, mode="wrap").astype(np.int32)
        rng = np.random.default_rng((self.random_seed, step))
        keep = rng.random((self.lanes, 1)) >= self.fresh_start_share
        if step == 0:
            keep[:] = False
        return LaneBatch(characters, targets, keep.astype(np.float32))


@dataclass(frozen=True, kw_only=True)
class Windows:
    """The notebook's data: windows of 100 characters, one every 3, one target each.

    Attributes:
        windows: a view on the ids, (windows, window): nothing is copied.
        targets: the character after each window, (windows,).
        train, test: indices of the windows of each part.
    """

    windows: np.ndarray
    targets: np.ndarray
    train: np.ndarray
    test: np.ndarray
    batch_size: int
    random_seed: int

    @classmethod
    def from_ids(cls, ids: np.ndarray, *, window: int, batch_size: int, random_seed: int):
        from sklearn.model_selection import train_test_split  # a second to import

        windows = np.lib.stride_tricks.sliding_window_view(ids, window)[:-1:NOTEBOOK_STEP]
        targets = ids[window::NOTEBOOK_STEP]
        train, test = train_test_split(
            np.arange(len(windows)), test_size=0.1, random_state=NOTEBOOK_SPLIT_SEED
        )
        return cls(
            windows=windows,
            targets=targets,
            train=train,
            test=test,
            batch_size=batch_size,
            random_seed=random_seed,
        )

    def steps_per_epoch(self) -> float:
        return -(-len(self.train) // self.batch_size)  # the last batch of an epoch is smaller

    def batches(self, first_step: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Batches from a step on: windows (batch, window) and targets (batch,), for ever."""
        steps = int(self.steps_per_epoch())
        epoch, skip = divmod(first_step, steps)
        while True:
            order = np.random.default_rng((self.random_seed, epoch)).permutation(self.train)
            for step in range(skip, steps):
                chosen = order[step * self.batch_size : (step + 1) * self.batch_size]
                yield self.windows[chosen].astype(np.int32), self.targets[chosen].astype(np.int32)
            epoch, skip = epoch + 1, 0


def cold_windows(ids: np.ndarray, window: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """At most `count` windows spread evenly over a text, and the character after each position.

    Returns:
        inputs and targets, int32, (windows, window). A text shorter than a window gives one
        shorter window.
    """
    window = min(window, len(ids) - 1)
    count = max(1, min(count, (len(ids) - 1) // window))
    starts = np.linspace(0, len(ids) - 1 - window, count).astype(int)
    positions = starts[:, None] + np.arange(window + 1)
    characters = ids[positions].astype(np.int32)
    return characters[:, :-1], characters[:, 1:]


def training_data(recipe: Recipe, ids: np.ndarray, random_seed: int) -> Lanes | Windows:
    """The training part of a text, (characters,) ids, as the recipe reads it."""
    if recipe.predicts_every_position:
        return Lanes(
            ids=split(ids)[0],
            lanes=recipe.lanes,
            window=recipe.window,
            fresh_start_share=recipe.fresh_start_share,
            random_seed=random_seed,
        )
    return Windows.from_ids(
        ids, window=recipe.window, batch_size=recipe.lanes, random_seed=random_seed
    )


def batches(
    data: Lanes | Windows, step: int, soft_targets: np.ndarray | None = None
) -> Iterator[tuple]:
    """Inputs and targets of a training model, from a step on, for ever.

    Args:
        soft_targets: what teachers expect after each character of the text, (characters, vocab).
    """
    if isinstance(data, Windows):
        yield from data.batches(step)
        return  # never: they come for ever
    while True:
        batch = data.batch(step)
        targets: np.ndarray | dict[str, np.ndarray] = batch.targets
        if soft_targets is not None:
            expected = soft_targets.take(data.positions(step), axis=0, mode="wrap")
            targets = {"text": batch.targets, "teachers": expected.astype(np.float32)}
        yield {"ids": batch.ids, "keep": batch.keep}, targets
        step += 1
