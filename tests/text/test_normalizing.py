"""What looks the same is made the same, what cannot be seen is left out, and both are said."""

import json
import tracemalloc
import unicodedata

import pytest

from charlstm.text.normalizing import MOST_MARKS, normalize, read_references


@pytest.mark.parametrize(
    ("text", "read", "notice"),
    [
        ("\ufeffAll well", "All well", ""),
        ("one\n\ufefftwo\n\ufeffthree", "one\ntwo\nthree",
         "Signs that cannot be seen were left out: byte order mark (2)."),
        ("a\u200bb\xadc\u2060d\u200ee", "abcde",
         "Signs that cannot be seen were left out: soft hyphen (1), word joiner (1), left-to-right "
         "mark (1), zero-width space (1)."),
        ("a\u202fb\xa0c\xa0", "a b c ",
         "Special spaces were changed to plain ones: no-break space (2), narrow no-break space "
         "(1)."),
        ("e\u0301le\u0300ve", "élève",
         "Letters and their accents were put together (2; Unicode NFC)."),
        ("one\r\r\ntwo\r\r\n\r\r\nthree", "one\ntwo\n\nthree",
         "Windows line ends were changed to plain ones."),
        ("one\rtwo\r\rthree", "one\ntwo\n\nthree",
         "Old Macintosh line ends were changed to plain ones."),
        ("one\r\ntwo\rthree\r\n", "one\ntwo\nthree\n",
         "Windows line ends were changed to plain ones. Returns within lines became line breaks: "
         "1."),
        ("page\fnext", "page\nnext", "Page breaks were changed to line breaks: 1."),
        ("one\u2028two", "one\ntwo", "Other signs for the end of a line became line breaks: 1."),
        ("the end\x1a", "the end", "Signs that cannot be seen were left out: Ctrl-Z (1)."),
        ("\x01\x02\x03\x04\x05\x06", "",
         "Signs that cannot be seen were left out: control character U+0001 (1), control character "
         "U+0002 (1), control character U+0003 (1), control character U+0004 (1) and 2 more "
         "kinds."),
    ],
)  # fmt: skip
def test_each_kind_has_its_sentence(text, read, notice):
    assert normalize(text) == (read, [notice] if notice else [])


@pytest.mark.parametrize(
    ("text", "read", "named"),
    [
        ("a\ufe0fb\ufe00", "ab", "variation selector-16 (1), variation selector-1 (1)"),
        ("co\u034fop", "coop", "combining grapheme joiner (1)"),
        ("a\u115f가\u1160", "a가", "Hangul choseong filler (1), Hangul jungseong filler (1)"),
        ("ក\u17b4ា", "កា", "Khmer vowel inherent Aq (1)"),
        ("a\u180bb", "ab", "Mongolian free variation selector one (1)"),
        ("9\ufe0f, 1\ufe0f\u20e3", "9, 1\ufe0f\u20e3", "variation selector-16 (1)"),
        ("a\U000e0100", "a", "variation selector-17 (1)"),
    ],
)
def test_forms_and_fillers_that_nothing_needs_are_left_out(text, read, named):
    assert normalize(text) == (read, [f"Signs that cannot be seen were left out: {named}."])


@pytest.mark.parametrize(
    "text",
    [
        "☎\ufe0e ©\ufe0f ℹ\ufe0f #\ufe0f\u20e3",
        "\u115f\u1161 \u1100\u1160\u11a8",
        "ᠭ\u180bᠠ",
        "葛\U000e0100飾区",
        "plain\ttext\n",
        "نیم\u200cفاصله",
        "क्\u200dष",
        "👨\u200d👩\u200d👧",
        "👩🏽\u200d🚀",
        "日本　語",
        "ភាសា\u200bខ្មែរ",
        "ภาษา\u200bไทย",
        "ᬓ᭄\u200cᬓ",
        "𑄌𑄋𑄴\u200d𑄟",
        "é",
        "שָׁלוֹם",
    ],
)
def test_what_a_script_needs_stays(text):
    composed, notices = normalize(text)
    assert composed == text or notices == ["Signs were changed to their usual forms (Unicode NFC)."]
    assert "\u200c" in composed or "\u200c" not in text
    assert composed.count("\u200d") == text.count("\u200d")
    assert composed.count("\u200b") == text.count("\u200b")


def test_signs_of_web_pages_are_read_where_there_is_no_page():
    text, notices = normalize("Don&#39;t say &quot;caf&eacute;&quot; &amp; go.\n" * 5)
    assert text == 'Don\'t say "café" & go.\n' * 5
    assert notices == ["Signs as web pages write them (&#39;) were read as such: 25."]


@pytest.mark.parametrize(
    "text",
    [
        "<p>Don&#39;t</p>\n" * 30,
        "call(&x); p = &sum; q = a && b;\n" * 30,
        "a few &amp; no more\n" * 10,
    ],
)
def test_pages_and_programs_keep_their_signs(text):
    assert normalize(text) == (text, [])


def garbled(text: str) -> str:
    return "".join(
        bytes([byte]).decode("cp1252", errors="ignore") or chr(byte) for byte in text.encode()
    )


@pytest.mark.parametrize(
    "text",
    ["Café à la crème, “quoted”, don’t… 😀\n" * 30, "Привет, как дела?\n" * 30, "你好\n" * 30],
)
def test_what_an_earlier_program_garbled_is_repaired(text):
    read, notices = normalize(garbled(text))
    assert read == text
    assert len(notices) == 1 and "an earlier program had garbled" in notices[0]


@pytest.mark.parametrize(
    "text",
    [
        "LA VÉRITÉ… «É» Â» à là\n" * 80,
        "„Ä“ „Ü“ Å» MANHÃ… não\n" * 50,
        "ÉTÉ… été\n" * 50,
        "a word on Ã© and no more\n" * 3,
    ],
)
def test_what_only_looks_garbled_stays(text):
    assert normalize(text) == (text, [])


@pytest.mark.parametrize(
    "text",
    ["Мы вышли из дома и пошли к реке, и я сказал: с ним.\n", "Ο γέρος και η θάλασσα, ή ζωή.\n"],
)
def test_single_letters_are_put_right_where_words_of_their_script_are(text):
    assert normalize(garbled(text * 30))[0] == text * 30


def test_of_blanks_of_braille_all_go_or_none():
    assert normalize("a\u2800\u2800\u2800b")[0] == "a b"
    assert normalize("⠓\u2800\u2800⠊")[0] == "⠓\u2800\u2800⠊"


def test_what_stays_is_not_said_to_be_left_out():
    assert normalize("ᠬᠡᠯᠡ\u180eᠶᠢᠨ\n") == ("ᠬᠡᠯᠡ\u180eᠶᠢᠨ\n", [])
    assert normalize("a\u180eb")[0] == "ab"


@pytest.mark.parametrize(
    "text", ["[data-x]::before { content: '\\u2022'; }\n" * 40, "[\\u0400-\\u04ff]+\n" * 40]
)
def test_programs_keep_their_escapes(text):
    assert normalize(text) == (text, [])


def test_joiners_elsewhere_go():
    text, notices = normalize("zero\u200dwidth\u200c here")
    assert text == "zerowidth here"
    assert notices == [
        "Signs that cannot be seen were left out: zero-width joiner (1), zero-width non-joiner (1)."
    ]


def test_it_is_done_once_and_for_all():
    text = "e\u0301\r\n\u200bx\xa0\f"
    once, _ = normalize(text)
    assert normalize(once) == (once, [])


def test_a_pile_of_marks_is_cut_before_it_takes_time():
    """To order 160,000 marks on one letter took half a minute."""
    pile = "a" + "\u0301\u0316" * 80_000 + "\n"
    text, notices = normalize(pile + "e\u0301")
    assert len(text) == 1 + MOST_MARKS - 1 + 1 + 1  # one mark is part of the letter, as in the é
    assert text.endswith("\né")
    assert notices[0] == ("Of more than 30 marks on a letter the rest was left out: 159,970.")
    hidden = "a" + "\u0301\u200b" * 40 + "\u0f73" * 40
    assert len(unicodedata.normalize("NFD", normalize(hidden)[0])) <= 1 + 2 * MOST_MARKS


def test_many_signs_are_counted_without_a_list_of_them():
    for text in ("ب\u200d" * 300_000, "a\u2003" * 300_000, "a\u200b" * 300_000):
        tracemalloc.start()
        normalize(text)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 12 * len(text), "bytes for a character"


def test_the_flag_of_england_stays_and_other_tags_go():
    tags = "".join(chr(0xE0000 + ord(letter)) for letter in "gbeng") + "\U000e007f"
    assert normalize(f"\U0001f3f4{tags} goal\n") == (f"\U0001f3f4{tags} goal\n", [])
    text, notices = normalize(f"a{tags} goal\n")
    assert text == "a goal\n" and "and 1 more kind." in notices[0]


@pytest.mark.parametrize(
    ("text", "plain", "notice"),
    [
        (
            "\x1b[1;31mred\x1b[0m and \x1b]0;a title\x07plain\x1b(B",
            "red and plain",
            "Colours and movements of a terminal were left out: 4.",
        ),
        (
            "N\bNA\bAME _\bu_\bn",
            "NAME un",
            "Letters that were printed over were left out: 4.",
        ),
        ("da\ufffdmage", "damage", "Damaged characters were left out: 1."),
        (
            "one\u2800two",
            "one two",
            "Special spaces were changed to plain ones: blank Braille cell (1).",
        ),
        ("⠓⠑\u2800⠺", "⠓⠑\u2800⠺", None),
        ("a\u3164b\uffa0c\ufffcd", "abcd", None),
        (
            "\u1100\u1160 ❤\ufe0e ❤\ufe0f 葛\U000e0100 ש\u034fב",
            "\u1100\u1160 ❤\ufe0e ❤\ufe0f 葛\U000e0100 ש\u034fב",
            None,
        ),
        ("ᠬᠦᠮ\u180b\u202fᠦᠨ", "ᠬᠦᠮ\u180b\u202fᠦᠨ", None),
        (
            "It\x92s \x93so\x94\x85",
            "It’s “so”…",
            "Signs as Windows wrote them (U+0080 to U+009F) were read as such: 4.",
        ),
        (
            "\x0304red and \x033,4blue",
            "red and blue",
            "Colours and movements of a terminal were left out: 2.",
        ),
        ("\ufeff\ufefftwo marks", "two marks", None),
    ],
)
def test_what_a_terminal_a_printer_or_a_damage_left_is_gone(text, plain, notice):
    found, notices = normalize(text)
    assert found == plain
    if notice:
        assert notices == [notice]


def test_letters_that_were_printed_as_one_are_parted():
    text, notices = normalize("The ﬁrst oﬃcer ﬂed.")
    assert text == "The first officer fled."
    assert notices == ["Letters that were printed as one (such as ﬁ) were parted: 3."]


@pytest.mark.parametrize("line", ["Привет, как дела?", "Schöne Grüße 😀", 'a "b" \\ c\n'])
def test_letters_of_json_that_are_numbers_are_read(line):
    plain = "".join(
        json.dumps({"n": "é", "text": line}, ensure_ascii=False) + "\n" for _ in range(30)
    )
    escaped = "".join(json.dumps({"n": "é", "text": line}) + "\n" for _ in range(30))
    text, notices = normalize(escaped)
    assert text == plain
    assert "were read as letters" in notices[0]


def test_letters_that_facebook_wrote_byte_by_byte_are_put_together():
    wrong = "Schöne Grüße, мир".encode().decode("latin-1")
    assert normalize(json.dumps([wrong] * 30))[0] == json.dumps(
        ["Schöne Grüße, мир"] * 30, ensure_ascii=False
    )


def test_what_a_program_says_of_escapes_stays():
    code = 'print("\\u00e9")\n' * 60
    assert normalize(code) == (code, [])


def test_references_in_a_program_stay():
    text = 's = s.replace("&lt;", x).replace("&quot;", y)\n' * 60
    assert read_references(text) == (text, "")
