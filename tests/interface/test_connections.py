"""Connections on which nobody asks for anything are closed, and no others."""

import asyncio
import socket
import threading

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from charlstm.interface.connections import IDLE_S, IdleConnections
from tests.waiting import wait_until

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def server():
    async def answer(request: Request):
        return PlainTextResponse("an answer")

    async def stream(request: Request):
        async def pieces():
            yield b"a piece"
            await asyncio.sleep(3600)

        return StreamingResponse(pieces())

    app = Starlette(routes=[Route("/", answer), Route("/stream", stream)])
    config = uvicorn.Config(
        app, port=0, log_level="critical", timeout_keep_alive=3600, timeout_graceful_shutdown=0
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started, "the server has started")
    yield server
    server.should_exit = True
    thread.join()


def connected(server: uvicorn.Server, data: bytes = b"") -> socket.socket:
    before = len(server.server_state.connections)
    made = socket.create_connection(server.servers[0].sockets[0].getsockname()[:2], timeout=60)
    made.sendall(data)
    wait_until(lambda: len(server.server_state.connections) > before, "the server has it")
    return made


def ask(connection: socket.socket) -> bytes:
    """The answer to one more request on a connection, whole."""
    connection.sendall(REQUEST)
    answer = b""
    while not answer.endswith(b"an answer"):
        answer += connection.recv(65536)
    return answer


def closed(server: uvicorn.Server, connections: IdleConnections, now_s: float) -> int:
    async def close():
        return connections.close(now_s)

    loop = server.servers[0].get_loop()
    return asyncio.run_coroutine_threadsafe(close(), loop).result()


def test_what_nothing_or_half_a_request_came_on_is_closed_and_no_other(server):
    silent, half = connected(server), connected(server, REQUEST[:20])
    busy = connected(server, REQUEST.replace(b"/ ", b"/stream "))
    busy.recv(65536)
    used = connected(server)
    ask(used)
    connections = IdleConnections(server)
    assert closed(server, connections, 0.0) == 0
    assert closed(server, connections, IDLE_S - 1) == 0
    ask(used)  # one more request begins the time anew
    assert closed(server, connections, IDLE_S) == 2
    assert silent.recv(1) == b"" and half.recv(1) == b""
    assert closed(server, connections, IDLE_S + 1) == 0
    assert ask(used).startswith(b"HTTP/1.1 200")
    for one in (silent, half, busy, used):
        one.close()


def test_they_are_looked_after_until_the_server_stops(server, monkeypatch):
    monkeypatch.setattr("charlstm.interface.connections.LOOK_S", 0.01)
    monkeypatch.setattr("charlstm.interface.connections.IDLE_S", 0.02)
    silent, end = connected(server), threading.Event()
    looking = threading.Thread(target=IdleConnections(server).close_until, args=(end,))
    looking.start()
    assert silent.recv(1) == b""
    end.set()
    looking.join()
    silent.close()
