"""Keeps the version of a network with the lowest held-out loss, in case it overfits later.

On a small text the held-out loss soon rises again, and the last version writes worse than an
earlier one. This is early stopping without the stop: the training continues, because the held-out
loss may fall again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from charlstm.files import parse_json
from charlstm.network.checkpoint import write_tensors
from charlstm.network.training_record import KeptVersion

SMOOTHED = 3  # measurements to average: each one uses only a sample
WORSE_NATS = 0.05  # a larger rise is not noise: then the best version is kept


@dataclass(frozen=True, kw_only=True)
class _Best:
    """The minimum of the held-out loss (a mean of `SMOOTHED` measurements), and its time."""

    step: int = 0
    elapsed_s: float = 0.0
    best_nats: float = float("inf")


class BestVersion:
    """Holds a copy of the weights with the lowest held-out loss.

    Args:
        path: file in which they are stored for a training that is resumed.
    """

    def __init__(self, path: Path):
        self.path = path
        self.windows = 0  # number of held-out windows in each measurement
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
        """Add a measurement; if the smoothed loss is the lowest so far, copy the weights.

        Args:
            loss: held-out loss in nats.
            weights: returns the weights by name; called only if they are to be copied.
        """
        self._latest = [*self._latest, float(loss)][-SMOOTHED:]
        self._is_saved = False
        mean = float(np.mean(self._latest))
        if len(self._latest) == SMOOTHED and mean < self._best.best_nats:
            self._best = _Best(step=step, elapsed_s=round(elapsed_s, 2), best_nats=mean)
            self.weights = {name: np.array(array) for name, array in weights().items()}

    def kept(self) -> KeptVersion | None:
        """The version to keep instead of the last one; None if the last one is good enough."""
        if not self.weights:
            return None
        last = float(np.mean(self._latest))
        if last - self._best.best_nats <= WORSE_NATS:
            return None
        return KeptVersion(**vars(self._best), last_nats=last)

    def save(self) -> None:
        """Write the best version to its file, if it has changed."""
        if self.weights and not self._is_saved:
            record = {"best": vars(self._best), "latest": self._latest, "windows": self.windows}
            write_tensors(self.weights, {"story": json.dumps(record)}, self.path)
            self._is_saved = True

    def load(self, windows: int | None = None) -> None:
        """Restore what was saved; a damaged file is treated as missing.

        Args:
            windows: number of windows that later measurements will use. Measurements with another
                number are not comparable, and are dropped. None accepts any number.
        """
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self.path, framework="numpy") as file:
                record = parse_json(file.metadata()["story"])
                best = _Best(**record["best"])
                latest, measured = list(record["latest"]), record["windows"]
                weights = {name: file.get_tensor(name) for name in file.keys()}
        except (SafetensorError, OSError, KeyError, TypeError, ValueError):
            return
        self.windows = measured if windows is None else windows
        if measured == self.windows:
            self.weights, self._latest, self._best = weights, latest, best
