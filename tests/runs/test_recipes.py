"""Recipes and budgets."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from charlstm.errors import CharLSTMError
from charlstm.runs.recipes import FULL, NOTEBOOK, QUICK, RECIPES, Budget, find_recipe


def test_there_are_three_recipes_under_their_own_names():
    others = {"tiny"}  # what tests train with
    assert [name for name in RECIPES if name not in others] == ["quick", "full", "notebook"]
    for name, recipe in RECIPES.items():
        assert find_recipe(name) is recipe
        assert recipe.name == name


def test_an_unknown_recipe_is_answered_with_the_names_of_all():
    with pytest.raises(CharLSTMError, match="'medium'.*quick, full, notebook"):
        find_recipe("medium")


def test_recipes_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        QUICK.lanes = 1


def test_the_notebook_is_kept_as_it_was():
    assert (NOTEBOOK.embedding_units, NOTEBOOK.lstm_units) == (256, (512, 512))
    assert (NOTEBOOK.lanes, NOTEBOOK.window, NOTEBOOK.dropout) == (64, 100, 0.2)
    assert NOTEBOOK.budget == Budget(epochs=20)
    assert {NOTEBOOK.learning_rate_at(share) for share in (0, 0.3, 1, 1.5)} == {1e-3}
    assert not NOTEBOOK.weight_decay  # AdamW without decay is Adam
    assert not NOTEBOOK.predicts_every_position
    assert NOTEBOOK.clip_norm is None


def test_full_trains_the_notebook_s_network():
    assert FULL.architecture(64) == NOTEBOOK.architecture(64)


@pytest.mark.parametrize("recipe", [QUICK, FULL], ids=lambda recipe: recipe.name)
def test_the_learning_rate_climbs_once_and_then_falls_to_a_hundredth(recipe):
    shares = [place / 1000 for place in range(1001)]
    rates = [recipe.learning_rate_at(share) for share in shares]
    top = rates.index(max(rates))
    assert shares[top] == pytest.approx(recipe.warmup_share)
    assert rates[top] == pytest.approx(recipe.learning_rate)
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert rates[0] > 0
    assert rates[-1] == pytest.approx(recipe.learning_rate / 100)
    assert recipe.learning_rate_at(1.2) == rates[-1]  # a last step may run over the budget


def test_the_learning_rate_is_halfway_down_in_the_middle():
    recipe = replace(QUICK, warmup_share=0.2)
    assert recipe.learning_rate_at(0.1) == pytest.approx(recipe.learning_rate / 2)
    assert recipe.learning_rate_at(0.6) == pytest.approx(recipe.learning_rate * 0.505)


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), 1e9, "5"])
@pytest.mark.parametrize("name", ["minutes", "epochs"])
def test_a_budget_without_sense_is_refused(name, value):
    with pytest.raises(CharLSTMError, match=name):
        Budget(**{name: value})


@pytest.mark.parametrize("settings", [{}, {"minutes": 1, "epochs": 1}])
def test_a_budget_is_either_minutes_or_epochs(settings):
    with pytest.raises(CharLSTMError, match="minutes or in epochs"):
        Budget(**settings)


def test_fractions_are_budgets_too():
    assert Budget(minutes=0.05).minutes == 0.05
    assert Budget(epochs=0.5).epochs == 0.5
