"""What the page is sent of a training's snapshots, whatever is in the files that record them."""

import json
import math
import re
from pathlib import Path

import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from charlstm.errors import CharLSTMError
from charlstm.interface.feed import Parts, Revision
from charlstm.interface.models import SHIPPED, ModelRegistry
from charlstm.interface.train import report
from charlstm.interface.train.news import TrainingNews
from charlstm.interface.watch.news import DAMAGED, ReplayNews
from charlstm.interface.watch.replay import (
    MAX_SNAPSHOTS,
    MAX_TEXT_CHARACTERS,
    NOTES,
    Replay,
    in_words,
    replay_of_checkpoint,
)
from charlstm.interface.watch.tab import Replays
from charlstm.network.checkpoint import load_checkpoint, save_checkpoint
from charlstm.network.training_record import BaselineFigures
from charlstm.runs.recipes import NOTEBOOK, QUICK, Budget
from charlstm.runs.run import Run, Runs
from charlstm.runs.source_model import SourceModel
from tests.tiny_networks import random_checkpoint
from tests.tiny_runs import DETAILS, append, append_record, create_run

BASELINES = {"blind_loss_nats": 3.5, "four_gram_loss_nats": 1.9}
READING = "the text it was just learning from"
UNSEEN = "text it never saw"


@pytest.fixture
def registry(home):
    return ModelRegistry(Runs())


@pytest.fixture
def replays(registry):
    return Replays(registry)


@pytest.fixture
def make_run(home, tiny_corpus):
    """A training of four minutes in the home folder; alive: as if this process trained it."""
    claimed = []

    def make(name="a-run", alive=True, recipe=QUICK, budget=QUICK.budget, source=None) -> Run:
        run = create_run(
            recipe=recipe,
            corpus=tiny_corpus,
            budget=budget,
            random_seed=1,
            folder=home / "runs" / name,
            source=source,
        )
        if alive:
            run.ownership.claim()
            claimed.append(run)
        return run

    yield make
    for run in claimed:
        run.ownership.release()


def begin(run: Run) -> None:
    append(run, "started", step=0, **BASELINES)


def write_sample(run: Run, step: int, elapsed_s: float, loss: float, kept=True, **more) -> None:
    """The events of a training when it writes a sample."""
    append(
        run,
        "progress",
        step=step,
        elapsed_s=elapsed_s,
        running_loss_nats=loss,
        accuracy=0.3,
        eta_s=90.0,
    )
    sample = {"step": step, "elapsed_s": elapsed_s, "text": f"\ntext {step}", "kept": kept}
    append(run, "sample", **{**sample, **more})


def replay(training=(), held_out=(), measured_on="unseen") -> Replay:
    return Replay(
        snapshots=[],
        training=list(training),
        held_out=list(held_out),
        measured_on=measured_on,
        baselines=BaselineFigures(),
    )


def checkpoint_of(path: Path, **parts):
    """A model whose file has these parts of its metadata, as a stranger may have written them."""
    save_checkpoint(random_checkpoint(), path)
    with safe_open(path, "numpy") as file:
        tensors, metadata = {name: file.get_tensor(name) for name in file.keys()}, file.metadata()
    metadata |= {name: json.dumps(part) for name, part in parts.items()}
    save_file(tensors, path, metadata)
    return load_checkpoint(path)


def replay_parts(registry: ModelRegistry, replay_id) -> Parts:
    return ReplayNews(registry, replay_id)(1)


def moments(parts: Parts) -> list[dict]:
    return [parts[f"moment {key}"] for key in parts["order"]]


def texts(parts: Parts) -> list[str]:
    return [moment["text"] for moment in moments(parts)]


def marks(answer: dict) -> list:
    return json.loads(re.search(r'data-marks="([^"]*)"', answer["chart"])[1])


# The shipped model


def test_the_shipped_model_shows_every_snapshot_of_its_training(registry):
    samples = registry.get(SHIPPED).samples
    answer = replay_parts(registry, SHIPPED)
    assert len(samples) > 24, "or there is nothing to watch"
    assert texts(answer) == [sample.text for sample in samples]
    assert answer["order"] == [moment["key"] for moment in moments(answer)]
    assert len(set(answer["order"])) == len(samples) == len(marks(answer))
    assert not answer["live"] and answer["note"] == NOTES["sampled"]
    json.dumps(answer, allow_nan=False)


def test_its_losses_are_those_of_its_curves(registry):
    history = registry.get(SHIPPED).history
    snapshots = moments(replay_parts(registry, SHIPPED))
    (_, first), (_, last) = history["val_loss_nats"][0], history["val_loss_nats"][-1]
    for moment, loss in ((snapshots[0], first), (snapshots[-1], last)):
        assert f"loss {loss:.2f} nats, on {UNSEEN}" in moment["loss"]
        perplexity = math.exp(loss)
        choices = f"{perplexity:.1f}" if perplexity < 10 else f"{perplexity:.0f}"
        assert f"among {choices} equally likely letters" in moment["loss"]
    losses = [float(re.search(r"loss ([\d.]+)", moment["loss"])[1]) for moment in snapshots]
    assert all(later < before + 0.25 for before, later in zip(losses, losses[1:], strict=False))


def test_a_replay_that_has_not_grown_is_not_made_again(registry):
    news = ReplayNews(registry, SHIPPED)
    whole, again = news(1), news(1)
    assert again == whole and again["chart"] is whole["chart"]


# The loss at a snapshot


def test_held_out_loss_counts_where_it_is_calm_and_the_text_just_read_elsewhere():
    learned = replay(
        training=[(1.0, 3.0), (11.0, 2.0), (100.0, 1.0)],
        held_out=[(0.5, 3.5), (50.0, 1.8), (70.0, 1.7)],
    )
    assert learned.loss_at(0.5) == (3.5, UNSEEN), "just measured"
    assert learned.loss_at(11**0.5) == (pytest.approx(2.5), READING), "half-way on the time axis"
    assert learned.loss_at(50.0) == (1.8, UNSEEN)
    assert learned.loss_at((50 * 70) ** 0.5) == (pytest.approx(1.75), UNSEEN)
    assert learned.loss_at(80.0) == (1.7, UNSEEN), "the latest one, measured when it was calm"
    assert learned.loss_at(0.1) == (3.0, READING)


def test_one_curve_is_enough_and_none_is_admitted():
    assert replay(training=[(1.0, 2.0)]).loss_at(5.0) == (2.0, READING)
    assert replay(held_out=[(1.0, 3.0), (4.0, 1.0)]).loss_at(2.0) == (2.0, UNSEEN)
    assert replay().loss_at(2.0) is None
    assert replay().chart() == ""


def test_text_that_was_not_unseen_is_not_called_so():
    (_, on) = replay(held_out=[(1.0, 3.0)], measured_on="leaky").loss_at(1.0)
    assert "leaks" in on
    drawn = replay(held_out=[(1.0, 3.0)], measured_on="seen").chart()
    assert "held-out text" in drawn and UNSEEN not in drawn


@pytest.mark.parametrize(
    ("loss", "choices"), [(0.0, "1.0"), (1.69, "5.4"), (4.174, "65"), (7.0, "1,097")]
)
def test_perplexity_is_said_in_plain_words(loss, choices):
    words = in_words(loss, UNSEEN)
    assert words.startswith(f"Like choosing among {choices} equally likely letters (perplex")
    assert words.endswith(f"loss {loss:.2f} nats, on text it never saw.")


# A training that goes on


def test_of_a_running_training_only_what_is_new_is_sent(registry, make_run):
    run = make_run()
    begin(run)
    news = ReplayNews(registry, run.name)
    revision = Revision().with_parts(news(1))
    waiting = revision.parts
    assert waiting["live"] and waiting["order"] == [] and waiting["note"] == NOTES["coming"]

    def sent() -> dict:
        """What is sent to somebody who knows what was there before."""
        nonlocal revision
        before, revision = revision, revision.with_parts(news(1))
        if before is revision:
            return {}
        return json.loads(revision.message(before.number).split(b"data: ")[1])

    write_sample(run, 1, 2.0, 3.4)
    write_sample(run, 5, 9.0, 2.9)
    first = sent()
    assert texts(first) == ["\ntext 1", "\ntext 5"] and first["note"] == NOTES["going on"]
    assert [moment["when"] for moment in moments(first)] == [
        "After 2 seconds, step 1",
        "After 9 seconds, step 5",
    ]
    append(run, "progress", step=7, elapsed_s=12.0)
    assert sent() == {}, "a chart is for moments"
    write_sample(run, 11, 20.0, 2.4)
    second = sent()
    assert second.keys() == {"order", "chart", "moment 11 20.0"}
    assert second["order"] == [*first["order"], "11 20.0"]
    assert f"loss 2.40 nats, on {READING}" in second["moment 11 20.0"]["loss"]
    append(run, "finished", results={}, pid=run.ownership.pid())
    assert sent() == {"live": False, "note": ""}


def test_its_time_axis_stands_still(registry, make_run):
    run = make_run(budget=Budget(minutes=2))
    begin(run)
    axes = []
    for step, elapsed_s in ((1, 2.0), (5, 9.0), (11, 20.0)):
        write_sample(run, step, elapsed_s, 3.0)
        chart = replay_parts(registry, run.name)["chart"]
        axes.append(re.findall(r'data-x-(?:start|end)-s="([^"]*)"', chart))
    assert axes == [["2", "120"]] * 3


def test_a_snapshot_between_the_kept_ones_is_there_while_it_is_the_newest(registry, make_run):
    run = make_run()
    begin(run)
    write_sample(run, 1, 2.0, 3.4)
    write_sample(run, 9, 12.0, 2.9, kept=False)
    assert replay_parts(registry, run.name)["order"] == ["1 2.0", "9 12.0"]
    write_sample(run, 15, 22.0, 2.5, kept=False)
    assert replay_parts(registry, run.name)["order"] == ["1 2.0", "15 22.0"]


def test_a_resumed_training_forgets_what_lies_behind_its_new_start(registry, make_run):
    run = make_run()
    begin(run)
    write_sample(run, 1, 2.0, 3.4)
    write_sample(run, 8, 9.0, 2.9)
    news = ReplayNews(registry, run.name)
    assert news(1)["order"] == ["1 2.0", "8 9.0"]
    append(run, "started", step=4, **BASELINES)
    write_sample(run, 8, 10.0, 2.8)
    answer = news(1)
    assert answer["order"] == ["1 2.0", "8 10.0"] and texts(answer) == ["\ntext 1", "\ntext 8"]


def test_who_has_not_chosen_meets_the_running_training(replays, make_run):
    old = make_run("2026-01-01-old", alive=False)
    begin(old)
    make_run("2026-01-02-never-begun", alive=False)
    assert [model for _, model in replays.choices()] == [SHIPPED, old.name]
    run = make_run("2026-01-03-new")
    assert replays.choices()[1][1] == run.name and "(going on)" in replays.choices()[1][0]
    assert replays.entered(SHIPPED, False).value == run.name
    assert replays.entered(old.name, True).value == old.name
    run.ownership.release()
    assert replays.entered(None, False).value == SHIPPED
    begin(run)
    assert replays.entered(run.name, False).value == run.name, "it stays when it has ended"
    assert replays.listed("gone").value == SHIPPED


# What is not there, or makes no sense


def test_a_training_without_words_says_why(registry, make_run):
    dead, new = make_run("dead", alive=False), make_run("new", alive=False)
    begin(dead)
    assert replay_parts(registry, dead.name)["note"] == NOTES["wordless"]
    assert replay_parts(registry, new.name)["note"] == NOTES["not begun"]
    save_checkpoint(random_checkpoint(), dead.paths.checkpoint)
    answer = replay_parts(registry, dead.name)
    assert answer["note"] == NOTES["unkept"]
    assert answer["chart"] == "" and moments(answer) == []


def test_a_run_folder_with_nothing_but_a_checkpoint_can_be_replayed(registry, make_run):
    run = make_run(alive=False)
    samples = [{"step": 3, "elapsed_s": 4, "text": "from the file"}]
    save_checkpoint(random_checkpoint(samples=samples), run.paths.checkpoint)
    assert texts(replay_parts(registry, run.name)) == ["from the file"]


def test_damaged_notes_are_an_error_unless_there_is_a_checkpoint(registry, make_run):
    run = make_run(alive=False)
    begin(run)
    append(run, "sample", step=1, elapsed_s=2.0, text="x")
    odd = {**DETAILS["started"], "step": "seven"}
    append_record(run, {"event": "started", "elapsed_s": 0.0, **odd})
    with pytest.raises(CharLSTMError, match=DAMAGED):
        replay_parts(registry, run.name)
    samples = [{"step": 3, "elapsed_s": 4.5, "text": "from the file"}]
    save_checkpoint(random_checkpoint(samples=samples), run.paths.checkpoint)
    assert texts(replay_parts(registry, run.name)) == ["from the file"]
    run.paths.checkpoint.write_bytes(b"no model")
    with pytest.raises(CharLSTMError):
        replay_parts(registry, run.name)


@pytest.mark.parametrize("name", ["gone", "", "../a-run", "a\0b", None, 7])
def test_a_replay_that_is_not_there_is_an_error_in_words(registry, name):
    with pytest.raises(CharLSTMError, match="no training"):
        replay_parts(registry, name)


@pytest.mark.parametrize(
    "odd",
    [
        {"step": "1"},
        {"step": None},
        {"step": True},
        {"step": -1},
        {"step": 10**400},
        {"elapsed_s": None},
        {"elapsed_s": math.nan},
        {"elapsed_s": -3.0},
        {"elapsed_s": 10**400},
        {"text": 7},
        {"text": None},
    ],
    ids=str,
)
def test_samples_that_make_no_sense_are_left_out_of_a_file_and_are_damage_in_a_run(
    registry, make_run, odd
):
    run = make_run()
    begin(run)
    write_sample(run, 1, 2.0, 3.0)
    sample = {"step": 2, "elapsed_s": 3.0, "text": "x", "kept": True, **odd}
    append_record(run, {"event": "sample", **sample})
    write_sample(run, 4, 5.0, 2.0)
    with pytest.raises(CharLSTMError, match=DAMAGED):
        replay_parts(registry, run.name)
    assert TrainingNews(registry, run.name)(1)["status"] == report.UNREADABLE
    first, last = ({"step": step, "elapsed_s": 2.0 * step, "text": f"{step}"} for step in (1, 4))
    checkpoint_of(run.paths.checkpoint, samples=[first, sample, last])
    assert texts(replay_parts(registry, run.name)) == ["1", "4"]


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_training_that_has_gone_astray_can_still_be_shown(registry, make_run, loss):
    run = make_run()
    begin(run)
    write_sample(run, 1, 2.0, 3.0)
    append(run, "validated", 2.5, step=2, val_loss_nats=loss, val_accuracy=0.1)
    append(run, "failed", 3.0, message="The training diverged.", pid=run.ownership.pid())
    answer = replay_parts(registry, run.name)
    assert texts(answer) == ["\ntext 1"] and "loss 3.00 nats" in moments(answer)[0]["loss"]
    json.dumps(answer, allow_nan=False)
    assert "The training diverged." in TrainingNews(registry, run.name)(1)["status"]


def test_curves_that_make_no_sense_are_left_out(tmp_path):
    samples = [{"step": s, "elapsed_s": 5.0 * 2**s, "text": f"<b>{s}</b>"} for s in (3, 1, 2)]
    odd = [(20.0, -1.0), (5.0, math.nan), (-1.0, 2.0), (math.inf, 2.0), (15.0, 1e300)]
    checkpoint = checkpoint_of(
        tmp_path / "odd.safetensors",
        training={"started": ["?"], "started_from": 7},
        samples=[*samples, {"step": 3, "elapsed_s": 40.0, "text": "a later one of the same step"}],
        history={"running_loss_nats": [(40.0, 1.0), (10.0, 3.0), *odd], "val_loss_nats": odd},
    )
    answer = replay_of_checkpoint(checkpoint).parts()
    assert texts(answer) == ["<b>1</b>", "<b>2</b>", "a later one of the same step"]
    losses = [re.search(r"loss ([\d.]+)", moment["loss"])[1] for moment in moments(answer)]
    assert losses == ["3.00", "2.00", "1.00"] and answer["note"] == NOTES["tuned"]
    assert None not in marks(answer)
    json.dumps(answer, allow_nan=False)


def test_a_model_without_curves_shows_its_texts_all_the_same():
    samples = [{"step": 1, "elapsed_s": 0.0, "text": "a"}]
    answer = replay_of_checkpoint(random_checkpoint(samples=samples)).parts()
    assert answer["chart"] == "" and "not known" in moments(answer)[0]["loss"]


def test_far_too_many_or_too_long_texts_are_cut():
    samples = [{"step": s, "elapsed_s": s, "text": "x" * 5000} for s in range(1000)]
    answer = replay_of_checkpoint(random_checkpoint(samples=samples)).parts()
    assert len(answer["order"]) == MAX_SNAPSHOTS
    assert (answer["order"][0], answer["order"][-1]) == ("0 0.0", "999 999.0")
    assert {len(text) for text in texts(answer)} == {MAX_TEXT_CHARACTERS}


def test_the_notebook_s_split_and_a_first_model_are_named(registry, make_run, tmp_path):
    leaky = make_run("leaky", recipe=NOTEBOOK, budget=Budget(epochs=1))
    begin(leaky)
    write_sample(leaky, 1, 2.0, 3.0)
    append(leaky, "validated", step=1, elapsed_s=2.0, val_loss_nats=2.9, val_accuracy=0.1)
    answer = replay_parts(registry, leaky.name)
    assert "leaks" in moments(answer)[0]["loss"] and UNSEEN not in answer["chart"]
    assert re.search(r'data-x-end-s="92"', answer["chart"]), "its end is expected in 90 seconds"
    path = tmp_path / "old.safetensors"
    save_checkpoint(random_checkpoint(), path)
    tuned = make_run("tuned", source=SourceModel.read(path))
    begin(tuned)
    write_sample(tuned, 1, 2.0, 3.0)
    assert NOTES["tuned"] in replay_parts(registry, tuned.name)["note"]
