"""Measures a network on held-out text, in the units that papers use."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from charlstm.network.lstm import Network
from charlstm.network.training_record import Results
from charlstm.writing.sampling import log_softmax

LANES = 64  # parts of the text that are read side by side
COLD_WINDOW = 256  # characters
_PIECE = 32  # characters in a call of Network.read: few, so that its arrays stay in the cache
_COLD_LANES = 128  # windows that are read side by side, for the same reason


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Figures over a whole held-out text.

    Attributes:
        loss_nats: mean surprisal of a character, the state carried through the text in 64 lanes.
        cold_loss_nats: the same over windows of 256 characters, each from a zero state.
        accuracy: share of characters guessed right (state carried).
        characters: how many characters were predicted.
    """

    loss_nats: float
    cold_loss_nats: float
    accuracy: float
    characters: int
    parameters: int

    @property
    def bits_per_char(self) -> float:
        return bits_per_char(self.loss_nats)

    @property
    def perplexity(self) -> float:
        return perplexity(self.loss_nats)

    @property
    def results(self) -> Results:
        """The same figures, as checkpoints and events record them."""
        return Results(**vars(self), bits_per_char=self.bits_per_char, perplexity=self.perplexity)

    def as_dict(self) -> dict:
        return self.results.to_json()


def bits_per_char(loss_nats: float) -> float:
    """Convert a mean loss from nats to bits per character, the unit that papers report.

    Source: Graves 2013, "Generating Sequences With Recurrent Neural Networks", arXiv:1308.0850.
    """
    return loss_nats / math.log(2)


def perplexity(loss_nats: float) -> float:
    """The number of equally likely characters that would be as hard to guess among.

    Args:
        loss_nats: mean surprisal of a character.
    """
    return math.exp(min(loss_nats, 700.0))


def evaluate(
    network: Network, ids: np.ndarray, progress: Callable[[float], None] = lambda share: None
) -> Evaluation:
    """Measure a network on a held-out text, every character of it.

    Args:
        ids: the held-out text, (characters,), at least two.
        progress: called with the share of the work done, 0 to 1.

    Raises:
        ValueError: there are fewer than two characters.
    """
    if len(ids) < 2:
        raise ValueError(f"evaluation needs at least 2 characters, got {len(ids)}.")
    carried_loss, right = _sums(
        network, *_lanes(ids, -(-(len(ids) - 1) // LANES)), lambda share: progress(share / 2)
    )
    inputs, targets = _lanes(ids, COLD_WINDOW)
    cold_loss = 0.0
    for first in range(0, len(inputs), _COLD_LANES):
        rows = slice(first, first + _COLD_LANES)
        cold_loss += _sums(network, inputs[rows], targets[rows])[0]
        progress(0.5 + 0.5 * min(1.0, rows.stop / len(inputs)))
    count = len(ids) - 1
    return Evaluation(
        loss_nats=carried_loss / count,
        cold_loss_nats=cold_loss / count,
        accuracy=right / count,
        characters=count,
        parameters=network.architecture.parameters(),
    )


def _lanes(ids: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets, (lanes, length): consecutive parts of the text; -1 after its end."""
    count = len(ids) - 1
    lanes = -(-count // length)
    targets = np.full(lanes * length, -1, np.int64)
    targets[:count] = ids[1:]
    inputs = np.zeros(lanes * length, np.int64)
    inputs[:count] = ids[:-1]
    return inputs.reshape(lanes, length), targets.reshape(lanes, length)


def _sums(
    network: Network,
    inputs: np.ndarray,
    targets: np.ndarray,
    progress: Callable[[float], None] = lambda share: None,
) -> tuple[float, int]:
    """Sum of losses in nats and number of right guesses; each lane starts from a zero state."""
    loss, right = 0.0, 0
    state = network.start(len(inputs))
    for first in range(0, inputs.shape[1], _PIECE):
        piece = slice(first, first + _PIECE)
        logits, state = network.read(inputs[:, piece], state)
        goal = targets[:, piece]
        counted = goal >= 0
        nats = surprisal_nats(logits, np.maximum(goal, 0))
        loss += float(nats[counted].sum(dtype=np.float64))
        right += int((logits.argmax(-1) == goal)[counted].sum())
        progress(min(1.0, piece.stop / inputs.shape[1]))
    return loss, right


def surprisal_nats(logits: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Minus the natural logarithm of each id's probability: nats, in the shape of ids.

    Args:
        logits: (..., vocab), the scores before each id was read.
        ids: (...).
    """
    return -np.take_along_axis(log_softmax(logits), ids[..., None], -1)[..., 0]
