"""Takes the words out of subtitles and song texts, whatever their times look like."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from itertools import groupby, islice, pairwise
from operator import eq

MIN_TIMES = 5  # of subtitles; fewer are no sign of them
_CLOCK = r"(?:\d{1,3}:)?\d{1,2}:\d{2}[.,:]\d{1,3}"
_SPAN = rf"[ \t]*{_CLOCK}(?: *--> *|,){_CLOCK}[^\n]*"
# SubRip and WebVTT, and what YouTube calls SBV: a line with two times before each text.
_SPANS = re.compile(rf"^{_SPAN}$", re.M)
_PLAIN_CUE = re.compile(rf"^{_SPAN}\n?", re.M)
_NUMBERED_CUE = re.compile(rf"^[ \t]*\d+[ \t]*\n(?:[ \t]*\n)*{_SPAN}\n?", re.M)
_MIN_NUMBERED = 0.8  # of the times, if those with a number have it always
_HEAD = re.compile(r"(?:\A|(?<=\n\n))WEBVTT[^\n]*(?:\n[^\n]+)*\n")
_COMMENT = re.compile(
    r"(?<=\n\n)(?:NOTE|STYLE|REGION)(?=[ \t\n])[^\n]*(?:\n(?![^\n]*-->)[^\n]+)*\n"
)
_INNER_TIME = re.compile(rf"<{_CLOCK}>")
# Advanced SubStation: the tenth field of an event is its text.
_EVENTS = re.compile(r"^Dialogue:(?:[^,\n]*,){9}([^\n]*)$", re.M)
_STYLED = re.compile(r"(\{[^{}\n]*\})[^{}\n]*")
_DRAWS = re.compile(r"\\p[1-9]")  # lines and curves, no words
# MicroDVD, which counts pictures, MPL2, which counts tenths of a second, and song texts (LRC):
# times before the text, in its line.
_IN_LINE = re.compile(
    r"^(?:\{\d+\}\{\d*\}|\[\d+\]\[\d+\]/?|(?:\[\d{1,3}:\d{2}\.\d{2,3}\])+"
    rf"|\[{_CLOCK} --> {_CLOCK}\])[ \t]*",  # as a program that listens shows it
    re.M,
)
_ITALIC = re.compile(r"\|/")  # of MPL2, in a second line
# SubViewer: what it says of itself, and its sign for a new line.
_INFORMATION = re.compile(r"^\[INFORMATION\]\n(?:\[[^\n]*\n+|\n)*", re.I | re.M)
_NEW_LINE = re.compile(r"\[br\]", re.I)
# Song texts without hundredths; a chat has the time of day so.
_MINUTES = re.compile(r"^\[(\d{1,3}:[0-5]\d)\][ \t]*", re.M)
# A transcript as it is copied from a page: a time in a line of its own.
_ALONE = re.compile(r"^(?:\d{1,2}:)?\d{1,2}:\d{2}$\n?", re.M)
_TENTHS = re.compile(r"^\[(\d{1,9})\]\[(\d{1,9})\]", re.M)
_BRIEF = 2  # tenths of a second, in which nobody reads
_LATE_S = 60  # after which the first words of a transcript do not come
_LATEST_SONG_S, _LONGEST_SONG_S = 180, 1_200
_ROUND_S = 5
_SPEAKER = re.compile(r"^\[\d{1,3}:\d{2}\] *(?:<|\*|[^\s:]{1,30}: )", re.M)  # in a chat
_OF_SONG = re.compile(r"^\[(\d{1,3}:\d{2})\.\d{2,3}\]", re.M)
MIN_ROLLING = 0.4
_MIN_INNER = 0.3  # times within the words of each caption, in those that roll
MOST_ROLLING = 4  # times in a row; a line that comes more often is meant so
_VERSE = re.compile(r"^\d{1,3}:\d$", re.M)
# How many there are at least, and the share of all lines that have one.
_FORMS = {
    _SPANS: (MIN_TIMES, 0.15),
    _EVENTS: (MIN_TIMES, 0.4),
    _IN_LINE: (MIN_TIMES, 0.4),
    _MINUTES: (4 * MIN_TIMES, 0.4),
    _ALONE: (4 * MIN_TIMES, 0.3),
}
_PROGRAM = re.compile(r"\s*\[Script Info\]", re.I)  # what Advanced SubStation begins with
_AFTER_PROGRAM = re.compile(r"^(?:\[Fonts\]|\[Graphics\]|Dialogue:)", re.I | re.M)
_ABOUT_SONG = re.compile(
    r"^\[(?:ti|ar|al|au|by|re|ve|length|offset|la|id|tool|encoder|#):[^\n]*\]\n", re.M
)
_WORD_TIME = re.compile(rf"<{_CLOCK}>[ \t]?")
_STYLE = re.compile(
    r"</?(?:[ibu]|font|c|v|lang|ruby|rt)\b[^<>\n]*>|\{\\[^{}\n]*\}|\{[YFSCPH]:[^{}\n]*\}", re.I
)
_NAMED_CUE = re.compile(rf"(?<=\n\n)[^\n]+\n(?={_SPAN}$)", re.M)  # of WebVTT


def are_subtitles(text: str) -> bool:
    """Whether a text is full of times as subtitles have them."""
    if _PROGRAM.match(text) and _AFTER_PROGRAM.search(text):  # fonts may stand before the events
        return True
    lines = sum(map(bool, map(str.strip, text.split("\n"))))
    return any(
        len(form.findall(text)) >= max(least, share * lines)
        for form, (least, share) in _FORMS.items()
    ) and not _are_other_numbers(text)


def _are_other_numbers(text: str) -> bool:
    """Whether what looks like times is none: numbers of verses, or of processes in a log."""
    pairs = [(int(one), int(other)) for one, other in _TENTHS.findall(text)]
    falling = sum(one > other for one, other in pairs)
    falling += sum(one[0] >= other[0] for one, other in pairwise(pairs))
    brief = sum(other - one <= _BRIEF for one, other in pairs)  # tenths of a second
    if falling > len(pairs) / 4 or brief > len(pairs) / 2 or _VERSE.search(text):
        return True
    # A transcript begins at its beginning, and time passes; a diary or a timetable does not.
    for form in (_ALONE, _MINUTES):
        seconds = [_seconds(each) for each in form.findall(text)]
        if len(seconds) < _FORMS[form][0]:
            continue
        backwards = sum(one >= other for one, other in pairwise(seconds))
        are_round = all(each % _ROUND_S == 0 for each in seconds)  # a timetable's
        if seconds[0] > _LATE_S or backwards > len(seconds) / 10 or are_round:
            return True
        if form is _MINUTES and (
            max(seconds) > _LONGEST_SONG_S or 2 * len(_SPEAKER.findall(text)) > len(seconds)
        ):
            return True
    of_song = [_seconds(each) for each in _OF_SONG.findall(text)]
    return len(of_song) >= MIN_TIMES and min(of_song) > _LATEST_SONG_S


def _seconds(clock: str) -> int:
    """What a time such as 1:02:03 is in seconds."""
    total = 0
    for part in clock.strip().split(":"):
        total = 60 * total + int(part)
    return total


@dataclass(frozen=True)
class Captions:
    """What was in subtitles.

    Attributes:
        words: without times and numbers.
        times: how many there were.
        repeated: lines that were left out because they stood in the caption before as well.
    """

    words: str
    times: int
    repeated: int = 0


def without_times(text: str) -> Captions:
    """The words of subtitles."""
    repeated, spans = 0, len(_SPANS.findall(text))
    events = [_STYLED.sub(_without_drawing, event) for event in _EVENTS.findall(text)]
    if len(events) >= max(MIN_TIMES, spans):
        words, number = _STYLE.sub("", "\n".join(events)), len(events)
        words = words.replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " ")
        return Captions(_without_empty_lines(words), number)
    text = _STYLE.sub("", text)
    if spans >= MIN_TIMES:
        number = spans
        words, repeated = _without_spans(text, number)
    elif len(_ALONE.findall(text)) > len(_IN_LINE.findall(text)):
        words, number = _ALONE.subn("", text)
    elif len(_MINUTES.findall(text)) > len(_IN_LINE.findall(text)):
        words, number = _MINUTES.subn("", _ABOUT_SONG.sub("", text))
    else:
        words, number = _IN_LINE.subn("", _ABOUT_SONG.sub("", text))
        words = _ITALIC.sub("\n", _WORD_TIME.sub("", words)).replace("|", "\n")
    return Captions(_without_empty_lines(words), number, repeated)


def _without_empty_lines(text: str) -> str:
    text = re.sub(r"\n\s*\n", "\n", text).lstrip("\n")
    return text if text.endswith("\n") else f"{text}\n"


def _without_drawing(part: re.Match[str]) -> str:
    return "" if _DRAWS.search(part[1]) else part[0]


def _without_spans(text: str, number: int) -> tuple[str, int]:
    is_web = text.startswith("WEBVTT")
    if is_web:
        text = _NAMED_CUE.sub("", _COMMENT.sub("", _HEAD.sub("\n", text)))
    without_numbers, numbered = _NUMBERED_CUE.subn("", text)
    if numbered >= _MIN_NUMBERED * number:
        text = without_numbers
    text, is_viewer = _INFORMATION.subn("", text)
    text = _PLAIN_CUE.sub("", text)
    if not is_web:
        return _without_rolling(_NEW_LINE.sub("\n", text) if is_viewer else text)
    rolls = len(_INNER_TIME.findall(text)) > _MIN_INNER * number
    text = html.unescape(_INNER_TIME.sub("", text))
    return _without_rolling(text, least=0.0 if rolls else MIN_ROLLING)


def _without_rolling(text: str, least: float = MIN_ROLLING) -> tuple[str, int]:
    """Remove the lines that rolling captions repeat from the caption before.

    Returns:
        The text, and the number of lines that were removed.

    Args:
        least: share of lines that are the same as the one before, or they do not roll.
    """
    lines = [line for line in map(str.strip, text.split("\n")) if line]
    repeated = sum(map(eq, lines, islice(lines, 1, None)))
    if repeated <= least * len(lines):
        return text, 0
    runs = [(line, len(list(same))) for line, same in groupby(lines)]
    if least and max((length for _, length in runs), default=0) > MOST_ROLLING:
        return text, 0  # somebody says it again and again
    return "\n".join(line for line, _ in runs), repeated
