"""Finds cells with a meaning: those that follow something that a person can name.

The network was never given a notion of a line or a name. It writes a text by itself, and each
cell's activation, the hyperbolic tangent of its cell state (-1 to 1), is compared with every
feature of that text (features.py): by correlation if the feature is a count, by the area under the
ROC curve (AUC) if it is true or false. The best cell of each feature is chosen on one half of the
text and scored on the other, because among a thousand cells one always fits a single text by
chance.

Source: Karpathy, Johnson and Fei-Fei 2015, "Visualizing and Understanding Recurrent Networks",
arXiv:1506.02078, who found such cells by eye.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import numpy as np

from charlstm.analysis.features import FEATURES, Feature
from charlstm.network.checkpoint import Checkpoint
from charlstm.writing.sampling import Sampling
from charlstm.writing.single_text import read_seed_text

MIN_CORRELATION = 0.6  # for a cell to be kept
MIN_AUC = 0.85
TEXTS = 32  # written side by side: half of them to choose cells, half to score them
FEWER_TEXTS = 8  # for somebody who waits
CHARACTERS = 1000  # of each text
MIN_CASES = 20  # characters of each half with the feature, and without it
LEVELS = 255  # activations are rounded to integers from 0 to 254
_BY_NAME = {feature.name: feature for feature in FEATURES}


@dataclass(frozen=True, kw_only=True)
class CellMeaning:
    """A cell and what it follows.

    Attributes:
        layer, cell: both counted from 1.
        feature: name of a feature in `FEATURES`.
        score: absolute correlation, 0 to 1, or AUC, 0.5 to 1.
        sign: 1 if the activation rises with the feature, -1 if it falls.
    """

    layer: int
    cell: int
    feature: str
    score: float
    sign: int

    @property
    def is_count(self) -> bool:
        return _BY_NAME[self.feature].is_count

    @property
    def sentence(self) -> str:
        return f"Cell {self.cell} of layer {self.layer} {_BY_NAME[self.feature].does}"

    @property
    def measure(self) -> str:
        """The score by its technical name."""
        if self.is_count:
            value = f"{self.score * self.sign:.2f}".replace("-", "−")
            return f"correlation with the count: r = {value}"
        return f"area under the ROC curve: AUC = {self.score:.2f}"

    @property
    def score_in_words(self) -> str:
        if self.is_count:
            way = "rises" if self.sign > 0 else "falls"
            return (
                f"it {way} as the count grows: the count explains {100 * self.score**2:.0f}% of "
                "its variation"
            )
        level = "higher" if self.sign > 0 else "lower"
        return (
            f"{level} where that is so than where it is not, in {100 * self.score:.0f}% of pairs "
            "of characters"
        )


def find_cells(
    checkpoint: Checkpoint,
    random_seed: int = 0,
    texts: int = TEXTS,
    progress: Callable[[float], None] = lambda share: None,
) -> list[dict]:
    """Find the best cell for each feature, in text that the network writes itself.

    Args:
        texts: how many texts of CHARACTERS characters it writes.
        progress: called with the share of the work done, 0 to 1.

    Returns:
        The fields of a `CellMeaning` for each feature with a good enough cell, as a checkpoint
        keeps them.
    """
    rows = _write_rows(checkpoint, random_seed, texts)
    progress(0.3)
    characters = checkpoint.vocabulary.characters
    halves = []
    for half in (rows[: texts // 2], rows[texts // 2 :]):
        written = ["".join(characters[id_] for id_ in row) for row in half]
        values = [_values_of(feature, written) for feature in FEATURES]
        halves.append((_activations(checkpoint, half), values))
        progress(0.3 + 0.3 * len(halves))
    indices = [index for index in range(len(FEATURES)) if _is_frequent(index, halves)]
    # By feature: strength, layer, cell, sign, and the score on the other half.
    found: dict[int, tuple[float, int, int, float, float]] = {}
    for layer in range(len(checkpoint.architecture.lstm_units)):
        scores = [_scores(activations[layer], values, indices) for activations, values in halves]
        for index, chosen_by, scored_by in zip(indices, *scores, strict=True):
            cell = int(np.argmax(np.abs(chosen_by)))
            strength = abs(chosen_by[cell])
            if index not in found or strength > found[index][0]:
                found[index] = strength, layer, cell, np.sign(chosen_by[cell]), scored_by[cell]
    kept = (_meaning(FEATURES[index], *found[index][1:]) for index in sorted(found))
    return [asdict(meaning) for meaning in kept if meaning is not None]


def meanings(checkpoint: Checkpoint) -> Iterator[CellMeaning]:
    """The meanings recorded in a checkpoint, without invalid ones: it may come from strangers."""
    for record in checkpoint.cells:
        try:
            meaning = CellMeaning(**record)
            units = checkpoint.architecture.lstm_units[meaning.layer - 1]
            if (
                {type(number) for number in (meaning.layer, meaning.cell, meaning.sign)} == {int}
                and 1 <= meaning.layer
                and 1 <= meaning.cell <= units
                and abs(meaning.sign) == 1
                and meaning.feature in _BY_NAME
                and type(meaning.score) in (int, float)
                and 0 <= meaning.score <= 1
            ):
                yield meaning
        except (IndexError, TypeError, ValueError):
            continue


def _write_rows(checkpoint: Checkpoint, random_seed: int, texts: int) -> np.ndarray:
    """Texts that the network writes without a seed text: ids, int32, (texts, CHARACTERS)."""
    network = checkpoint.quantized
    plan = np.full((texts, CHARACTERS), -1, np.int32)
    first = read_seed_text(checkpoint.vocabulary, "").ids
    plan[:, : len(first)] = first
    one = (*Sampling(temperature=0.8).as_numbers, 0)  # no chances are asked for
    settings = np.tile(np.array(one, np.float64), (texts, 1))
    uniforms = np.random.default_rng(random_seed).random(plan.shape)
    network.write(network.start(texts), plan, settings, uniforms, np.zeros(1, np.uint8))
    return plan


def _values_of(feature: Feature, texts: list[str]) -> np.ndarray:
    return np.concatenate([feature.values(text) for text in texts]).astype(np.float32)


def _activations(checkpoint: Checkpoint, rows: np.ndarray) -> list[np.ndarray]:
    """Activations of all cells as levels: uint8, (characters, units), for each layer."""
    network = checkpoint.quantized
    layers: list[list[np.ndarray]] = [[] for _ in checkpoint.architecture.lstm_units]
    for row in rows:
        for levels, memory in zip(layers, network.remember(row, network.start())[2], strict=True):
            levels.append(np.rint((np.tanh(memory) + 1) * (LEVELS - 1) / 2).astype(np.uint8))
    return [np.concatenate(levels) for levels in layers]


def _is_frequent(index: int, halves) -> bool:
    """Whether both halves of the text have enough characters with and without a feature."""
    return all(
        min((values[index] > 0).sum(), (values[index] == 0).sum()) >= MIN_CASES
        for _, values in halves
    )


def _scores(levels: np.ndarray, values: list[np.ndarray], indices: list[int]) -> np.ndarray:
    """Correlation, or AUC scaled to -1 to 1, of all cells: (features, units)."""
    scores = np.zeros((len(indices), levels.shape[1]))
    ranks = _ranks(levels)
    activations = levels.astype(np.float32)
    activations -= activations.mean(0)
    sizes = np.sqrt(np.square(activations).sum(0)) + 1e-9  # a cell that never moves scores 0
    for row, index in enumerate(indices):
        value = values[index]
        if FEATURES[index].is_count:
            centred = value - value.mean()
            scores[row] = centred @ activations / (np.sqrt(np.square(centred).sum()) * sizes)
        else:
            there = value > 0
            ones, others = there.sum(), (~there).sum()
            mean_rank = (there.astype(np.float32) / ones) @ ranks
            scores[row] = 2 * (mean_rank - ones / 2) / others - 1
    return scores


def _ranks(levels: np.ndarray) -> np.ndarray:
    """Number of lower levels of the same cell, ties counting half: float32, shape of levels."""
    ranks = np.empty(levels.shape, np.float32)
    for cell, column in enumerate(levels.T):
        counts = np.bincount(column, minlength=LEVELS)
        ranks[:, cell] = (np.cumsum(counts) - counts / 2)[column]
    return ranks


def _meaning(feature: Feature, layer: int, cell: int, sign: float, score: float):
    """The meaning of a cell; None if its score is below the threshold."""
    score = float(score * sign)
    if not feature.is_count:
        score = (1 + score) / 2
    least = MIN_CORRELATION if feature.is_count else MIN_AUC
    if not math.isfinite(score) or score < least:
        return None
    return CellMeaning(
        layer=layer + 1,
        cell=cell + 1,
        feature=feature.name,
        score=round(score, 3),
        sign=int(sign),
    )
