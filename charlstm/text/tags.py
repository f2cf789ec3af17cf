"""Takes the words out of web pages and XML, as a browser would show them.

Pages as people have them are seldom well formed, and what a parser makes of one that is not may be
nothing. Here a tag that never ends is text, and what begins and never ends hides nothing. Each
character is looked at a few times at most, however a page was made.
"""

from __future__ import annotations

import enum
import re
from collections import Counter
from collections.abc import Iterator

from charlstm.text.elements import (
    ATTRIBUTES_BY_ROOT,
    FEED_PARTS,
    HEAD_PARTS,
    HIDDEN,
    HIDDEN_BY_ROOT,
    HIDDEN_IN_XML,
    HIDES,
    MOST_OF_A_VALUE,
    NEED_NO_END,
    NEVER_EMPTY,
    NEXT_OF_RUBY,
    REPLACED,
    RUBY_PARTS,
    UNUSUAL,
    literal_signs,
    name_of,
    signs_of,
)
from charlstm.text.references import unescaped, with_whole_emoji
from charlstm.text.shown_text import APART, INNER_MARK, MARK, SIGNS, ShownText, without_signs

FEWEST_AHEAD, MOST_AHEAD = 100, 50_000  # characters that are searched for simple tags at once
_PARTED_IN = 30  # of pages, where one is not simple
_TOGETHER = 1_000  # words and signs that are processed together
_COMMENT_END = re.compile("--!?>")
_WITHIN = re.compile(r"=\s*([\"'])|[<>]")  # a tag: a value begins, or it ends
MOST_OF_JSON = 200_000  # characters that a quoted value may have if it is no text
_SUBSET = re.compile(r"DOCTYPE[^<>\[\]]{0,500}\[", re.I)  # of declarations follows
_E_BOOK = re.compile(r"<FictionBook\b", re.I)
_FEED = re.compile(r"<(?:rss|feed|rdf:RDF|mediawiki)\b")
_TEI = re.compile(r"<(?:\w+:)?(?:TEI|teiCorpus)\b|tei-c\.org\b")
# In a feed, by which a page shows that is written out within an element.
_WRITTEN_OUT = re.compile(r"</?[a-zA-Z][a-zA-Z0-9]*\b[^<>]*>|<!--|<!\[CDATA\[|&#?\w{2,8};")
_ROOT = re.compile(r"<([a-zA-Z][^\s<>/]*)")
_CLOSINGS = {
    name: re.compile(rf"</(?:\w+:)?{name}\b", re.I)
    for name in {*HIDDEN, *HIDDEN_IN_XML, *REPLACED, *FEED_PARTS}.union(
        {"choice", "description", "title"}, *HIDDEN_BY_ROOT.values()
    )
}
_CLOSINGS |= {name: re.compile(rf"</{name}\b|(?=<(?:{NEXT_OF_RUBY}))", re.I) for name in RUBY_PARTS}
_NO_SIGN = re.compile(rf"[^\s{SIGNS}]")
_LITERAL_END, _ASIDE_END = "]]>", "?>"
_PARTS = {"body", "/body", "head", "/head", "text", "/text"}
MOST_HIDDEN = 50_000  # characters; what is longer is no menu
MOST_LONG = 20  # hidden elements of a name that are longer, after which none of it is looked for


def words_of(markup: str, *, keeps_lines: bool = False, most: int | None = None) -> str:
    """What a browser would show of a page.

    Args:
        keeps_lines: whether line breaks count, as in XML of any kind.
        most: characters, after which no more is read; None for all.

    >>> words_of("<p>To be,<br>or <i>not</i>&nbsp;to be</p><script>x</script>")
    'To be,\\nor not\\xa0to be\\n'
    """
    shown = ShownText(keeps_lines=keeps_lines)
    for words in _Page(without_signs(with_whole_emoji(markup)), keeps_lines).read():
        shown.add(words)
        if most is not None and shown.length >= most:
            break
    return shown.finished()


class _Part(enum.Enum):
    """Of a page: only titles are not shown in a head, and there is no head in a body."""

    BEFORE, HEAD, TITLE, BODY = range(4)


class _Page:
    """A page, or XML.

    Args:
        is_inner: whether it is a page that was written out within an element.
    """

    def __init__(self, markup: str, is_xml: bool, is_inner: bool = False):
        self.markup = markup
        self._is_xml = is_xml
        self._part = _Part.BEFORE
        self._missing: set[re.Pattern[str] | str] = set()  # what does not come any more
        self._endless: set[str] = set()  # names of elements that do not end any more
        self._long_ones: Counter[str] = Counter()  # hidden elements without an end soon, by names
        self._ended_by_next = {"p"}  # names of elements that never have another of their kind
        self._is_choice = False  # of TEI: what was written, and what an editor would write
        self._is_feed = _FEED.search(markup, 0, 1_000) is not None
        self._is_tei = is_xml and _TEI.search(markup, 0, 2_000) is not None
        found = _ROOT.search(markup, 0, 1_000)
        root = found[1].lower() if found else ""
        self._attributes = ATTRIBUTES_BY_ROOT.get(root, "")
        # What a FictionBook says of itself stands in one element, whose name a feed has as well.
        # The title of a page is none of its words; that of a chapter is.
        hidden = HIDDEN if is_inner or not is_xml else HIDDEN_IN_XML
        if _E_BOOK.search(markup, 0, 1_000):
            self._always_hidden = frozenset(HIDDEN_IN_XML | {"description"})
        elif self._is_feed:
            self._always_hidden = frozenset(hidden | FEED_PARTS)
        else:
            more = HIDDEN_BY_ROOT.get(root, set()) if is_xml else {"title"}
            self._always_hidden = frozenset(hidden | more)
        self._failed_at = 0  # a tag that does not end was looked at up to there
        self._ahead = FEWEST_AHEAD
        self._place: tuple[bool, bool, int, int] | None = None
        self._renew_signs()

    def read(self) -> Iterator[str]:
        """The words, with signs instead of tags, piece by piece."""
        markup, at, looked = self.markup, 0, 0
        words: list[str] = []  # and signs between them
        while found := self._signs.beginning.search(markup, looked):
            begin = found.start()
            if len(words) > _TOGETHER:
                yield self._joined(words)
            if taken := self._simple_tags(begin):
                words += [markup[at:begin], *taken]
                at = looked = self._at
                continue
            self._failed_at = begin + 1
            end = self._end_of(found)
            if end is None:  # no tag: text that has such a sign
                looked = self._failed_at
                self._renew_signs()
                continue
            words.append(markup[at:begin])
            name, closes = name_of(found["tag"] or "", is_xml=self._is_xml), found["close"] == "/"
            unseen = self._unseen_end(found, name, end)
            if name and self._part is not _Part.BODY:
                yield self._joined(words)
                if name != "title" or unseen is None or unseen == end:  # not skipped as a whole
                    self._enter(name, closes)
            if name and unseen is None:
                if name == "choice":
                    self._enter_choice(closes, end)
                signs = self._signs.of_tag(markup[begin:end], name, closes)
                is_apart = APART in signs and self._begins_element(end)
                words.append(signs if is_apart else signs.removeprefix(APART))
            if found["literal"]:  # often of a web page, in a feed
                words.append(literal_signs(markup[found.end() : end - 3]))
            at = looked = end if unseen is None else unseen
            self._renew_signs()
        words.append(markup[at:])
        yield self._joined(words)

    def _renew_signs(self) -> None:
        """Choose the signs of tags by what is known of the page and its elements by now."""
        counts = len(self._missing), len(self._endless)
        place = self._part is _Part.BODY, self._is_choice, *counts
        if place == self._place:
            return
        self._place = place
        self._hidden = self._always_hidden | (REPLACED if self._is_choice else frozenset())
        self._signs = signs_of(
            self._hidden,
            frozenset(self._unusual()),
            frozenset(self._endless),
            is_xml=self._is_xml,
            is_tei=self._is_tei,
            attributes=self._attributes,
            comments_end=_COMMENT_END not in self._missing,
            literals_end=_LITERAL_END not in self._missing,
            asides_end=_ASIDE_END not in self._missing,
        )

    def _unusual(self) -> set[str]:
        """Names of elements that change what others do, with / where their ends do."""
        names = (
            {"/choice"} if self._is_choice else set() if "choice" in self._endless else {"choice"}
        )
        return names if self._part is _Part.BODY else names | _PARTS

    def _simple_tags(self, begin: int) -> list[str]:
        """The signs of simple tags that follow each other, with the words between them.

        Empty if the first tag is not simple; otherwise `_at` is where the last one ends.
        """
        if self._part in (_Part.HEAD, _Part.TITLE):
            return []
        signs, simple_tag = self._signs, self._signs.simple_tag
        first = simple_tag.match(self.markup, begin)
        if first is None or signs[first[0]] == UNUSUAL:
            return []
        # Nothing, a tag, words, a tag and so on; the last words may be cut.
        stop = max(first.end(), begin + self._ahead)
        pieces = simple_tag.split(self.markup[begin:stop])
        tags, words = pieces[1::2], pieces[2::2]
        taken = [*map(signs.__getitem__, tags)]
        if HIDES in taken:
            _leave_out_hidden(taken, words, tags)
        count = taken.index(UNUSUAL) if UNUSUAL in taken else len(tags)
        between = words[: max(0, count - 1)]
        if "<" in "".join(between):  # more than a sign, perhaps
            unusual = enumerate(map(signs.beginning.search, between), 1)
            count = next((number for number, found in unusual if found), count)
        if not count:  # where it was cut, it looks like another
            self._ahead = FEWEST_AHEAD
            return []
        self._at = begin + len("".join(pieces[: 2 * count]))
        is_worth_it = count == len(tags) or self._at - begin > (stop - begin) // 2
        self._ahead = min(2 * self._ahead, MOST_AHEAD) if is_worth_it else FEWEST_AHEAD
        together = [""] * (2 * count - 1)
        together[1::2] = between = between[: count - 1]
        together[::2] = taken[:count]
        if self._is_xml:
            together[:-1:2] = _apart(taken, between, tags)
            if not self._begins_element(self._at):
                together[-1] = together[-1].removeprefix(APART)
        return together

    def _begins_element(self, at: int) -> bool:
        found = self._signs.beginning.match(self.markup, at)
        return found is not None and not found["close"]

    def _end_of(self, found: re.Match[str]) -> int | None:
        """Where a tag, a comment or what it is ends; None if it is none."""
        if found["comment"]:
            if found.string.startswith((">", "->"), found.end()):
                return found.end() + (1 if found.string[found.end()] == ">" else 2)
            return self._after_comment(found.end()) or found.end()
        if found["literal"]:
            return self._after(_LITERAL_END, found.end())
        if found["aside"] == "?":
            return self._after(_ASIDE_END, found.end()) or self._tag_end(found.end())
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
        found = None if name in self._endless else _CLOSINGS[name].search(self.markup, at)
        if found:
            return self._tag_end(found.end()) or found.end()
        self._endless.add(name)
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
        next_one = None
        for found in re.compile(rf"<(/?){name}\b", re.I).finditer(self.markup, at, end):
            open_ones += -1 if found[1] else 1
            if not open_ones:
                return self._tag_end(found.end()) or found.end()
            next_one = next_one or found
            if name in self._ended_by_next:
                break
        else:  # too long
            self._long_ones[name] += 1
            if self._long_ones[name] == MOST_LONG:
                (self._ended_by_next if name in NEED_NO_END else self._endless).add(name)
        return next_one.start() if next_one and name in NEED_NO_END else None

    def _unseen_end(self, found: re.Match[str], name: str, end: int) -> int | None:
        """Where what is not shown ends, that a tag or comment begins which ends there."""
        if found["comment"]:
            return end
        if not name or found["close"]:
            return None
        if name in self._hidden and name not in self._endless:
            is_empty = self.markup.startswith("/", end - 2) and (
                self._is_xml or name not in NEVER_EMPTY
            )
            return end if is_empty else self._after_closing(name, end)
        if name in self._endless or not self._signs.hides(name, self.markup[found.start() : end]):
            return None
        return self._after_hidden(name, end)

    def _enter(self, name: str, closes: bool) -> None:
        """Take note of the part of a page that a tag begins or ends."""
        if self._part is _Part.BODY:  # has nothing else after it
            return
        if name == "head":
            self._part = _Part.BODY if closes else _Part.HEAD
        elif name in ("body", "text"):
            self._part = _Part.BODY
        elif self._part is not _Part.BEFORE and name == "title":
            self._part = _Part.HEAD if closes else _Part.TITLE
        elif self._part is not _Part.BEFORE and name not in HEAD_PARTS:
            self._part = _Part.BODY

    def _enter_choice(self, closes: bool, end: int) -> None:
        """Take note that a choice begins, if it ends as well, or that it ends."""
        if closes:
            self._is_choice = False
        elif not self._is_choice and "choice" not in self._endless:
            self._is_choice = _CLOSINGS["choice"].search(self.markup, end) is not None
            self._endless |= set() if self._is_choice else {"choice"}

    def _joined(self, words: list[str]) -> str:
        """The words and signs together, which are taken from the list."""
        text = "".join(words)
        # Marked where a tag was, because a character reference cannot contain one.
        if "&" in text or INNER_MARK in text:
            marked = unescaped(MARK.join(words))
            has_pages = self._is_feed or INNER_MARK in marked
            text = self._unfolded(marked) if has_pages else marked.replace(MARK, "")
        words.clear()
        if self._part is _Part.TITLE:
            return ""
        if self._part is not _Part.BODY:
            if not _NO_SIGN.search(text):
                return "" if self._part is _Part.HEAD else text
            self._part = _Part.BODY  # has begun, without a tag perhaps
            self._renew_signs()
        return text

    def _unfolded(self, marked: str) -> str:
        """With signs instead of the tags of pages that are written out within elements."""
        pieces = marked.split(MARK)
        places = [place for place, piece in enumerate(pieces) if self._is_page(piece)]
        shown = self._inner_pages([pieces[place] for place in places])
        for place, page in zip(places, shown, strict=True):
            pieces[place] = page
        return "".join(pieces).replace(INNER_MARK, "")

    def _is_page(self, piece: str) -> bool:
        if INNER_MARK in piece:
            return True
        if not self._is_feed or not ("<" in piece or "&" in piece):
            return False
        return _WRITTEN_OUT.search(piece) is not None

    def _inner_pages(self, pages: list[str]) -> list[str]:
        """Each as its words with signs. Most are simple, and taken together."""
        if not pages:
            return []
        signs = signs_of(
            frozenset(HIDDEN) if self._is_xml else frozenset(HIDDEN | {"title"}),
            frozenset(_PARTS | {"choice"}),
            frozenset(),
            is_xml=self._is_xml,
        )
        pieces = signs.simple_tag.split(MARK.join(pages))
        tags, words = pieces[1::2], pieces[2::2]
        taken = [*map(signs.__getitem__, tags)]
        is_simple = not {UNUSUAL, HIDES} & {*taken} and MARK not in "".join(tags)
        if is_simple and not any(map(signs.beginning.search, pieces[::2])):
            if self._is_xml and taken:
                taken = [*_apart(taken, words[:-1], tags), taken[-1].removeprefix(APART)]
            pieces[1::2] = [INNER_MARK + sign for sign in taken]
            shown = "".join(pieces).split(MARK)
            return [unescaped(page) if "&" in page else page for page in shown]
        if len(pages) == 1:
            return [self._inner_page(pages[0])]
        at_once = max(1, len(pages) // _PARTED_IN)
        groups = (pages[place : place + at_once] for place in range(0, len(pages), at_once))
        return [page for group in groups for page in self._inner_pages(group)]

    def _inner_page(self, page: str) -> str:
        return "".join(_Page(page.replace(INNER_MARK, ""), self._is_xml, is_inner=True).read())


def _leave_out_hidden(signs: list[str], words: list[str], tags: list[str]) -> None:
    """Leave out hidden elements that have only words in them; others stay unusual."""
    for place in [place for place, sign in enumerate(signs) if sign == HIDES]:
        name = tags[place][1:].split(None, 1)[0].lower()
        if place + 1 < len(tags) and tags[place + 1].lower() == f"</{name}>":
            signs[place] = signs[place + 1] = words[place] = ""
        else:
            signs[place] = UNUSUAL


def _apart(signs: list[str], words: list[str], tags: list[str]) -> list[str]:
    """All but the last, without a sign that parts elements where no element follows."""
    return [
        sign.removeprefix(APART) if sign and (text or tag.startswith("</")) else sign
        for sign, text, tag in zip(signs, words, tags[1:], strict=False)
    ]
