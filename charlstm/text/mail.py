"""Takes the words out of saved mails (.eml), mailboxes (.mbox), and pages that a browser saved with
their pictures (.mhtml).

All three are messages as mail servers write them: headers, then parts in encodings of their own.

Sources: RFC 5322 (messages), RFC 2557 (pages), RFC 3676 (lines that go on), RFC 4155 (mailboxes).
"""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage

from charlstm.text.decoding import Decoded, NoTextError, decode, known_encoding
from charlstm.text.tags import words_of

LOOK = 8_000  # bytes, in which a message shows what it is
MIN_HEADERS = 3
_HEADER = re.compile(rb"([A-Za-z][A-Za-z0-9-]*):[^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*")
_FIRST_LINE = re.compile(rb"(?:\xef\xbb\xbf|\s)*(?:From [^\r\n]*\d\d:\d\d[^\r\n]*\r?\n)?")
# Headers that programs write, and that nobody types.
_TELLING = {b"mime-version", b"message-id", b"received", b"return-path"}
_NEXT_MAIL = re.compile(
    rb"^From [^\r\n]*\d\d:\d\d[^\r\n]*\r?\n(?=[A-Za-z][A-Za-z0-9-]*:[^\r\n]*\r?\n)", re.M
)
_QUOTED = re.compile("^>From ", re.M)  # as mailboxes write it, for no mail begins here
_SOFT_BREAK = re.compile(r"(?<!\n--) \n(?!>|-- ?\n)")  # in a paragraph, which goes on


@dataclass(frozen=True, kw_only=True)
class Mail:
    """The words of a message.

    Attributes:
        is_page: whether it is a page that a browser saved.
    """

    decoded: Decoded
    is_page: bool


def is_mail(data: bytes) -> bool:
    """Whether a file begins with the headers of a message.

    >>> is_mail(b"From: Ann\\nTo: Bo\\nMIME-Version: 1.0\\n\\nGood morning.\\n")
    True
    >>> is_mail(b"From: Ann\\nTo: Bo\\nDate: Monday\\n\\nGood morning.\\n")
    False
    """
    first = _FIRST_LINE.match(data)
    at, names = first.end() if first else 0, []
    while found := _HEADER.match(data, at):
        names.append(found[1].lower())
        at = found.end()
    return len(names) >= MIN_HEADERS and not _TELLING.isdisjoint(names)


def mails(data: bytes, name: str, encoding: str | None = None) -> Iterator[Mail]:
    """The messages of a file that have words, one after the other.

    Args:
        name: the file's, for messages.
        encoding: of what is not UTF-8 and does not say what it is, a key of `decoding.LABELS`.
    """
    starts = [found.start() for found in _NEXT_MAIL.finditer(data)]
    if not starts or data[: starts[0]].strip():
        starts.insert(0, 0)
    for begin, end in zip(starts, [*starts[1:], len(data)], strict=True):
        message = email.message_from_bytes(
            _NEXT_MAIL.sub(b"", data[begin:end].lstrip(), count=1), policy=email.policy.default
        )
        assert isinstance(message, EmailMessage)  # by the policy
        try:
            mail = _read(message, name, encoding)
        except (NoTextError, LookupError, ValueError, AttributeError):  # damaged, or no text
            continue
        if mail.decoded.text.strip():
            yield mail


def _read(message: EmailMessage, name: str, encoding: str | None) -> Mail:
    is_page = message.get_content_type() == "multipart/related"
    body = message.get_body(("html", "plain") if is_page else ("plain", "html")) or message
    if body.get_content_maintype() != "text":
        raise NoTextError(f"{name} has a message without words.")
    payload = body.get_payload(decode=True)
    assert isinstance(payload, bytes)  # the part is no container
    declared = known_encoding(body.get_content_charset() or "")
    decoded = decode(payload, name, encoding or declared)
    text = _QUOTED.sub("From ", decoded.text.replace("\r\n", "\n"))
    if body.get_content_subtype() == "html":
        text = words_of(text)
    elif body.get_param("format") == "flowed":
        text = _SOFT_BREAK.sub("" if body.get_param("delsp") == "yes" else " ", text)
    is_guess = decoded.is_guess and declared is None
    decoded = Decoded(text=text, encoding=decoded.encoding, is_guess=is_guess, notices=())
    return Mail(decoded=decoded, is_page=is_page)
