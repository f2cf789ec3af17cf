"""The page as its visitors meet it: app.py in a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil
import requests

from tests.measured_ways import pretend_measured
from tests.waiting import PATIENCE_S

ROOT = Path(__file__).resolve().parents[1]
SLOW_PAGE = ("-m", "tests.slow_page")


@dataclass(frozen=True, kw_only=True)
class PageServer:
    """A running app.py.

    Attributes:
        start_s: seconds until it answered.
        start_bytes: memory it had taken by then.
        log: what it has printed.
    """

    address: str
    process: subprocess.Popen
    start_s: float
    start_bytes: int
    log: IO[str]

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def running_page(
    home: Path,
    port: int | None = None,
    program: Sequence[str] = ("app.py",),
    environment: Mapping[str, str] | None = None,
    folder: Path = ROOT,
    launcher: Sequence[str] = (),
    is_measured: bool = True,
) -> Iterator[PageServer]:
    """Start app.py, wait until it answers, and end it after the block.

    Args:
        program: what Python runs, as arguments: `SLOW_PAGE` writes slowly.
        environment: variables in addition to those of the tests.
        folder: a copy of the repository.
        launcher: a command that starts Python.
        is_measured: whether it is known how fast trainings are there.
    """
    if is_measured:
        pretend_measured(home)
    port = port or free_port()
    began_s = time.monotonic()
    log = tempfile.TemporaryFile("w+")  # nobody reads along: a pipe would fill up
    process = subprocess.Popen(
        [*launcher, sys.executable, *program, "--port", str(port)],
        cwd=folder,
        env={**os.environ, "CHARLSTM_HOME": str(home), **(environment or {})},
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        while True:
            if process.poll() is not None:
                log.seek(0)
                raise AssertionError(f"app.py ended: {log.read()}")
            try:
                requests.get(address, timeout=PATIENCE_S)
                break
            except requests.ConnectionError:
                if time.monotonic() - began_s > PATIENCE_S:
                    raise
                time.sleep(0.05)
        yield PageServer(
            address=address,
            process=process,
            start_s=time.monotonic() - began_s,
            start_bytes=psutil.Process(process.pid).memory_info().rss,
            log=log,
        )
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()
