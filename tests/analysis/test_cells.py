"""Cells with a meaning: scored as scikit-learn and NumPy would, chosen and judged apart."""

import dataclasses

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from charlstm.analysis import cells
from charlstm.analysis.cells import (
    MIN_AUC,
    MIN_CORRELATION,
    CellMeaning,
    _ranks,
    _scores,
    find_cells,
    meanings,
)
from charlstm.analysis.features import FEATURES
from charlstm.analysis.insight import activations
from charlstm.home import shipped_folder
from charlstm.network.checkpoint import load_checkpoint
from tests.tiny_networks import random_checkpoint

LINE = next(place for place, feature in enumerate(FEATURES) if feature.name == "place-in-line")
NAME = next(place for place, feature in enumerate(FEATURES) if feature.name == "speaker")


@pytest.fixture(scope="module")
def shipped():
    return load_checkpoint(shipped_folder() / "tiny-shakespeare.safetensors")


def made_up(rng, characters=400, units=6):
    levels = rng.integers(100, 140, (characters, units)).astype(np.uint8)  # with many ties
    values = [np.zeros(characters, np.float32) for _ in FEATURES]
    values[LINE] = rng.integers(0, 40, characters).astype(np.float32)
    values[NAME] = (rng.random(characters) < 0.2).astype(np.float32)
    return levels, values


def test_scores_are_those_of_numpy_and_scikit_learn():
    levels, values = made_up(np.random.default_rng(1))
    correlations, areas = _scores(levels, values, [LINE, NAME])
    for cell, column in enumerate(levels.T.astype(float)):
        expected = np.corrcoef(column, values[LINE])[0, 1]
        assert correlations[cell] == pytest.approx(expected, abs=1e-4)
        assert (1 + areas[cell]) / 2 == pytest.approx(roc_auc_score(values[NAME], column), abs=1e-4)


def test_a_cell_that_never_moves_scores_nothing():
    levels, values = made_up(np.random.default_rng(2))
    levels[:, 3] = 127
    assert np.abs(_scores(levels, values, [LINE, NAME])[:, 3]).max() < 1e-3


def test_ranks_count_what_lies_below_and_half_of_the_ties():
    assert _ranks(np.array([[5], [9], [5], [1]], np.uint8))[:, 0].tolist() == [2, 3.5, 2, 0.5]


def planted(monkeypatch, follow):
    """Let a cell of a network follow a feature, as far as `follow` makes it (half, values)."""
    rng = np.random.default_rng(3)
    text = "ab\ncdefg hi\n" * 100

    def write_rows(checkpoint, random_seed, texts):
        ids = checkpoint.vocabulary.encode(text[: cells.CHARACTERS])
        return np.tile(ids, (texts, 1))

    halves = iter((0, 1))

    def made_up_activations(checkpoint, rows):
        half = next(halves)
        units = checkpoint.architecture.lstm_units
        layers = [rng.integers(0, 255, (rows.size, count)).astype(np.uint8) for count in units]
        texts = ["".join(checkpoint.vocabulary.characters[id_] for id_ in row) for row in rows]
        values = np.concatenate([FEATURES[LINE].values(one) for one in texts])
        layers[1][:, 4] = follow(half, values)
        return layers

    monkeypatch.setattr(cells, "_write_rows", write_rows)
    monkeypatch.setattr(cells, "_activations", made_up_activations)
    found = find_cells(random_checkpoint("\n abcdefghi"))
    return [record for record in found if record["feature"] == "place-in-line"]


def test_a_cell_that_follows_a_feature_is_found(monkeypatch):
    found = planted(monkeypatch, lambda half, values: 200 - 10 * values)
    assert found == [
        {"layer": 2, "cell": 5, "feature": "place-in-line", "score": 1.0, "sign": -1},
    ]


def test_a_cell_that_follows_it_in_one_half_by_chance_is_not(monkeypatch):
    assert planted(monkeypatch, lambda half, values: 200 - 10 * values * (half == 0)) == []


def test_a_cell_that_turns_round_is_not(monkeypatch):
    assert planted(monkeypatch, lambda half, values: 100 + 10 * values * (1 - 2 * half)) == []


def test_a_text_without_a_feature_names_no_cell_for_it():
    assert {record["feature"] for record in find_cells(random_checkpoint("abc"), texts=4)} <= {
        "place-in-word",
        "place-in-line",
    }


def test_the_same_random_seed_finds_the_same_cells_and_progress_ends_at_the_end():
    checkpoint, shares = random_checkpoint("\n .:ABab"), []
    assert find_cells(checkpoint, 7, 4, shares.append) == find_cells(checkpoint, 7, 4)
    assert shares == sorted(shares) and 0 < shares[0] and shares[-1] <= 1


def test_the_shipped_model_knows_of_lines_names_and_words(shipped):
    named = {meaning.feature: meaning for meaning in meanings(shipped)}
    assert len(named) == len(shipped.cells) >= 7
    assert {"place-in-line", "place-in-word", "speaker", "line-begins", "word"} <= set(named)
    assert named["place-in-line"].sentence == (
        "Cell 286 of layer 1 counts the characters in the line"
    )
    assert named["place-in-line"].measure.endswith("r = −0.91")
    for meaning in named.values():
        assert meaning.score >= (MIN_CORRELATION if meaning.is_count else MIN_AUC)


def test_its_cells_follow_their_features_on_another_text_too(shipped):
    """Measured anew from the activations that the page shows, on a text written by somebody."""
    text = (
        "First Citizen:\nWe came to speak with him, and he is gone.\n\n"
        "MENENIUS:\nThen let us wait; the day is not yet done.\nBring me a chair, and let the "
        "people stand.\n\nFirst Citizen:\nHe comes not soon.\n"
    ) * 2
    layers = activations(shipped, text)
    by_name = {feature.name: feature for feature in FEATURES}
    for meaning in meanings(shipped):
        activation = layers[meaning.layer - 1][:, meaning.cell - 1] * meaning.sign
        values = by_name[meaning.feature].values(text)
        if meaning.is_count:
            score, least = np.corrcoef(activation, values)[0, 1], MIN_CORRELATION - 0.2
        else:
            score, least = roc_auc_score(values, activation), MIN_AUC - 0.1
        assert score > least, meaning


GOOD = {"layer": 1, "cell": 5, "feature": "word", "score": 0.9, "sign": 1}


@pytest.mark.parametrize(
    "wrong",
    [
        {"layer": 0},
        {"layer": 3},
        {"cell": 0},
        {"cell": 6},
        {"cell": 1.5},
        {"cell": True},
        {"sign": 0},
        {"feature": "<b>"},
        {"feature": ["word"]},
        {"score": 2},
        {"score": None},
        {"score": float("nan")},
        {"score": "0.9"},
        {"more": 1},
    ],
)
def test_a_strangers_records_that_make_no_sense_are_left_out(wrong):
    checkpoint = random_checkpoint(cells=[{**GOOD, **wrong}, GOOD, {}])
    assert list(meanings(checkpoint)) == [CellMeaning(**GOOD)]


def test_scores_are_told_in_words():
    count = CellMeaning(layer=2, cell=217, feature="place-in-line", score=0.87, sign=1)
    assert count.sentence == "Cell 217 of layer 2 counts the characters in the line"
    assert count.measure == "correlation with the count: r = 0.87"
    assert "rises" in count.score_in_words and "76%" in count.score_in_words
    name = CellMeaning(layer=1, cell=3, feature="speaker", score=0.98, sign=-1)
    assert name.sentence.endswith("inside a speaker’s name")
    assert name.measure == "area under the ROC curve: AUC = 0.98"
    assert "lower where that is so" in name.score_in_words and "98%" in name.score_in_words


def test_a_checkpoint_keeps_them(tmp_path, shipped):
    from charlstm.network.checkpoint import save_checkpoint

    save_checkpoint(dataclasses.replace(random_checkpoint(), cells=[GOOD]), tmp_path / "a")
    assert list(meanings(load_checkpoint(tmp_path / "a"))) == [CellMeaning(**GOOD)]
