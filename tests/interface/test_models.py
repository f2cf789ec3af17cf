"""The registry offers what can be read, and one damaged folder hides nothing else."""

import hashlib
import json
import os
from dataclasses import replace

import pytest

from charlstm.errors import CharLSTMError
from charlstm.home import shipped_folder
from charlstm.interface import models, visitors
from charlstm.interface.limits import OWN, PUBLIC
from charlstm.interface.models import (
    MAX_LOADED,
    SHIPPED,
    SHIPPED_FILE,
    SHIPPED_NAME,
    ModelNotFound,
    ModelRegistry,
    title_of,
)
from charlstm.network.checkpoint import save_checkpoint
from charlstm.runs.recipes import QUICK
from charlstm.runs.run import Run, Runs
from tests.tiny_networks import random_checkpoint
from tests.tiny_runs import create_run


@pytest.fixture
def registry():
    return ModelRegistry(Runs())


@pytest.fixture
def trained(home, tiny_corpus):
    """A training with a model; a second call makes a newer one."""
    made = []

    def train(random_seed=0) -> Run:
        run = create_run(
            recipe=QUICK,
            corpus=tiny_corpus,
            budget=QUICK.budget,
            random_seed=1,
            folder=home / "runs" / f"2026-01-{len(made) + 1:02}-quick",
        )
        save_checkpoint(random_checkpoint(random_seed=random_seed), run.paths.checkpoint)
        made.append(run)
        return run

    return train


def change_config(run: Run, **changes) -> None:
    config = json.loads(run.paths.config.read_text()) | changes
    run.paths.config.write_text(json.dumps(config))


def test_the_shipped_model_comes_first_and_then_the_newest(registry, trained):
    older, newer = trained(), trained()
    (older.folder.parent / "untrained").mkdir()
    assert [model for _, model in registry.choices()] == [SHIPPED, newer.name, older.name]
    assert registry.default() == SHIPPED


def test_a_training_without_a_model_is_not_offered(registry, trained):
    run = trained()
    run.paths.checkpoint.unlink()
    assert [model for _, model in registry.choices()] == [SHIPPED]
    assert [training.name for training in registry.trainings()] == [run.name]


@pytest.mark.parametrize(
    "changes",
    [
        {"recipe": "huge"},
        {"recipe": 7},
        {"corpus": [1]},
        {"budget": {"minutes": "3", "epochs": None}},
        {"budget": {"minutes": None, "epochs": None}},
        {"format": "charlstm-run/99"},
    ],
)
def test_a_damaged_folder_hides_no_other(registry, trained, changes):
    good, bad = trained(), trained()
    change_config(bad, **changes)
    (bad.folder.parent / "a file").write_text("somebody's")
    assert [run.name for run in registry.trainings()] == [good.name]
    assert [model for _, model in registry.choices()] == [SHIPPED, good.name]
    assert title_of(bad), "the page may still have to name it"


def test_a_config_that_is_no_json_hides_no_other(registry, trained):
    good, bad = trained(), trained()
    bad.paths.config.write_bytes(b"\xff{")
    assert [run.name for run in registry.trainings()] == [good.name]
    assert title_of(bad) == bad.name


def test_titles_are_short_and_survive_odd_names(trained, tiny_corpus):
    run = trained()
    corpus = run.config.to_json()["corpus"]
    change_config(run, created="2026-11-24T13:05:59+01:00")
    assert title_of(run) == "pasted text, quick, 24 Nov 13:05"
    change_config(run, created=7, corpus={**corpus, "name": "x" * 500})
    assert len(title_of(run)) < 60
    change_config(run, corpus={**corpus, "name": "tiny-shakespeare"})
    assert title_of(run) == "Shakespeare, quick"


def test_a_title_says_what_the_training_started_from(registry, trained, tiny_corpus, home):
    tuned = create_run(
        recipe=QUICK,
        corpus=tiny_corpus,
        budget=QUICK.budget,
        random_seed=1,
        folder=home / "runs" / "tuned",
        source=registry.source_model(SHIPPED),
    )
    assert title_of(tuned).startswith("pasted text after Shakespeare, quick, ")
    assert " after " not in title_of(trained())


def test_a_model_to_start_from_has_the_name_that_visitors_read(registry, trained):
    run = trained()
    names = {title: registry.source_model(model).name for title, model in registry.choices()}
    assert len(names) == 2 and all(title == name for title, name in names.items())
    assert registry.source_model(run.name).data == run.paths.checkpoint.read_bytes()
    run.paths.checkpoint.unlink()
    with pytest.raises(CharLSTMError, match="here, or not any more"):
        registry.source_model(run.name)


@pytest.mark.parametrize("model", ["gone", "", "..", "../../secret", "a\0b", "x" * 5000])
def test_a_model_that_is_not_there_is_refused_in_a_sentence(registry, monkeypatch, tmp_path, model):
    monkeypatch.setattr("charlstm.interface.models.shipped_folder", lambda: tmp_path)
    with pytest.raises(CharLSTMError, match="here, or not any more"):
        registry.get(model)


def test_a_damaged_model_is_refused_in_a_sentence(registry, trained):
    run = trained()
    run.paths.checkpoint.write_bytes(b"garbage" * 100)
    with pytest.raises(CharLSTMError, match="no checkpoint"):
        registry.get(run.name)


def test_a_model_is_read_once_and_again_when_its_file_has_changed(registry, trained):
    run = trained()
    first = registry.get(run.name)
    assert registry.get(run.name) is first
    save_checkpoint(random_checkpoint(random_seed=5), run.paths.checkpoint)
    os.utime(run.paths.checkpoint, ns=(1, 1))  # some file systems count time in seconds
    assert registry.get(run.name) is not first


def test_few_models_are_kept_in_memory(registry, trained, monkeypatch):
    monkeypatch.setattr("charlstm.interface.models.MAX_LOADED", 2)
    runs = [trained() for _ in range(4)]
    for run in runs:
        registry.get(run.name)
    assert len(registry._loaded) == 2


def test_a_model_that_is_in_use_is_not_read_a_second_time(registry, trained, monkeypatch):
    monkeypatch.setattr(models, "MAX_LOADED", 1)
    name = trained().name
    in_use = registry.get(name)
    registry.get(SHIPPED)
    assert name not in [key[0] for key in registry._loaded]
    assert registry.get(name) is in_use


def test_a_model_is_read_once_until_its_file_changes(registry, trained, monkeypatch):
    reads = []
    read = models.read_checkpoint_bytes
    monkeypatch.setattr(
        models, "read_checkpoint_bytes", lambda path: reads.append(path) or read(path)
    )
    run = trained()
    first = registry.load(run.name)
    assert registry.load(run.name) is first and registry.load(first.name) is first
    assert len(reads) == 1
    save_checkpoint(random_checkpoint(random_seed=5), run.paths.checkpoint)
    second = registry.load(run.name)
    assert second.name != first.name and len(reads) == 2
    assert registry.load(first.name) is first, "a text that is being written can be resumed"


def test_a_model_is_found_by_the_digest_of_its_file(registry, trained):
    run = trained()
    content = run.paths.checkpoint.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:16]
    assert registry.load(digest).folder == run.folder
    shipped = hashlib.sha256((shipped_folder() / SHIPPED_FILE).read_bytes()).hexdigest()[:16]
    assert registry.load(shipped).name == SHIPPED_NAME == registry.load(None).name
    for name in (digest.upper(), digest[:8], "0" * 16, "x\0", "../x", "a/b" * 500):
        with pytest.raises(ModelNotFound):
            registry.load(name)


def test_few_models_stay_in_memory(registry, trained):
    runs = [trained(random_seed) for random_seed in range(MAX_LOADED + 2)]
    for run in runs:
        registry.load(run.name)
    assert len(registry._loaded) == MAX_LOADED
    assert registry.load(runs[0].name).checkpoint, "it is loaded again"


# Models travel


@pytest.fixture
def given(tmp_path):
    """The bytes of a model's file."""
    save_checkpoint(random_checkpoint(random_seed=100), tmp_path / "given")
    return (tmp_path / "given").read_bytes()


def test_a_model_that_was_given_is_one_to_choose(registry, trained, given):
    run = trained()
    model, is_new = registry.add(given, "my novel.safetensors")
    assert is_new
    assert [id_ for _, id_ in registry.choices()] == [SHIPPED, run.name, model]
    assert registry.title(model).startswith("my novel, loaded, ")
    assert registry.load(model).folder == registry.file(model).parent
    assert registry.file(model).read_bytes() == given
    assert registry.source_model(model).data == given
    assert [id_ for _, id_ in registry.given()] == [model]


def test_one_that_is_here_already_is_not_kept_twice(registry, trained, given):
    run = trained()
    model, _ = registry.add(given, "a.safetensors")
    assert registry.add(given, "b.safetensors") == (model, False)
    assert registry.add(run.paths.checkpoint.read_bytes(), "c.safetensors") == (run.name, False)
    shipped = (shipped_folder() / SHIPPED_FILE).read_bytes()
    assert registry.add(shipped, "d.safetensors") == (SHIPPED, False)
    assert len(registry.given()) == 1


@pytest.mark.parametrize("data", [b"", b"{}", b"\x00" * 1000, b"PK\x03\x04"])
def test_what_is_no_model_is_refused_by_its_name(registry, data):
    with pytest.raises(CharLSTMError, match=r"my novel\.txt is"):
        registry.add(data, "my novel.txt")
    assert registry.given() == []


def test_one_that_is_too_large_is_refused_before_it_is_read(home, given):
    registry = ModelRegistry(Runs(), replace(OWN, model_bytes=1000))
    with pytest.raises(CharLSTMError, match=r"has 1\.0 MB; a model may have 0 MB here"):
        registry.add(b"o" * 1_000_001, "a.safetensors")


@pytest.mark.parametrize("is_given", [False, True])
def test_a_model_is_renamed(registry, trained, given, is_given):
    model = registry.add(given, "a.safetensors")[0] if is_given else trained().name
    before = registry.title(model)
    assert registry.rename(model, " Grandmother's  letters ") == "Grandmother's letters"
    assert ("Grandmother's letters", model) in registry.choices()
    assert registry.source_model(model).name == "Grandmother's letters"
    with pytest.raises(CharLSTMError, match="use at most 60"):
        registry.rename(model, "o" * 61)
    assert registry.title(model) == "Grandmother's letters"
    assert registry.rename(model, "") == before


@pytest.mark.parametrize("is_given", [False, True])
def test_a_model_is_deleted_and_brought_back(registry, trained, given, is_given):
    model = registry.add(given, "a.safetensors")[0] if is_given else trained().name
    title = registry.title(model)
    registry.get(model)
    assert registry.delete(model) == title
    assert [id_ for _, id_ in registry.choices()] == [SHIPPED]
    with pytest.raises(ModelNotFound):
        registry.get(model)
    assert registry.bring_back() == model
    assert registry.get(model) is not None and registry.title(model) == title
    with pytest.raises(CharLSTMError, match="Nothing that was deleted can be brought back"):
        registry.bring_back()


@pytest.mark.parametrize("model", [SHIPPED, SHIPPED_NAME, ""])
def test_the_shipped_model_stays_as_it_is(registry, model):
    with pytest.raises(CharLSTMError, match="comes with charlstm: it cannot be renamed"):
        registry.rename(model, "mine")
    with pytest.raises(CharLSTMError, match="comes with charlstm: it cannot be deleted"):
        registry.delete(model)


@pytest.mark.parametrize("model", ["none", "added-none", "..", "../models", "a\0b", "added-/../.."])
def test_what_is_not_there_cannot_be_changed(registry, model):
    for change in (registry.delete, lambda model: registry.rename(model, "a"), registry.file):
        with pytest.raises(CharLSTMError, match="There is no"):
            change(model)


def test_a_model_that_is_still_learning_is_not_deleted(registry, trained):
    run = trained()
    run.ownership.claim()
    with pytest.raises(CharLSTMError, match="still learning: stop its training first"):
        registry.delete(run.name)
    run.ownership.release()
    run.paths.waiting.touch()
    with pytest.raises(CharLSTMError, match="still learning"):
        registry.delete(run.name)
    assert run.folder.exists()


def test_strangers_have_their_own_models_each(home, given):
    registry = ModelRegistry(Runs(), PUBLIC)
    anna, ben = (visitors.owner_of(letter * 64) for letter in "ab")
    with pytest.raises(CharLSTMError, match="open the page anew"):
        registry.add(given, "a.safetensors")
    with visitors.on_behalf_of(anna):
        model, _ = registry.add(given, "a.safetensors")
        assert registry.get(model) is not None
    with visitors.on_behalf_of(ben):
        assert registry.given() == []
        for act in (registry.get, registry.file, registry.delete):
            with pytest.raises(CharLSTMError, match="There is no"):
                act(model)
        with pytest.raises(CharLSTMError, match="There is no"):
            registry.rename(model, "mine")
        own, is_new = registry.add(given, "b.safetensors")
        assert is_new and own != model, "that Anna has it is not told"
    with visitors.on_behalf_of(anna):
        registry.delete(model)
    with visitors.on_behalf_of(ben), pytest.raises(CharLSTMError, match="Nothing that was"):
        registry.bring_back()
    with visitors.on_behalf_of(anna):
        assert registry.bring_back() == model


def test_the_same_model_lies_for_each_visitor_in_a_folder_of_their_own(trained):
    registry = ModelRegistry(Runs(), PUBLIC)
    secrets = ["a" * 64, "b" * 64]
    owners = [visitors.owner_of(secret) for secret in secrets]
    run = trained()
    change_config(run, owner=owners[0])
    with visitors.on_behalf_of(owners[0]):
        hers = registry.load(run.name)
        assert hers.folder == run.folder  # where her text is
    with visitors.on_behalf_of(owners[1]):
        given, is_new = registry.add(run.paths.checkpoint.read_bytes(), "a.safetensors")
        assert is_new
        for name in (given, hers.name):  # by its id and by its digest
            assert registry.load(name).folder == registry.added.folder / given
    with visitors.on_behalf_of(owners[0]):
        assert registry.load(hers.name).folder == run.folder
