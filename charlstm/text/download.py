"""Downloads Tiny Shakespeare once, and checks that it is complete and unchanged."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from charlstm.errors import CharLSTMError
from charlstm.files import reason_of
from charlstm.home import downloads_folder, make_folder
from charlstm.internet import missing_certificates, on_useless_proxy, proxy_of

TINY_SHAKESPEARE = (
    "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"
)
TINY_SHAKESPEARE_BYTES = 1_115_394
TINY_SHAKESPEARE_SHA256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
FILE_NAME = "tiny-shakespeare.txt"

Progress = Callable[[float], None]  # called with the share that has arrived, 0 to 1
_TRIES = 3
_PAUSE_S = 0.5  # before the second try; longer before the third
# Variables that name a file of certificates, the one that is asked first before the other.
CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_MAX_DOWNLOAD_S = 120.0  # for the whole download, even if data keep arriving


class DownloadError(CharLSTMError):
    """Tiny Shakespeare could not be downloaded.

    Attributes:
        reason: why, in a few words for people.
    """

    def __init__(self, reason: str):
        self.reason = reason
        super().__init__(
            f"Tiny Shakespeare could not be downloaded ({reason}): check the network, or use the "
            "built-in practice text or a text of your own."
        )


def downloaded_path() -> Path:
    """Where the downloaded text is kept, whether or not it is there yet."""
    return downloads_folder() / FILE_NAME


def download_tiny_shakespeare(
    progress: Progress | None = None,
    *,
    url: str = TINY_SHAKESPEARE,
    folder: Path | None = None,
    sha256: str = TINY_SHAKESPEARE_SHA256,
    timeout_s: float = 10.0,
) -> Path:
    """Download the text, unless its file is here and undamaged, and return the path of the file.

    The file is renamed to its name once it is complete, so nobody reads half of it.

    Args:
        progress: called with the share that has arrived, 0 to 1.
        sha256: of the expected file, in hexadecimal.
        timeout_s: how long the server may stay silent.

    Raises:
        DownloadError: it failed, after several tries where that may help.
    """
    folder = folder or downloads_folder()
    path = folder / FILE_NAME
    if checksum(path) == sha256:
        return path
    import pooch  # here, as requests below: importing them takes half a second
    from requests.exceptions import RequestException

    make_folder(folder)
    pooch.get_logger().setLevel("WARNING")  # its messages would go to standard error
    meter = _Meter(progress)
    downloader = pooch.HTTPDownloader(
        progressbar=meter,
        chunk_size=256,  # small: the meter can end a slow download only between two chunks
        timeout=timeout_s,
        headers={"Accept-Encoding": "identity"},  # else the compressed length is announced
    )
    attempt = 0
    while True:
        attempt += 1
        meter.received = 0
        try:
            # pooch downloads to a temporary file, checks and renames it, and removes it on failure.
            pooch.retrieve(url, f"sha256:{sha256}", path.name, folder, downloader=downloader)
            return path
        except (RequestException, ValueError) as error:  # ValueError: a wrong checksum
            reason, may_pass = _explain(error, url)
            if attempt == _TRIES or not may_pass or meter.is_late():
                raise DownloadError(reason) from error
        except OSError as error:
            missing = missing_certificates(CERTIFICATES)
            where = f"it could not be saved in {folder}: {reason_of(error)}"
            raise DownloadError(missing or where) from error
        time.sleep(_PAUSE_S * attempt)


def checksum(path: Path) -> str | None:
    """SHA-256 of a file in hexadecimal; None if it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def _explain(error: Exception, url: str) -> tuple[str, bool]:
    """What went wrong, in plain words, and whether trying again may help."""
    from requests import exceptions

    proxy = proxy_of(url)
    if proxy and isinstance(error, exceptions.InvalidSchema | exceptions.InvalidProxyURL):
        return on_useless_proxy(proxy, "PySocks"), False
    if isinstance(error, exceptions.HTTPError):
        status = error.response.status_code
        return f"the server answered with error {status}", status >= 500
    # A time-out in the middle of the body is a ConnectionError in requests.
    if isinstance(error, exceptions.Timeout) or "timed out" in str(error).lower():
        return "the server was too slow", True
    if isinstance(error, exceptions.SSLError):
        chosen = next((name for name in CERTIFICATES if os.environ.get(name)), None)
        if chosen:
            return f"the server's certificate is none of those that {chosen} names", False
        return (
            "the server's certificate could not be checked: are root certificates missing?",
            False,
        )
    if isinstance(error, exceptions.ChunkedEncodingError):
        return "the connection broke off", True
    if proxy and isinstance(error, exceptions.ConnectionError):
        return f"the server could not be reached through the proxy {proxy} of this computer", True
    if isinstance(error, exceptions.ConnectionError):
        return "the server could not be reached", True
    if isinstance(error, exceptions.RequestException):
        return "the request was not possible", False
    return "what arrived was not the expected text", True


class _Meter:
    """Takes the place of pooch's progress bar: reports the share, and ends a slow download."""

    def __init__(self, progress: Progress | None):
        self.total = 0  # bytes; pooch sets it from what the server announces
        self.received = 0
        self._progress = progress
        self._percent = -1
        self._deadline = time.monotonic() + _MAX_DOWNLOAD_S

    def is_late(self) -> bool:
        return time.monotonic() > self._deadline

    def update(self, num_bytes: int) -> None:
        from requests.exceptions import Timeout

        if self.is_late():
            raise Timeout("the whole download took too long")
        self.received += num_bytes
        share = min(1.0, self.received / (self.total or TINY_SHAKESPEARE_BYTES))
        if self._progress is not None and int(100 * share) != self._percent:
            self._percent = int(100 * share)
            self._progress(share)

    def reset(self) -> None:
        """Do nothing: pooch calls this and `close` once everything has arrived."""

    close = reset
