"""What a network makes of a text: next-character probabilities, surprisal, cell activations.

All of it is computed by the quantized network, the one that writes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from charlstm.analysis.evaluation import surprisal_nats
from charlstm.network.checkpoint import Checkpoint
from charlstm.network.quantized import QuantizedState
from charlstm.text.nearest import nearest_known
from charlstm.writing.sampling import log_softmax
from charlstm.writing.single_text import read_seed_text
from charlstm.writing.state_cache import StateCache

REMEMBERED_TEXTS = 500  # capacity of a cache for texts that are being typed; 6 kB each
BLOCK = 256  # characters of which the logits are kept at once
MAX_TYPED = 16  # characters added at once, up to which the text before them is looked up


@dataclass(frozen=True)
class Surprisal:
    """How unexpected each character of a text was.

    Attributes:
        nats: float64, (characters,), 0 or more: minus the natural logarithm of the probability that
            the network gave the character before it was read; NaN where the vocabulary lacks the
            character, which is then skipped.
    """

    nats: np.ndarray

    @property
    def mean_nats(self) -> float:
        """Mean over the known characters; NaN if there are none."""
        known = self.nats[~np.isnan(self.nats)]
        return float(known.mean()) if len(known) else float("nan")

    @property
    def perplexity(self) -> float:
        """The number of equally likely characters that would be as hard to guess among."""
        return float(np.exp(self.mean_nats))


@dataclass(frozen=True, kw_only=True)
class AfterText:
    """What a network knows after a text.

    Attributes:
        logits: of the next character, float32, (vocab,).
    """

    state: QuantizedState
    logits: np.ndarray


def log_probabilities(
    checkpoint: Checkpoint, text: str, cache: StateCache[AfterText] | None = None
) -> np.ndarray:
    """Natural logarithm of each character's probability to come after a text: float64, (vocab,).

    At temperature 1, and none is infinite: divided by a temperature they are logits again.

    Args:
        cache: remembers what came after texts, for one that grows as somebody types: then only
            the new characters are read.
    """
    return log_softmax(_logits(checkpoint, text, cache).astype(np.float64))


def _logits(checkpoint: Checkpoint, text: str, cache: StateCache[AfterText] | None) -> np.ndarray:
    vocabulary, network = checkpoint.vocabulary, checkpoint.quantized
    length, before = 0, None
    if cache is not None:
        length, before = cache.longest_prefix(checkpoint, text, MAX_TYPED)
    if before is None:
        # Equal chances, for an empty text of a network that knows no line break to begin with.
        before = AfterText(state=network.start(), logits=np.zeros(len(vocabulary), np.float32))
        ids = read_seed_text(vocabulary, text).ids
    else:
        ids, _ = vocabulary.encode_known(nearest_known(vocabulary, text[length:])[0])
    after = before
    if len(ids):
        logits, state = network.read(ids, before.state)
        # A copy: a view would keep the logits of all characters.
        after = AfterText(state=state, logits=logits[-1].copy())
    if cache is not None:
        cache.put(checkpoint, text, after)
    return after.logits


def surprisal(checkpoint: Checkpoint, text: str) -> Surprisal:
    """Measure how unexpected each character of a text was, at temperature 1."""
    vocabulary, network = checkpoint.vocabulary, checkpoint.quantized
    known = _known(checkpoint, text)
    nats = np.full(len(text), np.nan)
    ids = read_seed_text(vocabulary, text).ids
    before = len(ids) - known.sum()  # 1 if a line break or a space was put before the text, else 0
    if known.any():
        found, state = [], network.start()
        if not before:  # nothing was read before the first character: all are equally likely
            found.append(surprisal_nats(np.zeros((1, len(vocabulary))), ids[:1]))
        for begin in range(0, len(ids) - 1, BLOCK):  # the logits of a whole text may be large
            read, after = ids[begin:-1][:BLOCK], ids[begin + 1 :][:BLOCK]
            logits, state = network.read(read, state)
            found.append(surprisal_nats(logits.astype(np.float64), after))
        nats[known] = np.concatenate(found)
    return Surprisal(nats)


def activations(checkpoint: Checkpoint, text: str) -> list[np.ndarray]:
    """The cells' activations after each character: float32, (characters, units) a layer.

    An activation is the hyperbolic tangent of the cell state, from -1 to 1; NaN at characters that
    the vocabulary lacks.
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
    """Which characters of a text the network knows, or one near to them: bool, (characters,)."""
    read, _ = nearest_known(checkpoint.vocabulary, text)
    return np.array([character in checkpoint.vocabulary for character in read], bool)
