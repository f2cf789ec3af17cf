"""What people call a training or a model: a name that they gave it, in a file in its folder."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from charlstm.errors import CharLSTMError
from charlstm.files import reason_of, remove_file, replace_file

FILE = "title.txt"
MAX_CHARACTERS = 60
LONGEST_READ = 1_000  # characters: of a longer name, which is refused, no more is looked at
JOINERS = "\u200c\u200d"  # which some scripts and emoji need


def read_title(folder: Path) -> str | None:
    """The name that somebody gave; None if nobody did, or the file is damaged."""
    try:
        with open(folder / FILE, "rb") as file:
            return tidy_title(file.read(1000).decode()) or None
    except (OSError, ValueError):
        return None


def write_title(folder: Path, title: str) -> None:
    """Give a name; an empty one takes the last one away.

    Raises:
        CharLSTMError: it is too long, or could not be written.
    """
    title = tidy_title(title)
    if len(title) > MAX_CHARACTERS:
        raise CharLSTMError(
            f"The name has {len(title):,} characters; use at most {MAX_CHARACTERS}."
        )
    try:
        if title:
            replace_file(folder / FILE, title.encode())
        else:
            remove_file(folder / FILE)
    except OSError as error:
        raise CharLSTMError(f"The name could not be kept ({reason_of(error)}).") from error


def tidy_title(text: str) -> str:
    """A name on one line: without control characters, one space at a time."""
    shown = "".join(
        " " if character.isspace() else character
        for character in text[:LONGEST_READ]
        if character.isspace() or character in JOINERS or unicodedata.category(character)[0] != "C"
    )
    return " ".join(unicodedata.normalize("NFC", shown).split())
