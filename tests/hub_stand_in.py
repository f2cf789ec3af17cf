"""A server on this computer that stands in for the Hugging Face Hub."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
TOKEN = "hf_standInToken"  # who has it may write


class StandIn:
    """
    Attributes:
        address: of the server.
        files: by repository and name.
        private: repositories that only whoever has the token can see.
        announced_bytes: the sizes that are told, where they are not the true ones.
        status: that every request is answered with; None for the usual ones.
        tokens: that requests came with.
    """

    def __init__(self, address: str):
        self.address = address
        self.files: dict[str, dict[str, bytes]] = {}
        self.private: dict[str, bool] = {}
        self.announced_bytes: int | None = None
        self.status: int | None = None
        self.tokens: set[str] = set()


@contextmanager
def standing_in() -> Iterator[StandIn]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            token = self._begin()
            if token is None:
                return
            parts = urlsplit(self.path).path.strip("/").split("/")
            if parts[:2] == ["api", "models"]:
                self._say_what_is_there("/".join(parts[2:4]), token)
            elif len(parts) > 4 and parts[2] == "resolve":
                self._send_file("/".join(parts[:2]), "/".join(parts[4:]), token)
            else:
                self._answer({"error": "unknown"}, 404)

        do_HEAD = do_GET

        def do_POST(self):
            token = self._begin()
            if token is None:
                return
            if token != TOKEN:
                self._answer({"error": "Invalid credentials"}, 401)
                return
            parts = urlsplit(self.path).path.strip("/").split("/")
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            name = "/".join(parts[2:4])
            if parts == ["api", "repos", "create"]:
                self._make(json.loads(body))
            elif parts == ["api", "validate-yaml"]:  # of a card
                self._answer({"errors": [], "warnings": []})
            elif parts[4] == "preupload":
                files = json.loads(body)["files"]
                told = [
                    {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False}
                    for file in files
                ]
                self._answer({"files": told})
            else:
                for line in map(json.loads, body.splitlines()):
                    if line["key"] == "file":
                        given = line["value"]
                        hub.files[name][given["path"]] = base64.b64decode(given["content"])
                self._answer({"commitUrl": f"{hub.address}/{name}", "commitOid": COMMIT})

        def _begin(self) -> str | None:
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            hub.tokens.add(token)
            if hub.status is None:
                return token
            self._answer({"error": "a fault"}, hub.status)
            return None

        def _may_see(self, name: str, token: str) -> bool:
            return name in hub.files and not (hub.private.get(name) and token != TOKEN)

        def _make(self, asked: dict) -> None:
            name = f"{asked['organization']}/{asked['name']}"
            if name in hub.files:
                self._answer({"url": f"{hub.address}/{name}"}, 409)
                return
            hub.files[name] = {}
            hub.private[name] = bool(asked.get("private") or asked.get("visibility") == "private")
            self._answer({"url": f"{hub.address}/{name}"})

        def _say_what_is_there(self, name: str, token: str) -> None:
            if not self._may_see(name, token):
                self._answer({"error": "none"}, 401, {"X-Error-Code": "RepoNotFound"})
                return
            there = [
                {"rfilename": file, "size": hub.announced_bytes or len(content)}
                for file, content in hub.files[name].items()
            ]
            self._answer({"id": name, "modelId": name, "sha": COMMIT, "siblings": there})

        def _send_file(self, name: str, file: str, token: str) -> None:
            if not self._may_see(name, token):
                self._answer({"error": "none"}, 401, {"X-Error-Code": "RepoNotFound"})
            elif file not in hub.files[name]:
                self._answer({"error": "none"}, 404, {"X-Error-Code": "EntryNotFound"})
            else:
                content = hub.files[name][file]
                self._send(content, 200, {"ETag": '"0a1b"', "X-Repo-Commit": COMMIT})

        def _answer(self, record: dict, status: int = 200, headers: dict | None = None) -> None:
            self._send(json.dumps(record).encode(), status, headers or {})

        def _send(self, content: bytes, status: int, headers: dict) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def log_message(self, *arguments):
            """Say nothing: the output belongs to the tests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub = StandIn(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
