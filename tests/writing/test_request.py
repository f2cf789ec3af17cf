"""Requests are checked once, with a sentence for each fault."""

import pytest

from charlstm.errors import CharLSTMError
from charlstm.writing.request import (
    CONTINUED,
    LENGTHS,
    MAX_TEXT_CHARACTERS,
    PARAMETERS,
    RANDOM_SEEDS,
    TEMPERATURES,
    UNLIMITED,
    TextRequest,
    check_names,
)

GOOD = {"model": "m", "seed_text": "a", "temperature": 0.8, "length": 100, "random_seed": 1}


def check(**changes) -> TextRequest:
    return TextRequest.check(**{**GOOD, **changes})


def test_a_good_request_is_kept_as_it_is():
    assert check() == TextRequest(**GOOD)
    assert check(seed_text=None).seed_text == ""
    assert check(seed_text="\r\n\t\0 é 😀").seed_text == "\r\n\t\0 é 😀"


def test_the_ranges_include_their_ends():
    for name, ends in (
        ("temperature", TEMPERATURES),
        ("length", LENGTHS),
        ("random_seed", RANDOM_SEEDS),
    ):
        for end in ends:
            assert getattr(check(**{name: end}), name) == end


def test_numbers_may_be_texts_as_in_an_address():
    asked = check(temperature="0.8", length="100", random_seed="7")
    assert (asked.temperature, asked.length, asked.random_seed) == (0.8, 100, 7)
    assert isinstance(asked.length, int)
    assert check(length=100.0).length == 100


@pytest.mark.parametrize("bad", [None, "", "x", "nan", "1e999", float("nan"), True, [1], {}, 9e99])
@pytest.mark.parametrize("name", ["temperature", "length", "random_seed"])
def test_what_is_no_number_in_the_range_is_refused_by_name(name, bad):
    with pytest.raises(CharLSTMError, match=f"The {name.replace('_', ' ')} was .*; give"):
        check(**{name: bad})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"length": 100.5}, "length was 100.5; give a whole number"),
        ({"length": "100.5"}, "whole number"),
        ({"seed_text": 7}, "seed text was 7; give a text"),
        ({"seed_text": "a\ud800"}, "half a character"),
        ({"seed_text": "a" * 2001}, "2,001 characters; use at most 2,000"),
        ({"model": 7}, "model was 7"),
    ],
)
def test_other_faults_have_their_sentences(changes, sentence):
    with pytest.raises(CharLSTMError, match=sentence):
        check(**changes)


def test_a_continued_text_may_be_long():
    long = "a" * MAX_TEXT_CHARACTERS
    assert check(seed_text=long, limits=CONTINUED).seed_text == long
    with pytest.raises(CharLSTMError, match="use at most 40,000"):
        check(seed_text=f"{long}a", limits=CONTINUED)


def test_a_large_random_seed_is_exact():
    largest = 2**63 - 1  # more digits than a float has
    assert check(random_seed=largest, limits=UNLIMITED).random_seed == largest


def test_unknown_parameters_are_named():
    check_names(GOOD, PARAMETERS)
    with pytest.raises(CharLSTMError, match="no parameter 'seed'; there are model, seed_text"):
        check_names({"seed": 1}, PARAMETERS)
    with pytest.raises(CharLSTMError) as refused:
        check_names(["x" * 1000], PARAMETERS)
    assert len(str(refused.value)) < 200
