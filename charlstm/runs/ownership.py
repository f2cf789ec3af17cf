"""Ensures that at most one process of this machine trains in a run folder."""

from __future__ import annotations

import json
import os
from contextlib import AbstractContextManager
from pathlib import Path

from charlstm.errors import CharLSTMError
from charlstm.files import locked, remove_file, replace_file


class RunError(CharLSTMError):
    """The state of the run folder does not allow the operation."""


class Ownership:
    """The process that trains in a folder: its id and start time, stored in process.json."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.path = folder / "process.json"

    def pid(self) -> int | None:
        """Id of the process that is training in this folder; None if there is none."""
        import psutil

        try:
            owner = json.loads(self.path.read_text())
            process = psutil.Process(owner["pid"])
            # The system reuses process ids: the start time identifies the process.
            same = abs(process.create_time() - owner["create_time"]) < 2
            return process.pid if same and process.status() != psutil.STATUS_ZOMBIE else None
        except (OSError, ValueError, KeyError, TypeError, psutil.Error):
            return None

    def was_claimed(self) -> bool:
        """Whether a process claimed the folder and did not release it, even if it died since."""
        return self.path.exists()

    def check_free(self) -> None:
        """Raise RunError if a process other than this one is training here."""
        if self.pid() not in (None, os.getpid()):
            raise RunError(f"The training in {self.folder} is running already. Stop it first.")

    def claim(self) -> None:
        """Make this process the owner.

        Raises:
            RunError: another process is training here.
        """
        with self.deciding():
            self.check_free()
            self.write(os.getpid())

    def write(self, pid: int) -> None:
        """Record a process as the owner; the caller must hold `deciding`."""
        import psutil

        owner = {"pid": pid, "create_time": psutil.Process(pid).create_time()}
        replace_file(self.path, json.dumps(owner).encode())

    def release(self) -> None:
        """Give the folder up at the end of a training, even if this process goes on."""
        remove_file(self.path)

    def deciding(self) -> AbstractContextManager[None]:
        """Hold the folder's lock while the owner is chosen."""
        return locked(self.folder / "process.lock")
