"""Choosing the next character: the reference for the compiled draw of network/drawing.py.

From logits (the network's scores before the softmax) to probabilities, with temperature, top-k and
top-p, and from probabilities to an id. Everything is a pure function of its arguments: the same
logits, settings and random numbers give the same id. tests/network/test_drawing.py compares
`drawing.draw_id`, which writes, with `draw` and `probabilities` of this module.

Sources: top-k: Fan et al. 2018, "Hierarchical Neural Story Generation", arXiv:1805.04833; top-p
(nucleus sampling): Holtzman et al. 2019, "The Curious Case of Neural Text Degeneration",
arXiv:1904.09751.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How the next character is chosen from the logits.

    Attributes:
        temperature: divides the logits, 0 or more; 0 always takes the most likely character.
        top_k: how many of the most likely characters are kept, at least 1; None keeps all.
        top_p: the probability, in (0, 1], that the kept characters reach together: the fewest of
            the most likely ones; None keeps all.

    Raises:
        ValueError: a number is out of its range.
    """

    temperature: float = 0.8
    top_k: int | None = None
    top_p: float | None = None

    def __post_init__(self):
        if not (0 <= self.temperature < np.inf):
            raise ValueError(
                f"temperature must be a number from 0 up, got {self.temperature}. "
                "Use 0 for the likeliest character each time."
            )
        if self.top_k is not None and self.top_k < 1:
            raise ValueError(f"top_k must be at least 1, got {self.top_k}. Use None for all.")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise ValueError(f"top_p must be in (0, 1], got {self.top_p}. Use None for all.")

    @property
    def as_numbers(self) -> tuple[float, int, float]:
        """Temperature, top_k and top_p for compiled code, which has no None: 0 keeps all."""
        return self.temperature, self.top_k or 0, self.top_p or 0.0


def random_numbers(random_seed: int, position: int = 0) -> np.random.Generator:
    """The random numbers of a text, from the character at index `position` on.

    Each character takes exactly one number, so a text that is continued at position n goes on as if
    it had never been interrupted.
    """
    bits = np.random.PCG64(random_seed)
    if position:
        bits.advance(position)
    return np.random.Generator(bits)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities, (..., vocab), from logits (..., vocab), in the same float type.

    The largest logit is subtracted first, so that no exponential overflows.
    """
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    return weights


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Natural logarithm of `softmax`, (..., vocab), exact where a probability would round to 0."""
    below_top = logits - logits.max(-1, keepdims=True)
    return below_top - np.log(np.exp(below_top).sum(-1, keepdims=True))


def probabilities(logits: np.ndarray, sampling: Sampling) -> np.ndarray:
    """Probability of each character, float64, (..., vocab), after temperature, top-k and top-p.

    Ties at the edge of top-k and top-p are kept, so that the result does not depend on order.

    Args:
        logits: (..., vocab), any float type.
    """
    logits = np.asarray(logits, dtype=np.float64)
    if sampling.temperature == 0:
        best = logits == logits.max(-1, keepdims=True)
        first = np.cumsum(best, -1) == 1  # a tie goes to the lowest id, as in argmax
        return (best & first).astype(np.float64)
    with np.errstate(over="ignore"):  # at a tiny temperature: minus infinity is right
        scaled = (logits - logits.max(-1, keepdims=True)) / sampling.temperature
    if sampling.top_k is not None and sampling.top_k < logits.shape[-1]:
        threshold = np.partition(scaled, -sampling.top_k, -1)[..., -sampling.top_k, None]
        scaled = np.where(scaled >= threshold, scaled, -np.inf)
    weights = softmax(scaled)
    if sampling.top_p is not None:
        ordered = np.sort(weights, -1)[..., ::-1]
        # A character stays if those likelier than it have not yet reached top_p.
        reached_before = np.cumsum(ordered, -1) - ordered
        kept = (reached_before < sampling.top_p).sum(-1, keepdims=True)
        weights = np.where(weights >= np.take_along_axis(ordered, kept - 1, -1), weights, 0)
        weights /= weights.sum(-1, keepdims=True)
    return weights


def draw(weights: np.ndarray, uniform: np.ndarray | float) -> np.ndarray:
    """Ids drawn by inverse transform, (...,), from probabilities (..., vocab).

    Args:
        uniform: numbers in [0, 1), (...,): one for each draw.
    """
    cumulative = np.cumsum(weights, -1)
    # Scaled by the last entry, which rounding may leave slightly off 1.
    goal = np.asarray(uniform)[..., None] * cumulative[..., -1:]
    return (cumulative <= goal).sum(-1)
