"""Pieces go from a thread to a task in order, all of them, and both sides learn of the other."""

import asyncio
import threading
import time

import pytest

from charlstm.writing.piece import Piece
from charlstm.writing.piece_queue import MAX_UNREAD, PieceQueue, Taken, wake


def in_a_thread(function) -> threading.Thread:
    thread = threading.Thread(target=function)
    thread.start()
    return thread


def test_all_pieces_arrive_in_order():
    pieces = [f"{number}, " for number in range(3000)]

    async def read() -> str:
        queue = PieceQueue()

        def write():
            for number, piece in enumerate(pieces):
                queue.put(Piece(piece), is_last=number == len(pieces) - 1)
                wake([queue])

        thread, text = in_a_thread(write), ""
        while True:
            taken = await queue.take()
            text += taken.piece.text
            if taken.is_last:
                thread.join()
                assert queue.num_unread == 0
                return text

    assert asyncio.run(asyncio.wait_for(read(), 20)) == "".join(pieces)


def test_a_reader_waits_until_it_is_woken_and_then_takes_all_there_is():
    async def read():
        queue = PieceQueue()
        reading = asyncio.create_task(queue.take())
        queue.put(Piece("sea "), is_last=False)
        queue.put(Piece("ten"), is_last=False)
        await asyncio.sleep(0.01)
        assert not reading.done()
        assert queue.num_unread == 7
        wake([queue])
        assert await reading == Taken(piece=Piece("sea ten"), is_last=False, was_paused=False)
        assert queue.num_unread == 0

    asyncio.run(read())


def test_the_end_comes_with_the_last_piece():
    async def read():
        queue = PieceQueue()
        queue.put(Piece("sea"), is_last=False)
        queue.put(Piece(""), is_last=True)
        wake([queue])
        assert await queue.take() == Taken(piece=Piece("sea"), is_last=True, was_paused=False)

    asyncio.run(read())


def test_an_error_comes_instead_of_what_was_not_read():
    async def read():
        queue = PieceQueue()
        queue.put(Piece("sea"), is_last=False)
        queue.fail(ZeroDivisionError("no"))
        wake([queue])
        await queue.take()

    with pytest.raises(ZeroDivisionError, match="no"):
        asyncio.run(read())


def test_only_a_full_queue_pauses_and_its_reader_learns_of_it_once():
    async def read():
        queue = PieceQueue()
        queue.put(Piece("x" * (MAX_UNREAD - 1)), is_last=False)
        assert not queue.pause()
        queue.put(Piece("y"), is_last=False)
        assert queue.pause()
        wake([queue])
        assert (await queue.take()).was_paused
        assert not queue.pause(), "it was read"
        queue.put(Piece("z"), is_last=False)
        wake([queue])
        assert not (await queue.take()).was_paused
        assert not queue.abandon()

    asyncio.run(read())


def test_a_reader_that_leaves_learns_that_the_writer_had_paused():
    async def leave():
        queue = PieceQueue()
        queue.put(Piece("x" * MAX_UNREAD), is_last=False)
        assert queue.pause()
        assert not queue.is_abandoned
        assert queue.abandon()
        assert queue.is_abandoned
        assert not queue.pause(), "nobody would ever say that it can continue"

    asyncio.run(leave())


def test_a_writer_that_pauses_is_always_let_go_on():
    """The writer decides to pause at the very moment at which the reader takes."""
    rounds = 300

    async def read() -> int:
        queue, may_write = PieceQueue(), threading.Event()
        may_write.set()

        def write():
            for number in range(rounds):
                assert may_write.wait(10), "it paused, and nobody said that it can continue"
                may_write.clear()
                queue.put(Piece("x" * MAX_UNREAD), is_last=number == rounds - 1)
                wake([queue])
                time.sleep(0.0001 * (number % 3))
                if not queue.pause():
                    may_write.set()

        thread, characters = in_a_thread(write), 0
        while True:
            taken = await queue.take()
            characters += len(taken.piece.text)
            if taken.was_paused:
                may_write.set()
            if taken.is_last:
                thread.join()
                return characters

    assert asyncio.run(asyncio.wait_for(read(), 20)) == rounds * MAX_UNREAD


def test_all_readers_of_a_loop_are_woken_by_one_call(monkeypatch):
    async def read_many():
        loop = asyncio.get_running_loop()
        calls, call_soon = [], loop.call_soon_threadsafe

        def counting(function, *arguments):
            calls.append(function)
            return call_soon(function, *arguments)

        monkeypatch.setattr(loop, "call_soon_threadsafe", counting)
        queues = [PieceQueue() for _ in range(50)]
        for number, queue in enumerate(queues):
            queue.put(Piece(str(number)), is_last=False)
        wake(queues)
        assert len(calls) == 1
        return [(await queue.take()).piece.text for queue in queues]

    assert asyncio.run(read_many()) == [str(number) for number in range(50)]


def test_queues_of_a_closed_event_loop_are_abandoned_and_others_woken():
    async def make() -> PieceQueue:
        return PieceQueue()

    gone = asyncio.run(make())

    async def read() -> str:
        queue = PieceQueue()
        for each in (gone, queue):
            each.put(Piece("sea"), is_last=False)
        wake([gone, queue])
        return (await queue.take()).piece.text

    assert asyncio.run(read()) == "sea"
    assert gone.is_abandoned
