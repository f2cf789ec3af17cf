"""What the Look inside tab is sent, and the odds of the Write tab."""

import hashlib
import json
import math
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from charlstm.analysis.insight import activations, log_probabilities, surprisal
from charlstm.errors import CharLSTMError
from charlstm.interface.inside.tab import SEARCHING, Inside
from charlstm.interface.models import SHIPPED, ModelRegistry
from charlstm.interface.write.next_odds import NextOdds
from charlstm.network.checkpoint import save_checkpoint
from charlstm.runs.run import Runs
from tests.browsing import add_model
from tests.tiny_networks import random_checkpoint
from tests.waiting import PATIENCE_S, wait_until

TEXT = "sea\nten X"  # it does not know the X
CELL = {"layer": 2, "cell": 7, "feature": "word", "score": 0.91, "sign": -1}


@pytest.fixture
def model(home):
    return add_model(home, "small", random_checkpoint(cells=[CELL]))


@pytest.fixture
def registry(model):
    return ModelRegistry(Runs())


@pytest.fixture
def inside(registry):
    return Inside(registry)


def as_numbers(values):
    return np.array([math.nan if value is None else value for value in values])


def test_surprise_is_given_for_each_character(inside, model):
    answer = inside.surprise("small", TEXT)
    expected = surprisal(model, TEXT)
    np.testing.assert_allclose(as_numbers(answer["nats"]), expected.nats, atol=1e-4)
    assert answer["nats"][-1] is None
    assert answer["mean_nats"] == expected.mean_nats
    assert answer["perplexity"] == expected.perplexity
    assert answer["vocabulary_size"] == len(model.vocabulary)
    assert "Skipped X" in answer["unknown"]


def test_the_activation_of_a_cell_is_given_for_each_character(inside, model):
    layers = activations(model, TEXT)
    for layer, cell in ((1, 1), (1, 5), (2, 7)):
        values = as_numbers(inside.cell("small", TEXT, layer, cell)["values"])
        np.testing.assert_allclose(values, layers[layer - 1][:, cell - 1], atol=1e-4)


@pytest.mark.parametrize(("layer", "cell"), [(0, 1), (3, 1), (1, 0), (1, 6), (2, 8), (-1, 1)])
def test_a_cell_that_is_not_there_is_refused_in_a_sentence(inside, layer, cell):
    with pytest.raises(CharLSTMError, match=r"count from 1 \(layer 1: 5, layer 2: 7 cells\)"):
        inside.cell("small", TEXT, layer, cell)


def test_the_named_cells_and_the_last_sample_are_listed(inside, home, model):
    answer = inside.cells("small")
    assert answer["layers"] == [5, 7] and answer["was_searched"]
    (cell,) = answer["cells"]
    assert (cell["layer"], cell["cell"]) == (2, 7)
    assert cell["sentence"] == "Cell 7 of layer 2 knows whether it is inside a word"
    assert cell["measure"] == "area under the ROC curve: AUC = 0.91"
    assert answer["examples"] == []
    shipped = inside.cells(SHIPPED)
    assert len(shipped["cells"]) >= 7
    names, texts = zip(*shipped["examples"], strict=True)
    assert names[:2] == ("Its last practice text", "A line of Shakespeare") and len(names) == 4
    assert 100 < len(texts[0]) <= 500


def test_a_model_of_another_script_is_given_a_line_that_it_learned_from(home, inside):
    line = "Всё смешалось в доме Облонских"
    corpus = f"Часть первая\n{line}\n".encode()
    record = {"name": "mine", "style": "verse", "sha256": hashlib.sha256(corpus).hexdigest()}
    samples = [{"step": 9, "elapsed_s": 1.0, "text": "Все сме"}]
    parts = {"training": {"corpus": record}, "samples": samples}
    russian = random_checkpoint("".join(sorted(set(line))), **parts)
    add_model(home, "russian", russian)
    (home / "runs" / "russian" / "corpus.txt").write_bytes(corpus)
    assert inside.cells("russian")["examples"] == [
        ("Its last practice text", "Все сме"),
        ("A line that it learned from", line),
    ]


def test_a_model_that_was_not_searched_is_searched_once(inside, home, monkeypatch):
    add_model(home, "other", random_checkpoint())
    searches = []

    def find(checkpoint):
        searches.append(checkpoint)
        return [CELL]

    monkeypatch.setattr("charlstm.interface.inside.tab.find_cells", find)
    assert not inside.cells("other")["was_searched"]
    for _ in range(2):
        answer = inside.search("other")
        assert answer["was_searched"] and len(answer["cells"]) == 1
    assert inside.cells("other") == answer
    assert len(searches) == 1


def test_a_search_that_finds_nothing_is_a_search(inside, home, monkeypatch):
    add_model(home, "other", random_checkpoint())
    monkeypatch.setattr("charlstm.interface.inside.tab.find_cells", lambda checkpoint: [])
    assert inside.search("other") == {"layers": [5, 7], "cells": [], "was_searched": True} | {
        "examples": []
    }


def test_a_model_that_was_trained_anew_is_another_one(inside, home, model, monkeypatch):
    add_model(home, "other", random_checkpoint())
    monkeypatch.setattr("charlstm.interface.inside.tab.find_cells", lambda checkpoint: [CELL])
    inside.search("other")
    path = home / "runs" / "other" / "checkpoint.safetensors"
    save_checkpoint(random_checkpoint("abc"), path)
    assert not inside.cells("other")["was_searched"]


@pytest.mark.parametrize("text", ["", "X", "\ud800", "😀" * 30])
def test_any_text_gets_an_answer_that_is_json(inside, registry, text):
    for answer in (
        inside.surprise("small", text),
        inside.cell("small", text, 1, 1),
        NextOdds(registry).answer("small", text),
    ):
        json.dumps(answer, allow_nan=False)


def test_texts_that_are_too_long_are_refused_in_a_sentence(inside, registry):
    with pytest.raises(CharLSTMError, match="The text has 4,001 characters"):
        inside.surprise("small", "a" * 4001)
    with pytest.raises(CharLSTMError, match="The beginning has 2,001 characters"):
        NextOdds(registry).answer("small", "a" * 2001)


def test_odds_are_logarithms_at_temperature_1(registry, model):
    answer = NextOdds(registry).answer("small", TEXT)
    assert "".join(answer["characters"]) == model.vocabulary.characters
    expected = log_probabilities(model, TEXT)
    np.testing.assert_allclose(answer["log_probabilities"], expected, atol=1e-4)
    assert "Skipped X" in answer["unknown"]


def test_a_model_that_is_gone_is_refused_in_a_sentence(inside, registry):
    for ask in (
        lambda: inside.cells("gone"),
        lambda: inside.surprise("gone", "a"),
        lambda: NextOdds(registry).answer("gone", "a"),
    ):
        with pytest.raises(CharLSTMError, match="here, or not any more"):
            ask()


def test_searches_of_one_model_wait_for_the_first_and_search_no_more(inside, home, monkeypatch):
    add_model(home, "other", random_checkpoint())
    may_end, searched = threading.Event(), []

    def find(checkpoint):
        searched.append(checkpoint)
        assert may_end.wait(PATIENCE_S)
        return [CELL]

    monkeypatch.setattr("charlstm.interface.inside.tab.find_cells", find)
    with ThreadPoolExecutor() as threads:
        first = threads.submit(inside.search, "other")
        wait_until(lambda: searched)
        others = [threads.submit(inside.search, "other") for _ in range(3)]
        may_end.set()
        assert [len(one.result()["cells"]) for one in [first, *others]] == [1] * 4
    assert len(searched) == 1


def test_too_many_searches_of_one_address_are_refused_in_a_sentence(inside, home, monkeypatch):
    add_model(home, "other", random_checkpoint())
    may_end, answers = threading.Event(), []

    def find(checkpoint):
        assert may_end.wait(PATIENCE_S)
        return [CELL]

    def search():
        try:
            answers.append(inside.search("other"))
        except CharLSTMError as error:
            answers.append(str(error))

    monkeypatch.setattr("charlstm.interface.inside.tab.find_cells", find)
    with ThreadPoolExecutor(12) as threads:
        for _ in range(12):
            threads.submit(search)
        wait_until(lambda: len(answers) == 7)
        assert set(answers) == {SEARCHING}  # one searches, and four wait
        may_end.set()
    assert len(answers) == 12
