"""Decodes the bytes of a file, and refuses what is not text.

What is valid UTF-8 is read as UTF-8, line by line; the other lines are read in one old encoding,
which is guessed (encodings.py) unless it is given.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass

from charlstm.errors import CharLSTMError, UnknownEncodingError
from charlstm.text.blocks import substituted
from charlstm.text.counting import counted, has_too_many_characters
from charlstm.text.encodings import DOUBT, guess_encoding
from charlstm.text.latin_encodings import is_latin
from charlstm.text.lines import OldEncoding, split_lines
from charlstm.text.seven_bits import SEVEN_BITS, seven_bit_encoding, without_quoting
from charlstm.text.utf8 import cut_off_bytes, is_utf8, with_joined_halves
from charlstm.text.wide_encodings import WIDE, appended_utf8, wide_encoding

SAMPLE_BYTES = 200_000  # of lines that are not UTF-8, from which their encoding is guessed
SELDOM = 4  # wrong bytes for each character of UTF-8, which then is there by chance
MOST_WRONG = 1 / 3  # of a file's bytes, if there is something else in it
MAX_ODD_SHARE = 1 / 200  # of characters that no text has
MAX_DAMAGED_SHARE = 1 / 20  # of characters, where most of the others are UTF-8
MOST_ZEROS = 1 / 50  # runs of zeros, for each byte of UTF-8: there they can only be stray
MOST_BEFORE_ENDS = 1 / 3  # the same where they all stand before the end of a line
MIN_ENDS, MOST_ENDS = 20, 1 / 10  # the same where they are such ends, as some programs write lists
# At the beginning, also of files that were put together; in UTF-8 it is left out later.
_BYTE_ORDER_MARK, _LINES = re.compile(rb"^\xef\xbb\xbf", re.M), re.compile(rb"(?<=\n)")
_MARK = b"\xef\xbf\xbd"  # U+FFFD in UTF-8: an earlier program could not read a character
_HALF_READ = re.compile("[\ud800-\udfff]")  # of a character, as UTF-7 may have it
_LONG_ZERO = b"\xc0\x80"  # as Java writes a zero byte
_BEGINNING = 9_000  # characters of a file that is shown
_LOOK = 4_000  # bytes: even, for characters of two
# From terminals, chats and Windows: `normalize` removes or converts them and says so.
_USUAL_CONTROLS = {*"\b\x1a\x1b\x02\x03\x07\x0f\x16\x1d\x1f", *map(chr, range(0x80, 0xA0))}
_CONTINUED = re.compile(rb"[\x80-\xbf]{1,3}(?![\x80-\xbf])")  # a character of UTF-8
_ZEROS, _ZEROS_AT_END = re.compile(rb"\0+"), re.compile(rb"(?<!\0)\0+(?=\r?\n)")
_LONG_ASCII = re.compile(rb"([\0-\x7f]{20})[\0-\x7f]{10,}([\0-\x7f]{20})")
# Encodings that a file is in as a whole, or not at all.
_OF_WHOLE_FILES = {*WIDE, *SEVEN_BITS}
_OF_SEVERAL_BYTES = {"cp932", "cp949", "johab", "euc_jp", "gb18030", "big5hkscs"}  # a character
_DECLARED = re.compile(
    rb"""<\?xml[^>]{0,200}encoding=["']([\w.:-]{1,40})"""
    rb"""|<meta[^>]{0,200}charset=["']?([\w.:-]{1,40})""",
    re.IGNORECASE,
)
# Encodings that are called by the name of a smaller one.
_WIDER = {
    "iso8859_1": "cp1252",
    "ascii": "cp1252",
    "iso8859_9": "cp1254",
    "iso8859_8": "cp1255",
    "tis_620": "cp874",
    "iso8859_11": "cp874",
    "koi8_r": "koi8_u",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
}
# How encodings are called where people choose one.
LABELS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
    "utf-32-le": "UTF-32",
    "utf-32-be": "UTF-32",
    "cp1250": "Windows-1250 (Central Europe)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "cp1252": "Windows-1252 (Western Europe)",
    "cp1253": "Windows-1253 (Greek)",
    "cp1254": "Windows-1254 (Turkish)",
    "cp1255": "Windows-1255 (Hebrew)",
    "cp1256": "Windows-1256 (Arabic)",
    "cp1257": "Windows-1257 (Baltic)",
    "cp1258": "Windows-1258 (Vietnamese)",
    "cp437": "DOS 437 (Western Europe)",
    "cp720": "DOS 720 (Arabic)",
    "cp737": "DOS 737 (Greek)",
    "cp775": "DOS 775 (Baltic)",
    "cp850": "DOS 850 (Western Europe)",
    "cp852": "DOS 852 (Central Europe)",
    "cp855": "DOS 855 (Cyrillic)",
    "cp857": "DOS 857 (Turkish)",
    "cp860": "DOS 860 (Portuguese)",
    "cp861": "DOS 861 (Icelandic)",
    "cp862": "DOS 862 (Hebrew)",
    "cp866": "DOS 866 (Cyrillic)",
    "cp869": "DOS 869 (Greek)",
    "cp1125": "DOS 1125 (Ukrainian)",
    "cp874": "Windows-874 (Thai)",
    "cp932": "Shift JIS (Japanese)",
    "cp949": "EUC-KR (Korean)",
    "johab": "Johab (Korean)",
    "euc_jp": "EUC-JP (Japanese)",
    "gb18030": "GB 18030 (Chinese)",
    "big5hkscs": "Big5 (Chinese)",
    "hz": "HZ (Chinese)",
    "iso2022_jp_2": "ISO-2022-JP (Japanese)",
    "iso2022_jp_ext": "ISO-2022-JP (Japanese)",
    "iso2022_kr": "ISO-2022-KR (Korean)",
    "utf_7": "UTF-7",
    "iso8859_2": "ISO 8859-2 (Central Europe)",
    "iso8859_3": "ISO 8859-3 (Esperanto, Maltese)",
    "iso8859_4": "ISO 8859-4 (Baltic)",
    "iso8859_5": "ISO 8859-5 (Cyrillic)",
    "iso8859_6": "ISO 8859-6 (Arabic)",
    "iso8859_7": "ISO 8859-7 (Greek)",
    "iso8859_13": "ISO 8859-13 (Baltic)",
    "iso8859_14": "ISO 8859-14 (Welsh)",
    "iso8859_15": "ISO 8859-15 (Western Europe)",
    "koi8_u": "KOI8 (Cyrillic)",
    "kz1048": "KZ-1048 (Kazakh)",
    "mac_greek": "Mac OS Greek",
    "mac_iceland": "Mac OS Icelandic",
    "mac_latin2": "Mac OS (Central Europe)",
    "mac_turkish": "Mac OS Turkish",
    "mac_cyrillic": "Mac OS Cyrillic",
    "mac_roman": "Mac OS Roman (Western Europe)",
}


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """The text of a file.

    Attributes:
        encoding: of all of it, or of the lines that are not UTF-8; a key of `LABELS`.
        is_guess: whether the encoding was guessed, and another one may be meant.
        notices: sentences for the visitor about how it was read.
        markup: the kind that was taken out in reading it, a key of `markup.LABELS`.
        guessed_files: of several that it was read from.
    """

    text: str
    encoding: str
    is_guess: bool
    notices: tuple[str, ...]
    markup: str = ""
    guessed_files: tuple[GuessedFile, ...] = ()


@dataclass(frozen=True, kw_only=True)
class GuessedFile:
    """One of several files, whose encoding was guessed.

    Attributes:
        encoding: a key of `LABELS`.
        beginning: of its text, by which people see whether the guess is right.
    """

    name: str
    encoding: str
    beginning: str

    @classmethod
    def of(cls, name: str, decoded: Decoded) -> GuessedFile:
        return cls(name=name, encoding=decoded.encoding, beginning=decoded.text[:_BEGINNING])


def decode(data: bytes, name: str, encoding: str | None = None) -> Decoded:
    """Read the text in the bytes of a file.

    Args:
        name: the file's name, for the error message.
        encoding: a key of `LABELS`, for what is not UTF-8; None to guess it.

    Raises:
        UnknownEncodingError: it is not text, as far as can be seen.
        CharLSTMError: there is no such encoding.
    """
    if encoding is not None and encoding not in LABELS:
        raise CharLSTMError(f"There is no encoding {encoding!r:.40} here: choose one of the list.")
    no_text = UnknownEncodingError(
        f"{name} is not plain text, or in an unknown encoding: choose its encoding, or save it as "
        "text in UTF-8."
    )
    notices: list[str] = []
    if encoding in _OF_WHOLE_FILES:
        whole: str | None = encoding
    else:
        whole = wide_encoding(data) or seven_bit_encoding(data)
    if whole is None:
        data, on_quoting = without_quoting(data)
        notices += [on_quoting] if on_quoting else []
    read = None
    if whole is not None:
        encoding = encoding or whole
        last = appended_utf8(data, encoding)
        text = data[: len(data) - len(last)].decode(encoding, errors="replace")
        text = _HALF_READ.sub("\ufffd", text)
        notices.append(f"Read as {LABELS[encoding]}.")
        if last:
            text += last.decode()
            notices.append(f"Its last {len(last):,} bytes were added in UTF-8, and read so.")
    else:
        without_nul = data.replace(b"\0", b"")
        if nul := len(data) - len(without_nul):
            runs = len(_ZEROS.findall(data))  # a log that was cut off has many at a time
            at_ends = len(_ZEROS_AT_END.findall(data)) == runs
            usual = MOST_BEFORE_ENDS if at_ends else MOST_ZEROS
            most = usual if is_utf8(data) else MAX_ODD_SHARE
            are_ends = b"\n" not in data and runs == nul >= MIN_ENDS and is_utf8(data)
            if are_ends and nul <= len(data) * MOST_ENDS:
                notices.append(f"Zero bytes became line breaks: {nul:,}.")
                data = data.replace(b"\0", b"\n")
            elif runs <= len(data) * most:
                notices.append(f"Zero bytes were left out: {nul:,}.")
                data = without_nul
            else:
                raise no_text
        try:
            text, encoding = data.decode(), "utf-8"
        except UnicodeDecodeError:
            data, marks = substituted(_BYTE_ORDER_MARK, b"", data, _LINES)
            if marks:
                notices.append(f"Byte order marks were left out: {marks:,}.")
            read = _decode_by_lines(data, encoding)
            is_lost = read is None or _is_damaged(read, data)
            if is_lost and encoding is None and _look(data).is_mostly_utf8:
                read = _decode_by_lines(data, "utf-8")
            if read is None or _is_damaged(read, data):
                raise no_text from None
            text, encoding = read.text, read.encoding
            notices += read.notices
    if whole is not None and text.count("\ufffd") > len(text) * MAX_ODD_SHARE:
        raise no_text
    is_certain = read is None or read.encoding == "utf-8"
    if (
        has_too_many_characters(text)
        or _count_odd(text, is_certain=is_certain) > len(text) * MAX_ODD_SHARE
    ):
        raise no_text
    is_guess = read is not None and read.is_guess
    return Decoded(text=text, encoding=encoding, is_guess=is_guess, notices=tuple(notices))


def _is_damaged(read: Decoded, data: bytes) -> bool:
    """Whether more characters are damaged than a text would have."""
    # Those that were there before are no fault of the reading.
    damaged = read.text.count("\ufffd") - data.count(_MARK)
    most = MAX_DAMAGED_SHARE if read.encoding == "utf-8" else MAX_ODD_SHARE
    return damaged > len(read.text) * most


def _decode_by_lines(data: bytes, encoding: str | None) -> Decoded | None:
    """Read what is UTF-8 as such and the rest in an old encoding; None if it is no text.

    Args:
        encoding: the old one; None to guess it.
    """
    notices = []
    is_guess, is_sure, found = False, True, _look(data)
    encoding = encoding or _declared_encoding(data)
    whole_data, halves, zeros = _with_whole_characters(data)
    if whole_data != data and (looked := _look(whole_data)).is_mostly_utf8:
        data, found = whole_data, looked
        if halves:
            notices.append(
                "Characters that were written as two halves (CESU-8) were put together: "
                f"{halves:,}."
            )
        if zeros:
            notices.append(f"Zero bytes were left out: {zeros:,}.")
    cut = cut_off_bytes(data)
    # A single byte may be an accented letter in an old encoding, the last one of the file.
    if cut and (found.is_mostly_utf8 or found.wrong == cut > 1):
        notices.append("The file ends in the middle of a character, which was left out.")
        data = data[:-cut]
        found = _look(data)
    last = _CONTINUED.match(data)
    if last and found.is_mostly_utf8 and found.wrong == len(last[0]):
        notices.append("The file begins in the middle of a character, which was left out.")
        data = data[last.end() :]
        found = _look(data)
    if encoding is None and found.wrong:
        guess = guess_encoding(found.sample, is_all=found.wrong > MOST_WRONG * len(data))
        if guess is not None:
            encoding, is_guess, is_sure = guess.encoding, True, guess.is_sure
        elif found.wrong > MAX_ODD_SHARE * len(data):
            return None
    encoding = encoding or "utf-8"
    is_whole = found.wrong > found.characters and _is_whole_in(data, encoding)
    old = OldEncoding(
        None if encoding == "utf-8" else encoding,
        is_latin=is_latin(encoding),
        is_rare=found.is_mostly_utf8,
        is_usual=found.wrong >= SELDOM * found.characters,
        is_whole=is_whole,
    )
    text = "".join(block.decode(old) for block in split_lines(data))
    if encoding != "utf-8":
        # Without a line of UTF-8, a few bytes that look like it do so by chance.
        is_all = is_whole or not (found.utf8_lines or found.is_mostly_utf8)
        notices.append(_on_encoding(LABELS[encoding], found, is_all=is_all, is_sure=is_sure))
    return Decoded(text=text, encoding=encoding, is_guess=is_guess, notices=tuple(notices))


def _is_whole_in(data: bytes, encoding: str) -> bool:
    """Whether all of a file can be read in an encoding in which most files cannot."""
    if encoding not in _OF_SEVERAL_BYTES:
        return False
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _declared_encoding(data: bytes) -> str | None:
    """The old encoding that a page or an XML file says it has; None if it says none."""
    found = _DECLARED.search(data[:_LOOK])
    return known_encoding((found[1] or found[2]).decode()) if found else None


def known_encoding(name: str) -> str | None:
    """The old encoding that is called so in files; None if it is UTF-8, or none of `LABELS`.

    >>> known_encoding("ISO-8859-1")
    'cp1252'
    """
    try:
        name = codecs.lookup(name).name.replace("-", "_")
    except (LookupError, ValueError):  # ValueError: a NUL in the name
        return None
    name = _WIDER.get(name, name)
    return name if name in LABELS and name != "utf_8" else None


def _with_whole_characters(data: bytes) -> tuple[bytes, int, int]:
    """UTF-8 as it should be, of the form that Java writes.

    Returns:
        The bytes; how many characters were put together of halves; how many zeros left out.
    """
    data, halves = with_joined_halves(data)
    return data.replace(_LONG_ZERO, b""), halves, data.count(_LONG_ZERO)


def _look(data: bytes) -> _Findings:
    lines = utf8_lines = wrong = characters = size = 0
    words: list[bytes] = []
    for block in split_lines(data):
        has_wrong = block.wrong > 0
        lines += int(has_wrong.sum())
        utf8_lines += int((~has_wrong & (block.whole > 0)).sum())
        wrong += int(block.wrong.sum())
        characters += int(block.whole.sum())
        if size < SAMPLE_BYTES and has_wrong.any():
            looked_at = block.chosen(has_wrong)[: 10 * SAMPLE_BYTES]
            part = _LONG_ASCII.sub(rb"\1 \2", looked_at)[:SAMPLE_BYTES]
            words += [word for word in part.split() if not is_utf8(word)]
            size += len(part)
    return _Findings(
        lines=lines,
        utf8_lines=utf8_lines,
        wrong=wrong,
        characters=characters,
        sample=b" ".join(words),
    )


def _count_odd(text: str, *, is_certain: bool) -> int:
    """How many characters a text has that no text has: controls, and code points of no use.

    Args:
        is_certain: whether its encoding is. Then letters for private use are letters, as are those
            that this Python does not know yet.
    """
    odd = ("Cc",) if is_certain else ("Cc", "Cn", "Co")
    return sum(
        count
        for character, count in counted(text).items()
        if (unicodedata.category(character) in odd or _is_no_character(character))
        and not character.isspace()
        and character not in _USUAL_CONTROLS
    )


def _is_no_character(character: str) -> bool:
    """Whether it is a code point that will never be one."""
    return ord(character) & 0xFFFE == 0xFFFE or "\ufdd0" <= character <= "\ufdef"


@dataclass(frozen=True, kw_only=True)
class _Findings:
    """What is not UTF-8 in a file.

    Attributes:
        lines: how many have something that is not.
        utf8_lines: how many have characters beyond ASCII that all are UTF-8.
        wrong: bytes that are not.
        characters: those beyond ASCII that are.
        sample: words that are not, as many as an encoding is guessed from.
    """

    lines: int
    utf8_lines: int
    wrong: int
    characters: int
    sample: bytes

    @property
    def is_mostly_utf8(self) -> bool:
        return self.characters > self.wrong


def _on_encoding(label: str, found: _Findings, *, is_all: bool, is_sure: bool) -> str:
    """A sentence on an encoding that is not UTF-8, of all lines or of some."""
    doubt = "" if is_sure else f" {DOUBT}"
    if is_all:
        return f"Read as {label}.{doubt}"
    what = "line is" if found.lines == 1 else "lines are"
    return f"{found.lines:,} {what} not all in UTF-8: the rest was read as {label}.{doubt}"
