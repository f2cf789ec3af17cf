"""The events.jsonl of a run folder: one process appends to it while others read it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from charlstm.files import parse_json, reason_of
from charlstm.runs.events import Event, event_from_json
from charlstm.runs.ownership import RunError

PART_BYTES = 1_000_000  # read at once: the log of a week has 60 MB
MAX_LINE_BYTES = 1_000_000  # an event has some hundred; a text of the network's 1,200 at most


@dataclass(frozen=True, kw_only=True)
class LogPosition:
    """How far a log has been read.

    Attributes:
        file: identifies the file; None before there was one.
        read_bytes: from its start.
    """

    file: int | None = None
    read_bytes: int = 0


START = LogPosition()


@dataclass(frozen=True, kw_only=True)
class LogPart:
    """Consecutive events of a log.

    Attributes:
        events: oldest first.
        begins_anew: whether these are the first events of the log: those read earlier, if any, were
            of another file.
        end: where the next part begins.
    """

    events: list[Event]
    begins_anew: bool
    end: LogPosition


class EventLog:
    """The events of a training, one JSON object per line."""

    def __init__(self, path: Path):
        self.path = path

    def read(self) -> list[Event]:
        """All events so far, oldest first.

        Raises:
            RunError: an event is damaged, or was written by another version.
        """
        return [event for part in self.parts_after(START) for event in part.events]

    def parts_after(self, position: LogPosition) -> Iterator[LogPart]:
        """What has been added since a position; only that is parsed.

        Raises:
            RunError: an event is damaged, or was written by another version. The parts before it
                have been yielded. Or there is something else in place of the file.
        """
        try:
            file = open(self.path, "rb")
        except FileNotFoundError:
            if position != START:
                yield LogPart(events=[], begins_anew=True, end=START)
            return
        except OSError as error:
            raise RunError(f"{self.path} cannot be read: {reason_of(error)}.") from error
        with file:
            state = os.fstat(file.fileno())
            begins_anew = state.st_ino != position.file or state.st_size < position.read_bytes
            if begins_anew:
                position = LogPosition(file=state.st_ino)
            file.seek(position.read_bytes)
            is_more = True
            while is_more:
                lines = self._lines(file)
                is_more = bool(lines) and lines[-1].endswith(b"\n")
                if lines and not is_more:
                    lines.pop()  # still being written
                position = replace(position, read_bytes=position.read_bytes + sum(map(len, lines)))
                events = [event for line in lines for event in _parse(line)]
                if lines or begins_anew:
                    yield LogPart(events=events, begins_anew=begins_anew, end=position)
                begins_anew = False

    def _lines(self, file: BinaryIO) -> list[bytes]:
        """The next lines, of `PART_BYTES` or a little more; the last one may not be whole."""
        lines, num_bytes = [], 0
        while num_bytes < PART_BYTES and (line := file.readline(MAX_LINE_BYTES)):
            if len(line) == MAX_LINE_BYTES and not line.endswith(b"\n"):
                raise RunError(f"{self.path} is damaged: a line in it is too long for an event.")
            lines.append(line)
            num_bytes += len(line)
        return lines

    def append(self, event: Event) -> None:
        """Add an event. Only one process at a time may call this."""
        with open(self.path, "a+b") as file:
            if file.tell() and not _ends_with_newline(file):
                file.write(b"\n")
            file.write(json.dumps(event.to_json(), ensure_ascii=False).encode() + b"\n")


def _parse(line: bytes) -> list[Event]:
    """The event on a line, in a list; empty if the line holds none."""
    try:
        record = parse_json(line)
    except ValueError:
        return []  # cut short by a killed process; the next process ended the line
    event = event_from_json(record)
    return [] if event is None else [event]


def _ends_with_newline(file: BinaryIO) -> bool:
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"
