"""Bad input is refused in one sentence, and so is a training that is running already."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from charlstm.command_line.commands import main
from charlstm.runs.recipes import QUICK, Budget
from charlstm.runs.run import Run
from tests.commands import answer, check_refusal
from tests.tiny_runs import append, create_run, records

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "checkpoints" / "tiny-shakespeare.safetensors"


def bad_inputs(text: Path, other: Path) -> dict[str, list]:
    train = ["train", "--text", text]
    return {
        "no command": [],
        "unknown command": ["learn"],
        "unknown option": [*train, "--speed", "9"],
        "unknown recipe": [*train, "--recipe", "medium"],
        "unknown style": [*train, "--style", "rhyme"],
        "unknown corpus": ["train", "--corpus", "hamlet"],
        "two texts": [*train, "--corpus", "practice-text"],
        "two budgets": [*train, "--minutes", "1", "--epochs", "1"],
        "no minutes": [*train, "--minutes", "0"],
        "negative minutes": [*train, "--minutes", "-1"],
        "minutes nan": [*train, "--minutes", "nan"],
        "minutes inf": [*train, "--minutes", "inf"],
        "minutes abc": [*train, "--minutes", "abc"],
        "minutes without end": [*train, "--minutes", "1e9"],
        "no epochs": [*train, "--epochs", "0"],
        "negative random seed": [*train, "--random-seed", "-1"],
        "large random seed": [*train, "--random-seed", str(2**32)],
        "random seed 1.5": [*train, "--random-seed", "1.5"],
        "missing text": ["train", "--text", other / "nothing.txt"],
        "folder as text": ["train", "--text", other],
        "binary text": ["train", "--text", other / "binary.bin"],
        "short text": ["train", "--text", other / "short.txt"],
        "empty text": ["train", "--text", other / "empty.txt"],
        "resume nothing": ["train", "--resume", other / "nothing"],
        "resume a folder": ["train", "--resume", other],
        "resume a damaged run": ["train", "--resume", other / "damaged"],
        "resume with a text": ["train", "--resume", other / "trained", "--text", text],
        "from nothing": [*train, "--from", other / "nothing.safetensors"],
        "from a text": [*train, "--from", text],
        "from a folder": [*train, "--from", other],
        "from an empty file": [*train, "--from", other / "empty.txt"],
        "from a model that was cut off": [*train, "--from", other / "half.safetensors"],
        "from a file of another program": [*train, "--from", other / "other.safetensors"],
        "from a model, but from which": [*train, "--from"],
        "resume with a model": ["train", "--resume", other / "trained", "--from", SHIPPED],
        "resume with a run": ["train", "--resume", other / "trained", "--run", other / "new"],
        "run that was trained": [*train, "--run", other / "trained"],
        "run without options that was trained": ["train", "--run", other / "trained"],
        "run in a folder of other files": [*train, "--run", other],
        "run that is a file": [*train, "--run", other / "short.txt"],
        "out in a missing folder": [*train, "--out", other / "missing" / "x.safetensors"],
        "out that is a folder": [*train, "--out", other],
        "evaluate nothing": ["evaluate", other / "nothing.safetensors"],
        "evaluate a text": ["evaluate", text],
        "evaluate a folder": ["evaluate", other],
        "evaluate an empty file": ["evaluate", other / "empty.txt"],
        "evaluate without a file": ["evaluate"],
        "generate from nothing": ["generate", other / "nothing.safetensors"],
        "generate from a text": ["generate", text],
        "info of an empty text": ["info", other / "empty.txt"],
        "info of nothing": ["info", other / "nothing.txt"],
        "info of a folder": ["info", other],
        "info of an empty name": ["info", ""],
    }


@pytest.mark.parametrize("name", bad_inputs(Path(), Path()))
def test_bad_input_is_answered_with_one_sentence(name, text_file, tmp_path, capsys, tiny_corpus):
    other = tmp_path / "other"
    for folder in (other, other / "damaged"):
        folder.mkdir()
    (other / "binary.bin").write_bytes(bytes(range(256)) * 40)
    (other / "short.txt").write_text("too short")
    (other / "empty.txt").touch()
    (other / "damaged" / "config.json").write_text("{")
    (other / "half.safetensors").write_bytes(SHIPPED.read_bytes()[:300_000])
    save_file({"a": np.zeros(3, np.float32)}, other / "other.safetensors")
    trained = create_run(
        recipe=QUICK, corpus=tiny_corpus, budget=Budget(minutes=1), random_seed=1,
        folder=other / "trained",
    )  # fmt: skip
    append(trained, "started", step=0, elapsed_s=0.0)
    before = sorted(tmp_path.rglob("*"))
    check_refusal(*answer(capsys, *bad_inputs(text_file, other)[name]))
    assert sorted(tmp_path.rglob("*")) == before  # and nothing was begun


def test_a_training_that_is_running_is_left_alone(tmp_path, tiny_corpus, capsys):
    run = create_run(
        recipe=QUICK, corpus=tiny_corpus, budget=Budget(minutes=1), random_seed=1,
        folder=tmp_path / "run",
    )  # fmt: skip
    sleeper = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        run.ownership.write(sleeper.pid)
        append(run, "started", step=0, elapsed_s=0.0)
        run.stop()
        code, _, err = answer(capsys, "train", "--resume", run.folder, "--minutes", "9")
        assert code == 2
        assert "running already" in err
        assert run.paths.stop.exists()  # somebody else's request
        assert run.config.budget == Budget(minutes=1)
        assert len(records(Run(run.folder))) == 1
    finally:
        sleeper.kill()
        sleeper.communicate()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("options", [["info"], ["info", "--json"], ["generate", "--length", "50"]])
def test_an_output_that_is_full_is_said_in_a_sentence(options):
    command, *more = options
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "charlstm", command, SHIPPED, *more],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "The disk is full: free some space, and try again."
    assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr


def test_help_is_no_error(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["train", "--help"])
    assert ended.value.code == 0
    assert "--minutes" in capsys.readouterr().out


def test_an_unknown_framework_is_refused_before_a_folder_is_made(home, capsys, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "abacus")
    code, out, err = answer(capsys, "train", "--corpus", "practice-text")
    check_refusal(code, out, err)
    assert "KERAS_BACKEND is 'abacus'; set it to one of tensorflow, jax, torch" in err
    assert not list(home.rglob("*quick*"))
