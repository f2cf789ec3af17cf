"""Ensures that at most one training runs at a time, in a run folder and in a home folder."""

from __future__ import annotations

import json
import os
import sys
from contextlib import AbstractContextManager
from pathlib import Path

from charlstm.errors import CharLSTMError
from charlstm.files import errors_in_words, locked, parse_json, remove_file, replace_file
from charlstm.home import home, make_folder

TAKEN = "Another training is running. Stop it, or wait for it to finish."


class RunError(CharLSTMError):
    """The state of the run folder does not allow the operation."""


class Ownership:
    """The process that trains in a folder: its id and start time, stored in a file.

    Args:
        name: of the file, and of the lock beside it.
        taken: what to say to another process that wants to train here.
    """

    def __init__(self, folder: Path, name: str = "process", taken: str = ""):
        self.path = folder / f"{name}.json"
        self._lock = folder / f"{name}.lock"
        self._taken = taken or f"The training in {folder} is running already. Stop it first."

    def pid(self) -> int | None:
        """Id of the process that is training in this folder; None if there is none."""
        import psutil

        try:
            owner = parse_json(self.path.read_bytes())
            process = psutil.Process(owner["pid"])
            # The system reuses process ids: the start time identifies the process.
            begun = _begun(owner["pid"])
            clock = "after_boot_s" if "after_boot_s" in owner else "create_time"
            same = abs(begun[clock] - owner[clock]) < 2
            return process.pid if same and process.status() != psutil.STATUS_ZOMBIE else None
        except (OSError, ValueError, KeyError, TypeError, psutil.Error):
            return None

    def was_claimed(self) -> bool:
        """Whether a process claimed the folder and did not release it, even if it died since."""
        return self.path.exists()

    def check_free(self) -> None:
        """Raise RunError if a process other than this one is training here."""
        if self.pid() not in (None, os.getpid()):
            raise RunError(self._taken)

    @errors_in_words()
    def claim(self) -> None:
        """Make this process the owner.

        Raises:
            RunError: another process is training here.
            CharLSTMError: nothing can be written here.
        """
        with self.deciding():
            self.check_free()
            self.write(os.getpid())

    def write(self, pid: int) -> None:
        """Record a process as the owner; the caller must hold `deciding`."""
        replace_file(self.path, json.dumps({"pid": pid, **_begun(pid)}).encode())

    def release(self) -> None:
        """Give the folder up at the end of a training, even if this process goes on."""
        remove_file(self.path)

    def deciding(self) -> AbstractContextManager[None]:
        """Hold the folder's lock while the owner is chosen."""
        return locked(self._lock)


def _begun(pid: int) -> dict[str, float]:
    """When a process began: Unix time, and on Linux the seconds after the boot.

    Linux records it relative to the boot. The Unix time that is derived from that shifts when the
    clock is set, and a running training would seem to have died.
    """
    import psutil

    boot_time = psutil.boot_time()
    create_time = psutil.Process(pid).create_time()
    begun = {"create_time": create_time}
    if sys.platform == "linux":
        begun["after_boot_s"] = round(create_time - boot_time, 2)
    return begun


def training_place() -> Ownership:
    """The one place for a training among all that share a home folder.

    Whoever starts a training (a page, each of several servers, the command line) decides here.

    Raises:
        CharLSTMError: the home folder cannot be written to.
    """
    return Ownership(make_folder(home()), "training", TAKEN)


def check_place_is_free() -> None:
    """Check that no training runs, without creating anything.

    Raises:
        RunError: another process is training.
    """
    Ownership(home(), "training", TAKEN).check_free()
