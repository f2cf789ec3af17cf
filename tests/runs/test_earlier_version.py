"""Run folders and checkpoints that an earlier version wrote: opened, and continued, as they are.

The folders in `earlier_version/` were made by charlstm before its events, configs and training
records had types, with the tiny recipe of the tests: a training that finished, one that was
stopped, one with a teacher, one that started from a model, one of the notebook's windows, and one
of which an earlier version was kept.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors import safe_open

from charlstm.analysis.baselines import measured_on
from charlstm.analysis.cells import meanings
from charlstm.analysis.training_text import is_training_text
from charlstm.interface.train.report import status_html
from charlstm.interface.watch.replay import replay_of_checkpoint, replay_of_run
from charlstm.network.checkpoint import load_checkpoint, save_checkpoint
from charlstm.runs.recipes import RECIPES
from charlstm.runs.run import Run
from charlstm.writing.sampling import Sampling
from charlstm.writing.single_text import write
from tests.tiny_runs import records, train_records

FOLDER = Path(__file__).parent / "earlier_version"
NAMES = sorted(path.name for path in FOLDER.iterdir())
STATUS = dict.fromkeys(NAMES, "finished") | {"stopped": "stopped"}
MEASURED_ON = dict.fromkeys(NAMES, "unseen") | {"fine-tuned": "unknown", "notebook": "leaky"}
every_run = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(autouse=True)
def recipes(tiny_recipe, monkeypatch):
    windows = replace(
        tiny_recipe, name="tiny-notebook", predicts_every_position=False, decays=False, window=20
    )
    monkeypatch.setitem(RECIPES, windows.name, windows)


@pytest.fixture
def run(name, tmp_path) -> Run:
    return Run(shutil.copytree(FOLDER / name, tmp_path / name))


def lines_of(run: Run) -> list[dict]:
    return [json.loads(line) for line in run.paths.events.read_text("utf-8").splitlines()]


def test_all_kinds_of_trainings_are_there():
    assert NAMES == ["fine-tuned", "finished", "kept", "notebook", "stopped", "taught"]


@every_run
def test_every_event_is_read_and_would_be_written_like_this_again(name, run):
    assert records(run) == lines_of(run)


@every_run
def test_the_config_is_read_and_would_be_written_like_this_again(name, run):
    written = json.loads(json.dumps(run.config.to_json()))
    assert written == json.loads(run.paths.config.read_text("utf-8"))
    assert is_training_text(run.text(), load_checkpoint(run.paths.checkpoint).training)
    assert (run.source_checkpoint() is not None) == (name == "fine-tuned")
    assert len(run.teacher_checkpoints()) == (name == "taught")


@every_run
def test_the_training_record_is_read_in_full(name, run, tmp_path):
    """Written again it is the same to the letter, so that nothing in it was left unread."""

    def metadata(path: Path) -> dict[str, str]:
        with safe_open(path, framework="numpy") as file:
            return file.metadata()

    save_checkpoint(load_checkpoint(run.paths.checkpoint), tmp_path / "again.safetensors")
    assert metadata(tmp_path / "again.safetensors") == metadata(run.paths.checkpoint)


@every_run
def test_its_timeline_figures_and_samples_are_shown(name, run):
    timeline = run.timeline()
    assert timeline.status == STATUS[name]
    assert (timeline.kept_version is not None) == (name == "kept")
    training = load_checkpoint(run.paths.checkpoint).training
    assert measured_on(training) == run.config.exposure == MEASURED_ON[name]
    html = status_html(run, timeline)
    assert f'data-status="{STATUS[name]}"' in html and "of the next characters right" in html
    assert len(replay_of_run(run, timeline).snapshots) > 1


@every_run
def test_its_model_writes_and_is_looked_into(name, run):
    checkpoint = load_checkpoint(run.paths.checkpoint)
    pieces = write(checkpoint, "the ", length=20, sampling=Sampling(temperature=0.8), random_seed=1)
    assert len("".join(pieces)) == 20
    assert len(list(meanings(checkpoint))) == len(checkpoint.cells)
    assert len(replay_of_checkpoint(checkpoint).snapshots) > 1


@pytest.mark.parametrize("name", ["stopped"])
def test_a_training_that_it_stopped_goes_on(name, run):
    pytest.importorskip("keras", reason="training needs Keras")
    from charlstm.training.device import prepare_device

    device = prepare_device()
    if (device.kind, device.backend) != ("cpu", "tensorflow"):
        pytest.skip("the resume file was written by TensorFlow on a processor")
    stopped_at = records(run)[-1]["step"]
    run.set_budget(replace(run.config.budget, epochs=0.6))
    ending = train_records(run)
    assert ending["event"] == "finished", ending
    assert ending["step"] > stopped_at
    started = [event for event in records(run) if event["event"] == "started"]
    assert started[-1]["step"] == stopped_at
