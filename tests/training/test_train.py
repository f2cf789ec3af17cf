"""Training: real networks of some hundred weights, and one process that is really killed."""

from __future__ import annotations

import errno
import json
import re
import shutil
from dataclasses import replace

import numpy as np
import psutil
import pytest

pytest.importorskip("keras", reason="training needs Keras")

import keras

from charlstm.analysis.cells import find_cells, meanings
from charlstm.analysis.evaluation import evaluate
from charlstm.network.checkpoint import load_checkpoint
from charlstm.network.lstm import Architecture, Network
from charlstm.runs.events import Ending
from charlstm.runs.recipes import RECIPES, Budget
from charlstm.runs.run import Run
from charlstm.runs.timeline import timeline_of
from charlstm.text.corpus import paste
from charlstm.text.split import split
from charlstm.training import saving, session
from charlstm.training.batches import batches
from charlstm.training.device import prepare_device
from charlstm.training.model import weights_of
from charlstm.training.saving import variables_of
from charlstm.training.session import EventRecorder, TrainingSession
from charlstm.training.train import explain
from tests.tiny_runs import create_run, records, train_records
from tests.waiting import PATIENCE_S, wait_until

STEPS_PER_EPOCH = 4 * 11  # lanes x window of the tiny recipe: characters of a step
FIELDS = {
    "started": {"step", "device", "backend", "parameters", "characters", "blind_loss_nats"},
    "progress": {
        "step", "epoch", "share", "running_loss_nats", "accuracy", "characters_per_s", "eta_s",
    },
    "validated": {"step", "val_loss_nats", "val_accuracy"},
    "sample": {"step", "text"},
    "saved": {"step"},
    "measuring": {"share"},
    "finished": {"step", "results", "pid"},
    "stopped": {"step", "results", "pid"},
    "failed": {"message", "pid"},
}  # fmt: skip


def create(folder, corpus, recipe, **budget) -> Run:
    return create_run(
        recipe=recipe, corpus=corpus, budget=Budget(**budget), random_seed=3, folder=folder
    )


def epochs_of(steps: int, corpus) -> float:
    return steps * STEPS_PER_EPOCH / int(0.9 * len(corpus.text))


def stop_at(run: Run, step: int):
    """Press Stop as soon as that step was taken."""

    def on_event(event):
        if event["event"] == "progress" and event["step"] >= step:
            run.stop()

    return on_event


def copy_of(run: Run, folder) -> Run:
    shutil.copytree(run.folder, folder)
    return Run(folder)


def session_of(run: Run) -> TrainingSession:
    """What goes on in the run folder, before its first step."""
    recorder = EventRecorder(run, timeline_of(run.events()), lambda event: None)
    return TrainingSession(run, prepare_device(), recorder)


def architecture_of(training: TrainingSession) -> Architecture:
    return training.recipe.architecture(len(training.material.vocabulary))


def tensors_of(path) -> dict[str, np.ndarray]:
    from safetensors.numpy import load_file

    return {name[:3]: array for name, array in load_file(path).items()}


def check_events(run: Run, starts: int = 1) -> None:
    """What holds for the events of every training."""
    events = records(run)
    for event in events:
        assert FIELDS[event["event"]] <= set(event), event
        assert event["elapsed_s"] >= 0
    begun = [index for index, event in enumerate(events) if event["event"] == "started"]
    ends = [index for index, event in enumerate(run.events()) if isinstance(event, Ending)]
    assert len(begun) == len(ends) == starts
    assert ends[-1] == len(events) - 1
    assert all(start < end for start, end in zip(begun, ends, strict=True))
    elapsed = [event["elapsed_s"] for event in events[begun[-1] :]]
    assert elapsed == sorted(elapsed)


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
    assert emitted[0]["event"] == "started"
    kinds = {event["event"] for event in emitted}
    assert kinds == {"started", "progress", "validated", "sample", "saved", "measuring", "finished"}


def test_a_training_that_finished_leaves_the_folder_to_others(finished):
    run, _ = finished
    assert not run.is_alive()
    assert not run.paths.stop.exists()
    assert not list(run.folder.glob("*.part"))
    assert run.timeline().status == "finished"


def test_the_started_event_describes_network_text_and_machine(finished, tiny_corpus):
    started = finished[1][0]
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
    blind = emitted[0]["blind_loss_nats"]
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
    resumed.material.models.training.fit(
        batches(resumed.material.data, first), steps_per_epoch=3, epochs=4, shuffle=False, verbose=0
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


def test_stop_before_the_first_step_still_keeps_a_model(tmp_path, tiny_corpus, tiny_recipe):
    run = create(tmp_path / "run", tiny_corpus, tiny_recipe, minutes=5)
    run.stop()
    assert train_records(run)["event"] == "stopped"
    check_events(run)
    assert records(run)[-1]["step"] == 1
    assert load_checkpoint(run.paths.checkpoint).training.steps == 1


def test_a_training_that_was_killed_while_measuring_only_measures(finished, tmp_path):
    run = copy_of(finished[0], tmp_path / "run")
    lines = run.paths.events.read_bytes().splitlines(keepends=True)
    run.paths.events.write_bytes(b"".join(lines[:-2]))
    ending = train_records(run)
    assert ending["event"] == "finished"
    assert ending["results"] == finished[1][-1]["results"]
    assert ending["step"] == finished[1][-1]["step"]


# What goes wrong


class ResourceExhaustedError(Exception):
    """Named as TensorFlow's."""


FAILURES = {
    "memory": (MemoryError(), "memory ran out.*quick"),
    "numpy": (np._core._exceptions._ArrayMemoryError((10**6,), np.dtype("f4")), "memory ran out"),
    "tensorflow": (ResourceExhaustedError("OOM when allocating tensor"), "memory ran out"),
    "jax": (RuntimeError("RESOURCE_EXHAUSTED: could not allocate 9 GB"), "memory ran out"),
    "torch": (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), "memory ran out"),
    "system": (OSError(errno.ENOMEM, "Cannot allocate memory"), "memory ran out"),
    "disk": (OSError(errno.ENOSPC, "No space left on device"), "disk is full.*Resume"),
    "loss": (FloatingPointError("the loss became nan at step 4"), "diverged.*random seed"),
    "other": (KeyError("what?"), "failed .*KeyError.*Resume"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_is_explained_with_advice(name):
    error, advice = FAILURES[name]
    message = explain(error)
    assert re.search(advice, message)
    assert len(message) < 400


@pytest.mark.parametrize("name", ["memory", "other"])
def test_a_failure_ends_the_training(name, tmp_path, tiny_corpus, tiny_recipe, monkeypatch, capfd):
    error, advice = FAILURES[name]

    def broken_step(self, soft_targets):
        raise error

    monkeypatch.setattr(TrainingSession, "warm_up", broken_step)
    run = create(tmp_path / "run", tiny_corpus, tiny_recipe, minutes=1)
    assert train_records(run)["event"] == "failed"
    check_events(run)
    assert re.search(advice, records(run)[-1]["message"])
    assert not run.is_alive()
    traceback = "Traceback" in capfd.readouterr().err
    assert traceback == (name == "other")  # of an error that nobody foresaw


def test_tensorflows_own_error_is_understood():
    tensorflow = pytest.importorskip("tensorflow", reason="an error of TensorFlow")
    error = tensorflow.errors.ResourceExhaustedError(None, None, "failed to allocate memory")
    assert "memory ran out" in explain(error)


def test_a_loss_that_is_no_number_fails_and_leaves_the_last_saved_moment_as_it_was(
    stopped, tmp_path, monkeypatch
):
    run = copy_of(stopped, tmp_path / "run")
    kept = run.paths.resume.read_bytes(), run.paths.checkpoint.read_bytes()
    real = session.compile_models

    def poisoned(models, recipe):
        real(models, recipe)
        models.training.compile(
            optimizer=models.training.optimizer,
            loss=lambda targets, logits: keras.ops.mean(logits) * float("nan"),
            metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
        )

    monkeypatch.setattr(session, "compile_models", poisoned)
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


def test_a_disk_that_is_full_when_saving_fails_with_advice(
    tmp_path, tiny_corpus, tiny_recipe, monkeypatch
):
    def full(tensors, metadata, path):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(saving, "write_tensors", full)
    run = create(tmp_path / "run", tiny_corpus, tiny_recipe, minutes=1)
    run.stop()
    assert train_records(run)["event"] == "failed"
    check_events(run)
    assert "disk is full" in records(run)[-1]["message"]


def test_a_disk_too_full_for_a_single_event_ends_without_a_crash(
    tmp_path, tiny_corpus, tiny_recipe, monkeypatch
):
    def full(self, event):
        raise OSError(errno.ENOSPC, "No space left on device")

    run = create(tmp_path / "run", tiny_corpus, tiny_recipe, minutes=1)
    monkeypatch.setattr(Run, "append", full)
    ending = train_records(run)
    assert ending["event"] == "failed"
    assert "disk is full" in ending["message"]
    assert not run.is_alive()


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


def test_an_unknown_backend_is_named(tmp_path, tiny_corpus, tiny_recipe, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "abacus")
    ending = train_records(create(tmp_path / "run", tiny_corpus, tiny_recipe, minutes=1))
    assert ending["event"] == "failed"
    assert "'abacus'" in ending["message"]
    assert "tensorflow, jax, torch" in ending["message"]


def test_what_a_killed_process_was_writing_is_cleared_away(stopped, tmp_path):
    run = copy_of(stopped, tmp_path / "run")
    leftover = run.folder / "resume.safetensors.4711.part"
    leftover.write_bytes(b"half")
    session_of(run)
    assert not leftover.exists()


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
    assert ending["results"]["loss_nats"] < records(run)[0]["blind_loss_nats"]


# A process of its own


def wait_for(run: Run, process, kind: str) -> dict:
    """The first event of a kind, of a process that trains."""

    def found() -> dict | None:
        return next((event for event in records(run) if event["event"] == kind), None)

    wait_until(lambda: found() or process.poll() is not None)
    event = found()
    assert event is not None, (run.folder / "log.txt").read_text()
    return event


def test_a_training_survives_kill_9_and_loses_at_most_thirty_seconds(
    tmp_path, tiny_corpus, monkeypatch
):
    monkeypatch.setenv("CHARLSTM_NICE", "1")
    """It goes on with what was saved last; how often that is: see test_callbacks.py."""
    run = create(tmp_path / "run", tiny_corpus, RECIPES["quick"], minutes=10)
    process = run.start()
    try:
        assert run.is_alive()
        assert run.timeline().status == "preparing"
        wait_for(run, process, "progress")
        trainer = psutil.Process(process.pid)
        assert records(run)[0]["device_kind"] == "gpu" or trainer.nice() > psutil.Process().nice()
        wait_for(run, process, "saved")
        process.kill()
        assert process.wait(PATIENCE_S) < 0
    finally:
        process.kill()
    killed = run.timeline()
    assert killed.status == "interrupted"
    assert not run.is_alive()
    saved = [event for event in records(run) if event["event"] == "saved"][-1]
    assert load_checkpoint(run.paths.checkpoint).training.steps == saved["step"]

    reported_s = max(killed.elapsed_s, saved["elapsed_s"])
    run.set_budget(Budget(minutes=(reported_s + 2) / 60))
    process = run.start()
    try:
        assert process.wait(PATIENCE_S) == 0, (run.folder / "log.txt").read_text()
    finally:
        process.kill()
    timeline = run.timeline()
    assert timeline.status == "finished"
    assert timeline.started.step == saved["step"]
    assert timeline.started.elapsed_s == pytest.approx(saved["elapsed_s"], abs=0.01)
    assert timeline.ending.elapsed_s >= reported_s + 2
    assert timeline.ending.step > saved["step"]
    results = load_checkpoint(run.paths.checkpoint).training.results
    assert results.loss_nats < timeline.baselines.blind_loss_nats


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
