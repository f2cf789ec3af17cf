"""The server's log: what happens on the machine, and nothing that visitors typed."""

import asyncio
import logging
import subprocess
import sys
import threading
from collections.abc import AsyncIterator

import gradio as gr
import pytest
from gradio_client import Client

import charlstm
from charlstm.interface.models import ModelRegistry
from charlstm.interface.page import build_page
from charlstm.interface.server_log import BROKEN, log_training, log_unexpected_errors
from charlstm.interface.train.tab import Trainer
from charlstm.runs.recipes import QUICK, Budget
from charlstm.runs.run import Run, Runs
from charlstm.writing.engine import Engine
from tests.page_server import running_page
from tests.tiny_runs import append, create_run

TYPED = "a secret of mine"
LONG = f"{TYPED}, told to nobody. " * 200


def break_off(text: str) -> str:
    raise KeyError(text)


async def break_off_later(text: str) -> str:
    raise KeyError(text)


async def break_off_between(text: str) -> AsyncIterator[str]:
    yield "something"
    raise KeyError(text)


def refuse(text: str) -> str:
    raise gr.Error(f"{text} is too short.", print_exception=False)


@pytest.fixture(scope="module")
def client():
    with gr.Blocks() as demo:
        for handler in (break_off, break_off_later, break_off_between, refuse):
            gr.api(handler, api_name=handler.__name__)
    log_unexpected_errors(demo)
    _, address, _ = demo.launch(prevent_thread_lock=True, quiet=True, show_error=True)
    yield Client(address, verbose=False)
    demo.close()


@pytest.mark.parametrize("handler", [break_off, break_off_later, break_off_between])
def test_an_unexpected_error_is_logged_once_with_its_traceback_and_without_what_was_typed(
    handler, client, caplog, capfd
):
    with pytest.raises(Exception, match=BROKEN):
        client.predict(TYPED, api_name=f"/{handler.__name__}")
    (record,) = [record for record in caplog.records if record.name == "charlstm"]
    assert record.levelno == logging.ERROR
    message = record.getMessage()
    assert message.startswith("Unexpected KeyError\n")
    assert f"in {handler.__name__}\n" in message and "test_server_log.py" in message
    assert TYPED not in caplog.text
    assert TYPED not in "".join(capfd.readouterr())


def test_a_sentence_for_the_visitor_is_no_error_of_the_server(client, caplog):
    with pytest.raises(Exception, match="too short"):
        client.predict(TYPED, api_name="/refuse")
    assert not [record for record in caplog.records if record.name == "charlstm"]


def test_every_handler_of_the_page_is_watched(monkeypatch, caplog):
    monkeypatch.setattr(Engine, "write", break_off)
    demo = build_page(Engine(), ModelRegistry(Runs()))
    (generate,) = [event for event in demo.fns.values() if event.api_name == "generate"]

    async def all_texts():
        return [text async for text in generate.fn(TYPED, 0.8, 100, 1)]

    with pytest.raises(gr.Error):
        asyncio.run(all_texts())
    assert "Unexpected TypeError" in caplog.text
    assert TYPED not in caplog.text


@pytest.mark.parametrize("source", ["paste", "upload"])
def test_a_training_that_starts_on_the_page_is_logged_without_its_text(
    source, monkeypatch, tmp_path, caplog
):
    monkeypatch.setattr(Run, "start", lambda run: subprocess.Popen([sys.executable, "-c", ""]))
    caplog.set_level(logging.INFO, "charlstm")
    upload = tmp_path / f"{TYPED}.txt"
    upload.write_text(LONG)
    trainer = Trainer(ModelRegistry(Runs()))
    trainer.start(
        source, str(upload), LONG, "verse", "quick", 1, "minutes", progress=lambda *_, **__: None
    )
    (run,) = Runs().all()
    for thread in threading.enumerate():
        if thread.name.endswith(run.name):
            thread.join(30)
    assert f"Training {run.name} started" in caplog.text
    assert TYPED not in caplog.text


@pytest.mark.parametrize("kind", ["finished", "failed"])
def test_a_training_s_end_is_logged_without_its_message(kind, tiny_corpus, caplog):
    caplog.set_level(logging.INFO, "charlstm")
    run = create_run(recipe=QUICK, corpus=tiny_corpus, budget=Budget(epochs=1), random_seed=1)
    process = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    append(run, kind, pid=process.pid, message=TYPED)
    log_training(run, process).join(30)
    assert [record.getMessage() for record in caplog.records if record.name == "charlstm"] == [
        f"Training {run.name} started, process {process.pid}",
        f"Training {run.name} ended: {kind}, exit code 3",
    ]


@pytest.mark.parametrize(
    ("damage", "status"),
    [
        (lambda run: run.paths.events.mkdir(), "its events are damaged"),
        (lambda run: run.remove(), "its folder is gone"),
    ],
)
def test_the_end_of_a_training_is_logged_whatever_has_become_of_its_folder(
    damage, status, tiny_corpus, caplog
):
    caplog.set_level(logging.INFO, "charlstm")
    run = create_run(recipe=QUICK, corpus=tiny_corpus, budget=Budget(epochs=1), random_seed=1)
    damage(run)
    log_training(run, subprocess.Popen([sys.executable, "-c", ""])).join(30)
    assert caplog.records[-1].getMessage() == f"Training {run.name} ended: {status}, exit code 0"


def test_the_page_logs_its_start_and_not_what_is_typed(tmp_path):
    with running_page(tmp_path) as server:
        client = Client(server.address, verbose=False)
        assert TYPED in client.predict(TYPED, 0.8, 60, 1, api_name="/generate")
        with pytest.raises(Exception, match="temperature"):
            client.predict(TYPED, 9, 60, 1, api_name="/generate")
        server.process.terminate()
        server.process.wait(20)
        server.log.seek(0)
        output = server.log.read()
    (line,) = [line for line in output.splitlines() if " INFO " in line]
    assert f"charlstm {charlstm.__version__} answers at {server.address}" in line and "core" in line
    assert TYPED not in output
