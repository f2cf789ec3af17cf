"""From the command line's words to a run folder."""

from __future__ import annotations

import pytest

from charlstm.command_line.arguments import build_parser
from charlstm.command_line.preparation import prepare_run
from charlstm.errors import CharLSTMError
from charlstm.network.checkpoint import save_checkpoint
from charlstm.runs.fine_tuning import BUDGET
from charlstm.runs.recipes import FULL, NOTEBOOK, QUICK, Budget
from charlstm.runs.run import Runs
from tests.tiny_networks import random_checkpoint


@pytest.fixture
def prepare(tmp_path, tiny_corpus):
    text = tmp_path / "text.txt"
    text.write_bytes(tiny_corpus.text.encode())

    def prepare(*arguments):
        command = ["train", "--text", text, *arguments]
        return prepare_run(build_parser().parse_args(list(map(str, command))))

    return prepare


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "old.safetensors"
    save_checkpoint(random_checkpoint(training={"recipe": "full"}), path)
    return path


def test_from_scratch_the_recipe_is_quick(prepare):
    run = prepare()
    config = run.config
    assert config.recipe is QUICK and config.budget == QUICK.budget and config.source is None


@pytest.mark.parametrize("recipe", [QUICK, FULL, NOTEBOOK], ids=lambda recipe: recipe.name)
def test_a_recipe_that_is_asked_for_is_taken(prepare, model, recipe):
    run = prepare("--from", model, "--recipe", recipe.name)
    assert (run.config.recipe.name, run.config.recipe.lstm_units) == (recipe.name, (5, 7))
    assert run.config.budget == BUDGET
    assert prepare("--recipe", recipe.name).config.budget == recipe.budget


def test_the_model_is_copied_and_the_recipe_is_quick_however_it_was_trained(prepare, model):
    run = prepare("--from", model)
    assert run.config.recipe.name == "quick"
    assert run.config.source.name == "old.safetensors"
    assert run.paths.source.read_bytes() == model.read_bytes()


def test_the_usual_time_for_fine_tuning_can_be_changed(prepare, model):
    assert prepare("--from", model).config.budget == BUDGET
    assert prepare("--from", model, "--epochs", "2").config.budget == Budget(epochs=2)


def test_the_style_stays_a_choice(prepare, model):
    assert prepare("--from", model).config.corpus.style == "verse"
    run = prepare("--from", model, "--style", "prose")
    assert run.config.corpus.style == "prose" and "\n" not in run.text()


def test_a_model_that_cannot_be_read_is_refused_before_a_text_is_fetched(tmp_path, monkeypatch):
    def fetch(*arguments):
        raise AssertionError("the text was fetched for nothing")

    monkeypatch.setattr("charlstm.command_line.preparation.corpus.tiny_shakespeare", fetch)
    arguments = ["train", "--from", str(tmp_path / "nothing.safetensors")]
    with pytest.raises(CharLSTMError, match="There is no file"):
        prepare_run(build_parser().parse_args(arguments))
    assert Runs().all() == []
