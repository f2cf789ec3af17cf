"""The page as its visitors meet it: app.py in a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[1]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def running_page(home: Path, wait_s: float = 60, port: int | None = None):
    """Start app.py; yields (address, process, seconds until it answered)."""
    port = port or free_port()
    environment = {**os.environ, "CHARLSTM_HOME": str(home)}
    began_s = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "app.py", "--port", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        while True:
            if process.poll() is not None:
                raise AssertionError(f"app.py ended: {process.stdout.read()}")
            try:
                requests.get(address, timeout=2)
                break
            except requests.ConnectionError:
                if time.monotonic() - began_s > wait_s:
                    raise
                time.sleep(0.05)
        yield address, process, time.monotonic() - began_s
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
