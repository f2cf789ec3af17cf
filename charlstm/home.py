"""Where trainings and downloads live on the disk."""

from __future__ import annotations

import os
from pathlib import Path

from charlstm.errors import CharLSTMError

# Holds the package: processes that we start must be able to import it from there.
PACKAGE_PARENT = Path(__file__).resolve().parents[1]


def shipped_folder() -> Path:
    """What comes with the product: the trained model and the practice text."""
    return PACKAGE_PARENT / "checkpoints"


def home() -> Path:
    """The folder for everything the product makes: `CHARLSTM_HOME`, else `checkpoints/`."""
    chosen = os.environ.get("CHARLSTM_HOME", "").strip()
    if not chosen:
        return shipped_folder()
    try:
        # Absolute, because the process that trains may be started in another folder.
        return Path(chosen).expanduser().absolute()
    except RuntimeError as error:  # "~somebody" who is not known here
        raise CharLSTMError(
            f"CHARLSTM_HOME is {chosen!r}, and that home folder is not known: give a full path."
        ) from error


def runs_folder() -> Path:
    """One folder a training."""
    return home() / "runs"


def downloads_folder() -> Path:
    """Texts from the network, kept so that each is downloaded once."""
    return home() / "downloads"


def make_folder(path: Path) -> Path:
    """Create a folder, with those above it, unless it is there.

    Raises:
        CharLSTMError: it cannot be created, or nothing can be written into it.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        writable = os.access(path, os.W_OK | os.X_OK)
        reason = "it is read-only"
    except OSError as error:
        writable = False
        reason = (error.strerror or type(error).__name__).lower()
    if not writable:
        raise CharLSTMError(
            f"The folder {path} cannot be written to ({reason}): set CHARLSTM_HOME to a folder "
            "that can."
        )
    return path
