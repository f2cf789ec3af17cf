"""A training that was stopped goes on where it was, unless what it kept is damaged."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("keras", reason="training needs Keras")

import keras

from charlstm.network.checkpoint import load_checkpoint
from charlstm.runs.recipes import Budget
from charlstm.runs.run import Run
from charlstm.training import session
from charlstm.training.batches import batches
from charlstm.training.saving import variables_of
from tests.tiny_runs import records, train_records
from tests.tiny_trainings import (
    STEPS_PER_EPOCH,
    architecture_of,
    check_events,
    copy_of,
    create,
    session_of,
    stop_at,
)


def epochs_of(steps: int, corpus) -> float:
    return steps * STEPS_PER_EPOCH / int(0.9 * len(corpus.text))


def tensors_of(path) -> dict[str, np.ndarray]:
    from safetensors.numpy import load_file

    return {name[:3]: array for name, array in load_file(path).items()}


# Stopping and going on


@pytest.fixture(scope="module")
def stopped(tmp_path_factory, tiny_corpus, tiny_recipe):
    """A training of 60 steps that was stopped on its way."""
    run = create(
        tmp_path_factory.mktemp("stopped") / "run",
        tiny_corpus,
        tiny_recipe,
        epochs=epochs_of(60, tiny_corpus),
    )
    asked = stop_at(run, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("charlstm.training.callbacks.PROGRESS_EVERY_S", 0)  # every step is emitted
        ending = train_records(run, asked)
    assert ending["event"] == "stopped", ending
    return run


def test_a_stopped_training_keeps_its_model(stopped):
    check_events(stopped)
    assert stopped.timeline().status == "stopped"
    checkpoint = load_checkpoint(stopped.paths.checkpoint)
    assert checkpoint.training.steps == records(stopped)[-1]["step"] < 60
    assert not stopped.paths.stop.exists()


def test_going_on_begins_with_the_saved_variables_step_and_text(stopped, tmp_path):
    run = copy_of(stopped, tmp_path / "run")
    saved = tensors_of(run.paths.resume)
    resumed = session_of(run)
    step = records(run)[-1]["step"]
    assert resumed.clock.step == step
    assert resumed.clock.elapsed_s == pytest.approx(records(run)[-1]["elapsed_s"], abs=0.01)
    taken_up = {name[:3]: array for name, array in variables_of(resumed.material.models).items()}
    assert set(taken_up) == set(saved)
    assert all(np.array_equal(taken_up[place], saved[place]) for place in saved)
    assert len(saved) > 3 * len(architecture_of(resumed).weight_shapes())  # AdamW keeps two of each
    inputs, targets = next(batches(resumed.material.data, resumed.clock.step))
    expected = resumed.material.data.batch(step)
    assert np.array_equal(inputs["ids"], expected.ids)
    assert np.array_equal(targets, expected.targets)


def test_preparing_changes_nothing_of_what_was_saved(stopped, tmp_path):
    resumed = session_of(copy_of(stopped, tmp_path / "run"))
    before = variables_of(resumed.material.models)
    assert resumed.warm_up(None) >= 1
    after = variables_of(resumed.material.models)
    assert all(np.array_equal(before[name], after[name]) for name in before)


@pytest.mark.skipif(
    keras.backend.backend() == "jax",
    reason="JAX changes the learning rate between chapters, whose length is a matter of time",
)
def test_a_training_that_was_stopped_and_resumed_ends_as_one_in_one_go(
    stopped, tmp_path, tiny_corpus, tiny_recipe, monkeypatch
):
    monkeypatch.setattr(session, "CHAPTER_S", 0.05)
    resumed = copy_of(stopped, tmp_path / "resumed")
    stopped_at = records(resumed)[-1]["step"]
    assert train_records(resumed)["event"] == "finished"
    check_events(resumed, starts=2)
    started = [event for event in records(resumed) if event["event"] == "started"]
    assert [event["step"] for event in started] == [0, stopped_at]
    steps = [event.step for event in resumed.timeline().progress.points]
    assert steps == sorted(set(steps))

    whole = create(tmp_path / "whole", tiny_corpus, tiny_recipe, epochs=epochs_of(60, tiny_corpus))
    assert train_records(whole)["event"] == "finished"
    assert records(resumed)[-1]["step"] == records(whole)[-1]["step"] == 60
    one, other = tensors_of(resumed.paths.resume), tensors_of(whole.paths.resume)
    for place in one:
        assert np.allclose(one[place], other[place], atol=1e-5), place


def test_chapters_read_the_text_without_gaps(stopped, tmp_path, monkeypatch):
    run = copy_of(stopped, tmp_path / "run")
    resumed = session_of(run)
    read = []
    real = resumed.material.data.batch
    monkeypatch.setattr(
        type(resumed.material.data), "batch", lambda self, step: (read.append(step), real(step))[1]
    )
    first = resumed.clock.step
    models = resumed.material.models
    models.training.fit(
        models.feed(resumed.material.data, first),
        steps_per_epoch=3,
        epochs=4,
        shuffle=False,
        verbose=0,
    )
    assert read[:12] == list(range(first, first + 12))


def test_who_presses_stop_does_not_wait_for_slow_measurements_and_samples(
    tmp_path, tiny_corpus, tiny_recipe, monkeypatch
):
    run = create(tmp_path / "run", tiny_corpus, tiny_recipe, minutes=5)
    monkeypatch.setattr(session, "STOP_PATIENCE_S", 0)
    asked = stop_at(run, 1)
    assert train_records(run, asked)["event"] == "stopped"
    kinds = [event["event"] for event in records(run)]
    assert kinds[-4:] == ["progress", "saved", "saved", "stopped"]  # then with its cells


def test_a_training_that_has_finished_goes_on_with_a_larger_budget(
    tmp_path, tiny_corpus, tiny_recipe
):
    run = create(tmp_path / "run", tiny_corpus, tiny_recipe, epochs=1)
    first = train_records(run)
    run.set_budget(Budget(epochs=2))
    second = train_records(run)
    assert (first["event"], second["event"]) == ("finished", "finished")
    check_events(run, starts=2)
    assert (round(first["epoch"]), round(second["epoch"])) == (1, 2)
    assert second["results"]["loss_nats"] < first["results"]["loss_nats"]
    assert load_checkpoint(run.paths.checkpoint).training.budget.epochs == 2


def test_stop_before_the_first_step_still_keeps_a_model(tmp_path, tiny_corpus, tiny_recipe):
    run = create(tmp_path / "run", tiny_corpus, tiny_recipe, minutes=5)
    run.stop()
    assert train_records(run)["event"] == "stopped"
    check_events(run)
    assert records(run)[-1]["step"] == 1
    assert load_checkpoint(run.paths.checkpoint).training.steps == 1


# What goes wrong


def test_a_loss_that_is_no_number_fails_and_leaves_the_last_saved_moment_as_it_was(
    stopped, tmp_path, monkeypatch
):
    run = copy_of(stopped, tmp_path / "run")
    kept = run.paths.resume.read_bytes(), run.paths.checkpoint.read_bytes()
    real = session.TrainingSession.warm_up

    def then_poison(self, soft_targets):
        steps = real(self, soft_targets)
        for variable in self.material.models.cold.trainable_variables:
            variable.assign(variable * float("nan"))
        return steps

    monkeypatch.setattr(session.TrainingSession, "warm_up", then_poison)
    assert train_records(run)["event"] == "failed"
    assert "random seed" in records(run)[-1]["message"]
    assert (run.paths.resume.read_bytes(), run.paths.checkpoint.read_bytes()) == kept


def test_weights_that_are_no_numbers_are_not_saved(stopped, tmp_path):
    run = copy_of(stopped, tmp_path / "run")
    kept = run.paths.resume.read_bytes(), run.paths.checkpoint.read_bytes()
    resumed = session_of(run)
    variable = resumed.material.models.cold.trainable_variables[0]
    variable.assign(np.full(variable.shape, np.nan, np.float32))
    with pytest.raises(Exception, match="diverged"):
        resumed.save()
    assert (run.paths.resume.read_bytes(), run.paths.checkpoint.read_bytes()) == kept


def _cut_in_half(run: Run) -> None:
    data = run.paths.resume.read_bytes()
    run.paths.resume.write_bytes(data[: len(data) // 2])


def _without_position(run: Run) -> None:
    from safetensors.numpy import save_file

    save_file({"000/x": np.zeros(2, np.float32)}, run.paths.resume)


def _of_another_network(run: Run) -> None:
    from safetensors.numpy import load_file, save_file

    tensors = load_file(run.paths.resume)
    first = sorted(tensors)[0]
    tensors[first] = np.zeros((3, 2), np.float32)
    position = {"step": 1, "elapsed_s": 1.0, "backend": keras.backend.backend()}
    save_file(tensors, run.paths.resume, {"position": json.dumps(position)})


def _of_another_backend(run: Run) -> None:
    from safetensors.numpy import load_file, save_file

    position = {"step": 1, "elapsed_s": 1.0, "backend": "abacus"}
    save_file(load_file(run.paths.resume), run.paths.resume, {"position": json.dumps(position)})


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_cut_in_half, "is damaged"),
        (_without_position, "is damaged"),
        (_of_another_network, "another version of the recipe"),
        (_of_another_backend, "KERAS_BACKEND=abacus"),
        (lambda run: run.paths.resume.write_bytes(b""), "is damaged"),
        (lambda run: (run.folder / "corpus.txt").unlink(), "is missing its corpus.txt"),
        (lambda run: (run.folder / "corpus.txt").write_text("x"), "was changed"),
        (lambda run: run.paths.config.write_text("{"), "config.json is damaged"),
    ],
    ids=["half", "empty_metadata", "network", "backend", "empty", "no_text", "text", "config"],
)
def test_a_damaged_folder_fails_with_one_sentence(stopped, tmp_path, damage, message, capfd):
    run = copy_of(stopped, tmp_path / "run")
    damage(run)
    ending = train_records(run)
    assert ending["event"] == "failed"
    assert message in ending["message"]
    assert "\n" not in ending["message"]
    assert "Traceback" not in capfd.readouterr().err


def test_what_a_killed_process_was_writing_is_cleared_away(stopped, tmp_path):
    run = copy_of(stopped, tmp_path / "run")
    leftover = run.folder / "resume.safetensors.4711.part"
    leftover.write_bytes(b"half")
    session_of(run)
    assert not leftover.exists()
