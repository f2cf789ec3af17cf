"""Recognises what stands in a text beside its words: tags of web pages, times, tables.

A network learns markup as it learns words, and would write it. So it is left out, unless somebody
wants it.
"""

from __future__ import annotations

import re
from collections import Counter

from charlstm.text.chats import is_chat, without_stamps
from charlstm.text.documents import KINDS, extract
from charlstm.text.subtitles import are_subtitles, without_times

# What kinds are called.
LABELS = {
    "html": KINDS["html"],
    "xml": KINDS["xml"],
    "subtitles": "subtitles with their times",
    "chat": "a chat with the times of its messages",
}
MIN_ROWS = 20  # of a table
_LOOK = 40_000  # characters, in which a text shows what it is
_COMMENTS = re.compile(r"\s*(?:<!--.*?-->\s*|<\?.*?\?>\s*)*", re.S)  # before the first tag
_PAGE = re.compile(
    r"<(?:!doctype\s+html|html|head|body|fictionbook|article|section|main|div|p|h[1-6]|table|[uo]l"
    r"|span|a|b|i|em|strong|br|hr|center|blockquote|title|meta|link|style|img|font|nav|header|footer"
    r"|aside|figure|address|dl|small|big)\b[^<>]*>",
    re.I,
)
_WHOLE_PAGE = re.compile(r"^<(?:!doctype\s+html|html)\b[^<>]*>", re.I | re.M)  # after other words
_TAG = re.compile(
    r"</(?:p|div|span|a|b|i|em|strong|li|td|tr|h[1-6]|head|title|body|html|section|article)\s*>",
    re.I,
)
_BLOCK = re.compile(r"<(?:p|div|br|li|td|h[1-6]|pre|section|article|blockquote)\b", re.I)
_MIN_BLOCKS = 0.1  # for each line of a page
_ROOT = re.compile(r"<([a-zA-Z][\w.:-]*)(?:\s[^<>]*)?>")
_ANY_TAG = re.compile(r"</[a-zA-Z][\w.:-]*\s*>|<[a-zA-Z][^<>]{0,5000}/>")
MIN_TAGS = 5  # that close something
_MARKDOWN = re.compile(r"^(?:#{1,6} +\S|```|~~~)", re.M)
MIN_HEADINGS = 3
# What parts the columns of a table; a comma before a space, or at the end, is one of a sentence.
_CELL = r"(?=[^\s\"'“”‘’«»)\]]|[\"'“‘«»](?=\w))"
_SEPARATORS = {
    re.compile(rf",{_CELL}"): "commas",
    re.compile(rf";{_CELL}"): "semicolons",
    re.compile("\t"): "tabs",
    # Neither one at an edge nor one in a link of a wiki.
    # Nor one that ends a verse in Hindi.
    re.compile(
        r"(?<=[^|])(?<![\u0900-\u0dff])(?<![\u0900-\u0dff] )\|++(?!\s*$)(?![^\[\]]*\]\])"
    ): "bars",
}
# A cell that may have separators and line breaks of its own.
_QUOTED = re.compile(r'(?<![^,;\t|\n])"(?:[^"]|"")*+"(?![^,;\t|\n])')


def recognise(text: str) -> str:
    """The kind of markup that a text is full of, a key of `LABELS`; empty if of none."""
    part = text[:_LOOK]
    if "<?php" in part or "<?=" in part:
        return ""  # a program that makes a page
    before = _COMMENTS.match(part)
    first = part[before.end() if before else 0 :]
    is_page = first[:200].lower().startswith(("<!doctype html", "<html", "<fictionbook", "<sami"))
    if is_page:
        return "html"
    if len(_MARKDOWN.findall(part)) >= MIN_HEADINGS:
        return ""  # Markdown may begin with a tag or two, and has programs with what looks like it
    if _PAGE.match(first) and len(_TAG.findall(part)) >= MIN_TAGS:
        # Where hardly anything parts the lines but that they are lines, they stay.
        blocks = len(_BLOCK.findall(part))
        return "html" if blocks >= _MIN_BLOCKS * part.count("\n") else "xml"
    if _WHOLE_PAGE.search(part) and text[-200:].rstrip().lower().endswith("</html>"):
        return "html"  # as a browser or a mail saves it, with lines of its own before it
    is_xml = (
        part.lstrip().startswith("<?xml") or first[:4].upper() == "<TEI" or _is_whole(first, text)
    )
    if is_xml and len(_ANY_TAG.findall(part)) >= MIN_TAGS:
        return "xml"
    if are_subtitles(part):
        return "subtitles"
    return "chat" if is_chat(part) else ""


def _is_whole(first: str, text: str) -> bool:
    """Whether a text is one element, as far as its beginning and its end show."""
    root = _ROOT.match(first)
    if root is None or root[1].lower() == "svg":  # a drawing has hardly a word
        return False
    return "xmlns" in root[0] or text[-200:].rstrip().endswith(f"</{root[1]}>")


def without_markup(text: str, kind: str, name: str, most_bytes: int) -> tuple[str, str]:
    """The words of a text without its markup, and a sentence about it.

    Args:
        kind: what `recognise` found.
        name: the text's, for error messages.

    Raises:
        CharLSTMError: nothing is left, or it cannot be taken apart.
    """
    if kind in ("html", "xml"):
        found = extract(kind, text.encode(), name, most_bytes)
        return found.text, found.notice
    return without_stamps_of(kind, text)


def without_stamps_of(kind: str, text: str) -> tuple[str, str]:
    """As `without_markup`, of what has times and no tags."""
    if kind == "chat":
        words, times = without_stamps(text)
        return words, f"Read as {LABELS[kind]}: {times:,} dates and times were left out."
    captions = without_times(text)
    rolled = ""
    if captions.repeated:
        rolled = f", and {captions.repeated:,} lines that the caption before them had as well"
    return captions.words, (
        f"Read as {LABELS[kind]}: {captions.times:,} times and their numbers were left out{rolled}."
    )


def name_table(text: str) -> str:
    """A sentence that says that a text looks like a table; empty if it does not.

    >>> name_table("name,age\\n" + "Ann,3\\n" * 30)
    'It looks like a table of 2 columns, parted by commas, which are learned with it.'
    """
    part = _QUOTED.sub('"a"', text[:_LOOK])
    lines = [line for each in part.split("\n")[:-1] if (line := each.lstrip("\t "))]
    if len(lines) < MIN_ROWS or sum(line[0] in "{[" for line in lines) > len(lines) / 2:
        return ""  # objects of JSON, one in a line, are none
    for sign, called in _SEPARATORS.items():
        if not sign.search(lines[0]):  # a decimal comma, for example
            continue
        columns, times = Counter(len(sign.findall(line)) for line in lines).most_common(1)[0]
        if columns and times >= 0.95 * len(lines):
            return (
                f"It looks like a table of {columns + 1} columns, parted by {called}, which are "
                "learned with it."
            )
    return ""
