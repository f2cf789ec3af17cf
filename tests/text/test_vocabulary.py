"""Characters and ids."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charlstm.text import vocabulary
from charlstm.text.vocabulary import Vocabulary

TEXTS = ["", "\n", "a", "banana", "😀🎭\n", "नमस्ते", "\0\x7f\r\n\t", "\U0010ffff\ue000\ufeff"]


@pytest.mark.parametrize("text", TEXTS)
def test_decoding_undoes_encoding(text):
    its_vocabulary = Vocabulary.from_text(text)
    assert its_vocabulary.decode(its_vocabulary.encode(text)) == text


@given(st.text(), st.text())
def test_decoding_undoes_encoding_with_characters_to_spare(text, more):
    wider = Vocabulary.from_text(text + more)
    assert wider.decode(wider.encode(text)) == text


@given(st.text(max_size=20), st.text(max_size=40))
def test_known_and_unknown_characters_are_those_of_a_plain_loop(learned, text):
    its_vocabulary = Vocabulary.from_text(learned)
    ids, unknown = its_vocabulary.encode_known(text)
    assert its_vocabulary.decode(ids) == "".join(c for c in text if c in learned)
    assert list(unknown) == list(dict.fromkeys(c for c in text if c not in learned))


def test_ids_are_places_in_code_point_order():
    ids = Vocabulary.from_text("zebra\n").encode("\nabz")
    assert ids.tolist() == [0, 1, 2, 5]
    assert ids.dtype == np.int32


def test_unknown_characters_are_named_once_each_in_order_of_appearance():
    _, unknown = Vocabulary.from_text("abc").encode_known("😀a~b!~😀")
    assert unknown == "😀~!"


def test_encode_refuses_unknown_characters_by_name():
    with pytest.raises(ValueError, match="~!"):
        Vocabulary.from_text("abc").encode("a~b!~")


def test_lone_surrogates_are_unknown_and_do_no_harm():
    ids, unknown = Vocabulary.from_text("abc").encode_known("a\ud800b\udfff")
    assert ids.tolist() == [0, 1]
    assert unknown == "\ud800\udfff"
    with pytest.raises(ValueError):
        Vocabulary.from_text("abc").encode("\ud800")


def test_lone_surrogates_are_never_known():
    with pytest.raises(ValueError, match="surrogate"):
        Vocabulary("ab\ud800")


@pytest.mark.parametrize("text", ["", "a", "\ud800", "😀a"])
def test_an_empty_vocabulary_knows_nothing(text):
    ids, unknown = Vocabulary("").encode_known(text)
    assert (len(ids), unknown) == (0, text)


@pytest.mark.parametrize("characters", ["ba", "aa", "ab\n"])
def test_characters_out_of_order_are_refused(characters):
    with pytest.raises(ValueError, match="from_text"):
        Vocabulary(characters)


def test_only_single_characters_are_members():
    its_vocabulary = Vocabulary("abc")
    assert "b" in its_vocabulary
    assert "d" not in its_vocabulary
    assert "" not in its_vocabulary
    assert "ab" not in its_vocabulary


def test_the_examples_in_the_docstrings_hold():
    results = doctest.testmod(vocabulary)
    assert results.attempted >= 2
    assert results.failed == 0
