"""Names of characters, for people."""

import doctest

import pytest

from charlstm.text import character_names, nearest
from charlstm.text.character_names import list_characters, name_of


def test_twelve_characters_are_named_and_the_others_counted():
    assert list_characters("abcdefghijkl") == "a, b, c, d, e, f, g, h, i, j, k, l"
    assert list_characters("abcdefghijklmn") == "a, b, c, d, e, f, g, h, i, j, k, l and 2 more"
    assert list_characters(",;") == "comma, ;"
    assert list_characters("\n\x07a😀") == "line break, bell, a, 😀"


def test_what_cannot_be_seen_has_a_name_and_a_mark_something_to_stand_on():
    assert name_of("\u200e") == "left-to-right mark"
    assert name_of("\u200a") == "hair space"
    assert name_of("\u0301") == "\u25cc\u0301"
    assert name_of("\x02") == "control character U+0002"
    assert name_of("\ue000") == "U+E000"
    assert name_of("é") == "é"


@pytest.mark.parametrize("module", [character_names, nearest])
def test_the_examples_in_the_docstrings_hold(module):
    results = doctest.testmod(module)
    assert results.attempted >= 1 and results.failed == 0
