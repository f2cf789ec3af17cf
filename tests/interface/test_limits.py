"""What visitors may do on a page of one's own, and on a public one."""

import pytest

from charlstm.errors import CharLSTMError
from charlstm.interface.limits import OWN, PUBLIC, limits
from charlstm.runs.recipes import FULL, NOTEBOOK, QUICK, RECIPES, Budget
from charlstm.runs.training_request import TrainingRequest
from charlstm.text.corpus import paste

TEXT = "Now is the winter.\n" * 200


MINUTE = Budget(minutes=1)


def request(recipe=QUICK, budget=MINUTE, text=TEXT) -> TrainingRequest:
    return TrainingRequest(recipe=recipe, corpus=paste(text), budget=budget, random_seed=1)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, OWN),
        ({"CHARLSTM_PUBLIC": "1"}, PUBLIC),
        ({"CHARLSTM_PUBLIC": "0"}, OWN),
        ({"CHARLSTM_PUBLIC": " "}, OWN),
        ({"SPACE_ID": "somebody/charlstm"}, PUBLIC),
        ({"SPACE_ID": "somebody/charlstm", "CHARLSTM_PUBLIC": "0"}, OWN),
    ],
)
def test_a_page_is_public_where_it_is_asked_for_and_on_a_space(environment, expected, monkeypatch):
    for name in ("CHARLSTM_PUBLIC", "SPACE_ID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert limits() is expected


def test_on_ones_own_page_everything_may_be_trained():
    for recipe in RECIPES.values():
        OWN.check(request(recipe, Budget(minutes=10_000)), is_own_text=True)
        OWN.check(request(recipe, Budget(epochs=100)), is_own_text=True)
    assert OWN.in_words() == ""


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (lambda: request(FULL), "only a small network"),
        (lambda: request(NOTEBOOK), "only a small network"),
        (lambda: request(budget=Budget(minutes=5.1)), "up to 5 minutes"),
        (lambda: request(budget=Budget(minutes=10_080)), "up to 5 minutes"),
        (lambda: request(budget=Budget(epochs=1)), "up to 5 minutes"),
        (lambda: request(text=TEXT * 300), "has 1.1 MB; on this shared page it may have 1 MB"),
    ],
)
def test_on_a_public_page_what_is_too_much_is_refused_in_a_sentence(asked, sentence):
    with pytest.raises(CharLSTMError, match=sentence):
        PUBLIC.check(asked(), is_own_text=True)


def test_on_a_public_page_five_minutes_may_be_learned_also_from_shakespeare():
    PUBLIC.check(request(budget=Budget(minutes=5)), is_own_text=True)
    PUBLIC.check(request(text=TEXT * 300), is_own_text=False)
    assert "up to 5 minutes" in PUBLIC.in_words() and "for 1 day." in PUBLIC.in_words()
