"""Learning from teachers: what they expect, and that a student takes it in."""

from __future__ import annotations

import errno
import os
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from charlstm.runs.recipes import QUICK, Budget
from charlstm.runs.source_model import SourceModel
from charlstm.text.split import split
from charlstm.training.teachers import soft_targets
from charlstm.training.train import explain
from tests.damage import DAMAGES, modes_count
from tests.tiny_networks import random_checkpoint
from tests.tiny_runs import create_run, first_of, records, train_records

# What they expect


def expected_by_hand(teachers, ids) -> np.ndarray:
    """Reads the text in 64 stretches, one after another, a character at a time."""
    length = -(-len(ids) // 64)
    rows = []
    for first in range(0, len(ids), length):
        states = [teacher.network.start() for teacher in teachers]
        for character in ids[first : first + length]:
            mean = 0
            for place, teacher in enumerate(teachers):
                logits, states[place] = teacher.network.step(np.array([character]), states[place])
                mean = mean + np.exp(logits[0]) / np.exp(logits[0]).sum() / len(teachers)
            rows.append(mean)
    return np.array(rows)


@given(st.integers(1, 400), st.integers(1, 3))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_odds_are_the_mean_of_what_each_teacher_expects(tmp_path, characters, count):
    path = tmp_path / "odds.npy"
    path.unlink(missing_ok=True)
    teachers = [random_checkpoint(random_seed=seed) for seed in range(count)]
    ids = np.random.default_rng(characters).integers(0, 11, characters)
    odds = soft_targets(teachers, ids, path)
    assert odds.shape == (characters, 11) and odds.dtype == np.float16
    np.testing.assert_allclose(odds, expected_by_hand(teachers, ids), rtol=2e-3, atol=1e-4)


def test_odds_that_an_interrupted_training_left_are_taken_up_if_they_fit(tmp_path):
    path, shares = tmp_path / "odds.npy", []
    ids = np.arange(200) % 11
    first = np.array(soft_targets([random_checkpoint()], ids, path, shares.append))
    assert shares[-1] == 1.0 and shares == sorted(shares)
    again = soft_targets([random_checkpoint(random_seed=5)], ids, path)  # not asked again
    np.testing.assert_array_equal(again, first)
    np.save(path, np.zeros((3, 11), np.float16))  # of another text
    np.testing.assert_array_equal(soft_targets([random_checkpoint()], ids, path), first)
    assert [file.name for file in tmp_path.iterdir()] == ["odds.npy"]


@pytest.mark.parametrize("name", [name for name in DAMAGES if name != "folder"])
def test_odds_that_are_damaged_are_asked_for_again(name, tmp_path):
    path, ids = tmp_path / "odds.npy", np.arange(200) % 11
    expected = np.array(soft_targets([random_checkpoint()], ids, path))
    DAMAGES[name](path)
    with modes_count():
        again = soft_targets([random_checkpoint()], ids, path)
    np.testing.assert_array_equal(again, expected)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no room can be reserved")
def test_a_disk_without_room_for_the_odds_is_an_error_and_kills_nobody(tmp_path, monkeypatch):
    reserved = []

    def full(file, begin, num_bytes):
        reserved.append(num_bytes)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError) as caught:
        soft_targets([random_checkpoint()], np.arange(200) % 11, tmp_path / "odds.npy")
    assert reserved[0] >= 200 * 11 * 2 and "disk is full" in explain(caught.value)


# The training


@pytest.fixture(scope="module")
def trained(tmp_path_factory, tiny_corpus, tiny_recipe):
    """Trains the tiny recipe, with or without teachers; returns its run."""
    pytest.importorskip("keras", reason="training needs Keras")

    def trained(name, teachers=(), random_seed=3, on_event=lambda run, event: None):
        run = create_run(
            recipe=tiny_recipe,
            corpus=tiny_corpus,
            budget=Budget(epochs=4),
            random_seed=random_seed,
            folder=tmp_path_factory.mktemp("trained") / name,
            teachers=[SourceModel.read(path) for path in teachers],
        )
        ending = train_records(run, lambda event: on_event(run, event))
        assert ending["event"] != "failed", ending
        return run

    return trained


@pytest.fixture(scope="module")
def alone(trained):
    return trained("alone")


def test_a_student_thinks_more_like_its_teacher_than_who_learned_alone(trained, alone, tmp_path):
    from charlstm.network.checkpoint import load_checkpoint

    taught = trained("taught", [alone.paths.checkpoint], random_seed=4)
    other = trained("other", random_seed=4)
    checkpoint = load_checkpoint(alone.paths.checkpoint)
    ids = split(checkpoint.vocabulary.encode(alone.text()))[0]
    expected = soft_targets([checkpoint], ids, tmp_path / "alone.npy").astype(np.float64)

    def distance(run) -> float:
        """Mean Kullback-Leibler divergence from what the teacher expects, nats."""
        student = load_checkpoint(run.paths.checkpoint)
        odds = soft_targets([student], ids, tmp_path / f"{run.name}.npy").astype(np.float64)
        return float((expected * np.log((expected + 1e-7) / (odds + 1e-7))).sum(-1).mean())

    assert distance(taught) < 0.8 * distance(other)
    assert load_checkpoint(taught.paths.checkpoint).training.teachers[0].name == "alone"
    assert not taught.paths.soft_targets.exists()
    losses = [e["running_loss_nats"] for e in records(taught) if e["event"] == "progress"]
    assert losses[-1] < losses[0]


def test_a_stopped_training_with_teachers_goes_on(trained, alone):

    def stop(run, event):
        if event["event"] == "progress" and event["step"] >= 20:
            run.stop()

    run = trained("stopped", [alone.paths.checkpoint], on_event=stop)
    assert records(run)[-1]["event"] == "stopped"
    assert run.paths.soft_targets.exists()
    events = []
    assert train_records(run, events.append)["event"] == "finished"
    assert "asking_teachers" not in [event["event"] for event in events]
    assert first_of("started", events)["step"] >= 20


def test_the_loss_is_shared_between_text_and_teachers():
    pytest.importorskip("keras", reason="training needs Keras")
    from dataclasses import replace

    import keras

    from charlstm.training.model import build_models, compile_models

    recipe = replace(
        QUICK, lanes=2, window=3, lstm_units=(4,), embedding_units=3, dropout=0, teachers_share=0.7
    )
    models = build_models(recipe, recipe.architecture(5), taught=True)
    compile_models(models, recipe)
    rng = np.random.default_rng(0)
    ids, targets = rng.integers(0, 5, (2, 2, 3)).astype(np.int32)
    odds = rng.dirichlet(np.ones(5), (2, 3)).astype(np.float32)
    inputs = {"ids": ids, "keep": np.zeros((2, 1), np.float32)}
    logits = keras.ops.convert_to_numpy(models.cold(ids))
    log_odds = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    of_text = -np.take_along_axis(log_odds, targets[..., None], -1).mean()
    of_teachers = -(odds * log_odds).sum(-1).mean()
    logs = models.training.test_on_batch(
        inputs, {"text": targets, "teachers": odds}, return_dict=True
    )
    assert logs["text_loss"] == pytest.approx(of_text, abs=1e-5)
    assert logs["loss"] == pytest.approx(0.3 * of_text + 0.7 * of_teachers, abs=1e-5)
