"""Encodings that use only ASCII bytes: some of East Asia, UTF-7, and quoted-printable.

Sources: RFC 1468 (ISO-2022-JP), RFC 1557 (ISO-2022-KR), RFC 1843 (HZ), RFC 2045 (quoted-printable),
RFC 2152 (UTF-7).
"""

from __future__ import annotations

import quopri
import re
import unicodedata

from charlstm.text.counting import counted
from charlstm.text.encodings import is_east_asian
from charlstm.text.utf8 import is_utf8

# What shows that an encoding was used.
_SIGNS = {
    "iso2022_jp_2": re.compile(rb"\x1b\$[@B]"),
    "iso2022_jp_ext": re.compile(rb"\x1b\$[@B]|\x1b\(I"),  # with half-width letters
    "iso2022_kr": re.compile(rb"\x1b\$\)C"),
    "hz": re.compile(rb"~\{(?:[\x21-\x77][\x21-\x7e])+~\}"),
    "utf_7": re.compile(rb"\+[A-Za-z0-9+/]{3}"),
}
SEVEN_BITS = tuple(_SIGNS)
# Number beyond ASCII, and share of letters among them. Source code that looks like UTF-7 decodes to
# arbitrary characters.
_MIN_BEYOND, _MIN_LETTERS = 5, 0.5
_QUOTED = re.compile(rb"=[0-9A-F]{2}")
_SOFT_BREAK = re.compile(rb"^[^\r\n]{50,75}=[ \t]*\r?$", re.M)  # where a line grew too long
_MIN_QUOTED, _MIN_SOFT_BREAKS = 20, 3
_MIN_MEANT = 0.98  # of the signs "="


def seven_bit_encoding(data: bytes) -> str | None:
    """One of `SEVEN_BITS`, if there are signs of it and the whole file can be read in it."""
    if not data.isascii():
        return None
    for encoding, sign in _SIGNS.items():
        if sign.search(data):
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError:
                continue
            if _is_plausible(text, encoding):
                return encoding
    return None


def _is_plausible(text: str, encoding: str) -> bool:
    if encoding == "hz":
        return is_east_asian(text)
    if encoding == "utf_7":
        beyond = {sign: count for sign, count in counted(text).items() if sign > "\x7f"}
        kinds = {sign: unicodedata.category(sign)[0] for sign in beyond}
        letters = sum(count for sign, count in beyond.items() if kinds[sign] in "LM")  # and marks
        number = sum(beyond.values())
        has_half = any("\ud800" <= sign <= "\udfff" for sign in beyond)
        return number >= _MIN_BEYOND and letters > _MIN_LETTERS * number and not has_half
    return not text.isascii()


def without_quoting(data: bytes) -> tuple[bytes, str]:
    """Decode quoted-printable, if the data is that; with a sentence about it."""
    has_any = b"=" in data and data.isascii()
    number = sum(1 for _ in _QUOTED.finditer(data)) if has_any else 0  # without a list of them
    if number < _MIN_QUOTED:
        return data, ""
    breaks = len(_SOFT_BREAK.findall(data))
    if number + breaks < _MIN_MEANT * data.count(b"="):
        return data, ""
    read = quopri.decodestring(data)
    if breaks < _MIN_SOFT_BREAKS and (read.isascii() or not is_utf8(read)):
        return data, ""  # sums, or settings of a program
    return read, (
        "Signs as mail servers write them (quoted-printable, =C3=A9 for é) were read as such: "
        f"{number:,}."
    )
