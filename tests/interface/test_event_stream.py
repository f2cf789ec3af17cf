"""Streams are sent piece by piece, and end when their reader leaves."""

import asyncio
import json
from types import SimpleNamespace

import pytest

from charlstm.interface import event_stream
from charlstm.interface.event_stream import EVENTS, KEEP_ALIVE, PLAIN, Streamed, event, wants_events


class Reader:
    """An HTTP client, as the application sees it."""

    def __init__(self):
        self.sent = []
        self.left = asyncio.Event()
        self.got = asyncio.Event()
        self.can_read = asyncio.Event()
        self.can_read.set()

    async def receive(self):
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        await self.can_read.wait()
        self.sent.append(message)
        self.got.set()

    @property
    def bodies(self):
        return [message["body"] for message in self.sent[1:]]

    async def read(self, pieces, media_type=PLAIN, app=None):
        await Streamed(pieces, media_type)({"type": "http", "app": app}, self.receive, self.send)


class Source:
    """Pieces that come when the test says so."""

    def __init__(self, *pieces):
        self.coming = asyncio.Queue()
        self.is_closed = False
        self.taken = 0
        for piece in pieces:
            self.coming.put_nowait(piece)

    async def pieces(self):
        try:
            while (piece := await self.coming.get()) is not None:
                self.taken += 1
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        finally:
            self.is_closed = True


def test_pieces_are_sent_in_order_and_the_end_is_said():
    async def main():
        reader, source = Reader(), Source(b"RO", b"MEO", None)
        await reader.read(source.pieces())
        assert reader.bodies == [b"RO", b"MEO", b""]
        assert [message["more_body"] for message in reader.sent[1:]] == [True, True, False]
        headers = dict(reader.sent[0]["headers"])
        assert headers[b"content-type"] == b"text/plain; charset=utf-8"
        assert headers[b"x-accel-buffering"] == b"no"

    asyncio.run(main())


@pytest.mark.parametrize(("media_type", "end"), [(EVENTS, [b""]), (PLAIN, [])])
def test_a_stream_ends_when_the_server_stops(media_type, end):
    async def main():
        reader, source = Reader(), Source(b"RO")
        app = SimpleNamespace(stop_event=asyncio.Event())
        reading = asyncio.create_task(reader.read(source.pieces(), media_type, app))
        while b"RO" not in reader.bodies:
            await asyncio.sleep(0)
        app.stop_event.set()
        await asyncio.wait_for(reading, 60)
        assert source.is_closed
        # A plain text must not look complete; readers of events know the last one.
        assert reader.bodies[1:] == end

    asyncio.run(main())


def test_the_iteration_is_closed_when_the_reader_leaves_while_it_waits():
    async def main():
        reader, source = Reader(), Source(b"RO")
        reading = asyncio.create_task(reader.read(source.pieces()))
        while b"RO" not in reader.bodies:
            await asyncio.sleep(0)
        reader.left.set()
        await asyncio.wait_for(reading, 60)
        assert source.is_closed
        assert reader.bodies[-1] != b""  # no proper end

    asyncio.run(main())


def test_a_slow_reader_slows_the_iteration():
    async def main():
        reader, source = Reader(), Source(*[b"x"] * 100, None)
        reading = asyncio.create_task(reader.read(source.pieces()))
        await reader.got.wait()
        reader.can_read.clear()
        for _ in range(200):
            await asyncio.sleep(0)
        assert source.taken < 10
        reader.can_read.set()
        await reading
        assert b"".join(reader.bodies) == b"x" * 100

    asyncio.run(main())


def test_an_error_leaves_the_answer_without_its_proper_end():
    async def main():
        reader, source = Reader(), Source(b"RO", ValueError("broken"))
        with pytest.raises(ValueError, match="broken"):
            await reader.read(source.pieces())
        assert reader.bodies == [b"RO"]
        assert source.is_closed

    asyncio.run(main())


@pytest.mark.parametrize("media_type", [EVENTS, PLAIN])
def test_only_events_are_kept_alive_while_nothing_comes(monkeypatch, media_type):
    monkeypatch.setattr(event_stream, "KEEP_ALIVE_S", 0.01)

    async def main():
        reader, source = Reader(), Source(b"RO")
        reading = asyncio.create_task(reader.read(source.pieces(), media_type))
        await asyncio.sleep(0.2)
        source.coming.put_nowait(None)
        await reading
        assert (KEEP_ALIVE in reader.bodies) == (media_type == EVENTS)
        assert b"".join(reader.bodies).replace(KEEP_ALIVE, b"") == b"RO"

    asyncio.run(main())


def test_an_event_is_one_line_whatever_its_text():
    text = "a\nb\r\u2028\u0085\0 ' \" é 😀"
    kind, data, *rest = event("piece", {"text": text}).decode().split("\n")
    assert (kind, rest) == ("event: piece", ["", ""])
    assert json.loads(data.removeprefix("data: ")) == {"text": text}


@pytest.mark.parametrize(
    ("accept", "wants"),
    [
        ("text/event-stream", True),
        ("TEXT/Event-Stream; charset=utf-8", True),
        ("text/html, text/event-stream;q=0.9", True),
        ("text/event-stream;q=0", False),
        ("text/event-streamx", False),
        ("text/event-stream;q=0.5, text/plain", False),
        ("text/event-stream;q=x", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_events_are_sent_to_whoever_accepts_them(accept, wants):
    assert wants_events(accept) is wants
