"""The initial weights that are set by counting the text."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("keras", reason="training needs Keras")

from charlstm.analysis.ngram import pair_probabilities
from charlstm.network.lstm import Architecture
from charlstm.runs.recipes import FULL, NOTEBOOK, QUICK, RECIPES, Budget
from charlstm.text.split import split
from charlstm.text.vocabulary import Vocabulary
from charlstm.training.initial_weights import EMBEDDING, MOST, OUTPUT_BIAS, with_counts
from charlstm.training.model import weights_of
from charlstm.training.session import prepare_material
from tests.tiny_networks import random_weights
from tests.tiny_runs import create_run


def weights_for(text: str, features: int = 3) -> tuple[dict, Vocabulary]:
    vocabulary = Vocabulary.from_text(text)
    architecture = Architecture(
        vocabulary_size=len(vocabulary), embedding_units=features, lstm_units=(4,)
    )
    return with_counts(random_weights(architecture), vocabulary.encode(text)), vocabulary


def test_the_output_begins_with_how_frequent_each_character_is():
    weights, vocabulary = weights_for("banana bandana " * 40)
    odds = np.exp(weights[OUTPUT_BIAS])
    assert odds.sum() == pytest.approx(1, abs=1e-5)
    assert vocabulary.characters[odds.argmax()] == "a"


def test_characters_that_are_followed_by_the_same_ones_begin_alike():
    words = ["kab", "kob", "tab", "tob", "pab", "pob"]  # k, t and p come before a or o; b ends
    text = " ".join(np.random.default_rng(1).choice(words, 600))
    weights, vocabulary = weights_for(text)
    vectors = {
        letter: weights[EMBEDDING][vocabulary.encode(letter)[0]] for letter in vocabulary.characters
    }

    def distance(one: str, other: str) -> float:
        return float(np.linalg.norm(vectors[one] - vectors[other]))

    assert max(distance("k", "t"), distance("t", "p"), distance("a", "o")) < 0.3
    assert min(distance("k", "a"), distance("a", "b"), distance("b", " ")) > 1


def test_what_is_not_counted_stays_as_it_was_and_nothing_is_out_of_bounds(tiny_corpus):
    text = tiny_corpus.text
    vocabulary = Vocabulary.from_text(text)
    features = len(vocabulary) + 5  # more than there is to count
    architecture = Architecture(
        vocabulary_size=len(vocabulary), embedding_units=features, lstm_units=(4,)
    )
    random = random_weights(architecture)
    weights = with_counts(random, vocabulary.encode(text))
    changed = {name for name in random if not np.array_equal(weights[name], random[name])}
    assert changed == {EMBEDDING, OUTPUT_BIAS}
    rest = slice(len(vocabulary) - 1, None)
    assert np.array_equal(weights[EMBEDDING][:, rest], random[EMBEDDING][:, rest])
    assert np.abs(weights[EMBEDDING][:, : rest.start]).max() <= MOST
    assert all(np.isfinite(array).all() for array in weights.values())
    assert all(array.dtype == np.float32 for array in weights.values())


@pytest.mark.parametrize("text", ["ab" * 50, "a" * 99 + "b", "abc" * 40])
def test_a_text_with_hardly_anything_to_count_is_no_trouble(text):
    weights, _ = weights_for(text)
    assert all(np.isfinite(array).all() for array in weights.values())


@pytest.mark.parametrize("is_counted", [True, False])
def test_only_the_training_part_is_counted_and_only_where_the_recipe_says_so(
    is_counted, tiny_recipe, tiny_corpus, tmp_path, monkeypatch
):
    recipe = replace(tiny_recipe, max_epochs_from_counts=12 if is_counted else 0)
    monkeypatch.setitem(RECIPES, recipe.name, recipe)
    run = create_run(
        recipe=recipe,
        corpus=tiny_corpus,
        budget=Budget(epochs=1),
        random_seed=1,
        folder=tmp_path / "run",
    )
    material = prepare_material(run, run.config, None)
    singles, _ = pair_probabilities(split(material.ids)[0], len(material.vocabulary))
    bias = weights_of(material.models)[OUTPUT_BIAS]
    assert np.allclose(bias, np.log(singles), atol=1e-5) == is_counted


def test_the_recipe_of_the_notebook_begins_as_the_notebook_did():
    assert NOTEBOOK.max_epochs_from_counts == 0
    assert min(QUICK.max_epochs_from_counts, FULL.max_epochs_from_counts) > 0
