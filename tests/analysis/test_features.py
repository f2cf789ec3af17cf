"""What a person can name at each character of a text."""

import numpy as np
import pytest

from charlstm.analysis.features import FEATURES

BY_NAME = {feature.name: feature for feature in FEATURES}
SCENE = "\nROMEO:\nO, she doth teach.\nThe (bright) day\n\nAll:\nAy."


def values(name, text):
    return BY_NAME[name].values(text)


def marked(name, text):
    """The characters at which a feature is there."""
    return "".join(
        character for character, there in zip(text, values(name, text), strict=True) if there
    )


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("ab\ncde\n\nf", [0, 1, 0, 1, 2, 3, 0, 0, 1]),
        ("\nab", [0, 1, 2]),
        ("no break", list(range(8))),
    ],
)
def test_the_place_in_the_line_counts_from_the_line_break(text, places):
    assert values("place-in-line", text).tolist() == places


def test_the_place_in_the_word_counts_letters():
    assert values("place-in-word", "I don't, 42 ho").tolist() == [
        1, 0, 1, 2, 3, 4, 5, 0, 0, 0, 0, 0, 1, 2,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("speaker", "ROMEOAll"),
        ("line-begins", "\n" * 6),
        ("line-ends", ":.y\n:"),
        ("word", "ROMEOOshedothteachThebrightdayAllAy"),
        ("full-stop", "hy"),
        ("upper-case", "ROMEOOTAA"),
        ("enclosed", "(bright)"),
    ],
)
def test_what_is_or_is_not(name, expected):
    assert marked(name, SCENE) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Note: this is no name.\nAnd: neither\n",
        "a\nROMEO:\nO",
        "def add(a, b):\n    return a + b\n\n\nclass Sum:\n    pass\n\nwhile a[0] == b:\na = 1\n",
    ],
)
def test_a_colon_alone_makes_no_speaker(text):
    assert not values("speaker", text).any()


def test_a_name_at_the_very_beginning_counts():
    assert marked("speaker", "ROMEO:\nO") == "ROMEO"


def test_quotes_and_brackets_of_several_kinds():
    assert marked("enclosed", 'a "b" (c) [d] “e” (f') == '"b"(c)[d]“e”'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("हिन्दी में किताब।", "हिन्दीमेंकिताब"),
        ("שָׁלוֹם עוֹלָם", "שָׁלוֹםעוֹלָם"),
        ("學而時習之，不亦說乎", ""),
        ("ภาษาไทย", ""),
        ("Привет, мир", "Приветмир"),
    ],
)
def test_words_are_those_of_scripts_that_part_them(text, words):
    assert marked("word", text) == words


def test_where_words_are_not_parted_phrases_are_counted():
    assert values("place-in-phrase", "學而時習之，不亦").tolist() == [1, 2, 3, 4, 5, 0, 1, 2]
    assert not values("place-in-phrase", "no such thing").any()


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("full-stop", "子曰。नमस्ते। هذا۔", "曰ेا"),
        ("enclosed", "他說「好」 «да» （x）", "「好」«да»（x）"),
        ("number", "in 1,024 of a2", "1,0242"),
        ("comment", "a /* b\nc */ d // e\nhttp://f", "/* b\nc */// e"),
        ("tag", "a <b>c</b> 1 < 2", "<b></b>"),
    ],
)
def test_signs_of_other_scripts_and_of_code(name, text, expected):
    assert marked(name, text) == expected


def test_a_line_s_indentation_is_remembered_to_its_end():
    assert values("indentation", "a\n  bc\n\td\n  \ne").tolist() == [
        0, 0, 0, 0, 2, 2, 0, 0, 1, 0, 0, 0, 0, 0,
    ]  # fmt: skip


def test_brackets_count_where_they_are_put_into_each_other():
    assert values("depth", "a(b[c])d)e(").tolist() == [0, 1, 1, 2, 2, 1, 0, 0, 0, 0, 1]
    assert not values("depth", "one (two) three").any()


def test_characters_since_a_bar_are_counted_in_music():
    assert values("bar", "|ab|c|\na|b").tolist() == [0, 1, 2, 0, 1, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
@pytest.mark.parametrize("text", ["", "\n", ".", "é😀\r\n:", "((((", "A" * 50])
def test_any_text_gives_a_value_for_each_character(feature, text):
    found = feature.values(text)
    assert found.shape == (len(text),)
    assert found.dtype == (np.float64 if feature.is_count else bool)
