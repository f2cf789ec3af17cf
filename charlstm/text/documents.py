"""Takes the text out of documents: e-books, word processors' files, PDF, mails and web pages.

A file from a stranger may be made to take for ever, or to unpack to more than a memory holds. So it
is opened in a process of its own (extraction.py), whose time and memory are bounded.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from charlstm.errors import CharLSTMError, OnlyMarkupError
from charlstm.home import PACKAGE_PARENT
from charlstm.text.decoding import GuessedFile
from charlstm.text.mail import LOOK, is_mail

PATIENCE_S = 30.0
MAX_BYTES = 100_000_000  # of a file, with its pictures
MOST_WAITING = 4  # the one that is being read among them
_PLACES = threading.BoundedSemaphore(MOST_WAITING)
_TURN = threading.Lock()
NO_WORDS = "has no words beside its tags: keep its markup to learn it as it stands."
# What kinds are called, and what is said when one was read.
KINDS = {
    "epub": "an e-book (EPUB)",
    "docx": "a Word document",
    "odt": "an OpenDocument text",
    "pdf": "a PDF",
    "zip": "a ZIP archive of texts",
    "mail": "saved mails",
    "page": "a web page saved with its pictures (MHTML)",
    "html": "a web page (HTML)",
    "xml": "a text with tags",
}
# So begins a PDF, and not a sentence about one.
_PDF = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,1000}%PDF-\d\.\d(?![ \t]*[a-zA-Z])")
_ARCHIVES = (b"PK\3\4", b"PK\5\6")
_LOOK = 2_000  # bytes, in which a file that is no text shows it
# Files of other kinds by their first bytes, and what to do about each.
_RICH_TEXT, _BLANK = b"{\\rtf", b"\xef\xbb\xbf \t\r\n"
_OFFICE = b"\xd0\xcf\x11\xe0"
_LOCKED = "EncryptedPackage".encode("utf-16-le")  # a name in an Office file with a password
_OTHERS = {
    _OFFICE: "an old Word or Office file: save it as .docx or as text",
    _RICH_TEXT: "an RTF document: save it as .docx or as text",
    b"\x1f\x8b": "a compressed file (gzip): unpack it first",
    b"7z\xbc\xaf": "a compressed file (7z): unpack it first",
    b"Rar!\x1a": "a compressed file (RAR): unpack it first",
    b"BZh": "a compressed file (bzip2): unpack it first",
    b"\xfd7zXZ": "a compressed file (xz): unpack it first",
    b"\x89PNG": "a picture (PNG): give a text",
    b"\xff\xd8\xff": "a picture (JPEG): give a text",
    b"GIF8": "a picture (GIF): give a text",
    b"ID3": "a sound file (MP3): give a text",
}


class BusyError(CharLSTMError):
    """A document could not be read now, but may be in a moment."""


@dataclass(frozen=True, kw_only=True)
class Document:
    """What was in a document.

    Attributes:
        notice: a sentence for the visitor about what was read.
        encoding: of texts in it that are not in UTF-8, a key of `decoding.LABELS`.
        is_guess: whether another encoding may be meant.
        markup: the kind that was taken out of texts in it, a key of `markup.LABELS`.
        guessed_files: of those in it.
    """

    text: str
    notice: str
    encoding: str = "utf-8"
    is_guess: bool = False
    markup: str = ""
    guessed_files: tuple[GuessedFile, ...] = ()


def is_document(data: bytes) -> bool:
    """Whether a file's first `LOOK` bytes are those of a kind whose text has to be taken out."""
    return data.startswith(_ARCHIVES) or _PDF.match(data) is not None or is_mail(data[:LOOK])


def read_document(
    data: bytes,
    name: str,
    most_bytes: int,
    encoding: str | None = None,
    keeps_markup: bool = False,
) -> Document:
    """The text of an e-book, a word processor's file, a PDF, saved mails or an archive of texts.

    Args:
        most_bytes: of its text; more is not taken out.
        encoding: of texts in it that are not UTF-8, a key of `decoding.LABELS`; None to guess it.
        keeps_markup: whether tags and times of an archive's texts are kept.

    Raises:
        CharLSTMError: it is of another kind, damaged or protected, or has no text.
    """
    kind = "zip" if data.startswith(_ARCHIVES) else "pdf" if _PDF.match(data) else "mail"
    return extract(kind, data, name, most_bytes, encoding, keeps_markup)


def refuse_other_kinds(data: bytes, name: str) -> None:
    """Raise CharLSTMError for a kind of file that is known, and has no text that can be read."""
    if data[257:262] == b"ustar":
        raise CharLSTMError(f"{name} is not plain text but an archive (tar): unpack it first.")
    if data[60:68] == b"BOOKMOBI":
        raise CharLSTMError(f"{name} is not plain text but a Kindle book: save it as EPUB or text.")
    if data.startswith(_OFFICE) and _LOCKED in data:
        raise CharLSTMError(
            f"{name} is protected by a password: save it without one, as .docx or as text."
        )
    for beginning, what in _OTHERS.items():
        is_meant = b"\0" in data[:_LOOK] or not beginning.isalnum()
        is_rich = beginning == _RICH_TEXT and data[:_LOOK].lstrip(_BLANK).startswith(beginning)
        if is_rich or (data.startswith(beginning) and is_meant):
            raise CharLSTMError(f"{name} is not plain text but {what}.")


def extract(
    kind: str,
    data: bytes,
    name: str,
    most_bytes: int,
    encoding: str | None = None,
    keeps_markup: bool = False,
) -> Document:
    """Take the text out in a process of its own; raises what `read_document` raises.

    Args:
        kind: `html`, `xml`, `pdf`, `mail` or `zip`; which kind of archive or of messages it is,
            that process finds out.
    """
    options = json.dumps({"most": most_bytes, "encoding": encoding, "keeps_markup": keeps_markup})
    with _its_turn(name):
        return _extract(kind, data, name, options)


@contextmanager
def _its_turn(name: str) -> Iterator[None]:
    """One document after the other, because each may take much memory; few may wait."""
    busy = BusyError(
        f"{name} could not be read now, because other documents are being read: try again in a "
        "moment."
    )
    if not _PLACES.acquire(blocking=False):
        raise busy
    try:
        if not _TURN.acquire(timeout=PATIENCE_S):
            raise busy
        try:
            yield
        finally:
            _TURN.release()
    finally:
        _PLACES.release()


def _extract(kind: str, data: bytes, name: str, options: str) -> Document:
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "charlstm.text.extraction", kind, options],
            input=data,
            capture_output=True,
            timeout=PATIENCE_S,
            cwd=PACKAGE_PARENT,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # each takes memory
        )
    except subprocess.TimeoutExpired as error:
        raise CharLSTMError(
            f"{name} was not read within {PATIENCE_S:.0f} seconds: save it as text in UTF-8."
        ) from error
    try:
        answer = json.loads(ended.stdout)
    except ValueError as error:  # ended by its limits, or by a fault in a reader
        raise CharLSTMError(
            f"{name} cannot be read: it is damaged, or too large. Save it as text in UTF-8."
        ) from error
    if "error" in answer:
        kind_of_error = OnlyMarkupError if answer["error"] == NO_WORDS else CharLSTMError
        raise kind_of_error(f"{name} {answer['error']}")
    return Document(
        text=answer["text"],
        notice=f"Read as {KINDS[answer['kind']]}: {answer['what']}.",
        encoding=answer["encoding"],
        is_guess=answer["is_guess"],
        markup=answer["markup"],
        guessed_files=tuple(GuessedFile(**file) for file in answer["guessed_files"]),
    )
