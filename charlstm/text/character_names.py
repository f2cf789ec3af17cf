"""What people call characters, above all those that cannot be seen."""

from __future__ import annotations

import re
import unicodedata

NAMES = {
    "\0": "zero byte",
    "\a": "bell",
    "\b": "backspace",
    "\t": "tab",
    "\n": "line break",
    "\v": "vertical tab",
    "\f": "form feed",
    "\r": "return",
    "\x1a": "Ctrl-Z",
    "\x1b": "escape",
    " ": "space",
    ",": "comma",  # which would be taken for one of the list
    "\x7f": "delete",
    "\x85": "next line",
    "\xa0": "no-break space",
    "\xad": "soft hyphen",
    "\u034f": "combining grapheme joiner",
    "\u115f": "Hangul choseong filler",
    "\u1160": "Hangul jungseong filler",
    "\u17b4": "Khmer vowel inherent Aq",
    "\u17b5": "Khmer vowel inherent Aa",
    "\u180b": "Mongolian free variation selector one",
    "\u180c": "Mongolian free variation selector two",
    "\u180d": "Mongolian free variation selector three",
    "\u180e": "Mongolian vowel separator",
    "\u200b": "zero-width space",
    "\u200c": "zero-width non-joiner",
    "\u200d": "zero-width joiner",
    "\u200e": "left-to-right mark",
    "\u200f": "right-to-left mark",
    "\u2028": "line separator",
    "\u2029": "paragraph separator",
    "\u202f": "narrow no-break space",
    "\u2060": "word joiner",
    "\u2800": "blank Braille cell",
    "\u3000": "ideographic space",
    "\u3164": "Hangul filler",
    "\ufeff": "byte order mark",
    "\uffa0": "halfwidth Hangul filler",
    "\ufffc": "object replacement character",
}
_FORMS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")  # marks that nothing shows
MOST_LISTED = 12
RING = "\u25cc"  # the dotted circle, on which marks are shown that stand on other characters


def name_of(character: str) -> str:
    """The character itself, on a ring if it is a mark; its name if it cannot be seen.

    >>> name_of("a"), name_of("\\u200b"), name_of("\\u2062"), name_of("\\x01")
    ('a', 'zero-width space', 'invisible times', 'control character U+0001')
    """
    if character in NAMES:
        return NAMES[character]
    category = unicodedata.category(character)
    is_seen = category[0] not in "CZ" and not _FORMS.match(character)
    if is_seen and category[0] == "M":
        return RING + character
    if is_seen:
        return character
    name = unicodedata.name(character, "").lower()
    kind = "control character " if category == "Cc" else ""
    return name or f"{kind}U+{ord(character):04X}"


def list_characters(characters: str) -> str:
    """The first dozen of some characters, for a person to read.

    >>> list_characters("~\\t")
    '~, tab'
    """
    shown = ", ".join(map(name_of, characters[:MOST_LISTED]))
    others = len(characters) - MOST_LISTED
    return f"{shown} and {others:,} more" if others > 0 else shown
