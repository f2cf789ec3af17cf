"""Tiny Shakespeare from the network: whole, or not there and said why."""

from __future__ import annotations

import hashlib
import lzma
from pathlib import Path

import pytest
import requests

from charlstm.errors import CharLSTMError
from charlstm.home import downloads_folder
from charlstm.text import corpus
from charlstm.text import download as download_module
from charlstm.text.corpus import (
    Corpus,
    clean,
    tiny_shakespeare,
    tiny_shakespeare_or_practice,
)
from charlstm.text.download import (
    CERTIFICATES,
    DownloadError,
    download_tiny_shakespeare,
)
from tests.full_disk import full_disk
from tests.http_server import serving
from tests.waiting import PATIENCE_S

LONG = "All the world's a stage.\n" * 100
ROOT = Path(__file__).resolve().parents[2]
PAYLOAD = b"".join(b"line %d of a play\n" % number for number in range(700))
PAYLOAD_SHA256 = hashlib.sha256(PAYLOAD).hexdigest()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(download_module, "_PAUSE_S", 0.0)
    for name in ("NO_PROXY", "no_proxy"):  # else a proxy of this computer would be asked
        monkeypatch.setenv(name, "127.0.0.1")
    return tmp_path / "downloads"


def download(server, folder, **options):
    # Short where only silence is meant: on a busy machine any answer may take a moment.
    timeout_s = 0.5 if server.moods == ["slow"] else 3.0 if "slow" in server.moods else PATIENCE_S
    return download_tiny_shakespeare(
        url=server.url, folder=folder, sha256=PAYLOAD_SHA256, timeout_s=timeout_s, **options
    )


def test_a_download_is_kept_and_made_once(folder):
    shares = []
    with serving(PAYLOAD, "good") as server:
        path = download(server, folder, progress=shares.append)
        assert download(server, folder) == path
        assert server.requests == 1
    assert path.read_bytes() == PAYLOAD
    assert list(folder.iterdir()) == [path]
    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.1
    assert shares[-1] == 1.0


def test_a_server_that_does_not_announce_the_length_is_fine(folder):
    shares = []
    with serving(PAYLOAD, "unannounced") as server:
        assert download(server, folder, progress=shares.append).read_bytes() == PAYLOAD
    assert shares == sorted(shares)


def test_a_damaged_file_is_downloaded_again(folder):
    folder.mkdir()
    (folder / "tiny-shakespeare.txt").write_bytes(PAYLOAD[:-1])
    with serving(PAYLOAD, "good") as server:
        assert download(server, folder).read_bytes() == PAYLOAD
        assert server.requests == 1
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("moods", [["500", "500"], ["corrupt", "cut off"], ["slow"]])
def test_what_passes_is_tried_again(folder, moods):
    with serving(PAYLOAD, *moods, "good") as server:
        assert download(server, folder).read_bytes() == PAYLOAD
        assert server.requests == len(moods) + 1
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize(
    ("mood", "num_requests", "reason"),
    [
        ("404", 1, "error 404"),
        ("500", 3, "error 500"),
        ("corrupt", 3, "not the expected text"),
        ("cut off", 3, "broke off"),
        ("slow", 3, "too slow"),
    ],
)
def test_a_failed_download_leaves_nothing_and_says_why(folder, mood, num_requests, reason):
    with serving(PAYLOAD, mood) as server:
        with pytest.raises(DownloadError, match=f"{reason}.*practice text"):
            download(server, folder)
        assert server.requests == num_requests
    assert list(folder.iterdir()) == []


def test_a_trickle_is_ended_and_not_begun_again(folder, monkeypatch):
    monkeypatch.setattr(download_module, "_MAX_DOWNLOAD_S", 0.15)
    with serving(PAYLOAD, "trickle") as server:
        with pytest.raises(DownloadError, match="too slow"):
            download(server, folder)
        assert server.requests == 1
    assert list(folder.iterdir()) == []


def test_an_interrupted_download_leaves_nothing(folder):
    def interrupt(share):
        if share > 0.5:
            raise KeyboardInterrupt

    with serving(PAYLOAD, "good") as server, pytest.raises(KeyboardInterrupt):
        download(server, folder, progress=interrupt)
    assert list(folder.iterdir()) == []


def test_a_certificate_that_cannot_be_checked_is_named(folder, monkeypatch):
    asked = []

    def refuse(session, *_, **__):
        asked.append(session)
        raise requests.exceptions.SSLError("CERTIFICATE_VERIFY_FAILED")

    monkeypatch.setattr(requests.Session, "send", refuse)
    with serving(PAYLOAD, "good") as server, pytest.raises(DownloadError, match="certificate"):
        download(server, folder)
    assert len(asked) == 1 and list(folder.iterdir()) == []


def test_nobody_at_the_other_end_is_said_in_lay_words(folder):
    with serving(PAYLOAD, "good") as server:
        pass  # closed again: nobody listens there
    with pytest.raises(DownloadError) as caught:
        download(server, folder)
    assert caught.value.reason == "the server could not be reached"


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with serving(PAYLOAD, "good") as server:
        with pytest.raises(CharLSTMError, match="CHARLSTM_HOME"):
            download(server, tmp_path / "file" / "downloads")
        assert server.requests == 0


def test_a_full_disk_is_named_and_leaves_nothing(folder):
    folder.mkdir()
    with serving(PAYLOAD, "good") as server, full_disk():
        with pytest.raises(DownloadError, match="saved in .*downloads: the disk is full"):
            download(server, folder)
    assert list(folder.iterdir()) == []


# What this computer's settings make of the network. Nobody is asked: all of this ends before.

NOWHERE = "127.0.0.1:9"
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture
def surroundings(folder, monkeypatch):
    """Sets variables; no others lead anywhere else."""
    for name in (*PROXIES, *map(str.upper, PROXIES), *CERTIFICATES):
        monkeypatch.delenv(name, raising=False)

    def surround(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return surround


@pytest.mark.parametrize(
    ("variable", "proxy", "said"),
    [
        ("HTTPS_PROXY", f"http://{NOWHERE}", f"through the proxy http://{NOWHERE} of this"),
        ("https_proxy", NOWHERE, f"through the proxy {NOWHERE} of this"),
        ("ALL_PROXY", f"http://{NOWHERE}", f"through the proxy http://{NOWHERE} of this"),
        ("all_proxy", f"http://me:secret@{NOWHERE}", f"through the proxy http://{NOWHERE} of this"),
        ("ALL_PROXY", f"socks5://me:secret@{NOWHERE}", f"the proxy socks5://{NOWHERE}"),
        ("HTTPS_PROXY", "http:///nowhere", "the proxy http:///nowhere of this"),
    ],
)
def test_a_proxy_that_leads_nowhere_is_named_without_its_password(
    variable, proxy, said, surroundings, folder
):
    surroundings(**{variable: proxy, "NO_PROXY": "example.org"})
    with pytest.raises(DownloadError) as caught:
        download_tiny_shakespeare(url="https://text.invalid/input.txt", folder=folder)
    assert said in caught.value.reason and "secret" not in str(caught.value)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("variable", CERTIFICATES)
def test_certificates_that_are_not_there_are_named(variable, surroundings, folder, tmp_path):
    surroundings(**{variable: str(tmp_path / "nowhere.pem")})
    with pytest.raises(DownloadError, match=f"{variable} names .*nowhere.pem, and there is no"):
        download_tiny_shakespeare(url=f"https://{NOWHERE}/input.txt", folder=folder)
    assert list(folder.iterdir()) == []


@pytest.fixture
def pretended(monkeypatch, folder):
    """Tiny Shakespeare as the test's server has it, and a practice text."""
    shipped = folder.parent / "shipped"
    shipped.mkdir()
    (shipped / corpus.PRACTICE_FILE).write_bytes(lzma.compress(LONG.encode()))
    monkeypatch.setattr(corpus, "shipped_folder", lambda: shipped)
    monkeypatch.setattr(corpus, "TINY_SHAKESPEARE_SHA256", PAYLOAD_SHA256)

    def pretend(server):
        defaults = download_tiny_shakespeare.__kwdefaults__
        for name, value in (("url", server.url), ("sha256", PAYLOAD_SHA256)):
            monkeypatch.setitem(defaults, name, value)

    return pretend


def test_without_a_network_the_practice_text_is_used_and_that_is_said(pretended):
    with serving(PAYLOAD, "404") as server:
        pretended(server)
        read = tiny_shakespeare_or_practice("prose")
    assert (read.name, read.style, read.text) == ("practice-text", "prose", clean(LONG, "prose"))
    assert len(read.notices) == 1
    assert "error 404" in read.notices[0]
    assert "practice text" in read.notices[0]


def test_with_a_network_no_practice_text_is_used(pretended):
    with serving(PAYLOAD, "good") as server:
        pretended(server)
        read = tiny_shakespeare_or_practice()
    assert read == Corpus(name="tiny-shakespeare", text=PAYLOAD.decode(), style="verse")


def test_that_a_damaged_file_was_replaced_is_said(pretended):
    downloads_folder().mkdir(parents=True)
    (downloads_folder() / "tiny-shakespeare.txt").write_bytes(b"half of i")
    with serving(PAYLOAD, "good") as server:
        pretended(server)
        first, second = tiny_shakespeare(), tiny_shakespeare()
    assert first.text == second.text == PAYLOAD.decode()
    assert first.notices == ("The downloaded text was damaged, so it was downloaded again.",)
    assert second.notices == ()
