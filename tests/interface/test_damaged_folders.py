"""Whatever becomes of the files in a home folder, page and commands say it in a sentence."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from charlstm.analysis.training_text import text_at_hand
from charlstm.errors import CharLSTMError
from charlstm.interface.models import SHIPPED, ModelRegistry
from charlstm.interface.train import tab
from charlstm.interface.train.news import TrainingNews
from charlstm.interface.train.tab import NOTHING, Trainer
from charlstm.interface.watch.news import ReplayNews
from charlstm.interface.watch.tab import Replays
from charlstm.network.checkpoint import save_checkpoint
from charlstm.runs.ownership import training_place
from charlstm.runs.recipes import QUICK
from charlstm.runs.run import Run, Runs
from charlstm.training import train as training
from tests.commands import answer
from tests.damage import DAMAGES, check_sentence, modes_count
from tests.tiny_networks import random_checkpoint
from tests.tiny_runs import an_event, append, create_run

IN_FOLDER = (
    "config.json",
    "corpus.txt",
    "events.jsonl",
    "checkpoint.safetensors",
    "best.safetensors",
    "resume.safetensors",
    "odds.npy",
    "process.json",
    "process.lock",
    "log.txt",
    "stop",
)
IN_HOME = (
    "training.json",
    "training.lock",
    "fastest-ways.json",
    "fastest-ways.lock",
    "downloads/tiny-shakespeare.txt",
    "downloads",
)


@pytest.fixture(scope="module")
def built(tmp_path_factory, tiny_corpus) -> Path:
    """A home with two trainings, "a" and "b", and all that may lie in it."""
    home = tmp_path_factory.mktemp("built")
    (home / "downloads").mkdir()
    for name in ("a", "b"):
        run = create_run(
            recipe=QUICK,
            corpus=tiny_corpus,
            budget=QUICK.budget,
            random_seed=1,
            folder=home / "runs" / name,
        )
        append(run, "started")
        append(run, "sample", 1.0)
        append(run, "stopped", 1.0)
        save_checkpoint(random_checkpoint(), run.paths.checkpoint)
        shutil.copy(run.paths.checkpoint, run.paths.best)
        shutil.copy(run.paths.checkpoint, run.paths.resume)
        for path in (run.paths.soft_targets, run.paths.log, run.folder / "process.lock"):
            path.touch()
    for name in IN_HOME[:-1]:
        (home / name).write_text("{}")
    return home


@pytest.fixture
def copied(built, home, monkeypatch) -> Path:
    shutil.copytree(built, home)
    monkeypatch.setattr(tab, "measure_elsewhere", lambda recipe: None)
    # As if it trained in this very process.
    process = SimpleNamespace(pid=os.getpid(), wait=lambda: 0, kill=lambda: None)
    monkeypatch.setattr(Run, "_start_process", lambda run, option: process)
    return home


@contextmanager
def or_a_sentence():
    try:
        yield
    except CharLSTMError as error:
        check_sentence(error)


@pytest.fixture(params=DAMAGES)
def damage(request):
    return DAMAGES[request.param]


@pytest.mark.parametrize("name", [*IN_FOLDER, *IN_HOME])
def test_what_is_damaged_is_said_and_hides_nothing_else(name, damage, copied):
    damage(copied / name if name in IN_HOME else copied / "runs" / "b" / name)
    with modes_count():
        registry = ModelRegistry(Runs())
        assert not registry.runs.is_training()
        assert {SHIPPED, "a"} <= {model for _, model in registry.choices()}
        assert {SHIPPED, "a"} <= {model for _, model in Replays(registry).choices()}
        assert 'data-status="stopped"' in TrainingNews(registry, "a")(1)["status"]
        assert TrainingNews(registry, "b")(1)["status"]
        assert ReplayNews(registry, "a")(1)["order"]
        with or_a_sentence():
            assert ReplayNews(registry, "b")(1)["live"] is False
        with or_a_sentence():
            trained = registry.load("b")
            text_at_hand(trained.checkpoint.training, trained.folder)


@pytest.mark.parametrize("name", [*IN_FOLDER, *IN_HOME])
def test_what_is_damaged_is_no_riddle_when_it_is_pressed(name, damage, copied, tiny_corpus):
    damage(copied / name if name in IN_HOME else copied / "runs" / "b" / name)
    with modes_count():
        trainer = Trainer(ModelRegistry(Runs()))
        for source in ("tiny-shakespeare", "paste"):
            notes = trainer.describe(
                source, None, tiny_corpus.text, "verse", "quick", 3, "minutes", NOTHING
            )
            assert "Takes about" in notes[1]
        with or_a_sentence():
            trainer.write_with("b")
        with or_a_sentence():
            trainer.resume("b")
        with or_a_sentence():
            trainer.registry.source_model("b")
        for place in (Run(copied / "runs" / "b").ownership, training_place()):
            place.path.is_file() and place.release()


@pytest.mark.parametrize("name", IN_FOLDER)
def test_what_is_damaged_is_a_sentence_on_the_command_line(
    name, damage, copied, capsys, monkeypatch
):
    """The training itself is left out: what it makes of its files is tested beside it."""
    folder = copied / "runs" / "b"
    monkeypatch.setattr(training, "train", lambda run, follow: an_event("stopped"))
    damage(folder / name)
    with modes_count():
        code, _, err = answer(capsys, "train", "--resume", folder)
        assert code in (0, 2) and "Errno" not in err
        assert code == 0 or err.strip().splitlines()[-1].endswith(".")
        code, _, err = answer(capsys, "info", folder / "checkpoint.safetensors")
        assert code == (2 if name == "checkpoint.safetensors" else 0)
        if code:
            check_sentence(CharLSTMError(err.strip()))
