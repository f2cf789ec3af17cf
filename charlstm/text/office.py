"""Takes the words out of what word processors write: the XML within .docx and .odt files."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from typing import IO

# How deep the parts of a body lie, which are read one after the other: a whole tree would take
# twenty times the memory of the file.
_DEPTH_OF_DOCX, _DEPTH_OF_ODT = 3, 4
_OF_A_PAGE = re.compile("(?:header|footer)(?:-left|-first)?$")
_WHITE = re.compile(r"[ \t\r\n\f]+")


def words_of_docx(file: IO[bytes], most: int) -> str:
    """The text of Word's document.xml, a line for each paragraph.

    Args:
        most: characters, after which no more is read.
    """
    return _joined(map(_words_of_word, _parts_of(file, _DEPTH_OF_DOCX)), most)


def words_of_odt(file: IO[bytes], most: int) -> str:
    """The text of an OpenDocument's content.xml, or of one that is a single file of XML.

    As `words_of_docx`.
    """
    parts = _parts_of(file, _DEPTH_OF_ODT)
    shown = (one for one in parts if not _OF_A_PAGE.match(local_name(one)))
    return _joined(map(_words_of_open_document, shown), most)


def _parts_of(file: IO[bytes], depth: int) -> Iterator[ElementTree.Element]:
    """The elements of an XML file that lie at some depth, and are emptied afterwards."""
    now = 0
    for event, one in ElementTree.iterparse(file, ("start", "end")):
        if event == "start":
            now += 1
            continue
        if now == depth:
            yield one
        if now <= depth:
            one.clear()
        now -= 1


def _joined(texts: Iterator[str], most: int) -> str:
    found, size = [], 0
    for text in texts:
        found.append(text)
        size += len(text)
        if size > most:
            break
    return "".join(found)


def _words_of_word(body: ElementTree.Element) -> str:
    signs = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
    # What was crossed out, or stands twice; how a word is pronounced, above it.
    left_out = {"del", "moveFrom", "Fallback", "rt"}
    off = {"0", "false", "off"}
    boxes: list[str] = []  # of the paragraph that is read: they follow it

    def is_hidden(run: ElementTree.Element) -> bool:
        """Whether words of one look are shown to nobody."""
        looks = (look for one in run if local_name(one) == "rPr" for look in one)
        return any(
            local_name(look) == "vanish" and off.isdisjoint(look.attrib.values()) for look in looks
        )

    def parts(one: ElementTree.Element) -> Iterator[str]:
        name = local_name(one)
        if name in left_out or name.endswith("Pr"):  # properties: tab stops among them
            return
        if name == "r" and is_hidden(one):
            return
        if name == "txbxContent":
            boxes.append("".join(part for child in one for part in parts(child)))
            return
        if name == "t":
            yield one.text or ""
        elif name in signs:
            yield signs[name]
        for part in one:
            yield from parts(part)
        if name == "p":
            yield "\n"
            yield "".join(boxes)
            boxes.clear()

    return "".join(parts(body))


def _words_of_open_document(root: ElementTree.Element) -> str:
    left_out = {"tracked-changes", "annotation", "note-citation", "sequence-decls", "ruby-text"}
    notes: list[str] = []  # of the paragraph that is read: they follow it

    def parts(one: ElementTree.Element, is_inside: bool) -> Iterator[str]:
        name = local_name(one)
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

    return "".join(parts(root, False))


def local_name(one: ElementTree.Element) -> str:
    """An element's name without its namespace."""
    return one.tag.rpartition("}")[2] if isinstance(one.tag, str) else ""
