"""Takes the words out of saved mails (.eml), mailboxes (.mbox), and pages that a browser saved with
their pictures (.mhtml).

All three are messages as mail servers write them: headers, then parts in encodings of their own.

Sources: RFC 5322 (messages), RFC 2557 (pages), RFC 3676 (lines that go on), RFC 4155 (mailboxes).
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from charlstm.errors import UnknownEncodingError
from charlstm.text.decoding import Decoded, decode, known_encoding
from charlstm.text.tags import words_of

LOOK = 8_000  # bytes, in which a message shows what it is
MIN_HEADERS = 3
RELATED = "multipart/related"
# What reading a damaged message raises.
DAMAGED = (UnknownEncodingError, LookupError, ValueError, AttributeError, TypeError)
LEAST_SHARE = 0.3  # of the characters that another form of the same mail has
_HEADER = re.compile(rb"([A-Za-z][A-Za-z0-9-]*):[^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*")
# A mailbox says who sent a mail, and a file of Apple Mail (.emlx) how many bytes it has.
_FIRST_LINE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s{0,1000}(?:From [^\r\n]*\d\d:\d\d[^\r\n]*\r?\n|(\d{1,9})[ \t]*\r?\n)?"
)
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
        encoding: of words in it that are not in UTF-8, a key of `decoding.LABELS`.
        is_guess: whether another encoding may be meant.
    """

    text: str
    is_page: bool
    encoding: str
    is_guess: bool


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
    first = _FIRST_LINE.match(data)
    if first and first[1]:  # what follows the mail is for the program
        data = data[first.end() : first.end() + int(first[1])]
    starts = [found.start() for found in _NEXT_MAIL.finditer(data)]
    if not starts or data[: starts[0]].strip():
        starts.insert(0, 0)
    for begin, end in zip(starts, [*starts[1:], len(data)], strict=True):
        message = email.message_from_bytes(_NEXT_MAIL.sub(b"", data[begin:end].lstrip(), count=1))
        try:
            found = list(_words(message, name, encoding))
        except (
            UnknownEncodingError,
            LookupError,
            ValueError,
            AttributeError,
            TypeError,
        ):  # damaged
            continue
        text = "\n".join(one.text.rstrip("\n") + "\n" for one in found if one.text.strip())
        guesses = [one.encoding for one in found if one.is_guess]
        if text:
            yield Mail(
                text=text,
                is_page=message.get_content_type() == RELATED and not _is_sent(message),
                encoding=guesses[0] if guesses else "utf-8",
                is_guess=bool(guesses),
            )


def _is_sent(message: Message) -> bool:
    """Whether somebody got it; a browser saves a page as a message to nobody."""
    return any(message[name] for name in ("To", "Received", "Message-ID", "Delivered-To"))


def _words(message: Message, name: str, encoding: str | None) -> Iterator[Decoded]:
    """The words of a message's parts in their order, without attachments."""
    kind = message.get_content_type()
    if not message.is_multipart():
        is_shown = message.get_content_disposition() != "attachment"
        if message.get_content_maintype() == "text" and is_shown:
            yield _decoded(message, name, encoding)
        return
    payload = message.get_payload()
    if isinstance(payload, str):  # its parts cannot be told apart
        yield Decoded(text=payload, encoding="utf-8", is_guess=False, notices=())
        return
    children = [child for child in payload if isinstance(child, Message)]
    if kind == RELATED:  # the page, then its pictures
        children = children[:1]
    parts = [list(_words(child, name, encoding)) for child in children]
    if kind == "multipart/alternative" and parts:
        # The first one is the plainest. Where it only says that there is another, that is taken.
        sizes = [sum(len(one.text.strip()) for one in part) for part in parts]
        chosen = next(i for i, size in enumerate(sizes) if size >= LEAST_SHARE * max(sizes))
        parts = [parts[chosen]]
    for part in parts:
        yield from part


def _decoded(part: Message, name: str, encoding: str | None) -> Decoded:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)  # the part is no container
    declared = known_encoding(part.get_content_charset() or "")
    decoded = decode(payload, name, encoding or declared)
    text = _QUOTED.sub("From ", decoded.text.replace("\r\n", "\n"))
    if part.get_content_subtype() == "html":
        text = words_of(text)
    elif part.get_param("format") == "flowed":
        text = _SOFT_BREAK.sub("" if part.get_param("delsp") == "yes" else " ", text)
    is_guess = decoded.is_guess and declared is None
    return Decoded(text=text, encoding=decoded.encoding, is_guess=is_guess, notices=())
