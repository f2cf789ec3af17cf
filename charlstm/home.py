"""The folders in which trainings and downloads are kept."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from charlstm.errors import CharLSTMError
from charlstm.files import reason_of

PACKAGE = Path(__file__).resolve().parent
# The folder that contains the package: processes that we start import it from there.
PACKAGE_PARENT = PACKAGE.parent


def shipped_folder() -> Path:
    """The folder with what comes with the product: the bundled model and the practice text."""
    return _installed_data() if _is_installed() else PACKAGE_PARENT / "checkpoints"


def home() -> Path:
    """The folder for everything that is made or downloaded.

    `CHARLSTM_HOME`; else `checkpoints/` of a checkout; else, for an installed package or a checkout
    that is read-only, the folder that the operating system gives to each person's data.

    Raises:
        CharLSTMError: `CHARLSTM_HOME` begins with an unknown user's home folder.
    """
    chosen = os.environ.get("CHARLSTM_HOME", "").strip()
    if not chosen:
        if _is_installed() or not os.access(shipped_folder(), os.W_OK):
            return platformdirs.user_data_path("charlstm", appauthor=False)
        return shipped_folder()
    try:
        # Absolute, because the training process may run in another working directory.
        return Path(chosen).expanduser().absolute()
    except RuntimeError as error:  # "~somebody", an unknown user
        raise CharLSTMError(
            f"CHARLSTM_HOME is {chosen!r}, and that home folder is not known: give a full path."
        ) from error


def _installed_data() -> Path:
    """Where a wheel puts the files that are in `checkpoints/` of a checkout."""
    return PACKAGE / "bundled"


def _is_installed() -> bool:
    return _installed_data().is_dir()


def runs_folder() -> Path:
    """The folder that holds one folder for each training."""
    return home() / "runs"


def downloads_folder() -> Path:
    """The folder that keeps downloaded texts, so that each is downloaded once."""
    return home() / "downloads"


def make_folder(path: Path) -> Path:
    """Create a folder and its parents, unless it exists, and return it.

    Raises:
        CharLSTMError: it cannot be created, or nothing can be written into it.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        writable = os.access(path, os.W_OK | os.X_OK)
        reason = "it is read-only"
    except OSError as error:
        writable = False
        reason = reason_of(error)
    if not writable:
        raise CharLSTMError(
            f"The folder {path} cannot be written to ({reason}): set CHARLSTM_HOME to a folder "
            "that can."
        )
    return path
