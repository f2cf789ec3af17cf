"""The network taken apart, checked against Keras and against the network that reads whole texts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from charlstm.analysis import walkthrough
from charlstm.analysis.walkthrough import Tile, tiles
from charlstm.home import shipped_folder
from charlstm.network.checkpoint import Checkpoint, load_checkpoint
from charlstm.network.lstm import Architecture
from charlstm.network.training_record import TeachersTextRecord, TrainingRecord
from charlstm.runs.recipes import QUICK
from charlstm.text.vocabulary import Vocabulary
from charlstm.writing.sampling import Sampling, probabilities
from charlstm.writing.single_text import read_seed_text
from tests.tiny_networks import ALPHABET, random_checkpoint, random_weights

TEXTS = ["", "sea", "ten\nants!", "aXné😀Y ", "é" * 30]


@pytest.fixture(scope="module")
def checkpoint():
    return random_checkpoint()


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("characters", [ALPHABET, " aens", "aens"])
def test_tiles_are_what_the_network_reads_and_what_it_skips(text, characters):
    vocabulary = Vocabulary(characters)
    reading = read_seed_text(vocabulary, text)
    found = tiles(vocabulary, text)
    assert [tile.id for tile in found if tile.id is not None] == reading.ids.tolist()
    unknown = dict.fromkeys(tile.character for tile in found if tile.id is None)
    assert "".join(unknown) == reading.unknown
    assert "".join(tile.character for tile in found if not tile.is_given) == text


def test_the_line_s_beginning_comes_before_the_text():
    assert tiles(Vocabulary("\n ab"), "b")[0] == Tile("\n", 0, "\n", is_given=True)
    assert tiles(Vocabulary(" ab"), "b")[0] == Tile(" ", 0, " ", is_given=True)
    assert tiles(Vocabulary("ab"), "b") == [Tile("b", 1, "b")]


@pytest.mark.parametrize("text", TEXTS)
def test_state_and_scores_after_each_tile_are_those_of_the_network(checkpoint, text):
    read = tiles(checkpoint.vocabulary, text)
    for count in range(1, len(read) + 1):
        ids = np.array([[tile.id for tile in read[:count] if tile.id is not None]])
        logits, state = checkpoint.network.read(ids, checkpoint.network.start())
        snapshot = walkthrough.snapshot(checkpoint, read[:count])
        for layer, expected in zip(snapshot.state, state, strict=True):
            for found, wanted in zip(layer, expected, strict=True):
                np.testing.assert_allclose(found, wanted, atol=1e-6)
        assert snapshot.scores.max() == 0
        for temperature in (0.3, 1.0):
            sampling = Sampling(temperature=temperature)
            np.testing.assert_allclose(
                probabilities(snapshot.scores, sampling),
                probabilities(logits[0, -1], sampling),
                atol=1e-6,
            )


def test_before_anything_is_read_the_state_is_zero(checkpoint):
    snapshot = walkthrough.snapshot(checkpoint, [])
    assert not any(part.any() for layer in snapshot.state for part in layer)
    assert snapshot.moved == 0
    bias = checkpoint.weights["output/bias"]
    np.testing.assert_allclose(snapshot.scores, bias - bias.max(), atol=1e-6)


def test_an_unknown_character_moves_nothing(checkpoint):
    read = tiles(checkpoint.vocabulary, "seaX")
    before, after = (walkthrough.snapshot(checkpoint, read[:count]) for count in (4, 5))
    assert before.moved > 0 and after.moved == 0
    np.testing.assert_array_equal(before.scores, after.scores)


def test_what_has_moved_is_counted_over_all_layers_and_both_states(checkpoint):
    network = checkpoint.network
    first = network.advance(np.array([0]), network.start())
    second = network.advance(np.array([3]), first)
    moved = sum(
        (abs(second[layer][part] - first[layer][part]) > 0.1).sum()
        for layer in (0, 1)
        for part in (0, 1)
    )
    read = [Tile("\n", 0, "\n", is_given=True), Tile("a", 3, "a")]
    assert walkthrough.snapshot(checkpoint, read).moved == moved
    assert 0 < moved < 24


@pytest.mark.parametrize("lstm_units", [(6,), (5, 7), (2, 8, 3)])
def test_states_and_odds_after_each_character_equal_those_of_keras(lstm_units):
    model = pytest.importorskip("charlstm.training.model")
    import keras

    architecture = Architecture(vocabulary_size=11, embedding_units=3, lstm_units=lstm_units)
    recipe = replace(QUICK, embedding_units=3, lstm_units=lstm_units, lanes=1, window=1)
    weights = random_weights(architecture, random_seed=4)
    models = model.build_models(recipe, architecture)
    model.set_weights(models, weights)
    carried = [layer for layer in models.training.layers if isinstance(layer, model.CarriedLSTM)]
    checkpoint = Checkpoint(
        architecture=architecture, vocabulary=Vocabulary(ALPHABET), weights=weights
    )
    read = tiles(checkpoint.vocabulary, "a ten\nsea 😀!")
    for count, tile in enumerate(read, 1):
        # The training model carries its state from character to character, as the page shows it.
        given = {"ids": np.array([[tile.id]], np.int32), "keep": np.full((1, 1), float(count > 1))}
        logits = models.training(given, training=False)
        snapshot = walkthrough.snapshot(checkpoint, read[:count])
        for layer, (hidden, cell) in zip(carried, snapshot.state, strict=True):
            to_numpy = keras.ops.convert_to_numpy
            np.testing.assert_allclose(hidden, to_numpy(layer.hidden.value), atol=1e-5)
            np.testing.assert_allclose(cell, to_numpy(layer.cell.value), atol=1e-5)
        odds = keras.ops.convert_to_numpy(keras.ops.softmax(logits))[0, 0]
        found = probabilities(snapshot.scores, Sampling(temperature=1.0))
        np.testing.assert_allclose(found, odds, atol=1e-5)


def test_the_parts_hold_all_weights_of_the_network():
    architecture = Architecture(vocabulary_size=11, embedding_units=3, lstm_units=(5, 7))
    parts = walkthrough.parts(architecture)
    assert [(part.name, part.units) for part in parts] == [
        ("embedding", 3),
        ("lstm_1", 5),
        ("lstm_2", 7),
        ("output", 11),
    ]
    assert parts[2].weights == {"kernel": (5, 28), "recurrent_kernel": (7, 28), "bias": (28,)}
    assert [part.parameters for part in parts] == [33, 180, 364, 88]
    assert sum(part.parameters for part in parts) == architecture.parameters()


def test_the_bundled_model_records_how_it_learned():
    checkpoint = load_checkpoint(shipped_folder() / "tiny-shakespeare.safetensors")
    facts = walkthrough.learned(checkpoint)
    training = checkpoint.training
    assert facts["characters"] == training.characters_seen
    assert facts["perplexity"] == training.results.perplexity
    assert facts["losses"] == checkpoint.history["val_loss_nats"]
    assert facts["teachers"] == training.teachers_text.teachers == 12
    assert facts["written_by_teachers"] == training.teachers_text.share
    assert facts["text"] == "tiny-shakespeare"
    assert "started_from" not in facts


@pytest.mark.parametrize(
    "value", [None, "many", -1, 0, True, float("nan"), float("inf"), [], {}, [[1]]]
)
def test_of_a_record_that_makes_no_sense_nothing_is_shown(value):
    names = ["characters_seen", "steps", "train_s", "teachers", "budget", "results", "corpus"]
    training = {name: value for name in names if not (name == "teachers" and value == [[1]])}
    training["started_from"] = value
    assert walkthrough.learned(random_checkpoint(training=training)) == {}
    nested = {
        "budget": {"epochs": value},
        "results": {"loss_nats": value, "perplexity": value, "characters": value},
    }
    odd = value if isinstance(value, (int, float)) else float("nan")
    history = {"val_loss_nats": [(1, odd), (3, 1.5)]}
    if value is True:
        history = {}
    assert walkthrough.learned(random_checkpoint(training=nested, history=history)) == {}


def test_long_names_are_cut_off():
    training = {"corpus": {"name": "x" * 1000}, "started_from": {"corpus": "y" * 1000}}
    facts = walkthrough.learned(random_checkpoint(training=training))
    assert facts == {"text": "x" * 60, "started_from": "y" * 60}


@pytest.mark.parametrize("value", [None, 3, [], {}, {"teachers": 0, "share": 0.5}])
def test_text_of_teachers_that_makes_no_sense_is_not_told(value):
    record = TrainingRecord.from_json({"teachers_text": value})
    assert record.teachers_text is None
    assert walkthrough.learned(random_checkpoint(training={"teachers_text": value})) == {}


def test_text_of_teachers_is_kept_in_the_record_and_told():
    written = TeachersTextRecord(teachers=3, share=0.5)
    record = TrainingRecord(teachers_text=written)
    assert TrainingRecord.from_json(record.to_json()).teachers_text == written
    told = walkthrough.learned(random_checkpoint(training=record.to_json()))
    assert told == {"teachers": 3, "written_by_teachers": 0.5}
    too_much = {"teachers": 3, "share": 1.5}
    assert TrainingRecord.from_json({"teachers_text": too_much}).teachers_text is None
