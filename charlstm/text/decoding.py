"""Decodes the bytes of a file: guesses the encoding, and refuses what is not text."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter

from charlstm.errors import CharLSTMError

MAX_SAMPLE_BYTES = 200_000  # from which an old encoding is guessed
# The first bytes of PDF, ZIP (docx, epub), old office files, RTF, PNG and JPEG. Other kinds of file
# are recognised by their control characters.
_NO_TEXT = (b"%PDF-", b"PK\3\4", b"\xd0\xcf\x11\xe0", b"{\\rtf", b"\x89PNG", b"\xff\xd8\xff")
# For each group of old encodings, the letters beyond ASCII of each language that used them. Decoded
# rightly, nearly all such letters of a text belong to one language. Decoded wrongly, they do not.
# (General detectors mistake much French for Czech.)
_LETTERS = {
    "cp1252 mac_roman cp850 iso8859_15": "àâæçéèêëîïôœùûüÿ áéíñóúü àáâãçéêíóôõúü àèéìíîòóù "
    "àçèéíïòóúü äöüß åäöéæøà áéèëêïíóöúü áæéíðóöúýþ",
    "cp1250 iso8859_2": "ąćęłńóśźż áčďéěíňóřšťúůýž áäčďéíĺľňóôŕšťúýž áéíóöőúüű ăâîşţ čćđšž",
    "cp1254": "âçğıîöşüû\u0307",
    "cp1257": "ąčęėįšųūž āčēģīķļņšūž äöüõšž",
    "cp1252": "àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿœß",  # several western languages in one file
}
_SIGNS = "‘’“”„«»‹›–—…·•°§©€£¿¡ªº½¼¾´\xa0\xad"
_SIGNS_IN_WORDS = "’–—·´\xad"


def decode(data: bytes, name: str) -> tuple[str, list[str]]:
    """Return the text in the bytes, and sentences for the visitor about how they were read.

    Args:
        name: the file's name, for the error message.

    Raises:
        CharLSTMError: it is not text.
    """
    marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encoding = "utf-16" if marked else None
    if not marked and b"\0" in data:
        # UTF-16 without a byte order mark: the zero bytes of ASCII characters are all on one side.
        left, right = data[::2].count(0), data[1::2].count(0)
        if max(left, right) > 10 * min(left, right) + len(data) / 200:
            encoding = "utf-16-be" if left > right else "utf-16-le"
    if encoding is None:
        read = data.decode(errors="replace")
        num_beyond_ascii = len(read) - len(read.encode("ascii", "ignore"))
        # UTF-8 with a few damaged characters is still UTF-8.
        is_utf8 = 3 * read.count("\ufffd") <= num_beyond_ascii
        encoding = "utf-8" if is_utf8 else _old_encoding(data)
    text = data.decode(encoding, errors="replace")
    num_damaged = text.count("\ufffd")
    num_odd = num_damaged + sum(
        count
        for character, count in Counter(text).items()
        if unicodedata.category(character) in ("Cc", "Cn", "Co") and not character.isspace()
    )
    if "\0" in text or data.startswith(_NO_TEXT) or num_odd > len(text) / 200:
        raise CharLSTMError(
            f"{name} is not plain text, or in an unknown encoding: save it as text in UTF-8."
        )
    notices = []
    if encoding != "utf-8":
        label = encoding.upper().replace("_", "-").replace("CP125", "Windows-125")
        notices += [f"Read as {label.removesuffix('-LE').removesuffix('-BE')}."]
    if num_damaged:
        notices += [f"Damaged characters were left out: {num_damaged:,}."]
    return text.replace("\ufffd", ""), notices


def _old_encoding(data: bytes) -> str:
    """The Latin encoding whose letters fit a language best; if none fits, a detected one."""
    words = [word for word in data.split() if not word.isascii()]
    sample = b" ".join(words[:2_000])
    if len(sample) > MAX_SAMPLE_BYTES:
        sample = re.sub(rb"[\0-\x7f]{50,}", b" ", sample)[:MAX_SAMPLE_BYTES]
    latin = re.sub(rb"[\0-\x7f]{50,}", b" ", sample)[:50_000]
    best, encoding = 0.97, None
    for names, languages in _LETTERS.items():
        if encoding and names == "cp1252":
            break
        for candidate in names.split():
            text = latin.decode(candidate, errors="replace")
            found = Counter(re.findall(r"[^\0-\x7f]", text.lower()))
            inside = re.findall(r"(?<=[a-z])[^\0-\x7f](?=[a-z])", text)
            wrong = sum(not sign.islower() and sign not in _SIGNS_IN_WORDS for sign in inside)
            is_latin = 0 < found.total() < 0.6 * len(text)  # else it is another script
            for letters in languages.split() if is_latin else ():
                share = (sum(found[sign] for sign in letters + _SIGNS) - wrong) / found.total()
                if share > best:
                    best, encoding = share, candidate
    if encoding is None:
        from charset_normalizer import from_bytes

        guess = from_bytes(sample).best()
        return guess.encoding if guess else "cp1252"
    return encoding
