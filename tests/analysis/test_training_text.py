"""The training text is found where it is, and no other text is mistaken for it."""

import hashlib

import pytest

from charlstm.analysis.training_text import (
    is_training_text,
    part_learned_from,
    recorded_style,
    text_at_hand,
)
from charlstm.home import downloads_folder
from charlstm.network.training_record import TextRecord, TrainingRecord
from charlstm.text import corpus

TEXT = "First Citizen:\nBefore we  proceed\nany further, hear me speak é.\n"


def record_of(name: str, text: str, style: str = "verse") -> TrainingRecord:
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    record = TextRecord(name=name, sha256=sha256, style=style)
    return TrainingRecord(text=record, carries_state=True)


def test_the_text_beside_a_model_counts_if_it_is_the_very_one(tmp_path):
    training = record_of("pasted text", TEXT)
    assert text_at_hand(training, tmp_path) is None
    (tmp_path / "corpus.txt").write_bytes(TEXT.encode())
    assert text_at_hand(training, tmp_path) == TEXT
    (tmp_path / "corpus.txt").write_bytes(f"{TEXT}!".encode())
    assert text_at_hand(training, tmp_path) is None
    (tmp_path / "corpus.txt").write_bytes(b"\xff")
    assert text_at_hand(training, tmp_path) is None


@pytest.mark.parametrize("style", corpus.STYLES)
def test_the_download_counts_in_the_style_of_the_training(tmp_path, style):
    training = record_of("tiny-shakespeare", corpus.clean(TEXT, style), style)
    assert text_at_hand(training, tmp_path) is None
    downloads_folder().mkdir(parents=True)
    (downloads_folder() / "tiny-shakespeare.txt").write_bytes(TEXT.encode())
    assert text_at_hand(training, tmp_path) == corpus.clean(TEXT, style)
    assert text_at_hand(record_of("tiny-shakespeare", "another"), tmp_path) is None
    assert text_at_hand(record_of("book.txt", TEXT), tmp_path) is None, (
        "the name says where to look"
    )


def test_nothing_is_downloaded(tmp_path, monkeypatch):
    def refuse(*arguments, **options):
        raise AssertionError("it asked the network")

    monkeypatch.setattr(corpus, "download_tiny_shakespeare", refuse)
    assert text_at_hand(record_of("tiny-shakespeare", TEXT), tmp_path) is None
    assert not downloads_folder().exists()


def test_the_built_in_text_is_always_here(tmp_path):
    text = corpus.practice_text("prose").text
    assert text_at_hand(record_of("practice-text", text, "prose"), tmp_path) == text
    assert text_at_hand(record_of("practice-text", text, "verse"), tmp_path) is None


@pytest.mark.parametrize(
    "record",
    [{}, {"corpus": None}, {"corpus": [1]}, {"corpus": {"name": 1, "sha256": [], "style": "odd"}}],
)
def test_a_record_without_a_text_finds_nothing(tmp_path, record):
    (tmp_path / "corpus.txt").write_bytes(b"")
    training = TrainingRecord.from_json(record)
    assert recorded_style(training) == "verse"
    assert not is_training_text("", training)
    assert text_at_hand(training, tmp_path) is None


@pytest.mark.parametrize(
    ("carries_state", "characters"),
    [(True, 94), (False, 105), (None, 105)],
    ids=["lanes", "the notebook's split leaks", "not recorded"],
)
def test_only_what_is_known_to_be_held_out_was_not_learned_from(carries_state, characters):
    text = "".join(map(chr, range(200, 305)))  # 105 characters, all different
    training = TrainingRecord(carries_state=carries_state)
    assert part_learned_from(text, training) == text[:characters]
