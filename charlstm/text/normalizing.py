"""Brings a text into one form: what looks the same is the same, and what cannot be seen is gone.

A network would have to learn each form of a letter anew, and a visitor who types one form would be
told that the other is unknown.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from html.entities import name2codepoint

from charlstm.text.blocks import ANYWHERE, LINES, blocks, matches, replaced, substituted
from charlstm.text.character_names import name_of
from charlstm.text.counting import MOST_DISTINCT, code_points_by_blocks, counted
from charlstm.text.mojibake import without_mojibake

# Some programs change the end of a line of Windows once more, into \r\r\n.
_RETURNS = re.compile("(?<!\r)\r+(?=\r\n)")
_LINE_ENDS = "\r\v\f\x85\u2028\u2029"
_LONGEST_LINE = 1_000_000  # characters, of which a longer one is looked at in parts
_SPACES = re.compile("[\xa0\u1680\u2000-\u200a\u205f]")
# A blank of Braille is a space where nothing else of Braille is. What parts a word of Mongolian
# from its endings is none.
_SPACES_OF_SCRIPTS = {
    "\u202f": re.compile("(?<![\u1800-\u18af])\u202f"),
    "\u2800": re.compile("(?<![\u2800-\u28ff])\u2800+(?![\u2800-\u28ff])"),
}
_INVISIBLE = re.compile(
    "[\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u17b4\u17b5\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffc\U000e0001]"
)
# What Windows-1252 has where Unicode has controls that nobody uses.
_CONTROLS = re.compile("[\x80-\x84\x86-\x9f]")
_OF_WINDOWS = {
    chr(code): sign
    for code in range(0x80, 0xA0)
    if (sign := bytes([code]).decode("cp1252", errors="ignore"))
}
# Escape sequences of terminals: colours, movements of the cursor, titles of the window.
_TERMINAL = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)|[()*+][0-9A-Z]|[=>78cDEHMNOZ])"
    r"|\x03\d{1,2}(?:,\d{1,2})?"  # colours in a chat (IRC)
)
_ESCAPE = re.compile(
    r"((?<!\\)\\u(?:(?=[dD][89abAB])[0-9a-fA-F]{4}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(?![dD][89abAB])[0-9a-fA-F]{4}))"
)
_BEGINS_ESCAPE = re.compile(r"(?<!\\)\\u(?![dD][c-fC-F])")
MIN_ESCAPES = 20
_JSON = re.compile(r"\s*(?:\{\s*[\"}]|\[\s*[\"{\[])")
# Signs and letters as web pages write them, where they were taken out of one, or written so twice.
# Programs have other words after such a sign.
_REFERENCE = re.compile(
    r"&(?:#\d{2,7}|#[xX][0-9a-fA-F]{2,6}|amp|quot|apos|nbsp|[lg]t|[lr](?:[ds]quo|aquo)|[mn]dash"
    r"|hellip|szlig|[A-Za-z](?:acute|grave|circ|uml|tilde|cedil|ring|slash)|(?:ae|oe|AE|OE)lig);"
)
_REFERENCE_IN_PROGRAM = re.compile(r"""["'`]&#?\w{2,8};["'`]""")
_ANY_REFERENCE = re.compile(r"(&(?:#\d{2,7}|#[xX][0-9a-fA-F]{2,6}|[A-Za-z]{2,8}\d{0,2});)")
_BEGINS_REFERENCE = re.compile("&")
_BYTES = re.compile("([\x80-\xff]{2,})")
_STRUCK_OVER = re.compile("[^\n]\b")  # as printers made letters bold or underlined
# As PDF and scanned books have them.
_LIGATURES = {
    "ffi": "\ufb03",
    "ffl": "\ufb04",
    "ff": "\ufb00",
    "fi": "\ufb01",
    "fl": "\ufb02",
    "st": "\ufb06",
}
# Scripts whose letters join, or are put together from several: Arabic to Myanmar, Khmer, Mongolian,
# Limbu to Vedic, Syloti Nagri to Meetei Mayek, Brahmi to Cuneiform, Adlam.
_JOINED_SCRIPTS = (
    "[\u0600-\u109f\u1780-\u18af\u1900-\u1cff\ua800-\uabff\ufb50-\ufdff\ufe70-\ufefe"
    "\U00010a00-\U00011fff\U0001e900-\U0001e95f]"
)
# The patterns below begin with the sign, and then look at what stands before it: that is many times
# faster than the other way round.
# Thai, Lao, Burmese and Khmer have no spaces between words: there it may part them.
_NEEDLESS_BREAK = re.compile("\u200b(?<![\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u200b].)\u200b*")
_EMOJI = "[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]"
# What joins or parts letters, and emoji, where neither such a script nor an emoji of several parts
# needs it.
_NEEDLESS_JOINER = re.compile(f"[\u200c\u200d](?<!{_JOINED_SCRIPTS}.)(?!(?<={_EMOJI}.){_EMOJI})")
# Tags spell the country in a flag; elsewhere nothing shows them.
_NEEDLESS_TAG = re.compile(
    "[\U000e0020-\U000e007f](?<![\U0001f3f4\U000e0020-\U000e007e].)[\U000e0020-\U000e007f]*"
)
# Forms of letters, of signs and of emoji. Letters of most scripts have none, a digit only on a key.
_NEEDLESS_FORM = re.compile(
    "[\ufe00-\ufe0f](?<![\u00a9\u00ae\u1000-\u109f\u1800-\u18af\u2000-\U0010ffff].)"
    "[\ufe00-\ufe0f]*(?!(?<=[#*0-9].)\u20e3)"
)
_NEEDLESS_FORM_OF_CHINESE = re.compile(
    "[\U000e0100-\U000e01ef](?<![\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff].)"
)
_OLD_HANGUL = "[\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]"
# Each kind of sign that is sometimes needed, and where it is not.
_NEEDLESS = {
    re.compile("[\u200c\u200d]"): _NEEDLESS_JOINER,
    re.compile("[\U000e0020-\U000e007f]"): _NEEDLESS_TAG,
    re.compile("\u200b"): _NEEDLESS_BREAK,
    re.compile("[\u180b-\u180f]"): re.compile("[\u180b-\u180f](?<![\u1800-\u18af].)"),
    re.compile("[\ufe00-\ufe0f]"): _NEEDLESS_FORM,
    re.compile("[\U000e0100-\U000e01ef]"): _NEEDLESS_FORM_OF_CHINESE,
    re.compile("\u034f"): re.compile("\u034f(?<![\u0590-\u05ff].)"),  # orders Hebrew accents
    # Stands for a letter of a syllable that has none.
    re.compile("[\u115f\u1160]"): re.compile(f"[\u115f\u1160](?<!{_OLD_HANGUL}.)(?!{_OLD_HANGUL})"),
}
_SOMETIMES_NEEDED = re.compile("|".join(signs.pattern for signs in _NEEDLESS))
_ASCII = "".join(map(chr, range(128)))
_BEGINS_ASCII = re.compile("[\0-\x7f]")
# What is never joined with what stands before it: much of Latin, Cyrillic, Thai, Japanese, Chinese
# and Korean texts.
_BEGINS_CHARACTER = re.compile(
    "[\0-\x7f\u0400-\u0482\u0e01-\u0e30\u3041-\u3096\u30a0-\u30ff\u4e00-\u9fff\uac00-\ud7a3]"
)
MOST_MARKS = 30  # on one letter, as the Unicode Standard has it in a stream (UAX 15)
MOST_NAMED = 4  # kinds of signs in a sentence


def normalize(text: str, *, is_markup: bool = False) -> tuple[str, list[str]]:
    """The text in one form, and sentences for the visitor about what was changed.

    Args:
        is_markup: whether it may have tags, or did: then &lt; is no tag and stays for later.
    """
    notices = []
    text = text.lstrip("\ufeff")
    changes = (
        _read_escapes,
        read_references,
        without_mojibake,
        _without_damage,
        _signs_of_windows,
        _without_terminal,
        _plain_line_ends,
        _plain_spaces,
        _parted_ligatures,
        _without_invisible_signs,
        _few_marks,
        _composed,
    )
    for change in changes:
        if change is read_references and is_markup:
            continue
        text, notice = change(text)
        if notice:
            notices.append(notice)
    return text, notices


def _read_escapes(text: str) -> tuple[str, str]:
    """Letters of JSON that were written as numbers, as chats are given to those who wrote them."""
    found = matches(_ESCAPE, text, _BEGINS_ESCAPE) if _JSON.match(text) else Counter()
    number = found.total()
    if number < MIN_ESCAPES or len(found) > MOST_DISTINCT:
        return text, ""
    text = replaced(_ESCAPE, {one: _of_escape(one) for one in found}, text, _BEGINS_ESCAPE)
    # Facebook writes each byte of UTF-8 as a letter of its own.
    runs = matches(_BYTES, text, _BEGINS_ASCII)
    text = replaced(_BYTES, {run: _of_bytes(run) for run in runs}, text, _BEGINS_ASCII)
    return text, f"Letters that were written as numbers (\\u00e9) were read as letters: {number:,}."


def read_references(text: str) -> tuple[str, str]:
    """Signs of web pages (&#39;) in a text that is none."""
    if "&" not in text:
        return text, ""
    found = matches(_ANY_REFERENCE, text, _BEGINS_REFERENCE)
    number = sum(found[reference] for reference in filter(_REFERENCE.match, found))
    if number < MIN_ESCAPES or len(found) > MOST_DISTINCT or number <= text.count("<"):
        return text, ""
    if 2 * sum(1 for _ in _REFERENCE_IN_PROGRAM.finditer(text)) > number:
        return text, ""
    signs = {reference: _of_reference(reference) for reference in found}
    text = replaced(_ANY_REFERENCE, signs, text, _BEGINS_REFERENCE)
    number = sum(count for reference, count in found.items() if signs[reference] != reference)
    return text, f"Signs as web pages write them (&#39;) were read as such: {number:,}."


def _of_reference(reference: str) -> str:
    name = reference[1:].removesuffix(";")
    is_known = name.startswith("#") or name in name2codepoint or name == "apos"
    return html.unescape(reference) if is_known else reference


def _of_escape(escape: str) -> str:
    code, *rest = (int(digits, 16) for digits in escape.split("\\u")[1:])
    if rest:  # two halves of one
        return chr(0x10000 + (code - 0xD800 << 10 | rest[0] - 0xDC00))
    return escape if code < 0x20 or 0xDC00 <= code < 0xE000 else chr(code)


def _of_bytes(run: str) -> str:
    try:
        return run.encode("latin-1").decode()
    except UnicodeDecodeError:
        return run


def _without_damage(text: str) -> tuple[str, str]:
    count = text.count("\ufffd")
    if not count:
        return text, ""
    return text.replace("\ufffd", ""), f"Damaged characters were left out: {count:,}."


def _signs_of_windows(text: str) -> tuple[str, str]:
    if text.isascii() or not _CONTROLS.search(text):
        return text, ""
    number = sum(text.count(control) for control in _OF_WINDOWS)
    if not number:
        return text, ""
    for control, sign in _OF_WINDOWS.items():
        text = text.replace(control, sign)
    return text, f"Signs as Windows wrote them (U+0080 to U+009F) were read as such: {number:,}."


def _without_terminal(text: str) -> tuple[str, str]:
    sentences = []
    for begins, signs, called in (
        ("\x1b\x03", _TERMINAL, "Colours and movements of a terminal were left out"),
        ("\b", _STRUCK_OVER, "Letters that were printed over were left out"),
    ):
        if not any(map(text.__contains__, begins)):  # much faster than to try the pattern
            continue
        text, number = substituted(signs, "", text, LINES, _LONGEST_LINE)
        if number:
            sentences.append(f"{called}: {number:,}.")
    return text, " ".join(sentences)


def _plain_line_ends(text: str) -> tuple[str, str]:
    if not any(map(text.__contains__, _LINE_ENDS)):
        return text, ""
    pages = text.count("\f") + text.count("\v")
    others = text.count("\x85") + text.count("\u2028") + text.count("\u2029")
    sentences = []
    if "\r\n" in text:
        if "\r\r\n" in text:
            text, _ = substituted(_RETURNS, "", text, LINES)
        text = text.replace("\r\n", "\n")
        sentences.append("Windows line ends were changed to plain ones.")
    returns = text.count("\r")
    if returns and "\n" in text:
        sentences.append(f"Returns within lines became line breaks: {returns:,}.")
    elif returns:
        sentences.append("Old Macintosh line ends were changed to plain ones.")
    if pages:
        sentences.append(f"Page breaks were changed to line breaks: {pages:,}.")
    if others:
        sentences.append(f"Other signs for the end of a line became line breaks: {others:,}.")
    for end in _LINE_ENDS:  # much faster than a pattern for all
        text = text.replace(end, "\n")
    return text, " ".join(sentences)


def _plain_spaces(text: str) -> tuple[str, str]:
    found = _counted(_SPACES, text)
    for sign in found:  # much faster than a pattern for all
        text = text.replace(sign, " ")
    for sign, spaces in _SPACES_OF_SCRIPTS.items():
        if before := text.count(sign):
            text, _ = substituted(spaces, " ", text, _BEGINS_ASCII, _LONGEST_LINE)
            found += Counter({sign: before - text.count(sign)})
    if not found:
        return text, ""
    return text, f"Special spaces were changed to plain ones: {_listed(found)}."


def _parted_ligatures(text: str) -> tuple[str, str]:
    number = sum(map(text.count, _LIGATURES.values()))
    if not number:
        return text, ""
    for letters, ligature in _LIGATURES.items():
        text = text.replace(ligature, letters)
    return text, f"Letters that were printed as one (such as ﬁ) were parted: {number:,}."


def _counted(signs: re.Pattern[str], text: str) -> Counter[str]:
    """How often each of some signs stands in a text; without a list of them all."""
    if text.isascii() and not signs.search(_ASCII):
        return Counter()
    found = sorted(filter(signs.match, counted(text)), key=text.find)
    return Counter({sign: text.count(sign) for sign in found})


def _without_invisible_signs(text: str) -> tuple[str, str]:
    found = _counted(_INVISIBLE, text)
    if found:
        text, _ = substituted(_INVISIBLE, "", text, ANYWHERE)
    if before := _counted(_SOMETIMES_NEEDED, text):
        for signs, needless in _NEEDLESS.items():
            if any(map(signs.match, before)):
                text, _ = substituted(needless, "", text, _BEGINS_ASCII, _LONGEST_LINE)
        found += before - _counted(_SOMETIMES_NEEDED, text)
    return text, f"Signs that cannot be seen were left out: {_listed(found)}." if found else ""


def _few_marks(text: str) -> tuple[str, str]:
    """Cut piles of marks: to put a pile into its usual order takes time by its square."""
    if text.isascii():
        return text, ""
    import numpy as np  # not for every command

    marks = [ord(sign) for sign in counted(text) if _is_mark(sign)]
    if not marks:
        return text, ""
    is_mark = np.zeros(max(marks) + 2, bool)
    is_mark[marks] = True
    kept, height = "", 0  # of the pile that the last block ended with
    for begin, points in code_points_by_blocks(text):
        are_marks = is_mark[np.minimum(points, len(is_mark) - 1)]
        # For each place the number of marks since the last sign that is none.
        place = np.arange(1, len(points) + 1)
        since = place - np.maximum.accumulate(np.where(are_marks, -height, place))
        stays = since <= MOST_MARKS
        height = int(since[-1])
        if stays.all():
            kept += text[begin : begin + len(points)]
        else:
            kept += points[stays].tobytes().decode("utf-32-le", "surrogatepass")
    left_out = len(text) - len(kept)
    if not left_out:
        return text, ""
    return kept, (
        f"Of more than {MOST_MARKS} marks on a letter the rest was left out: {left_out:,}."
    )


def _is_mark(character: str) -> bool:
    """Whether it is put into order among the marks that follow a letter."""
    return all(map(unicodedata.combining, unicodedata.normalize("NFD", character)))


def _composed(text: str) -> tuple[str, str]:
    if text.isascii():
        return text, ""
    composed = ""
    for block in blocks(text, _BEGINS_CHARACTER):
        composed += unicodedata.normalize("NFC", block)
    joined = len(text) - len(composed)
    if not joined and composed == text:
        return text, ""
    if joined <= 0:
        return composed, "Signs were changed to their usual forms (Unicode NFC)."
    return composed, f"Letters and their accents were put together ({joined:,}; Unicode NFC)."


def _listed(found: Counter[str]) -> str:
    """The most frequent of some signs by their names, and how often each stands in the text."""
    named = [f"{name_of(sign)} ({count:,})" for sign, count in found.most_common(MOST_NAMED)]
    others = len(found) - MOST_NAMED
    return ", ".join(named) + (f" and {others} more kind{'s' * (others > 1)}" if others > 0 else "")
