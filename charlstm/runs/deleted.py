"""What was deleted and can still be brought back: its folder is set aside for a while."""

from __future__ import annotations

import errno
import os
import shutil
import time
from pathlib import Path

from charlstm.errors import CharLSTMError
from charlstm.files import reason_of
from charlstm.home import make_folder


class Deleted:
    """
    Args:
        folder: where deleted folders are set aside.
        keep_s: for how long.
        at_most: how many; None for any number.
    """

    def __init__(self, folder: Path, *, keep_s: float, at_most: int | None = None):
        self.folder = folder
        self._keep_s = keep_s
        self._at_most = at_most

    def put(self, folder: Path) -> None:
        """Set a folder aside.

        Raises:
            CharLSTMError: it could not be moved.
        """
        aside = make_folder(self.folder / folder.parent.name) / folder.name
        try:
            shutil.rmtree(aside, ignore_errors=True)  # of an earlier one of this name
            os.rename(folder, aside)
            os.utime(aside)  # when it was deleted
        except OSError as error:
            raise CharLSTMError(
                f"{folder.name} could not be deleted ({reason_of(error)}): try again when nothing "
                "uses it."
            ) from error
        self.clear()

    def all(self) -> list[Path]:
        """What can be brought back, what was deleted last first."""
        found = []
        for path in self.folder.glob("*/*"):
            try:
                found.append((path.stat().st_mtime_ns, path.name, path))
            except OSError:  # brought back meanwhile
                continue
        return [path for _, _, path in sorted(found, reverse=True)]

    def has(self, name: str | None) -> bool:
        """Whether what has this name was deleted, and can be brought back."""
        return any(path.name == name for path in self.all())

    def bring_back(self, aside: Path) -> Path:
        """Put a folder of `all` back to where it was, and return it.

        Raises:
            CharLSTMError: it is gone, or its place is taken.
        """
        place = make_folder(self.folder.parent / aside.parent.name) / aside.name
        try:
            if place.exists():
                raise FileExistsError(errno.EEXIST, "its place is taken")
            os.rename(aside, place)
        except OSError as error:
            raise CharLSTMError(
                f"{aside.name} could not be brought back ({reason_of(error)})."
            ) from error
        return place

    def clear(self) -> None:
        """Remove for good what was deleted long ago, and of what is too much the oldest."""
        until = time.time() - self._keep_s
        for number, path in enumerate(self.all(), 1):
            try:
                is_old = path.stat().st_mtime < until
            except OSError:
                continue
            if is_old or (self._at_most is not None and number > self._at_most):
                shutil.rmtree(path, ignore_errors=True)
