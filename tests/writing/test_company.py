"""Texts that are written together are those written alone, and whoever leaves frees a place."""

import asyncio
import random

import pytest

from charlstm.writing.batch import Batch
from charlstm.writing.engine import Engine
from charlstm.writing.piece_queue import MAX_UNREAD
from charlstm.writing.sampling import Sampling
from tests.engine_texts import collect, collect_pieces, written_alone
from tests.slow_page import advance_slowly
from tests.tiny_networks import random_checkpoint
from tests.waiting import wait_until


@pytest.fixture
def engine():
    return Engine()


def test_texts_of_different_kinds_do_not_touch_each_other(engine):
    checkpoints = [random_checkpoint(), random_checkpoint(random_seed=9)]
    writing_requests = [
        (checkpoints[number % 2], "seat\n"[: number % 6], 20 + 7 * number, number, temperature)
        for number, temperature in enumerate([0.0, 0.5, 0.8, 0.8, 1.0, 1.3, 0.5])
    ]

    async def together():
        return await asyncio.gather(
            *(
                collect(
                    engine,
                    checkpoint,
                    seed_text,
                    length=length,
                    random_seed=random_seed,
                    sampling=Sampling(temperature=temperature),
                )
                for checkpoint, seed_text, length, random_seed, temperature in writing_requests
            )
        )

    texts = asyncio.run(together())
    for text, (checkpoint, seed_text, length, random_seed, temperature) in zip(
        texts, writing_requests, strict=True
    ):
        sampling = Sampling(temperature=temperature)
        assert text == written_alone(checkpoint, seed_text, length, random_seed, sampling)


def test_leaving_early_frees_the_place(engine):
    checkpoint = random_checkpoint()

    async def leave():
        pieces = engine.write(checkpoint, "sane", length=10_000_000, random_seed=1)
        async for _ in pieces:
            break
        await pieces.aclose()

    asyncio.run(leave())
    wait_until(lambda: not engine._batches, "the abandoned text is still being written")


def test_a_cancelled_task_frees_the_place(engine):
    checkpoint = random_checkpoint()

    async def cancel():
        task = asyncio.create_task(
            collect(engine, checkpoint, "sane", length=10_000_000, random_seed=1)
        )
        await asyncio.to_thread(wait_until, lambda: engine._batches)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    wait_until(lambda: not engine._batches)


def test_leaving_while_the_seed_text_is_read_spoils_nothing(engine, monkeypatch):
    checkpoint = random_checkpoint()
    seed_text = "nest sea\n" * 300
    monkeypatch.setattr(Batch, "advance", advance_slowly)

    async def leave():
        task = asyncio.create_task(collect(engine, checkpoint, seed_text, length=5, random_seed=1))
        await asyncio.to_thread(wait_until, lambda: engine._batches)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(leave())
    wait_until(lambda: not engine._batches)
    assert not engine._states, "the text was read to its end"
    monkeypatch.undo()
    text = asyncio.run(collect(engine, checkpoint, seed_text, length=5, random_seed=1))
    assert text == written_alone(checkpoint, seed_text, 5, 1)


def test_an_error_reaches_its_visitors_and_nobody_else(engine, monkeypatch):
    good, bad = random_checkpoint(), random_checkpoint(random_seed=5)
    monkeypatch.setattr(bad.quantized, "write", lambda *arguments: 1 / 0)

    async def both():
        return await asyncio.gather(
            collect(engine, good, "nest", length=60, random_seed=2),
            collect(engine, bad, "nest", length=60, random_seed=2),
            return_exceptions=True,
        )

    text, error = asyncio.run(both())
    assert text == written_alone(good, "nest", 60, 2)
    assert isinstance(error, ZeroDivisionError)
    monkeypatch.undo()
    again = asyncio.run(collect(engine, bad, "nest", length=5, random_seed=2))
    assert again == written_alone(bad, "nest", 5, 2)


def test_an_error_that_ends_the_thread_reaches_all_and_the_next_text_gets_a_living_one(
    engine, monkeypatch
):
    one, other = random_checkpoint(), random_checkpoint(random_seed=5)
    died = engine._thread

    def no_more(batch):
        raise MemoryError

    monkeypatch.setattr(Batch, "remove_idle", no_more)

    async def all_three():
        return await asyncio.gather(
            *(
                collect(engine, checkpoint, "nest", length=100_000, random_seed=2)
                for checkpoint in (one, other, one)
            ),
            return_exceptions=True,
        )

    assert [type(error) for error in asyncio.run(all_three())] == [MemoryError] * 3
    wait_until(lambda: engine.failure is not None)
    assert not engine.is_ready and not engine._batches
    monkeypatch.undo()
    text = asyncio.run(collect(engine, one, "nest", length=60, random_seed=2))
    assert text == written_alone(one, "nest", 60, 2)
    assert engine.is_ready and engine.failure is None and engine._thread is not died


def test_nobody_waits_for_an_engine_that_cannot_get_ready(monkeypatch):
    def no_space():
        raise OSError("no space left on the device")

    monkeypatch.setattr("charlstm.writing.engine._compile", no_space)
    engine, checkpoint = Engine(), random_checkpoint()
    engine.start()
    wait_until(lambda: engine.failure is not None)
    for _ in range(2):
        with pytest.raises(OSError, match="no space"):
            asyncio.run(collect(engine, checkpoint, "nest", length=60, random_seed=2))
    monkeypatch.undo()
    text = asyncio.run(collect(engine, checkpoint, "nest", length=60, random_seed=2))
    assert text == written_alone(checkpoint, "nest", 60, 2)


def test_a_model_that_cannot_be_prepared_is_an_error_of_its_own_visitor(engine):
    good, bad = random_checkpoint(), random_checkpoint(random_seed=5)
    del bad.weights["output/bias"]

    async def both():
        return await asyncio.gather(
            collect(engine, bad, "nest", length=60, random_seed=2),
            collect(engine, good, "nest", length=60, random_seed=2),
            return_exceptions=True,
        )

    error, text = asyncio.run(both())
    assert isinstance(error, KeyError)
    assert text == written_alone(good, "nest", 60, 2)


def test_texts_with_and_without_chances_are_written_together(engine):
    checkpoint = random_checkpoint()

    async def together():
        return await asyncio.gather(
            *(
                collect_pieces(engine, checkpoint, "sea", length=200, random_seed=n, chances=n % 4)
                for n in range(12)
            )
        )

    for number, piece in enumerate(asyncio.run(together())):
        assert piece.text == written_alone(checkpoint, "sea", 200, number)
        if number % 4 == 0:
            assert piece.choices is None
        else:
            assert piece.choices.probabilities.shape == (200, number % 4)
            assert len(piece.choices.characters) == len(piece.choices.drawn) == 200


def test_a_text_that_nobody_reads_waits_and_goes_on_where_it_was(engine):
    checkpoint = random_checkpoint()
    length = 40_000

    async def read_late() -> tuple[str, int]:
        pieces = engine.write(checkpoint, "sea", length=length, random_seed=5)
        text = await anext(pieces)
        await asyncio.to_thread(wait_until, lambda: not engine._batches, "it does not wait")
        waiting = await anext(pieces)
        text += waiting
        async for piece in pieces:
            text += piece
        return text, len(waiting)

    text, waiting = asyncio.run(read_late())
    assert text == written_alone(checkpoint, "sea", length, 5)
    assert MAX_UNREAD <= waiting < 2 * MAX_UNREAD


def test_readers_of_different_speed_get_the_same_text(engine):
    """Some always empty what is ready, some let it fill up, some change their mind."""
    checkpoint = random_checkpoint()

    async def read(number: int) -> str:
        text = ""
        pieces = engine.write(checkpoint, "nest", length=30_000, random_seed=number)
        async for piece in pieces:
            text += piece
            if number % 3 == 1 or (number % 3 == 2 and len(text) > 10_000):
                await asyncio.sleep(0.02)
        return text

    async def together():
        return await asyncio.gather(*(read(number) for number in range(6)))

    texts = asyncio.run(together())
    for number, text in enumerate(texts):
        assert text == written_alone(checkpoint, "nest", 30_000, number)


def test_the_same_text_in_any_company(engine):
    """Texts that come and go at random moments, each as it is alone."""
    checkpoint = random_checkpoint()
    rng = random.Random(6)
    writing_requests = [
        ("sane tea\n"[: rng.randrange(10)], rng.randrange(1, 400), rng.choice((0.3, 0.8, 1.4)))
        for _ in range(120)
    ]

    async def one(number: int) -> str:
        seed_text, length, temperature = writing_requests[number]
        await asyncio.sleep(rng.random() * 0.2)
        return await collect(
            engine,
            checkpoint,
            seed_text,
            length=length,
            random_seed=number,
            sampling=Sampling(temperature=temperature),
        )

    async def together():
        return await asyncio.gather(*(one(number) for number in range(len(writing_requests))))

    texts = asyncio.run(together())
    for number, (text, (seed_text, length, temperature)) in enumerate(
        zip(texts, writing_requests, strict=True)
    ):
        sampling = Sampling(temperature=temperature)
        assert text == written_alone(checkpoint, seed_text, length, number, sampling)


def test_nobody_waits_for_a_long_text_to_end(engine):
    checkpoint = random_checkpoint()

    async def short_beside_long() -> bool:
        long = asyncio.create_task(
            collect(engine, checkpoint, "", length=10_000_000, random_seed=1)
        )
        await asyncio.to_thread(wait_until, lambda: engine._batches)
        await collect(engine, checkpoint, "a", length=50, random_seed=2)
        other = random_checkpoint(random_seed=8)
        await collect(engine, other, "a", length=50, random_seed=2)
        was_open = not long.done()
        long.cancel()
        return was_open

    assert asyncio.run(short_beside_long())
