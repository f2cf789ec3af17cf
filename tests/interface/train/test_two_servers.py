"""Several servers with one home folder: each knows what the others do."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from charlstm.errors import CharLSTMError
from charlstm.interface import visitors
from charlstm.interface.limits import OWN, PUBLIC, Limits
from charlstm.interface.models import ModelRegistry
from charlstm.interface.train import report, tab
from charlstm.interface.train.keeping import Keeping
from charlstm.interface.train.news import TrainingNews
from charlstm.interface.train.tab import Trainer
from charlstm.runs.run import Run, Runs
from tests.waiting import wait_until


@pytest.fixture
def processes(monkeypatch):
    """What the servers started: processes that do nothing until the test ends."""
    started: list[subprocess.Popen] = []

    def start(run: Run, option: str) -> subprocess.Popen:
        started.append(subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE))
        return started[-1]

    monkeypatch.setattr(Run, "_start_process", start)
    yield started
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def serve(processes, monkeypatch):
    monkeypatch.setattr(tab, "measure_elsewhere", lambda recipe: None)
    monkeypatch.setattr(Keeping, "_go_on", lambda keeping: None)  # its thread: the test's own turn

    def serve(limits: Limits = OWN) -> Trainer:
        return Trainer(ModelRegistry(Runs(), limits))

    return serve


def start(trainer: Trainer, text: str) -> str:
    form = ("paste", None, text, "verse", "quick", 3, "minutes")
    return trainer.start(*form, progress=lambda *share, **words: None)


def shown(trainer: Trainer, name: str = "") -> dict:
    return dict(TrainingNews(trainer.registry, name)(1))


def test_what_one_started_the_other_shows_and_can_stop_and_starts_nothing_beside_it(
    serve, tiny_corpus, processes, monkeypatch
):
    first, second = serve(), serve()
    name = start(first, tiny_corpus.text)
    parts = shown(second)
    assert parts["shown"] == parts["running"] == name and "Getting ready" in parts["status"]
    assert parts["stop"]["shown"] and not parts["resume"]["enabled"]
    with pytest.raises(CharLSTMError, match="Another training is running"):
        start(second, tiny_corpus.text)
    with pytest.raises(CharLSTMError, match="Another training is running"):
        second.resume(name)
    assert [run.name for run in second.runs.all()] == [name] and len(processes) == 1

    monkeypatch.setattr(tab, "STOP_PATIENCE_S", 0.0)
    second.stop(name)
    wait_until(lambda: all("Stopped" in shown(each)["status"] for each in (first, second)))
    assert start(second, tiny_corpus.text) != name
    assert shown(first)["running"] == shown(second)["running"] != name


def test_what_one_deletes_is_said_to_be_gone_by_the_other(serve, tiny_corpus, processes):
    first, second = serve(), serve()
    name = start(first, tiny_corpus.text)
    look = TrainingNews(second.registry, name)
    assert look(1)["shown"] == name
    processes[0].kill()
    processes[0].wait()
    assert "Interrupted" in look(1)["status"]
    first.runs.get(name).remove()
    assert look(1)["status"] == report.GONE + report.NOTHING_YET
    for press in (second.resume, second.keep, second.stop, second.write_with):
        with pytest.raises(CharLSTMError, match="There is no training"):
            press(name)
    assert start(second, tiny_corpus.text) == shown(first)["running"]


def test_who_comes_second_waits_for_a_turn_wherever_that_is(serve, tiny_corpus, processes):
    first, second = serve(PUBLIC), serve(PUBLIC)
    with visitors.on_behalf_of("a"):
        begun = start(first, tiny_corpus.text)
        assert shown(second)["running"] == begun
    with visitors.on_behalf_of("b"):
        waiting = start(second, tiny_corpus.text)
        for each in (first, second):
            parts = shown(each)
            assert parts["shown"] == waiting and "One training goes before it" in parts["status"]
    for each in (first, second):
        each.keeping.start_next()
    assert len(processes) == 1
    processes[0].kill()
    processes[0].wait()
    for each in (first, second):
        each.keeping.start_next()
    assert len(processes) == 2, "the first one that looks starts it, and the other does not"
    with visitors.on_behalf_of("b"):
        assert shown(first)["running"] == shown(second)["running"] == waiting


def test_where_the_line_is_full_a_text_is_not_even_read(serve, tiny_corpus, processes, monkeypatch):
    server = serve(replace(PUBLIC, waiting=1))
    for owner in ("a", "b"):
        with visitors.on_behalf_of(owner):
            start(server, tiny_corpus.text)

    def read(*arguments):
        raise AssertionError("it was read")

    monkeypatch.setattr(tab, "read", read)
    with visitors.on_behalf_of("c"), pytest.raises(CharLSTMError, match="The line is full"):
        start(server, tiny_corpus.text)
