"""What the elements of web pages and XML do to the words in them, by their names."""

from __future__ import annotations

import functools
import re

# What is shown to nobody, as a picture, instead of one, or above a word, to say how it is
# pronounced.
HIDDEN = set(
    "audio binary binary-data canvas datalist iframe math noembed noframes noscript rp rt rtc "
    "script style svg teiheader template video".split()
)
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
    "a abbr add b c cite corr date del em emph ex expan foreign g geo hi i indexterm lb link "
    "mentioned name note num orgname orig pb pc persname placename q r ref reg rs s seg sic small "
    "span strong sub sup supplied surname t td term th u unclear w".split()
)
# In a feed, or in pages of a wiki as it gives them, beside their words.
FEED_PARTS = set(
    "author category comment contributor creator docs format generator guid id language "
    "lastbuilddate link model ns origin parentid post_date post_date_gmt post_id pubdate published "
    "sha1 siteinfo status timestamp ttl updated url".split()
)
PARAGRAPHS = {"p", "h1", "h2", "h3", "pre"}
# What a page hides, and the elements by which it does: a menu, or a note that opens when pressed.
HIDING = set(
    "a article aside b blockquote button dd div dl dt em figure footer form h1 h2 h3 h4 h5 h6 "
    "header i label legend li main nav ol p section small span strong sub summary sup table tbody "
    "td th thead tr u ul".split()
)
HIDES = re.compile("hidden|display", re.I)  # quick to look for
WITHIN_WORD = re.compile(r"""\bbreak\s*=\s*["']no\b""")  # a line break of TEI within a word
_UNUSUAL_NAMES = {"body", "choice", "head", "note", "text"} | REPLACED
# Tags that only separate words or change their look are replaced by these placeholders, so that the
# words around them can be processed together.
LINE, PARAGRAPH, CELL = "\0n", "\0m", "\0t"
PRE, AFTER_PRE = "\0p", "\0q"  # white space counts between them
APART = "\0a"  # in XML: a line break, unless a line begins there
UNUSUAL = "\0u"  # instead of a placeholder: the tag needs more than one
# A tag, a comment, a CDATA section or a declaration begins. A tag that does not end before the next
# one is none.
BEGINNING = re.compile(
    r"<(?:(?P<comment>!--)|(?P<literal>!\[CDATA\[)|(?P<aside>[!?])(?=[a-zA-Z\[])"
    r"|(?P<close>/?)(?P<tag>[a-zA-Z][^\s<>/]*+)(?![^<>=]*(?:<|\Z)))"
)
# As most tags are, comments, short sections, and if no other tag is in them, what is not shown and
# choices of TEI; many are taken at once.
SIMPLE_TAG = re.compile(
    r"(<(?:rt>[^<]*+</rt>|rp>[^<]*+</rp>"
    r"|choice>(?:\s*+<(?:sic|corr|orig|reg|abbr|expan)>[^<]*+</\w+>)++\s*+</choice>"
    r"|script(?:\s[^<>]*)?(?<!/)>[^<]*</script>|style(?:\s[^<>]*)?(?<!/)>[^<]*</style>"
    r"|/?[a-zA-Z][^\s<>/]*+(?:[^<>=]++|=\s*+(?:\"[^\"<]*+\"|'[^'<]*+'|(?![\"'])))*+>"
    r"|!--(?!-?>)[^<>]*--!?>|!\[CDATA\[[^<>&\]]{0,200}\]\]>))"
)
_CHOICE = re.compile(r"<(\w+)>([^<]*)</")
MOST_KEPT = 10_000  # tags whose placeholders are kept


def name_of(tag: str) -> str:
    """The name of an element, in small letters and without that of its namespace."""
    return tag.lower().rpartition(":")[2]


def in_lines(text: str) -> str:
    """With the line breaks and tabs that placeholders stand for."""
    return text.replace(LINE, "\n").replace(PARAGRAPH, "\n\n").replace(CELL, "\t")


class Placeholders(dict[str, str]):
    """The placeholder of each simple tag, as it stands in a page.

    Args:
        hidden: names of elements whose content is not shown.
        is_xml: whether line breaks count, so that they can be their own placeholders.
        has_notes: whether a new line is to begin with the notes of the one that ends.
    """

    def __init__(self, hidden: frozenset[str], *, is_xml: bool, has_notes: bool):
        self._unusual = _UNUSUAL_NAMES | hidden | (BLOCKS if has_notes else set())
        self._unusual |= {"pre"} if is_xml else set()
        self._is_xml = is_xml

    def __missing__(self, tag: str) -> str:
        if len(self) >= MOST_KEPT:
            self.clear()
        found = BEGINNING.match(tag)
        placeholder = ""
        if found and found["tag"] and tag.count("<") == 1:
            placeholder = self._of(tag, name_of(found["tag"]), found["close"] == "/")
        elif found and found["literal"]:
            placeholder = tag[found.end() : -3]
        elif found and found["tag"] == "choice":
            ways = _CHOICE.findall(tag)
            placeholder = "".join(words for name, words in ways if name not in REPLACED)
        self[tag] = placeholder
        return placeholder

    def _of(self, tag: str, name: str, closes: bool) -> str:
        if name in self._unusual:
            return UNUSUAL
        lines = ""
        if name in BLOCKS:
            lines = PARAGRAPH if closes and name in PARAGRAPHS else LINE
        elif name == "br" or (name == "lb" and not WITHIN_WORD.search(tag)):
            lines = LINE
        is_cell = name in ("td", "th") and not closes
        if self._is_xml:
            apart = APART if closes and name not in INLINE else ""
            return CELL if is_cell else apart + in_lines(lines)
        if name in HIDING and HIDES.search(tag):
            return UNUSUAL
        if name == "pre":
            return AFTER_PRE + lines if closes else lines + PRE
        if name == "q":  # a browser shows its quotation marks
            return "”" if closes else "“"
        return CELL if is_cell else lines


@functools.cache
def placeholders(hidden: frozenset[str], *, is_xml: bool, has_notes: bool) -> Placeholders:
    """As `Placeholders`, shared by all pages of a kind."""
    return Placeholders(hidden, is_xml=is_xml, has_notes=has_notes)
