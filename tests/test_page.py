"""The page without a browser: its server, its endpoint, its words."""

import os
import subprocess
import sys

import numpy as np
import psutil
import pytest
from gradio_client import Client

from charlstm.checkpoint import load_checkpoint
from charlstm.errors import CharLSTMError
from charlstm.home import shipped_folder
from charlstm.interface.write import Wish
from charlstm.sampling import Sampling
from charlstm.writing import write
from tests.page_server import ROOT, running_page


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    with running_page(tmp_path_factory.mktemp("page")) as (address, process, seconds):
        yield address, process, seconds


@pytest.fixture(scope="module")
def client(page):
    return Client(page[0], verbose=False)


def test_the_server_is_light(page):
    """Generous bounds for busy machines; alone on two cores it answers within five seconds."""
    _, process, seconds = page
    assert seconds < 20
    assert psutil.Process(process.pid).memory_info().rss < 300e6


def test_the_server_never_loads_tensorflow():
    code = "import sys, app; print([m for m in ('tensorflow', 'keras', 'jax') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip().endswith("[]")


def test_generate_streams_the_text_so_far_seed_text_first(client):
    texts = list(client.submit("ROMEO:", 0.8, 400, 5, api_name="/generate"))
    assert texts[0].startswith("ROMEO:")
    assert all(after.startswith(before) for before, after in zip(texts, texts[1:], strict=False))
    assert len(texts[-1]) == 406


def test_generate_gives_the_library_s_text(client):
    text = client.predict("To be", 0.6, 120, 11, api_name="/generate")
    checkpoint = load_checkpoint(shipped_folder() / "tiny-shakespeare.safetensors")
    pieces = write(
        checkpoint, "To be", length=120, sampling=Sampling(temperature=0.6), random_seed=11
    )
    assert text == "To be" + "".join(pieces)


@pytest.mark.parametrize("seed_text", ["", "x", "Ω😀", "a\x07b\n", "word " * 400])
def test_generate_takes_any_seed_text(client, seed_text):
    assert client.predict(seed_text, 0.8, 50, 1, api_name="/generate").startswith(seed_text)


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        (("a", 9, 100, 1), "temperature was 9"),
        (("a", 0.8, 3, 1), "length was 3"),
        (("a", 0.8, 100.5, 1), "whole number"),
        (("a", 0.8, 100, -1), "random seed was -1"),
        (("a" * 2001, 0.8, 100, 1), "2,001 characters"),
    ],
)
def test_generate_refuses_in_a_sentence(client, wish, sentence):
    with pytest.raises(Exception, match=sentence):
        client.predict(*wish, api_name="/generate")


@pytest.mark.parametrize("bad", [None, "0.8", float("nan"), float("inf"), True, [1]])
def test_wishes_from_strangers_are_checked(bad):
    with pytest.raises(CharLSTMError, match="temperature was"):
        Wish.check("a", bad, 100, 1)
    with pytest.raises(CharLSTMError, match="length was"):
        Wish.check("a", 0.8, bad, 1)


def test_half_a_character_is_refused():
    with pytest.raises(CharLSTMError, match="half a character"):
        Wish.check("a\ud800", 0.8, 100, 1)


def test_only_generate_is_offered_to_programs(client):
    endpoints = client.view_api(return_format="dict")["named_endpoints"]
    assert list(endpoints) == ["/generate"]
    names = [parameter["parameter_name"] for parameter in endpoints["/generate"]["parameters"]]
    assert names == ["seed_text", "temperature", "length", "random_seed"]


def test_host_and_port_come_from_the_environment_too(tmp_path):
    from tests.page_server import free_port

    port = free_port()
    environment = {
        **os.environ,
        "CHARLSTM_HOME": str(tmp_path),
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_SERVER_PORT": str(port),
    }
    process = subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert str(port) in process.stdout.readline()
    finally:
        process.kill()
        process.wait()


def test_the_shipped_model_is_the_promised_one():
    checkpoint = load_checkpoint(shipped_folder() / "tiny-shakespeare.safetensors")
    assert checkpoint.training["results"]["cold_loss_nats"] <= 1.45
    assert checkpoint.training["corpus"]["style"] == "verse"
    assert len(checkpoint.samples) >= 24
    assert checkpoint.history["val_loss_nats"][-1][1] < 1.5
    assert all(np.isfinite(array).all() for array in checkpoint.weights.values())
