"""One after the other, for each network address: what takes long keeps no others waiting."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from charlstm.errors import CharLSTMError

PATIENCE_S = 20.0
MOST_WAITING = 4  # of an address, beside the one whose turn it is
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
