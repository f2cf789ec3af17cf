"""The events.jsonl of a run folder: one process appends to it while others read it."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import BinaryIO

from charlstm.runs.events import Event, event_from_json


class EventLog:
    """The events of a training, one JSON object per line; safe to read from several threads."""

    def __init__(self, path: Path):
        self.path = path
        self._events: list[Event] = []
        self._read_bytes = 0
        self._reading = threading.Lock()  # many visitors may look at the same training

    def read(self) -> list[Event]:
        """All events so far, oldest first. Parses only the lines added since the last call.

        Raises:
            RunError: an event is damaged, or was written by another version.
        """
        with self._reading:
            try:
                with open(self.path, "rb") as file:
                    if file.seek(0, os.SEEK_END) < self._read_bytes:
                        self._events, self._read_bytes = [], 0
                    file.seek(self._read_bytes)
                    data = file.read()
            except FileNotFoundError:
                return []
            whole = data[: data.rfind(b"\n") + 1]  # an unterminated line is still being written
            self._events += [event for line in whole.splitlines() for event in _parse(line)]
            self._read_bytes += len(whole)
            return list(self._events)

    def append(self, event: Event) -> None:
        """Add an event. Only one process at a time may call this."""
        with open(self.path, "a+b") as file:
            if file.tell() and not _ends_with_newline(file):
                file.write(b"\n")
            file.write(json.dumps(event.to_json(), ensure_ascii=False).encode() + b"\n")


def _parse(line: bytes) -> list[Event]:
    """The event on a line, in a list; empty if the line holds none."""
    try:
        record = json.loads(line)
    except ValueError:
        return []  # cut short by a killed process; the next process ended the line
    event = event_from_json(record)
    return [] if event is None else [event]


def _ends_with_newline(file: BinaryIO) -> bool:
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"
