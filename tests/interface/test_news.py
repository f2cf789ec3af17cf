"""The route of the news, asked by a program over HTTP."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest
import requests

from charlstm.interface.models import SHIPPED
from charlstm.interface.news import NEITHER
from charlstm.runs.recipes import QUICK
from charlstm.runs.run import Run
from tests.tiny_runs import append, append_record, create_run
from tests.waiting import PATIENCE_S


@contextmanager
def news(server, **asked):
    """The events of a stream, as (kind, data)."""

    def events(answer):
        lines = answer.iter_lines(decode_unicode=True)
        for line in lines:
            if line.startswith("event: "):
                yield line[7:], json.loads(next(lines)[6:])

    address = f"{server.address}/news"
    with requests.get(address, asked, stream=True, timeout=PATIENCE_S) as answer:
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        yield events(answer)


@pytest.fixture
def run(home_folder, tiny_corpus):
    run = create_run(
        recipe=QUICK,
        corpus=tiny_corpus,
        budget=QUICK.budget,
        random_seed=1,
        folder=home_folder / "runs" / "2026-01-01-a",
    )
    run.ownership.claim()
    append(run, "started", step=0)
    yield run
    run.ownership.release()


def test_all_is_sent_at_first_and_then_what_changes(server, run):
    with news(server, training="") as events, news(server, replay=run.name) as replays:
        kind, first = next(events)
        assert kind == "news" and first["shown"] == first["running"] == run.name
        assert 'data-status="preparing"' in first["status"]
        _, replay = next(replays)
        assert replay["live"] and replay["order"] == []
        append(run, "progress", 2.0, step=3)
        append(run, "sample", 2.0, step=3, kept=True, text="O!")
        kind, changed = next(events)
        assert kind == "news" and changed.keys() <= {"status", "charts", "sample"}
        while "order" not in (grown := next(replays)[1]):
            pass
        assert grown["order"] == ["3 2.0"] and grown["moment 3 2.0"]["text"] == "O!"


def test_a_model_can_be_replayed(server):
    with news(server, replay=SHIPPED) as events:
        _, parts = next(events)
        assert not parts["live"] and f"moment {parts['order'][-1]}" in parts


@pytest.mark.parametrize("name", ["gone", "", "../a-run", "a\0b", "x" * 5000])
def test_what_is_not_there_is_said_in_a_sentence_and_ends_the_stream(server, name):
    with news(server, replay=name) as events:
        [(kind, data)] = list(events)
        assert kind == "error" and data["final"]
        assert data["error"].startswith("There is no training") and len(data["error"]) < 120


def test_damaged_notes_end_a_replay_and_not_the_train_tab(server, run: Run):
    with news(server, replay=run.name) as replays, news(server, training=run.name) as events:
        next(replays), next(events)
        append_record(run, {"event": "saved", "step": "seven", "elapsed_s": 1.0})
        kind, data = list(replays)[-1]
        assert kind == "error" and data["final"] and "damaged" in data["error"]
        while "status" not in (changed := next(events)[1]):
            pass
        assert "cannot be shown" in changed["status"]


def test_whoever_asks_for_nothing_is_told_what_there_is(server):
    answer = requests.get(f"{server.address}/news", timeout=PATIENCE_S)
    assert (answer.status_code, answer.json()) == (400, {"error": NEITHER})
