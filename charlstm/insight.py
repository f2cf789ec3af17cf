"""What the network expects: the odds of the character to come, and how surprising a text is.

All of it is read off the network that writes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from charlstm.checkpoint import Checkpoint
from charlstm.sampling import Sampling, probabilities
from charlstm.writing import read_seed_text


@dataclass(frozen=True)
class Surprise:
    """How unexpected each character of a text was.

    Attributes:
        nats: float64, (characters,): minus the logarithm of the character's probability before it
            was read; not a number where the network does not know the character and skips it.
    """

    nats: np.ndarray

    @property
    def mean_nats(self) -> float:
        """Over the known characters; not a number if there are none."""
        known = self.nats[~np.isnan(self.nats)]
        return float(known.mean()) if len(known) else float("nan")

    @property
    def perplexity(self) -> float:
        """Among how many characters, all as likely, one would have had to guess each time."""
        return float(np.exp(self.mean_nats))


def odds(checkpoint: Checkpoint, text: str, sampling: Sampling) -> np.ndarray:
    """Probability of each character of the vocabulary, float64, (vocab,), to come after a text."""
    ids = read_seed_text(checkpoint.vocabulary, text).ids
    network = checkpoint.quantized
    if not len(ids):  # no text, and no line break to begin with
        return np.full(len(checkpoint.vocabulary), 1 / len(checkpoint.vocabulary))
    logits, _ = network.read(ids, network.start())
    return probabilities(logits[-1], sampling)


def likeliest(checkpoint: Checkpoint, weights: np.ndarray, count: int) -> list[tuple[str, float]]:
    """The likeliest characters with their probabilities, the likeliest first."""
    order = np.argsort(-weights, kind="stable")[:count]
    return [(checkpoint.vocabulary.characters[id_], float(weights[id_])) for id_ in order]


def surprise(checkpoint: Checkpoint, text: str) -> Surprise:
    """How unexpected each character of a text was, at temperature 1."""
    vocabulary, network = checkpoint.vocabulary, checkpoint.quantized
    known = np.array([character in vocabulary for character in text], bool)
    nats = np.full(len(text), np.nan)
    ids = read_seed_text(vocabulary, text).ids
    before = len(ids) - known.sum()  # a line's beginning, if the network knows such a thing
    if known.any():
        logits, _ = network.read(ids[:-1], network.start())
        logits = logits.astype(np.float64)
        if not before:  # the first character comes from nowhere: it cannot be expected
            blind = np.zeros((1, logits.shape[1]))
            logits = np.concatenate([blind, logits])
        logits -= logits.max(-1, keepdims=True)
        chosen = ids[before:] if before else ids
        scores = logits[np.arange(len(chosen)), chosen]
        nats[known] = np.log(np.exp(logits).sum(-1)) - scores
    return Surprise(nats)
