"""Texts to learn from, downloaded, uploaded, pasted or built in: their cleaning and limits."""

from __future__ import annotations

import hashlib
import lzma
import random
import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from charlstm.errors import CharLSTMError, OnlyMarkupError
from charlstm.home import shipped_folder
from charlstm.text.blocks import ANYWHERE, blocks
from charlstm.text.counting import counted
from charlstm.text.decoding import Decoded, GuessedFile, decode
from charlstm.text.documents import MAX_BYTES as MAX_BYTES_OF_DOCUMENTS
from charlstm.text.documents import is_document, read_document, refuse_other_kinds
from charlstm.text.download import (
    TINY_SHAKESPEARE_SHA256,
    DownloadError,
    Progress,
    checksum,
    download_tiny_shakespeare,
    downloaded_path,
)
from charlstm.text.frame import without_frame
from charlstm.text.mail import LOOK, is_mail
from charlstm.text.markup import LABELS, name_table, recognise, without_markup
from charlstm.text.normalizing import normalize, read_references

PRACTICE_FILE = "practice-text.txt.xz"

STANDARD_INPUT = "-"
STYLES = ("verse", "prose")
MIN_CHARACTERS = 2_000
MAX_BYTES = 5_000_000  # of a text in UTF-8; of a longer one the beginning is learned from
MAX_BYTES_OF_COMMANDS = 50_000_000
_LOOK_BACK = 2_000  # characters, for the end of a line or a word to cut a text at
_WIDEST = 4  # bytes for a character, in any encoding
MAX_DISTINCT_CHARACTERS = 4_000


@dataclass(frozen=True, kw_only=True)
class ReadingOptions:
    """What may be chosen about how a text is read.

    Attributes:
        encoding: of what is not UTF-8, a key of `decoding.LABELS`; None to guess it.
        keeps_markup: whether the tags of web pages and the times of subtitles are learned too.
        shuffles_lines: whether the lines are put in random order, as a sorted list needs it.
    """

    encoding: str | None = None
    keeps_markup: bool = False
    shuffles_lines: bool = False


AS_USUAL = ReadingOptions()


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """A cleaned text to learn from.

    Attributes:
        style: one of `STYLES`.
        notices: sentences for the visitor about what was changed or decided.
        encoding: of what was not UTF-8 in a file, a key of `decoding.LABELS`.
        is_guess: whether another encoding may be meant.
        markup: the kind of markup it came with, a key of `markup.LABELS`; empty if with none.
        guessed_files: of several that it was read from.
    """

    name: str
    text: str
    style: str
    notices: tuple[str, ...] = ()
    encoding: str = "utf-8"
    is_guess: bool = False
    markup: str = ""
    guessed_files: tuple[GuessedFile, ...] = ()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def clean(text: str, style: str) -> str:
    """Clean a text in a style: verse keeps its line breaks, prose turns them into spaces.

    Prose is what the notebook recipe learns from; it merges only pairs of spaces.

    Raises:
        CharLSTMError: there is no such style.

    >>> clean("To be,\\nor not  to be\\n", "prose")
    'To be, or not to be'
    """
    if style not in STYLES:
        raise CharLSTMError(f"The style was {style!r}; choose one of: {', '.join(STYLES)}.")
    if style == "verse":
        return text
    return text.replace("\n", " ").replace("  ", " ").strip()


def tiny_shakespeare(style: str = "verse", progress: Progress | None = None) -> Corpus:
    """Scenes from Shakespeare's plays, 1.1 million characters; downloaded on first use.

    Args:
        progress: called with the share of the download that has arrived, 0 to 1.

    Raises:
        CharLSTMError: there is no such style.
        DownloadError: it is not here, and could not be downloaded.
    """
    clean("", style)  # refuses a wrong style before the download
    before = checksum(downloaded_path())
    text = download_tiny_shakespeare(progress).read_bytes().decode()
    again = ("The downloaded text was damaged, so it was downloaded again.",)
    notices = () if before in (None, TINY_SHAKESPEARE_SHA256) else again
    return Corpus(name="tiny-shakespeare", text=clean(text, style), style=style, notices=notices)


def practice_text(style: str = "verse", path: Path | None = None) -> Corpus:
    """The text that comes with the product.

    Args:
        path: another xz file to read instead.

    Raises:
        CharLSTMError: the file is missing or damaged, or there is no such style.
    """
    path = path or shipped_folder() / PRACTICE_FILE
    try:
        text = lzma.decompress(path.read_bytes()).decode()
    except (OSError, lzma.LZMAError, UnicodeDecodeError) as error:
        raise CharLSTMError(
            f"The built-in practice text {path} is missing or damaged: get the project afresh, or "
            "use a text of your own."
        ) from error
    return Corpus(name="practice-text", text=clean(text, style), style=style)


def tiny_shakespeare_or_practice(style: str = "verse", progress: Progress | None = None) -> Corpus:
    """Tiny Shakespeare, or the practice text with a notice if it cannot be downloaded."""
    try:
        return tiny_shakespeare(style, progress)
    except DownloadError as error:
        notice = (
            f"Tiny Shakespeare could not be downloaded ({error.reason}), so the built-in practice "
            "text is used in its place."
        )
        return replace(practice_text(style), notices=(notice,))


def read_text(
    data: bytes,
    name: str,
    style: str = "verse",
    max_bytes: int = MAX_BYTES,
    options: ReadingOptions = AS_USUAL,
) -> Corpus:
    """Read an uploaded file: text in any common encoding, or a document with text in it.

    Args:
        name: its file name, by which messages call it; folders in it are dropped.
        max_bytes: of the text in UTF-8; the rest of a longer one is left out.

    Raises:
        CharLSTMError: it is empty, not text, or too short.
    """
    last = re.split(r"[\\/]", name.rstrip("\\/"))[-1]
    name = "".join(character for character in last if character.isprintable()) or "text"
    decoded, markup = _plain(_decoded(data, name, max_bytes, options), name, max_bytes, options)
    return _corpus(decoded, name, style, max_bytes, options, markup)


def paste(
    text: str,
    style: str = "verse",
    max_bytes: int = MAX_BYTES,
    options: ReadingOptions = AS_USUAL,
) -> Corpus:
    """Take a text from a text box; raises what `read_text` raises."""
    broken = re.search("[\ud800-\udfff]", text)
    if broken:
        raise CharLSTMError(
            f"The pasted text has half a character at position {broken.start() + 1:,}: paste plain "
            "text, or upload it as a file."
        )
    subject = "The pasted text"
    refuse_other_kinds(text[:16].encode(), subject)
    if is_mail(text[:LOOK].encode()):  # as a mail program shows its source
        whole = _decoded(text.encode(), subject, max_bytes, options)
    else:
        whole = Decoded(text=text, encoding="utf-8", is_guess=False, notices=())
    plain, markup = _plain(whole, subject, max_bytes, options)
    corpus = _corpus(plain, subject, style, max_bytes, options, markup)
    return replace(corpus, name="pasted text")


def read_file(
    path: str | Path,
    style: str = "verse",
    max_bytes: int = MAX_BYTES,
    options: ReadingOptions = AS_USUAL,
) -> Corpus:
    """Read a file of this computer; raises what `read_text` raises."""
    return read_text(_needed_bytes(path, max_bytes), Path(path).name, style, max_bytes, options)


def read_files(
    paths: Sequence[str | Path],
    style: str = "verse",
    max_bytes: int = MAX_BYTES,
    options: ReadingOptions = AS_USUAL,
) -> Corpus:
    """Read files of this computer as one text, one after the other; `-` is standard input.

    Raises what `read_text` raises.
    """
    if not paths:
        raise CharLSTMError("No file was given: name at least one.")
    if len(paths) == 1 and str(paths[0]) != STANDARD_INPUT:
        return read_file(paths[0], style, max_bytes, options)
    parts: list[str] = []
    names, notices, markups = [], [], []
    guessed: list[GuessedFile] = []
    for path in dict.fromkeys(paths):
        if sum(map(len, parts)) > max_bytes:  # the rest would be cut off
            break
        name = "standard input" if str(path) == STANDARD_INPUT else Path(path).name
        decoded = _decoded(_needed_bytes(path, max_bytes), name, max_bytes, options)
        decoded, markup = _plain(decoded, name, max_bytes, options)
        parts.append(decoded.text if decoded.text.endswith("\n") else f"{decoded.text}\n")
        names.append(name)
        notices += [f"{name}: {notice}" for notice in decoded.notices]
        if not decoded.text.strip():
            notices.append(f"{name}: It is empty.")
        markups.append(markup)
        if decoded.is_guess:
            guessed += decoded.guessed_files or [GuessedFile.of(name, decoded)]
    others = len(dict.fromkeys(paths)) - 1
    subject = f"{names[0]} and {others:,} more" if others else names[0]
    whole = Decoded(
        text="".join(parts),
        encoding=guessed[0].encoding if guessed else "utf-8",
        is_guess=bool(guessed),
        notices=tuple(notices),
        guessed_files=tuple(guessed),
    )
    return _corpus(whole, subject, style, max_bytes, options, max(markups))


def _needed_bytes(path: str | Path, max_bytes: int) -> bytes:
    """The bytes of a file, as many as can be of use; a document is of none without its end."""
    data = bytes_of(path, LOOK) if str(path) != STANDARD_INPUT else b""
    return bytes_of(path, MAX_BYTES_OF_DOCUMENTS if is_document(data) else _WIDEST * max_bytes)


def _decoded(data: bytes, name: str, max_bytes: int, options: ReadingOptions) -> Decoded:
    if is_document(data):
        document = read_document(
            data, name, _WIDEST * max_bytes, options.encoding, options.keeps_markup
        )
        return Decoded(
            text=document.text,
            encoding=document.encoding,
            is_guess=document.is_guess,
            notices=(document.notice,),
            markup=document.markup,
            guessed_files=document.guessed_files,
        )
    refuse_other_kinds(data, name)
    return decode(data[: _WIDEST * max_bytes], name, options.encoding)


def bytes_of(path: str | Path, most: int) -> bytes:
    """The first bytes of a file of this computer, or of standard input.

    Raises:
        CharLSTMError: it cannot be read.
    """
    if str(path) == STANDARD_INPUT:
        return sys.stdin.buffer.read(most)
    path = Path(path)
    try:
        with path.open("rb") as file:
            return file.read(most)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise CharLSTMError(f"{path} cannot be read ({reason}): give a text file.") from error


def shortened(text: str, max_bytes: int) -> tuple[str, str]:
    """The beginning of a text that is too long, to the end of a line, and a sentence about it."""
    left, end = max_bytes, 0
    for block in blocks(text, ANYWHERE):
        data = block.encode()
        if len(data) > left:
            end += len(data[:left].decode(errors="ignore"))
            break
        left, end = left - len(data), end + len(block)
    if end == len(text):
        return text, ""
    near = max(0, end - _LOOK_BACK)
    end = (text.rfind("\n", near, end) + 1) or (text.rfind(" ", near, end) + 1) or end
    kept = text[:end]
    return kept, (
        f"The text is longer than {max_bytes / 1e6:g} MB: only its first {len(kept):,} characters "
        "are learned from."
    )


def _plain(
    decoded: Decoded, subject: str, max_bytes: int, options: ReadingOptions
) -> tuple[Decoded, str]:
    """A file's text in one form, without markup and frame, and the kind of markup it came with."""
    text, changes = normalize(decoded.text, is_markup=True)
    markup = recognise(text)
    if markup and not options.keeps_markup:
        # Twice as much as is needed: white space and what stands around a book go as well.
        text, about = without_markup(text, markup, subject, 2 * max_bytes)
        text, more = normalize(text, is_markup=True)
        changes += more
    elif markup:
        about = f"It looks like {LABELS[markup]}: its markup is learned with it."
    else:
        text, on_references = read_references(text)
        if on_references:
            text, more = normalize(text)
            changes += [on_references, *more]
        about = name_table(text)
    text, cut_off = without_frame(text)
    notices = tuple(filter(None, [*decoded.notices, about, *changes, cut_off]))
    return replace(decoded, text=text, notices=notices), markup or decoded.markup


def _corpus(
    decoded: Decoded,
    subject: str,
    style: str,
    max_bytes: int,
    options: ReadingOptions,
    markup: str,
) -> Corpus:
    """A text to learn from, of what `_plain` returned."""
    text, changes = decoded.text, []
    text, shorter = shortened(text, max_bytes)
    if options.shuffles_lines:
        text = with_shuffled_lines(text)
        changes.append("The lines were put in random order.")
    text = clean(text, style)
    if not text.strip():
        verb = "are" if subject.endswith(" more") else "is"
        raise CharLSTMError(f"{subject} {verb} empty: give at least {MIN_CHARACTERS:,} characters.")
    if len(text) < MIN_CHARACTERS:
        done = " ".join(["", *decoded.notices]) if decoded.notices else ""
        has_more = markup and not options.keeps_markup
        raise (OnlyMarkupError if has_more else CharLSTMError)(
            f"{subject} has {len(text):,} characters; at least {MIN_CHARACTERS:,} are needed: "
            f"give a longer text.{done}"
        )
    counts = counted(text)
    if len(counts) < 2:
        raise CharLSTMError(
            f"{subject} is one character again and again, and nothing can be learned from it: give "
            "a text with more."
        )
    text, left_out = without_rare_characters(text, counts, MAX_DISTINCT_CHARACTERS)
    notices = filter(None, [*decoded.notices, *changes, shorter, left_out])
    return Corpus(
        name=subject,
        text=text,
        style=style,
        notices=tuple(notices),
        encoding=decoded.encoding,
        is_guess=decoded.is_guess,
        markup=markup,
        guessed_files=decoded.guessed_files,
    )


def with_shuffled_lines(text: str) -> str:
    """The lines of a text in random order, the same one each time."""
    lines = text.removesuffix("\n").split("\n")
    random.Random(0).shuffle(lines)
    return "\n".join(lines) + "\n"


def without_rare_characters(text: str, counts: Counter[str], most: int) -> tuple[str, str]:
    """The text with its most frequent characters only, and a sentence on what was left out.

    Args:
        counts: how often each character stands in the text.
        most: characters that stay.
    """
    if len(counts) <= most:
        return text, ""
    # Of equally frequent ones those that come first in the order of code points stay.
    by_frequency = sorted(counts, key=lambda character: (-counts[character], character))
    rare = by_frequency[most:]
    times = sum(counts[character] for character in rare)
    kept = text.translate(dict.fromkeys(map(ord, rare)))
    which = "the rarest was" if len(rare) == 1 else f"the {len(rare):,} rarest were"
    size = "1 character" if times == 1 else f"{times:,} characters"
    return kept, (
        f"The text has {len(counts):,} different characters, of which a network learns up to "
        f"{most:,}: {which} left out ({size}, {times / len(text):.2%} of the text)."
    )
