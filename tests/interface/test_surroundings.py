"""The page in surroundings that were not made for it: proxies, certificates, a home in the way."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import requests
from gradio_client import Client

from charlstm import bootstrap
from charlstm.errors import CharLSTMError
from charlstm.interface.models import SHIPPED, ModelRegistry
from charlstm.interface.train import tab
from charlstm.interface.train.tab import Trainer
from charlstm.runs.run import Runs
from tests.damage import check_sentence, modes_count
from tests.full_disk import full_disk
from tests.page_server import ROOT, running_page
from tests.waiting import PATIENCE_S

NOWHERE = "http://127.0.0.1:9"
SOCKS = "socks5://127.0.0.1:9"  # what speaks it is not installed with charlstm
SURROUNDINGS = {
    "HTTP_PROXY": NOWHERE,
    "http_proxy": NOWHERE,
    "HTTPS_PROXY": SOCKS,
    "https_proxy": "ftp://127.0.0.1:9",
    "ALL_PROXY": SOCKS,
    "all_proxy": SOCKS,
    "NO_PROXY": "example.org",
    "no_proxy": "",
    "SSL_CERT_FILE": "/nowhere/certificates.pem",
    "SSL_CERT_DIR": "/nowhere",
    "REQUESTS_CA_BUNDLE": "/nowhere/certificates.pem",
    "CURL_CA_BUNDLE": "/nowhere/certificates.pem",
}


def the_form(text: str) -> tuple:
    return ("paste", None, text, "verse", "quick", 3, "minutes")


def quietly(*share, **words) -> None:
    """In place of the page's progress bar."""


def test_a_page_starts_and_writes_whatever_surrounds_it(tmp_path):
    in_the_way = tmp_path / "a file"
    in_the_way.write_text("so there can be no home folder")
    with running_page(in_the_way / "home", environment=SURROUNDINGS) as server:
        assert requests.get(f"{server.address}/health", timeout=PATIENCE_S).status_code == 200
        client = Client(server.address, verbose=False)
        text = client.predict("To be", 0.8, 60, 1, api_name="/generate")
        assert text.startswith("To be") and len(text) == 65
        server.log.seek(0)
        assert "Traceback" not in server.log.read()


def test_a_page_that_cannot_be_shared_says_which_settings_are_in_the_way():
    done = subprocess.run(
        [sys.executable, "app.py", "--share"],
        cwd=ROOT,
        env={**os.environ, **SURROUNDINGS},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and "leave --share out" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_hidden_at_the_start_is_there_again_for_a_download(monkeypatch):
    for name, value in SURROUNDINGS.items():
        monkeypatch.setenv(name, value)
    before = dict(os.environ)
    with pytest.raises(KeyError), bootstrap.asking_nobody_else():
        hidden = SURROUNDINGS.keys() - {"NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"}
        assert not hidden & os.environ.keys() and os.environ["NO_PROXY"] == "*"
        raise KeyError
    assert dict(os.environ) == before


@pytest.mark.parametrize("place", ["a file", "a file/below", "locked", "locked/below"])
def test_a_home_that_cannot_be_written_to_is_named_when_a_training_is_to_start(
    place, tmp_path, tiny_corpus, monkeypatch
):
    (tmp_path / "a file").write_text("in the way")
    (tmp_path / "locked").mkdir(mode=0o555)
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path / place))
    monkeypatch.setattr(tab, "measure_elsewhere", lambda recipe: None)
    with modes_count():
        registry = ModelRegistry(Runs())
        trainer = Trainer(registry)
        assert registry.get(SHIPPED) is not None and registry.trainings() == []
        assert "Takes about" in trainer.describe(*the_form(tiny_corpus.text))[1]
        with pytest.raises(CharLSTMError, match="CHARLSTM_HOME") as caught:
            trainer.start(*the_form(tiny_corpus.text), progress=quietly)
    check_sentence(caught.value)
    assert str(tmp_path / place) in str(caught.value)


def test_a_disk_that_is_full_is_named_when_a_training_is_to_start(home, tiny_corpus):
    trainer = Trainer(ModelRegistry(Runs()))
    with full_disk(), pytest.raises(CharLSTMError, match="disk is full") as caught:
        trainer.start(*the_form(tiny_corpus.text), progress=quietly)
    check_sentence(caught.value)
    assert list((home / "runs").iterdir()) == []
