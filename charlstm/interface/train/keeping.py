"""What a public page keeps of its visitors' trainings, and whose turn it is."""

from __future__ import annotations

import threading
import time
from collections import Counter

from charlstm.errors import CharLSTMError
from charlstm.interface.models import ModelRegistry
from charlstm.interface.server_log import log_training, log_unexpected
from charlstm.runs.run import Run

LOOK_EVERY_S = 1.0
TIDY_EVERY_S = 600.0


class Keeping:
    """Starts the trainings that wait, one after the other, and deletes the old ones.

    On a page of one's own it does neither. Several servers with one home folder may do it together.
    """

    def __init__(self, registry: ModelRegistry):
        self._registry = registry
        self._limits = registry.limits
        if self._limits.is_public:
            threading.Thread(target=self._go_on, daemon=True, name="keeping").start()

    def start_next(self) -> None:
        """Start the training whose turn it is, if none is running."""
        started = self._registry.line.start_next()
        if started is not None:
            log_training(*started)

    def tidy(self) -> None:
        """Delete what is too old, and of what is too much the oldest."""
        if not self._limits.is_public:
            return
        kept: list[Run] = []
        of_owner: Counter[str | None] = Counter()
        now = time.time()
        for run in self._registry.runs.all():  # newest first
            if run.is_alive() or run.paths.waiting.exists():
                continue
            owner = _owner(run)
            of_owner[owner] += 1
            is_old = (
                self._limits.keep_s is not None and now - _last_change(run) > self._limits.keep_s
            )
            is_many = _is_above(of_owner[owner], self._limits.trainings_of_visitor) or _is_above(
                len(kept) + 1, self._limits.trainings
            )
            if is_old or is_many:
                run.remove()
            else:
                kept.append(run)

    def _go_on(self) -> None:
        tidied_s = 0.0
        while True:
            try:
                self.start_next()
                if time.monotonic() - tidied_s > TIDY_EVERY_S:
                    self.tidy()
                    tidied_s = time.monotonic()
            except Exception as error:  # a bug: the others must not wait for ever
                log_unexpected(error)
            time.sleep(LOOK_EVERY_S)


def _is_above(number: float, limit: float | None) -> bool:
    return limit is not None and number > limit


def _owner(run: Run) -> str | None:
    try:
        return run.config.owner
    except CharLSTMError:  # damaged: it belongs to nobody
        return None


def _last_change(run: Run) -> float:
    """When a training's folder was changed last, Unix time; 0 if it is gone."""
    try:
        return max(path.stat().st_mtime for path in [run.folder, *run.folder.iterdir()])
    except OSError:
        return 0.0
