"""What looks the same is made the same, what cannot be seen is left out, and both are said."""

import pytest

from charlstm.text.normalizing import normalize


@pytest.mark.parametrize(
    ("text", "read", "notice"),
    [
        ("\ufeffAll well", "All well", ""),
        ("one\n\ufefftwo\n\ufeffthree", "one\ntwo\nthree",
         "Signs that cannot be seen were left out: byte order mark (2)."),
        ("a\u200bb\xadc\u2060d\u200ee", "abcde",
         "Signs that cannot be seen were left out: zero-width space (1), soft hyphen (1), word "
         "joiner (1), left-to-right mark (1)."),
        ("a\u202fb\xa0c\xa0", "a b c ",
         "Special spaces were changed to plain ones: no-break space (2), narrow no-break space "
         "(1)."),
        ("e\u0301le\u0300ve", "élève",
         "Letters and their accents were put together (2; Unicode NFC)."),
        ("page\fnext", "page\nnext", "Page breaks were changed to line breaks: 1."),
        ("one\u2028two", "one\ntwo", "Other signs for the end of a line became line breaks: 1."),
        ("the end\x1a", "the end", "Signs that cannot be seen were left out: Ctrl-Z (1)."),
        ("\x01\x02\x03\x04\x05\x06", "",
         "Signs that cannot be seen were left out: U+0001 (1), U+0002 (1), U+0003 (1), U+0004 (1) "
         "and 2 more kinds."),
    ],
)  # fmt: skip
def test_each_kind_has_its_sentence(text, read, notice):
    assert normalize(text) == (read, [notice] if notice else [])


@pytest.mark.parametrize(
    "text",
    [
        "plain\ttext\n",
        "نیم\u200cفاصله",
        "क्\u200dष",
        "👨\u200d👩\u200d👧",
        "👩🏽\u200d🚀",
        "日本　語",
        "é",
        "שָׁלוֹם",
    ],
)
def test_what_a_script_needs_stays(text):
    composed, notices = normalize(text)
    assert composed == text or notices == ["Signs were changed to their usual forms (Unicode NFC)."]
    assert "\u200c" in composed or "\u200c" not in text
    assert composed.count("\u200d") == text.count("\u200d")


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
