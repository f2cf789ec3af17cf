"""Sends what strangers might send to a public page, and watches what that does to it.

    python -m tests.hostile [--calls 3000] [--rounds 1] [--address http://…]

Starts a page of its own in public mode, unless an address is given. Prints a table, and ends with
exit code 1 if an answer has a raw Python error, a file or an address was read on a stranger's word,
the page took more than a gigabyte, or it did not answer within two seconds meanwhile.
"""

from __future__ import annotations

import argparse
import http.server
import io
import json
import random
import re
import socket
import sys
import tempfile
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import psutil
import requests

from charlstm.network.checkpoint import save_checkpoint
from tests.page_server import running_page
from tests.tiny_networks import random_checkpoint

TIMEOUT_S = 60.0
READ_S = 3.0
MAX_BYTES = 1_000_000_000
MAX_WAIT_S = 2.0
PUBLIC = {"CHARLSTM_PUBLIC": "1"}
# What an exception looks like to a visitor who was meant to read a sentence.
RAW = re.compile(
    r"Traceback|\b(?:[A-Z][a-z]+)+(?:Error|Exception)\b|NoneType|object has no attribute|"
    r"not subscriptable|unexpected keyword|positional argument|unhashable|list index|"
    r"codec can't|invalid literal|site-packages"
)


@dataclass
class Findings:
    """What was seen.

    Attributes:
        statuses: how often each status of an answer came.
        raw: answers with a raw error, and what they answered.
        waits_s: how long a visitor with good manners waited meanwhile.
        fetched: the addresses that the page fetched because a stranger named them.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    raw: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    waits_s: list[float] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, asked: str, status: int, text: str, secret: str) -> None:
        with self._lock:
            self.statuses[status] += 1
            if found := RAW.search(text):
                around = text[max(0, found.start() - 60) : found.end() + 100]
                self.raw.append(f"{asked}: {around}")
            if secret in text:
                self.leaks.append(asked)


@contextmanager
def trap(fetched: list[str]) -> Iterator[str]:
    """A server that writes down who fetches something from it; yields its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            fetched.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"A text from elsewhere.\n" * 200)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def values(secret_file: str, elsewhere: str) -> list[Any]:
    """What may stand in place of any argument."""
    nested: list = []
    for _ in range(300):
        nested = [nested]
    file = {"meta": {"_type": "gradio.FileData"}, "orig_name": "a.txt"}
    return [
        None, "", "ROMEO:", "o" * 200_000, "\ud800", "a\0b", "<img src=x onerror=alert(1)>",
        -1, 0, 1, 2**63, 10**400, -0.5, 1e308, float("nan"), float("inf"), True,
        [], {}, [None] * 1000, {"a": 1}, nested, [["a", "b"]],
        secret_file, "../../../../etc/passwd", f"file://{secret_file}", f"{elsewhere}/a-text",
        {"path": secret_file, **file}, {"path": "/etc/passwd", **file},
        {"path": f"{elsewhere}/a-path", **file}, {"path": "a", "url": f"{elsewhere}/a-url"},
        [{"path": f"{elsewhere}/in-a-list", **file}], {"path": None, **file},
        {"__type__": "update"},
        "shipped", "tiny-shakespeare", "2026-01-01-000000-quick", "quick", "full", "notebook",
        "added-2026-01-01-000000",
        "upload", "paste", "practice-text", "minutes", "epochs", 10_080, "verse", "prose",
    ]  # fmt: skip


@dataclass(frozen=True)
class Function:
    """A function of the page, as its public description has it."""

    number: int
    name: str
    inputs: int
    is_queued: bool


def functions(address: str) -> list[Function]:
    config = requests.get(f"{address}/config", timeout=TIMEOUT_S).json()
    return [
        Function(one["id"], str(one.get("api_name")), len(one["inputs"]), bool(one.get("queue")))
        for one in config["dependencies"]
        if one.get("backend_fn")
    ]


def beginning_of(answer: requests.Response) -> str:
    """What comes within a few seconds, of a long answer its beginning."""
    until_s = time.monotonic() + READ_S
    read = b""
    for part in answer.iter_content(None):
        read += part
        if len(read) > 200_000 or time.monotonic() > until_s:
            break
    return read.decode("utf-8", "replace")


class Stranger:
    """Sends calls; each thread has one."""

    def __init__(self, address: str, findings: Findings, secret: str):
        self.address = address
        self.findings = findings
        self.secret = secret

    def note(self, asked: str, status: int, text: str) -> None:
        self.findings.note(asked, status, text, self.secret)

    def post(self, asked: str, path: str, body: Any, **options) -> int:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", **options.pop("headers", {})}
        return self.ask("POST", asked, path, data=data, headers=headers, **options)

    def ask(self, method: str, asked: str, path: str, **options) -> int:
        """Returns the status of the answer; 0 if there was none."""
        try:
            with requests.request(
                method, f"{self.address}{path}", timeout=TIMEOUT_S, stream=True, **options
            ) as answer:
                text = beginning_of(answer)
                self.note(f"{method} {path} {asked}", answer.status_code, text)
                return answer.status_code
        except requests.RequestException:
            self.note(f"{method} {path} {asked}", 0, "")
            return 0

    def call(self, function: Function, data: list[Any]) -> None:
        """Call a function of the page, directly or through its queue."""
        asked = f"{function.name} {json.dumps(data)[:100]}"
        session = f"hostile{random.getrandbits(60):x}"
        body = {"data": data, "fn_index": function.number, "session_hash": session}
        if not function.is_queued:
            self.post(asked, f"/gradio_api/run/{function.name}", body)
            return
        if self.post(asked, "/gradio_api/queue/join", body) == 200:
            self.follow(asked, session)

    def follow(self, asked: str, session: str) -> None:
        """Read what a queued call answers, to its end."""
        address = f"{self.address}/gradio_api/queue/data?session_hash={session}"
        until_s = time.monotonic() + TIMEOUT_S
        with suppress(requests.RequestException):
            with requests.get(address, stream=True, timeout=TIMEOUT_S) as answer:
                for line in answer.iter_lines(decode_unicode=True):
                    self.note(f"queue {asked}", answer.status_code, line or "")
                    if "process_completed" in (line or "") or time.monotonic() > until_s:
                        return


def calls(stranger: Stranger, secret_file: str, elsewhere: str, count: int, seed: int):
    """Hostile calls without end of all kinds; `count` of them."""
    rng = random.Random(seed)
    known = functions(stranger.address)
    odd = values(secret_file, elsewhere)
    routes = [
        "/write", "/news", "/qr.svg", "/health", "/room-address", "/config", "/", "/theme.css",
        "/gradio_api/info", "/gradio_api/run/generate", "/gradio_api/call/generate",
        "/gradio_api/queue/join", "/gradio_api/queue/data", "/gradio_api/cancel",
        "/gradio_api/reset", "/gradio_api/upload",
        "/gradio_api/deep_link", f"/gradio_api/file={secret_file}", "/gradio_api/file=/etc/passwd",
        f"/gradio_api/file={elsewhere}/file", f"/gradio_api/proxy={elsewhere}/proxy", "/monitoring",
        "/gradio_api/vibe-code", "/gradio_api/process_recording", "/../../etc/passwd",
        "/views/..%2f..%2fpage.py", "/model-file",
    ]  # fmt: skip
    parameters = ["seed_text", "temperature", "length", "random_seed", "model", "from", "chances",
                  "training", "replay", "address", "session_hash", "deep_link"]  # fmt: skip
    bodies = [b"", b"{", b"[" * 100_000, b"\xff" * 1000, b'{"data":' + b"[" * 2000, b"null", b"5",
              b'"a"', b"o" * 3_000_000, b'{"data": NaN}']  # fmt: skip

    def of_function() -> None:
        function = rng.choice(known)
        number = rng.choice([function.inputs] * 6 + [0, function.inputs + 1, 50])
        stranger.call(function, [rng.choice(odd) for _ in range(number)])

    def of_route() -> None:
        chosen = {rng.choice(parameters): rng.choice(odd) for _ in range(rng.randrange(4))}
        given = {name: str(value)[:2000] for name, value in chosen.items()}
        given = {name: value.encode("utf-8", "replace") for name, value in given.items()}
        stranger.ask(rng.choice(["GET", "HEAD", "DELETE", "PUT"]), str(given)[:80],
                     rng.choice(routes), params=given)  # fmt: skip

    def of_body() -> None:
        stranger.post("a body", rng.choice(routes), rng.choice(bodies))

    def of_json() -> None:
        given = {rng.choice(parameters): rng.choice(odd) for _ in range(rng.randrange(5))}
        stranger.post(str(given)[:80], "/write", given)

    def of_upload() -> None:
        content = rng.choice([b"\xff" * 1_000_000, b"a text\n" * 1000, b"", b"\0" * 5000])
        name = rng.choice(["a.txt", "../../a.txt", "a\0.txt", "o" * 300, "<b>.txt"])
        stranger.ask("POST", "an upload", "/gradio_api/upload",
                     files=[("files", (name, content))])  # fmt: skip

    model = a_model()

    def of_model() -> None:
        damaged = bytearray(model)
        for _ in range(rng.randrange(4)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        content = rng.choice([bytes(damaged), model[: rng.randrange(len(model))], b"", b"[" * 5000,
                              b"\xff" * 8 + b"{", b"o" * 12_500_000])  # fmt: skip
        who = rng.choice(["", "a" * 64, f"{rng.getrandbits(256):064x}", "<b>", "a" * 5000])
        name = rng.choice(["a.safetensors", "../../a", "\0", "o" * 3000, "<img src=x>"])
        stranger.ask("POST", "a model", "/model-file", params={"name": name}, data=content,
                     headers={"X-Charlstm-Visitor": who})  # fmt: skip

    describes = next(one for one in known if one.name == "describe")

    def of_document() -> None:
        name, content = rng.choice(DOCUMENTS)()
        with suppress(requests.RequestException, ValueError):
            sent = requests.post(f"{stranger.address}/gradio_api/upload", timeout=TIMEOUT_S,
                                 files=[("files", (name, content))])  # fmt: skip
            if sent.status_code == 429:  # enough for this hour
                return
            file = {"path": sent.json()[0], "orig_name": name, "meta": {"_type": "gradio.FileData"}}
            form = ["upload", [file], "", "verse", "quick", 3, "minutes", "", "", False, False]
            stranger.call(describes, form)

    kinds: list[Callable[[], None]] = [of_function] * 6 + [
        of_route, of_body, of_json, of_upload, of_model, of_document,
    ]  # fmt: skip
    for _ in range(count):
        rng.choice(kinds)()


def _archive(name: str, content: str, inside: str) -> tuple[str, bytes]:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(inside, content)
    return name, made.getvalue()


def a_bomb() -> tuple[str, bytes]:
    """A small file that unpacks to 200 MB."""
    return _archive("a.zip", "a line of text\n" * 13_000_000, "a.txt")


def growing_entities() -> tuple[str, bytes]:
    grown = "".join(f'<!ENTITY e{i + 1} "{f"&e{i};" * 10}">' for i in range(12))
    markup = f'<!DOCTYPE d [<!ENTITY e0 "lol">{grown}]><d>&e12;</d>'
    return _archive("a.docx", markup, "word/document.xml")


def a_page_of_tags() -> tuple[str, bytes]:
    """Comments, tags and entities that are never closed."""
    return "a.html", b"<html><body>" + b"<!--<![CDATA[<a href='&" * 40_000


# Made at most once: each takes a second.
DOCUMENTS = [cache(a_bomb), cache(growing_entities), cache(a_page_of_tags)]


def a_model() -> bytes:
    """The file of a small network."""
    with tempfile.TemporaryDirectory() as folder:
        save_checkpoint(random_checkpoint(), Path(folder) / "a.safetensors")
        return (Path(folder) / "a.safetensors").read_bytes()


@contextmanager
def slow_senders(address: str, count: int) -> Iterator[None]:
    """Connections that send a body of which almost nothing comes."""
    host, _, port = address.rpartition("//")[2].partition(":")
    with ExitStack() as stack:
        for number in range(count):
            slow = ["/write", "/gradio_api/queue/join", "/gradio_api/upload", "/model-file"]
            path = slow[number % len(slow)]
            connection = stack.enter_context(socket.create_connection((host, int(port))))
            connection.sendall(
                f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
                "Content-Length: 1000\r\n\r\n{".encode()
            )
        yield


@contextmanager
def slow_readers(address: str, count: int) -> Iterator[None]:
    """Streams of long texts, and files, that are asked for and not read."""
    host, _, port = address.rpartition("//")[2].partition(":")
    with ExitStack() as stack:
        for number in range(count):
            connection = stack.enter_context(socket.create_connection((host, int(port))))
            path = f"/write?length=2000&random_seed={number}" if number % 3 else "/model-file"
            connection.sendall(
                f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\n\r\n".encode()
            )
        yield


@contextmanager
def good_visitor(address: str, findings: Findings) -> Iterator[None]:
    """Asks for something small again and again, and measures how long that takes."""
    is_over = threading.Event()

    def visit() -> None:
        while not is_over.wait(0.2):
            began_s = time.monotonic()
            with suppress(requests.RequestException):
                requests.get(f"{address}/health", timeout=TIMEOUT_S)
            findings.waits_s.append(time.monotonic() - began_s)

    thread = threading.Thread(target=visit)
    thread.start()
    yield
    is_over.set()
    thread.join()


def attack(
    address: str,
    count: int,
    workers: int = 8,
    seed: int = 1,
    findings: Findings | None = None,
) -> Findings:
    """Send about `count` calls from some threads at once, beside slow readers and senders.

    Args:
        findings: of earlier attacks, to which these are added.
    """
    findings = findings or Findings()
    secret = f"secret {random.getrandbits(80):x}"
    with (
        tempfile.TemporaryDirectory() as folder,
        trap(findings.fetched) as elsewhere,
        slow_senders(address, 30),
        slow_readers(address, 30),
        good_visitor(address, findings),
        ThreadPoolExecutor(workers) as threads,
    ):
        secret_file = Path(folder) / "secret.txt"
        secret_file.write_text(f"{secret}\n" * 200)
        stranger = Stranger(address, findings, secret)
        began = [
            threads.submit(
                calls, stranger, str(secret_file), elsewhere, count // workers, seed + number
            )
            for number in range(workers)
        ]
        for one in began:
            one.result()
    return findings


def memory_and_threads(process: psutil.Process) -> tuple[int, int]:
    return process.memory_info().rss, process.num_threads()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--calls", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=1, help="so many attacks, to see what stays")
    parser.add_argument("--address", help="of a page that is running already")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        process = None
        if arguments.address:
            address = arguments.address.rstrip("/")
        else:
            home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            server = stack.enter_context(running_page(home, environment=PUBLIC))
            address, process = server.address, psutil.Process(server.process.pid)
        before = memory_and_threads(process) if process else None
        findings, after = Findings(), None
        for number in range(arguments.rounds):
            attack(address, arguments.calls, seed=1 + 100 * number, findings=findings)
            time.sleep(5)
            after = memory_and_threads(process) if process else None
            if after:
                print(f"attack {number + 1}: {after[0] / 1e6:.0f} MB, {after[1]} threads")
        idle = process.cpu_percent(5.0) if process else 0.0
    print(f"answers by status: {dict(sorted(findings.statuses.items()))}")
    print(f"raw errors: {len(findings.raw)}; files read: {len(findings.leaks)}; "
          f"addresses fetched: {len(findings.fetched)}")  # fmt: skip
    print(f"longest wait of a visitor with good manners: {max(findings.waits_s):.2f} s")
    if before and after:
        print(f"memory: {before[0] / 1e6:.0f} MB before, {after[0] / 1e6:.0f} MB after")
        print(f"threads: {before[1]} before, {after[1]} after; {idle:.0f}% of a core when idle")
    for line in [*findings.raw[:20], *findings.leaks[:20], *findings.fetched[:20]]:
        print(f"  {line}")
    is_large = after is not None and after[0] > MAX_BYTES
    is_slow = max(findings.waits_s) > MAX_WAIT_S
    return int(bool(findings.raw or findings.leaks or findings.fetched or is_large or is_slow))


if __name__ == "__main__":
    sys.exit(main())
