"""The rest of a text, for a reader who has its beginning already."""

import asyncio

import numpy as np
import pytest

from charlstm.writing.engine import Engine
from charlstm.writing.piece import Piece
from charlstm.writing.piece_queue import MAX_UNREAD, PieceQueue
from charlstm.writing.sampling import Sampling
from charlstm.writing.single_text import write
from tests.engine_texts import collect_pieces, counted_steps, written_alone
from tests.tiny_networks import random_checkpoint
from tests.waiting import wait_until


@pytest.fixture
def engine():
    return Engine()


def text_of(engine, checkpoint, seed_text="sea", **writing_request) -> str:
    return asyncio.run(collect_pieces(engine, checkpoint, seed_text, **writing_request)).text


def stopped(engine, checkpoint, at_least: int, **writing_request) -> list[int]:
    """Stop a text early; returns where its pieces ended."""

    async def stop() -> list[int]:
        pieces = engine.pieces(checkpoint, "sea", length=10_000_000, **writing_request)
        ends = [0]
        async for piece in pieces:
            ends.append(ends[-1] + len(piece.text))
            if ends[-1] >= at_least:
                break
        await pieces.aclose()
        return ends[1:]

    ends = asyncio.run(stop())
    wait_until(lambda: len(engine._marks) and not engine._batches)
    return ends


@pytest.mark.parametrize("seed_text", ["", "sea", "tea sense " * 40])
@pytest.mark.parametrize("skip", [0, 1, 37, 299, 300])
def test_the_rest_is_that_of_the_whole_text(engine, skip, seed_text):
    checkpoint = random_checkpoint()
    rest = text_of(engine, checkpoint, seed_text, length=300, random_seed=4, skip=skip)
    assert rest == written_alone(checkpoint, seed_text, 300, 4)[skip:]


@pytest.mark.parametrize("skip", [-1, 301])
def test_no_more_can_be_skipped_than_there_is(engine, skip):
    with pytest.raises(ValueError, match="skip must be from 0 to the length, 300"):
        text_of(engine, random_checkpoint(), length=300, random_seed=1, skip=skip)


def test_the_rest_has_its_own_chances(engine):
    asked_for = {"length": 90, "random_seed": 4, "chances": 3}
    checkpoint = random_checkpoint()
    whole = asyncio.run(collect_pieces(engine, checkpoint, "sea", **asked_for))
    rest = asyncio.run(collect_pieces(Engine(), checkpoint, "sea", skip=35, **asked_for))
    assert rest.text == whole.text[35:]
    assert rest.choices.characters == whole.choices.characters[35:]
    np.testing.assert_array_equal(rest.choices.probabilities, whole.choices.probabilities[35:])
    np.testing.assert_array_equal(rest.choices.drawn, whole.choices.drawn[35:])


def test_what_is_skipped_is_not_kept_for_the_reader(engine, monkeypatch):
    put, lengths = PieceQueue.put, []

    def counting(queue, piece: Piece, **others):
        lengths.append(len(piece.text))
        put(queue, piece, **others)

    monkeypatch.setattr(PieceQueue, "put", counting)
    length = 3 * MAX_UNREAD
    rest = text_of(engine, random_checkpoint(), length=length, random_seed=1, skip=length - 50)
    assert len(rest) == sum(lengths) == 50


def test_the_rest_begins_where_the_text_was_stopped(engine, monkeypatch):
    checkpoint = random_checkpoint()
    end = stopped(engine, checkpoint, 100, random_seed=1)[-1]
    steps = counted_steps(checkpoint, monkeypatch)
    rest = text_of(engine, checkpoint, length=end + 40, random_seed=1, skip=end)
    assert sum(steps) == 40
    assert rest == written_alone(checkpoint, "sea", end + 40, 1)[end:]


def test_the_rest_begins_before_what_the_reader_has(engine, monkeypatch):
    """A connection that was cut has lost a part of what was sent."""
    monkeypatch.setattr("charlstm.writing.writing_state.MAX_MARKS", 1000)  # for any machine
    checkpoint = random_checkpoint()
    before, end = stopped(engine, checkpoint, 4 * MAX_UNREAD, random_seed=1)[-2:]
    skip = (before + end) // 2
    steps = counted_steps(checkpoint, monkeypatch)
    rest = text_of(engine, checkpoint, length=end, random_seed=1, skip=skip)
    assert end - skip <= sum(steps) <= end - before
    assert rest == written_alone(checkpoint, "sea", end, 1)[skip:]


def test_states_after_what_the_reader_has_are_of_no_use(engine):
    checkpoint = random_checkpoint()
    end = stopped(engine, checkpoint, 100, random_seed=1)[0]
    rest = text_of(engine, checkpoint, length=end, random_seed=1, skip=end // 2)
    assert rest == written_alone(checkpoint, "sea", end, 1)[end // 2 :]


@pytest.mark.parametrize(
    ("seed_text", "random_seed", "settings"),
    [
        ("se", 1, {}),
        ("sea", 2, {}),
        ("sea", 1, {"temperature": 0.5}),
        ("sea", 1, {"top_k": 3}),
        ("sea", 1, {"top_p": 0.5}),
    ],
)
def test_no_other_text_begins_there(engine, seed_text, random_seed, settings):
    checkpoint = random_checkpoint()
    end = stopped(engine, checkpoint, 100, random_seed=1)[-1]
    asked_for = {"length": end + 20, "random_seed": random_seed, "sampling": Sampling(**settings)}
    rest = text_of(engine, checkpoint, seed_text, skip=end, **asked_for)
    assert rest == "".join(write(checkpoint, seed_text, **asked_for))[end:]


def test_a_text_whose_rest_was_written_can_be_continued_without_reading(engine, monkeypatch):
    checkpoint = random_checkpoint()
    skip = stopped(engine, checkpoint, 100, random_seed=1)[-1] + 10
    length = skip + 200
    rest = text_of(engine, checkpoint, length=length, random_seed=1, skip=skip)
    whole = "sea" + written_alone(checkpoint, "sea", length, 1)
    assert whole.endswith(rest)
    wait_until(lambda: not engine._batches)
    steps = counted_steps(checkpoint, monkeypatch)
    text_of(engine, checkpoint, whole, length=10, random_seed=1)
    assert sum(steps) == 10
