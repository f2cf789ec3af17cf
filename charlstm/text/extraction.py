"""The process that opens a document: python -m charlstm.text.extraction KIND OPTIONS.

The options are those of `documents.extract`, a JSON object. The document comes by standard input.
To standard output goes a JSON object: `kind` and what `Extracted` has, or `error`, the rest of a
sentence that begins with the file's name. See documents.py.
"""

from __future__ import annotations

import io
import json
import posixpath
import re
import sys
import time
import xml.etree.ElementTree as ElementTree
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import IO, Any
from urllib.parse import unquote

from charlstm.errors import CharLSTMError
from charlstm.text.decoding import Decoded, GuessedFile, decode
from charlstm.text.documents import NO_WORDS, refuse_other_kinds
from charlstm.text.mail import is_mail, mails
from charlstm.text.markup import recognise, without_stamps_of
from charlstm.text.office import local_name, words_of_docx, words_of_odt
from charlstm.text.tags import words_of

CPU_S = 20
PATIENCE_S = 12.0  # of the processor, for many mails or pages: what was read by then is taken
MEMORY_BYTES = 1_000_000_000
PROTECTED = "is protected by a password or a shop: save it as text without protection."
NO_KIND = (
    "is an archive without a text that can be read: give a text, a .docx, .odt or EPUB file, or a "
    "PDF."
)
NO_TEXT = "has no text in it, only pictures perhaps: give one with text."
TOO_LONG = "because more would take too long"
DAMAGED = "is damaged: get it again, or save it as text in UTF-8."
_LOCKED = b"encryption-data"  # in what an OpenDocument says of its files
NOT_READ = ""  # of a file in an archive
# Of files in an archive that are not even tried.
BINARY = tuple(
    ".png .jpg .jpeg .gif .webp .bmp .tif .tiff .ico .psd .heic .svg .mp3 .m4a .ogg .wav .flac "
    ".mp4 .mov .avi .mkv .webm .exe .dll .so .dylib .o .a .class .jar .pyc .wasm .bin .dat .db "
    ".sqlite .ttf .otf .woff .woff2 .zip .gz .bz2 .xz .7z .rar .tar .xlsx .xls .pptx .ppt .npy "
    ".npz .pkl .onnx .pt .h5 .keras .safetensors .css.map .js.map".split()
)
DOCUMENTS = (".docx", ".odt", ".epub", ".pdf", ".eml", ".mbox", ".mht", ".mhtml")
MOST_SENTENCES, MOST_SHOWN = 4, 8  # about the files of an archive, and of those that were guessed
# What readers raise on damaged files.
FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    ElementTree.ParseError,
    KeyError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)

_NAMED = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos);)\w+;")  # letters of HTML, unknown to XML
_FLAT_OPEN_DOCUMENT = re.compile(rb"<office:document\b")  # in one file, as .fodt
_AS_ODT = "its text without headers and comments"
_HALF = re.compile("[\ud800-\udfff]")  # of a character, as some PDF have
_WORDS_OF_DOCX = re.compile(r"word/document\d*\.xml")
_NO_TEXTS = {
    "xl/workbook.xml": "is a spreadsheet: save it as CSV, or what is to be learned as text.",
    "ppt/presentation.xml": "is a presentation: save its words as text.",
}
# The same of OpenDocument, by what the file says that it is.
_NO_TEXTS_OF_OPEN_DOCUMENT = {
    b".spreadsheet": _NO_TEXTS["xl/workbook.xml"],
    b".presentation": _NO_TEXTS["ppt/presentation.xml"],
}


class Refused(Exception):
    """What keeps a document from being read: the rest of a sentence."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a document is read; see `documents.extract`."""

    most: int
    encoding: str | None = None
    keeps_markup: bool = False


@dataclass(frozen=True, kw_only=True)
class Extracted:
    """The text of a document, and what is to be said of it; see `documents.Document`.

    Attributes:
        what: a sentence on what was read, without its beginning and full stop.
        kind: a key of `documents.KINDS`, if it is another than was asked for.
    """

    text: str
    what: str
    kind: str = ""
    encoding: str = "utf-8"
    is_guess: bool = False
    markup: str = ""
    guessed_files: tuple[GuessedFile, ...] = ()


def _html(data: bytes, options: Options) -> Extracted:
    return _without_tags(data.decode(), options, keeps_lines=False)


def _xml(data: bytes, options: Options) -> Extracted:
    if _FLAT_OPEN_DOCUMENT.search(data, 0, 1_000):
        text = words_of_odt(io.BytesIO(data), options.most)
        return Extracted(text=text, what=_AS_ODT, kind="odt")
    return _without_tags(data.decode(), options, keeps_lines=True)


def _without_tags(markup: str, options: Options, keeps_lines: bool) -> Extracted:
    text = words_of(markup, keeps_lines=keeps_lines, most=options.most)
    left_out = max(0, len(markup) - len(text))
    return Extracted(text=text, what=f"{left_out:,} characters of tags were left out")


def _mail(data: bytes, options: Options) -> Extracted:
    texts, size, number, guesses, is_late = [], 0, 0, [], False
    for mail in mails(data, "It", options.encoding):
        number += 1
        texts.append(mail.text)
        guesses += [mail.encoding] if mail.is_guess else []
        size += len(mail.text)
        is_late = time.process_time() > PATIENCE_S
        if size > options.most or is_late:
            break
    if not texts:
        raise Refused(NO_TEXT)
    is_page = number == 1 and mail.is_page
    what = "its words without tags and pictures" if is_page else _number_of(number, "mail")
    if is_late:
        what = f"the first {what}, {TOO_LONG},"
    return Extracted(
        text="\n".join(texts),
        what=what if is_page else f"{what} without headers and attachments",
        kind="page" if is_page else "mail",
        encoding=guesses[0] if guesses else "utf-8",
        is_guess=bool(guesses),
    )


def _number_of(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number > 1)}"


def _pdf(data: bytes, options: Options) -> Extracted:
    import logging

    import pypdf

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = pypdf.PdfReader(io.BytesIO(data[data.index(b"%PDF-") :]))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Refused(PROTECTED)
        parts, size, is_late = [], 0, False
        for page in reader.pages:
            parts.append(page.extract_text())
            size += len(parts[-1])
            is_late = time.process_time() > PATIENCE_S
            if size > options.most or is_late:
                break
    except Refused:
        raise
    except Exception as error:  # whatever the library meets in a damaged file
        raise Refused(DAMAGED) from error
    what = f"the text of {_number_of(len(parts), 'page')}"
    if is_late and len(parts) < len(reader.pages):
        what = f"the text of the first {_number_of(len(parts), 'page')}, {TOO_LONG}"
    return Extracted(text="\n".join(parts) + "\n", what=what)


def _epub(data: bytes, options: Options) -> Extracted:
    most = options.most
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = set(archive.namelist())
        if "META-INF/encryption.xml" in names:
            locked = _read(archive, "META-INF/encryption.xml", most)
            if re.search(rb"""URI=["'][^"']*\.x?html?["']""", locked):
                raise Refused(PROTECTED)
        container = ElementTree.fromstring(_read(archive, "META-INF/container.xml", most))
        root = next((path for one in container.iter() if (path := one.get("full-path"))), "")
        package = ElementTree.fromstring(_NAMED.sub(b" ", _read(archive, root, most)))
        members = _Members(archive, replace(options, keeps_markup=False))
        for href in _chapters(package):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(root), href))
            members.add(path if path in names else unquote(path))
    # That its chapters have tags is its form, and no choice.
    return replace(members.summary("chapter", "without tags", apart="\n\n"), markup="")


def _chapters(package: ElementTree.Element) -> list[str]:
    """Addresses of an e-book's chapters in the order of reading, each once."""
    items = [one for one in package.iter() if local_name(one) == "item"]
    pages = {one.get("id"): one.get("href", "").partition("#")[0] for one in items}
    order = [
        pages.get(one.get("idref"), "")
        for one in package.iter()
        if local_name(one) == "itemref" and one.get("linear") != "no"
    ]
    if not any(order):  # no order: all pages as they are listed
        order = [pages[one.get("id")] for one in items if "html" in one.get("media-type", "")]
    return list(filter(None, dict.fromkeys(order)))


def _docx(data: bytes, options: Options) -> Extracted:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        name = next(filter(_WORDS_OF_DOCX.fullmatch, archive.namelist()))
        with _opened(archive, name) as file:
            text = words_of_docx(file, options.most)
    return Extracted(text=text, what="its text without headers, footnotes and comments")


def _odt(data: bytes, options: Options) -> Extracted:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        is_of = _read(archive, "mimetype", 100)
        for ending, what in _NO_TEXTS_OF_OPEN_DOCUMENT.items():
            if is_of.strip().endswith(ending):
                raise Refused(what)
        manifest = "META-INF/manifest.xml"
        if manifest in archive.namelist() and _LOCKED in _read(archive, manifest, options.most):
            raise Refused(PROTECTED)
        with _opened(archive, "content.xml") as file:
            text = words_of_odt(file, options.most)
    return Extracted(text=text, what=_AS_ODT)


def _zip(data: bytes, options: Options) -> Extracted:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = _Members(archive, options)
        for name in filter(_is_text, archive.namelist()):
            members.add(name)
    return members.summary("text", "one after the other", apart="")


def _is_text(name: str) -> bool:
    """Whether a file may be a text; what has none is found out when it is read."""
    last = posixpath.basename(name).lower()
    is_known = last.endswith(BINARY) or name.startswith("__MACOSX/") or last.startswith(".")
    return bool(last) and not is_known


class _Members:
    """The texts of an archive's files, without markup, and what is to be said of them."""

    def __init__(self, archive: zipfile.ZipFile, options: Options):
        self._archive, self._options = archive, options
        self._texts: list[str] = []
        self._size = 0
        self._is_late = False
        self._sentences: list[str] = []
        self._refused: list[tuple[str, str]] = []  # names and reasons
        self._guessed: list[GuessedFile] = []
        self._markup = ""

    def add(self, name: str) -> None:
        """Add a file's text. One that cannot be read is named in the summary."""
        if self._size > self._options.most or self._is_late:
            return
        if time.process_time() > PATIENCE_S:
            self._is_late = True
            return
        try:
            decoded = self._decoded(name)
        except Refused as error:
            self._refused.append((name, str(error)))
            return
        except CharLSTMError:
            self._refused.append((name, NO_KIND))
            return
        except FAULTS:
            self._refused.append((name, NOT_READ))
            return
        # As `normalize` would make them: what recognises markup looks for plain ones.
        text = decoded.text.lstrip("\ufeff").replace("\r\n", "\n")
        if "\n" not in text:
            text = text.replace("\r", "\n")
        markup = recognise(text)
        if not markup and name.lower().endswith("html"):
            markup = "html"
        if markup and not self._options.keeps_markup:
            if markup in ("html", "xml"):
                text = words_of(text, keeps_lines=markup == "xml")
            else:
                text, _ = without_stamps_of(markup, text)
        if text.strip():
            self._markup = self._markup or markup
            if decoded.is_guess:
                self._guessed.append(GuessedFile.of(_printable(name), replace(decoded, text=text)))
            self._texts.append(text if text.endswith("\n") else f"{text}\n")
            self._size += len(text)
            self._sentences += [f"{_printable(name)}: {one}" for one in decoded.notices]

    def _decoded(self, name: str) -> Decoded:
        """What a file says, with its markup unless it is a document."""
        is_document = name.lower().endswith(DOCUMENTS)
        # A document is of no use without its end.
        most = MEMORY_BYTES // 10 if is_document else self._options.most
        data = _read(self._archive, name, most)
        if not is_document:
            try:
                refuse_other_kinds(data, name)
            except CharLSTMError as error:
                raise Refused(NO_KIND) from error
            return decode(data, name, self._options.encoding)
        if is_mail(data):
            kind = "mail"
        else:
            kind = "pdf" if b"%PDF-" in data[:1_000] else _kind_of_archive(data)
        if kind == "zip":
            raise Refused(NO_KIND)
        found = READERS[kind](data, self._options)
        return Decoded(
            text=found.text, encoding=found.encoding, is_guess=found.is_guess, notices=()
        )

    def summary(self, called: str, how: str, apart: str) -> Extracted:
        """All the texts, and a sentence on what was read.

        Raises:
            Refused: there is none.
        """
        if not self._texts:
            reasons = {reason for _, reason in self._refused} - {NOT_READ}
            raise Refused(min(reasons, default=DAMAGED if self._refused else NO_TEXT))
        sentences = self._sentences[:MOST_SENTENCES]
        if others := len(self._sentences) - len(sentences):
            sentences.append(f"{_number_of(others, 'more such remark')}.")
        if self._refused:
            names = ", ".join(_printable(name) for name, _ in self._refused[:3])
            more = f" and {len(self._refused) - 3:,} more" if len(self._refused) > 3 else ""
            sentences.append(f"Not read, because damaged, protected or no text: {names}{more}.")
        what = _number_of(len(self._texts), called)
        what = f"{what}, {how}" if how.startswith("one") else f"{what} {how}"
        if self._is_late:
            what = f"the first {what}, {TOO_LONG}"
        return Extracted(
            text=apart.join(self._texts),
            what=". ".join([what, " ".join(sentences)]).rstrip(". "),
            encoding=self._guessed[0].encoding if self._guessed else "utf-8",
            is_guess=bool(self._guessed),
            markup=self._markup,
            guessed_files=tuple(self._guessed[:MOST_SHOWN]),
        )


def _printable(name: str) -> str:
    """A file's name without folders, as it can be shown."""
    return "".join(sign for sign in posixpath.basename(name) if sign.isprintable())


READERS: dict[str, Callable[[bytes, Options], Extracted]] = {
    "html": _html,
    "xml": _xml,
    "pdf": _pdf,
    "mail": _mail,
    "epub": _epub,
    "docx": _docx,
    "odt": _odt,
    "zip": _zip,
}


def _kind_of_archive(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
    except zipfile.BadZipFile as error:
        raise Refused(DAMAGED) from error
    if "META-INF/container.xml" in names:
        return "epub"
    if any(map(_WORDS_OF_DOCX.fullmatch, names)):
        return "docx"
    for part, what in _NO_TEXTS.items():
        if part in names:
            raise Refused(what)
    if "content.xml" in names and "mimetype" in names:
        return "odt"
    if not any(map(_is_text, names)):
        raise Refused(NO_KIND)
    return "zip"


def _read(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """A file of an archive; no more than `most` bytes, whatever size is said."""
    with _opened(archive, name) as file:
        return file.read(most)


def _opened(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    if archive.getinfo(name).flag_bits & 1:
        raise Refused(PROTECTED)
    return archive.open(name)


def _bound() -> None:
    """Let the system end this process when it takes too much."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for kind, most in ((resource.RLIMIT_CPU, CPU_S), (resource.RLIMIT_AS, MEMORY_BYTES)):
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (most if hard < 0 else min(most, hard), hard))


def main() -> None:
    _bound()
    kind, options = sys.argv[1], Options(**json.loads(sys.argv[2]))
    answer: dict[str, Any]
    try:
        data = sys.stdin.buffer.read()
        kind = _kind_of_archive(data) if kind == "zip" else kind
        found = READERS[kind](data, options)
        text = _HALF.sub("\ufffd", found.text)
        if not text.strip():
            raise Refused(NO_WORDS if kind in ("html", "xml") else NO_TEXT)
        answer = {**asdict(found), "kind": found.kind or kind, "text": text}
    except Refused as error:
        answer = {"error": str(error)}
    except (CharLSTMError, *FAULTS):
        answer = {"error": DAMAGED}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
