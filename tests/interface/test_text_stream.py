"""`/write` answers with the text while it is written: the same for the same request."""

import asyncio
import json
import re

import numpy as np
import pytest
import requests

from charlstm.home import shipped_folder
from charlstm.interface.event_stream import EVENTS
from charlstm.interface.models import SHIPPED_FILE, SHIPPED_NAME, ModelRegistry
from charlstm.interface.text_stream import BROKE_OFF, MAX_BODY_BYTES, TextStream
from charlstm.network.checkpoint import load_checkpoint, save_checkpoint
from charlstm.runs.recipes import QUICK
from charlstm.runs.run import Runs
from charlstm.writing.batch import Batch
from charlstm.writing.engine import Engine
from charlstm.writing.sampling import Sampling
from charlstm.writing.single_text import write
from tests.slow_page import advance_slowly
from tests.tiny_networks import random_checkpoint
from tests.tiny_runs import create_run
from tests.waiting import PATIENCE_S, wait_until

ROMEO = {"seed_text": "ROMEO:", "temperature": 0.8, "length": 200, "random_seed": 7}


def library_text(seed_text, temperature, length, random_seed, checkpoint=None) -> str:
    checkpoint = checkpoint or load_checkpoint(shipped_folder() / SHIPPED_FILE)
    sampling = Sampling(temperature=temperature)
    pieces = write(checkpoint, seed_text, length=length, sampling=sampling, random_seed=random_seed)
    return seed_text + "".join(pieces)


def events_of(body: str) -> list[tuple[str, dict]]:
    """(kind, data) of each event; comments are left out."""
    blocks = [block for block in body.split("\n\n") if block and not block.startswith(":")]
    found = [re.fullmatch(r"event: (\w+)\ndata: (.*)", block) for block in blocks]
    return [(event[1], json.loads(event[2])) for event in found]


def ask(server, accept="*/*", **parameters) -> requests.Response:
    headers = {"Accept": accept}
    address = f"{server.address}/write"
    return requests.get(address, parameters, headers=headers, timeout=PATIENCE_S)


def post(server, given, accept="*/*", content_type="application/json") -> requests.Response:
    headers = {"Accept": accept, "Content-Type": content_type}
    data = given if isinstance(given, bytes) else json.dumps(given).encode()
    return requests.post(f"{server.address}/write", data, headers=headers, timeout=PATIENCE_S)


# What it answers


def test_a_plain_text_is_the_library_s(server):
    answer = ask(server, **ROMEO)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert answer.text == library_text(**ROMEO)
    assert post(server, ROMEO).text == answer.text


def test_what_is_left_out_has_a_usual_value(server):
    usual = {"seed_text": "", "temperature": 0.8, "length": 500, "random_seed": 0}
    assert ask(server).text == library_text(**usual)


@pytest.mark.parametrize("seed_text", ["", "Ω&<b>\r\n\t😀", "a\0b\u2028c", "To be, or not to be"])
def test_events_carry_the_same_characters(server, seed_text):
    asked = {**ROMEO, "seed_text": seed_text}
    answer = post(server, asked, EVENTS)
    assert answer.headers["Content-Type"] == f"{EVENTS}; charset=utf-8"
    events = events_of(answer.text)
    (first, begin), *pieces, (last, end) = events
    assert (first, last) == ("begin", "end")
    assert {kind for kind, _ in pieces} == {"piece"}
    assert begin["text"] == seed_text and begin["model"] == SHIPPED_NAME
    assert ("Skipped" in begin["unknown"]) == ("Ω" in seed_text or "\0" in seed_text)
    text = "".join(data["text"] for _, data in events[:-1])
    assert text == library_text(**asked)
    assert end["characters"] == len(text)


@pytest.mark.parametrize("begin", [0, 1, 5, 6, 7, 100, 205, 206])
def test_the_rest_from_any_character_on(server, begin):
    whole = library_text(**ROMEO)
    assert len(whole) == 206
    parameters = {**ROMEO, "from": begin}
    assert ask(server, **parameters).text == whole[begin:]
    kinds, data = zip(*events_of(post(server, parameters, EVENTS).text), strict=True)
    assert "".join(part.get("text", "") for part in data) == whole[begin:]
    assert kinds[0] == "begin" and kinds[-1] == "end"
    assert data[-1]["characters"] == 206


def test_characters_are_counted_as_people_do(server):
    asked = {**ROMEO, "seed_text": "😀é😀", "length": 50}
    whole = library_text(**asked)
    assert ask(server, **asked, **{"from": 1}).text == whole[1:]


def test_chances_come_with_the_characters(server):
    events = events_of(post(server, {**ROMEO, "chances": 5}, EVENTS).text)
    assert text_of(events) == library_text(**ROMEO), "the text does not depend on it"
    for kind, data in events:
        if kind != "piece":
            continue
        parts = data["likeliest"], data["probabilities"], data["drawn"]
        for character, likeliest, chances, drawn in zip(data["text"], *parts, strict=True):
            assert len(likeliest) == len(chances) == 5
            assert chances == sorted(chances, reverse=True) and sum(chances) <= 1003
            if character in likeliest:
                assert chances[likeliest.index(character)] == drawn
            else:
                assert drawn <= chances[-1]


def test_a_long_text_can_be_continued_by_post_only(server):
    long = "To be. " * 400
    asked = {**ROMEO, "seed_text": long, "length": 50}
    assert post(server, asked).text == library_text(**asked)
    assert "use at most 2,000" in ask(server, **asked).json()["error"]


def test_head_says_what_get_would_without_writing(server):
    answer = requests.head(f"{server.address}/write", timeout=PATIENCE_S)
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/plain")


# What it refuses


@pytest.mark.parametrize(
    ("parameters", "status", "sentence"),
    [
        ({"temperature": "9"}, 400, "temperature was '9'; give a number from 0.1 to 1.5"),
        ({"length": "3"}, 400, "length was '3'; give a number from 50 to 2,000"),
        ({"random_seed": "x"}, 400, "random seed was 'x'"),
        ({"from": "-1"}, 400, "from was '-1'"),
        ({"from": "507"}, 400, "from was 507; this text has 500 characters"),
        ({"chances": "5"}, 400, "plain text has no chances"),
        ({"seed": "7"}, 400, "no parameter 'seed'; there are seed_text, temperature"),
        ({"length": ["50", "60"]}, 400, "'length' was given more than once"),
        ({"length": "5_0"}, 400, "length was '5_0'"),
        ({"length": "٥٠"}, 400, "length was '٥٠'"),
        ({"length": f"60.5{'0' * 3000}1"}, 400, f"length was '60.5{'0' * 33} …; give"),
        ({"model": "gone"}, 404, "here, or not any more"),
        ({"model": "../../etc/passwd"}, 404, "here, or not any more"),
        ({"model": "0" * 16}, 404, "here, or not any more"),
        ({"model": "a\0b"}, 404, "here, or not any more"),
    ],
)
def test_bad_parameters_are_refused_in_a_sentence(server, parameters, status, sentence):
    answer = ask(server, **parameters)
    assert answer.status_code == status
    assert sentence in answer.json()["error"]


@pytest.mark.parametrize(
    ("body", "content_type", "status", "sentence"),
    [
        (b"{", "application/json", 400, "not JSON"),
        (b"[1]", "application/json", 400, "no JSON object"),
        (b"[" * 100_000, "application/json", 400, "not JSON"),
        (b"\xff", "application/json", 400, "not JSON"),
        (b"{}", "text/plain", 415, "Content-Type: application/json"),
        (b" " * (MAX_BODY_BYTES + 1), "application/json", 413, "more than 1,000,000 bytes"),
        (b'{"seed_text": ["a"]}', "application/json", 400, "seed text was ['a']"),
        (b'{"seed_text": "\\ud800"}', "application/json", 400, "half a character"),
        (b'{"length": 1e999}', "application/json", 400, "length was Infinity"),
        (b'{"length": true}', "application/json", 400, "length was true"),
        (b'{"length": 60.5}', "Application/JSON; charset=utf-8", 400, "length was 60.5"),
        (b'{"length": 50, "length": 60}', "application/json", 400, "'length' was given more than"),
    ],
)
def test_bad_bodies_are_refused_in_a_sentence(server, body, content_type, status, sentence):
    answer = post(server, body, content_type=content_type)
    assert answer.status_code == status
    assert sentence in answer.json()["error"]


def test_an_address_that_is_not_utf_8_is_refused(server):
    answer = requests.get(f"{server.address}/write?seed_text=%ff%fe", timeout=PATIENCE_S)
    assert answer.status_code == 400
    assert "not in UTF-8" in answer.json()["error"]


def test_a_post_with_parameters_in_its_address_too_is_refused(server):
    address = f"{server.address}/write?length=60"
    answer = requests.post(address, json={"seed_text": "O"}, timeout=PATIENCE_S)
    assert answer.status_code == 400
    assert "POST takes all parameters from its body" in answer.json()["error"]


def test_other_methods_are_refused(server):
    answer = requests.put(f"{server.address}/write", timeout=PATIENCE_S)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, POST" and "use GET or POST" in answer.text


# Models


@pytest.fixture
def stream():
    return TextStream(Engine(), ModelRegistry(Runs()))


@pytest.fixture
def trained(home, tiny_corpus):
    """The file of a model that was trained here."""
    run = create_run(
        recipe=QUICK,
        corpus=tiny_corpus,
        budget=QUICK.budget,
        random_seed=1,
        folder=home / "runs" / "a",
    )
    save_checkpoint(random_checkpoint("\n .:aeht"), run.paths.checkpoint)
    return run.paths.checkpoint


class Reader:
    """An HTTP client, as the application sees it."""

    def __init__(self, stream: TextStream, accept=EVENTS, **parameters):
        self.body = b""
        self.status = 0
        self.left = asyncio.Event()
        self._application = stream
        self._given = [json.dumps(parameters).encode()]
        self._scope = {
            "type": "http",
            "method": "POST",
            "path": "/write",
            "query_string": b"",
            "headers": [(b"accept", accept.encode()), (b"content-type", b"application/json")],
        }

    async def receive(self):
        if self._given:
            return {"type": "http.request", "body": self._given.pop(), "more_body": False}
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        self.status = message.get("status", self.status)
        self.body += message.get("body", b"")

    async def receive_all(self) -> None:
        await self._application(self._scope, self.receive, self.send)

    async def read(self) -> list[tuple[str, dict]]:
        await self.receive_all()
        return events_of(self.body.decode())


def read(stream, **parameters) -> list[tuple[str, dict]]:
    return asyncio.run(Reader(stream, **parameters).read())


def text_of(events) -> str:
    return "".join(data.get("text", "") for _, data in events)


def test_a_model_has_a_name_that_is_the_same_everywhere(stream, trained):
    events = read(stream, model="a", **ROMEO)
    name = events[0][1]["model"]
    assert re.fullmatch("[0-9a-f]{16}", name)
    assert text_of(events) == library_text(**ROMEO, checkpoint=load_checkpoint(trained))
    elsewhere = TextStream(Engine(), ModelRegistry(Runs()))
    again = read(elsewhere, model=name, **ROMEO)
    assert again[0][1]["model"] == name and text_of(again) == text_of(events)


def test_a_text_can_be_resumed_although_its_model_has_learned_on(stream, trained):
    events = read(stream, model="a", **ROMEO)
    save_checkpoint(random_checkpoint("\n .:aeht", random_seed=2), trained)
    rest = read(stream, model=events[0][1]["model"], **ROMEO, **{"from": 50})
    assert text_of(rest) == text_of(events)[50:]
    assert read(stream, model="a", **ROMEO)[0][1]["model"] != events[0][1]["model"]


def test_a_damaged_model_is_the_server_s_fault(stream, trained):
    trained.write_bytes(b"garbage" * 99)
    reader = Reader(stream, model="a")
    asyncio.run(reader.receive_all())
    assert reader.status == 500 and b"no checkpoint" in reader.body


# While it is written


@pytest.fixture
def slowly(monkeypatch):
    """Texts are written so slowly that something can happen on the way, on any machine."""
    monkeypatch.setattr(Batch, "advance", advance_slowly)


def test_a_reader_who_leaves_frees_the_place(stream, slowly):
    async def leave():
        reader = Reader(stream, **{**ROMEO, "length": 2000})
        reading = asyncio.create_task(reader.receive_all())
        while b"piece" not in reader.body:
            await asyncio.sleep(0.001)
        reader.left.set()
        await reading
        await asyncio.to_thread(wait_until, lambda: not stream._engine._batches)
        assert len(asyncio.all_tasks()) == 1, "no task is left but this one"

    asyncio.run(leave())


def test_a_fault_of_the_server_is_an_event_and_is_logged(stream, monkeypatch, caplog):
    typed = "what a visitor typed"

    def fail(batch, *arguments):
        raise FloatingPointError(typed)

    monkeypatch.setattr(Batch, "advance", fail)
    events = read(stream, **ROMEO)
    assert events[-1] == ("error", {"error": BROKE_OFF})
    assert "FloatingPointError" in caplog.text and typed not in caplog.text


def test_a_plain_text_that_breaks_off_has_no_proper_end(stream, monkeypatch):
    def fail(batch, *arguments):
        raise FloatingPointError

    monkeypatch.setattr(Batch, "advance", fail)
    with pytest.raises(FloatingPointError):
        asyncio.run(Reader(stream, accept="*/*", **ROMEO).receive_all())


def test_texts_of_one_model_share_a_batch(stream, monkeypatch):
    counts = []
    advance = Batch.advance

    def spy(batch, *arguments):
        counts.append(len(batch.texts))
        advance(batch, *arguments)

    monkeypatch.setattr(Batch, "advance", spy)

    async def crowd():
        readers = [Reader(stream, **{**ROMEO, "random_seed": seed}) for seed in range(20)]
        return await asyncio.gather(*(reader.read() for reader in readers))

    texts = [text_of(events) for events in asyncio.run(crowd())]
    assert max(counts) == 20
    for seed in np.random.default_rng(1).choice(20, 5, replace=False).tolist():
        assert texts[seed] == library_text(**{**ROMEO, "random_seed": seed})
