"""The count model, against one by hand and one of dictionaries."""

from __future__ import annotations

import math
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charlstm.analysis.ngram import blind_loss_nats, ngram_figures, pair_probabilities
from charlstm.text.split import split
from charlstm.text.vocabulary import Vocabulary
from tests.tiny_networks import tiny_shakespeare_text


def naive_witten_bell(training: list[int], held_out: list[int], vocab: int, order: int) -> list:
    """Probabilities of all characters at each place of the held-out text, by dictionaries.

    The definition: P(w|h) = (c(hw) + kinds(h) P(w|h')) / (c(h) + kinds(h))
    """
    followers = defaultdict(Counter)
    for length in range(1, order):
        for place in range(length, len(training)):
            followers[tuple(training[place - length : place])][training[place]] += 1
    singles = Counter(training)

    def probability(history: tuple, id_: int) -> float:
        if not history:
            return (singles[id_] + 1) / (len(training) + vocab)
        shorter = probability(history[1:], id_)
        counts = followers.get(history)
        if counts is None:
            return shorter
        kinds = len(counts)
        return (counts[id_] + kinds * shorter) / (counts.total() + kinds)

    text = training + held_out
    return [
        [probability(tuple(text[place - order + 1 : place]), id_) for id_ in range(vocab)]
        for place in range(len(training), len(text))
    ]


def mean_loss(probabilities: list, held_out: list[int]) -> float:
    losses = [-math.log(row[id_]) for row, id_ in zip(probabilities, held_out, strict=True)]
    return sum(losses) / len(losses)


def right_guesses(probabilities: list, held_out: list[int]) -> tuple[int, int]:
    """How many are guessed right, at least and at most: several may be the likeliest."""
    surely, perhaps = 0, 0
    for row, id_ in zip(probabilities, held_out, strict=True):
        likeliest = [other for other in range(len(row)) if row[other] > max(row) - 1e-12]
        perhaps += id_ in likeliest
        surely += likeliest == [id_]
    return surely, perhaps


def test_an_example_by_hand():
    # a b a a, then b, two characters in all. Alone: a (3 + 1) / 6, b (1 + 1) / 6.
    # After a came b and a, once each: (1 + 2 * 2/6) / (2 + 2) for b.
    ids = Vocabulary("ab").encode("abaa")
    loss = ngram_figures(ids, np.array([1]), 2, order=2).loss_nats
    assert loss == pytest.approx(-math.log((1 + 2 * 2 / 6) / 4), abs=1e-12)
    # and then a: after b came a, once: (1 + 1 * 4/6) / (1 + 1)
    both = ngram_figures(ids, np.array([1, 0]), 2, order=2).loss_nats
    assert both == pytest.approx((loss - math.log((1 + 4 / 6) / 2)) / 2, abs=1e-12)
    # from two before: a a was never followed by anything, so a alone decides
    from_two = ngram_figures(ids, np.array([1]), 2, order=3).loss_nats
    assert from_two == pytest.approx(loss, abs=1e-12)


@given(
    st.lists(st.integers(0, 4), min_size=10, max_size=120),
    st.lists(st.integers(0, 5), min_size=1, max_size=40),
    st.integers(1, 5),
)
def test_it_equals_a_model_of_dictionaries(training, held_out, order):
    figures = ngram_figures(np.array(training), np.array(held_out), 6, order)
    expected = naive_witten_bell(training, held_out, 6, order)
    assert figures.loss_nats == pytest.approx(mean_loss(expected, held_out), abs=1e-9)
    surely, perhaps = right_guesses(expected, held_out)
    assert surely <= round(figures.accuracy * len(held_out)) <= perhaps


def test_it_equals_a_model_of_dictionaries_on_a_longer_text():
    rng = np.random.default_rng(1)
    ids = (rng.integers(0, 4, 3000) * rng.integers(0, 3, 3000)).tolist()
    figures = ngram_figures(np.array(ids[:2500], np.int32), np.array(ids[2500:], np.int32), 7)
    expected = naive_witten_bell(ids[:2500], ids[2500:], 7, 4)
    assert figures.loss_nats == pytest.approx(mean_loss(expected, ids[2500:]), abs=1e-9)
    surely, perhaps = right_guesses(expected, ids[2500:])
    assert 50 < surely <= round(figures.accuracy * 500) <= perhaps


@given(st.lists(st.integers(0, 3), min_size=10, max_size=60), st.integers(1, 5))
def test_probabilities_of_all_next_characters_sum_to_one(training, order):
    losses = [
        ngram_figures(np.array(training), np.array([id_]), 5, order).loss_nats for id_ in range(5)
    ]
    assert sum(math.exp(-loss) for loss in losses) == pytest.approx(1, abs=1e-12)


def test_probabilities_of_pairs_are_those_of_the_count_model():
    ids = np.random.default_rng(3).integers(0, 6, 300)  # of 8, so that two never occur
    singles, pairs = pair_probabilities(ids, 8)
    assert singles.sum() == pytest.approx(1, abs=1e-12)
    assert pairs.sum(axis=1) == pytest.approx(np.ones(8), abs=1e-6)
    for before in range(8):
        expected = naive_witten_bell(ids.tolist(), [before, 0], 8, 2)[1]
        assert pairs[before] == pytest.approx(expected, abs=1e-6)


def test_large_vocabularies_do_not_overflow():
    rng = np.random.default_rng(2)
    ids = rng.integers(900, 1000, 400).astype(np.int32)
    loss = ngram_figures(ids[:300], ids[300:], 1000, order=6).loss_nats
    training, held_out = ids[:300].tolist(), ids[300:].tolist()
    assert loss == pytest.approx(
        mean_loss(naive_witten_bell(training, held_out, 1000, 6), held_out)
    )


def test_the_likeliest_character_may_be_one_that_never_followed_the_context():
    # After x came five kinds, once each: 1/10 + 1/2 * 2/30 for each of them. a never did, but it
    # is nearly half of the text: 1/2 * 13/30, which is more.
    ids = Vocabulary("abcdefx").encode("aaaaaaaaaaaaxbxcxdxexfx")
    assert ngram_figures(ids, np.array([0]), 7, order=2).accuracy == 1
    assert ngram_figures(ids, np.array([1]), 7, order=2).accuracy == 0


def test_tiny_shakespeare_loses_1_774_and_is_guessed_right_in_47_of_100():
    text = tiny_shakespeare_text()
    vocabulary = Vocabulary.from_text(text)
    training, held_out = split(vocabulary.encode(text))
    figures = ngram_figures(training, held_out, len(vocabulary))
    assert figures.loss_nats == pytest.approx(1.774, abs=5e-4)
    assert figures.accuracy == pytest.approx(0.4717, abs=5e-5)


def test_guessing_blindly_loses_the_log_of_the_vocabulary():
    assert blind_loss_nats(65) == pytest.approx(math.log(65))
