"""The run folder: what it keeps, what it survives, and how it is found among all."""

from __future__ import annotations

import json
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from charlstm.errors import CharLSTMError
from charlstm.network.checkpoint import save_checkpoint
from charlstm.runs.config import read_config
from charlstm.runs.fine_tuning import BUDGET
from charlstm.runs.ownership import training_place
from charlstm.runs.recipes import FULL, QUICK, Budget
from charlstm.runs.run import Run, RunError, Runs
from charlstm.runs.source_model import SourceModel
from tests.full_disk import full_disk
from tests.tiny_networks import random_checkpoint
from tests.tiny_runs import append, append_record, create_run, records

# Creating


def test_the_folder_says_everything_that_training_needs(make, tmp_path, tiny_corpus):
    made = make(tmp_path / "run", recipe=FULL, budget=Budget(epochs=2.5), random_seed=11)
    again = Run(made.folder)
    assert again.config.recipe is FULL
    assert again.config.budget == Budget(epochs=2.5)
    assert again.config.random_seed == 11
    assert again.config.corpus.sha256 == tiny_corpus.sha256
    assert again.text() == tiny_corpus.text


def test_every_character_of_the_text_survives_in_the_folder(tmp_path, tiny_corpus):
    text = "a\nb\r\n\u2028c\x85 naïve 😀\n" * 200
    odd = replace(tiny_corpus, text=text)
    made = create_run(
        recipe=QUICK, corpus=odd, budget=QUICK.budget, random_seed=1, folder=tmp_path / "run"
    )
    assert Run(made.folder).text() == text


def test_runs_of_the_same_second_have_names_of_their_own(make):
    names = [make().name for _ in range(5)]
    assert len(set(names)) == 5
    assert all(name.find("-quick") > 0 for name in names)


def test_runs_made_at_the_same_time_have_names_of_their_own(make):
    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(lambda _: make().name, range(24)))
    assert len(set(names)) == 24


def test_a_folder_that_holds_a_training_is_refused(make, run):
    with pytest.raises(RunError, match="holds a training already.*--resume"):
        make(run.folder)


def test_a_folder_that_holds_other_files_is_refused_and_left_alone(make, tmp_path):
    (tmp_path / "corpus.txt").write_text("my novel")
    with pytest.raises(RunError, match="other files"):
        make(tmp_path)
    assert (tmp_path / "corpus.txt").read_text() == "my novel"


def test_a_full_disk_is_named_and_leaves_no_half_training(make, home, tmp_path):
    for folder in (None, tmp_path / "run"):
        with full_disk(), pytest.raises(CharLSTMError, match="disk is full: free some space"):
            make(folder)
    assert not (tmp_path / "run").exists() and list((home / "runs").iterdir()) == []


def test_on_a_full_disk_no_process_is_left_that_nobody_knows(run, sleeper, monkeypatch):
    monkeypatch.setattr(run, "_start_process", lambda option: sleeper)
    with full_disk(), pytest.raises(CharLSTMError, match="disk is full"):
        run.start()
    assert sleeper.poll() is not None
    assert not run.is_alive() and training_place().pid() is None


def test_what_is_asked_of_a_folder_that_is_gone_is_refused_in_a_sentence(run):
    shutil.rmtree(run.folder)
    for ask in (run.start, run.stop, run.ownership.claim, run.end_getting_ready):
        with pytest.raises(CharLSTMError, match="deleted or moved"):
            ask()
    assert training_place().pid() is None


@pytest.mark.parametrize("random_seed", [-1, 2**32])
def test_a_random_seed_that_the_framework_refuses_is_refused_at_once(make, random_seed):
    with pytest.raises(RunError, match="random seed"):
        make(random_seed=random_seed)


# Starting from a model


@pytest.fixture
def fine_tuning(tiny_corpus, tmp_path):
    """A training that starts from a model, and that model's file."""
    file = tmp_path / "old.safetensors"
    save_checkpoint(random_checkpoint(), file)
    run = create_run(
        recipe=QUICK, corpus=tiny_corpus, budget=BUDGET, random_seed=1, folder=tmp_path / "tuned",
        source=SourceModel.read(file),
    )  # fmt: skip
    return run, file


def test_the_model_that_a_training_starts_from_is_copied_into_its_folder(fine_tuning):
    run, file = fine_tuning
    data = file.read_bytes()
    file.unlink()
    again = Run(run.folder)
    assert (again.folder / "start.safetensors").read_bytes() == data
    assert again.config.source.name == "old.safetensors"
    assert again.source_checkpoint().vocabulary == random_checkpoint().vocabulary


def test_the_model_s_network_takes_the_place_of_the_recipe_s(fine_tuning, run):
    recipe = fine_tuning[0].config.recipe
    assert (recipe.name, recipe.embedding_units, recipe.lstm_units) == ("quick", 3, (5, 7))
    assert recipe.learning_rate < QUICK.learning_rate
    assert run.config.recipe is QUICK and run.source_checkpoint() is None


def test_the_model_and_its_new_characters_are_among_the_notices(fine_tuning, run):
    notices = fine_tuning[0].config.notices
    assert "“old.safetensors”" in notices[0] and "does not know" in notices[1]
    assert run.config.notices == []


def test_a_model_that_does_not_fit_the_text_leaves_no_folder(tiny_corpus, fine_tuning, home):
    start = SourceModel.read(fine_tuning[1])
    odd = replace(tiny_corpus, text="".join(map(chr, range(0x4E00, 0x4E00 + 4090))))
    with pytest.raises(CharLSTMError, match="at most 4,096"):
        create_run(recipe=QUICK, corpus=odd, budget=BUDGET, random_seed=1, source=start)
    assert Runs().all() == [] and not home.exists()


def test_a_damaged_record_of_the_start_is_answered_with_one_sentence(fine_tuning):
    run, _ = fine_tuning
    config = json.loads(run.paths.config.read_text("utf-8"))
    for damage in (None, {}, {**config["started_from"], "lstm_units": ["x"]}):
        run.paths.config.write_text(json.dumps({**config, "started_from": damage}))
        with pytest.raises(RunError, match="was not written by this version"):
            _ = Run(run.folder).config.recipe


# Reading


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"format": "charlstm-run/2"}',
        b'{"format": "charlstm-run/1"}',
        b'{"format": "charlstm-run/1", "recipe": ["quick"], "corpus": {}, "budget": {},'
        b' "random_seed": 1}',
        b'{"format": "charlstm-run/1", "recipe": "quick", "corpus": [], "budget": 3,'
        b' "random_seed": "x"}',
    ],
)
def test_a_damaged_config_is_answered_with_one_sentence(run, content):
    run.paths.config.write_bytes(content)
    with pytest.raises(CharLSTMError, match=r"damaged|was not written by this version"):
        _ = Run(run.folder).config


def test_a_folder_without_a_training_is_named(tmp_path):
    with pytest.raises(RunError, match="is not a run folder"):
        _ = Run(tmp_path / "nothing").config


def test_a_missing_text_is_answered_with_one_sentence(run):
    (run.folder / "corpus.txt").unlink()
    with pytest.raises(RunError, match="is missing its corpus.txt"):
        run.text()


@pytest.mark.parametrize("content", [b"", b"another text", b"\xff\xff"])
def test_a_text_that_was_changed_is_noticed(run, content):
    (run.folder / "corpus.txt").write_bytes(content)
    with pytest.raises(RunError, match="was changed"):
        run.text()


def test_a_new_budget_is_seen_by_whoever_looks_already(run):
    watching = Run(run.folder)
    assert watching.config.budget == QUICK.budget
    run.set_budget(Budget(minutes=9))
    assert watching.config.budget == Budget(minutes=9)


# Events


def test_events_are_a_json_object_a_line_and_are_read_by_others_at_once(run):
    watching = Run(run.folder)
    assert records(watching) == []
    append(run, "started", device="a CPU – «fast»")
    assert [event["device"] for event in records(watching)] == ["a CPU – «fast»"]
    append(run, "sample", elapsed_s=1.5, text='line one\nline "two"\r\u2028\x85')
    assert [event["event"] for event in records(watching)] == ["started", "sample"]
    lines = run.paths.events.read_bytes().split(b"\n")
    assert [json.loads(line)["event"] for line in lines[:-1]] == ["started", "sample"]
    assert lines[-1] == b""


def test_a_line_that_is_still_being_written_is_read_when_it_is_whole(run):
    watching = Run(run.folder)
    with open(run.paths.events, "ab") as file:
        file.write(b'{"event": "sample", "step": 1, "elapsed_s": 2, "kept": true, "text": "\xc3')
        file.flush()
        assert records(watching) == []
        file.write(b'\xa4"}\n')
    assert [event["text"] for event in records(watching)] == ["ä"]


@pytest.mark.parametrize("half", [b'{"event": "progr', b'{"text": "\xc3', b"{", b"12", b'"event"'])
def test_half_a_line_of_a_killed_process_does_not_swallow_the_next_event(run, half):
    append(run, "started", elapsed_s=0.0)
    with open(run.paths.events, "ab") as file:
        file.write(half)
    watching = Run(run.folder)
    records(watching)
    append(run, "saved", elapsed_s=2.0)
    expected = ["started", "saved"]
    assert [event["event"] for event in records(watching)] == expected
    assert [event["event"] for event in records(Run(run.folder))] == expected


@pytest.mark.parametrize(
    "record",
    [
        {"event": "started", "step": "seven"},
        {"event": "progress", "step": 1, "elapsed_s": 1.0},
        {"event": "sample", "step": 1, "elapsed_s": 1.0, "kept": True, "text": ["a"]},
        {"event": "saved", "step": True, "elapsed_s": 1.0},
        {"event": "failed", "elapsed_s": None, "pid": 1, "message": "why"},
    ],
    ids=lambda record: record["event"],
)
def test_a_damaged_event_is_answered_with_one_sentence(run, record):
    append(run, "started")
    append_record(run, record)
    for _ in range(2):  # also when looked at again
        with pytest.raises(RunError, match="is damaged, or was written by another version"):
            run.events()


def test_events_that_this_version_does_not_know_are_passed_over(run):
    append_record(run, {"event": "celebrated", "elapsed_s": 1.0})
    append_record(run, {"no": "event"})
    append(run, "saved")
    assert [event.kind for event in run.events()] == ["saved"]


def test_visitors_who_look_at_the_same_time_see_every_event_once(run):
    for step in range(300):
        append(run, "progress", step=step)
    watching = Run(run.folder)
    barrier = threading.Barrier(8)

    def look(_):
        barrier.wait()
        return [event.step for event in watching.timeline().progress.points]

    with ThreadPoolExecutor(8) as pool:
        assert all(steps == list(range(300)) for steps in pool.map(look, range(8)))


# Looking again and again


def test_a_changed_config_is_seen_and_an_unchanged_one_is_not_read_again(run, monkeypatch):
    reads = []

    def read(path):
        reads.append(path)
        return read_config(path)

    monkeypatch.setattr("charlstm.runs.run.read_config", read)
    watching = Run(run.folder)
    assert watching.config == watching.config and len(reads) == 1
    run.set_budget(Budget(minutes=9))
    assert watching.config.budget == Budget(minutes=9)
    watching.paths.config.unlink()
    with pytest.raises(RunError, match="is not a run folder"):
        _ = watching.config


# All runs


def test_trainings_are_listed_newest_first(home):
    for name in ("2024-01-02-030405-quick", "2024-01-03-000000-full", "2023-12-31-235959-quick"):
        (home / "listed" / name).mkdir(parents=True)
        (home / "listed" / name / "config.json").write_text("{}")
    (home / "listed" / "2025-01-01-000000-quick").mkdir()  # no training in it
    runs = Runs(home / "listed")
    assert [run.name[:10] for run in runs.all()] == ["2024-01-03", "2024-01-02", "2023-12-31"]


def test_before_the_first_training_there_are_none(home):
    runs = Runs()
    assert runs.all() == []
    assert runs.running() is None
    assert not home.exists() or not list(home.glob("*/*"))


def test_a_training_is_found_by_its_name_and_remembered(make):
    runs = Runs()
    made = make()
    found = runs.get(made.name)
    assert found.folder == made.folder
    assert runs.get(made.name) is found is runs.all()[0]


@pytest.mark.parametrize(
    "name",
    ["..", ".", "", "../outside", "a/../../outside", "/etc", "..\\outside", "outside\0", "missing",
     "*", "~", "C:"],
)  # fmt: skip
def test_a_name_leads_to_no_other_folder(make, tmp_path, name):
    inside = make()
    (inside.folder.parent.parent / "outside").mkdir()
    for folder in (inside.folder.parent.parent / "outside", inside.folder.parent):
        (folder / "config.json").write_text("{}")  # as if trainings were there
    with pytest.raises(RunError, match="There is no training"):
        Runs().get(name)
