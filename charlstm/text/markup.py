"""Recognises what stands in a text beside its words: tags of web pages, times of subtitles, tables.

A network learns markup as it learns words, and would write it. So it is left out, unless somebody
wants it.
"""

from __future__ import annotations

import re
from collections import Counter

from charlstm.text.documents import KINDS, extract

# What kinds are called.
LABELS = {"html": KINDS["html"], "subtitles": "subtitles with their times"}
MIN_TIMES = 5  # of subtitles
MIN_ROWS = 20  # of a table
_LOOK = 4_000  # characters, in which a web page shows what it is
_PAGE = re.compile(r"<(?:!doctype html|html|fictionbook|body|div|p|h1|table|ul)\b[^<>]*>", re.I)
_TAG = re.compile(r"</(?:p|div|span|a|b|i|em|strong|li|td|tr|h[1-6]|body|html|section)\s*>", re.I)
MIN_TAGS = 5  # that close something
_TIME = r"(?:\d{1,3}:)?\d{1,2}:\d{2}[.,]\d{1,3}"
_TIMES = re.compile(rf"^[ \t]*{_TIME} *--> *{_TIME}[^\n]*$", re.M)
# A subtitle's number, if it has one, and its times; what stands before the first one; comments.
_CUE = re.compile(rf"(?:^[ \t]*\d+[ \t]*\n)?^[ \t]*{_TIME} *--> *{_TIME}[^\n]*\n?", re.M)
_HEAD = re.compile(r"\AWEBVTT[^\n]*(?:\n[^\n]+)*\n")
_COMMENT = re.compile(r"^(?:NOTE|STYLE|REGION)\b[^\n]*(?:\n[^\n]+)*\n", re.M)
# What parts the columns of a table; a comma before a space, or at the end, is one of a sentence.
_CELL = r"(?=\w|[,;]|-\d|\"\w)"
_SEPARATORS = {
    re.compile(rf",{_CELL}"): "commas",
    re.compile(rf";{_CELL}"): "semicolons",
    re.compile("\t"): "tabs",
    re.compile(r"\|"): "bars",
}
_STYLE = re.compile(r"</?(?:[ibu]|font|c|v|lang|ruby|rt)\b[^<>\n]*>|\{\\[^{}\n]*\}", re.I)


def recognise(text: str) -> str:
    """The kind of markup that a text is full of, a key of `LABELS`; empty if of none."""
    beginning = text[:_LOOK].lstrip()
    if beginning.startswith("<"):
        is_page = "<html" in beginning.lower() or "<fictionbook" in beginning.lower()
        closing = len(_TAG.findall(text[: 10 * _LOOK]))
        if is_page or (_PAGE.search(beginning) and closing >= MIN_TAGS):
            return "html"
    if len(_TIMES.findall(text[: 10 * _LOOK])) >= MIN_TIMES:
        return "subtitles"
    return ""


def without_markup(text: str, kind: str, name: str, most_bytes: int) -> tuple[str, str]:
    """The words of a text without its markup, and a sentence about it.

    Args:
        kind: what `recognise` found.
        name: the text's, for error messages.

    Raises:
        CharLSTMError: nothing is left, or it cannot be taken apart.
    """
    if kind == "html":
        found = extract("html", text.encode(), name, most_bytes)
        return found.text, found.notice
    number = len(_TIMES.findall(text))
    if text.startswith("WEBVTT"):
        text = _COMMENT.sub("", _HEAD.sub("", text))
    words = _STYLE.sub("", _CUE.sub("", text))
    words = re.sub(r"\n{2,}", "\n", words).lstrip("\n")
    return words, f"Read as {LABELS[kind]}: {number:,} times and their numbers were left out."


def name_table(text: str) -> str:
    """A sentence that says that a text looks like a table; empty if it does not.

    >>> name_table("name,age\\n" + "Ann,3\\n" * 30)
    'It looks like a table of 2 columns, parted by commas, which are learned with it.'
    """
    lines = [line for line in text[: 10 * _LOOK].split("\n")[:-1] if line]
    if len(lines) < MIN_ROWS:
        return ""
    for sign, called in _SEPARATORS.items():
        columns, times = Counter(len(sign.findall(line)) for line in lines).most_common(1)[0]
        if columns and times >= 0.95 * len(lines):
            return (
                f"It looks like a table of {columns + 1} columns, parted by {called}, which are "
                "learned with it."
            )
    return ""
