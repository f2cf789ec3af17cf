"""The training of a network on a CPU, step by step, without a framework: `LanePass` and AdamW.

Source: decoupled weight decay (AdamW), Loshchilov and Hutter 2019, arXiv:1711.05101.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from charlstm.network.lane_kernel import adamw, sum_of_squares
from charlstm.network.lane_pass import LanePass, Masks, Outcome, Window


@dataclass(frozen=True, kw_only=True)
class AdamW:
    """Settings of the optimizer.

    Attributes:
        beta_1, beta_2: what is kept of the moving means of gradients and of their squares.
        epsilon: added where it is divided by the root of the latter.
        decay: share of the learning rate by which each weight shrinks at each step.
        clip_norm: the largest global norm of the gradients; None for any.
    """

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7
    decay: float = 0.0
    clip_norm: float | None = None


@dataclass(kw_only=True)
class LaneTraining:
    """A network in training. All arrays are its own, and change with each step.

    Attributes:
        matrices: the weights, see `lane_pass.matrices_of`.
        means, variances: the moving means of their gradients, and of the squares of these.
        states: see `lane_pass.Outcome`.
        steps: how many there have been.
    """

    lane_pass: LanePass
    optimizer: AdamW
    matrices: list[np.ndarray]
    means: list[np.ndarray]
    variances: list[np.ndarray]
    states: list[np.ndarray]
    steps: int = 0

    def step(self, window: Window, masks: Masks, learning_rate: float) -> Outcome:
        """Read a window, and learn from it."""
        found = self.lane_pass(self.matrices, self.states, window, masks)
        self.states = found.states
        self.steps += 1
        self._apply(found.gradients, learning_rate)
        return found

    def _apply(self, gradients: Sequence[np.ndarray], learning_rate: float) -> None:
        settings = self.optimizer
        factor = 1.0
        if settings.clip_norm is not None:
            norm = math.sqrt(sum(sum_of_squares(each.reshape(-1)) for each in gradients))
            factor = settings.clip_norm / max(norm, settings.clip_norm)
        seen_1, seen_2 = (1 - beta**self.steps for beta in (settings.beta_1, settings.beta_2))
        arrays = zip(self.matrices, gradients, self.means, self.variances, strict=True)
        for each in arrays:
            adamw(
                *(array.reshape(-1) for array in each),
                np.float32(factor),
                np.float32(learning_rate * math.sqrt(seen_2) / seen_1),
                np.float32(1 - settings.decay * learning_rate),
                (np.float32(settings.beta_1), np.float32(settings.beta_2)),
                np.float32(settings.epsilon),
            )
