"""`/model-file`: a model's file goes to the visitor, or comes from there."""

import asyncio
from urllib.parse import unquote

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from charlstm.home import shipped_folder
from charlstm.interface.limits import PUBLIC
from charlstm.interface.model_files import transfer
from charlstm.interface.model_files.transfer import ModelTransfer, file_name_of
from charlstm.interface.models import SHIPPED, SHIPPED_FILE, ModelRegistry
from charlstm.interface.visitors import HEADER, KnowsVisitors
from charlstm.network.checkpoint import save_checkpoint
from charlstm.runs.run import Runs
from tests.tiny_networks import random_checkpoint

ANNA, BEN = ({HEADER: letter * 64} for letter in "ab")


@pytest.fixture
def given(tmp_path):
    save_checkpoint(random_checkpoint(random_seed=100), tmp_path / "given")
    return (tmp_path / "given").read_bytes()


def client_of(registry) -> TestClient:
    app = Starlette(
        routes=[ModelTransfer(registry).route()], middleware=[Middleware(KnowsVisitors)]
    )
    return TestClient(app)


@pytest.fixture
def registry(home):
    return ModelRegistry(Runs())


@pytest.fixture
def client(registry):
    return client_of(registry)


def name_in(answer) -> str:
    return unquote(answer.headers["content-disposition"].partition("UTF-8''")[2])


def test_the_shipped_model_is_sent_as_it_is(client):
    for address in ("/model-file", f"/model-file?model={SHIPPED}"):
        answer = client.get(address)
        assert answer.content == (shipped_folder() / SHIPPED_FILE).read_bytes()
        assert name_in(answer) == SHIPPED_FILE


def test_a_model_goes_from_one_machine_to_another(client, registry, given):
    came = client.post("/model-file?name=my%20novel.safetensors", content=given, headers=ANNA)
    assert came.status_code == 200
    assert "is loaded, a network of 665 weights: now it is chosen." in came.json()["sentence"]
    model = came.json()["model"]
    registry.rename(model, "Großmutters Briefe: 1/2")
    sent = client.get(f"/model-file?model={model}")
    assert sent.content == given
    assert name_in(sent) == "Großmutters-Briefe-1-2.safetensors"
    again = client.post("/model-file?name=x.safetensors", content=sent.content, headers=ANNA)
    assert again.json() == {
        "model": model,
        "sentence": "“Großmutters Briefe: 1/2” is here already: now it is chosen.",
    }


def test_a_reader_who_is_too_slow_loses_the_rest_and_leaves_no_error(registry, monkeypatch):
    monkeypatch.setattr(transfer, "ON_ITS_WAY_S", 0.05)
    sent = []

    async def send(message):
        sent.append(message["type"])
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    async def receive():
        await asyncio.Event().wait()

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/model-file",
        "query_string": b"",
        "headers": [],
        "client": ("127.0.0.1", 1),
    }
    asyncio.run(ModelTransfer(registry)(scope, receive, send))
    assert sent == ["http.response.start", "http.response.body"]


@pytest.mark.parametrize("model", ["none", "added-none", "../../etc/passwd", "%00", "o" * 500])
def test_what_is_not_there_is_not_sent(client, model):
    answer = client.get(f"/model-file?model={model}")
    assert answer.status_code == 404 and "There is no model" in answer.json()["error"]


def test_what_is_no_model_is_refused_in_a_sentence(client, registry):
    answer = client.post("/model-file?name=a.pdf", content=b"%PDF-1.7", headers=ANNA)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("a.pdf is no checkpoint, or was cut off.")
    assert client.post("/model-file", content=b"", headers=ANNA).status_code == 400
    assert client.put("/model-file", content=b"").status_code == 405
    assert registry.given() == []


def test_a_page_of_another_origin_can_give_nothing(client, registry, given):
    answer = client.post("/model-file?name=a", content=given)
    assert answer.status_code == 400 and "open the page anew" in answer.json()["error"]
    assert registry.given() == []


def test_strangers_get_their_own_models_only(home, given):
    client = client_of(ModelRegistry(Runs(), PUBLIC))
    model = client.post("/model-file?name=a", content=given, headers=ANNA).json()["model"]
    assert client.get(f"/model-file?model={model}", headers=ANNA).content == given
    for headers in (BEN, {}):
        assert client.get(f"/model-file?model={model}", headers=headers).status_code == 404


def test_so_many_files_are_on_their_way_at_once(client, monkeypatch):
    monkeypatch.setattr(transfer, "PLACES_OF_ADDRESS", 0)
    none = client_of(ModelRegistry(Runs()))
    assert none.get("/model-file").status_code == 503
    for _ in range(30):  # one after the other they all get a place
        assert client.get("/model-file", headers={"Range": "bytes=0-1"}).status_code == 200


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("my novel.txt, quick, 26 Nov 16:40", "my-novel-quick-26-Nov-16-40.safetensors"),
        ("../../etc/passwd", "etc-passwd.safetensors"),
        ("???", "model.safetensors"),
        ("红楼梦", "红楼梦.safetensors"),
        ("a\\b:c*d", "a-b-c-d.safetensors"),
        ("o" * 200, "o" * 60 + ".safetensors"),
    ],
)
def test_a_name_can_be_kept_on_any_system(title, name):
    assert file_name_of(title) == name
