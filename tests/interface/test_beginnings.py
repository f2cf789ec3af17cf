"""The buttons under the seed box offer what a model of that text can go on from."""

import asyncio
import hashlib

import pytest

from charlstm.interface.beginnings import (
    COUNT,
    SHAKESPEARE,
    beginnings,
    first_words,
    label_of,
    of_lines,
)
from charlstm.interface.models import SHIPPED, Model, ModelRegistry
from charlstm.interface.write.tab import Writer
from charlstm.runs.run import Runs
from charlstm.writing.engine import Engine
from tests.tiny_networks import random_checkpoint

NAMES = "Ада\nБорис\nВера\nГлеб\nДарья\nЕгор\nЖанна\nЗахар\nИнна\nКирилл\n"


def model_of(folder, text: str = "", **parts) -> Model:
    """A model that learned from a text, which lies beside it if it is given."""
    corpus = {"name": "mine", "style": "verse", "sha256": "0" * 64}
    if text:
        (folder / "corpus.txt").write_bytes(text.encode())
        corpus["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    checkpoint = random_checkpoint(training={"corpus": corpus}, **parts)
    return Model(name="mine", checkpoint=checkpoint, folder=folder)


def test_they_are_first_words_of_lines_all_over_the_text(tmp_path):
    assert beginnings(model_of(tmp_path, NAMES)) == ("Ада", "Вера", "Дарья", "Жанна", "Инна")


def test_without_the_text_they_are_those_of_the_last_sample(tmp_path):
    texts = ["early noise\n" * 9, "one day\ntwo days\nthree days\nfour days\nfive days\nsix d"]
    samples = [{"step": 1 + i, "elapsed_s": float(i), "text": t} for i, t in enumerate(texts)]
    found = beginnings(model_of(tmp_path, samples=samples))
    assert found == ("one day", "two days", "three days", "four days", "five days")


def test_of_a_model_of_which_nothing_is_known_there_are_none(tmp_path):
    assert beginnings(model_of(tmp_path, samples=[])) == ()


def test_a_text_that_was_changed_is_not_the_one_it_learned_from(tmp_path):
    model = model_of(tmp_path, NAMES, samples=[])
    (tmp_path / "corpus.txt").write_text("another text\n" * 10, "utf-8")
    assert beginnings(model) == ()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", ""),
        ("  one   two ", "one two"),
        ("a line that is far too long for a button", "a line that is far"),
        ("Antidisestablishmentarianism is long", "Antidise"),
        ("天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往", "天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往"),
        ("天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏", "天地玄黄宇宙洪荒"),
        ("नमस्तेनमस्तेनमस्तेनमस्तेनमस्ते", "नमस्तेनम"),
        ("aaaaaa👩\u200d👩\u200d👧bbbbbbbbbbbbbbbbb", "aaaaaa👩\u200d👩\u200d👧"),
        ("a ↵ of its own", ""),
    ],
)
def test_a_beginning_is_some_whole_words(line, expected):
    assert first_words(line) == expected


def test_no_beginning_comes_twice_and_short_texts_have_fewer():
    assert of_lines([]) == ()
    assert of_lines(["x", "", " "]) == ()
    assert of_lines(["the same"] * 50) == ("the same",)
    assert of_lines(["ab", "cd"]) == ("ab", "cd")


def test_the_tab_is_told_of_each_model(tmp_path):
    writer = Writer(Engine(), ModelRegistry(Runs(tmp_path)))
    figures, *buttons = asyncio.run(writer.about(SHIPPED))
    assert "held" in figures or "never saw" in figures
    assert [button.value for button in buttons] == [label_of(text) for text in SHAKESPEARE]
    nothing, *buttons = asyncio.run(writer.about("gone"))
    assert nothing == "" and len(buttons) == COUNT
