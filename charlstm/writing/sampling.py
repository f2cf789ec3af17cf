"""From the network's scores (logits) to the next character: temperature, top-k, top-p, the draw.

Everything is a pure function of its arguments: the same logits, settings and random numbers
give the same id.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How the next character is chosen from the logits."""

    temperature: float = 0.8  # divides the logits; 0 always takes the likeliest character
    top_k: int | None = None  # keep the k likeliest characters; None keeps all
    top_p: float | None = None  # keep the likeliest ones that together reach p; None keeps all

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
        """Temperature, top_k and top_p for compiled code: 0 keeps all."""
        return self.temperature, self.top_k or 0, self.top_p or 0.0


def random_numbers(random_seed: int, position: int = 0) -> np.random.Generator:
    """The stream of random numbers of a text, from the character at `position` on.

    A character always takes exactly one number, so that a text continued at position n goes on
    as if it had never been interrupted.
    """
    bits = np.random.PCG64(random_seed)
    if position:
        bits.advance(position)
    return np.random.Generator(bits)


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
    with np.errstate(over="ignore"):  # divided by next to nothing: minus infinity is right
        scaled = (logits - logits.max(-1, keepdims=True)) / sampling.temperature
    if sampling.top_k is not None and sampling.top_k < logits.shape[-1]:
        threshold = np.partition(scaled, -sampling.top_k, -1)[..., -sampling.top_k, None]
        scaled = np.where(scaled >= threshold, scaled, -np.inf)
    weights = np.exp(scaled)
    weights /= weights.sum(-1, keepdims=True)
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
    # Scaled by the last entry: rounding may leave the sum a hair away from one.
    goal = np.asarray(uniform)[..., None] * cumulative[..., -1:]
    return (cumulative <= goal).sum(-1)


def next_id(logits: np.ndarray, sampling: Sampling, rng: np.random.Generator) -> int:
    """The id of the next character from logits (vocab,); takes one number from `rng`."""
    return int(draw(probabilities(logits, sampling), rng.random()))
