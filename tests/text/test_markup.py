"""Web pages, subtitles and tables: recognised, named, and read with or without their markup."""

import pytest

from charlstm.text.corpus import ReadingOptions, paste, read_text
from charlstm.text.markup import name_table, recognise

WORDS = "It was the best of times, it was the worst of times"
PAGE = (
    "<!DOCTYPE html>\n<html><head><title>T</title></head><body>\n"
    + f"<p>{WORDS}.</p>\n" * 50
    + "</body></html>\n"
)


def time(second: int, sign: str = ",") -> str:
    return f"00:{second // 60:02}:{second % 60:02}{sign}120"


def subtitles(sign: str = ",", head: str = "", words: str = WORDS) -> str:
    cues = (
        f"{i}\n{time(3 * i, sign)} --> {time(3 * i + 2, sign)}\n<i>{words}</i>\nand {i} more\n\n"
        for i in range(1, 40)
    )
    return head + "".join(cues)


def test_a_web_page_is_read_without_its_tags_unless_they_are_wanted():
    corpus = read_text(PAGE.encode(), "page.html")
    assert corpus.markup == "html"
    assert corpus.text.startswith(f"{WORDS}.\n\n{WORDS}.") and "<" not in corpus.text
    assert corpus.notices[0].startswith("Read as a web page (HTML): ")
    assert "characters of tags were left out." in corpus.notices[0]
    kept = read_text(PAGE.encode(), "page.html", options=ReadingOptions(keeps_markup=True))
    assert kept.text == PAGE and kept.markup == "html"
    assert kept.notices == ("It looks like a web page (HTML): its markup is learned with it.",)


@pytest.mark.parametrize(
    ("sign", "head"), [(",", ""), (".", "WEBVTT - a film\nKind: captions\n\nNOTE by me\n\n")]
)
def test_subtitles_are_read_without_their_times(sign, head):
    corpus = paste(subtitles(sign, head))
    assert corpus.markup == "subtitles"
    assert corpus.text.startswith(f"{WORDS}\nand 1 more\n{WORDS}\nand 2 more\n")
    assert corpus.text.count("\n") == 78
    assert "39 times and their numbers were left out" in corpus.notices[0]


@pytest.mark.parametrize(
    "text",
    [
        WORDS * 50,
        "if (a < b && c > d) { vector<int> x; }\n" * 50,
        "<3 you\n" * 400,
        "<ROMEO> hi\n<JULIET> hello\n" * 90,  # a chat
        "At 10:15 --> they left.\n" * 100,
        "import x\nexport const App = () => <div><p>Hi</p></div>;\n" * 50,  # code, not a page
    ],
)
def test_what_only_looks_like_markup_is_left_alone(text):
    assert recognise(text) == ""
    assert paste(text + "\n" + WORDS * 50).notices == ()


def test_a_fragment_of_a_page_and_a_russian_e_book_are_recognised():
    assert recognise(f"<p>{WORDS}</p>\n" * 9) == "html"
    assert recognise('<?xml version="1.0"?>\n<FictionBook><body><p>x</p></body>') == "html"


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("name,age,town\n" + "Ann,3,Ulm\n" * 40, "3 columns, parted by commas"),
        ("name;age\n" + "Ann;3\n" * 40, "2 columns, parted by semicolons"),
        ("Ann\t3\n" * 40, "2 columns, parted by tabs"),
        ("| Ann | 3 |\n" * 40, "4 columns, parted by bars"),
        ("To be, or not to be,\n" * 40, ""),
        ("one; two\n" * 40, ""),
        ("Ann,3\n" * 5, ""),
    ],
)
def test_a_table_is_named(text, called):
    assert called in name_table(text) if called else name_table(text) == ""


def test_lines_are_shuffled_where_this_is_wanted_the_same_way_each_time():
    lines = [f"word {i:04}" for i in range(500)]
    options = ReadingOptions(shuffles_lines=True)
    shuffled = paste("\n".join(lines), options=options)
    assert sorted(shuffled.text.split("\n")[:-1]) == lines != shuffled.text.split("\n")[:-1]
    assert shuffled == paste("\n".join(lines), options=options)
    assert shuffled.notices == ("The lines were put in random order.",)
