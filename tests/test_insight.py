"""What the network expects, checked against the network in float32."""

import numpy as np
import pytest

from charlstm.checkpoint import load_checkpoint
from charlstm.home import shipped_folder
from charlstm.insight import likeliest, odds, surprise
from charlstm.sampling import Sampling, probabilities
from charlstm.writing import read_seed_text
from tests.tiny_networks import random_checkpoint


@pytest.fixture(scope="module")
def checkpoint():
    return random_checkpoint()


def logits_in_float32(checkpoint, text):
    ids = read_seed_text(checkpoint.vocabulary, text).ids
    logits, _ = checkpoint.network.read(ids[None], checkpoint.network.start())
    return ids, logits[0].astype(np.float64)


@pytest.mark.parametrize("text", ["", "t", "sea ten", "XYZ", "sea😀\n"])
@pytest.mark.parametrize("temperature", [0.1, 1.0, 1.5])
def test_odds_are_those_of_the_network(checkpoint, text, temperature):
    sampling = Sampling(temperature=temperature)
    found = odds(checkpoint, text, sampling)
    expected = probabilities(logits_in_float32(checkpoint, text)[1][-1], sampling)
    assert found.sum() == pytest.approx(1)
    np.testing.assert_allclose(found, expected, atol=0.02)


def test_without_anything_to_read_all_characters_are_as_likely():
    found = odds(random_checkpoint("abc"), "", Sampling())
    np.testing.assert_allclose(found, 1 / 3)


def test_the_likeliest_come_first_and_ties_in_the_order_of_the_vocabulary():
    checkpoint = random_checkpoint("abcd")
    weights = np.array([0.1, 0.4, 0.1, 0.4])
    assert likeliest(checkpoint, weights, 3) == [("b", 0.4), ("d", 0.4), ("a", 0.1)]


@pytest.mark.parametrize("text", ["s", "sea ten\n\nnest", "😀" * 40])
def test_surprise_is_minus_the_logarithm_of_the_probability(checkpoint, text):
    ids, logits = logits_in_float32(checkpoint, text)
    odds_before = probabilities(logits[:-1], Sampling(temperature=1.0))
    expected = -np.log(odds_before[np.arange(len(text)), ids[1:]])
    found = surprise(checkpoint, text)
    np.testing.assert_allclose(found.nats, expected, atol=0.02)
    assert found.mean_nats == pytest.approx(expected.mean(), abs=0.02)
    assert found.perplexity == pytest.approx(np.exp(found.mean_nats))


def test_unknown_characters_are_skipped_and_have_no_surprise(checkpoint):
    found = surprise(checkpoint, "seXaYY!")
    assert np.isnan(found.nats).tolist() == [False, False, True, False, True, True, False]
    np.testing.assert_array_equal(found.nats[[0, 1, 3, 6]], surprise(checkpoint, "sea!").nats)


def test_the_first_character_of_all_cannot_be_expected_without_line_breaks():
    found = surprise(random_checkpoint("abc"), "ba")
    assert found.nats[0] == pytest.approx(np.log(3))


@pytest.mark.parametrize("text", ["", "XYZ"])
def test_nothing_known_is_no_surprise(checkpoint, text):
    found = surprise(checkpoint, text)
    assert len(found.nats) == len(text)
    assert np.isnan(found.mean_nats)


def test_verse_surprises_the_shipped_model_less_than_other_english():
    checkpoint = load_checkpoint(shipped_folder() / "tiny-shakespeare.safetensors")
    verse = surprise(
        checkpoint, "My lord, I will not stay with thee to-night,\nNor hear thee speak."
    )
    tweet = surprise(checkpoint, "just got my new phone and the update is already broken lol why")
    assert verse.perplexity < tweet.perplexity
