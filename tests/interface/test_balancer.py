"""Three copies of the page behind nginx, and one of them is killed while 150 readers read."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest
import requests

from charlstm.home import shipped_folder
from charlstm.network.checkpoint import load_checkpoint
from charlstm.writing.sampling import Sampling
from charlstm.writing.single_text import write as write_alone
from tests.page_server import SLOW_PAGE, free_port, running_page
from tests.stream_client import Reader
from tests.waiting import PATIENCE_S, wait_until

CONFIGURATION = Path(__file__).parent / "balancer" / "nginx.conf"
COPIES, READERS, LENGTH = 3, 150, 1000
TEXTS = 12  # different ones
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin")

pytestmark = pytest.mark.skipif(
    NGINX is None, reason="nginx is not installed: apt-get install nginx-light"
)


def answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=PATIENCE_S) is not None
    except requests.ConnectionError:
        return False


@contextlib.contextmanager
def balancer(folder: Path, ports: list[int]):
    """nginx with the documented configuration, but these ports; yields its address."""
    own = free_port()
    text = CONFIGURATION.read_text("utf-8")
    for documented, port in zip((7860, 7861, 7862, 7863), (own, *ports), strict=True):
        text, found = re.subn(rf"(listen |127\.0\.0\.1:){documented}\b", rf"\g<1>{port}", text)
        assert found
    (folder / "nginx.conf").write_text(text)
    process = subprocess.Popen(
        [NGINX, "-c", str(folder / "nginx.conf"), "-p", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    address = f"http://127.0.0.1:{own}"
    try:
        wait_until(lambda: process.poll() is not None or answers(address))
        assert process.poll() is None, process.stdout.read()
        yield address
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def copies(tmp_path_factory):
    """The copies, each with a home of its own; they write slowly, on any machine."""
    with contextlib.ExitStack() as stack:
        found = []
        for number in range(COPIES):
            home = tmp_path_factory.mktemp(f"copy-{number}")
            found.append(stack.enter_context(running_page(home, program=SLOW_PAGE)))
        yield found


@pytest.fixture(scope="module")
def address(tmp_path_factory, copies):
    with balancer(tmp_path_factory.mktemp("nginx"), [copy.port for copy in copies]) as address:
        yield address


def a_reader(number: int) -> Reader:
    return Reader(
        {
            "seed_text": f"ROMEO {number % TEXTS}:",
            "temperature": 0.8,
            "length": LENGTH,
            "random_seed": number % TEXTS,
        }
    )


@cache
def whole_text(number: int) -> str:
    """What a reader must have in the end, written without a server."""
    request = a_reader(number).request
    checkpoint = load_checkpoint(shipped_folder() / "tiny-shakespeare.safetensors")
    pieces = write_alone(
        checkpoint,
        request["seed_text"],
        length=request["length"],
        sampling=Sampling(temperature=request["temperature"]),
        random_seed=request["random_seed"],
    )
    return request["seed_text"] + "".join(pieces)


def test_who_trains_stays_with_one_copy(address):
    first = requests.get(f"{address}/config")
    cookies = first.cookies
    assert cookies["charlstm_visitor"]
    again = [requests.get(f"{address}/config", cookies=cookies) for _ in range(6)]
    assert {answer.headers["X-Copy"] for answer in again} == {first.headers["X-Copy"]}
    assert not any("Set-Cookie" in answer.headers for answer in again)
    others = {requests.get(f"{address}/config").headers["X-Copy"] for _ in range(40)}
    assert len(others) == COPIES


def test_when_a_copy_is_killed_no_text_is_lost_and_pieces_come_one_by_one(address, copies):
    assert "proxy_buffering" not in _location("= /write"), "it is on, as nginx has it"
    readers = [a_reader(number) for number in range(READERS)]
    victim = f"127.0.0.1:{copies[0].port}"

    def in_mid_text() -> list[Reader]:
        return [
            reader
            for reader in readers
            if reader.copies == [victim] and reader.chunks and not reader.is_whole
        ]

    async def kill_one() -> None:
        while len(in_mid_text()) < READERS // COPIES // 2:
            await asyncio.sleep(0.02)
        copies[0].process.kill()

    async def crowd() -> None:
        await asyncio.gather(kill_one(), *(reader.read(address) for reader in readers))

    asyncio.run(asyncio.wait_for(crowd(), 5 * PATIENCE_S))
    for number, reader in enumerate(readers):
        assert reader.text == whole_text(number % TEXTS)
    cut = [reader for reader in readers if reader.cuts]
    assert len(cut) >= READERS // COPIES // 2
    for reader in cut:
        assert reader.copies[0] == victim and reader.copies[-1] != victim
    whole = [reader for reader in readers if not reader.cuts]
    assert len({reader.copies[-1] for reader in whole}) >= COPIES - 1
    # A character takes a hundredth of a second: who buffers, passes it on late and many together.
    assert all(len(reader.chunks) >= 10 for reader in readers)
    assert all(reader.chunks[1] < LENGTH / 2 for reader in whole)


def _location(name: str) -> str:
    block = CONFIGURATION.read_text("utf-8").split(f"location {name} {{")[1]
    return block.partition("}")[0]
