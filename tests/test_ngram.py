"""The count model, against one by hand and one of dictionaries."""

from __future__ import annotations

import math
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charlstm.dataset import split
from charlstm.ngram import blind_loss_nats, ngram_loss_nats
from charlstm.vocabulary import Vocabulary
from tests.tiny_networks import tiny_shakespeare_text


def naive_witten_bell(training: list[int], held_out: list[int], vocab: int, order: int) -> float:
    """The definition, with dictionaries: P(w|h) = (c(hw) + kinds(h) P(w|h')) / (c(h) + kinds(h))"""
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
    losses = [
        -math.log(probability(tuple(text[place - order + 1 : place]), text[place]))
        for place in range(len(training), len(text))
    ]
    return sum(losses) / len(losses)


def test_an_example_by_hand():
    # a b a a, then b, two characters in all. Alone: a (3 + 1) / 6, b (1 + 1) / 6.
    # After a came b and a, once each: (1 + 2 * 2/6) / (2 + 2) for b.
    ids = Vocabulary("ab").encode("abaa")
    loss = ngram_loss_nats(ids, np.array([1]), 2, order=2)
    assert loss == pytest.approx(-math.log((1 + 2 * 2 / 6) / 4), abs=1e-12)
    # and then a: after b came a, once: (1 + 1 * 4/6) / (1 + 1)
    both = ngram_loss_nats(ids, np.array([1, 0]), 2, order=2)
    assert both == pytest.approx((loss - math.log((1 + 4 / 6) / 2)) / 2, abs=1e-12)
    # from two before: a a was never followed by anything, so a alone decides
    assert ngram_loss_nats(ids, np.array([1]), 2, order=3) == pytest.approx(loss, abs=1e-12)


@given(
    st.lists(st.integers(0, 4), min_size=10, max_size=120),
    st.lists(st.integers(0, 5), min_size=1, max_size=40),
    st.integers(1, 5),
)
def test_it_equals_a_model_of_dictionaries(training, held_out, order):
    loss = ngram_loss_nats(np.array(training), np.array(held_out), 6, order)
    assert loss == pytest.approx(naive_witten_bell(training, held_out, 6, order), abs=1e-9)


def test_it_equals_a_model_of_dictionaries_on_a_longer_text():
    rng = np.random.default_rng(1)
    ids = (rng.integers(0, 4, 3000) * rng.integers(0, 3, 3000)).tolist()
    loss = ngram_loss_nats(np.array(ids[:2500], np.int32), np.array(ids[2500:], np.int32), 7)
    assert loss == pytest.approx(naive_witten_bell(ids[:2500], ids[2500:], 7, 4), abs=1e-9)


@given(st.lists(st.integers(0, 3), min_size=10, max_size=60), st.integers(1, 5))
def test_probabilities_of_all_next_characters_sum_to_one(training, order):
    losses = [ngram_loss_nats(np.array(training), np.array([id_]), 5, order) for id_ in range(5)]
    assert sum(math.exp(-loss) for loss in losses) == pytest.approx(1, abs=1e-12)


def test_large_vocabularies_do_not_overflow():
    rng = np.random.default_rng(2)
    ids = rng.integers(900, 1000, 400).astype(np.int32)
    loss = ngram_loss_nats(ids[:300], ids[300:], 1000, order=6)
    assert loss == pytest.approx(naive_witten_bell(*map(list, (ids[:300], ids[300:])), 1000, 6))


def test_tiny_shakespeare_loses_1_774():
    text = tiny_shakespeare_text()
    vocabulary = Vocabulary.from_text(text)
    training, held_out = split(vocabulary.encode(text))
    assert ngram_loss_nats(training, held_out, len(vocabulary)) == pytest.approx(1.774, abs=5e-4)


def test_guessing_blindly_loses_the_log_of_the_vocabulary():
    assert blind_loss_nats(65) == pytest.approx(math.log(65))
