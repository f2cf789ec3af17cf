"""The longest copied passage, against one found by trying all."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charlstm.analysis import copying
from charlstm.analysis.copying import (
    MAX_SHOWN,
    MEMORISED,
    MIN_PASSAGE,
    Passage,
    TrainingText,
    describe_copy,
)
from tests.tiny_networks import tiny_shakespeare_text


def naive_longest(written: str, text: str) -> tuple[int, int]:
    """Length and start of the longest shared passage, tried one by one."""
    best, best_start = 0, 0
    for start in range(len(written)):
        while start + best < len(written) and written[start : start + best + 1] in text:
            best, best_start = best + 1, start
    return best, best_start


def check(text: str, written: str) -> None:
    length, start = naive_longest(written, text)
    found = TrainingText(text).longest_copy(written)
    if length < MIN_PASSAGE:
        assert found is None
        return
    assert (len(found.text), found.start) == (length, start)
    assert found.text == written[start : start + length]
    assert found.text == text[found.training_start : found.training_start + length]


@given(st.text("ab", max_size=300), st.text("ab", max_size=60))
def test_it_finds_what_trying_all_finds(text, written):
    check(text, written)


@given(
    st.text("abcdéन😀\n", min_size=1, max_size=200),
    st.lists(st.tuples(st.integers(0, 199), st.integers(0, 60)), max_size=6),
)
def test_texts_that_are_made_of_copies_are_seen_through(text, pieces):
    check(text, "x".join(text[start : start + length] for start, length in pieces))


@pytest.mark.parametrize("length", [*range(7, 36), 63, 64, 65, 127, 128])
def test_every_length_is_told_exactly(length):
    rng = random.Random(length)
    text = "".join(rng.choice("abcdefgh") for _ in range(1000))
    written = f"Zz{text[500 : 500 + length]}Z"
    found = TrainingText(text).longest_copy(written)
    if length < MIN_PASSAGE:
        assert found is None
    else:
        assert found == Passage(text[500 : 500 + length], start=2, training_start=500)


def test_of_equally_long_ones_the_first_is_told():
    text = "the king is here and the queen is away"
    found = TrainingText(text).longest_copy("?is away? the king is? queen is")
    assert found == Passage("the king is", start=10, training_start=0)


def test_copies_across_the_borders_of_blocks_are_found(monkeypatch):
    monkeypatch.setattr(copying, "_BLOCK", 16)
    rng = random.Random(3)
    text = "".join(rng.choice("abcdefgh") for _ in range(200))
    prepared = TrainingText(text)
    for start in range(0, 170):
        passage = text[start : start + 20]
        assert prepared.longest_copy(f"-{passage}-").text == passage


def test_passages_that_share_a_bucket_are_told_apart(monkeypatch):
    monkeypatch.setattr(copying, "_BUCKET_BITS", 1)
    rng = random.Random(4)
    text, written = ("".join(rng.choice("abc") for _ in range(2000)) for _ in range(2))
    check(text, written)


def test_a_passage_counts_from_where_the_network_began_to_write():
    text = TrainingText("To be, or not to be, that is the question.")
    seed_text, written = "To be, or not", " to be, that is the answer."
    assert text.longest_copy(seed_text + written).text == "To be, or not to be, that is the "
    assert text.longest_copy(written).text == " to be, that is the "


@pytest.mark.parametrize("text", ["", "short", "seven c"])
def test_short_texts_hold_no_copies(text):
    assert TrainingText(text).longest_copy("seven characters") is None
    assert TrainingText("seven characters").longest_copy(text) is None


def test_half_characters_are_no_error():
    assert TrainingText("a\ud800bcdefgh").longest_copy("a\ud800bcdefgh").text == "a\ud800bcdefgh"


def test_what_shakespeare_shares_with_himself_is_below_what_counts_as_memorised():
    text = tiny_shakespeare_text()
    cut = int(0.9 * len(text))
    found = TrainingText(text[:cut]).longest_copy(text[cut:])
    assert len(found.text) == 31 < MEMORISED
    assert text.startswith(found.text, found.training_start)


def test_ten_thousand_characters_are_looked_up_in_five_million():
    rng = np.random.default_rng(1)
    letters = np.frombuffer(b"etaoin shrdlu\n", np.uint8)
    text = letters[rng.integers(0, len(letters), 5_000_000)].tobytes().decode()
    prepared = TrainingText(text)
    written = text[3_000_000:3_000_100] + "".join(rng.permuted(list(text[:9_900])))
    assert len(prepared.longest_copy(written).text) >= 100


def test_the_sentence_shows_the_passage_on_one_line():
    sentence = describe_copy(Passage("\nMy lord,\n\nJULIET:\n  O ", 5, 7))
    assert "training text: 23 characters (“My lord, / JULIET: / O”)." in sentence
    assert "The rest is new" in sentence and "heart" not in sentence


def test_the_sentence_says_when_a_passage_is_memorised():
    sentence = describe_copy(Passage("x" * MEMORISED, 0, 0))
    assert "has memorised this" in sentence and "rest is new" not in sentence
    sentence = describe_copy(Passage("word " * 300, 0, 0))
    assert "1,500 characters" in sentence and len(sentence) < MAX_SHOWN + 130
    assert "…”)" in sentence


def test_of_a_fine_tuned_model_no_more_is_said_than_is_known():
    sentence = describe_copy(Passage("my lord, ", 0, 0), fine_tuned=True)
    assert "the text it was fine-tuned with" in sentence and "rest is new" not in sentence
    assert "rest is new" not in describe_copy(None, fine_tuned=True)
    assert "The rest is new" not in describe_copy(None)
