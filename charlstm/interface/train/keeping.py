"""What a public page keeps of its visitors' trainings and models, and whose turn it is."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from charlstm.errors import CharLSTMError
from charlstm.interface.models import ModelRegistry
from charlstm.interface.server_log import log_training, log_unexpected
from charlstm.runs.added_models import AddedModel
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
        registry.deleted.clear()
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
        ended = [
            run
            for run in self._registry.runs.all()
            if not (run.is_alive() or run.paths.waiting.exists())
        ]
        limits, registry = self._limits, self._registry
        self._remove_old(ended, limits.trainings_of_visitor, limits.trainings)
        self._remove_old(registry.added.all(), limits.models_of_visitor, limits.models)
        registry.deleted.clear()

    def _remove_old(
        self, newest_first: Sequence[Run | AddedModel], of_visitor: int | None, in_all: int | None
    ) -> None:
        """Remove what is too old, and of what is too much for a visitor or in all the oldest."""
        kept = 0
        of_owner: Counter[str | None] = Counter()
        now = time.time()
        for one in newest_first:
            owner = _owner(one)
            of_owner[owner] += 1
            keep_s = self._limits.keep_s
            is_old = keep_s is not None and now - _last_change(one.folder) > keep_s
            if is_old or _is_above(of_owner[owner], of_visitor) or _is_above(kept + 1, in_all):
                one.remove()
            else:
                kept += 1

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


def _owner(kept: Run | AddedModel) -> str | None:
    try:
        return kept.owner
    except CharLSTMError:  # damaged: it belongs to nobody
        return None


def _last_change(folder: Path) -> float:
    """When a folder was changed last, Unix time; 0 if it is gone."""
    try:
        return max(path.stat().st_mtime for path in [folder, *folder.iterdir()])
    except OSError:
        return 0.0
