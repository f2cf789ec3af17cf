"""The training text is found where it lies, and nothing else is taken for it."""

import hashlib

import pytest

from charlstm.analysis.training_text import (
    is_training_text,
    part_learned_from,
    recorded_text,
    text_at_hand,
)
from charlstm.home import downloads_folder
from charlstm.text import corpus

TEXT = "First Citizen:\nBefore we  proceed\nany further, hear me speak é.\n"


def story(name: str, text: str, style: str = "verse") -> dict:
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    return {"corpus": {"name": name, "sha256": sha256, "style": style}, "carries_state": True}


def test_the_text_beside_a_model_counts_if_it_is_the_very_one(tmp_path):
    training = story("pasted text", TEXT)
    assert text_at_hand(training, tmp_path) is None
    (tmp_path / "corpus.txt").write_bytes(TEXT.encode())
    assert text_at_hand(training, tmp_path) == TEXT
    (tmp_path / "corpus.txt").write_bytes(f"{TEXT}!".encode())
    assert text_at_hand(training, tmp_path) is None
    (tmp_path / "corpus.txt").write_bytes(b"\xff")
    assert text_at_hand(training, tmp_path) is None


@pytest.mark.parametrize("style", corpus.STYLES)
def test_the_download_counts_in_the_style_of_the_training(tmp_path, style):
    training = story("tiny-shakespeare", corpus.clean(TEXT, style), style)
    assert text_at_hand(training, tmp_path) is None
    downloads_folder().mkdir(parents=True)
    (downloads_folder() / "tiny-shakespeare.txt").write_bytes(TEXT.encode())
    assert text_at_hand(training, tmp_path) == corpus.clean(TEXT, style)
    assert text_at_hand(story("tiny-shakespeare", "another"), tmp_path) is None
    assert text_at_hand(story("book.txt", TEXT), tmp_path) is None, "the name says where to look"


def test_nothing_is_downloaded(tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise AssertionError("it asked the network")

    monkeypatch.setattr(corpus, "download_tiny_shakespeare", refuse)
    assert text_at_hand(story("tiny-shakespeare", TEXT), tmp_path) is None
    assert not downloads_folder().exists()


def test_the_built_in_text_is_always_here(tmp_path):
    text = corpus.practice_text("prose").text
    assert text_at_hand(story("practice-text", text, "prose"), tmp_path) == text
    assert text_at_hand(story("practice-text", text, "verse"), tmp_path) is None


@pytest.mark.parametrize(
    "training",
    [{}, {"corpus": None}, {"corpus": [1]}, {"corpus": {"name": 1, "sha256": [], "style": "odd"}}],
)
def test_a_stranger_s_story_finds_nothing(tmp_path, training):
    (tmp_path / "corpus.txt").write_bytes(b"")
    assert recorded_text(training) == ("", "", "verse")
    assert not is_training_text("", training)
    assert text_at_hand(training, tmp_path) is None


def test_what_was_held_out_was_not_learned_from():
    text = "".join(map(chr, range(200, 305)))  # 105 characters, all different
    assert part_learned_from(text, {"carries_state": True}) == text[:94]
    assert part_learned_from(text, {"carries_state": False}) == text, "the notebook's split leaks"
