"""Batches for training: the text is split first, then cut into batches, in one of two ways.

Lanes: the rows of a batch are parallel streams of text. Each lane reads on from step to step, so
that the network's state can be carried (truncated back-propagation through time). The end of the
text is held out.

Windows: the course notebook's overlapping windows with one target each and a random split. The
split leaks, because neighbouring windows share 97 of 100 characters; it is kept so that the
notebook's figures can be reproduced.
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
    """The inputs and targets of one step.

    Attributes:
        ids: int32, (lanes, window).
        targets: int32, (lanes, window): the character after each one of `ids`.
        keep: float32, (lanes, 1): 0 where a lane's state is reset, else 1.
    """

    ids: np.ndarray
    targets: np.ndarray
    keep: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Lanes:
    """The training text as parallel lanes; a batch is a pure function of the step.

    That makes resuming exact, and allows the framework to prefetch batches. The text is circular: a
    lane that reaches its end continues at its beginning.

    Attributes:
        ids: the training text, (characters,).
        lanes: number of lanes.
        window: characters per lane and step.
        fresh_start_share: expected share of lanes whose state is reset at each step.
    """

    ids: np.ndarray
    lanes: int
    window: int
    fresh_start_share: float
    random_seed: int

    def steps_per_epoch(self) -> float:
        """Steps in which all lanes together read as many characters as the text has."""
        return len(self.ids) / (self.lanes * self.window)

    def positions(self, step: int) -> np.ndarray:
        """Positions in the circular text of a batch's characters, (lanes, window)."""
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
        windows: (windows, window), a view of the ids: nothing is copied.
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
        """Endless batches from a step on: windows (batch, window) and targets (batch,), int32."""
        steps = int(self.steps_per_epoch())
        epoch, skip = divmod(first_step, steps)
        while True:
            order = np.random.default_rng((self.random_seed, epoch)).permutation(self.train)
            for step in range(skip, steps):
                chosen = order[step * self.batch_size : (step + 1) * self.batch_size]
                yield self.windows[chosen].astype(np.int32), self.targets[chosen].astype(np.int32)
            epoch, skip = epoch + 1, 0


def cold_windows(ids: np.ndarray, window: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """At most `count` windows, spread evenly over a text, to be read from a zero state.

    Returns:
        Inputs and targets, int32, (windows, window); a target is the character after its input. A
        text shorter than a window gives one shorter window.
    """
    window = min(window, len(ids) - 1)
    count = max(1, min(count, (len(ids) - 1) // window))
    starts = np.linspace(0, len(ids) - 1 - window, count).astype(int)
    positions = starts[:, None] + np.arange(window + 1)
    characters = ids[positions].astype(np.int32)
    return characters[:, :-1], characters[:, 1:]


def training_data(recipe: Recipe, ids: np.ndarray, random_seed: int) -> Lanes | Windows:
    """The data that a recipe trains on, from the ids of the whole text, (characters,)."""
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
    """Endless inputs and targets for `Models.training`, from a step on.

    Args:
        soft_targets: the teachers' probabilities after each character of the training text,
            (characters, vocab).
    """
    if isinstance(data, Windows):
        yield from data.batches(step)
        return  # never reached: the batches are endless
    while True:
        batch = data.batch(step)
        targets: np.ndarray | dict[str, np.ndarray] = batch.targets
        if soft_targets is not None:
            expected = soft_targets.take(data.positions(step), axis=0, mode="wrap")
            targets = {"text": batch.targets, "teachers": expected.astype(np.float32)}
        yield {"ids": batch.ids, "keep": batch.keep}, targets
        step += 1
