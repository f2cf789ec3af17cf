"""Looking for copies beside the page: one text at a time, each training text prepared once."""

import hashlib
import threading
from dataclasses import replace

import pytest

from charlstm.interface.write import copy_check as copies
from charlstm.interface.write.copy_check import Copies
from charlstm.network.training_record import SourceRecord, TextRecord, TrainingRecord
from tests.tiny_networks import random_checkpoint
from tests.waiting import PATIENCE_S

TEXT = "First Citizen:\nBefore we  proceed\nany further, hear me speak é.\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "corpus.txt").write_bytes(TEXT.encode())
    return tmp_path


def checkpoint(text=TEXT, **more):
    """A model that learned from a text; `more` goes into its training record."""
    record = TextRecord(
        name="book.txt", sha256=hashlib.sha256(text.encode()).hexdigest(), style="verse"
    )
    training = TrainingRecord(text=record, carries_state=True)
    return random_checkpoint(training=replace(training, **more))


def look(folder, written, **more) -> str:
    return Copies().look(checkpoint(**more), folder, written).result(PATIENCE_S)


def test_what_was_copied_is_reported(folder):
    assert "“Before we proceed”" not in look(folder, "Before we proceed")
    assert "“Before we  proceed”" in look(folder, "And: Before we  proceed?")
    assert "No match with its training text of 8" in look(folder, "Never heard of it.")


def test_a_match_with_what_was_held_out_is_no_copy(folder):
    end = TEXT[-9:]
    assert "No match" in look(folder, f"xx{end}")
    assert end.strip() in look(folder, f"xx{end}", carries_state=False)


def test_two_models_of_one_text_learned_from_different_parts_of_it(folder):
    looking = Copies()
    end = f"xx{TEXT[-9:]}"
    held_out = looking.look(checkpoint(), folder, end).result(PATIENCE_S)
    leaky = looking.look(checkpoint(carries_state=False), folder, end).result(PATIENCE_S)
    assert "No match" in held_out and "No match" not in leaky


def test_nothing_is_said_without_the_text(tmp_path):
    assert look(tmp_path, "Before we  proceed") == ""


def test_of_a_fine_tuned_model_the_text_is_named(folder):
    assert "fine-tuned with" in look(folder, "Before we  proceed", source=SourceRecord())


def test_a_text_is_prepared_once_by_one_thread_and_few_are_kept(folder, monkeypatch):
    prepared, threads = [], set()

    class Spy(copies.TrainingText):
        def __init__(self, text):
            super().__init__(text)
            prepared.append(text)
            threads.add(threading.current_thread().name)

    monkeypatch.setattr(copies, "TrainingText", Spy)
    looking = Copies()
    crowd = [looking.look(checkpoint(), folder, "Before we  proceed") for _ in range(20)]
    assert len({found.result(PATIENCE_S) for found in crowd}) == 1
    assert len(prepared) == 1
    for number in range(5):
        text = f"{TEXT}{number}"
        (folder / "corpus.txt").write_bytes(text.encode())
        found = looking.look(checkpoint(text), folder, "Before we  proceed")
        assert "Before" in found.result(PATIENCE_S)
    assert len(prepared) == 6 and len(threads) == 1
    assert len(looking._prepared) == copies.MAX_PREPARED


def test_a_text_that_is_downloaded_later_is_found(tmp_path):
    looking = Copies()
    before = looking.look(checkpoint(), tmp_path, "Before we  proceed").result(PATIENCE_S)
    (tmp_path / "corpus.txt").write_bytes(TEXT.encode())
    after = looking.look(checkpoint(), tmp_path, "Before we  proceed").result(PATIENCE_S)
    assert before == "" and "Before" in after


def test_a_text_beside_a_model_is_for_those_who_may_use_that_model(folder, tmp_path):
    copies, written = Copies(), "And: Before we  proceed?"
    theirs = tmp_path / "another"  # with a copy of the same model, or of its record
    theirs.mkdir()
    assert copies.look(checkpoint(), theirs, written).result(PATIENCE_S) == ""
    assert "“Before we  proceed”" in copies.look(checkpoint(), folder, written).result(PATIENCE_S)
    assert copies.look(checkpoint(), theirs, written).result(PATIENCE_S) == ""
    (folder / "corpus.txt").unlink()  # it was deleted
    assert copies.look(checkpoint(), folder, written).result(PATIENCE_S) == ""
