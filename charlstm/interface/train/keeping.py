"""What a public page keeps of its visitors' trainings and models, and whose turn it is."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from charlstm.errors import CharLSTMError
from charlstm.interface.models import ModelRegistry
from charlstm.interface.server_log import log_training, log_unexpected
from charlstm.runs.added_models import AddedModel
from charlstm.runs.run import Run

LOOK_EVERY_S = 1.0
TIDY_EVERY_S = 600.0


@dataclass(frozen=True)
class _Age:
    """How old a training or a model was when it was looked at.

    Attributes:
        changed_s: when it was changed last, Unix time.
        before_s: seconds since then.
        at_s: when that was found, by a clock that nobody sets.
    """

    changed_s: float
    before_s: float
    at_s: float


class Keeping:
    """Starts the trainings that wait, one after the other, and deletes the old ones.

    On a page of one's own it does neither. Several servers with one home folder may do it together.
    """

    def __init__(self, registry: ModelRegistry):
        self._registry = registry
        self._limits = registry.limits
        self._ages: dict[str, _Age] = {}
        self._tidying, self._joining = threading.Lock(), threading.Lock()
        registry.on_added = self.tidy
        registry.deleted.clear()
        if self._limits.is_public:
            threading.Thread(target=self._go_on, daemon=True, name="keeping").start()

    def start_next(self) -> None:
        """Start the training whose turn it is, if none is running."""
        started = self._registry.line.start_next()
        if started is not None:
            log_training(*started)

    def let_wait(self, run: Run, address: str) -> None:
        """Let a training wait for its turn, which may be now.

        Args:
            address: the network address from which it was asked for.

        Raises:
            CharLSTMError: too many wait.
        """
        with self._joining:
            self.check_room(_owner(run), address)
            self._registry.came_from[run.name] = address
            self._registry.line.join(run)
        self.start_next()

    def check_room(self, owner: str | None, address: str) -> None:
        """
        Raises:
            CharLSTMError: too many wait.
        """
        limits, waiting = self._limits, self._registry.line.waiting()
        own = sum(_owner(one) == owner for one in waiting)
        if own >= limits.waiting_of_visitor:
            raise CharLSTMError(
                f"{own} of your trainings are waiting for their turn: let one of them finish, or "
                "take it out of the line."
            )
        came_from = self._registry.came_from
        near = sum(came_from.get(one.name) == address for one in waiting)
        if len(waiting) >= limits.waiting or near >= limits.waiting_of_address:
            raise CharLSTMError(
                f"The line is full ({len(waiting)} trainings are waiting): try again later."
            )

    def tidy(self) -> None:
        """Delete what is too old, and of what is too much the oldest."""
        if not self._limits.is_public:
            return
        limits, registry = self._limits, self._registry
        with self._tidying:
            self._remove_old(registry.runs.all(), limits.trainings_of_visitor, limits.trainings)
            self._remove_old(registry.added.all(), limits.models_of_visitor, limits.models)
            registry.deleted.clear()

    def _remove_old(
        self, newest_first: Sequence[Run | AddedModel], of_visitor: int | None, in_all: int | None
    ) -> None:
        """Remove what is too old, and of what is too much for a visitor the oldest.

        Of what is too much in all, the oldest of those that came from the same network address as
        most others: so nobody drives out what others keep.
        """
        kept: list[Run | AddedModel] = []
        of_owner: Counter[str | None] = Counter()
        for one in newest_first:
            age_s = self._age_s(one)
            if isinstance(one, Run) and (one.is_alive() or one.paths.waiting.exists()):
                continue
            owner = _owner(one)
            of_owner[owner] += 1
            is_old = self._limits.keep_s is not None and age_s > self._limits.keep_s
            if is_old or _is_above(of_owner[owner], of_visitor):
                self._remove(one)
            else:
                kept.append(one)
        came_from = self._registry.came_from
        of_address = Counter(came_from.get(one.name, "") for one in kept)
        while _is_above(len(kept), in_all):
            most = max(of_address.values())
            oldest = next(
                one for one in reversed(kept) if of_address[came_from.get(one.name, "")] == most
            )
            kept.remove(oldest)
            of_address[came_from.get(oldest.name, "")] -= 1
            self._remove(oldest)

    def _remove(self, one: Run | AddedModel) -> None:
        one.remove()
        self._ages.pop(one.name, None)
        self._registry.came_from.pop(one.name, None)

    def _age_s(self, kept: Run | AddedModel) -> float:
        """Seconds since a training or a model was changed last.

        By the clock only where this server has not seen it change: the clock may be set meanwhile,
        and nothing must seem a day old that ended a minute ago.
        """
        changed_s, seen = _last_change(kept.folder), self._ages.get(kept.name)
        if seen is None or seen.changed_s != changed_s:
            before_s = max(0.0, time.time() - changed_s) if seen is None else 0.0
            seen = self._ages[kept.name] = _Age(changed_s, before_s, time.monotonic())
        return seen.before_s + time.monotonic() - seen.at_s

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
