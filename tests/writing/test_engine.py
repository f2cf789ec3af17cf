"""The engine writes the text that would be written alone, and remembers where it stood."""

import asyncio
import gc
import os
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest

from charlstm.network.checkpoint import Checkpoint
from charlstm.writing.batch import Batch
from charlstm.writing.engine import TIME_SLICE_S, TIME_SLICE_S_PER_TEXT, Engine
from charlstm.writing.piece import MAX_CHANCES
from charlstm.writing.sampling import Sampling, probabilities
from charlstm.writing.single_text import read_seed_text
from tests.engine_texts import collect, collect_pieces, counted_steps, written_alone
from tests.tiny_networks import random_checkpoint
from tests.waiting import PATIENCE_S, wait_until


@pytest.fixture
def engine():
    return Engine()


def test_a_text_equals_the_one_written_alone(engine):
    checkpoint = random_checkpoint()
    text = asyncio.run(collect(engine, checkpoint, "nest", length=80, random_seed=4))
    assert text == written_alone(checkpoint, "nest", 80, 4)


def test_time_slices_are_longer_for_many_texts_but_not_before_their_first_words(
    engine, monkeypatch
):
    slices = []
    advance = Batch.advance

    def record(batch, seconds, *others):
        slices.append((seconds, [text.has_begun for text in batch.texts]))
        advance(batch, seconds, *others)

    monkeypatch.setattr(Batch, "advance", record)
    checkpoint = random_checkpoint()

    async def together():
        texts = (collect(engine, checkpoint, "", length=2000, random_seed=i) for i in range(10))
        await asyncio.gather(*texts)

    asyncio.run(together())
    assert slices[0][0] == TIME_SLICE_S
    assert all(slices[-1][1])
    for seconds, begun in slices:
        more = TIME_SLICE_S_PER_TEXT * len(begun) if all(begun) else 0
        assert seconds == TIME_SLICE_S + more


def test_going_on_from_the_end_gives_the_text_written_in_one(engine):
    checkpoint = random_checkpoint()

    async def in_two_goes():
        first = await collect(engine, checkpoint, "tea", length=30, random_seed=7)
        return first + await collect(engine, checkpoint, "tea" + first, length=50, random_seed=7)

    assert asyncio.run(in_two_goes()) == written_alone(checkpoint, "tea", 80, 7)


def test_going_on_does_not_read_the_text_again(engine, monkeypatch):
    checkpoint = random_checkpoint()
    first = asyncio.run(collect(engine, checkpoint, "sea", length=300, random_seed=1))
    steps = counted_steps(checkpoint, monkeypatch)
    asyncio.run(collect(engine, checkpoint, "sea" + first, length=10, random_seed=1))
    assert sum(steps) == 10


def test_going_on_after_a_stop_does_not_read_the_text_again(engine, monkeypatch):
    checkpoint = random_checkpoint()

    async def stop_early() -> str:
        pieces = engine.write(checkpoint, "sea", length=10_000_000, random_seed=1)
        text = ""
        async for piece in pieces:
            text += piece
            if len(text) > 100:
                break
        await pieces.aclose()
        return text

    stopped = asyncio.run(stop_early())
    wait_until(lambda: engine._states)
    steps = counted_steps(checkpoint, monkeypatch)
    writing_request = {"length": 10, "random_seed": 1}
    after = asyncio.run(collect(engine, checkpoint, "sea" + stopped, **writing_request))
    assert sum(steps) == 10
    assert after == written_alone(checkpoint, "sea" + stopped, 10, 1)


@pytest.mark.parametrize("seed_text", ["", "t", "😀", "XYZ 漢字", "\x00\x1b[31m", "nest " * 400])
def test_seed_texts_of_any_kind(engine, seed_text):
    checkpoint = random_checkpoint()
    text = asyncio.run(collect(engine, checkpoint, seed_text, length=12, random_seed=3))
    assert text == written_alone(checkpoint, seed_text, 12, 3) and len(text) == 12


@pytest.mark.parametrize(("is_training", "cores"), [(False, 4), (True, 2)])
def test_half_of_the_cores_are_left_to_a_training(monkeypatch, is_training, cores):
    used = set()
    advance = Batch.advance

    def noting(batch, seconds, interrupt, workers, cores):
        used.add(cores)
        advance(batch, seconds, interrupt, workers, cores)

    monkeypatch.setattr("charlstm.writing.engine.available_cores", lambda: 4)
    monkeypatch.setattr(Batch, "advance", noting)
    engine = Engine(is_training=lambda: is_training)
    checkpoint = random_checkpoint("\n ab")
    text = asyncio.run(collect(engine, checkpoint, "a", length=50, random_seed=1))
    assert text == written_alone(checkpoint, "a", 50, 1)
    assert used == {cores}


def test_a_text_needs_a_length(engine):
    with pytest.raises(ValueError, match="at least 1"):
        asyncio.run(collect(engine, random_checkpoint(), "a", length=0, random_seed=1))


@pytest.mark.parametrize("count", [-1, MAX_CHANCES + 1])
def test_chances_are_a_few_or_none(engine, count):
    asked_for = collect_pieces(
        engine, random_checkpoint(), "a", length=3, random_seed=1, chances=count
    )
    with pytest.raises(ValueError, match="chances must be from 0 to 10"):
        asyncio.run(asked_for)


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(temperature=0.1),
        Sampling(temperature=1.5),
        Sampling(temperature=0),
        Sampling(temperature=0.9, top_k=3),
        Sampling(temperature=1.2, top_p=0.6),
    ],
    ids=str,
)
@pytest.mark.parametrize("count", [1, 5, 10])
def test_the_chances_are_those_that_each_character_was_drawn_with(engine, sampling, count):
    characters = "\n aenst"  # fewer than ten: then all come
    checkpoint, seed_text = random_checkpoint(characters), "nest"
    asked_for = {"length": 70, "random_seed": 5, "sampling": sampling, "chances": count}
    piece = asyncio.run(collect_pieces(engine, checkpoint, seed_text, **asked_for))
    assert piece.text == written_alone(checkpoint, seed_text, 70, 5, sampling)
    begin = read_seed_text(checkpoint.vocabulary, seed_text).ids
    ids = checkpoint.vocabulary.encode(piece.text)
    everything = np.concatenate([begin, ids])
    logits, _ = checkpoint.quantized.read(everything, checkpoint.quantized.start())
    expected = probabilities(logits[len(begin) - 1 : -1], sampling)
    choices, count = piece.choices, min(count, len(characters))
    np.testing.assert_allclose(choices.drawn, expected[np.arange(70), ids], atol=1e-5)
    np.testing.assert_allclose(choices.probabilities, -np.sort(-expected)[:, :count], atol=1e-5)
    for found, chances, row in zip(
        choices.characters, choices.probabilities, expected, strict=True
    ):
        assert len(found) == len(set(found)) == count
        assert (np.diff(chances) <= 0).all()
        np.testing.assert_allclose(row[checkpoint.vocabulary.encode(found)], chances, atol=1e-5)


def test_pieces_come_while_the_text_is_written(engine):
    checkpoint = random_checkpoint()

    async def sizes():
        pieces = engine.write(checkpoint, "", length=20_000, random_seed=1)
        return [len(piece) async for piece in pieces]

    counted = asyncio.run(sizes())
    assert len(counted) > 2 and sum(counted) == 20_000


def test_a_model_that_was_replaced_is_let_go(engine):
    checkpoint = random_checkpoint()
    asyncio.run(collect(engine, checkpoint, "a", length=3, random_seed=1))
    wait_until(lambda: engine._states and not engine._batches)
    gone = weakref.ref(checkpoint)
    del checkpoint
    # The thread's own last look at it ends with the next text.
    asyncio.run(collect(engine, random_checkpoint(), "a", length=3, random_seed=1))
    wait_until(lambda: gc.collect() is not None and gone() is None)


def test_a_state_is_not_taken_for_another_model_s(engine, monkeypatch):
    """A new checkpoint may be given the address of one that is gone: here all have the same."""
    monkeypatch.setattr(Checkpoint, "__hash__", lambda checkpoint: 1)
    one, other = random_checkpoint(), random_checkpoint(random_seed=9)
    first = asyncio.run(collect(engine, one, "nest", length=4, random_seed=1))
    text = asyncio.run(collect(engine, other, "nest" + first, length=40, random_seed=1))
    assert text == written_alone(other, "nest" + first, 40, 1)


def test_remembered_states_are_bounded(monkeypatch):
    monkeypatch.setattr("charlstm.writing.engine.REMEMBERED_STATES", 3)
    engine, checkpoint = Engine(), random_checkpoint()

    async def many():
        for number in range(8):
            await collect(engine, checkpoint, "a", length=3, random_seed=number)

    asyncio.run(many())
    wait_until(lambda: len(engine._states) == 3)
    assert all(np.isfinite(cells).all() for _, cells in engine._states._values.values())


def test_the_engine_can_be_made_ready_before_the_first_text(engine):
    engine.start()
    wait_until(lambda: engine.is_ready)
    assert not engine._batches


def test_where_compiled_code_cannot_be_kept_texts_are_written_all_the_same():
    """As in a read-only checkout, for somebody without a home folder."""
    code = (
        "import asyncio\n"
        "from charlstm.writing.engine import Engine\n"
        "from tests.tiny_networks import random_checkpoint\n"
        "async def main():\n"
        "    pieces = Engine().write(random_checkpoint(), 'nest', length=60, random_seed=2)\n"
        "    print(len(''.join([piece async for piece in pieces])))\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "NUMBA_CACHE_LOCATOR_CLASSES": "IPythonCacheLocator"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.stdout.strip() == "60", done.stderr


def test_a_first_start_compiles_in_a_process_of_its_own(tmp_path):
    code = (
        "import threading, time\n"
        "from numba.core import event\n"
        "from charlstm.writing.engine import Engine\n"
        "with event.install_recorder('numba:compile') as compiled:\n"
        "    engine = Engine()\n"
        "    engine.start()\n"
        "    while not engine.is_ready: time.sleep(0.05)\n"
        "print(len(compiled.buffer))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.stdout.strip() == "0", done.stderr
    assert list(tmp_path.rglob("kernel.write_steps*.nbc"))
