"""A training that fails says why and what to do, and one that is killed can go on."""

from __future__ import annotations

import errno
import re
import shutil
import time
from contextlib import ExitStack

import numpy as np
import psutil
import pytest

pytest.importorskip("keras", reason="training needs Keras")

from charlstm.network.checkpoint import load_checkpoint
from charlstm.runs.ownership import training_place
from charlstm.runs.recipes import RECIPES, Budget
from charlstm.runs.run import Run
from charlstm.training import saving
from charlstm.training.session import TrainingSession
from charlstm.training.train import explain
from tests.full_disk import full_disk
from tests.tiny_runs import first_of, records, train_records
from tests.tiny_trainings import check_events, create
from tests.waiting import PATIENCE_S, wait_until

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


def test_a_training_whose_disk_fills_up_ends_in_words_and_goes_on_once_there_is_room(
    tmp_path, tiny_corpus, tiny_recipe
):
    run = create(tmp_path / "run", tiny_corpus, tiny_recipe, epochs=1)
    with ExitStack() as full:

        def fill_up(event):
            if event["event"] == "progress":
                full.enter_context(full_disk())

        ending = train_records(run, fill_up)
    assert ending["event"] == "failed" and "disk is full" in ending["message"]
    assert run.timeline().status == "interrupted", "there was no room for the event either"
    assert not run.is_alive() and training_place().pid() is None
    assert not list(run.folder.glob("*.part"))
    assert train_records(run)["event"] == "finished"
    assert load_checkpoint(run.paths.checkpoint).training.results is not None


@pytest.mark.parametrize("what", ["its folder", "the home folder"])
@pytest.mark.parametrize("kind", ["started", "progress", "measuring"])
def test_a_training_whose_folder_is_deleted_ends_in_words_and_leaves_the_place_free(
    what, kind, home, tiny_corpus, tiny_recipe, capfd
):
    run = create(home / "runs" / "run", tiny_corpus, tiny_recipe, epochs=1)
    told = []

    def delete(event):
        told.append(event)
        if event["event"] == kind:
            shutil.rmtree(run.folder if what == "its folder" else home)

    ending = train_records(run, delete)
    assert ending["event"] == "failed" and told[-1] == ending
    assert f"{run.folder} was deleted while the training went on" in ending["message"]
    assert "Traceback" not in capfd.readouterr().err
    assert not run.folder.exists() and training_place().pid() is None
    next_one = create(home / "runs" / "next", tiny_corpus, tiny_recipe, epochs=1)
    next_one.stop()
    assert train_records(next_one)["event"] == "stopped"


def test_a_clock_that_is_set_in_a_training_is_not_noticed(
    tmp_path, tiny_corpus, tiny_recipe, monkeypatch
):
    run, now = create(tmp_path / "run", tiny_corpus, tiny_recipe, epochs=1), time.time
    hours = iter([0, 5, -20, 9000, -1] * 100_000)
    monkeypatch.setattr(time, "time", lambda: now() + 3600 * next(hours))
    assert train_records(run)["event"] == "finished"
    check_events(run)  # the seconds only grow
    progress = [event for event in records(run) if event["event"] == "progress"]
    assert all(event["elapsed_s"] + event["eta_s"] < 3600 for event in progress)
    assert load_checkpoint(run.paths.checkpoint).training.train_s < 3600


def test_an_unknown_backend_is_named(tmp_path, tiny_corpus, tiny_recipe, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "abacus")
    ending = train_records(create(tmp_path / "run", tiny_corpus, tiny_recipe, minutes=1))
    assert ending["event"] == "failed"
    assert "'abacus'" in ending["message"]
    assert "tensorflow, jax, torch" in ending["message"]


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
        assert (
            first_of("started", records(run))["device_kind"] == "gpu"
            or trainer.nice() > psutil.Process().nice()
        )
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
