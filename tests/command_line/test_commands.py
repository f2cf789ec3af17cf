"""python -m charlstm train | evaluate | generate | info; for the others see test_hub.py."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from charlstm.command_line.arguments import build_parser
from charlstm.command_line.preparation import prepare_run
from charlstm.network.checkpoint import load_checkpoint, save_checkpoint
from charlstm.network.training_record import KeptVersion
from charlstm.runs.events import Failed
from charlstm.runs.fastest_way import FIRST_TIME
from charlstm.runs.recipes import QUICK, Budget
from charlstm.runs.run import Run
from charlstm.runs.source_model import SourceModel
from charlstm.text.corpus import read_file
from tests.commands import answer, check_refusal
from tests.tiny_networks import random_checkpoint
from tests.tiny_runs import append, create_run, records
from tests.waiting import PATIENCE_S, wait_until

ROOT = Path(__file__).resolve().parents[2]
FIGURES = {"loss_nats", "cold_loss_nats", "bits_per_char", "perplexity", "accuracy", "characters",
           "parameters"}  # fmt: skip


def command(*arguments, home, **options) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "charlstm", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "CHARLSTM_HOME": str(home)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        **options,
    )


@pytest.fixture(scope="module")
def trained(folder, text_file):
    """What `train` printed, and where it put the checkpoint."""
    pytest.importorskip("keras", reason="training needs Keras")
    out = folder / "mine.safetensors"
    process = command(
        "train", "--text", text_file, "--epochs", "30", "--random-seed", "4",
        "--out", out, "--run", folder / "run", "--json", home=folder / "home",
    )  # fmt: skip
    stdout, stderr = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, stderr
    return stdout, stderr, out


def last_json(stdout: str) -> dict:
    return json.loads(stdout.splitlines()[-1])


# train


def test_train_prints_one_json_object_and_says_the_rest_on_standard_error(trained, tiny_corpus):
    stdout, stderr, out = trained
    assert len(stdout.splitlines()) == 1
    record = last_json(stdout)
    assert FIGURES | {"checkpoint", "train_s", "device", "backend"} <= set(record)
    assert record["status"] == "finished"
    assert record["checkpoint"] == str(out)
    assert record["train_s"] > 0
    assert 0 < record["loss_nats"] < 0.8 * record["blind_loss_nats"]
    assert "Run folder:" in stderr
    assert "characters/s" in stderr
    assert "Traceback" not in stderr
    assert "Warning" not in stderr
    assert "of text it never saw:" in stderr and "(perplexity)" in stderr
    assert f"This is a short text: {len(tiny_corpus.text):,} characters." in stderr
    assert record["four_gram_loss_nats"] < record["blind_loss_nats"]


def test_the_run_folder_is_where_it_was_asked_for_and_says_what_was_asked(trained, folder):
    run = Run(folder / "run")
    assert run.config.random_seed == 4
    assert run.config.budget == Budget(epochs=30)
    assert run.config.recipe is QUICK
    assert run.timeline().status == "finished"
    assert (folder / "mine.safetensors").read_bytes() == run.paths.checkpoint.read_bytes()


def test_a_finished_training_is_not_resumed_without_more_time(trained, folder, capsys):
    run = Run(folder / "run")
    before = records(run)
    code, _, err = answer(capsys, "train", "--resume", run.folder)
    assert code == 2
    assert "whole budget" in err
    assert records(Run(run.folder)) == before


def test_ctrl_c_stops_after_the_step_and_keeps_the_model(tmp_path, text_file):
    pytest.importorskip("keras", reason="training needs Keras")
    if os.name == "nt":
        pytest.skip("Windows sends Ctrl-C to a whole console")
    run = Run(tmp_path / "run")
    out = tmp_path / "out.safetensors"

    def has_come(kind: str) -> bool:
        return any(event["event"] == kind for event in records(run))

    process = command(
        "train", "--text", text_file, "--epochs", "1000", "--run", run.folder, "--out", out,
        "--json", home=tmp_path,
    )  # fmt: skip
    try:
        wait_until(lambda: process.poll() is not None or has_come("progress"))
        assert process.poll() is None, process.communicate()
        process.send_signal(signal.SIGINT)
        wait_until(lambda: has_come("stopped"))
        stdout, stderr = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
    assert process.returncode == 0, stderr
    assert run.timeline().status == "stopped"
    assert f"--resume {run.folder}" in stderr
    assert last_json(stdout)["status"] == "stopped"
    assert load_checkpoint(out).training.steps == records(run)[-1]["step"]


def test_stop_is_heard_by_a_process_that_the_page_has_just_started(tmp_path, tiny_corpus):
    run = create_run(
        recipe=QUICK, corpus=tiny_corpus, budget=Budget(minutes=1), random_seed=1,
        folder=tmp_path / "run",
    )  # fmt: skip
    append(run, "started", step=0, elapsed_s=0.0)
    run.stop()
    arguments = build_parser().parse_args(["train", "--resume", str(run.folder)])
    prepare_run(arguments)
    assert not run.paths.stop.exists()  # left over from before: whoever resumes wants to go on
    run.ownership.claim()  # as the page does for the process that it starts
    run.stop()
    prepare_run(arguments)
    assert run.paths.stop.exists()


def test_a_training_that_starts_from_a_model_says_so_and_what_is_new(
    trained, tmp_path, tiny_corpus, capsys
):
    start = tmp_path / "start.safetensors"
    start.write_bytes(trained[2].read_bytes())
    text = tmp_path / "new.txt"
    text.write_text(tiny_corpus.text.replace("king", "k~ng"), encoding="utf-8")
    run = Run(tmp_path / "tuned")
    process = command(
        "train", "--from", start, "--text", text, "--epochs", "1", "--run", run.folder,
        "--json", home=tmp_path,
    )  # fmt: skip
    stdout, stderr = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, stderr
    assert "starts from the model “start.safetensors”" in stderr
    assert "does not know 1 character of this text: ~. It starts from scratch." in stderr
    assert "Traceback" not in stderr and "Warning" not in stderr
    record = last_json(stdout)
    assert record["status"] == "finished"
    first = next(event for event in records(run) if event["event"] == "validated")
    assert first["val_loss_nats"] < first_loss_of(trained) - 0.3, "it knew something already"
    code, out, _ = answer(capsys, "info", run.paths.checkpoint)
    assert code == 0
    assert "Started from: the model start.safetensors, which had learned from" in out


def first_loss_of(trained) -> float:
    events = records(Run(trained[2].parent / "run"))
    return next(event for event in events if event["event"] == "validated")["val_loss_nats"]


def test_a_model_that_started_from_one_that_leaks_is_not_called_fair(
    trained, tmp_path, text_file, capsys
):
    checkpoint = load_checkpoint(trained[2])
    path = tmp_path / "tuned.safetensors"
    source = SourceModel.read(trained[2]).record(read_file(text_file))
    for held_out in ("unseen", "seen"):
        training = replace(checkpoint.training, source=replace(source, held_out=held_out))
        save_checkpoint(replace(checkpoint, training=training), path)
        _, _, err = answer(capsys, "evaluate", path, "--text", text_file)
        assert ("too good" in err) == (held_out == "seen")


@pytest.mark.parametrize(("backend", "says_so"), [("tensorflow", True), ("torch", False)])
def test_only_a_training_that_measures_the_processor_says_so(
    backend, says_so, text_file, monkeypatch, capsys
):
    monkeypatch.setenv("KERAS_BACKEND", backend)
    monkeypatch.setattr("charlstm.command_line.commands.check_can_train", lambda: None)  # torch
    monkeypatch.setattr("charlstm.runs.fastest_way.expected_device_kind", lambda: "cpu")
    failed = Failed(elapsed_s=0.0, pid=1, message="why")
    monkeypatch.setattr("charlstm.training.train.train", lambda run, follow: failed)
    monkeypatch.setattr("charlstm.command_line.commands._stop_on_signals", lambda run: None)
    code, _, err = answer(capsys, "train", "--text", text_file)
    assert code == 1 and err.endswith("why\n")
    assert (FIRST_TIME in err) == says_so


# evaluate


def test_evaluate_measures_what_train_reported(trained, text_file, capsys):
    code, out, err = answer(capsys, "evaluate", trained[2], "--text", text_file, "--json")
    assert code == 0
    reported = last_json(trained[0])
    figures = last_json(out)
    assert FIGURES <= set(figures)
    assert {name: figures[name] for name in FIGURES} == {name: reported[name] for name in FIGURES}
    assert figures["measured_on"] == "unseen" and figures["notices"] == []
    assert f"On {figures['characters']:,} characters of text it never saw:" in err
    for name in ("four_gram_loss_nats", "four_gram_accuracy", "blind_loss_nats"):
        assert figures[name] == pytest.approx(reported[name], abs=1e-4)
    assert figures["four_gram_bits_per_char"] == figures["four_gram_loss_nats"] / math.log(2)
    assert figures["four_gram_perplexity"] == math.exp(figures["four_gram_loss_nats"])


def test_evaluate_says_that_the_held_out_text_helped_to_choose_a_version(
    trained, tmp_path, text_file, tiny_corpus, capsys
):
    checkpoint = load_checkpoint(trained[2])
    path = tmp_path / "kept.safetensors"
    kept = KeptVersion(step=3, elapsed_s=1.0, best_nats=1.5, last_nats=1.7)
    training = replace(checkpoint.training, kept_version=kept)
    save_checkpoint(replace(checkpoint, training=training), path)
    assert "flatter it a little" in answer(capsys, "evaluate", path, "--text", text_file)[2]
    other = tmp_path / "other.txt"
    other.write_text(tiny_corpus.text[::-1], encoding="utf-8")
    assert "flatter" not in answer(capsys, "evaluate", path, "--text", other)[2]


def test_without_json_the_table_is_the_result(trained, text_file, capsys):
    code, out, err = answer(capsys, "evaluate", trained[2], "--text", text_file)
    assert code == 0
    lines = out.splitlines()
    assert lines[1].split() == ["this", "model", "4-gram", "blind"]
    assert [line.split("  ")[0] for line in lines[2:6]] == [
        "How surprised it is by each character (loss, nats)",
        "Like choosing among this many letters (perplexity)",
        "Right guesses (accuracy)",
        "Bits per character",
    ]
    assert "cold start" in lines[-1]
    assert "characters" not in err, "no table there too"


def test_another_text_is_never_called_unseen(trained, tmp_path, tiny_corpus, capsys):
    other = tmp_path / "other.txt"
    other.write_bytes(f"{tiny_corpus.text}and so on.\n".encode())
    code, out, err = answer(capsys, "evaluate", trained[2], "--text", other, "--json")
    assert code == 0
    assert last_json(out)["measured_on"] == "other"
    assert "not the text that the model is known to have learned from" in err
    assert "of the last tenth of this text:" in err and "never saw" not in err
    assert last_json(out)["notices"][-1] in err


def test_a_notebook_s_figures_are_never_called_unseen(trained, tmp_path, text_file, capsys):
    checkpoint = load_checkpoint(trained[2])
    path = tmp_path / "notebook.safetensors"
    training = replace(checkpoint.training, carries_state=False)
    save_checkpoint(replace(checkpoint, training=training), path)
    _, out, err = answer(capsys, "evaluate", path, "--text", text_file, "--json")
    assert last_json(out)["measured_on"] == "leaky"
    assert "too good" in err and "leaks" in err and "never saw" not in err


def test_evaluate_finds_the_text_that_lies_beside_the_checkpoint(trained, folder, capsys):
    code, out, _ = answer(capsys, "evaluate", folder / "run" / "checkpoint.safetensors", "--json")
    assert code == 0
    assert last_json(out)["loss_nats"] == last_json(trained[0])["loss_nats"]


def test_evaluate_asks_for_a_text_that_is_not_here(trained, capsys):
    code, _, err = answer(capsys, "evaluate", trained[2])
    assert code == 2
    assert "--text FILE" in err


@pytest.mark.parametrize("content", ["", "x", "漢字" * 3000, "\0" * 5000])
def test_evaluate_refuses_texts_that_cannot_be_measured(content, trained, tmp_path, capsys):
    path = tmp_path / "strange.txt"
    path.write_text(content, encoding="utf-8")
    check_refusal(*answer(capsys, "evaluate", trained[2], "--text", path))


# generate


def test_generate_writes_the_seed_text_and_then_as_many_characters_as_asked(trained, capsys):
    code, out, _ = answer(
        capsys, "generate", trained[2], "--seed-text", "the king ", "--length", "70",
        "--random-seed", "5",
    )  # fmt: skip
    assert code == 0
    assert out.startswith("the king ")
    assert len(out) == len("the king ") + 70 + 1  # and a line end


def test_the_same_random_seed_writes_the_same_text_and_another_one_another(trained, capsys):
    def text(*arguments) -> str:
        return answer(capsys, "generate", trained[2], "--length", "90", *arguments)[1]

    assert text("--random-seed", "5") == text("--random-seed", "5")
    assert text("--random-seed", "5") != text("--random-seed", "6")
    greedy = ("--temperature", "0")
    assert text(*greedy, "--random-seed", "5") == text(*greedy, "--random-seed", "6")


def test_without_a_random_seed_the_one_that_was_drawn_is_printed(trained, capsys):
    _, out, err = answer(capsys, "generate", trained[2], "--length", "60")
    drawn = err.split("Random seed: ")[1].split()[0]
    assert (
        answer(capsys, "generate", trained[2], "--length", "60", "--random-seed", drawn)[1] == out
    )


def test_characters_that_the_network_does_not_know_are_named(trained, capsys):
    code, out, err = answer(
        capsys, "generate", trained[2], "--seed-text", "the €", "--length", "5",
        "--random-seed", "1",
    )  # fmt: skip
    assert code == 0
    assert out.startswith("the €")
    assert "Skipped €" in err


def test_what_was_copied_is_reported_where_the_training_text_is_at_hand(trained, folder, capsys):
    options = ("--length", "400", "--temperature", "0.3", "--random-seed", "1")
    code, out, err = answer(capsys, "generate", folder / "run" / "checkpoint.safetensors", *options)
    assert code == 0
    sentence = err.splitlines()[-1]
    assert "match with" in sentence and "training text" in sentence
    assert "match with" not in out
    code, same, err = answer(capsys, "generate", trained[2], *options)
    assert same == out, "the same model, where its text is not beside it"
    assert "match with" not in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--length", "0"],
        ["--length", "-5"],
        ["--length", "many"],
        ["--length", "1000000000"],
        ["--temperature", "-1"],
        ["--temperature", "nan"],
        ["--temperature", "inf"],
        ["--temperature", "hot"],
        ["--random-seed", "x"],
        ["--random-seed", "-1"],
        ["--top-k", "0"],
        ["--top-p", "0"],
        ["--top-p", "1.5"],
        ["--unknown"],
    ],
    ids=" ".join,
)
def test_generate_refuses_settings_that_make_no_sense(arguments, trained, capsys):
    code, out, err = answer(capsys, "generate", trained[2], *arguments)
    check_refusal(code, out, err)
    assert arguments[0] in err


# info


def test_info_prints_what_is_in_the_checkpoint(trained, capsys, tiny_corpus):
    code, out, _ = answer(capsys, "info", trained[2], "--json")
    facts = last_json(out)
    assert code == 0
    assert len(out.splitlines()) == 1
    assert facts["format"] == "charlstm/1"
    assert facts["vocabulary"] == "".join(sorted(set(tiny_corpus.text)))
    assert facts["parameters"] == last_json(trained[0])["parameters"]
    assert facts["training"]["results"]["loss_nats"] == last_json(trained[0])["loss_nats"]
    code, out, _ = answer(capsys, "info", trained[2])
    assert code == 0
    first, *_ = lines = out.splitlines()
    assert first.startswith(f"{trained[2].name}: a network that writes a text on")
    assert f"Network: {facts['parameters']:,} weights (parameters), 1 LSTM layer of" in out
    results = facts["training"]["results"]
    assert f"{results['accuracy']:.1%} of the characters guessed right" in out
    assert not any("{" in line or "None" in line for line in lines), "it is for people"


def test_info_of_a_stranger_s_model_tells_the_terminal_nothing(capsys, tmp_path):
    training = {"corpus": {"name": "a\x1b]0;title\x07\nb\u202e"}, "recipe": "\x1b[2J"}
    save_checkpoint(random_checkpoint(training=training), tmp_path / "theirs.safetensors")
    code, out, _ = answer(capsys, "info", tmp_path / "theirs.safetensors")
    assert code == 0 and "Learned from: a]0;title b" in out
    assert not {"\x1b", "\x07", "\u202e"} & set(out)


def test_info_of_a_model_of_which_nothing_is_known(capsys, tmp_path):
    save_checkpoint(random_checkpoint(), tmp_path / "bare.safetensors")
    code, out, _ = answer(capsys, "info", tmp_path / "bare.safetensors")
    assert code == 0
    assert [line.partition(":")[0] for line in out.splitlines()] == [
        "bare.safetensors", "Network", "Characters it knows",
    ]  # fmt: skip
