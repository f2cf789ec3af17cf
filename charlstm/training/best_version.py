"""The version of a network with the lowest held-out loss, for when it begins to overfit.

On a small text a network soon overfits: the held-out loss rises while the training goes on, and
the last version writes worse than an earlier one. So the best version is remembered: early
stopping, without stopping, because a curve may well fall again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from charlstm.network.checkpoint import write_tensors
from charlstm.network.training_record import KeptVersion

SMOOTHED = 3  # measurements: each one is of a sample
WORSE_NATS = 0.05  # a larger rise is no longer chance: then the best version is kept


@dataclass(frozen=True, kw_only=True)
class _Best:
    """When the held-out loss was lowest, and how low: a mean of `SMOOTHED` measurements."""

    step: int = 0
    elapsed_s: float = 0.0
    best_nats: float = float("inf")


class BestVersion:
    """Remembers the weights with the lowest held-out loss.

    Args:
        path: where they are kept for a training that goes on later.
    """

    def __init__(self, path: Path):
        self.path = path
        self.windows = 0  # of the held-out text, in each measurement
        self.weights: dict[str, np.ndarray] = {}
        self._best = _Best()
        self._latest: list[float] = []
        self._is_saved = True

    def offer(
        self,
        loss: float,
        *,
        step: int,
        elapsed_s: float,
        weights: Callable[[], dict[str, np.ndarray]],
    ) -> None:
        """Take in a measurement; the weights are copied if it is the best so far.

        Args:
            loss: held-out loss in nats.
            weights: called for the weights if they are needed.
        """
        self._latest = [*self._latest, float(loss)][-SMOOTHED:]
        self._is_saved = False
        mean = float(np.mean(self._latest))
        if len(self._latest) == SMOOTHED and mean < self._best.best_nats:
            self._best = _Best(step=step, elapsed_s=round(elapsed_s, 2), best_nats=mean)
            self.weights = {name: np.array(array) for name, array in weights().items()}

    def kept(self) -> KeptVersion | None:
        """What to keep instead of the last version; None: the last one is good enough."""
        if not self.weights:
            return None
        last = float(np.mean(self._latest))
        if last - self._best.best_nats <= WORSE_NATS:
            return None
        return KeptVersion(**vars(self._best), last_nats=last)

    def save(self) -> None:
        if self.weights and not self._is_saved:
            record = {"best": vars(self._best), "latest": self._latest, "windows": self.windows}
            write_tensors(self.weights, {"story": json.dumps(record)}, self.path)
            self._is_saved = True

    def load(self, windows: int | None = None) -> None:
        """Go on with what was saved; a damaged file counts as none.

        Args:
            windows: how many windows the next measurements use. Measurements of another number
                cannot be compared with them, and are forgotten. None: any number.
        """
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self.path, framework="numpy") as file:
                record = json.loads(file.metadata()["story"])
                best = _Best(**record["best"])
                latest, measured = list(record["latest"]), record["windows"]
                weights = {name: file.get_tensor(name) for name in file.keys()}
        except (SafetensorError, OSError, KeyError, TypeError, ValueError):
            return
        self.windows = measured if windows is None else windows
        if measured == self.windows:
            self.weights, self._latest, self._best = weights, latest, best
