"""Trainings of tiny networks from the beginning to the end, and what they leave behind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("keras", reason="training needs Keras")

import keras

from charlstm.analysis.cells import find_cells, meanings
from charlstm.analysis.evaluation import evaluate
from charlstm.network.checkpoint import load_checkpoint
from charlstm.network.lstm import Network
from charlstm.runs.recipes import RECIPES
from charlstm.runs.run import Run
from charlstm.text.corpus import paste
from charlstm.text.split import split
from charlstm.training.model import weights_of
from tests.tiny_runs import first_of, records, train_records
from tests.tiny_trainings import (
    STEPS_PER_EPOCH,
    architecture_of,
    check_events,
    copy_of,
    create,
    session_of,
    stop_at,
)

# From the beginning to the end


@pytest.fixture(scope="module")
def finished(tmp_path_factory, tiny_corpus, tiny_recipe):
    """A training that used its whole budget, and the events on its way."""
    run = create(tmp_path_factory.mktemp("finished") / "run", tiny_corpus, tiny_recipe, epochs=3)
    emitted = []
    ending = train_records(run, emitted.append)
    assert ending["event"] == "finished", ending
    assert ending == emitted[-1]
    return run, emitted


def test_a_training_emits_its_events_from_started_to_finished(finished):
    run, emitted = finished
    check_events(run)
    assert emitted == records(run) == records(Run(run.folder))
    prepared = [event["task"] for event in emitted if event["event"] == "preparing"]
    assert prepared == ["loading", "building", "counting", "trying"]
    assert emitted[3]["event"] == "started"
    kinds = {event["event"] for event in emitted} - {"preparing"}
    assert kinds == {"started", "progress", "validated", "sample", "saved", "measuring", "finished"}


def test_whoever_skips_the_measuring_at_the_end_has_the_model_without_final_figures(
    tmp_path, tiny_corpus, tiny_recipe
):
    run = create(tmp_path / "run", tiny_corpus, tiny_recipe, epochs=1)

    def skip(event):
        if event["event"] == "measuring":
            run.stop()

    ending = train_records(run, skip)
    assert (ending["event"], ending["results"]) == ("finished", {})
    check_events(run)
    checkpoint = load_checkpoint(run.paths.checkpoint)
    assert checkpoint.training.results is None and checkpoint.cells
    assert run.timeline().results is not None, "the curve's last point stands for them"
    assert not run.paths.stop.exists()


def test_whoever_skips_while_cells_are_looked_for_waits_for_fewer_texts(
    tmp_path, tiny_corpus, tiny_recipe, monkeypatch
):
    from charlstm.training import session

    run = create(tmp_path / "run", tiny_corpus, tiny_recipe, epochs=1)
    asked, find_cells = [], session.find_cells

    def find(checkpoint, *, texts, progress=lambda share: None):
        asked.append(texts)
        run.stop()
        progress(0.5)
        return find_cells(checkpoint, texts=texts)

    monkeypatch.setattr(session, "find_cells", find)
    ending = train_records(run)
    assert ending["event"] == "finished" and ending["results"]["loss_nats"] > 0
    assert asked == [session.TEXTS, session.FEWER_TEXTS]
    assert not run.paths.stop.exists()


def test_a_training_that_finished_leaves_the_folder_to_others(finished):
    run, _ = finished
    assert not run.is_alive()
    assert not run.paths.stop.exists()
    assert not list(run.folder.glob("*.part"))
    assert run.timeline().status == "finished"


def test_the_started_event_describes_network_text_and_machine(finished, tiny_corpus):
    started = first_of("started", finished[1])
    vocabulary_size = len(set(tiny_corpus.text))
    v, e, first, second = vocabulary_size, 5, 8, 12
    by_hand = (
        v * e
        + 4 * first * (e + first + 1)
        + 4 * second * (first + second + 1)
        + v * (second + 1)
    )  # fmt: skip
    assert started["parameters"] == by_hand
    assert started["characters"] == len(tiny_corpus.text)
    assert started["backend"] == keras.backend.backend()
    assert started["blind_loss_nats"] == pytest.approx(np.log(vocabulary_size), abs=1e-3)
    assert "core" in started["device"] or started["device_kind"] == "gpu"


def test_training_lowers_the_loss_on_text_it_never_saw(finished):
    run, emitted = finished
    results = emitted[-1]["results"]
    blind = first_of("started", emitted)["blind_loss_nats"]
    assert results["loss_nats"] < 0.7 * blind
    assert results["cold_loss_nats"] < 0.7 * blind
    losses = [event["val_loss_nats"] for event in emitted if event["event"] == "validated"]
    assert losses[-1] < losses[0]
    assert losses[-1] == pytest.approx(results["cold_loss_nats"], rel=0.1)


def test_a_budget_in_epochs_ends_at_the_step_that_completes_it(finished, tiny_corpus):
    ending = finished[1][-1]
    training_characters = int(0.9 * len(tiny_corpus.text))
    assert ending["step"] == -(-3 * training_characters // STEPS_PER_EPOCH)


def test_the_results_are_those_of_the_checkpoint_as_it_is_stored(finished, tiny_corpus):
    run, emitted = finished
    checkpoint = load_checkpoint(run.paths.checkpoint)
    _, held_out = split(checkpoint.vocabulary.encode(tiny_corpus.text))
    assert evaluate(checkpoint.network, held_out).as_dict() == emitted[-1]["results"]
    assert checkpoint.training.results.to_json() == emitted[-1]["results"]


def test_the_checkpoint_records_its_training(finished, tiny_corpus):
    run, emitted = finished
    checkpoint = load_checkpoint(run.paths.checkpoint)
    training = checkpoint.training
    assert training.recipe == "tiny"
    assert training.text.sha256 == tiny_corpus.sha256
    assert training.steps == emitted[-1]["step"]
    assert training.characters_seen == emitted[-1]["step"] * STEPS_PER_EPOCH
    assert training.train_s == pytest.approx(emitted[-1]["elapsed_s"], abs=0.06)
    assert set(checkpoint.history) == {
        "running_loss_nats", "accuracy", "val_loss_nats", "val_accuracy",
    }  # fmt: skip
    assert len(checkpoint.history["val_loss_nats"]) >= 2
    last = [event for event in emitted if event["event"] == "sample"][-1]
    assert checkpoint.samples[-1].text == last["text"]
    assert len(last["text"]) == 300


def test_the_cells_of_the_stored_network_are_kept(finished):
    """Whichever they are: what a tiny network learns differs with the length of its chapters."""
    checkpoint = load_checkpoint(finished[0].paths.checkpoint)
    assert checkpoint.cells == find_cells(checkpoint)
    assert list(meanings(checkpoint)), "a small grammar of short lines is easily followed"


def test_measuring_at_the_end_is_no_part_of_the_training_time(finished):
    run, emitted = finished
    moments = [event["elapsed_s"] for event in emitted if event["event"] == "measuring"]
    assert set(moments) == {emitted[-1]["elapsed_s"]}


def test_a_budget_in_minutes_is_kept(tmp_path, tiny_corpus, tiny_recipe):
    """By the training's own clock, whatever the machine; how it counts: see test_callbacks.py."""
    run = create(tmp_path / "run", tiny_corpus, tiny_recipe, minutes=0.01)
    ending = train_records(run)
    assert ending["event"] == "finished"
    progress = [event for event in records(run) if event["event"] == "progress"]
    # Building and tracing are over when the clock starts; it stops with the step that is too late.
    assert all(event["share"] < 1 for event in progress[:-1])
    assert ending["elapsed_s"] >= 0.6


def test_a_training_that_was_killed_while_measuring_only_measures(finished, tmp_path):
    run = copy_of(finished[0], tmp_path / "run")
    lines = run.paths.events.read_bytes().splitlines(keepends=True)
    run.paths.events.write_bytes(b"".join(lines[:-2]))
    ending = train_records(run)
    assert ending["event"] == "finished"
    assert ending["results"] == finished[1][-1]["results"]
    assert ending["step"] == finished[1][-1]["step"]


# The notebook's windows


def test_the_notebooks_recipe_trains_stops_and_goes_on(tmp_path, tiny_corpus, monkeypatch):
    small = replace(RECIPES["notebook"], embedding_units=5, lstm_units=(8, 12), window=13)
    monkeypatch.setitem(RECIPES, "notebook", small)
    run = create(tmp_path / "run", tiny_corpus, small, epochs=1)
    assert train_records(run, stop_at(run, 1))["event"] == "stopped"
    stopped_at = records(run)[-1]["step"]
    ending = train_records(run)
    assert ending["event"] == "finished", ending
    check_events(run, starts=2)
    windows = -(-(len(tiny_corpus.text) - 13) // 3)
    train_windows = windows - -(-windows // 10)
    assert ending["step"] == -(-train_windows // 64) > stopped_at
    assert ending["results"]["random_split"]["leaky"] is True
    assert ending["results"]["loss_nats"] < first_of("started", records(run))["blind_loss_nats"]


# Overfitting


def test_a_training_that_overfits_keeps_the_version_that_was_best(
    tmp_path, tiny_recipe, monkeypatch
):
    """Letters without any rule: whatever is learned of them is memorised."""
    from safetensors.numpy import load_file

    letters = np.random.default_rng(1).choice(list("abcdefgh"), 2_100)
    large = replace(tiny_recipe, lstm_units=(24, 24), learning_rate=3e-2, dropout=0, weight_decay=0)
    monkeypatch.setitem(RECIPES, tiny_recipe.name, large)
    run = create(tmp_path / "run", paste("".join(letters)), large, epochs=20)
    ending = train_records(run)
    assert ending["event"] == "finished", ending
    kept = ending["kept_version"]
    assert 0 < kept["step"] < ending["step"] and kept["last_nats"] > kept["best_nats"] + 0.05
    checkpoint = load_checkpoint(run.paths.checkpoint)
    assert vars(checkpoint.training.kept_version) == kept
    best = load_file(run.paths.best)
    for name, array in checkpoint.weights.items():
        np.testing.assert_array_equal(array, best[name].astype(np.float16))
    # A training that goes on takes up the last version, not the best one.
    resumed = session_of(run)
    last = evaluate(
        Network(architecture_of(resumed), weights_of(resumed.material.models)),
        resumed.material.held_out_ids,
    )
    assert last.cold_loss_nats > ending["results"]["cold_loss_nats"] + 0.05


def test_a_training_that_is_still_learning_keeps_its_last_version(finished):
    run, emitted = finished
    assert "kept_version" not in emitted[-1]
    assert load_checkpoint(run.paths.checkpoint).training.kept_version is None
