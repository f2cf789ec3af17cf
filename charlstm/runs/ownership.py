"""Who trains in a run folder: at most one process of this machine."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from charlstm.errors import CharLSTMError
from charlstm.files import replace_file


class RunError(CharLSTMError):
    """The run folder does not allow what was asked."""


class Ownership:
    """Kept in process.json: the process's number and its time of birth."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.path = folder / "process.json"

    def pid(self) -> int | None:
        """The process that trains in this folder now."""
        import psutil

        try:
            owner = json.loads(self.path.read_text())
            process = psutil.Process(owner["pid"])
            # A number may be given to another process later: the time of birth tells them apart.
            same = abs(process.create_time() - owner["create_time"]) < 2
            return process.pid if same and process.status() != psutil.STATUS_ZOMBIE else None
        except (OSError, ValueError, KeyError, TypeError, psutil.Error):
            return None

    def check_free(self) -> None:
        """Raise RunError if another process than this one trains here."""
        if self.pid() not in (None, os.getpid()):
            raise RunError(f"The training in {self.folder} is running already. Stop it first.")

    def write(self, pid: int) -> None:
        import psutil

        owner = {"pid": pid, "create_time": psutil.Process(pid).create_time()}
        replace_file(self.path, json.dumps(owner).encode())

    def release(self) -> None:
        self.path.unlink(missing_ok=True)

    @contextmanager
    def deciding(self) -> Iterator[None]:
        """One process at a time decides who trains; the system lets go if it dies meanwhile."""
        with open(self.folder / "process.lock", "ab") as file:
            if os.name == "nt":
                import msvcrt

                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
            else:
                import fcntl

                fcntl.flock(file, fcntl.LOCK_EX)
            yield
