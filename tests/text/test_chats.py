"""A chat is learned without the times of its messages, whichever program exported it."""

import pytest

from charlstm.text.chats import is_chat, without_stamps
from charlstm.text.corpus import ReadingOptions, read_text
from charlstm.text.markup import recognise

# What each program writes before a message: of the day, the minute and the name.
EXPORTS = {
    "WhatsApp for Android": "{day:02}/03/2024, 10:{minute:02} - {name}: ",
    "American": "3/{day}/24, 10:{minute:02}\u202fAM - {name}: ",
    "Spanish": "{day}/3/24 10:{minute:02} p.\xa0m. - {name}: ",
    "ISO": "2024-03-{day:02}, 10:{minute:02} - {name}: ",
    "WhatsApp for iOS": "\u200e[{day:02}.03.24, 10:{minute:02}:32] {name}: ",
    "Chinese": "[2024/3/{day} 上午10:{minute:02}:32] {name}: ",
    "Arabic": "\u200f[١٢\u200f/٣\u200f/٢٠٢٤ ١٠:{minute:02}:٣٢ ص] {name}: ",
    "older": "{day:02}/03/2024, 10:{minute:02}: {name}: ",
    "Discord": "[{day:02}-Mar-24 10:{minute:02} AM] {name}: ",
    "with months": "[Mar {day}, 2024, 10:{minute:02}] {name}: ",
    "Slack": "[10:{minute:02} AM] {name}: ",
    "time before date": "[10:{minute:02} AM, 3/{day}/2024] {name}: ",
    "Vietnamese": "10:{minute:02}, {day}/3/2024 - {name}: ",
    "Finnish": "{day}.3.2024 klo 10.{minute:02} - {name}: ",
    "Hindi": "{day}/3/24, 10:{minute:02} पूर्वाह्न - {name}: ",
    "French, in Canada": "[2024-03-{day:02}, 10 h {minute:02} min 32 s] {name}: ",
    "Pidgin": "(10:{minute:02}:32 AM) {name}: ",
    "Viber": "[ Tuesday, March {day}, 2024 10:{minute:02} AM ] {name}: ",
    "Discord, exported": "[{day:02}-Mar-24 10:{minute:02} AM] {name}\n",
    "Telegram": "{name}, [{day:02}.03.24 10:{minute:02}]\n",
    "KakaoTalk": "[{name}] [오후 3:{minute:02}] ",
}
LINE = "10:{minute:02}\t{name}\t"
IRC = {
    "without a year": "Mar {day} 10:{minute:02}:32 <{name}> ",
    "to the millisecond": "[2024-03-{day:02}T10:{minute:02}:32.123+0000] <{name}> ",
    "in brackets": "[10:{minute:02}] <{name}> ",
    "plain": "10:{minute:02} <{name}> ",
    "with dates": "2024-03-{day:02} 10:{minute:02}:32 <{name}> ",
}
SAID = ["Are you there?", "Yes: at 10:30 then,\non 12.03.24!", "~laughs~\n\nNo"]


def chat(export, messages=60):
    people = ["Ann", "Bob Smith", "小明"]
    return "".join(
        export.format(day=number % 28 + 1, minute=number % 60, name=people[number % 3])
        + SAID[number % len(SAID)]
        + "\n"
        for number in range(messages)
    )


@pytest.mark.parametrize("export", EXPORTS.values(), ids=EXPORTS)
def test_names_and_words_of_each_message_are_left(export):
    text = chat(export)
    assert recognise(text) == "chat"
    assert without_stamps(text) == (chat("{name}: "), 60)


@pytest.mark.parametrize("export", IRC.values(), ids=IRC)
def test_names_in_angle_brackets_stay_so(export):
    text = chat(export)
    assert recognise(text) == "chat"
    assert without_stamps(text) == (chat("<{name}> "), 60)


@pytest.mark.parametrize(
    "day",
    ["Tue, 3/12/2024", "2024/03/12(火)", "----- 2024년 3월 12일 화요일 -----", "2024.03.12 火曜日"],
)
def test_lines_that_begin_a_day_are_left_out(day):
    text = f"{day}\n{chat(LINE)}\n{day}\n{chat(LINE)}"
    assert recognise(text) == "chat"
    assert without_stamps(text) == (f"{chat('{name}: ')}\n{chat('{name}: ')}", 122)


def test_system_messages_lose_their_times_as_well():
    text = f"Tue, 3/12/2024\n{chat(LINE)}10:20\tAnn invited Bob.\n"
    assert without_stamps(text)[0] == chat("{name}: ") + "Ann invited Bob.\n"


@pytest.mark.parametrize(
    "line",
    [
        *("18.30 Dinner - who comes?", "12.00 Uhr Mittag - im Dom", "1.20 sugar: white"),
        *("2.50 for me, 3.50 for you", "10:15 Ann: hello", "10:30 - breakfast", "12.03.2024"),
        *("May 5, 2024", "On 12.03.2024 10:15 - Ann: no", "12.03.24, at ten: yes", "[a] [b] c"),
    ],
)
def test_no_words_of_a_message_are_lost(line):
    message = EXPORTS["WhatsApp for Android"] + "This:\n" + line + "\n"
    assert without_stamps(chat(message)) == (chat("{name}: This:\n" + line + "\n"), 60)
    days = chat(LINE) + f"10:20\tAnn\tThis:\n{line}\n10:21\tBob\tYes\n"
    assert without_stamps(f"Tue, 3/12/2024\n{days}")[0].endswith(f"This:\n{line}\nBob: Yes\n")


OTHERS = {
    "a log": "2024-03-{day:02} 10:{minute:02}:32 INFO main: ",
    "a log in brackets": "[2024-03-{day:02} 10:{minute:02}:32] ERROR: ",
    "a log of programs": "[2024-03-{day:02} 10:{minute:02}:32] nginx[{minute}]: ",
    "a system's log": "Mar {day} 10:{minute:02}:32 host sshd[12]: ",
    "a timetable": "10:{minute:02} - Lesson {minute}: ",
    "a table": "2024-03-{day:02} 10:{minute:02}\t{name}\t",
    "verses": "{day}:{minute} In the beginning: ",
    "numbered verses": "[{day}:{minute:02}] And they said: ",
    "minutes": "8:00 {name}: Motion: ",
    "a care diary": "8:00 {name} - Sleep: ",
    "prices": "0.{minute:02}\t{name}\t",
    "a menu": "4.10 EUR - {name}: ",
    "questions": "1.{minute} - {name}: ",
    "a programme": "20:15 - {name}: ",
    "lessons": "08:00\t{name}\t",
    "a diary": "{day:02}/03/2024, 10:{minute:02} - We went to {name} and slept. ",
    "a play": "{name}: ",
}


@pytest.mark.parametrize("form", OTHERS.values(), ids=OTHERS)
def test_other_texts_with_times_are_no_chats(form):
    assert not is_chat(chat(form))


def test_times_are_left_out_with_a_sentence_unless_they_are_to_be_learned():
    data = chat(EXPORTS["WhatsApp for iOS"], 600).encode()
    corpus = read_text(data, "chat.txt")
    assert corpus.text.startswith("Ann: Are you there?\n")
    sentence = "Read as a chat with the times of its messages: 600 dates and times were left out."
    assert sentence in corpus.notices
    kept = read_text(data, "chat.txt", options=ReadingOptions(keeps_markup=True))
    assert kept.text.startswith("[01.03.24, 10:00:32] Ann: Are you there?\n")
    assert kept.markup == "chat"
    assert any("its markup is learned with it" in notice for notice in kept.notices)
