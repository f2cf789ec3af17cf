"""Which process trains in a run folder: at most one of this machine."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from charlstm.errors import CharLSTMError
from charlstm.files import replace_file


class RunError(CharLSTMError):
    """The run folder does not allow what was asked."""


class Ownership:
    """Kept in process.json: the owner's process id and the time when it was started."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.path = folder / "process.json"

    def pid(self) -> int | None:
        """The process that trains in this folder now."""
        import psutil

        try:
            owner = json.loads(self.path.read_text())
            process = psutil.Process(owner["pid"])
            # An id may be given to another process later: the start time tells them apart.
            same = abs(process.create_time() - owner["create_time"]) < 2
            return process.pid if same and process.status() != psutil.STATUS_ZOMBIE else None
        except (OSError, ValueError, KeyError, TypeError, psutil.Error):
            return None

    def was_claimed(self) -> bool:
        """Whether a process has begun to train here and has not let go, be it dead by now."""
        return self.path.exists()

    def check_free(self) -> None:
        """Raise RunError if another process than this one trains here."""
        if self.pid() not in (None, os.getpid()):
            raise RunError(f"The training in {self.folder} is running already. Stop it first.")

    def claim(self) -> None:
        """Make this process the owner; RunError if another one trains here."""
        with self.deciding():
            self.check_free()
            self.write(os.getpid())

    def write(self, pid: int) -> None:
        import psutil

        owner = {"pid": pid, "create_time": psutil.Process(pid).create_time()}
        replace_file(self.path, json.dumps(owner).encode())

    def release(self) -> None:
        """The training in this process has ended, though the process may live on."""
        self.path.unlink(missing_ok=True)

    @contextmanager
    def deciding(self) -> Iterator[None]:
        """Hold the folder's lock while deciding who trains; the system frees it if we die."""
        with open(self.folder / "process.lock", "ab") as file:
            if sys.platform == "win32":
                import msvcrt

                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
            else:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX)
            yield
