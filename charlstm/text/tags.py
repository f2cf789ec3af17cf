"""Takes the words out of web pages and XML, as a browser would show them.

Pages as people have them are seldom well formed, and what a parser makes of one that is not may be
nothing. Here a tag that never ends is text, and what begins and never ends hides nothing. Each
character is looked at a few times at most, however a page was made.
"""

from __future__ import annotations

import re

from charlstm.text.elements import (
    AFTER_PRE,
    APART,
    BEGINNING,
    BLOCKS,
    CELL,
    FEED_PARTS,
    HEAD_PARTS,
    HIDDEN,
    HIDES,
    HIDING,
    INLINE,
    LINE,
    NEVER_EMPTY,
    PARAGRAPH,
    PARAGRAPHS,
    PRE,
    REPLACED,
    SIMPLE_TAG,
    UNUSUAL,
    WITHIN_WORD,
    Placeholders,
    in_lines,
    name_of,
    placeholders,
)
from charlstm.text.references import unescaped, with_whole_emoji

_AT_LINE = re.compile(f"(\n)(?:{APART})+")
_APARTS = re.compile(f"(?:{APART})+")
FEWEST_AHEAD, MOST_AHEAD = 100, 50_000  # characters that are searched for simple tags at once
_MARK = "\0_"  # where a tag was that separates nothing
_FIRST_CELLS = re.compile("(?:(?<=\0[nm])|(?<=\n))(?:\0t)+")
_CELLS = re.compile("(?:\0t)+")
_AT_FIRST = re.compile("(?: |\0t)+")  # not shown at the beginning of a line
_TOGETHER = 1_000  # words and placeholders that are processed together
_COMMENT_END = re.compile("--!?>")
_WITHIN = re.compile(r"=\s*([\"'])|[<>]")  # a tag: a value begins, or it ends
# Characters that a quoted value may have if there are tags in it; longer ones are seldom meant.
MOST_OF_A_VALUE, MOST_OF_JSON = 2_000, 200_000
_SUBSET = re.compile(r"DOCTYPE[^<>\[\]]{0,500}\[", re.I)  # of declarations follows
_E_BOOK = re.compile(r"<FictionBook\b", re.I)
_FEED = re.compile(r"<(?:rss|feed|rdf:RDF|mediawiki)\b")
_SHOWN_TAG = re.compile(r"</?[a-zA-Z][a-zA-Z0-9]*\b[^<>]*>")
# Files that have their words in an attribute, by their first element.
_ATTRIBUTES = {"opml": "text", "smses": "body"}
_VALUES = {
    name: re.compile(rf"\s{name}\s*=\s*(?:\"([^\"]*)\"|'([^']*)')") for name in _ATTRIBUTES.values()
}
_ROOT = re.compile(r"<([a-zA-Z][^\s<>/]*)")
_CLOSINGS = {
    name: re.compile(rf"</(?:\w+:)?{name}\b", re.I)
    for name in (*HIDDEN, *REPLACED, *FEED_PARTS, "description", "title")
}
# These end at the next part of the word as well.
_CLOSINGS |= {
    name: re.compile(rf"</{name}\b|(?=</ruby\b|<r(?:[bpt]|tc)\b)", re.I)
    for name in ("rt", "rtc", "rp")
}
_ATTRIBUTE = re.compile(r"""([^\s"'<>=/]+)\s*(?:=\s*("[^"]*"|'[^']*'|[^\s"'>]+))?""")
_NOT_SHOWN = re.compile(r"display\s*:\s*none\b", re.I)
MOST_HIDDEN = 50_000  # characters; what is longer is no menu
_PRES = re.compile(f"({PRE}|{AFTER_PRE})")
_KEPT_SPACE = "\0s"
_SPACES = re.compile("  +")
_LINE_END = re.compile(r"(?<![ \t])[ \t]+(?=\n)")


def words_of(markup: str, *, keeps_lines: bool = False, most: int | None = None) -> str:
    """What a browser would show of a page.

    Args:
        keeps_lines: whether line breaks count, as in XML of any kind.
        most: characters, after which no more is read; None for all.

    >>> words_of("<p>To be,<br>or <i>not</i>&nbsp;to be</p><script>x</script>")
    'To be,\\nor not\\xa0to be\\n'
    """
    page = _Page(with_whole_emoji(markup.replace("\0", "")), keeps_lines, most)
    page.read()
    text = "".join(page.parts).rstrip(" \t")
    if " \n" in text or "\t\n" in text:
        text = _LINE_END.sub("", text)
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text.strip("\n") + "\n"


def _with_single_spaces(text: str) -> str:
    for sign in "\t\r\n\f":
        text = text.replace(sign, " ")
    return _SPACES.sub(" ", text)


class _Page:
    def __init__(self, markup: str, keeps_lines: bool, most: int | None = None):
        self.markup = markup
        self._left = most if most is not None else len(markup)  # characters
        self.parts: list[str] = []
        self._missing: set[re.Pattern[str] | str] = set()  # what does not come any more
        self._preformatted = int(keeps_lines)
        self._is_xml = keeps_lines
        self._is_head = self._is_title = False  # of a page: before its first words
        self._had_body = False
        self._choices = 0  # that are open
        self._notes: list[str] = []  # of the paragraph that is read: they follow it
        self._outer: list[list[str]] = []  # the parts around a note that is read
        self._is_feed = _FEED.search(markup, 0, 1_000) is not None
        root = _ROOT.search(markup, 0, 1_000)
        self._value = _VALUES.get(_ATTRIBUTES.get(root[1].lower(), "") if root else "")
        # What a FictionBook says of itself stands in one element, whose name a feed has as well.
        # The title of a page is none of its words; that of a chapter is.
        if _E_BOOK.search(markup, 0, 1_000):
            more = {"description"}
        elif self._is_feed:
            more = FEED_PARTS
        else:
            more = set() if keeps_lines else {"title"}
        self._hidden = frozenset(HIDDEN | more)
        self._failed_at = 0  # a tag that does not end was looked at up to there
        self._ahead = FEWEST_AHEAD

    def read(self) -> None:
        markup, at, looked = self.markup, 0, 0
        words: list[str] = []  # and placeholders between them
        simple = self._simple()
        while self._left > 0 and (found := BEGINNING.search(markup, looked)):
            begin = found.start()
            if len(words) > _TOGETHER:
                self._show(words)
                words.clear()
            if simple is not None and (taken := self._simple_tags(begin, simple)):
                words += [markup[at:begin], *taken]
                at = looked = self._at
                continue
            self._failed_at = begin + 1
            end = self._end_of(found)
            if end is None:  # no tag: text that has such a sign
                looked = self._failed_at
                continue
            words.append(markup[at:begin])
            name = name_of(found["tag"] or "")
            unseen = self._unseen_end(found, name, end)
            if simple is not None and unseen is not None:
                words.append("")
                at = looked = unseen
                continue
            self._show(words)
            words.clear()
            if found["literal"]:  # often of a web page, in a feed
                self._show_page(markup[found.end() : end - 3])
            if self._value and (value := self._value.search(markup, begin, end)):
                self.parts += ["\n", unescaped(value[1] or value[2] or ""), "\n"]
            if name:
                if name != "title" or unseen is None or unseen == end:  # not skipped as a whole
                    self._enter(name, found["close"] == "/")
                if unseen is None:
                    self._tag(name, found["close"] == "/", found.end(), end)
            at = looked = end if unseen is None else unseen
            simple = self._simple()
        if self._left > 0:
            self._show([*words, markup[at:]])
        while self._outer:  # a note that was not closed
            self._end_note()
        self._end_paragraph()

    def _simple(self) -> Placeholders | None:
        """The placeholders of simple tags; None where an open element gives them an effect."""
        if self._is_head or self._value:
            return None
        if self._is_xml and not self._preformatted:  # a <pre> was closed that had not begun
            return None
        return placeholders(
            self._hidden, is_xml=self._is_xml, has_notes=bool(self._notes) and not self._outer
        )

    def _simple_tags(self, begin: int, simple: Placeholders) -> list[str]:
        """The placeholders of simple tags that follow each other, with the words between them.

        Empty if the first tag is not simple; otherwise `_at` is where the last one ends.
        """
        first = SIMPLE_TAG.match(self.markup, begin)
        if first is None or simple[first[0]] == UNUSUAL:
            return []
        # Nothing, a tag, words, a tag and so on; the last words may be cut.
        pieces = SIMPLE_TAG.split(self.markup[begin : begin + self._ahead])
        tags, words = pieces[1::2], pieces[2::2]
        taken = [*map(simple.__getitem__, tags)]
        count = taken.index(UNUSUAL) if UNUSUAL in taken else len(tags)
        between = words[: max(0, count - 1)]
        if "<" in "".join(between):  # more than a sign, perhaps
            unusual = enumerate(map(BEGINNING.search, between), 1)
            count = next((number for number, found in unusual if found), count)
        is_all = count == len(tags)
        self._ahead = min(2 * self._ahead, MOST_AHEAD) if is_all else FEWEST_AHEAD
        if not count:
            return []
        self._at = begin + len("".join(pieces[: 2 * count]))
        together = [""] * (2 * count - 1)
        together[1::2] = between = between[: count - 1]
        if self._is_xml:  # where words follow, no line break is needed
            last = taken[count - 1]
            taken = [
                one.removeprefix(APART) if one and (text or tag.startswith("</")) else one
                for one, text, tag in zip(taken, between, tags[1:], strict=False)
            ]
            taken.append(last if self._begins_element(self._at) else last.removeprefix(APART))
        together[::2] = taken[:count]
        return together

    def _begins_element(self, at: int) -> bool:
        found = BEGINNING.match(self.markup, at)
        return found is not None and not found["close"]

    def _end_of(self, found: re.Match[str]) -> int | None:
        """Where a tag, a comment or what it is ends; None if it is none."""
        if found["comment"]:
            if found.string.startswith((">", "->"), found.end()):
                return found.end() + (1 if found.string[found.end()] == ">" else 2)
            return self._after_comment(found.end()) or found.end()
        if found["literal"]:
            return self._after("]]>", found.end())
        if found["aside"] == "?":
            return self._after("?>", found.end()) or self._tag_end(found.end())
        subset = _SUBSET.match(found.string, found.end()) if found["aside"] else None
        if subset:
            return self._after("]>", subset.end()) or self._tag_end(found.end())
        return self._tag_end(found.end())

    def _after(self, sign: str, at: int) -> int | None:
        """Where a sign ends that comes at some place or later; None if it does not come."""
        place = -1 if sign in self._missing else self.markup.find(sign, at)
        if place >= 0:
            return place + len(sign)
        self._missing.add(sign)
        return None

    def _after_comment(self, at: int) -> int | None:
        """Where a comment ends; None if it does not."""
        found = None if _COMMENT_END in self._missing else _COMMENT_END.search(self.markup, at)
        if found:
            return found.end()
        self._missing.add(_COMMENT_END)
        return None

    def _after_closing(self, name: str, at: int) -> int | None:
        """Where an element's closing tag ends; None if it does not come."""
        closing = _CLOSINGS[name]
        found = None if closing in self._missing else closing.search(self.markup, at)
        if found:
            return self._tag_end(found.end()) or found.end()
        self._missing.add(closing)
        return None

    def _tag_end(self, at: int) -> int | None:
        while found := _WITHIN.search(self.markup, at):
            at = found.end()
            quote = found[1]
            if found[0] == ">":
                return at
            if not quote:
                self._failed_at = found.start()
                return None
            end = self._after(quote, at)
            if end is not None and (
                end - at <= (MOST_OF_JSON if self.markup[at] in "{[" else MOST_OF_A_VALUE)
                or self.markup.find("<", at, end) < 0
            ):
                at = end
        self._failed_at = len(self.markup)
        return None

    def _after_hidden(self, name: str, at: int) -> int | None:
        """Where an element ends that has others of its kind in it; None if it does not end soon."""
        open_ones, end = 1, min(len(self.markup), at + MOST_HIDDEN)
        for found in re.compile(rf"<(/?){name}\b", re.I).finditer(self.markup, at, end):
            open_ones += -1 if found[1] else 1
            if not open_ones:
                return self._tag_end(found.end()) or found.end()
        self._missing.add(name)
        return None

    def _hides(self, name: str, begin: int, end: int) -> bool:
        """Whether the attributes of a tag say that nobody sees what is in it."""
        if self._is_xml or name not in HIDING or name in self._missing:
            return False
        if end - begin > MOST_OF_A_VALUE or not HIDES.search(self.markup, begin, end):
            return False
        return any(
            one[1].lower() == "hidden" or (one[1].lower() == "style" and _NOT_SHOWN.search(one[0]))
            for one in _ATTRIBUTE.finditer(self.markup, begin, end - 1)
        )

    def _unseen_end(self, found: re.Match[str], name: str, end: int) -> int | None:
        """Where what is not shown ends, that a tag or comment begins which ends there."""
        if found["comment"]:
            return end
        if not name or found["close"]:
            return None
        if name in self._hidden or (self._choices and name in REPLACED):
            is_empty = self.markup.startswith("/", end - 2) and (
                self._is_xml or name not in NEVER_EMPTY
            )
            return end if is_empty else self._after_closing(name, end) or end
        if self._hides(name, found.end(), end):
            return self._after_hidden(name, end) or end
        return None

    def _enter(self, name: str, closes: bool) -> None:
        """Take note of the part of a page that a tag begins or ends."""
        if name == "pre":
            self._preformatted = max(0, self._preformatted + (-1 if closes else 1))
        if name == "head" and not self._had_body:
            self._is_head, self._is_title = not closes, False
        elif name == "title" and self._is_head:
            self._is_title = not closes
        elif name in ("body", "text"):
            self._is_head = self._is_title = False
            self._had_body = True
        elif name not in HEAD_PARTS:
            self._is_head = False

    def _tag(self, name: str, closes: bool, begin: int, end: int) -> None:
        """Do what a tag does whose attributes are between."""
        if name == "choice":
            self._choices = max(0, self._choices + (-1 if closes else 1))
        elif name == "note" and not self.markup.startswith("/", end - 2):  # that is empty
            if not closes:
                self._outer.append(self.parts)
                self.parts = []
            elif self._outer:
                self._end_note()
        is_apart = self._is_xml and closes and name not in INLINE and not self._is_line_new()
        if is_apart and self._begins_element(end):
            self.parts.append("\n")
        if name in BLOCKS:
            if not self._outer:
                self._end_paragraph()
            self.parts.append("\n\n" if closes and name in PARAGRAPHS else "\n")
        elif name == "q" and not self._is_xml:  # a browser shows its quotation marks
            self.parts.append("”" if closes else "“")
        elif name == "br" or (name == "lb" and not WITHIN_WORD.search(self.markup, begin, end)):
            self.parts.append("\n")
        elif name in ("td", "th") and not closes and not self._is_line_new():
            self.parts.append("\t")

    def _end_note(self) -> None:
        self._notes.append("".join(self.parts).strip())
        self.parts = self._outer.pop()

    def _end_paragraph(self) -> None:
        if any(self._notes):
            self.parts.append("\n" + "\n".join(filter(None, self._notes)))
        self._notes.clear()

    def _show(self, words: list[str]) -> None:
        text = "".join(words)
        if "&" in text:  # marked where a tag was, because a character reference cannot contain one
            marked = unescaped(_MARK.join(words))
            if self._is_feed and _SHOWN_TAG.search(marked):
                self._show_feed(marked.split(_MARK))
                return
            text = marked.replace(_MARK, "")
        self._show_text(text)

    def _show_feed(self, words: list[str]) -> None:
        """As `_show`, where pages are written out within an element."""
        begin = 0
        for place, page in enumerate(words):
            if _SHOWN_TAG.search(page):
                self._show_text("".join(words[begin:place]))
                begin = place + 1
                self._show_page(page)
        self._show_text("".join(words[begin:]))

    def _show_page(self, markup: str) -> None:
        inner = _Page(markup, self._preformatted > 0)
        inner.read()
        self.parts += inner.parts

    def _show_text(self, text: str) -> None:
        if self._is_title or (self._is_head and not text.strip()):
            return
        self._is_head = False  # words: the head was not closed
        if not (self._is_xml and self._preformatted):
            text = self._in_lines(self._white(text))
            if self._is_line_new() or self.parts[-1].endswith((" ", "\t")):
                text = text.removeprefix(" ")
            text = text.replace(_KEPT_SPACE, " ")
        elif APART in text or CELL in text:
            if self._is_line_new():
                text = text.removeprefix(APART)
            text = _APARTS.sub("\n", _AT_LINE.sub(r"\1", text))
            if self._is_line_new() and (first := _CELLS.match(text)):
                text = text[first.end() :]
            text = in_lines(_FIRST_CELLS.sub("", text))
        if text:
            self.parts.append(text)
            self._left -= len(text)

    def _white(self, text: str) -> str:
        """With white space as a browser shows it."""
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

    def _in_lines(self, text: str) -> str:
        """With line breaks and tabs instead of placeholders, and no spaces where a line begins."""
        if "\0" not in text:
            return text
        for sign in (LINE, PARAGRAPH, CELL):
            text = text.replace(sign + " ", sign)
        if any(line + CELL in text for line in (LINE, PARAGRAPH, "\n")):
            text = _FIRST_CELLS.sub("", text)
        if self._is_line_new() and (first := _AT_FIRST.match(text)):
            text = text[first.end() :]
        return in_lines(text)

    def _is_line_new(self) -> bool:
        return not self.parts or self.parts[-1].endswith("\n")
