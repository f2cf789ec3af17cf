"""Takes the words out of web pages and XML, as a browser would show them.

Pages as people have them are seldom well formed, and what a parser makes of one that is not may be
nothing. Here a tag that never ends is text, and what begins and never ends hides nothing. Each
character is looked at a few times at most, however a page was made.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable

# What is shown to nobody, as a picture, or above a word, to say how it is pronounced.
_HIDDEN = {
    "script",
    "style",
    "template",
    "svg",
    "math",
    "binary",
    "binary-data",
    "teiheader",
    "rt",
    "rtc",
    "rp",
}
_REPLACED = {"sic", "orig", "abbr"}  # in a choice of TEI, by what an editor writes instead
_HEAD_PARTS = {"head", "title", "meta", "link", "base", "noscript", "html"} | _HIDDEN
_BLOCKS = set(
    "address article aside blockquote center dd details div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hr l legend lg li main nav ol optgroup option p pre "
    "section sp speaker stage subtitle summary table title tr ul v".split()
)
# In other XML what follows right after an element stands in a line of its own, unless it is these.
_INLINE = set(
    "a abbr add b c cite corr date del em emph ex expan foreign g geo hi i indexterm lb link "
    "mentioned name note num orgname orig pb pc persname placename q r ref reg rs s seg sic small "
    "span strong sub sup supplied surname t term u unclear w".split()
)
# In a feed, or in pages of a wiki as it gives them, beside their words.
_FEED_PARTS = set(
    "author category comment contributor creator docs format generator guid id language "
    "lastbuilddate link model ns origin parentid post_date post_date_gmt post_id pubdate published "
    "sha1 siteinfo status timestamp ttl updated url".split()
)
_PARAGRAPHS = {"p", "h1", "h2", "h3", "pre"}
# Tags that only separate words or change their look are replaced by these placeholders, so that the
# words around them can be processed together.
_LINE, _PARAGRAPH, _CELL = "\0n", "\0m", "\0t"
_APART = "\0a"  # in XML: a line break, unless a line begins there
_LOOKS = "a b big em font i small span strong sub sup tt u".split()
_SIGNS = {
    (slash, spelling): (
        (_PARAGRAPH if slash and name in _PARAGRAPHS else _LINE)
        if name in _BLOCKS or name == "br"
        else _CELL
        if name in ("td", "th") and not slash
        else ""
    )
    for name in [*_LOOKS, *_BLOCKS - {"pre", "title"}, "br", "td", "th"]
    for spelling in (name, name.upper())
    for slash in ("", "/")
}
_SIGNS_WITHIN_PRE = {tag: sign for tag, sign in _SIGNS.items() if tag[1].lower() in _LOOKS}
_SignOf = Callable[[tuple[str, str]], str | None]  # the placeholder of a tag, if it may have one
_NO_SIGNS: dict[tuple[str, str], str] = {}
_SPECIAL_IN_XML = {"body", "br", "choice", "lb", "note", "td", "text", "th", "pre"} | _HEAD_PARTS
_AT_LINE = re.compile(f"(\n)(?:{_APART})+")
_APARTS = re.compile(f"(?:{_APART})+")
_PLAIN_END = re.compile(r"""(?:\s+[\w:-]+(?:="[^"<>]*"|='[^'<>]*')?)*\s*/?>""")
_AFTER_SIGN = re.compile("(\0[nmt]) +")
_FIRST_CELLS = re.compile("(\0[nm])(?:\0t)+")
_AT_FIRST = re.compile("(?: |\0t)+")  # not shown at the beginning of a line
_TOGETHER = 1_000  # words and placeholders that are processed together
_BEGINNING = re.compile(
    r"<(?:(?P<comment>!--)|(?P<literal>!\[CDATA\[)|(?P<aside>[!?])(?=[a-zA-Z\[])"
    r"|(?P<close>/?)(?P<tag>[a-zA-Z][^\s<>/]*))"
)
_COMMENT_END = re.compile("--!?>")
_WITHIN = re.compile(r"=\s*([\"'])|[<>]")  # a tag: a value begins, or it ends
MOST_OF_A_VALUE = 2_000  # characters that a quoted value may have if there are tags in it
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
# An emoji as two halves, as Java writes it.
_HALVES = re.compile(r"&#(5[5-6]\d{3});&#(5[6-7]\d{3});")
_CLOSINGS = {
    name: re.compile(rf"</(?:\w+:)?{name}\b", re.I)
    for name in (*_HIDDEN, *_REPLACED, *_FEED_PARTS, "description")
}
# These end at the next part of the word as well.
_CLOSINGS |= {
    name: re.compile(rf"</{name}\b|(?=</ruby\b|<r(?:[bpt]|tc)\b)", re.I)
    for name in ("rt", "rtc", "rp")
}
# What a page hides, and the elements by which it does: a menu, or a note that opens when pressed.
_HIDING = set("a aside button div form label li nav ol p section span table td tr ul".split())
_HIDES = re.compile("hidden|display", re.I)  # quick to look for
_ATTRIBUTE = re.compile(r"""([^\s"'<>=/]+)\s*(?:=\s*("[^"]*"|'[^']*'|[^\s"'>]+))?""")
_NOT_SHOWN = re.compile(r"display\s*:\s*none\b", re.I)
MOST_HIDDEN = 50_000  # characters; what is longer is no menu
_WHITE = re.compile(r"[ \t\r\n\f]+")
_WITHIN_WORD = re.compile(r"""\bbreak\s*=\s*["']no\b""")  # a line break of TEI within a word


def words_of(markup: str, *, keeps_lines: bool = False, most: int | None = None) -> str:
    """What a browser would show of a page.

    Args:
        keeps_lines: whether line breaks count, as in XML of any kind.
        most: characters, after which no more is read; None for all.

    >>> words_of("<p>To be,<br>or <i>not</i>&nbsp;to be</p><script>x</script>")
    'To be,\\nor not\\xa0to be\\n'
    """
    page = _Page(_HALVES.sub(_joined, markup.replace("\0", "")), keeps_lines, most)
    page.read()
    lines = (line.rstrip(" \t") for line in "".join(page.parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"


def _joined(found: re.Match[str]) -> str:
    high, low = int(found[1]) - 0xD800, int(found[2]) - 0xDC00
    are_halves = 0 <= high < 0x400 and 0 <= low < 0x400
    return chr(0x10000 + (high << 10 | low)) if are_halves else found[0]


class _SignsOfXml(dict[tuple[str, str], str | None]):
    """The placeholder of each tag of XML, by its slash and name; None: it needs more than that.

    Args:
        special: names of elements that do.
    """

    def __init__(self, special: set[str]):
        self._special = special | _SPECIAL_IN_XML | _REPLACED

    def __missing__(self, tag: tuple[str, str]) -> str | None:
        slash, name = tag[0], tag[1].lower().rpartition(":")[2]
        if name in self._special:
            sign = None
        else:
            sign = _APART if slash and name not in _INLINE else ""
            if name in _BLOCKS:
                sign += "\n\n" if slash and name in _PARAGRAPHS else "\n"
        self[tag] = sign
        return sign


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
        self._hidden = (
            _HIDDEN
            | (_FEED_PARTS if self._is_feed else set())
            | ({"description"} if _E_BOOK.search(markup, 0, 1_000) else set())
        )

        self._signs_of_xml = _SignsOfXml(self._hidden)

    def read(self) -> None:
        markup, at, looked = self.markup, 0, 0
        words: list[str] = []  # and placeholders between them
        sign_of: _SignOf = _NO_SIGNS.get
        while self._left > 0 and (found := _BEGINNING.search(markup, looked)):
            sign = sign_of((found["close"], found["tag"]))
            if sign is not None and (tag_end := self._plain_end(found)):
                words.append(markup[at : found.start()])
                if sign.startswith(_APART) and not self._begins_element(tag_end):
                    sign = sign.removeprefix(_APART)
                words.append(sign)
                at = looked = tag_end
                if len(words) > _TOGETHER:
                    self._show(words)
                    words.clear()
                continue
            end = self._end_of(found)
            if end is None:
                looked = found.start() + 1  # no tag: text that has such a sign
                continue
            words.append(markup[at : found.start()])
            self._show(words)
            words.clear()
            if found["literal"]:  # often of a web page, in a feed
                inner = _Page(markup[found.end() : end - 3], self._preformatted > 0)
                inner.read()
                self.parts += inner.parts
            at = looked = end
            if self._value and (value := self._value.search(markup, found.start(), end)):
                self.parts += ["\n", html.unescape(value[1] or value[2] or ""), "\n"]
            if found["tag"]:
                name = found["tag"].lower().rpartition(":")[2]
                at = looked = self._tag(name, found["close"] == "/", found.end(), end)
            sign_of = self._sign_of()
        if self._left > 0:
            self._show([*words, markup[at:]])
        while self._outer:  # a note that was not closed
            self._end_note()
        self._end_paragraph()

    def _sign_of(self) -> _SignOf:
        """What gives the placeholders of tags; none where an open element gives them an effect."""
        if self._is_feed or self._is_head or self._outer or self._notes or self._value:
            return _NO_SIGNS.get
        if self._is_xml:  # whose lines count, unless a <pre> was closed that had not begun
            return self._signs_of_xml.__getitem__ if self._preformatted else _NO_SIGNS.get
        return _SIGNS_WITHIN_PRE.get if self._preformatted else _SIGNS.get

    def _begins_element(self, at: int) -> bool:
        return self.markup.startswith("<", at) and not self.markup.startswith("/", at + 1)

    def _plain_end(self, found: re.Match[str]) -> int | None:
        """Where a simple tag ends; None if it hides its content or is unusual."""
        begin = found.end()
        if self.markup.startswith(">", begin):
            return begin + 1
        tag = _PLAIN_END.match(self.markup, begin)
        if tag is None or self._hides(found["tag"].lower(), begin, tag.end()):
            return None
        return tag.end()

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
            if not quote:
                return at if found[0] == ">" else None
            end = self._after(quote, at)
            if end is not None and (
                end - at <= MOST_OF_A_VALUE or self.markup.find("<", at, end) < 0
            ):
                at = end
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
        if self._is_xml or name not in _HIDING or name in self._missing:
            return False
        if end - begin > MOST_OF_A_VALUE or not _HIDES.search(self.markup, begin, end):
            return False
        return any(
            one[1].lower() == "hidden" or (one[1].lower() == "style" and _NOT_SHOWN.search(one[0]))
            for one in _ATTRIBUTE.finditer(self.markup, begin, end - 1)
        )

    def _tag(self, name: str, closes: bool, begin: int, end: int) -> int:
        """Take note of a tag, whose attributes are between; returns where the text goes on."""
        if name == "pre":
            self._preformatted = max(0, self._preformatted + (-1 if closes else 1))
        if name == "head" and not self._had_body:
            self._is_head, self._is_title = not closes, False
        elif name == "title" and self._is_head:
            self._is_title = not closes
        elif name in ("body", "text"):
            self._is_head, self._had_body = False, True
        elif name not in _HEAD_PARTS:
            self._is_head = False
        is_whole = self.markup.startswith("/", end - 2)  # has nothing in it
        is_hidden = name in self._hidden or (self._choices and name in _REPLACED)
        if is_hidden and not closes and not is_whole:
            return self._after_closing(name, end) or end
        if not closes and self._hides(name, begin, end):
            return self._after_hidden(name, end) or end
        if name == "choice":
            self._choices = max(0, self._choices + (-1 if closes else 1))
        elif name == "note" and not is_whole:
            if not closes:
                self._outer.append(self.parts)
                self.parts = []
            elif self._outer:
                self._end_note()
        is_apart = self._is_xml and closes and name not in _INLINE and not self._is_line_new()
        if is_apart and self._begins_element(end):
            self.parts.append("\n")
        if name in _BLOCKS:
            if not self._outer:
                self._end_paragraph()
            self.parts.append("\n\n" if closes and name in _PARAGRAPHS else "\n")
        elif name == "q" and not self._is_xml:  # a browser shows its quotation marks
            self.parts.append("”" if closes else "“")
        elif name == "br" or (name == "lb" and not _WITHIN_WORD.search(self.markup, begin, end)):
            self.parts.append("\n")
        elif name in ("td", "th") and not closes and not self._is_line_new():
            self.parts.append("\t")
        return end

    def _end_note(self) -> None:
        self._notes.append("".join(self.parts).strip())
        self.parts = self._outer.pop()

    def _end_paragraph(self) -> None:
        if any(self._notes):
            self.parts.append("\n" + "\n".join(filter(None, self._notes)))
        self._notes.clear()

    def _show(self, words: list[str]) -> None:
        # Separately, because a character reference cannot contain a tag.
        text = "".join(map(html.unescape, words))
        if self._is_title or (self._is_head and not text.strip()):
            return
        self._is_head = False  # words: the head was not closed
        if self._is_feed and _SHOWN_TAG.search(text):  # a page within, with its tags written out
            inner = _Page(text, self._preformatted > 0)
            inner.read()
            self.parts += inner.parts
            return
        if not self._preformatted:
            text = self._in_lines(_WHITE.sub(" ", text))
            if self._is_line_new() or self.parts[-1].endswith((" ", "\t")):
                text = text.removeprefix(" ")
        elif _APART in text:
            if self._is_line_new():
                text = text.removeprefix(_APART)
            text = _APARTS.sub("\n", _AT_LINE.sub(r"\1", text))
        if text:
            self.parts.append(text)
            self._left -= len(text)

    def _in_lines(self, text: str) -> str:
        """Replace the placeholders by the line breaks and tabs that they stand for."""
        if "\0" not in text:
            return text
        text = _FIRST_CELLS.sub(r"\1", _AFTER_SIGN.sub(r"\1", text))
        if self._is_line_new() and (first := _AT_FIRST.match(text)):
            text = text[first.end() :]
        return text.replace(_LINE, "\n").replace(_PARAGRAPH, "\n\n").replace(_CELL, "\t")

    def _is_line_new(self) -> bool:
        return not self.parts or self.parts[-1].endswith("\n")
