"""Brings a text into one form: what looks the same is the same, and what cannot be seen is gone.

A network would have to learn each form of a letter anew, and a visitor who types one form would be
told that the other is unknown.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from charlstm.text.character_names import name_of

_LINE_ENDS = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")
_SPACES = re.compile("[\xa0\u1680\u2000-\u200a\u202f\u205f]")
# What joins or parts letters, and emoji: kept beside those, see `_is_needed`.
_JOINERS = re.compile("[\u200c\u200d]")
_INVISIBLE = re.compile(
    "[\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0001\U000e0020-\U000e007f]"
)
# Scripts whose letters join, or are put together from several: Arabic to Myanmar, Khmer, Mongolian.
_JOINED_SCRIPTS = re.compile("[\u0600-\u109f\u1780-\u18af\ua840-\uabff\ufb50-\ufdff\ufe70-\ufefe]")
_EMOJI = re.compile("[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]")
MOST_NAMED = 4  # kinds of signs in a sentence


def normalize(text: str) -> tuple[str, list[str]]:
    """The text in one form, and sentences for the visitor about what was changed."""
    notices = []
    text = text.removeprefix("\ufeff")
    for change in (_plain_line_ends, _plain_spaces, _without_invisible_signs, _composed):
        text, notice = change(text)
        if notice:
            notices.append(notice)
    return text, notices


def _plain_line_ends(text: str) -> tuple[str, str]:
    if not _LINE_ENDS.search(text):
        return text, ""
    pages = text.count("\f") + text.count("\v")
    others = text.count("\x85") + text.count("\u2028") + text.count("\u2029")
    sentences = []
    if "\r" in text:
        system = "Windows" if "\r\n" in text else "Old Macintosh"
        sentences.append(f"{system} line ends were changed to plain ones.")
    if pages:
        sentences.append(f"Page breaks were changed to line breaks: {pages:,}.")
    if others:
        sentences.append(f"Other signs for the end of a line became line breaks: {others:,}.")
    return _LINE_ENDS.sub("\n", text), " ".join(sentences)


def _plain_spaces(text: str) -> tuple[str, str]:
    found = Counter(_SPACES.findall(text))
    if not found:
        return text, ""
    return _SPACES.sub(" ", text), f"Special spaces were changed to plain ones: {_listed(found)}."


def _without_invisible_signs(text: str) -> tuple[str, str]:
    found = Counter(_INVISIBLE.findall(text))
    if found:
        text = _INVISIBLE.sub("", text)

    def needed(match: re.Match) -> str:
        if _is_needed(text, match.start()):
            return match[0]
        found[match[0]] += 1
        return ""

    text = _JOINERS.sub(needed, text)
    return text, f"Signs that cannot be seen were left out: {_listed(found)}." if found else ""


def _is_needed(text: str, place: int) -> bool:
    """Whether a joiner stands where a script, or an emoji of several parts, needs one."""
    before, after = text[place - 1 : place], text[place + 1 : place + 2]
    if _JOINED_SCRIPTS.match(before):
        return True
    return bool(_EMOJI.match(before) and _EMOJI.match(after))


def _composed(text: str) -> tuple[str, str]:
    if unicodedata.is_normalized("NFC", text):
        return text, ""
    composed = unicodedata.normalize("NFC", text)
    joined = len(text) - len(composed)
    if joined <= 0:
        return composed, "Signs were changed to their usual forms (Unicode NFC)."
    return composed, f"Letters and their accents were put together ({joined:,}; Unicode NFC)."


def _listed(found: Counter[str]) -> str:
    """The most frequent of some signs by their names, and how often each stands in the text."""
    named = [f"{name_of(sign)} ({count:,})" for sign, count in found.most_common(MOST_NAMED)]
    others = len(found) - MOST_NAMED
    return ", ".join(named) + (f" and {others} more kinds" if others > 0 else "")
