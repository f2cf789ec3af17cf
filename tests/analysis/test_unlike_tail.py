"""Whether the held-out tenth of a text is like the rest of it."""

import random

import pytest

from charlstm.analysis.unlike_tail import MOST_CHARACTERS, tail_of
from charlstm.text.corpus import practice_text, with_shuffled_lines

SYLLABLES = "ba be bi bo bu da de di do du ka ke ki ko ku la le li lo lu ma me mi".split()


def names(number: int) -> str:
    """A sorted list of names, whose endings depend on how they begin."""
    draw = random.Random(1)
    made = {
        first + draw.choice(SYLLABLES) + first[::-1] + draw.choice(SYLLABLES[index % 7 :])
        for index, first in enumerate(sorted(f"{a}{b}" for a in SYLLABLES for b in SYLLABLES))
        for _ in range(number)
    }
    return "\n".join(sorted(made)) + "\n"


def test_a_book_is_like_itself():
    tail = tail_of(practice_text().text)
    assert not tail.is_unlike and tail.sentence == ""


def test_a_sorted_list_is_tested_on_what_it_never_saw_until_it_is_shuffled():
    text = names(12)
    assert len(text) > 20_000
    tail = tail_of(text)
    assert tail.is_unlike and tail.is_list
    assert "look like a list: let them be shuffled" in tail.sentence
    assert not tail_of(with_shuffled_lines(text)).is_unlike


def test_something_else_at_the_end_of_a_book_is_told():
    book = practice_text().text[:90_000]
    draw = random.Random(2)
    licence = "".join(draw.choice("§0123456789ABCDEF./ ") for _ in range(10_000))
    tail = tail_of(book + licence)
    assert tail.is_unlike and not tail.is_list
    assert "cut that off" in tail.sentence


@pytest.mark.parametrize("characters", [2_000, 20_000, 20_001, 3 * MOST_CHARACTERS])
def test_texts_of_any_length_have_a_tail(characters):
    text = (practice_text().text * 10)[:characters]
    assert len(text) == characters
    assert not tail_of(text).is_unlike


def test_a_text_without_any_surprise_is_like_itself():
    assert not tail_of("ab" * 20_000).is_unlike
