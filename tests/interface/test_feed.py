"""One looks for all who watch, and only while somebody does."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from contextlib import aclosing, asynccontextmanager

import pytest

from charlstm.errors import CharLSTMError
from charlstm.interface import feed
from charlstm.interface.feed import BROKEN, Feeds, Revision
from tests.waiting import PATIENCE_S


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(feed, "LOOK_EVERY_S", 0.002)


class Source:
    """What there is to be seen, and who looks at it."""

    def __init__(self, **parts):
        self.parts = parts
        self.made = 0  # how many looks were made to call
        self.looks = 0
        self.threads = set()
        self.watchers = 0
        self.may_look = threading.Event()
        self.may_look.set()

    def look_at(self):
        self.made += 1
        return self

    def __call__(self, watchers):
        assert self.may_look.wait(PATIENCE_S)
        self.looks += 1
        self.watchers = watchers
        self.threads.add(threading.current_thread())
        if isinstance(self.parts, Exception):
            raise self.parts
        return dict(self.parts)

    async def looked(self, times: int = 2) -> None:
        """Wait until it was looked at some more times, the last time from beginning to end."""
        goal = self.looks + times
        await until(lambda: self.looks >= goal)


async def until(condition) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.001)


class Watcher:
    """Reads the messages on a subject, all of them or when the test says so."""

    def __init__(self, feeds: Feeds, source: Source, subject="a"):
        self.messages = feeds.messages(subject, source.look_at)
        self.read = []

    async def next(self) -> dict:
        async with asyncio.timeout(PATIENCE_S):
            self.read.append(await anext(self.messages))
        kind, data, *_ = self.read[-1].decode().split("\n")
        return {"kind": kind.removeprefix("event: "), **json.loads(data.removeprefix("data: "))}

    async def has_none(self, source: Source) -> bool:
        """Whether nothing comes, however often somebody looks."""
        coming = asyncio.ensure_future(anext(self.messages))
        await source.looked(3)
        is_none = not coming.done()
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
        return is_none


@asynccontextmanager
async def watching(number: int, source: Source):
    feeds = Feeds()
    watchers = [Watcher(feeds, source) for _ in range(number)]
    try:
        yield feeds, watchers
    finally:
        for watcher in watchers:
            await watcher.messages.aclose()


def test_one_looks_for_all_and_all_are_sent_the_same_bytes():
    async def main():
        source = Source(status="new", charts="-")
        async with watching(50, source) as (feeds, watchers):
            everything = await asyncio.gather(*(watcher.next() for watcher in watchers))
            assert everything == [{"kind": "news", "status": "new", "charts": "-"}] * 50
            await source.looked()
            assert source.made == 1 and len(feeds) == 1 and source.watchers == 50
            source.parts["status"] = "running"
            changed = await asyncio.gather(*(watcher.next() for watcher in watchers))
            assert changed == [{"kind": "news", "status": "running"}] * 50, "only what is new"
            for messages in zip(*(watcher.read for watcher in watchers), strict=True):
                assert all(message is messages[0] for message in messages)

    asyncio.run(main())


def test_while_nothing_changes_nothing_is_sent():
    async def main():
        source = Source(status="new")
        async with watching(1, source) as (_, [watcher]):
            await watcher.next()
            assert await watcher.has_none(source)

    asyncio.run(main())


def test_who_comes_later_gets_all_that_there_is():
    async def main():
        source = Source(status="new", sample="")
        async with watching(2, source) as (_, [first, second]):
            await first.next()
            source.parts["sample"] = "To be"
            assert await first.next() == {"kind": "news", "sample": "To be"}
            assert await second.next() == {"kind": "news", "status": "new", "sample": "To be"}

    asyncio.run(main())


def test_who_is_slow_gets_several_changes_at_once_and_holds_up_nobody():
    async def main():
        source = Source(step=0, sample="a", title="t")
        async with watching(2, source) as (_, [slow, quick]):
            await slow.next()
            await quick.next()
            source.parts["sample"] = "b"
            await quick.next()
            for step in range(1, 6):
                source.parts["step"] = step
                assert await quick.next() == {"kind": "news", "step": step}
            assert await slow.next() == {"kind": "news", "step": 5, "sample": "b"}

    asyncio.run(main())


def test_nobody_looks_when_nobody_watches():
    async def main():
        source = Source(status="new")
        others = asyncio.all_tasks()
        async with watching(3, source) as (feeds, watchers):
            await asyncio.gather(*(watcher.next() for watcher in watchers))
            waiting = asyncio.ensure_future(anext(watchers[0].messages))
            await source.looked()
            waiting.cancel()  # as when a visitor leaves who waits for news
            await asyncio.gather(waiting, return_exceptions=True)
            await watchers[1].messages.aclose()
            await source.looked()
            assert len(feeds) == 1 and source.watchers == 1, "one is still there"
            await watchers[2].messages.aclose()
            assert len(feeds) == 0
            await until(lambda: asyncio.all_tasks() == others)
            looks = source.looks
            await asyncio.sleep(0.05)
            assert source.looks == looks
            again = Watcher(feeds, source)
            assert await again.next() == {"kind": "news", "status": "new"}
            assert source.made == 2
            await again.messages.aclose()

    asyncio.run(main())


def test_who_leaves_before_the_first_look_leaves_nothing_behind():
    async def main():
        source = Source(status="new")
        source.may_look.clear()
        async with watching(1, source) as (feeds, [watcher]):
            coming = asyncio.ensure_future(anext(watcher.messages))
            await asyncio.sleep(0.01)
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
            assert len(feeds) == 0
            source.may_look.set()

    asyncio.run(main())


def test_a_look_that_takes_long_holds_up_neither_the_event_loop_nor_other_subjects():
    async def main():
        slow, quick = Source(status="slow"), Source(status="quick")
        slow.may_look.clear()
        feeds = Feeds()
        one, other = Watcher(feeds, slow, "slow"), Watcher(feeds, quick, "quick")
        coming = asyncio.ensure_future(one.next())
        assert (await other.next())["status"] == "quick"
        assert not coming.done()
        slow.may_look.set()
        assert (await coming)["status"] == "slow"
        assert threading.current_thread() not in slow.threads | quick.threads
        for watcher in (one, other):
            await watcher.messages.aclose()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (CharLSTMError("There is no such training."), ("There is no such training.", True)),
        (KeyError("a secret"), (BROKEN, False)),
    ],
)
def test_an_error_reaches_all_who_wait_and_ends_the_looking(error, told, caplog):
    async def main():
        source = Source(status="new")
        async with watching(5, source) as (feeds, watchers):
            for watcher in watchers:
                await watcher.next()
            source.parts = error
            sentence, is_final = told
            expected = {"kind": "error", "error": sentence, "final": is_final}
            said = await asyncio.gather(*(watcher.next() for watcher in watchers))
            assert said == [expected] * 5
            for watcher in watchers:
                with pytest.raises(StopAsyncIteration):
                    await anext(watcher.messages)
            assert len(feeds) == 0
            source.parts = {"status": "mended"}
            async with aclosing(Watcher(feeds, source).messages) as again:
                assert b"mended" in await anext(again)

    with caplog.at_level(logging.ERROR, "charlstm"):
        asyncio.run(main())
    logged = [record.getMessage() for record in caplog.records]
    if told[1]:
        assert logged == []
    else:
        assert len(logged) == 1 and "Unexpected KeyError" in logged[0]
        assert "a secret" not in logged[0] and "Source" not in logged[0]


def test_who_comes_while_others_hear_of_an_error_finds_a_new_look():
    async def main():
        source = Source(status="new")
        async with watching(1, source) as (feeds, [watcher]):
            await watcher.next()
            source.parts = CharLSTMError("It is gone.")
            await until(lambda: feeds._feeds["a"].is_over)
            source.parts = {"status": "back"}
            other = Watcher(feeds, source)
            assert (await other.next())["status"] == "back"
            assert (await watcher.next())["error"] == "It is gone."
            with pytest.raises(StopAsyncIteration):
                await anext(watcher.messages)
            assert len(feeds) == 1, "the new one is still watched"
            await other.messages.aclose()
            assert len(feeds) == 0

    asyncio.run(main())


# Revisions


def test_a_part_that_went_and_came_back_is_new():
    first = Revision().with_parts({"a": 1, "b": 2})
    second = first.with_parts({"a": 1})
    third = second.with_parts({"a": 1, "b": 2})
    assert (first.number, second.number, third.number) == (1, 2, 3)
    assert third.with_parts({"b": 2, "a": 1}) is third
    assert json.loads(third.message(second.number).split(b"data: ")[1]) == {"b": 2}
    assert json.loads(third.message(0).split(b"data: ")[1]) == {"a": 1, "b": 2}
