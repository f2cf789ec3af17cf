"""Waiting for what must happen: an event, with a limit that no machine is too slow for."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 300.0
PATIENCE_MS = 1000 * PATIENCE_S


def wait_until(condition: Callable[[], object], message: str = "") -> None:
    """Return as soon as the condition holds; fail with the message if it never does."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, message or "what was waited for did not happen"
        time.sleep(0.01)
