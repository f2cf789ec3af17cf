"""Checkpoints on the Hugging Face Hub: gets one by its name, and puts one there.

Whoever is logged in on this computer (`hf auth login`, or the variable HF_TOKEN) is known to
huggingface_hub alone: nothing here reads, keeps or reports a token.
"""

from __future__ import annotations

import os
import re
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from charlstm.errors import CharLSTMError
from charlstm.internet import missing_certificates, on_useless_proxy, proxy_of
from charlstm.network.checkpoint import (
    MAX_FILE_BYTES,
    Checkpoint,
    load_checkpoint,
    parse_checkpoint,
    read_checkpoint_bytes,
)

FILE = "model.safetensors"  # what a checkpoint is called in its repository
ADDRESS = re.compile(r"(?:https?://(?:www\.)?(?:huggingface\.co|hf\.co)/)?(?P<name>[^?#]*)")
NAME = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}", re.ASCII)
CERTIFICATES = ("SSL_CERT_FILE",)  # what huggingface_hub asks with goes by it
LOG_IN = "log in with `hf auth login`"


@dataclass(frozen=True, kw_only=True)
class Pulled:
    """A checkpoint that came from the Hub.

    Attributes:
        data: the bytes of its file, which were checked.
        name: the repository's name without its owner, and the ending of the file.
    """

    data: bytes
    name: str


def read_name(text: str) -> str:
    """The name of a repository, `owner/name`, from that or from the address of its page.

    Raises:
        CharLSTMError: it is neither.
    """
    found = ADDRESS.fullmatch(text.strip())
    name = found["name"].strip("/") if found else ""
    if not NAME.fullmatch(name):
        raise CharLSTMError(
            f"{text.strip()[:80]!r} is no name of a model on the Hub: give owner/name, as in the "
            "address of its page."
        )
    return name


def pull(text: str) -> Pulled:
    """Get a checkpoint from the Hub.

    Args:
        text: `owner/name`, or the address of its page.

    Raises:
        CharLSTMError: there is no such model, or it is none of charlstm's.
    """
    name = read_name(text)
    _check_library()
    from huggingface_hub import HfApi

    with _errors_in_words(name), tempfile.TemporaryDirectory() as folder:
        api = HfApi()
        info = api.model_info(name, files_metadata=True)
        files = {
            file.rfilename: file.size or 0
            for file in info.siblings or []
            if file.rfilename.endswith(".safetensors")
        }
        chosen = FILE if FILE in files else next(iter(files), "")
        if not chosen or (len(files) > 1 and chosen != FILE):
            there = f"{len(files)} files" if files else "no file"
            raise CharLSTMError(
                f"{name} has {there} that may be charlstm's model: expected {FILE}."
            )
        if files[chosen] > MAX_FILE_BYTES:
            raise CharLSTMError(
                f"The model of {name} has {files[chosen] / 1e6:,.0f} MB; charlstm's models have at "
                f"most {MAX_FILE_BYTES / 1e6:.0f} MB."
            )
        path = api.hf_hub_download(name, chosen, revision=info.sha, local_dir=folder)
        data = read_checkpoint_bytes(path)
    parse_checkpoint(data, f"{name}/{chosen}")
    return Pulled(data=data, name=f"{name.partition('/')[2]}.safetensors")


def push(path: str | Path, text: str, *, is_private: bool = True) -> str:
    """Put a checkpoint on the Hub, with a card that says what it is; a card that is there stays.

    Args:
        text: `owner/name`; the repository is made if there is none.
        is_private: of a repository that is made.

    Returns:
        The address of its page.

    Raises:
        CharLSTMError: it is no checkpoint, nobody is logged in, or the Hub refuses.
    """
    name = read_name(text)
    checkpoint = load_checkpoint(path)
    _check_library()
    from huggingface_hub import CommitOperationAdd, HfApi

    with _errors_in_words(name):
        api = HfApi()
        api.create_repo(name, private=is_private, exist_ok=True)
        operations = [CommitOperationAdd(FILE, read_checkpoint_bytes(path))]
        if not api.file_exists(name, "README.md"):
            operations.append(CommitOperationAdd("README.md", card(checkpoint, name).encode()))
        api.create_commit(name, operations, commit_message="A model by charlstm")
        return f"{api.endpoint}/{name}"


def card(checkpoint: Checkpoint, name: str) -> str:
    """What the Hub shows of a model: its facts, and how to write with it."""
    from huggingface_hub import ModelCard, ModelCardData

    training, sizes = checkpoint.training, checkpoint.architecture
    layers = " and ".join(str(units) for units in sizes.lstm_units)
    lines = [
        f"# {name.partition('/')[2]}",
        "",
        "A character-level LSTM, trained with charlstm: it writes a text on, one character at a "
        "time, each drawn from its chances.",
        "",
        f"- {sizes.parameters():,} weights: LSTM layers of {layers} units, "
        f"{sizes.vocabulary_size} characters",
    ]
    if training.text.name:
        lines.append(f"- learned from {training.text.name[:80]}")
    if training.results is not None:
        results = training.results
        lines.append(
            f"- guesses {results.accuracy:.1%} of the characters of the held-out part of that text "
            f"right (loss {results.loss_nats:.3f} nats)"
        )
    lines += [
        "",
        "```",
        f"charlstm pull {name}",
        f"charlstm generate {name.partition('/')[2]}.safetensors --seed-text 'O'",
        "```",
    ]
    data = ModelCardData(library_name="charlstm", tags=["lstm", "character-level"])
    return str(ModelCard(f"---\n{data.to_yaml()}\n---\n\n" + "\n".join(lines) + "\n"))


def _check_library() -> None:
    """
    Raises:
        CharLSTMError: huggingface_hub is not installed.
    """
    if find_spec("huggingface_hub") is None:
        raise CharLSTMError(
            "The Hub needs the package huggingface_hub: install it with "
            "`pip install huggingface_hub`."
        )


@contextmanager
def _errors_in_words(name: str) -> Iterator[None]:
    """Turn what goes wrong on the way to the Hub into sentences."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalTokenNotFoundError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
    )

    # The base of all errors of the library by which huggingface_hub asks, whichever it is.
    http_error = next(
        kind
        for kind in HfHubHTTPError.__mro__
        if kind.__name__ == "HTTPError" and issubclass(kind, Exception)
    )
    library = import_module(http_error.__module__.partition(".")[0])
    wrong_address = getattr(library, "InvalidURL", ValueError)
    endpoint = HfApi().endpoint
    proxy = proxy_of(endpoint)
    try:
        yield
    except HFValidationError as error:
        raise CharLSTMError(
            f"{name!r} is no name on the Hub: use letters, digits and -."
        ) from error
    except LocalTokenNotFoundError as error:
        raise CharLSTMError(f"Nobody is logged in on this computer: {LOG_IN}.") from error
    except OfflineModeIsEnabled as error:
        raise CharLSTMError(
            "HF_HUB_OFFLINE keeps huggingface_hub from the internet: unset it."
        ) from error
    except GatedRepoError as error:
        raise CharLSTMError(
            f"{name} asks for consent to its terms: give it on its page, and {LOG_IN}."
        ) from error
    except RepositoryNotFoundError as error:
        raise CharLSTMError(
            f"There is no model {name} on the Hub that you may use: check its name, or, if it is "
            f"private, {LOG_IN}."
        ) from error
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        if status in (401, 403):
            raise CharLSTMError(
                f"The Hub does not let you do this with {name}: {LOG_IN}, with a token that may "
                "write."
            ) from error
        raise CharLSTMError(f"The Hub answered with status {status}: try again later.") from error
    except (http_error, OSError) as error:
        fault, file = missing_certificates(CERTIFICATES), os.environ.get(CERTIFICATES[0])
        if not fault and file and isinstance(error, ssl.SSLError):
            fault = f"{CERTIFICATES[0]} names {file}, which has no certificates"
        if fault:
            raise CharLSTMError(
                f"The Hub could not be reached: {fault}. Correct the variable, or unset it."
            ) from error
        through = f" through the proxy {proxy} of this computer" if proxy else ""
        raise CharLSTMError(
            f"The Hub could not be reached{through}, or broke off: check the connection, and try "
            "again."
        ) from error
    except (ImportError, ValueError, wrong_address) as error:
        # The library looks at all proxies, whichever it needs.
        proxy = proxy or proxy_of(endpoint.replace("https:", "http:"))
        if not proxy:
            raise
        raise CharLSTMError(
            f"The Hub could not be reached: {on_useless_proxy(proxy, 'socksio')}."
        ) from error
