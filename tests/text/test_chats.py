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
    "Telegram": "{name}, [{day:02}.03.24 10:{minute:02}]\n",
    "LINE": "10:{minute:02}\t{name}\t",
    "LINE in Japan": "午後10:{minute:02}\t{name}\t",
    "KakaoTalk": "[{name}] [오후 3:{minute:02}] ",
}
IRC = {
    "in brackets": "[10:{minute:02}] <{name}> ",
    "plain": "10:{minute:02} <{name}> ",
    "with dates": "2024-03-{day:02} 10:{minute:02}:32 <{name}> ",
}
SAID = ["Are you there?", "Yes: at 10:30 then,\non 12.03.24!", "[laughs]\n\nNo"]


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
    "day", ["Tue, 3/12/2024", "2024/03/12(火)", "----- 2024년 3월 12일 화요일 -----", "12.03.2024"]
)
def test_lines_that_begin_a_day_are_left_out(day):
    line = EXPORTS["LINE"]
    words, times = without_stamps(f"{day}\n{chat(line)}{day}\n{chat(line)}")
    assert words == 2 * chat("{name}: ")
    assert times == 122


OTHERS = {
    "a log": "2024-03-{day:02} 10:{minute:02}:32 INFO main: ",
    "a log in brackets": "[2024-03-{day:02} 10:{minute:02}:32] ERROR: ",
    "a log of programs": "[2024-03-{day:02} 10:{minute:02}:32] nginx[{minute}]: ",
    "a system's log": "Mar {day} 10:{minute:02}:32 host sshd[12]: ",
    "a timetable": "10:{minute:02} - Lesson {minute}: ",
    "a table": "2024-03-{day:02} 10:{minute:02}\t{name}\t",
    "verses": "{day}:{minute} In the beginning: ",
    "numbered verses": "[{day}:{minute:02}] And they said: ",
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
