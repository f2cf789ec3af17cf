"""Makes lines of the words of a page and of the signs that stand for its tags."""

from __future__ import annotations

import re

# What tags do to the words around them is written between the words as single control characters,
# so that many can be processed together. No page has these: they are dropped before it is read.
LINE, PARAGRAPH, BREAK, CELL = "\x00\x01\x02\x03"  # a break is a line end within a paragraph
PRE, AFTER_PRE = "\x04\x05"  # white space counts between them
NOTE, AFTER_NOTE = "\x06\x07"  # moved to the end of the paragraph
APART = "\x08"  # in XML: a line break, unless a line begins there
MARK, INNER_MARK = "\x0e\x0f"  # for those who read a page: never in what is shown
_KEPT_SPACE = "\x10"
SIGNS = LINE + PARAGRAPH + BREAK + CELL + PRE + AFTER_PRE + NOTE + AFTER_NOTE + APART
_RESERVED = re.compile(f"[{SIGNS}{MARK}{INNER_MARK}{_KEPT_SPACE}]")

_WHITE = " \t\r\n\f\xa0\u3000"
_PARTS = re.compile(f"([{NOTE}{AFTER_NOTE}{LINE}{PARAGRAPH}])")
_PRES = re.compile(f"([{PRE}{AFTER_PRE}])")
_SPACES = re.compile("  +")
_LINE_END = re.compile(r"(?<![ \t])[ \t]+(?=\n)")
_FIRST_CELLS = re.compile(f"(?<=[{LINE}{PARAGRAPH}{BREAK}\n]){CELL}+")
_APARTS = re.compile(f"\n?(?<!{CELL}){CELL}*+{APART}[{APART}{CELL}]*+")


def without_signs(markup: str) -> str:
    """Without the characters that are signs here, which mean nothing in a page."""
    return _RESERVED.sub("", markup) if _RESERVED.search(markup) else markup


class ShownText:
    """The text that a page shows, as it grows.

    Args:
        keeps_lines: whether line breaks and spaces count, as in XML of any kind.
    """

    def __init__(self, *, keeps_lines: bool):
        self._keeps_lines = keeps_lines
        self._preformatted = 0  # elements that are open
        self._notes: list[str] = []  # of the paragraph that is read: they follow it
        self._open_notes: list[list[str]] = []  # the words of each
        self._pieces: list[str] = []
        self._is_line_new = True
        self.length = 0  # characters

    def add(self, text: str) -> None:
        """Continue with words and signs."""
        if NOTE in text or self._notes or self._open_notes:
            text = self._with_notes_last(text)
        text = text.replace(AFTER_NOTE, "")
        text = self._kept(text) if self._keeps_lines else self._flowing(text)
        if text:
            self._pieces.append(text)
            self.length += len(text)
            self._is_line_new = text.endswith("\n")

    def finished(self) -> str:
        """All of it, when nothing more comes."""
        self.add(AFTER_NOTE * len(self._open_notes) + LINE)
        text = "".join(self._pieces).rstrip(" \t")
        if " \n" in text or "\t\n" in text:
            text = _LINE_END.sub("", text)
        while "\n\n\n" in text:
            text = text.replace("\n\n\n", "\n\n")
        return text.strip("\n") + "\n"

    def _with_notes_last(self, text: str) -> str:
        """With the notes of each paragraph in lines of their own after it."""
        pieces: list[str] = []
        for piece in _PARTS.split(text):
            if piece == NOTE:
                self._open_notes.append([])
            elif piece == AFTER_NOTE:
                if self._open_notes:
                    self._notes.append("".join(self._open_notes.pop()).strip(_WHITE + SIGNS))
            elif self._open_notes:
                self._open_notes[-1].append(piece)
            else:
                if self._notes and piece in (LINE, PARAGRAPH):
                    pieces[-1:] = [piece.rstrip(APART) for piece in pieces[-1:]]
                    pieces += [BREAK + note for note in self._notes if note]
                    self._notes.clear()
                pieces.append(piece)
        return "".join(pieces)

    def _kept(self, text: str) -> str:
        """With the line breaks and tabs that signs stand for."""
        text = text.replace(LINE, "\n").replace(PARAGRAPH, "\n\n").replace(BREAK, "\n")
        if self._is_line_new:
            text = text.lstrip(APART + CELL)
        return self._with_cells(_APARTS.sub("\n", text) if APART in text else text)

    def _with_cells(self, text: str) -> str:
        if CELL not in text:
            return text
        if self._is_line_new:
            text = text.lstrip(CELL)
        return _FIRST_CELLS.sub("", text).replace(CELL, "\t")

    def _flowing(self, text: str) -> str:
        """With white space as a browser shows it."""
        text = self._white(text)
        for sign in (LINE, PARAGRAPH, BREAK, CELL):
            text = text.replace(sign + " ", sign)
        if self._is_line_new:
            text = text.lstrip(" " + CELL)
        elif self._pieces[-1].endswith((" ", "\t")):
            text = text.removeprefix(" ")
        text = self._with_cells(text).replace(LINE, "\n").replace(PARAGRAPH, "\n\n")
        return text.replace(BREAK, "\n").replace(_KEPT_SPACE, " ")

    def _white(self, text: str) -> str:
        if not (self._preformatted or PRE in text or AFTER_PRE in text):
            return _with_single_spaces(text)
        pieces = []
        for piece in _PRES.split(text):
            if piece == PRE:
                self._preformatted += 1
            elif piece == AFTER_PRE:
                self._preformatted = max(0, self._preformatted - 1)
            elif self._preformatted:
                pieces.append(piece.replace(" ", _KEPT_SPACE))
            else:
                pieces.append(_with_single_spaces(piece))
        return "".join(pieces)


def _with_single_spaces(text: str) -> str:
    for sign in "\t\r\n\f":
        text = text.replace(sign, " ")
    return _SPACES.sub(" ", text)
