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


@pytest.mark.parametrize("text", ["Note: this is no name.\nAnd: neither\n", "a\nROMEO:\nO"])
def test_a_colon_alone_makes_no_speaker(text):
    assert not values("speaker", text).any()


def test_a_name_at_the_very_beginning_counts():
    assert marked("speaker", "ROMEO:\nO") == "ROMEO"


def test_quotes_and_brackets_of_several_kinds():
    assert marked("enclosed", 'a "b" (c) [d] “e” (f') == '"b"(c)[d]“e”'


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
@pytest.mark.parametrize("text", ["", "\n", ".", "é😀\r\n:", "((((", "A" * 50])
def test_any_text_gives_a_value_for_each_character(feature, text):
    found = feature.values(text)
    assert found.shape == (len(text),)
    assert found.dtype == (np.float64 if feature.is_count else bool)
