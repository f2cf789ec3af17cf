"""What requests are refused before anything is done, and what goes along with each answer."""

import asyncio
import os

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from charlstm.interface import doors
from charlstm.interface.doors import CLOSED, NOT_UPLOADED, Doors, OtherOrigins
from charlstm.interface.server_log import BROKEN

CALL = "/gradio_api/run/describe"


@pytest.fixture
def uploads(tmp_path):
    folder = tmp_path / "uploads"
    folder.mkdir()
    (folder / "text.txt").write_text("a text")
    (tmp_path / "secret.txt").write_text("a secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder


@pytest.fixture
def client(uploads):
    async def echo(request: Request):
        return JSONResponse({"bytes": len(await request.body())})

    async def page(request: Request):
        headers = {"Access-Control-Allow-Credentials": "true"}
        return HTMLResponse("<p>a page", headers=headers)

    app = Starlette(
        routes=[
            Route("/", page),
            Route("/{path:path}", echo, methods=["GET", "POST", "PUT", "DELETE"]),
        ],
        middleware=[Middleware(Doors, lambda: str(uploads), upload_bytes=1000, kept_bytes=2000)],
    )
    return TestClient(app)


@pytest.mark.parametrize(
    "path",
    ["/", "/config", "/write", "/news", "/health", "/theme.css", "/assets/index.js",
     "/views/0123/browser/main.js", "/gradio_api/queue/join", "/gradio_api/queue/data",
     "/gradio_api/run/odds", "/gradio_api/call/generate", "/gradio_api/call/generate/0a1b",
     "/gradio_api/heartbeat/x1", "/gradio_api/upload", "/gradio_api/file=/tmp/gradio/a.txt"],
)  # fmt: skip
def test_what_the_page_needs_is_open(client, path):
    assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/gradio_api/deep_link", "/gradio_api/proxy=http://192.0.2.1/", "/gradio_api/vibe-code",
     "/gradio_api/runs", "/gradio_api/run-history/records", "/gradio_api/stream/a/1/2/a.ts",
     "/gradio_api/component_server", "/gradio_api/process_recording", "/monitoring", "/login",
     "/openapi.json", "/gradio_api/openapi.json", "/gradio_api/profiling/traces", "/.env",
     "/gradio_api/file=http://192.0.2.1/a.txt", "/gradio_api/file=file:///etc/passwd",
     "/docs", "/gradio_api", "/config%00", "/config/more"],
)  # fmt: skip
def test_all_else_is_closed(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.json()) == (404, {"error": CLOSED})


def test_behind_a_proxy_the_page_has_a_prefix(uploads):
    async def app(scope, receive, send):
        passed.append(scope["path"])

    passed, answered = [], []

    async def send(message):
        answered.append(message)

    for path in ("/demo/write", "/write", "/demo/monitoring", "/demonitoring"):
        scope = {"type": "http", "method": "GET", "path": path, "root_path": "/demo"}
        asyncio.run(Doors(app, lambda: str(uploads))(scope, None, send))
    assert passed == ["/demo/write", "/write"]
    assert [message.get("status") for message in answered] == [404, None, 404, None]


@pytest.mark.parametrize("path", [CALL, "/gradio_api/queue/join", "/write"])
def test_a_body_has_a_limit_whether_or_not_its_size_is_announced(client, path, monkeypatch):
    monkeypatch.setattr(doors, "MAX_BODY_BYTES", 1000)
    whole = b'{"data": ["' + b"o" * 1000 + b'"]}'
    for body in (whole, iter([whole[:600], whole[600:]])):
        answer = client.post(path, content=body)
        assert answer.status_code == 413
        assert answer.json()["error"] == "The request has more than 1,000 bytes; send fewer."
    assert client.post(path, content=b'{"data": ["O"]}').json() == {"bytes": 15}


def test_an_upload_may_be_larger(client, monkeypatch):
    monkeypatch.setattr(doors, "MAX_BODY_BYTES", 10)
    assert client.post("/gradio_api/upload", content=b"o" * 1000).json() == {"bytes": 1000}
    monkeypatch.setattr(doors, "FORM_BYTES", 0)
    assert client.post("/gradio_api/upload", content=b"o" * 1001).status_code == 413


def test_of_what_was_uploaded_the_oldest_makes_room(client, uploads):
    for number in range(4):
        path = uploads / f"{number}" / "a.txt"
        path.parent.mkdir()
        path.write_bytes(b"o" * 600)
        os.utime(path, (number + 1, number + 1))
    os.utime(uploads / "text.txt", (0, 0))
    assert client.post("/gradio_api/upload", content=b"o" * 790).status_code == 200
    assert sorted(path.parent.name for path in uploads.glob("*/*.txt")) == ["2", "3"]
    assert not (uploads / "text.txt").exists()


@pytest.mark.parametrize("limit", ["MAX_HELD_BYTES", "MAX_HELD_OF_ADDRESS"])
def test_all_bodies_together_have_a_limit_and_leave_their_room(client, monkeypatch, limit):
    monkeypatch.setattr(doors, limit, 100)
    monkeypatch.setattr(doors, "SMALL_BYTES", 50)
    for _ in range(3):
        assert client.post("/write", content=b"o" * 90).status_code == 200
        refused = client.post("/write", content=b"o" * 101)
        assert (refused.status_code, refused.json()["error"]) == (503, doors.CROWDED)


def test_whoever_sends_much_keeps_nobody_from_sending_little(uploads, monkeypatch):
    monkeypatch.setattr(doors, "MAX_HELD_OF_ADDRESS", 100)
    monkeypatch.setattr(doors, "SMALL_BYTES", 50)
    passed = asyncio.Event()

    async def app(scope, receive, send):
        passed.set()

    async def ask(guard: Doors, body: bytes, address: str, then=None):
        parts = [{"type": "http.request", "body": body, "more_body": then is not None}]

        async def receive():
            if parts:
                return parts.pop()
            await then.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            statuses.append(message.get("status"))

        statuses: list = []
        scope = {"type": "http", "method": "POST", "path": "/write", "headers": [],
                 "query_string": b"", "client": (address, 1)}  # fmt: skip
        passed.clear()
        await guard(scope, receive, send)
        return passed.is_set(), statuses[:1]

    async def visit():
        guard, end = Doors(app, lambda: str(uploads)), asyncio.Event()
        slow = asyncio.create_task(ask(guard, b"o" * 90, "192.0.2.1", end))
        await asyncio.sleep(0)
        assert await ask(guard, b"o" * 60, "192.0.2.1") == (False, [503])
        assert await ask(guard, b"o" * 50, "192.0.2.1") == (True, [])
        assert await ask(guard, b"o" * 60, "192.0.2.2") == (True, [])
        end.set()
        await slow
        assert await ask(guard, b"o" * 60, "192.0.2.1") == (True, [])

    asyncio.run(visit())


def test_whoever_sends_slowly_holds_no_place_for_ever(uploads, monkeypatch):
    monkeypatch.setattr(doors, "BODY_S", 0.05)
    sent = []

    async def never():
        await asyncio.sleep(1000)

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": CALL, "headers": [], "query_string": b""}
    asyncio.run(Doors(Starlette(), lambda: str(uploads))(scope, never, send))
    assert sent[0]["status"] == 408


def test_a_file_that_was_uploaded_here_may_be_named(client, uploads):
    file = {"path": str(uploads / "text.txt"), "meta": {"_type": "gradio.FileData"}}
    assert client.post(CALL, json={"data": ["upload", file]}).status_code == 200
    assert client.post(CALL, json={"data": ["a path", "http://192.0.2.1/"]}).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["http://192.0.2.1/a.txt", "https://192.0.2.1", "/etc/passwd", "../secret.txt", "", None, 5,
     "UPLOADS/../secret.txt", "UPLOADS/link.txt", "UPLOADS", "UPLOADS/missing.txt", "a\0b",
     "file:///etc/passwd", "o" * 5000],
)  # fmt: skip
@pytest.mark.parametrize("depth", [0, 3])
def test_any_other_file_or_address_is_refused_however_deep(client, uploads, path, depth):
    if isinstance(path, str):
        path = path.replace("UPLOADS", str(uploads))
    given = {"path": path, "meta": {"_type": "gradio.FileData"}}
    for _ in range(depth):
        given = [{"a": given}]
    answer = client.post(CALL, json={"data": ["upload", given]})
    assert (answer.status_code, answer.json()) == (400, {"error": NOT_UPLOADED})


def test_an_address_without_a_path_is_no_file_either(client):
    assert client.post(CALL, json={"data": [{"url": "http://192.0.2.1/"}]}).status_code == 400


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 4_000, b"NaN,"])
def test_what_is_no_json_is_refused(client, body):
    assert client.post(CALL, content=body).status_code == 400


@pytest.mark.parametrize("part", ["[],", '{"a":{}},', '"",', "1,", '"\\"\\\\",', "["])
def test_a_request_of_very_many_values_is_refused_before_it_is_parsed(client, part, monkeypatch):
    monkeypatch.setattr(doors, "parse_json", None)
    answer = client.post(CALL, content=f'{{"data":[{part * 9_000}1]}}')
    assert (answer.status_code, answer.json()) == (413, {"error": doors.TOO_MANY_VALUES})


def test_a_long_text_is_one_value_whatever_is_in_it(client):
    text = ',[{"\\' * 200_000
    assert client.post(CALL, json={"data": [text, 5 * ["a"]]}).status_code == 200


@pytest.mark.parametrize("value", ['"' + '\\"' * 200_000, '"' * 400_001, '"' + "\\" * 400_001])
def test_a_text_that_does_not_end_is_looked_at_once(client, value):
    assert client.post(CALL, content=value).status_code in (400, 413)


def test_a_request_names_no_more_than_some_files(client, uploads):
    (uploads / "a.txt").write_text("a")
    one = {"path": str(uploads / "a.txt"), "meta": {"_type": "gradio.FileData"}}
    assert client.post(CALL, json={"data": 100 * [one]}).status_code == 200
    answer = client.post(CALL, json={"data": 101 * [one]})
    assert (answer.status_code, answer.json()) == (413, {"error": doors.TOO_MANY_FILES})


def test_an_upload_brings_no_more_than_some_files(uploads):
    async def echo(request: Request):
        return JSONResponse({"bytes": len(await request.body())})

    app = Starlette(
        routes=[Route("/{path:path}", echo, methods=["POST"])],
        middleware=[Middleware(Doors, lambda: str(uploads), upload_bytes=100_000)],
    )
    for number, status in ((100, 200), (101, 413)):
        files = [("files", (f"{i}.txt", b"Content-Disposition: x")) for i in range(number)]
        assert TestClient(app).post("/gradio_api/upload", files=files).status_code == status


def test_files_are_counted_by_the_boundary_that_is_meant(uploads):
    app = Starlette(middleware=[Middleware(Doors, lambda: str(uploads), upload_bytes=100_000)])
    parts = b'--real\r\nContent-Disposition: form-data; name="a"\r\n\r\na\r\n' * 102
    headers = {"Content-Type": "multipart/form-data; xboundary=decoy; boundary=real"}
    answer = TestClient(app).post("/gradio_api/upload", content=parts, headers=headers)
    assert (answer.status_code, answer.json()) == (413, {"error": doors.TOO_MANY_FILES})


def test_one_address_uploads_no_more_than_half_of_what_is_kept(uploads, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(doors.time, "monotonic", lambda: now[0])
    uploaded = doors._Uploaded()
    most = (1000, 10)
    assert uploaded.add("a", 900, 1, most) and uploaded.add("b", 900, 1, most)
    assert not uploaded.add("a", 101, 1, most) and uploaded.add("a", 100, 9, most)
    assert not uploaded.add("a", 0, 1, most), "so many files"
    now[0] = doors.HOUR_S + 1
    assert uploaded.add("a", 1000, 10, most)


def test_an_upload_beyond_that_is_refused_in_a_sentence(client):
    for status in (200, 429):
        answer = client.post("/gradio_api/upload", content=b"o" * 600)
        assert answer.status_code == status
    assert answer.json() == {"error": doors.TOO_MUCH_UPLOADED}


def test_only_so_many_calls_of_an_address_are_worked_on_at_once(uploads):
    async def scenario():
        begun, end = [], asyncio.Event()

        async def app(scope, receive, send):
            begun.append(scope["client"][0])
            await end.wait()
            await JSONResponse({})(scope, receive, send)

        guard = Doors(app, lambda: str(uploads), work_of_address=2)

        async def call(address: str, path: str = CALL):
            async def receive():
                return {"type": "http.request", "body": b"{}", "more_body": False}

            async def send(message):
                pass

            scope = {"type": "http", "method": "POST", "path": path, "headers": []}
            await guard({**scope, "client": (address, 1)}, receive, send)

        calls = [asyncio.create_task(call(one)) for one in "aaab"]
        calls.append(asyncio.create_task(call("a", "/write")))
        for _ in range(20):
            await asyncio.sleep(0)
        at_once = sorted(begun)
        end.set()
        await asyncio.gather(*calls)
        return at_once, sorted(begun)

    assert asyncio.run(scenario()) == (list("aaab"), list("aaaab"))


def test_of_very_many_uploads_the_oldest_go_and_so_do_empty_folders(uploads, monkeypatch):
    monkeypatch.setattr(doors, "MAX_KEPT_FILES", 3)
    for there in uploads.iterdir():
        there.unlink()
    for i in range(6):
        (uploads / f"{i}").mkdir()
        (uploads / f"{i}" / "a.txt").write_text("a")
        os.utime(uploads / f"{i}" / "a.txt", (i, i))
    doors._delete_oldest(uploads, 1000)
    left = sorted(path.parent.name for path in uploads.rglob("*.txt"))
    assert left == ["3", "4", "5"]
    for i in range(3):
        os.utime(uploads / f"{i}", (1, 1))
    doors._delete_oldest(uploads, 1000)
    assert sorted(path.name for path in uploads.iterdir() if path.is_dir()) == left


def test_a_bug_is_answered_in_a_sentence_and_logged_without_what_was_sent(uploads, caplog):
    async def broken(request: Request):
        raise ValueError(f"no {request.query_params['q']}")

    app = Starlette(
        routes=[Route("/health", broken)], middleware=[Middleware(Doors, lambda: str(uploads))]
    )
    for _ in range(3):
        answer = TestClient(app).get("/health?q=MyDiary")
        assert (answer.status_code, answer.json()) == (500, {"error": BROKEN})
    assert "MyDiary" not in caplog.text
    assert caplog.text.count("Unexpected ValueError") == 1  # the same one again fills no disk


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_pages_of_other_origins_may_not_ask_with_cookies(method):
    async def page(request: Request):
        return HTMLResponse("a page")

    app = Starlette(routes=[Route("/", page)], middleware=[Middleware(OtherOrigins)])
    headers = {
        "Host": "page.example",
        "Origin": "https://elsewhere.example",
        "Access-Control-Request-Method": "POST",
    }
    answer = TestClient(app).request(method, "/", headers=headers)
    assert answer.headers["access-control-allow-origin"] == "https://elsewhere.example"
    assert "access-control-allow-credentials" not in answer.headers


def test_answers_tell_browsers_to_be_careful(client):
    page = client.get("/", headers={"Origin": "https://elsewhere.example"})
    assert page.headers["x-content-type-options"] == "nosniff"
    assert (
        "frame-ancestors 'self' https://huggingface.co" in page.headers["content-security-policy"]
    )
    assert "access-control-allow-credentials" not in page.headers
    answer = client.get("/health")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "content-security-policy" not in answer.headers
    assert client.get("/gradio_api/deep_link").headers["x-content-type-options"] == "nosniff"


def test_websockets_are_not_spoken(client):
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/gradio_api/queue/join"):
        pass


def test_only_so_many_requests_are_answered_at_once(uploads):
    async def scenario():
        end = asyncio.Event()

        async def app(scope, receive, send):
            if scope["path"] == "/news":
                await end.wait()
            await JSONResponse({})(scope, receive, send)

        guard = Doors(app, lambda: str(uploads), requests_of_address=2, requests=3)

        async def ask(path: str, address: str) -> int:
            sent = []

            async def send(message):
                sent.append(message)

            scope = {"type": "http", "method": "GET", "path": path, "headers": []}
            await guard({**scope, "client": (address, 1)}, None, send)
            return sent[0]["status"]

        held = [asyncio.create_task(ask("/news", address)) for address in ("a", "a", "b")]
        await asyncio.sleep(0)
        refusals = [await ask("/write", "a"), await ask("/write", "c")]
        healthy = await ask("/health", "a")
        end.set()
        answered = await asyncio.gather(*held)
        return refusals, healthy, answered, await ask("/write", "a")

    assert asyncio.run(scenario()) == ([503, 503], 200, [200, 200, 200], 200)
