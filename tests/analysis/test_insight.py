"""What the network expects and remembers, checked against Keras and the network in float32."""

import tracemalloc

import numpy as np
import pytest

from charlstm.analysis.insight import REMEMBERED_TEXTS, activations, log_probabilities, surprisal
from charlstm.home import shipped_folder
from charlstm.network.checkpoint import load_checkpoint
from charlstm.writing.sampling import Sampling, probabilities
from charlstm.writing.single_text import read_seed_text
from charlstm.writing.state_cache import StateCache
from tests.keras_reading import read_with_keras
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
def test_probabilities_are_those_of_the_network(checkpoint, text, temperature):
    sampling = Sampling(temperature=temperature)
    found = probabilities(log_probabilities(checkpoint, text), sampling)
    expected = probabilities(logits_in_float32(checkpoint, text)[1][-1], sampling)
    assert found.sum() == pytest.approx(1)
    np.testing.assert_allclose(found, expected, atol=0.02)


def test_without_anything_to_read_all_characters_are_as_likely():
    found = log_probabilities(random_checkpoint("abc"), "")
    np.testing.assert_allclose(found, np.log(1 / 3))


@pytest.mark.parametrize("text", ["s", "sea ten\n\nnest", "😀" * 40])
def test_surprisal_is_minus_the_logarithm_of_the_probability(checkpoint, text):
    ids, logits = logits_in_float32(checkpoint, text)
    probabilities_before = probabilities(logits[:-1], Sampling(temperature=1.0))
    expected = -np.log(probabilities_before[np.arange(len(text)), ids[1:]])
    found = surprisal(checkpoint, text)
    np.testing.assert_allclose(found.nats, expected, atol=0.02)
    assert found.mean_nats == pytest.approx(expected.mean(), abs=0.02)
    assert found.perplexity == pytest.approx(np.exp(found.mean_nats))


def test_little_memory_is_needed_however_many_characters_a_model_knows():
    """Logits of a whole text for 4,000 characters would be 128 MB."""
    many = random_checkpoint("".join(map(chr, range(0x4E00, 0x4E00 + 4000))))
    text = many.vocabulary.characters
    surprisal(many, text[:10])  # compiles
    tracemalloc.start()
    try:
        assert np.isfinite(surprisal(many, text).nats).all()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 64e6


def test_unknown_characters_are_skipped_and_have_no_surprisal(checkpoint):
    found = surprisal(checkpoint, "seXaYY!")
    assert np.isnan(found.nats).tolist() == [False, False, True, False, True, True, False]
    np.testing.assert_array_equal(found.nats[[0, 1, 3, 6]], surprisal(checkpoint, "sea!").nats)


def test_the_first_character_of_all_cannot_be_expected_without_line_breaks():
    found = surprisal(random_checkpoint("abc"), "ba")
    assert found.nats[0] == pytest.approx(np.log(3))


@pytest.mark.parametrize("text", ["", "XYZ"])
def test_nothing_known_has_no_surprisal(checkpoint, text):
    found = surprisal(checkpoint, text)
    assert len(found.nats) == len(text)
    assert np.isnan(found.mean_nats)


def test_verse_surprises_the_shipped_model_less_than_other_english():
    checkpoint = load_checkpoint(shipped_folder() / "tiny-shakespeare.safetensors")
    verse = surprisal(
        checkpoint, "My lord, I will not stay with thee to-night,\nNor hear thee speak."
    )
    tweet = surprisal(checkpoint, "just got my new phone and the update is already broken lol why")
    assert verse.perplexity < tweet.perplexity


TEXT = "sea ten\n\nnest! 😀 a\u0928"


def test_probabilities_surprisal_and_activations_are_those_of_the_keras_network(checkpoint):
    logits, memory = read_with_keras(checkpoint, TEXT)
    ids = read_seed_text(checkpoint.vocabulary, TEXT).ids
    probabilities_at_1 = probabilities(logits, Sampling(temperature=1.0))
    np.testing.assert_allclose(
        np.exp(log_probabilities(checkpoint, TEXT)), probabilities_at_1[-1], atol=0.01
    )
    expected = -np.log(probabilities_at_1[np.arange(len(TEXT)), ids[1:]])
    np.testing.assert_allclose(surprisal(checkpoint, TEXT).nats, expected, atol=0.02)
    for found, cells in zip(activations(checkpoint, TEXT), memory, strict=True):
        np.testing.assert_allclose(found, np.tanh(cells[1:]), atol=0.01)


def test_the_shipped_models_figures_are_those_of_the_keras_network():
    checkpoint = load_checkpoint(shipped_folder() / "tiny-shakespeare.safetensors")
    text = "KING:\nWhat news from the field, my lord?\n"
    logits, memory = read_with_keras(checkpoint, text)
    ids = read_seed_text(checkpoint.vocabulary, text).ids
    expected = probabilities(logits, Sampling(temperature=0.8))
    found = probabilities(log_probabilities(checkpoint, text), Sampling(temperature=0.8))
    np.testing.assert_allclose(found, expected[-1], atol=0.01)
    at_1 = probabilities(logits, Sampling(temperature=1.0))
    nats = -np.log(at_1[np.arange(len(text)), ids[1:]])
    np.testing.assert_allclose(surprisal(checkpoint, text).nats, nats, atol=0.05)
    for found, cells in zip(activations(checkpoint, text), memory, strict=True):
        np.testing.assert_allclose(found, np.tanh(cells[1:]), atol=0.03)


def test_log_probabilities_are_logits_again_for_any_temperature(checkpoint):
    logarithms = log_probabilities(checkpoint, TEXT)
    assert np.exp(logarithms).sum() == pytest.approx(1)
    ids, network = read_seed_text(checkpoint.vocabulary, TEXT).ids, checkpoint.quantized
    logits, _ = network.read(ids, network.start())
    sampling = Sampling(temperature=0.3)
    np.testing.assert_allclose(
        probabilities(logarithms, sampling), probabilities(logits[-1], sampling), atol=1e-6
    )


def test_cells_of_unknown_characters_have_no_activation(checkpoint):
    first, _ = activations(checkpoint, "seXa")
    assert np.isnan(first).all(1).tolist() == [False, False, True, False]
    np.testing.assert_array_equal(first[[0, 1, 3]], activations(checkpoint, "sea")[0])


@pytest.mark.parametrize("text", ["", "XYZ"])
def test_nothing_known_moves_no_cell(checkpoint, text):
    assert [layer.shape for layer in activations(checkpoint, text)] == [
        (len(text), units) for units in checkpoint.architecture.lstm_units
    ]


class CountedReading:
    """A network that tells how many characters it was given to read."""

    def __init__(self, checkpoint, monkeypatch):
        self.read = []
        network = checkpoint.quantized
        real = network.read
        monkeypatch.setattr(
            network, "read", lambda ids, state: self.read.append(len(ids)) or real(ids, state)
        )


def test_a_text_that_is_typed_on_is_not_read_again(monkeypatch):
    checkpoint, cache = random_checkpoint(), StateCache(REMEMBERED_TEXTS)
    expected = {
        text: log_probabilities(checkpoint, text)
        for text in ("sea ten", "sea ten!", "sea ten!! ", "sea tent", "sea te")
    }
    counted = CountedReading(checkpoint, monkeypatch)
    for text, logarithms in expected.items():
        np.testing.assert_array_equal(log_probabilities(checkpoint, text, cache), logarithms)
    assert counted.read == [8, 1, 2, 1, 7]
    log_probabilities(checkpoint, "sea ten!", cache)
    log_probabilities(checkpoint, "sea ten!X", cache)  # a character that it skips
    assert counted.read == [8, 1, 2, 1, 7]


def test_another_model_reads_for_itself():
    cache = StateCache(REMEMBERED_TEXTS)
    for random_seed in range(3):
        checkpoint = random_checkpoint(random_seed=random_seed)
        found = log_probabilities(checkpoint, "sea", cache)
        np.testing.assert_array_equal(found, log_probabilities(checkpoint, "sea"))


def test_no_more_texts_are_remembered_than_the_cache_has_room_for(checkpoint):
    cache = StateCache(3)
    for length in range(10):
        log_probabilities(checkpoint, "s" * length, cache)
    assert len(cache) == 3


def test_of_a_long_text_only_what_comes_after_it_is_kept(checkpoint):
    cache = StateCache(3)
    log_probabilities(checkpoint, "sea " * 100, cache)
    _, after = cache.longest_prefix(checkpoint, "sea " * 100, 0)
    assert after.logits.base is None, "a view keeps the logits of all characters"
