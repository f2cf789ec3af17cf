"""Three copies of the page behind nginx, and one of them is killed while 300 visitors write."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest
import requests

from charlstm.home import shipped_folder
from charlstm.network.checkpoint import load_checkpoint
from charlstm.writing.sampling import Sampling
from charlstm.writing.single_text import write as write_alone
from tests.benchmarks.gradio_visitor import Visit, write
from tests.benchmarks.visitors import Page
from tests.page_server import free_port, running_page
from tests.waiting import PATIENCE_S, wait_until

CONFIGURATION = Path(__file__).parent / "balancer" / "nginx.conf"
COPIES, VISITORS, LENGTH = 3, 300, 1000

pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")


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
        assert found == 1
    (folder / "nginx.conf").write_text(text)
    process = subprocess.Popen(
        ["nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder)],
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


@pytest.fixture
def copies(tmp_path):
    """The copies, each with a home of its own."""
    with contextlib.ExitStack() as stack:
        found = []
        for number in range(COPIES):
            found.append(stack.enter_context(running_page(tmp_path / str(number))))
        yield found


@pytest.fixture
def address(tmp_path, copies):
    with balancer(tmp_path, [copy.port for copy in copies]) as address:
        yield address


def text_of(page: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", page))


def test_a_visitor_stays_with_one_copy(address):
    first = requests.get(f"{address}/config")
    cookies = first.cookies
    assert cookies["charlstm_visitor"]
    again = [requests.get(f"{address}/config", cookies=cookies) for _ in range(6)]
    assert {answer.headers["X-Copy"] for answer in again} == {first.headers["X-Copy"]}
    assert not any("Set-Cookie" in answer.headers for answer in again)
    others = {requests.get(f"{address}/config").headers["X-Copy"] for _ in range(40)}
    assert len(others) == COPIES


def test_when_a_copy_is_killed_only_its_texts_end_and_trying_again_works(address, copies):
    page = Page(address, copies[0].process)
    rng = random.Random(1)
    visitors = [f"charlstm_visitor={rng.getrandbits(64):x}" for _ in range(VISITORS)]
    visits = [Visit() for _ in visitors]

    async def press_write(number: int, visit: Visit) -> Visit:
        data = ["shipped", "ROMEO:", 0.8, LENGTH, number, number]
        cookie = visitors[number]
        return await write(address, page.function, data, "ROMEO:", cookie=cookie, visit=visit)

    async def kill_one() -> str:
        """When every visitor of the first copy has words, and hardly one has a whole text."""
        victim = copies[0]
        port = victim.address.rpartition("/")[2]
        while not all(visit.pieces for visit in visits if visit.copy in ("", port)):
            assert not any(visit.error for visit in visits), visits
            await asyncio.sleep(0.02)
        victim.process.kill()
        return port

    async def crowd() -> str:
        *_, port = await asyncio.gather(
            *(press_write(number, visit) for number, visit in enumerate(visits)), kill_one()
        )
        return port

    killed = asyncio.run(crowd())
    broken = [number for number, visit in enumerate(visits) if visit.whole_s is None]
    assert len({visit.copy for visit in visits}) == COPIES
    assert broken, "the copy was killed too late"
    assert {visits[number].copy for number in broken} == {killed}
    assert all(visits[number].error for number in broken)

    checkpoint = load_checkpoint(shipped_folder() / "tiny-shakespeare.safetensors")

    def alone(number: int) -> str:
        writing_request = {
            "length": LENGTH,
            "sampling": Sampling(temperature=0.8),
            "random_seed": number,
        }
        return "ROMEO:" + "".join(write_alone(checkpoint, "ROMEO:", **writing_request))

    whole = [number for number in range(VISITORS) if number not in set(broken)]
    for number in rng.sample(whole, 20):
        assert text_of(visits[number].text) == alone(number)

    async def try_again() -> list[Visit]:
        return await asyncio.gather(*(press_write(number, Visit()) for number in broken))

    for number, visit in zip(broken, asyncio.run(try_again()), strict=True):
        assert not visit.error and visit.copy != killed
        assert text_of(visit.text) == alone(number)
