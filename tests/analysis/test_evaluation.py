"""Figures against a plain loop over the definition: one character after another."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charlstm.analysis.evaluation import bits_per_char, evaluate, perplexity, surprisal_nats
from charlstm.network.lstm import Architecture, Network
from tests.tiny_networks import random_network


def naive_surprisal(logits: np.ndarray, id_: int) -> float:
    logits = logits.astype(np.float64)
    return float(np.log(np.exp(logits).sum()) - logits[id_])


def naive_figures(network: Network, ids: np.ndarray, length: int) -> tuple[float, float]:
    """Loss and accuracy, the state set back to zero every `length` characters."""
    losses, right = [], 0
    for place, (id_, target) in enumerate(zip(ids[:-1], ids[1:], strict=True)):
        if place % length == 0:
            state = network.start()
        logits, state = network.step(np.array([id_]), state)
        losses.append(naive_surprisal(logits[0], target))
        right += int(logits[0].argmax() == target)
    return float(np.mean(losses)), right / len(losses)


@pytest.mark.parametrize("characters", [2, 3, 65, 66, 257, 258, 1000])
@pytest.mark.parametrize("lstm_units", [(6,), (5, 7)])
def test_figures_equal_a_loop_over_the_definition(characters, lstm_units):
    network = random_network(lstm_units=lstm_units, scale=1.0)
    ids = np.random.default_rng(characters).integers(0, 11, characters)
    figures = evaluate(network, ids)
    carried_loss, accuracy = naive_figures(network, ids, math.ceil((characters - 1) / 64))
    cold_loss, _ = naive_figures(network, ids, 256)
    assert figures.loss_nats == pytest.approx(carried_loss, abs=1e-5)
    assert figures.cold_loss_nats == pytest.approx(cold_loss, abs=1e-5)
    assert figures.accuracy == accuracy
    assert figures.characters == characters - 1
    assert figures.parameters == network.architecture.parameters()


def test_more_windows_than_fit_side_by_side_are_all_measured():
    network = random_network(lstm_units=(2,), scale=1.0)
    ids = np.random.default_rng(3).integers(0, 11, 130 * 256 + 40)
    # a lane of 256 characters from a zero state each: computed here in one batch
    count = len(ids) - 1
    inputs = np.resize(ids[:-1], (131, 256))
    logits, _ = network.read(inputs, network.start(131))
    nats = surprisal_nats(logits, np.resize(ids[1:], (131, 256))).ravel()[:count]
    assert evaluate(network, ids).cold_loss_nats == pytest.approx(nats.mean(), abs=1e-5)


def test_the_loss_carried_and_the_cold_loss_differ_where_memory_matters():
    network = random_network(scale=2.0)
    ids = np.random.default_rng(5).integers(0, 11, 5000)
    figures = evaluate(network, ids)
    assert abs(figures.loss_nats - figures.cold_loss_nats) > 1e-4


def test_a_network_that_knows_nothing_loses_the_log_of_the_vocabulary():
    architecture = Architecture(vocabulary_size=13, embedding_units=2, lstm_units=(3,))
    zeros = {name: np.zeros(shape) for name, shape in architecture.weight_shapes().items()}
    figures = evaluate(Network(architecture, zeros), np.arange(500) % 13)
    assert figures.loss_nats == pytest.approx(math.log(13), rel=1e-6)
    assert figures.cold_loss_nats == pytest.approx(math.log(13), rel=1e-6)
    assert figures.perplexity == pytest.approx(13, rel=1e-5)
    assert figures.bits_per_char == pytest.approx(math.log2(13), rel=1e-6)


def test_a_network_that_knows_the_text_loses_nothing():
    architecture = Architecture(vocabulary_size=3, embedding_units=3, lstm_units=(3,))
    weights = {name: np.zeros(shape) for name, shape in architecture.weight_shapes().items()}
    weights["embedding/embeddings"] = np.eye(3)
    kernel = np.zeros((3, 4, 3))
    kernel[:, 0] = kernel[:, 3] = 50  # input and output gate open
    kernel[:, 1] = -50  # forgets
    kernel[:, 2] = 50 * np.eye(3)  # remembers the character alone
    weights["lstm_1/lstm_cell/kernel"] = kernel.reshape(3, 12)
    weights["output/kernel"] = 50 * np.roll(np.eye(3), 1, axis=1)  # after a comes b
    figures = evaluate(Network(architecture, weights), np.arange(300) % 3)
    assert figures.accuracy == 1
    assert figures.loss_nats < 1e-6


@pytest.mark.parametrize("characters", [0, 1])
def test_less_than_two_characters_cannot_be_measured(characters):
    with pytest.raises(ValueError, match="at least 2"):
        evaluate(random_network(), np.zeros(characters, int))


def test_progress_climbs_to_one():
    shares = []
    evaluate(random_network(), np.zeros(40_000, int), shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert len(shares) > 10


def test_the_figures_have_the_names_that_programs_rely_on():
    figures = evaluate(random_network(), np.arange(30) % 11).as_dict()
    assert set(figures) == {
        "loss_nats",
        "cold_loss_nats",
        "bits_per_char",
        "perplexity",
        "accuracy",
        "characters",
        "parameters",
    }


@given(st.integers(1, 9), st.floats(0, 1e4), st.integers(0, 99))
def test_surprisals_are_minus_the_log_of_probabilities_that_sum_to_one(vocab, scale, random_seed):
    rng = np.random.default_rng(random_seed)
    logits = np.repeat(rng.normal(0, scale, (2, 1, vocab)).astype(np.float32), vocab, axis=1)
    nats = surprisal_nats(logits, np.tile(np.arange(vocab), (2, 1)))
    assert nats.shape == (2, vocab)
    assert (nats >= 0).all()
    np.testing.assert_allclose(np.exp(-nats.astype(np.float64)).sum(-1), 1, rtol=1e-5)


def test_surprisal_at_huge_logits_is_exact():
    logits = np.array([[1e6, 1e6 - 1, -3e38]], np.float32)
    expected = math.log(1 + math.exp(-1))
    assert surprisal_nats(logits, np.array([0]))[0] == pytest.approx(expected, rel=1e-6)
    assert surprisal_nats(logits, np.array([1]))[0] == pytest.approx(expected + 1, rel=1e-6)


def test_units():
    assert bits_per_char(math.log(2)) == pytest.approx(1)
    assert perplexity(math.log(65)) == pytest.approx(65)
    assert math.isfinite(perplexity(1e9))
