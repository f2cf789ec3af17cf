"""Files that several processes use: nobody ever reads half of one, and one waits for another."""

from __future__ import annotations

import errno
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from charlstm.errors import CharLSTMError

_IS_WINDOWS = sys.platform == "win32"
# A reader of this package holds a file open for some milliseconds, a virus scanner for longer.
PATIENCE_S = 1.0
PAUSE_S = 0.02
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # EFBIG: above the size that is allowed


def replace_file(path: Path, content: bytes) -> None:
    """Put a file with this content at `path`, atomically, whether or not there is one already.

    Other processes see the old file or the new one, never a part, even if this process is killed or
    the power fails. The content is first written beside it, to `NAME.PROCESS-THREAD.part`; that
    file is removed if anything goes wrong, and remains only if the process is killed.

    Raises:
        OSError: it could not be written. The old file is as it was.
    """
    # Named after its writer: two that write the same file at once must not share it.
    writer = f"{os.getpid()}-{threading.get_ident()}"
    unfinished = path.with_name(f"{path.name}.{writer}.part")
    try:
        with open(unfinished, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # else the new name may reach the disk before the content
        move_file(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def move_file(source: Path, target: Path) -> None:
    """Give a file another name, atomically; a file that has this name already is replaced."""
    _once_it_is_closed(lambda: os.replace(source, target))


def remove_file(path: Path) -> None:
    """Remove a file, if there is one."""
    _once_it_is_closed(lambda: path.unlink(missing_ok=True))


def _once_it_is_closed(change: Callable[[], None]) -> None:
    """Make a change to a file that others may be reading.

    Windows refuses it while another process has the file open, so there it is tried for a while.
    """
    until_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            change()
            return
        except PermissionError:
            if not _IS_WINDOWS or time.monotonic() >= until_s:
                raise
            time.sleep(PAUSE_S)


def reason_of(error: OSError) -> str:
    """Why the system refused, in a few words to be put in brackets."""
    if error.errno in FULL:
        return "the disk is full"
    return (error.strerror or str(error) or type(error).__name__).lower()


@contextmanager
def errors_in_words() -> Iterator[None]:
    """Let whoever asked for the block read why the file system refused it.

    Raises:
        CharLSTMError: in place of an OSError, with what to do about it.
    """
    try:
        yield
    except OSError as error:
        raise CharLSTMError(refusal_in_words(error)) from error


def refusal_in_words(error: OSError) -> str:
    """A sentence on what the file system refused, and what to do about it."""
    if error.errno in FULL:
        return "The disk is full: free some space, and try again."
    name = error.filename2 or error.filename  # of the two of a renaming the one that is asked for
    subject = f"{name} cannot be used" if name else "The system refused a file"
    advice = "mend that, or set CHARLSTM_HOME to another folder"
    if isinstance(error, FileNotFoundError):
        advice = "it was deleted or moved, so begin anew"
    return f"{subject} ({reason_of(error)}): {advice}."


def parse_json(content: str | bytes) -> Any:
    """Parse what a file or a stranger says is JSON.

    Raises:
        ValueError: it is not, or is nested more deeply than can be followed.
    """
    try:
        return json.loads(content)
    except RecursionError as error:
        raise ValueError("too many lists or objects within each other") from error


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock, for which others wait; the system frees it if this process dies.

    Args:
        path: of a file that is only for the lock.

    Raises:
        OSError: the file cannot be written, or there are no locks on its file system.
    """
    with open(path, "ab") as file:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            while True:
                try:
                    msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
                    break
                except OSError as error:
                    if error.errno != errno.EDEADLK:  # what it says after ten seconds of waiting
                        raise
            try:
                yield
            finally:
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
            yield
