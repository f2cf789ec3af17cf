"""What `/health` says."""

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

import charlstm
from charlstm.interface.health import health_route
from charlstm.interface.models import ModelRegistry
from charlstm.runs.run import Runs
from charlstm.writing.engine import Engine
from tests.waiting import wait_until


@pytest.fixture
def engine():
    return Engine()


@pytest.fixture
def client(engine):
    return TestClient(Starlette(routes=[health_route(engine, ModelRegistry(Runs()))]))


def test_a_server_gets_ready_and_then_is_well(client, engine):
    answer = client.get("/health")
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    assert answer.json() == {
        "status": "getting ready",
        "failed": None,
        "training": False,
        "version": charlstm.__version__,
    }
    engine.start()
    wait_until(lambda: engine.is_ready)
    assert client.get("/health").json()["status"] == "ok"


def test_a_server_that_cannot_write_says_so_without_what_was_typed(client, engine, monkeypatch):
    def fails():
        raise OSError("secret")

    monkeypatch.setattr("charlstm.writing.engine._compile", fails)
    engine.start()
    wait_until(lambda: engine.failure is not None)
    answer = client.get("/health")
    assert answer.status_code == 503
    assert answer.json()["status"] == "failed" and answer.json()["failed"] == "OSError"
    assert "secret" not in answer.text
    monkeypatch.undo()
    engine.start()  # as the next text does
    wait_until(lambda: engine.is_ready)
    assert client.get("/health").status_code == 200
