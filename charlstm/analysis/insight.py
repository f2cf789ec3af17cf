"""What the network expects and remembers: odds, surprise, activations of its cells.

All of it is read off the network that writes.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from charlstm.analysis.evaluation import surprisal
from charlstm.network.checkpoint import Checkpoint
from charlstm.network.quantized import QuantizedState
from charlstm.writing.sampling import Sampling, log_softmax, probabilities
from charlstm.writing.single_text import read_seed_text

REMEMBERED_ENDS = 500  # of texts that are being typed; 6 kB each
MOST_TYPED = 16  # characters at once, for which the text before them is looked up


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


class Ends:
    """What comes after a text, for texts that grow as somebody types: only what is new is read."""

    def __init__(self):
        self._known: OrderedDict[tuple, tuple] = OrderedDict()
        self._lock = threading.Lock()

    def logits(self, checkpoint: Checkpoint, text: str) -> np.ndarray:
        """Scores of the character to come after a text, float32, (vocab,)."""
        network = checkpoint.quantized
        known, before = self._look_up(checkpoint, text)
        if known is None:
            state, logits = network.start(), None
            ids = read_seed_text(checkpoint.vocabulary, text).ids
        else:
            state, logits = known
            ids, _ = checkpoint.vocabulary.encode_known(text[before:])
        if len(ids):
            all_logits, state = network.read(ids, state)
            logits = all_logits[-1]
        elif logits is None:  # no text, and no line break to begin with
            logits = np.zeros(len(checkpoint.vocabulary), np.float32)
        with self._lock:
            self._known[id(checkpoint), text] = weakref.ref(checkpoint), (state, logits)
            while len(self._known) > REMEMBERED_ENDS:
                self._known.popitem(last=False)
        return logits

    def _look_up(
        self, checkpoint: Checkpoint, text: str
    ) -> tuple[tuple[QuantizedState, np.ndarray] | None, int]:
        """States and scores after the longest known beginning, and how long that is."""
        with self._lock:
            for length in range(len(text), max(-1, len(text) - MOST_TYPED - 1), -1):
                found = self._known.get((id(checkpoint), text[:length]))
                # Once a checkpoint is gone, another one may be given its id.
                if found is not None and found[0]() is checkpoint:
                    return found[1], length
        return None, 0


def odds(
    checkpoint: Checkpoint, text: str, sampling: Sampling, ends: Ends | None = None
) -> np.ndarray:
    """Probability of each character of the vocabulary, float64, (vocab,), to come after a text.

    Args:
        ends: remembers where texts ended, for one that is being typed.
    """
    return probabilities((ends or Ends()).logits(checkpoint, text), sampling)


def log_odds(checkpoint: Checkpoint, text: str, ends: Ends | None = None) -> np.ndarray:
    """Natural logarithm of the odds at temperature 1, float64, (vocab,): none is infinite.

    Divided by a temperature they are scores (logits) again.
    """
    return log_softmax((ends or Ends()).logits(checkpoint, text).astype(np.float64))


def likeliest(checkpoint: Checkpoint, weights: np.ndarray, count: int) -> list[tuple[str, float]]:
    """The likeliest characters with their probabilities, the likeliest first."""
    order = np.argsort(-weights, kind="stable")[:count]
    return [(checkpoint.vocabulary.characters[id_], float(weights[id_])) for id_ in order]


def surprise(checkpoint: Checkpoint, text: str) -> Surprise:
    """How unexpected each character of a text was, at temperature 1."""
    vocabulary, network = checkpoint.vocabulary, checkpoint.quantized
    known = _known(checkpoint, text)
    nats = np.full(len(text), np.nan)
    ids = read_seed_text(vocabulary, text).ids
    before = len(ids) - known.sum()  # a line's beginning, if the network knows such a thing
    if known.any():
        logits, _ = network.read(ids[:-1], network.start())
        logits = logits.astype(np.float64)
        if not before:  # the first character comes from nowhere: it cannot be expected
            blind = np.zeros((1, logits.shape[1]))
            logits = np.concatenate([blind, logits])
        nats[known] = surprisal(logits, ids[before:])
    return Surprise(nats)


def activations(checkpoint: Checkpoint, text: str) -> list[np.ndarray]:
    """The cells' activations after each character: float32, (characters, units) a layer.

    An activation is the hyperbolic tangent of the cell state, from -1 to 1; not a number at
    characters that the network does not know and skips.
    """
    network = checkpoint.quantized
    known = _known(checkpoint, text)
    ids = read_seed_text(checkpoint.vocabulary, text).ids
    _, _, memory = network.remember(ids, network.start())
    layers = []
    for cells in memory:
        layer = np.full((len(text), cells.shape[1]), np.nan, np.float32)
        layer[known] = np.tanh(cells[len(ids) - known.sum() :])
        layers.append(layer)
    return layers


def _known(checkpoint: Checkpoint, text: str) -> np.ndarray:
    """Which characters of a text the network knows: bool, (characters,)."""
    return np.array([character in checkpoint.vocabulary for character in text], bool)
