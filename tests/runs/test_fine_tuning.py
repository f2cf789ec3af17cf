"""Starting from a model: what it knows stays as it is, what is new starts from scratch."""

from __future__ import annotations

import doctest
import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from charlstm.errors import CharLSTMError
from charlstm.network.checkpoint import (
    MAX_VOCABULARY,
    CheckpointError,
    load_checkpoint,
    save_checkpoint,
)
from charlstm.network.lstm import Architecture, Network
from charlstm.network.training_record import SourceRecord
from charlstm.runs import fine_tuning
from charlstm.runs.fine_tuning import (
    LEARNING_RATE_SHARE,
    check_fits,
    fine_tuned,
    fine_tuning_notices,
    grow,
    merge,
    name_new_characters,
    unknown_characters,
)
from charlstm.runs.recipes import NOTEBOOK, RECIPES, Budget
from charlstm.runs.run import Run
from charlstm.runs.source_model import SourceModel
from charlstm.text.vocabulary import Vocabulary
from tests.tiny_networks import ALPHABET, random_checkpoint, random_weights
from tests.tiny_runs import create_run, first_of, records, train_records

NEW = "\tbz\u0a85"  # before, between and after the characters of ALPHABET
SHIPPED = Path(__file__).parents[2] / "checkpoints" / "tiny-shakespeare.safetensors"


def record_of(corpus, **changes) -> dict:
    """What a checkpoint records of a training on a text, as JSON."""
    text = {"name": corpus.name, "sha256": corpus.sha256, "style": corpus.style}
    return {"recipe": "quick", "corpus": text, "carries_state": True, **changes}


@pytest.fixture
def start_file(tmp_path):
    """A model that knows no capital letter and no full stop."""
    path = tmp_path / "old.safetensors"
    save_checkpoint(random_checkpoint(), path)
    return path


# Vocabulary and weights


@pytest.fixture
def grown():
    """A checkpoint, its larger vocabulary, what new characters begin with, all weights then."""
    checkpoint = random_checkpoint()
    vocabulary = merge(checkpoint.vocabulary, NEW)
    architecture = replace(checkpoint.architecture, vocabulary_size=len(vocabulary))
    fresh = random_weights(architecture, random_seed=99)
    return checkpoint, vocabulary, architecture, fresh, grow(checkpoint, vocabulary, fresh)


def test_known_characters_keep_their_logits(grown):
    checkpoint, vocabulary, architecture, _, weights = grown
    text = "aen st\u0928\u00e9! 😀\ntase" * 3
    old, _ = checkpoint.network.read(
        checkpoint.vocabulary.encode(text)[None], checkpoint.network.start()
    )
    network = Network(architecture, weights)
    new, _ = network.read(vocabulary.encode(text)[None], network.start())
    kept = new[..., vocabulary.encode(checkpoint.vocabulary.characters)]
    np.testing.assert_allclose(kept, old, rtol=0, atol=1e-6)  # BLAS may add in another order


def test_known_characters_keep_their_weights_exactly_wherever_they_stand_now(grown):
    checkpoint, vocabulary, architecture, _, weights = grown
    assert {name: array.shape for name, array in weights.items()} == architecture.weight_shapes()
    for old_id, character in enumerate(checkpoint.vocabulary.characters):
        new_id = vocabulary.characters.index(character)
        for name, axis in (("embedding/embeddings", 0), ("output/kernel", 1), ("output/bias", 0)):
            assert np.array_equal(
                weights[name].take(new_id, axis), checkpoint.weights[name].take(old_id, axis)
            )
    for name in set(weights) - {"embedding/embeddings", "output/kernel", "output/bias"}:
        assert np.array_equal(weights[name], checkpoint.weights[name])


def test_new_characters_begin_with_fresh_weights(grown):
    _, vocabulary, _, fresh, weights = grown
    for character in NEW:
        new_id = vocabulary.characters.index(character)
        for name, axis in (("embedding/embeddings", 0), ("output/kernel", 1), ("output/bias", 0)):
            assert np.array_equal(weights[name].take(new_id, axis), fresh[name].take(new_id, axis))


def test_growing_changes_neither_the_model_nor_the_fresh_weights(grown):
    checkpoint, vocabulary, _, fresh, _ = grown
    parts = [fresh, checkpoint.weights]
    before = [{name: array.copy() for name, array in part.items()} for part in parts]
    for array in grow(checkpoint, vocabulary, fresh).values():
        array += 1
    for part, as_it_was in zip(parts, before, strict=True):
        assert all(np.array_equal(part[name], as_it_was[name]) for name in as_it_was)


def test_characters_that_the_new_text_lacks_stay_in_the_vocabulary():
    known = Vocabulary(ALPHABET)
    assert merge(known, "ab").characters == "".join(sorted({*ALPHABET, "b"}))
    assert merge(known, "ans").characters == known.characters
    assert unknown_characters(known, "banana~b") == "b~"


def test_more_characters_than_a_checkpoint_holds_are_refused():
    others = MAX_VOCABULARY - 10  # the model knows 11
    letters = "".join(map(chr, range(0x4E00, 0x4E00 + others)))
    check_fits(random_checkpoint(), letters[:-1])
    told = f"knows 11 characters .* {others:,} others.*at most {MAX_VOCABULARY:,}"
    with pytest.raises(CharLSTMError, match=told):
        check_fits(random_checkpoint(), letters)


def test_a_model_that_would_be_too_large_to_be_stored_is_refused(monkeypatch):
    checkpoint = random_checkpoint()
    parameters = replace(checkpoint.architecture, vocabulary_size=12).parameters()
    monkeypatch.setattr(
        fine_tuning, "MAX_FILE_BYTES", fine_tuning.MAX_HEADER_BYTES + 2 * parameters
    )
    check_fits(checkpoint, "b")
    with pytest.raises(CharLSTMError, match="smaller model"):
        check_fits(checkpoint, "bc")


def test_the_examples_in_the_docstrings_hold():
    results = doctest.testmod(fine_tuning)
    assert results.attempted >= 1 and results.failed == 0


# What is recorded


def test_where_a_training_starts_is_recorded(start_file, tiny_corpus):
    source = SourceModel.read(start_file).record(tiny_corpus)
    assert source == SourceRecord(
        name="old.safetensors",
        sha256=hashlib.sha256(start_file.read_bytes()).hexdigest(),
        corpus="",
        embedding_units=3,
        lstm_units=(5, 7),
        new_characters="".join(sorted(set(tiny_corpus.text) - set(ALPHABET))),
        held_out="unknown",
    )
    assert source.is_complete
    assert SourceRecord.from_json(json.loads(json.dumps(source.to_json()))) == source


@pytest.mark.parametrize(
    "damage",
    [
        {"name": None},
        {"sha256": 7},
        {"corpus": ["x"]},
        {"new_characters": None},
        {"embedding_units": "3"},
        {"embedding_units": 0},
        {"lstm_units": []},
        {"lstm_units": 5},
        {"lstm_units": [5, True]},
    ],
    ids=str,
)
def test_a_damaged_record_is_noticed(start_file, tiny_corpus, damage):
    source = SourceModel.read(start_file).record(tiny_corpus).to_json()
    assert not SourceRecord.from_json(source | damage).is_complete
    assert not SourceRecord.from_json([damage]).is_complete


@pytest.mark.parametrize("word", ["perhaps", None, 7, ["seen"]])
def test_a_word_that_nobody_writes_says_nothing_of_the_held_out_text(word):
    assert SourceRecord.from_json({"held_out": word}).held_out == "unknown"


@pytest.mark.parametrize(
    ("file", "name"),
    [("some/mine.safetensors", "mine.safetensors"), ("my run/checkpoint.safetensors", "my run")],
)
def test_a_model_is_known_by_its_file_or_its_run_folder(tmp_path, file, name):
    path = tmp_path / file
    path.parent.mkdir()
    save_checkpoint(random_checkpoint(), path)
    assert SourceModel.read(path).name == name
    assert SourceModel.read(path, "The old one\n\ud800").name == "The old one"


def test_a_model_is_what_was_read_even_if_a_training_replaces_the_file(start_file, tmp_path):
    """Its bytes and its contents belong together: the run folder gets these bytes."""
    source = SourceModel.read(start_file)
    save_checkpoint(random_checkpoint(random_seed=9), start_file)
    copy = tmp_path / "copy.safetensors"
    copy.write_bytes(source.data)
    weights = load_checkpoint(copy).weights
    for name, array in source.checkpoint.weights.items():
        np.testing.assert_array_equal(array, weights[name])
    assert source.sha256 != SourceModel.read(start_file).sha256


@pytest.mark.parametrize("corpus", [None, [], {}, {"name": 7}, {"name": "x\u202e\x07" * 900}])
def test_odd_records_of_strangers_models_do_no_harm(tmp_path, tiny_corpus, corpus):
    path = tmp_path / "odd.safetensors"
    save_checkpoint(random_checkpoint(training={"corpus": corpus, "recipe": ["x"]}), path)
    source = SourceModel.read(path).record(tiny_corpus)
    assert source.is_complete and len(source.corpus) <= 80 and source.corpus.isprintable()
    assert source.held_out == "unknown"


def test_whether_the_model_has_seen_the_held_out_text_is_recorded(tmp_path, tiny_corpus):
    def held_out(training, corpus=tiny_corpus) -> str:
        path = tmp_path / "old.safetensors"
        save_checkpoint(random_checkpoint(training=training), path)
        return SourceModel.read(path).record(corpus).held_out

    def after(word) -> dict:
        source = SourceModel.read(tmp_path / "old.safetensors").record(tiny_corpus).to_json()
        return record_of(tiny_corpus, started_from=source | {"held_out": word})

    assert held_out({}) == "unknown"
    assert held_out({"corpus": {"sha256": tiny_corpus.sha256}}) == "unknown"
    assert held_out(record_of(tiny_corpus)) == "unseen"  # the same text is split in the same way
    other = replace(tiny_corpus, text=tiny_corpus.text[9:])
    assert held_out(record_of(tiny_corpus), other) == "unknown"
    assert held_out(record_of(tiny_corpus, carries_state=False)) == "seen"
    for word in ("unseen", "seen", "unknown"):
        assert held_out(after(word)) == word
    assert held_out(record_of(tiny_corpus, started_from="somewhere")) == "unknown"


@pytest.mark.parametrize("kind", ["nothing", "folder", "empty", "text", "cut off", "other"])
def test_what_is_no_model_is_refused(tmp_path, kind):
    path = tmp_path / "x.safetensors"
    if kind == "folder":
        path.mkdir()
    elif kind == "other":
        from safetensors.numpy import save_file

        save_file({"a": np.zeros(3, np.float32)}, path)
    elif kind != "nothing":
        content = {"empty": b"", "text": b"To be, or not " * 99, "cut off": SHIPPED.read_bytes()}
        path.write_bytes(content[kind][:100_000])
    with pytest.raises(CheckpointError, match=r"safetensors|charlstm"):
        SourceModel.read(path)


# Recipes and words


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_only_network_and_learning_rate_differ_from_the_recipe(recipe):
    adapted = fine_tuned(recipe, 3, [5, 7])
    assert adapted.architecture(11) == Architecture(
        vocabulary_size=11, embedding_units=3, lstm_units=(5, 7)
    )
    assert adapted.learning_rate == LEARNING_RATE_SHARE * recipe.learning_rate
    assert 0 < LEARNING_RATE_SHARE < 1
    network_and_rate = ("embedding_units", "lstm_units", "learning_rate")
    back = {name: getattr(recipe, name) for name in network_and_rate}
    assert replace(adapted, **back) == recipe


@pytest.mark.parametrize(
    ("new", "sentence"),
    [
        ("", "The model knows all characters of this text."),
        ("~", "The model does not know 1 character of this text: ~. It starts from scratch."),
        (
            "\t~",
            "The model does not know 2 characters of this text: tab, ~. They start from scratch.",
        ),
    ],
)
def test_new_characters_are_named(new, sentence):
    assert name_new_characters(new) == sentence


def test_many_new_characters_are_named_in_part():
    assert "l and 14 more. They" in name_new_characters("abcdefghijklmnopqrstuvwxyz")


def test_that_the_model_has_seen_the_held_out_text_is_said(start_file, tiny_corpus):
    source = SourceModel.read(start_file).record(tiny_corpus)
    notices = fine_tuning_notices(source)
    assert "“old.safetensors”" in notices[0] and "does not know" in notices[1]
    assert len(notices) == 2
    assert "too good" in fine_tuning_notices(replace(source, held_out="seen"))[-1]


# The training itself


@pytest.fixture
def create(start_file, tiny_corpus, tiny_recipe, tmp_path):
    pytest.importorskip("keras", reason="training needs Keras")

    def create(recipe=tiny_recipe, random_seed=3, **budget) -> Run:
        return create_run(
            recipe=recipe,
            corpus=tiny_corpus,
            budget=Budget(**(budget or {"epochs": 0.2})),
            random_seed=random_seed,
            folder=tmp_path / f"run-{random_seed}",
            source=SourceModel.read(start_file),
        )

    return create


@pytest.fixture
def weights_at_the_start(create):
    """By name: a run's weights before its first step, and its vocabulary."""
    import keras

    from charlstm.training.device import prepare_device
    from charlstm.training.model import weights_of
    from charlstm.training.session import prepare_material

    def weights(random_seed):
        keras.utils.set_random_seed(random_seed)
        run = create(random_seed=random_seed)
        material = prepare_material(
            run, run.config, prepare_device().fastest_way(run.config.recipe)
        )
        return weights_of(material.models), material.vocabulary

    return weights


def test_a_training_starts_with_the_model_and_draws_new_characters_by_its_random_seed(
    weights_at_the_start, start_file, tiny_corpus
):
    old = load_checkpoint(start_file)
    (one, vocabulary), (other, _) = weights_at_the_start(3), weights_at_the_start(4)
    new = unknown_characters(old.vocabulary, tiny_corpus.text)
    assert vocabulary.characters == "".join(sorted(ALPHABET + new))
    known_ids, new_ids = vocabulary.encode(ALPHABET), vocabulary.encode(new)
    for weights in (one, other):
        embedding, kernel = weights["embedding/embeddings"], weights["output/kernel"]
        assert np.array_equal(embedding[known_ids], old.weights["embedding/embeddings"])
        assert np.array_equal(kernel[:, known_ids], old.weights["output/kernel"])
        assert np.array_equal(weights["output/bias"][known_ids], old.weights["output/bias"])
        # As Keras initialises them: uniformly, within its limits.
        assert 0 < np.abs(embedding[new_ids]).max() <= 0.05
        limit = np.sqrt(6 / (7 + len(vocabulary)))
        assert 0.05 < np.abs(kernel[:, new_ids]).max() <= limit
        assert not weights["output/bias"][new_ids].any()
    for name, axis in (("embedding/embeddings", 0), ("output/kernel", 1)):
        fresh = [weights[name].take(new_ids, axis) for weights in (one, other)]
        assert np.isclose(*fresh).mean() < 0.1
        assert len(np.unique(fresh[0])) == fresh[0].size


def test_a_training_goes_on_after_the_original_was_deleted(create, start_file, tiny_corpus):
    run = create(epochs=1)
    start_file.unlink()

    def stop(event):
        if event["event"] == "progress":
            run.stop()

    assert train_records(run, stop)["event"] == "stopped"
    stopped_at = records(run)[-1]["step"]
    stopped = load_checkpoint(run.paths.checkpoint)
    again = Run(run.folder)
    ending = train_records(again)
    assert ending["event"] == "finished", ending
    assert [event["step"] for event in records(again) if event["event"] == "started"] == [
        0,
        stopped_at,
    ]
    trained = load_checkpoint(run.paths.checkpoint)
    for checkpoint in (stopped, trained):
        assert checkpoint.architecture.lstm_units == (5, 7)  # whatever the recipe says
        assert checkpoint.vocabulary.characters == "".join(sorted({*ALPHABET, *tiny_corpus.text}))
        assert checkpoint.training.source == run.config.source
        assert checkpoint.training.recipe == "tiny"
    assert trained.training.results.loss_nats < first_of("started", records(run))["blind_loss_nats"]
    assert trained.training.steps > stopped_at


def test_a_training_from_scratch_records_no_source(tiny_corpus, tiny_recipe, tmp_path):
    pytest.importorskip("keras", reason="training needs Keras")

    run = create_run(
        recipe=tiny_recipe, corpus=tiny_corpus, budget=Budget(epochs=0.1), random_seed=1,
        folder=tmp_path / "run",
    )  # fmt: skip
    assert train_records(run)["event"] == "finished"
    assert load_checkpoint(run.paths.checkpoint).training.source is None
    assert not run.paths.source.exists()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.unlink(), "is missing its start.safetensors"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "was changed"),
    ],
    ids=["lost", "changed"],
)
def test_a_run_folder_that_lost_its_start_fails_with_one_sentence(create, damage, message):

    run = create()
    damage(run.paths.source)
    ending = train_records(run)
    assert ending["event"] == "failed"
    assert message in ending["message"] and "start a new training" in ending["message"]


def test_the_notebook_s_windows_start_from_a_model_too(create, monkeypatch):

    small = replace(NOTEBOOK, window=13)
    monkeypatch.setitem(RECIPES, "notebook", small)
    run = create(small, epochs=0.3)
    ending = train_records(run)
    assert ending["event"] == "finished", ending
    training = load_checkpoint(run.paths.checkpoint).training
    assert training.source.name == "old.safetensors"
    assert training.carries_state is False
    assert load_checkpoint(run.paths.checkpoint).architecture.lstm_units == (5, 7)
