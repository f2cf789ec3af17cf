"""One after the other, fairly among network addresses: who asks often keeps no others waiting."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from charlstm.errors import CharLSTMError

PATIENCE_S = 20.0
# Of an address, beside the one whose turn it is: a room may share one, and open its texts at the
# same moment. Each holds one of the server's threads.
MOST_WAITING = 39
REMEMBERED = 1000  # addresses that had a turn
BUSY = "Other texts from your network are being read at this moment: try again when they have been."


@dataclass
class _Line:
    """Those of one address: who has the lock has the turn."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    number: int = 0


class Turns:
    """Lets one in at a time for each address. Safe to use from threads."""

    def __init__(self):
        self._lines: dict[str, _Line] = {}
        self._changing = threading.Lock()

    @contextmanager
    def hold(self, address: str) -> Iterator[None]:
        """Wait for the turn, and hold it.

        Raises:
            CharLSTMError: it does not come, or too many wait.
        """
        with self._changing:
            line = self._lines.setdefault(address, _Line())
            if line.number > MOST_WAITING:
                raise CharLSTMError(BUSY)
            line.number += 1
        try:
            if not line.lock.acquire(timeout=PATIENCE_S):
                raise CharLSTMError(BUSY)
            try:
                yield
            finally:
                line.lock.release()
        finally:
            with self._changing:
                line.number -= 1
                if not line.number:
                    self._lines.pop(address, None)


class SharedTurn:
    """Lets one caller in at a time; the address whose last turn was longest ago goes next.

    Safe to use from threads.

    Args:
        patience_s: how long anybody waits, in seconds.
        waiting_of_address, waiting: that may wait, for one address and in all. Each holds a thread.
        busy: what the others are told.
    """

    def __init__(self, patience_s: float, waiting_of_address: int, waiting: int, busy: str):
        self._patience_s = patience_s
        self._waiting_of_address = waiting_of_address
        self._most_waiting = waiting
        self._busy = busy
        self._changed = threading.Condition()
        self._is_taken = False
        self._waiting: list[_Waiting] = []  # in the order in which they came
        self._had: OrderedDict[str, None] = OrderedDict()  # addresses, the latest turn last

    @contextmanager
    def hold(self, address: str) -> Iterator[None]:
        """Wait for the turn, and hold it.

        Raises:
            CharLSTMError: it does not come, or too many wait.
        """
        self._wait(_Waiting(address))
        try:
            yield
        finally:
            with self._changed:
                self._is_taken = False
                self._changed.notify_all()

    def _wait(self, mine: _Waiting) -> None:
        with self._changed:
            of_address = sum(one.address == mine.address for one in self._waiting)
            if of_address >= self._waiting_of_address or len(self._waiting) >= self._most_waiting:
                raise CharLSTMError(self._busy)
            self._waiting.append(mine)
            try:
                if not self._changed.wait_for(lambda: self._is_turn_of(mine), self._patience_s):
                    raise CharLSTMError(self._busy)
                self._is_taken = True
                self._had[mine.address] = None
                self._had.move_to_end(mine.address)
                if len(self._had) > REMEMBERED:
                    self._had.popitem(last=False)
            finally:
                self._waiting.remove(mine)

    def _is_turn_of(self, mine: _Waiting) -> bool:
        if self._is_taken:
            return False
        places = {address: place for place, address in enumerate(self._had)}
        return mine is min(self._waiting, key=lambda one: places.get(one.address, -1))


@dataclass(frozen=True, eq=False)
class _Waiting:
    """One who waits; no two are equal."""

    address: str
