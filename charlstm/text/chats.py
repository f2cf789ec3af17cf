"""Takes the dates and times out of chats as messengers export them.

Each message stands in a line, or in some lines, and begins with when it was sent and by whom. A
network would learn to write the times, and little else of what it is shown.
"""

from __future__ import annotations

import re
from collections import Counter

MIN_MESSAGES = 10
_MIN_SHARE = 0.3  # of the lines begin with a time; others go on with a message
_MIN_NAMED = 0.5  # of these say by whom
_MOST_NAMES = 0.34  # of the messages have a name of their own: more do in a timetable

_MARKS = "[\u200e\u200f\ufeff]{0,4}"  # of directions, as exports have them
_DATE = (
    rf"(?:\d{{1,4}}{_MARKS}[./\-年년] ?\d{{1,2}}{_MARKS}[./\-月월] ?\d{{1,4}}{_MARKS}[.日일]?"
    r"|\d{1,2}[. -]{1,2}[^\W\d_]{3,9}[. ,-]{1,3}\d{2,4}|[^\W\d_]{3,9}[. ]{1,2}\d{1,2},? \d{4})"
)
_CLOCK = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?"
_HALF = r"[^\d\n:<>\[\]\t—–-]{0,12}?"  # of the day, in any language, before or after the time
_TIME = rf"{_MARKS}(?:{_DATE}{_HALF})?{_CLOCK}{_HALF}"
_WHO = r"(?:<[^<>\n]{1,40}>|\* ?\S{1,40}|[^\s:<>\[\]][^:\t\n]{0,60}?\s?:)(?=\s|$)"
# WhatsApp, Discord, IRC and others: [12.03.24, 10:15:32] Ann: or 3/12/24, 10:15 AM - Ann:
_MESSAGE = (
    rf"^{_MARKS}(?:\[{_TIME}\][ \t]*"
    rf"|{_TIME}(?: [-–—] |[,:] |[ \t](?=[<*])|\t? (?=From ))){_MARKS}"
)
_MESSAGES = re.compile(rf"{_MESSAGE}(?P<who>{_WHO})?", re.M)
_STAMP = re.compile(_MESSAGE, re.M)
# LINE has tabs; KakaoTalk has the name first, as Telegram has it, in a line of its own.
_HOUR = rf"(?:[^\W\d]{{1,4}} ?)?{_CLOCK}{_HALF}"
_BY_TABS = re.compile(rf"^{_HOUR}\t(?P<who>[^\t\n]{{1,60}})\t", re.M)
_BY_BRACKETS = re.compile(rf"^\[(?P<who>[^\[\]\n]{{1,60}})\] \[{_HOUR}\] ", re.M)
_BY_LINES = re.compile(rf"^(?P<who>[^\n\[\]]{{1,60}}), \[{_TIME}\]:?\n", re.M)
_NAME_FIRST = (_BY_TABS, _BY_BRACKETS, _BY_LINES)
# A date in a line of its own, before the messages of a day, as these two have it.
_DAY = re.compile(
    rf"^(?:-{{3,}} ?)?(?:[^\W\d_]{{2,9}}[,.]? )?{_DATE}"
    r"(?: ?\([^()\d\n]{1,9}\)| [^\W\d_]{1,9})?(?: ?-{3,})?\n",
    re.M,
)
# What programs write of themselves, and no people.
_PROGRAM = re.compile(
    r"\[?(?:\w+ +)?(?:trace|debug|info|notice|warn(?:ing)?|error|fatal|critical)\b|.*\[\d+\]:", re.I
)


def is_chat(text: str) -> bool:
    """Whether a text is full of messages with their times.

    >>> is_chat("[12.03.24, 10:15:32] Ann: Are you there?\\n3/12/24, 10:15 AM - Bob: Yes\\n" * 9)
    True
    """
    lines = sum(map(bool, map(str.strip, text.split("\n"))))
    for form in (*_NAME_FIRST, _MESSAGES):
        people = [found["who"] for found in form.finditer(text)]
        if len(people) < max(MIN_MESSAGES, _MIN_SHARE * lines):
            continue
        names = Counter(filter(None, people))
        named = names.total()
        programs = sum(count for name, count in names.items() if _PROGRAM.match(name))
        if (
            named >= _MIN_NAMED * len(people)
            and 2 <= len(names) <= max(2, _MOST_NAMES * named)
            and programs <= named / 10
        ):
            return True
    return False


def without_stamps(text: str) -> tuple[str, int]:
    """A chat without the dates and times of its messages, and how many there were."""
    number = 0
    for form in _NAME_FIRST:
        text, times = form.subn(r"\g<who>: ", text)
        number += times
    if number:
        text, times = _DAY.subn("", text)
        number += times
    text, times = _STAMP.subn("", text)
    return text, number + times
