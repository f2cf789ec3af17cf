"""Recognises UTF-16 and UTF-32, with a byte order mark or without."""

from __future__ import annotations

import codecs

from charlstm.text.encodings import is_east_asian
from charlstm.text.utf8 import cut_off_bytes

WIDE = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")
_LOOK = 4_000  # bytes: even, for characters of two
# High bytes of the scripts from Armenian to polytonic Greek, Ethiopic and others, kana, and from Yi
# to Meetei Mayek.
_SCRIPTS = frozenset([*range(0x05, 0x20), 0x2D, 0x2E, 0x30, *range(0xA0, 0xAC)])
_MOST_OF_ALL, _NEARLY_ALL, _MIN_KINDS = 0.8, 0.97, 10
_PLAIN = frozenset([*b"\t\n\r", *range(0x20, 0x7F)])  # of ASCII
_MIN_APPENDED = 24  # bytes
_FEW_ZEROS = 1 / 3  # of bytes
_MIN_BYTES = 64  # fewer bytes of any encoding may look like UTF-16


def _is_begun_utf8(data: bytes) -> bool:
    """Whether bytes are UTF-8 without zeros, of which the last character may be cut off."""
    try:
        return "\0" not in data[: len(data) - cut_off_bytes(data)].decode()
    except UnicodeDecodeError:
        return False


def _is_utf8_with_zeros(data: bytes) -> bool:
    """Whether bytes are printable UTF-8 but for a few zeros.

    Half of the bytes of English in UTF-16 are zeros, and in other scripts hardly any text has bytes
    that all are printable.
    """
    text = data.replace(b"\0", b"")
    if len(data) - len(text) > _FEW_ZEROS * len(data):
        return False
    try:
        signs = set(text[: len(text) - cut_off_bytes(text)].decode())
    except UnicodeDecodeError:
        return False
    return all(sign.isprintable() or sign.isspace() for sign in signs)


def wide_encoding(data: bytes) -> str | None:
    """UTF-32 or UTF-16, by the mark at its beginning or by where its zero bytes are."""
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if _is_begun_utf8(data[:_LOOK]) or _is_utf8_with_zeros(data[:_LOOK]):
        return None
    # Without a mark: what it would be. Some of its letters may have zero bytes, on any side.
    for encoding in ("utf-16-le", "utf-16-be"):
        text = data[:_LOOK].decode(encoding, errors="replace")
        is_whole = text.count("\ufffd") <= 1 and "\0" not in text and len(data) >= _MIN_BYTES
        if is_whole and (is_east_asian(text) or _is_of_one_script(data[:_LOOK], encoding)):
            return encoding
    if b"\0" not in data:
        return None
    # No character's number has a fourth byte, and few have a third.
    quarters = [len(data[start::4]) - data[start::4].count(0) for start in range(4)]
    for encoding, (third, fourth) in {"utf-32-le": (2, 3), "utf-32-be": (1, 0)}.items():
        if not quarters[fourth] and quarters[third] <= len(data) / 40 and len(data) % 4 == 0:
            return encoding
    # The zero bytes of ASCII characters are all on one side.
    left, right = data[::2].count(0), data[1::2].count(0)
    if max(left, right) > 10 * min(left, right) + len(data) / 200:
        return "utf-16-be" if left > right else "utf-16-le"
    return None


def _is_of_one_script(data: bytes, encoding: str) -> bool:
    """Whether nearly all characters are of scripts whose high byte is no letter of ASCII."""
    blocks, kinds = (data[1::2], data[::2])[:: 1 if encoding == "utf-16-le" else -1]
    if len(set(kinds)) < _MIN_KINDS:
        return False
    of_script = sum(map(_SCRIPTS.__contains__, blocks)) / len(blocks)
    plain = sum(not block and kind in _PLAIN for block, kind in zip(blocks, kinds, strict=False))
    return of_script >= _MOST_OF_ALL and of_script + plain / len(blocks) >= _NEARLY_ALL


def appended_utf8(data: bytes, encoding: str) -> bytes:
    """The end of a UTF-16 file, if a program appended it in UTF-8; empty if there is none.

    UTF-16 has zero bytes wherever there are spaces or punctuation; an end in UTF-8 has none.
    """
    last = data[data.rfind(b"\0") + 1 :]
    if not encoding.startswith("utf-16") or len(last) < _MIN_APPENDED or len(last) == len(data):
        return b""
    is_big = encoding == "utf-16-be" or data.startswith(codecs.BOM_UTF16_BE)
    if is_big:  # the zero byte begins a character
        last = last[1:]
    try:
        text = last.decode()
    except UnicodeDecodeError:
        return b""
    if not all(sign.isprintable() or sign.isspace() for sign in text):
        return b""
    letters = sum(sign.isalpha() or sign.isspace() for sign in text)
    return last if letters > len(text) / 2 else b""
