"""The process that opens a document: python -m charlstm.text.extraction KIND MOST_BYTES.

The document comes by standard input. To standard output goes a JSON object: `kind`, `text` and
`what`, or `error`, the rest of a sentence that begins with the file's name. See documents.py.
"""

from __future__ import annotations

import io
import json
import posixpath
import re
import sys
import xml.etree.ElementTree as ElementTree
import zipfile
import zlib
from collections.abc import Callable, Iterator
from urllib.parse import unquote

from charlstm.errors import CharLSTMError
from charlstm.text.decoding import decode
from charlstm.text.markup import recognise
from charlstm.text.subtitles import without_times
from charlstm.text.tags import words_of

CPU_S = 20
MEMORY_BYTES = 1_000_000_000
PROTECTED = "is protected by a password or a shop: save it as text without protection."
NO_KIND = (
    "is an archive without a text that can be read: give a text, a .docx, .odt or EPUB file, or a "
    "PDF."
)
NO_TEXT = "has no text in it, only pictures perhaps: give one with text."
DAMAGED = "is damaged: get it again, or save it as text in UTF-8."
NOT_READ = ""  # of a file in an archive
TEXTS = tuple(
    ".txt .text .md .markdown .rst .tex .html .htm .xhtml .fb2 .srt .vtt .ass .lrc .log .csv .tsv "
    ".json .yaml .yml .py .js .ts .css .c .h .cpp .java .rs .go .rb .php .sh .sql .abc".split()
)
MOST_SENTENCES = 4  # about the files of an archive
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

_WHITE = re.compile(r"[ \t\r\n\f]+")
_HALF = re.compile("[\ud800-\udfff]")  # of a character, as some PDF have
_WORDS_OF_DOCX = re.compile(r"word/document\d*\.xml")
_NO_TEXTS = {
    "xl/workbook.xml": "is a spreadsheet: save it as CSV, or what is to be learned as text.",
    "ppt/presentation.xml": "is a presentation: save its words as text.",
}


class Refused(Exception):
    """What keeps a document from being read: the rest of a sentence."""


def _html(data: bytes, most: int) -> tuple[str, str]:
    return _without_tags(data.decode())


def _xml(data: bytes, most: int) -> tuple[str, str]:
    return _without_tags(data.decode(), keeps_lines=True)


def _without_tags(markup: str, **options: bool) -> tuple[str, str]:
    text = words_of(markup, **options)
    return text, f"{len(markup) - len(text):,} characters of tags were left out"


def _pdf(data: bytes, most: int) -> tuple[str, str]:
    import logging

    import pypdf

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise Refused(PROTECTED)
        parts, size = [], 0
        for page in reader.pages:
            parts.append(page.extract_text())
            size += len(parts[-1])
            if size > most:
                break
    except Refused:
        raise
    except Exception as error:  # whatever the library meets in a damaged file
        raise Refused(DAMAGED) from error
    pages = len(parts)
    return "\n".join(parts) + "\n", f"the text of {pages:,} page{'s' if pages > 1 else ''}"


def _epub(data: bytes, most: int) -> tuple[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = set(archive.namelist())
        if "META-INF/encryption.xml" in names:
            locked = _read(archive, "META-INF/encryption.xml", most)
            if re.search(rb"""URI=["'][^"']*\.x?html?["']""", locked):
                raise Refused(PROTECTED)
        container = ElementTree.fromstring(_read(archive, "META-INF/container.xml", most))
        root = next((path for one in container.iter() if (path := one.get("full-path"))), "")
        package = ElementTree.fromstring(_read(archive, root, most))
        members = _Members(archive, most)
        for href in _chapters(package):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(root), href))
            members.add(path if path in names else unquote(path))
    return members.summary("chapter", "without tags", apart="\n\n")


def _chapters(package: ElementTree.Element) -> list[str]:
    """Addresses of an e-book's chapters in the order of reading, each once."""
    items = [one for one in package.iter() if _local(one) == "item"]
    pages = {one.get("id"): one.get("href", "").partition("#")[0] for one in items}
    order = [
        pages.get(one.get("idref"), "")
        for one in package.iter()
        if _local(one) == "itemref" and one.get("linear") != "no"
    ]
    if not any(order):  # no order: all pages as they are listed
        order = [pages[one.get("id")] for one in items if "html" in one.get("media-type", "")]
    return list(filter(None, dict.fromkeys(order)))


def _docx(data: bytes, most: int) -> tuple[str, str]:
    signs = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}

    def parts(one: ElementTree.Element) -> Iterator[str]:
        name = _local(one)
        if name in ("del", "moveFrom", "Fallback"):  # what was crossed out, or stands twice
            return
        if name.endswith("Pr"):  # properties: tab stops among them
            return
        if name == "t":
            yield one.text or ""
        elif name in signs:
            yield signs[name]
        for part in one:
            yield from parts(part)
        if name == "p":
            yield "\n"

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        name = next(filter(_WORDS_OF_DOCX.fullmatch, archive.namelist()))
        body = ElementTree.fromstring(_read(archive, name, most * 10))
    return "".join(parts(body)), "its text without headers, footnotes and comments"


def _odt(data: bytes, most: int) -> tuple[str, str]:
    left_out = {"tracked-changes", "annotation", "note-citation", "sequence-decls", "ruby-text"}
    notes: list[str] = []  # of the paragraph that is read: they follow it

    def parts(one: ElementTree.Element, is_inside: bool) -> Iterator[str]:
        name = _local(one)
        if name in left_out:
            return
        if name == "note":
            notes.append("".join(part for child in one for part in parts(child, False)))
            return
        begins = name in ("p", "h")
        is_inside = is_inside or begins
        if name == "s":
            count = next((value for key, value in one.attrib.items() if key.endswith("}c")), "1")
            yield " " * min(int(count) if count.isdecimal() else 1, 1000)
        elif name in ("tab", "line-break"):
            yield "\t" if name == "tab" else "\n"
        elif is_inside:
            yield _WHITE.sub(" ", one.text or "")
        for part in one:
            yield from parts(part, is_inside)
            if is_inside:
                yield _WHITE.sub(" ", part.tail or "")
        if begins:
            yield "\n"
            if notes:
                yield "".join(notes)
                notes.clear()

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        root = ElementTree.fromstring(_read(archive, "content.xml", most * 10))
    return "".join(parts(root, False)), "its text without headers and comments"


def _zip(data: bytes, most: int) -> tuple[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = _Members(archive, most)
        for name in filter(_is_text, archive.namelist()):
            members.add(name)
    return members.summary("text", "one after the other", apart="")


def _is_text(name: str) -> bool:
    return name.lower().endswith(TEXTS) and not name.startswith("__MACOSX/")


class _Members:
    """The texts of an archive's files, without markup, and what is to be said of them."""

    def __init__(self, archive: zipfile.ZipFile, most: int):
        self._archive, self._most = archive, most
        self._texts: list[str] = []
        self._size = 0
        self._sentences: list[str] = []
        self._refused: list[tuple[str, str]] = []  # names and reasons

    def add(self, name: str) -> None:
        """Add a file's text. One that cannot be read is named in the summary."""
        if self._size > self._most:
            return
        try:
            decoded = decode(_read(self._archive, name, self._most), name)
        except Refused as error:
            self._refused.append((name, str(error)))
            return
        except (CharLSTMError, *FAULTS):
            self._refused.append((name, NOT_READ))
            return
        text, markup = decoded.text, recognise(decoded.text)
        if markup in ("html", "xml") or name.lower().endswith("html"):
            text = words_of(text, keeps_lines=markup == "xml")
        elif markup:
            text, _ = without_times(text)
        if text.strip():
            self._texts.append(text if text.endswith("\n") else f"{text}\n")
            self._size += len(text)
            self._sentences += [f"{posixpath.basename(name)}: {one}" for one in decoded.notices]

    def summary(self, called: str, how: str, apart: str) -> tuple[str, str]:
        """All the texts, and a sentence on what was read, without its full stop.

        Raises:
            Refused: there is none.
        """
        number = len(self._texts)
        if not number:
            reasons = {reason for _, reason in self._refused} - {NOT_READ}
            raise Refused(min(reasons, default=DAMAGED if self._refused else NO_TEXT))
        sentences = self._sentences[:MOST_SENTENCES]
        if others := len(self._sentences) - len(sentences):
            sentences.append(f"{others:,} more such remark{'s' * (others > 1)}.")
        if self._refused:
            names = ", ".join(posixpath.basename(name) for name, _ in self._refused[:3])
            more = f" and {len(self._refused) - 3:,} more" if len(self._refused) > 3 else ""
            sentences.append(f"Not read, because damaged, protected or no text: {names}{more}.")
        what = f"{number:,} {called}{'s' * (number > 1)} {how}".replace(" one", ", one")
        return apart.join(self._texts), ". ".join([what, " ".join(sentences)]).rstrip(". ")


READERS: dict[str, Callable[[bytes, int], tuple[str, str]]] = {
    "html": _html,
    "xml": _xml,
    "pdf": _pdf,
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
    if archive.getinfo(name).flag_bits & 1:
        raise Refused(PROTECTED)
    with archive.open(name) as file:
        return file.read(most)


def _local(one: ElementTree.Element) -> str:
    """An element's name without its namespace."""
    return one.tag.rpartition("}")[2] if isinstance(one.tag, str) else ""


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
    kind, most = sys.argv[1], int(sys.argv[2])
    answer: dict[str, str]
    try:
        data = sys.stdin.buffer.read()
        kind = _kind_of_archive(data) if kind == "zip" else kind
        text, what = READERS[kind](data, most)
        text = _HALF.sub("\ufffd", text)
        if not text.strip():
            raise Refused(NO_TEXT)
        answer = {"kind": kind, "text": text, "what": what}
    except Refused as error:
        answer = {"error": str(error)}
    except (CharLSTMError, *FAULTS):
        answer = {"error": DAMAGED}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
