"""The events.jsonl of a run folder: a process appends to it while others read."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path


class EventLog:
    """What happened in a training, a JSON object a line."""

    def __init__(self, path: Path):
        self.path = path
        self._events: list[dict] = []
        self._read_bytes = 0
        self._reading = threading.Lock()  # many visitors look at one training

    def read(self) -> list[dict]:
        """All events so far, oldest first. Reads only what was added since the last call."""
        with self._reading:
            try:
                with open(self.path, "rb") as file:
                    if file.seek(0, os.SEEK_END) < self._read_bytes:
                        self._events, self._read_bytes = [], 0
                    file.seek(self._read_bytes)
                    data = file.read()
            except FileNotFoundError:
                return []
            whole = data[: data.rfind(b"\n") + 1]  # a line without its end is still being written
            self._read_bytes += len(whole)
            for line in whole.splitlines():
                try:
                    event = json.loads(line)
                except ValueError:
                    continue  # half a line that a killed process left, closed by the next one
                if isinstance(event, dict) and "event" in event:
                    self._events.append(event)
            return list(self._events)

    def append(self, event: dict) -> dict:
        """Only one process may do so at a time."""
        with open(self.path, "a+b") as file:
            if file.tell() and not _ends_with_newline(file):
                file.write(b"\n")
            file.write(json.dumps(event, ensure_ascii=False).encode() + b"\n")
        return event


def _ends_with_newline(file) -> bool:
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"
