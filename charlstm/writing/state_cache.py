"""Remembers what networks know after texts, so that a text that goes on need not be read again."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from charlstm.network.checkpoint import Checkpoint

Value = TypeVar("Value")


class StateCache(Generic[Value]):
    """A bounded map from a checkpoint and a text to a value, such as the recurrent state after it.

    A text is given by the text itself or by a digest of it; a cache uses one or the other. All
    methods may be called from any thread.

    Checkpoints are referenced weakly: a model that is saved anew every few seconds must not pile
    up. A later checkpoint may be given the memory address, and so the hash, of one that is gone,
    but it never gets that one's values: a dead reference equals no other.

    Args:
        capacity: how many entries are kept; the one that was stored longest ago goes first.
    """

    def __init__(self, capacity: int):
        self._capacity = capacity
        self._values: OrderedDict[tuple[weakref.ref[Checkpoint], Hashable], Value] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._values)

    def get(self, checkpoint: Checkpoint, key: Hashable) -> Value | None:
        with self._lock:
            return self._values.get((weakref.ref(checkpoint), key))

    def put(self, checkpoint: Checkpoint, key: Hashable, value: Value) -> None:
        entry = weakref.ref(checkpoint), key
        with self._lock:
            self._values[entry] = value
            self._values.move_to_end(entry)
            while len(self._values) > self._capacity:
                self._values.popitem(last=False)

    def longest_prefix(
        self, checkpoint: Checkpoint, text: str, max_missing: int
    ) -> tuple[int, Value | None]:
        """The length of the longest remembered beginning of a text, and its value.

        For a cache whose keys are texts.

        Args:
            max_missing: how many characters may follow that beginning.

        Returns:
            (0, None) if no such beginning is remembered.
        """
        for length in range(len(text), max(0, len(text) - max_missing) - 1, -1):
            value = self.get(checkpoint, text[:length])
            if value is not None:
                return length, value
        return 0, None
