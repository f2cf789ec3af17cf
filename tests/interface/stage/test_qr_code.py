"""The QR code of the page's address, and where others in the room reach it."""

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from charlstm.interface.stage.qr_code import (
    address_for_others,
    qr_routes,
    room_address,
    terminal_code,
)

ADDRESS = "http://192.0.2.7:7860/?text=ROMEO%3A&t=0.8"


def client(host=None) -> TestClient:
    routes = qr_routes(lambda port: address_for_others(host, port))
    return TestClient(Starlette(routes=routes), base_url="http://127.0.0.1:7860")


def test_the_code_is_a_picture_that_depends_on_the_address():
    answer = client().get("/qr.svg", params={"address": ADDRESS})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.text.startswith("<svg") and ADDRESS not in answer.text
    assert client().get("/qr.svg", params={"address": ADDRESS + "1"}).text != answer.text


@pytest.mark.parametrize("address", ["", "javascript:alert(1)", "x", "http://a/" + "x" * 2000])
def test_what_is_no_address_is_refused_in_a_sentence(address):
    answer = client().get("/qr.svg", params={"address": address})
    assert answer.status_code == 400
    assert "Say which address" in answer.json()["error"]


@pytest.mark.parametrize("host", [None, "127.0.0.1", "localhost"])
def test_a_server_for_this_machine_has_no_address_for_others(host):
    assert room_address(host, 7860) == ""
    assert client(host).get("/room-address").json() == {"address": ""}


def test_a_server_that_listens_everywhere_knows_its_address():
    address = room_address("0.0.0.0", 7861)  # noqa: S104
    assert address == "" or (address.startswith("http://") and address.endswith(":7861/"))
    assert "0.0.0.0" not in address  # noqa: S104
    assert room_address("192.0.2.7", 80) == "http://192.0.2.7:80/"


def test_a_shared_link_and_a_space_are_for_everybody(monkeypatch):
    link = "https://4d2a.gradio.live"
    assert address_for_others(None, 7860, link) == link
    assert address_for_others("0.0.0.0", 7860, link) == link  # noqa: S104
    monkeypatch.setenv("SPACE_HOST", "somebody-charlstm.hf.space")
    assert address_for_others("0.0.0.0", 7860) == "https://somebody-charlstm.hf.space/"  # noqa: S104
    assert client().get("/room-address").json()["address"].startswith("https://somebody")


def test_the_code_can_be_shown_in_a_terminal():
    assert len(terminal_code(ADDRESS).splitlines()) > 10
