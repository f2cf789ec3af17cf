"""Where text comes from: download, upload, paste, built-in; how it is read and cleaned."""

from __future__ import annotations

import codecs
import hashlib
import lzma
import re
import time
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from charlstm.errors import CharLSTMError
from charlstm.home import downloads_folder, make_folder, shipped_folder

TINY_SHAKESPEARE = (
    "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"
)
TINY_SHAKESPEARE_BYTES = 1_115_394
TINY_SHAKESPEARE_SHA256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
PRACTICE_FILE = "practice-text.txt.xz"

STYLES = ("verse", "prose")
MIN_CHARACTERS = 2_000
MAX_BYTES = 5_000_000
MAX_DISTINCT_CHARACTERS = 1_000

Progress = Callable[[float], None]  # is told the share that has arrived, 0 to 1
_TRIES = 3
_PAUSE_S = 0.5  # before the second try; longer before the third
_PATIENCE_S = 120.0  # for the whole download, however steadily it trickles

# PDF, ZIP (docx, epub), old office, RTF, PNG, JPEG; the control characters give away others
_NO_TEXT = (b"%PDF-", b"PK\3\4", b"\xd0\xcf\x11\xe0", b"{\\rtf", b"\x89PNG", b"\xff\xd8\xff")
# Letters beyond ASCII, a word a language, under the encodings of old files. Nearly all of a text
# belong to one language; wrongly decoded they do not. (Detectors take much French for Czech.)
_LETTERS = {
    "cp1252 mac_roman cp850 iso8859_15": "àâæçéèêëîïôœùûüÿ áéíñóúü àáâãçéêíóôõúü àèéìíîòóù "
    "àçèéíïòóúü äöüß åäöéæøà áéèëêïíóöúü áæéíðóöúýþ",
    "cp1250 iso8859_2": "ąćęłńóśźż áčďéěíňóřšťúůýž áäčďéíĺľňóôŕšťúýž áéíóöőúüű ăâîşţ čćđšž",
    "cp1254": "âçğıîöşüû\u0307",
    "cp1257": "ąčęėįšųūž āčēģīķļņšūž äöüõšž",
    "cp1252": "àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿœß",  # several western languages in one file
}
_SIGNS = "‘’“”„«»‹›–—…·•°§©€£¿¡ªº½¼¾´\xa0\xad"
_SIGNS_IN_WORDS = "’–—·´\xad"


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """A cleaned text to learn from; `notices` tell the visitor what was changed or decided."""

    name: str
    text: str
    style: str
    notices: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


class DownloadError(CharLSTMError):
    """Tiny Shakespeare could not be downloaded; `reason` says why in a few words."""

    def __init__(self, reason: str):
        self.reason = reason
        super().__init__(
            f"Tiny Shakespeare could not be downloaded ({reason}): check the network, or use the "
            "built-in practice text or a text of your own."
        )


def clean(text: str, style: str) -> str:
    """Verse keeps its line breaks; prose is what the course notebook made of them.

    >>> clean("To be,\\nor not  to be\\n", "prose")
    'To be, or not to be'
    """
    if style not in STYLES:
        raise CharLSTMError(f"The style was {style!r}; choose one of: {', '.join(STYLES)}.")
    if style == "verse":
        return text
    return text.replace("\n", " ").replace("  ", " ").strip()


def tiny_shakespeare(style: str = "verse", progress: Progress | None = None) -> Corpus:
    """Scenes from Shakespeare's plays, 1.1 million characters; downloaded on first use."""
    clean("", style)  # a wrong style is said before the download
    before = _checksum(downloads_folder() / "tiny-shakespeare.txt")
    text = download_tiny_shakespeare(progress).read_bytes().decode()
    again = ("The downloaded text was damaged, so it was downloaded again.",)
    notices = () if before in (None, TINY_SHAKESPEARE_SHA256) else again
    return Corpus(name="tiny-shakespeare", text=clean(text, style), style=style, notices=notices)


def practice_text(style: str = "verse", path: Path | None = None) -> Corpus:
    """The text that comes with the product; `path` puts another file in its place."""
    path = path or shipped_folder() / PRACTICE_FILE
    try:
        text = lzma.decompress(path.read_bytes()).decode()
    except (OSError, lzma.LZMAError, UnicodeDecodeError) as error:
        raise CharLSTMError(
            f"The built-in practice text {path} is missing or damaged: get the project afresh, or "
            "use a text of your own."
        ) from error
    return Corpus(name="practice-text", text=clean(text, style), style=style)


def tiny_shakespeare_or_practice(style: str = "verse", progress: Progress | None = None) -> Corpus:
    """Tiny Shakespeare, or with a notice the practice text when it cannot be downloaded."""
    try:
        return tiny_shakespeare(style, progress)
    except DownloadError as error:
        notice = (
            f"Tiny Shakespeare could not be downloaded ({error.reason}), so the built-in practice "
            "text is used in its place."
        )
        return replace(practice_text(style), notices=(notice,))


def read_text(data: bytes, name: str, style: str = "verse") -> Corpus:
    """Read an uploaded file in any usual encoding; of `name` the folders are dropped.

    Raises:
        CharLSTMError: it is empty, not text, too long, too short or too varied.
    """
    last = re.split(r"[\\/]", name.rstrip("\\/"))[-1]
    name = "".join(character for character in last if character.isprintable()) or "text"
    _refuse_length(len(data), name)
    text, notices = _decode(data, name)
    return _corpus(text, name, style, notices)


def paste(text: str, style: str = "verse") -> Corpus:
    """Take a text from a text box; refuses what `read_text` refuses."""
    broken = re.search("[\ud800-\udfff\0]", text)
    if broken:
        what = "a NUL" if broken[0] == "\0" else "half a character"
        raise CharLSTMError(
            f"The pasted text has {what} at position {broken.start() + 1:,}: paste plain text, or "
            "upload it as a file."
        )
    _refuse_length(len(text.encode()), "The pasted text")
    return replace(_corpus(text, "The pasted text", style, []), name="pasted text")


def read_file(path: str | Path, style: str = "verse") -> Corpus:
    """Read a file of this computer; refuses what `read_text` refuses."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)  # enough to see that it is too long
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise CharLSTMError(f"{path} cannot be read ({reason}): give a text file.") from error
    return read_text(data, path.name, style)


def _refuse_length(num_bytes: int, subject: str) -> None:
    if num_bytes > MAX_BYTES:
        raise CharLSTMError(
            f"{subject} is over {MAX_BYTES // 1_000_000} MB, the limit: shorten it."
        )


def _corpus(text: str, subject: str, style: str, notices: list[str]) -> Corpus:
    text = text.removeprefix("\ufeff")
    if "\r" in text:
        system = "Windows" if "\r\n" in text else "Old Macintosh"
        notices = [*notices, f"{system} line ends were changed to plain ones."]
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = clean(text, style)
    if not text.strip():
        raise CharLSTMError(f"{subject} is empty: give at least {MIN_CHARACTERS:,} characters.")
    if len(text) < MIN_CHARACTERS:
        raise CharLSTMError(
            f"{subject} has {len(text):,} characters; at least {MIN_CHARACTERS:,} are needed: "
            "give a longer text."
        )
    distinct = len(set(text))
    if distinct > MAX_DISTINCT_CHARACTERS:
        raise CharLSTMError(
            f"{subject} has {distinct:,} different characters; at most "
            f"{MAX_DISTINCT_CHARACTERS:,} can be learned: give a text with fewer."
        )
    return Corpus(name=subject, text=text, style=style, notices=tuple(notices))


def download_tiny_shakespeare(
    progress: Progress | None = None,
    *,
    url: str = TINY_SHAKESPEARE,
    folder: Path | None = None,
    sha256: str = TINY_SHAKESPEARE_SHA256,
    timeout_s: float = 10.0,  # how long the server may stay silent
) -> Path:
    """Download the text, unless it is here and whole; its file is complete or not there.

    Raises:
        DownloadError: it did not work, also not when tried again.
    """
    folder = folder or downloads_folder()
    path = folder / "tiny-shakespeare.txt"
    if _checksum(path) == sha256:
        return path
    import pooch  # late, as requests below: they take half a second
    from requests.exceptions import RequestException

    make_folder(folder)
    pooch.get_logger().setLevel("WARNING")  # its news would go to standard error
    meter = _Meter(progress)
    downloader = pooch.HTTPDownloader(
        progressbar=meter,
        chunk_size=256,  # the meter, which ends a trickle, is asked only between two chunks
        timeout=timeout_s,
        headers={"Accept-Encoding": "identity"},  # else the packed length is announced
    )
    for number in range(1, _TRIES + 1):
        meter.received = 0
        try:
            # pooch downloads beside the file, checks, renames, and removes what went wrong.
            pooch.retrieve(url, f"sha256:{sha256}", path.name, folder, downloader=downloader)
            return path
        except (RequestException, ValueError) as error:  # ValueError: the checksum
            reason, may_pass = _explain(error)
            if number == _TRIES or not may_pass or meter.is_late():
                raise DownloadError(reason) from error
        except OSError as error:
            raise DownloadError(f"it could not be saved in {folder}") from error
        time.sleep(_PAUSE_S * number)


def _checksum(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def _explain(error: Exception) -> tuple[str, bool]:
    """Say in lay words what went wrong, and whether trying again may help."""
    from requests import exceptions

    if isinstance(error, exceptions.HTTPError):
        status = error.response.status_code
        return f"the server answered with error {status}", status >= 500
    # requests calls a time-out in the middle of the text a connection error.
    if isinstance(error, exceptions.Timeout) or "timed out" in str(error).lower():
        return "the server was too slow", True
    if isinstance(error, exceptions.ChunkedEncodingError):
        return "the connection broke off", True
    if isinstance(error, exceptions.ConnectionError):
        return "the server could not be reached", True
    if isinstance(error, exceptions.RequestException):
        return "the request was not possible", False
    return "what arrived was not the expected text", True


class _Meter:
    """Stands in for pooch's progress bar: reports the share, and ends what takes too long."""

    def __init__(self, progress: Progress | None):
        self.total = 0  # bytes; pooch sets it from what the server announces
        self.received = 0
        self._progress = progress
        self._percent = -1
        self._deadline = time.monotonic() + _PATIENCE_S

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
        """Do nothing: pooch calls this, and `close`, once all is there."""

    close = reset


def _decode(data: bytes, name: str) -> tuple[str, list[str]]:
    """Return the text in the bytes, and notices about how they were read."""
    marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encoding = "utf-16" if marked else None
    if not marked and b"\0" in data:
        # UTF-16 without a mark: the zero bytes of spaces and line ends are all on one side.
        left, right = data[::2].count(0), data[1::2].count(0)
        if max(left, right) > 10 * min(left, right) + len(data) / 200:
            encoding = "utf-16-be" if left > right else "utf-16-le"
    if encoding is None:
        beyond_ascii = re.findall(r"[^\0-\x7f]", data.decode(errors="replace"))
        # A few damaged characters do not make it another encoding.
        is_utf8 = 3 * beyond_ascii.count("\ufffd") <= len(beyond_ascii)
        encoding = "utf-8" if is_utf8 else _old_encoding(data)
    text = data.decode(encoding, errors="replace")
    num_damaged = text.count("\ufffd")
    num_odd = num_damaged + sum(
        count
        for character, count in Counter(text).items()
        if unicodedata.category(character) in ("Cc", "Cn", "Co") and not character.isspace()
    )
    if "\0" in text or data.startswith(_NO_TEXT) or num_odd > len(text) / 200:
        raise CharLSTMError(
            f"{name} is not plain text, or in an unknown encoding: save it as text in UTF-8."
        )
    notices = []
    if encoding != "utf-8":
        label = encoding.upper().replace("_", "-").replace("CP125", "Windows-125")
        notices += [f"Read as {label.removesuffix('-LE').removesuffix('-BE')}."]
    if num_damaged:
        notices += [f"Damaged characters were left out: {num_damaged:,}."]
    return text.replace("\ufffd", ""), notices


def _old_encoding(data: bytes) -> str:
    """Choose an encoding by the letters it gives: a Latin one of the table, else a detected one."""
    sample = b" ".join([word for word in data.split() if not word.isascii()][:2_000])
    latin = re.sub(rb"[\0-\x7f]{50,}", b" ", sample)[:50_000]
    best, encoding = 0.97, None
    for names, languages in _LETTERS.items():
        if encoding and names == "cp1252":
            break
        for candidate in names.split():
            text = latin.decode(candidate, errors="replace")
            found = Counter(re.findall(r"[^\0-\x7f]", text.lower()))
            inside = re.findall(r"(?<=[a-z])[^\0-\x7f](?=[a-z])", text)
            wrong = sum(not sign.islower() and sign not in _SIGNS_IN_WORDS for sign in inside)
            is_latin = 0 < found.total() < 0.6 * len(text)  # else it is another script
            for letters in languages.split() if is_latin else ():
                share = (sum(found[sign] for sign in letters + _SIGNS) - wrong) / found.total()
                if share > best:
                    best, encoding = share, candidate
    if encoding is None:
        from charset_normalizer import from_bytes

        guess = from_bytes(sample).best()
        return guess.encoding if guess else "cp1252"
    return encoding
