"""What the elements of web pages and XML do to the words in them, by their names."""

from __future__ import annotations

import functools
import html
import re

from charlstm.text.shown_text import (
    AFTER_NOTE,
    AFTER_PRE,
    APART,
    BREAK,
    CELL,
    INNER_MARK,
    LINE,
    MARK,
    NOTE,
    PARAGRAPH,
    PRE,
)

# What is shown to nobody, as a picture, instead of one, or above a word, to say how it is
# pronounced.
HIDDEN = set(
    "audio binary binary-data canvas datalist iframe math noembed noframes noscript rp rt rtc "
    "script style svg teiheader template video".split()
)
# The same in XML, where a video or a script may be what it says, a record or a play.
HIDDEN_IN_XML = set(
    "binary binary-data bindata binarydata math rp rt rtc svg teiheader tex-math".split()
)
# By the name of the first element, what else is no part of the words.
HIDDEN_BY_ROOT = {"en-export": {"resource"}, "plist": {"data"}}
# By the same name, attributes that have the words.
ATTRIBUTES_BY_ROOT = {"opml": "text", "smses": "body|text"}
NEVER_EMPTY = {"script", "style"}  # in a web page, even if the tag ends with a slash
REPLACED = {"sic", "orig", "abbr"}  # in a choice of TEI, by what an editor writes instead
HEAD_PARTS = {"head", "title", "meta", "link", "base", "html"} | HIDDEN
BLOCKS = set(
    "address article aside blockquote center dd details dir div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hgroup hr l legend lg li listing main menu nav ol "
    "optgroup option p pre search section sp speaker stage subtitle summary table title tr ul v "
    "xmp".split()
)
# In other XML what follows right after an element stands in a line of its own, unless it is these.
INLINE = set(
    "a abbr add addname b bold c citetitle cite code corr date del em emph emphasis ex expan "
    "firstname foreign forename g geo given-names hi i indexterm italic kbd lb link literal "
    "mentioned monospace name named-content note num orgname orig overline pb pc persname phrase "
    "placename q r ref reg rolename rs s samp sc seg sic small span strong styled-content sub sup "
    "supplied surname t td term th tt u unclear underline var w xref".split()
)
# Of these only in TEI, where they are words of a sentence; elsewhere they are fields of a record.
# Only there a note is moved to the end of its paragraph.
INLINE_IN_TEI = set("date name note num orgname persname placename s surname term".split())
# In a feed, or in pages of a wiki as it gives them, beside their words.
FEED_PARTS = set(
    "author category comment contributor creator docs format generator guid id language "
    "lastbuilddate link model ns origin parentid post_date post_date_gmt post_id pubdate published "
    "sha1 siteinfo status timestamp ttl updated url".split()
)
PARAGRAPHS = {"p", "h1", "h2", "h3", "pre"}
# What a page hides, and the elements by which it does: a menu, or a note that opens when pressed.
HIDING = set(
    "a article aside b blockquote button center code dd del div dl dt em fieldset figure font "
    "footer form h1 h2 h3 h4 h5 h6 header i ins label legend li main mark nav ol p pre s section "
    "select small span strong sub summary sup table tbody td th thead time tr u ul".split()
)
NEED_NO_END = {"dd", "dt", "li", "p", "td", "th", "tr"}  # because the next of the kind ends them
_HIDES = re.compile("hidden|display", re.I)  # quick to look for
_ATTRIBUTE = re.compile(r"""([^\s"'<>=/]+)\s*(?:=\s*("[^"]*"|'[^']*'|[^\s"'>]+))?""")
_NOT_SHOWN = re.compile(r"display\s*:\s*none\b", re.I)
WITHIN_WORD = re.compile(r"""\bbreak\s*=\s*["']no\b""")  # a line break of TEI within a word
# What is written above a word, and what ends it if it does not end itself: the word's next part.
RUBY_PARTS = {"rt", "rtc", "rp"}
NEXT_OF_RUBY = r"/ruby\b|r(?:[bpt]|tc)\b"
# Instead of signs: of a tag that needs more than these, and of one that hides what is in it.
UNUSUAL, HIDES = MARK, INNER_MARK
# Characters that a quoted value may have if there are tags in it; longer ones are seldom meant.
MOST_OF_A_VALUE = 2_000
_VALUE = "|".join(
    rf"{quote}(?:[^{quote}<]*+|[^{quote}]{{0,{MOST_OF_A_VALUE - 1}}}+){quote}" for quote in "\"'"
)
_ATTRIBUTES = rf"(?:[^<>=]++|=\s*+(?:{_VALUE}|(?![\"'])))*+"
# A tag does not end before the next one begins, unless that stands in a quoted value: it is none.
_UNENDED = rf"(?!{_ATTRIBUTES}(?:<|\Z))"
_TAG = re.compile(rf"<(?P<close>/?)(?P<tag>[a-zA-Z][^\s<>/]*+){_ATTRIBUTES}>")
# As these are written; all others have small letters only.
_CAPITALS = {
    name.lower(): name for name in "pubDate lastBuildDate teiHeader binaryData binData".split()
}
_LITERAL = "<![CDATA["
_CHOICE = re.compile(rf"<(\w+){_ATTRIBUTES}>([^<]*)</")
_OF_PAGE = re.compile(
    r"</?(?:a|b|blockquote|body|br|code|div|em|en-note|font|h[1-6]|hr|html|i|img|li|ol|p|pre|span"
    r"|strong|sub|sup|table|td|tr|u|ul)\b[^<>]*>|<!--|&(?:[a-zA-Z]{2,8}|#\d{2,6}|#x[\da-fA-F]{2,6});"
)
_OFFICE = ("o:", "st1:", "st2:", "w:")  # namespaces in pages of Word
MOST_TAGS_WITHIN = 30
MOST_OF_A_TAG = 300  # characters, for its signs to be kept
MOST_KEPT, MOST_KINDS = 10_000, 50  # tags whose signs are kept, of pages of so many kinds


def name_of(tag: str, *, is_xml: bool) -> str:
    """The name of an element, in small letters and without that of its namespace.

    In pages, what a word processor calls a title or an address is within a sentence.
    """
    tag = tag.lower()
    return tag if not is_xml and tag.startswith(_OFFICE) else tag.rpartition(":")[2]


def literal_signs(words: str) -> str:
    """What is written instead of a section that has no tags of its own: a page perhaps, or code."""
    mark = INNER_MARK if _OF_PAGE.search(words) else ""
    return mark + html.escape(words, quote=False) if "<" in words or "&" in words else words


@functools.cache
def _beginning(*, literals_end: bool, asides_end: bool) -> re.Pattern[str]:
    """Where a tag, a comment, a CDATA section or a declaration begins."""
    literal = r"(?P<literal>!\[CDATA\[)" if literals_end else r"(?P<literal>\Z)"
    return re.compile(
        rf"<(?:(?P<comment>!--)|{literal}|(?P<aside>!(?!\[CDATA\[)(?=[a-zA-Z\[])"
        rf"(?:(?=DOCTYPE)|{_UNENDED})|\?(?=[a-zA-Z\[]){'' if asides_end else _UNENDED})"
        rf"|(?P<close>/?)(?P<tag>[a-zA-Z][^\s<>/]*+){_UNENDED})"
    )


@functools.lru_cache(MOST_KINDS)
def _simple_tag(hidden: frozenset[str], *, comments_end: bool, asides_end: bool) -> re.Pattern[str]:
    """Tags as most are, and comments, short sections, choices of TEI and what is not shown.

    Many are taken at once. What has very many tags in it is not among them.
    """
    of_letter: dict[str, list[str]] = {}
    for name in sorted(_CAPITALS.get(name, name) for name in hidden):
        of_letter.setdefault(name[0], []).append(_whole_element(name)[1:])
    hidden_ways = [f"{letter}(?:{'|'.join(ways)})" for letter, ways in of_letter.items()]
    replaced = "|".join(map(_whole_element, sorted(REPLACED)))
    ways = [
        rf"choice>(?:\s*+<(?:sic|corr|orig|reg|abbr|expan)\b{_ATTRIBUTES}>[^<]*+</\w+>)++\s*+</choice>",
        rf"choice(?=[\s>]){_ATTRIBUTES}>\s*+<(?:{replaced})(?=\s*+<(?:corr|reg|expan)\b)",
        *hidden_ways,
        _TAG.pattern.removeprefix("<").replace("?P<close>", "?:").replace("?P<tag>", "?:"),
        r"!--(?!-?>)(?:[^<-]++|-(?!-!?>)|<(?!!--))*+--!?>" if comments_end else "!--(?:-?>)?",
        r"!\[CDATA\[(?:[^\]<]++|\](?!\]>)|<(?!!\[CDATA))*+\]\]>",
        r"!\[?[a-zA-Z][^<>\[\"'=]*+>",
        r"\?[a-zA-Z\[](?:[^?<]++|\?(?!>)|<(?!\?))*+\?>"
        if asides_end
        else r"\?[a-zA-Z\[][^<>\"'=]*+>",
    ]
    return re.compile(f"(<(?:{'|'.join(ways)}))")


def _whole_element(name: str) -> str:
    """An element with what is in it, unless it has another of its kind or very many tags."""
    stop, end = rf"/?{name}\b", rf"</{name}\s*>"
    if name in RUBY_PARTS:
        stop, end = f"{stop}|{NEXT_OF_RUBY}", f"(?:{end}|(?=<(?:{NEXT_OF_RUBY})))"
    content = rf"(?:[^<]*+<(?!{stop})){{0,{MOST_TAGS_WITHIN}}}+[^<]*+"
    return rf"{name}(?=[\s>]){_ATTRIBUTES}(?<!/)>{content}{end}"


class Signs(dict[str, str]):
    """What is written instead of each simple tag, as it stands in a page.

    Args:
        hidden: names of elements whose content is not shown.
        unusual: names of others that need more than signs; with / for those of closing tags.
        endless: names of elements that do not end any more, and hide nothing.
        is_xml, is_tei: whether line breaks count, and whether it is TEI.
        attributes: names of attributes whose values are words, parted by |.
        comments_end, literals_end, asides_end: whether an end of these, as -->, still comes.
    """

    def __init__(
        self,
        hidden: frozenset[str],
        unusual: frozenset[str],
        endless: frozenset[str],
        *,
        is_xml: bool,
        is_tei: bool = False,
        attributes: str = "",
        comments_end: bool = True,
        literals_end: bool = True,
        asides_end: bool = True,
    ):
        self._hidden, self._unusual = hidden - endless, unusual
        self._hiding = frozenset() if is_xml else HIDING - endless
        self._is_xml, self._is_tei = is_xml, is_tei
        self._values = re.compile(
            rf"\s(?:{attributes})\s*=\s*(?:\"([^\"]*)\"|'([^']*)')" if attributes else r"(?!)"
        )
        self._inline = INLINE if is_tei else INLINE - INLINE_IN_TEI
        self.beginning = _beginning(literals_end=literals_end, asides_end=asides_end)
        self.simple_tag = _simple_tag(hidden, comments_end=comments_end, asides_end=asides_end)

    def __missing__(self, tag: str) -> str:
        if len(self) >= MOST_KEPT:
            self.clear()
        signs = self._of(tag)
        if len(tag) <= MOST_OF_A_TAG:
            self[tag] = signs
        return signs

    def _of(self, tag: str) -> str:
        if tag.startswith(_LITERAL):
            return literal_signs(tag[len(_LITERAL) : -3])
        found = _TAG.fullmatch(tag)
        if not found:  # an element with what is in it, or a comment
            ways = _CHOICE.findall(tag) if tag.endswith("</choice>") else []
            return "".join(words for way, words in ways if way not in REPLACED)
        name, closes = name_of(found["tag"], is_xml=self._is_xml), found["close"] == "/"
        if name in self._hidden and not closes:
            is_empty = tag.endswith("/>") and (self._is_xml or name not in NEVER_EMPTY)
            return "" if is_empty else UNUSUAL
        if found["close"] + name in self._unusual:
            return UNUSUAL
        is_hiding = not closes and self.hides(name, tag)
        return HIDES if is_hiding else self.of_tag(tag, name, closes)

    def hides(self, name: str, tag: str) -> bool:
        """Whether the attributes of an opening tag say that nobody sees what is in its element."""
        if name not in self._hiding or len(tag) > MOST_OF_A_VALUE or not _HIDES.search(tag):
            return False
        return any(
            one[1].lower() == "hidden" or (one[1].lower() == "style" and _NOT_SHOWN.search(one[0]))
            for one in _ATTRIBUTE.finditer(tag, len(name) + 1, len(tag) - 1)
        )

    def of_tag(self, tag: str, name: str, closes: bool) -> str:
        """What is written instead of a tag, simple or not."""
        value = self._values.search(tag)
        words = f"{BREAK}{value[1] or value[2] or ''}{BREAK}" if value else ""
        return words + self._of_name(tag, name, closes)

    def _of_name(self, tag: str, name: str, closes: bool) -> str:
        if name == "note" and self._is_tei:
            return AFTER_NOTE if closes else "" if tag.endswith("/>") else NOTE
        lines = ""
        if name in BLOCKS and not (self._is_tei and name == "title"):  # there it is of a book
            lines = PARAGRAPH if closes and name in PARAGRAPHS else LINE
        elif name == "br" or (name == "lb" and not WITHIN_WORD.search(tag)):
            lines = BREAK
        elif name in ("td", "th") and not closes:
            return CELL
        if self._is_xml:
            return APART + lines if closes and name not in self._inline else lines
        if name == "pre":
            return AFTER_PRE + lines if closes else lines + PRE
        if name == "q":  # a browser shows its quotation marks
            return "”" if closes else "“"
        return lines


signs_of = functools.lru_cache(MOST_KINDS)(Signs)  # shared by all pages of a kind
