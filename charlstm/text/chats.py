"""Takes the dates and times out of chats as messengers export them.

Each message stands in a line, or in some lines, and begins with when it was sent and by whom. A
network would learn to write the times, and little else of what it is shown. What only looks like a
time, as a price does, stays: an unbracketed time needs its date, and other forms need their signs.
"""

from __future__ import annotations

import re
from collections import Counter

MIN_MESSAGES = 10
_MIN_SHARE = 0.2  # of the lines begin with a time; others go on with a message
_MIN_NAMED = 0.5  # of these say by whom
_MOST_NAMES = 0.34  # of the messages have a name of their own: more do in a timetable

_MARKS = "[\u200e\u200f\ufeff]{0,4}"  # of directions, as exports have them
_WEEKDAY = r"(?:[^\W\d_]{2,10}\.?, )?"
_MONTH = r"[^\W\d_]{3,9}"
_DATE = (
    rf"(?:\d{{1,4}}{_MARKS}[./\-年년] ?\d{{1,2}}{_MARKS}[./\-月월] ?\d{{1,4}}{_MARKS}[.日일]?"
    rf"|\d{{1,2}}[. -]{{1,2}}{_MONTH}[. ,-]{{1,3}}\d{{2,4}}|{_MONTH}[. ]{{1,2}}\d{{1,2}},? \d{{4}})"
)
_CLOCK = (
    r"(?!\d\d?[:.][6-9])(?:\d{1,2}[:.]\d{2}(?:[:.]\d{2})?|\d{1,2} h \d{2}(?: min(?: \d{2} s)?)?)"
)
_PRECISELY = r"(?:[.,]\d{1,6})?(?:Z|[+-]\d{2}:?\d{2})?"  # fractions of a second, the time zone
# Of the day, as AM or p. m., of which words of other scripts may be longer. It is never a name: the
# dash or whatever follows the time follows it as well.
_HALF = (
    r"(?:[^\S\n\t]?(?:(?![A-Z][a-z]{1,2}\b)[^\W\d_]{1,2}\.?[^\S\n\t]?(?:[^\W\d_]{1,2}\.?)?"
    r"|[Uu]hr|klo|paradite|pasdite|[^\x00-\x7f\d]{2,14}))"
)
_BETWEEN = rf"(?:T|,?[^\S\n\t]{{0,2}}(?:kl\.? |à |at |um )?{_HALF}?[^\S\n\t]?)"  # date and time
_TIME = rf"{_CLOCK}{_PRECISELY}{_HALF}?"
_DATED = rf"{_MARKS}(?:{_WEEKDAY}{_DATE}{_BETWEEN}{_TIME}|{_TIME},? {_DATE})"
_WHO = r"(?:<[^<>\n]{1,40}>|\* ?\S{1,40}|[^\s:<>\[\]][^:\t\n]{0,60}?\s?:)(?=\s|$)"
_HOUR = rf"(?:{_HALF} ?)?{_TIME}"  # without a date
# WhatsApp, Pidgin, IRC and others: [12.03.24, 10:15:32] Ann: or 3/12/24, 10:15 AM - Ann:
_MESSAGE = (
    rf"^{_MARKS}(?:\[ ?(?:{_DATED}|{_HOUR}) ?\][ \t]*|\((?:{_DATED}|{_HOUR})\)[ \t]+"
    rf"|{_DATED}(?: [-–—] |[,:] | (?=[<*]))"
    rf"|(?:{_MONTH} \d{{1,2}} )?{_CLOCK}(?:[ \t](?=[<*])|\t? (?=From ))){_MARKS}"
)
_MESSAGES = re.compile(rf"{_MESSAGE}(?P<who>{_WHO})?", re.M)
_STAMP = re.compile(_MESSAGE, re.M)
# LINE has tabs, and a line with the date before each day; KakaoTalk has the name first. Telegram
# and Discord have what was said in the next line.
_BY_TABS = re.compile(
    rf"^(?:{_HALF} ?)?\d{{1,2}}:[0-5]\d{_HALF}?\t(?P<who>[^\t\n]{{1,60}})\t", re.M
)
_NOTICE = re.compile(rf"^(?:{_HALF} ?)?\d{{1,2}}:[0-5]\d{_HALF}?\t+(?=[^\t\n]+$)", re.M)
_BY_BRACKETS = re.compile(rf"^\[(?P<who>[^\[\]\n]{{1,60}})\] \[{_HOUR}\] ", re.M)
_BY_LINES = re.compile(rf"^(?P<who>[^\n]{{1,60}}), \[{_DATED}\]:?\n(?=.)", re.M)
_BEFORE_LINES = re.compile(
    rf"^\[{_DATED}\] (?P<who>[^\s:\[\]<*][^\n:\[\]]{{0,60}})\n(?=[^\[\n])", re.M
)
_FORMS = (_BY_TABS, _BY_BRACKETS, _BY_LINES, _BEFORE_LINES, _MESSAGES)
_LOOK = 40_000  # characters, in which a chat shows its form
_DAY = re.compile(  # of LINE, of KakaoTalk, and of KakaoTalk on a phone
    rf"(?<![^\n]\n)^{_WEEKDAY}{_DATE}(?: ?\([^()\d\n]{{1,9}}\)| {_MONTH})?\n(?=[^\t\n]{{3,14}}\t)"
    rf"|^-{{3,}} ?{_DATE}(?: [^\W\d_]{{1,9}})? ?-{{3,}}\n"
    r"|^\d{4}년 \d{1,2}월 \d{1,2}일(?: [^\W\d_]{1,3}요일| 오[전후] \d{1,2}:\d{2})\n",
    re.M,
)
# What programs write of themselves, and no people.
_PROGRAM = re.compile(
    r"\[?(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|FATAL|CRITICAL)\b"
    r"|(?i:trace|debug|info|notice|warn(?:ing)?|error|fatal|critical)\]?:?$|.*\[\d+\]:"
)


def is_chat(text: str) -> bool:
    """Whether a text is full of messages with their times.

    >>> is_chat("[12.03.24, 10:15:32] Ann: Are you there?\\n3/12/24, 10:15 AM - Bob: Yes\\n" * 9)
    True
    """
    lines = sum(map(bool, map(str.strip, text.split("\n"))))
    for form in _FORMS:
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
            and (form is not _BY_TABS or _DAY.search(text))
        ):
            return True
    return False


def without_stamps(text: str) -> tuple[str, int]:
    """A chat without the dates and times of its messages, and how many there were."""
    sample = text[:_LOOK]
    number = 0
    if _DAY.search(sample):
        text, number = _DAY.subn("", text)
    for form in (one for one in _FORMS if len(one.findall(sample)) >= MIN_MESSAGES):
        if form is _BY_TABS:
            text, notices = _NOTICE.subn("", text)
            number += notices
        is_before = form is _MESSAGES  # and the name stays as it is
        text, times = _STAMP.subn("", text) if is_before else form.subn(r"\g<who>: ", text)
        number += times
    return text, number
