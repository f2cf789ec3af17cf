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
from html.parser import HTMLParser
from urllib.parse import unquote

from charlstm.errors import CharLSTMError
from charlstm.text.decoding import decode

CPU_S = 20
MEMORY_BYTES = 1_000_000_000
PROTECTED = "is protected by a password or a shop: save it as text without protection."
NO_KIND = (
    "is an archive without a text that can be read: give a text, a .docx, .odt or EPUB file, or a "
    "PDF."
)
NO_TEXT = "has no text in it, only pictures perhaps: give one with text."
DAMAGED = "is damaged: get it again, or save it as text in UTF-8."

_HIDDEN = {"head", "script", "style", "template", "svg", "binary", "object"}
_BLOCKS = set(
    "address article aside blockquote center dd div dl dt figcaption figure footer form h1 h2 h3 "
    "h4 h5 h6 header hr li main nav ol p pre section subtitle table title tr ul v".split()
)
_ASIDE = re.compile(r"<!--|<!\[CDATA\[|<[!?]")
_LONE_BRACKET = re.compile(r"<(?!/?[a-zA-Z][^<>]*>)")  # that begins no tag
_WHITE = re.compile(r"[ \t\r\n\f]+")


class Refused(Exception):
    """What keeps a document from being read: the rest of a sentence."""


class _PlainText(HTMLParser):
    """Collects what a browser would show of a page, paragraphs parted by line breaks."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden: list[str] = []
        self._preformatted = 0

    def handle_starttag(self, tag: str, attrs: list) -> None:
        if tag == "body":
            self._hidden.clear()  # a head that was not closed
        if tag in _HIDDEN:
            self._hidden.append(tag)
        if tag == "pre":
            self._preformatted += 1
        if tag in _BLOCKS or tag == "br":
            self.parts.append("\n")
        elif tag in ("td", "th"):
            self.parts.append("\t")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._hidden:
            del self._hidden[self._hidden.index(tag) :]
        if tag == "pre":
            self._preformatted = max(0, self._preformatted - 1)
        if tag in _BLOCKS:
            self.parts.append("\n\n" if tag in ("p", "h1", "h2", "h3") else "\n")

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if not self._preformatted:
            data = _WHITE.sub(" ", data)
            if self.parts and self.parts[-1].endswith((" ", "\n", "\t")):
                data = data.removeprefix(" ")
        if data:
            self.parts.append(data)

    def text(self) -> str:
        lines = (line.strip(" \t") for line in "".join(self.parts).split("\n"))
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"


def text_of_html(markup: str) -> str:
    """What a browser would show of a page.

    >>> text_of_html("<p>To be,<br>or <i>not</i>&nbsp;to be</p><script>x</script>")
    'To be,\\nor not\\xa0to be\\n'
    """
    parser = _PlainText()
    parser.feed(_LONE_BRACKET.sub("&lt;", _without_comments(markup)))
    parser.close()
    return parser.text()


def _without_comments(markup: str) -> str:
    """A page without comments, declarations and instructions.

    The parser would look for the end of each again and again where there is none.
    """
    parts, at = [], 0
    while found := _ASIDE.search(markup, at):
        parts.append(markup[at : found.start()])
        ending = "-->" if found[0] == "<!--" else "]]>" if found[0] == "<![CDATA[" else ">"
        end = markup.find(ending, found.end())
        if found[0] == "<![CDATA[":
            parts.append(markup[found.end() : end] if end >= 0 else "")
        if end < 0:
            return "".join(parts)
        at = end + len(ending)
    return "".join([*parts, markup[at:]])


def _html(data: bytes, most: int) -> tuple[str, str]:
    markup = data.decode()
    text = text_of_html(markup)
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
            if re.search(rb'URI="[^"]*\.x?html?"', locked):
                raise Refused(PROTECTED)
        container = ElementTree.fromstring(_read(archive, "META-INF/container.xml", most))
        root = next((path for one in container.iter() if (path := one.get("full-path"))), "")
        package = ElementTree.fromstring(_read(archive, root, most))
        hrefs = {
            one.get("id"): one.get("href", "") for one in package.iter() if _local(one) == "item"
        }
        chapters, size = [], 0
        for one in package.iter():
            if _local(one) != "itemref" or one.get("linear") == "no":
                continue
            href = unquote(hrefs.get(one.get("idref"), "").partition("#")[0])
            path = posixpath.normpath(posixpath.join(posixpath.dirname(root), href))
            if not href or path not in names:
                continue
            text = text_of_html(decode(_read(archive, path, most), path).text)
            if text.strip():
                chapters.append(text)
                size += len(text)
            if size > most:
                break
    number = len(chapters)
    return "\n\n".join(chapters), f"{number:,} chapter{'s' if number > 1 else ''} without tags"


def _docx(data: bytes, most: int) -> tuple[str, str]:
    signs = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}

    def parts(one: ElementTree.Element) -> Iterator[str]:
        name = _local(one)
        if name in ("del", "moveFrom", "Fallback"):  # what was crossed out, or stands twice
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
        body = ElementTree.fromstring(_read(archive, "word/document.xml", most * 10))
    return "".join(parts(body)), "its text without headers, footnotes and comments"


def _odt(data: bytes, most: int) -> tuple[str, str]:
    left_out = {"tracked-changes", "annotation", "note-citation", "sequence-decls"}

    def parts(one: ElementTree.Element) -> Iterator[str]:
        name = _local(one)
        if name not in left_out:
            yield from inside(one, name)

    def inside(one: ElementTree.Element, name: str) -> Iterator[str]:
        is_text = name in ("p", "h", "span", "a")
        if name == "s":
            count = next((value for key, value in one.attrib.items() if key.endswith("}c")), "1")
            yield " " * min(int(count) if count.isdecimal() else 1, 1000)
        elif name in ("tab", "line-break"):
            yield "\t" if name == "tab" else "\n"
        elif is_text:
            yield _WHITE.sub(" ", one.text or "")
        for part in one:
            yield from parts(part)
            if is_text:
                yield _WHITE.sub(" ", part.tail or "")
        if name in ("p", "h"):
            yield "\n"

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        root = ElementTree.fromstring(_read(archive, "content.xml", most * 10))
    return "".join(parts(root)), "its text without headers and comments"


def _zip(data: bytes, most: int) -> tuple[str, str]:
    texts, size = [], 0
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            if not name.lower().endswith(".txt") or name.startswith("__MACOSX/"):
                continue
            text = decode(_read(archive, name, most), name).text
            texts.append(text if text.endswith("\n") else f"{text}\n")
            size += len(text)
            if size > most:
                break
    number = len(texts)
    return "".join(texts), f"{number:,} text{'s' if number > 1 else ''}, one after the other"


READERS: dict[str, Callable[[bytes, int], tuple[str, str]]] = {
    "html": _html,
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
        raise Refused(NO_KIND) from error
    if "META-INF/container.xml" in names:
        return "epub"
    if "word/document.xml" in names:
        return "docx"
    if "content.xml" in names and "mimetype" in names:
        return "odt"
    if not any(name.lower().endswith(".txt") for name in names):
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
        if not text.strip():
            raise Refused(NO_TEXT)
        answer = {"kind": kind, "text": text, "what": what}
    except Refused as error:
        answer = {"error": str(error)}
    except (
        CharLSTMError,
        zipfile.BadZipFile,
        zlib.error,
        ElementTree.ParseError,
        KeyError,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ):
        answer = {"error": DAMAGED}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
