"""Models from and to the Hugging Face Hub, for which a server on this computer stands in."""

import logging
from functools import partial

import huggingface_hub
import pytest
from huggingface_hub import HfApi

from charlstm.command_line.commands import main
from charlstm.errors import CharLSTMError
from charlstm.network import hub as hub_module
from charlstm.network.checkpoint import load_checkpoint, save_checkpoint
from charlstm.network.hub import FILE, pull, push, read_name
from tests.hub_stand_in import TOKEN, standing_in
from tests.tiny_networks import PARTS, random_checkpoint


@pytest.fixture
def hub(monkeypatch, tmp_path):
    with standing_in() as hub:
        at_hand = partial(HfApi, endpoint=hub.address)
        monkeypatch.setattr("huggingface_hub.HfApi", at_hand)
        monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "none"))
        for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        yield hub


@pytest.fixture
def logged_in(hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", TOKEN)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.safetensors"
    save_checkpoint(random_checkpoint(**PARTS), path)
    return path


@pytest.mark.parametrize(
    "text",
    ["anna/novel", " anna/novel ", "https://huggingface.co/anna/novel", "hf.co/anna/novel",
     "https://huggingface.co/anna/novel/", "huggingface.co/anna/novel"],
)  # fmt: skip
def test_a_name_or_the_address_of_its_page_will_do(text):
    if text.startswith("h") and "://" not in text:
        text = f"https://{text}"
    assert read_name(text) == "anna/novel"


@pytest.mark.parametrize(
    "text",
    ["", "novel", "a/b/c", "../a/b", "http://192.0.2.1/a/b", "a/b?x=1", "ä/b",
     "a/" + "o" * 97, "a b/c", "a/b\n", "file:///a/b"],
)  # fmt: skip
def test_anything_else_is_refused(text):
    if text == "a/b\n":
        assert read_name(text) == "a/b"
        return
    with pytest.raises(CharLSTMError, match="is no name of a model on the Hub: give owner/name"):
        read_name(text)


def test_a_model_goes_there_and_comes_back(hub, logged_in, file):
    address = push(file, "anna/novel")
    assert address == f"{hub.address}/anna/novel"
    assert hub.private == {"anna/novel": True}
    card = hub.files["anna/novel"]["README.md"].decode()
    assert card.startswith("---\n") and "library_name: charlstm" in card
    assert "learned from Gitanjali" in card and "charlstm pull anna/novel" in card
    pulled = pull("anna/novel")
    assert pulled.data == file.read_bytes()
    assert pulled.name == "novel.safetensors"


def test_a_card_that_is_there_stays(hub, logged_in, file):
    push(file, "anna/novel", is_private=False)
    assert hub.private == {"anna/novel": False}
    hub.files["anna/novel"]["README.md"] = b"my own words"
    save_checkpoint(random_checkpoint(random_seed=1), file)
    push(file, "anna/novel")
    assert hub.files["anna/novel"]["README.md"] == b"my own words"
    assert hub.files["anna/novel"][FILE] == file.read_bytes()


def test_a_public_model_needs_nobody_logged_in(hub, file):
    hub.files["anna/novel"] = {"other.safetensors": file.read_bytes(), "README.md": b""}
    assert pull("anna/novel").data == file.read_bytes()
    assert hub.tokens == {""}


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({}, "no file that may be charlstm's model"),
        ({"README.md": b""}, "no file that may be charlstm's model"),
        ({"a.safetensors": b"", "b.safetensors": b""}, "2 files that may be charlstm's model"),
        ({FILE: b"\x00" * 100}, "is no checkpoint"),
    ],
)
def test_what_is_none_of_our_models_is_named(hub, files, sentence):
    hub.files["anna/novel"] = files
    with pytest.raises(CharLSTMError, match=sentence):
        pull("anna/novel")


def test_a_giant_is_refused_before_it_is_fetched(hub, monkeypatch):
    hub.files["anna/novel"] = {FILE: b""}
    hub.announced_bytes = 14_000_000_000
    with pytest.raises(CharLSTMError, match="14,000 MB; charlstm's models have at most 32 MB"):
        pull("anna/novel")


def test_what_nobody_here_may_see_is_said(hub, file):
    hub.files["anna/novel"], hub.private["anna/novel"] = {FILE: file.read_bytes()}, True
    for name in ("anna/novel", "anna/none"):
        with pytest.raises(CharLSTMError, match=f"There is no model {name} .*hf auth login"):
            pull(name)


def test_putting_one_there_needs_somebody_logged_in(hub, file, monkeypatch):
    with pytest.raises(CharLSTMError, match="log in with `hf auth login`"):
        push(file, "anna/novel")
    monkeypatch.setenv("HF_TOKEN", "hf_ofSomebodyElse")
    with pytest.raises(CharLSTMError, match="log in with `hf auth login`"):
        push(file, "anna/novel")
    assert hub.files == {}


def test_what_is_no_checkpoint_is_not_put_there(hub, logged_in, tmp_path):
    (tmp_path / "a.safetensors").write_bytes(b"no")
    with pytest.raises(CharLSTMError, match="is no checkpoint"):
        push(tmp_path / "a.safetensors", "anna/novel")
    assert hub.files == {}


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_fault_of_the_hub_is_said(hub, status, monkeypatch):
    hub.status = status
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with pytest.raises(CharLSTMError, match="The Hub (answered with status|could not be reached)"):
        pull("anna/novel")


def test_a_hub_that_cannot_be_reached_is_said(hub, monkeypatch):
    monkeypatch.setattr("huggingface_hub.HfApi", partial(HfApi, endpoint="http://127.0.0.1:9"))
    with pytest.raises(CharLSTMError, match="could not be reached"):
        pull("anna/novel")


@pytest.fixture
def asked_afresh():
    """Lets huggingface_hub look at the environment again: it keeps a connection."""
    huggingface_hub.close_session()
    yield
    huggingface_hub.close_session()


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("ALL_PROXY", "socks5://me:secret@x", "the proxy socks5://x of this .* socksio"),
        ("HTTPS_PROXY", "nonsense:://x", "the proxy nonsense:://x of this computer cannot"),
        ("HTTPS_PROXY", "http://127.0.0.1:9", "through the proxy http://127.0.0.1:9 of this"),
        ("HTTP_PROXY", "socks5://me:secret@x", "the proxy socks5://x of this .* socksio"),
        ("HTTPS_PROXY", "me:secret@127.0.0.1:9", "the proxy 127.0.0.1:9 of this computer"),
        (
            "HTTPS_PROXY",
            "http://me:secret@x:port",
            "the proxy http://x:port of this computer cannot",
        ),
        ("HTTPS_PROXY", "http://me:secret/a#b@x:1", "the proxy http://x:1 of this computer cannot"),
        ("ALL_PROXY", "http://[::1", "the proxy http://.::1 of this computer cannot"),
        ("SSL_CERT_FILE", __file__, "SSL_CERT_FILE names .*test_hub.py, which has no certificates"),
        ("SSL_CERT_FILE", "/nowhere.pem", "SSL_CERT_FILE names /nowhere.pem, and there is no such"),
    ],
)
def test_settings_that_keep_one_from_the_hub_are_named(
    variable, value, said, monkeypatch, asked_afresh
):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv(variable, value)
    at_nowhere = partial(HfApi, endpoint="https://hub.invalid")
    monkeypatch.setattr("huggingface_hub.HfApi", at_nowhere)
    with pytest.raises(CharLSTMError, match=said) as caught:
        pull("anna/novel")
    assert "secret" not in str(caught.value)


def test_without_the_library_it_is_said_what_to_install(monkeypatch, file):
    monkeypatch.setattr(hub_module, "find_spec", lambda name: None)
    for ask in (lambda: pull("anna/novel"), lambda: push(file, "anna/novel")):
        with pytest.raises(CharLSTMError, match="pip install huggingface_hub"):
            ask()


def test_the_command_line_puts_and_gets(hub, logged_in, file, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["push", str(file), "anna/novel", "--public"]) == 0
    assert capsys.readouterr().out == f"{hub.address}/anna/novel\n"
    assert hub.private == {"anna/novel": False}
    assert main(["pull", "anna/novel"]) == 0
    assert (
        load_checkpoint("novel.safetensors").training.text.name
        == PARTS["training"]["corpus"]["name"]
    )
    assert main(["pull", "anna/novel"]) == 2, "it would replace a file"
    assert "novel.safetensors is here already" in capsys.readouterr().err
    assert main(["pull", "anna/novel", "--out", "novel.safetensors"]) == 0
    assert main(["pull", "anna/novel", "--out", "no/folder/a"]) == 2
    assert "could not be kept" in capsys.readouterr().err
    assert main(["pull", "nothing"]) == 2


def test_no_token_is_said_or_kept(
    hub, logged_in, file, tmp_path, monkeypatch, capsys, caplog, home
):
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.DEBUG)
    assert main(["push", str(file), "anna/novel"]) == 0
    assert main(["pull", "anna/novel"]) == 0
    hub.status = 500
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    assert main(["pull", "anna/novel", "--out", "b"]) == 2
    assert TOKEN in hub.tokens
    said = capsys.readouterr()
    assert TOKEN not in said.out + said.err + caplog.text
    for path in [*tmp_path.rglob("*"), *home.rglob("*")]:
        assert not path.is_file() or TOKEN.encode() not in path.read_bytes()
