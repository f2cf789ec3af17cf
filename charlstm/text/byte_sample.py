"""A sample of a file's words beyond ASCII, counted once and then judged in many encodings."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache, cached_property

_BETWEEN_SMALL = re.compile(rb"(?<=[a-z])[\x80-\xff](?=[a-z])")
_BETWEEN_CAPITALS = re.compile(rb"(?<=[A-Z])[\x80-\xff](?=[A-Z])")
_LETTERS = frozenset(range(0x41, 0x5B)) | frozenset(range(0x61, 0x7B))
_RUN = re.compile(rb"[\x80-\xff]+")
MOST_UNUSED = 40  # bytes without a character, in an encoding of single bytes; Thai has 31
LONG_RUN = 4  # bytes
LONG_WORD = 3  # bytes


@cache
def characters_of(encoding: str) -> tuple[str, ...]:
    """The character of each byte, 256 of them, in an encoding of single bytes."""
    return tuple(bytes([byte]).decode(encoding, errors="replace") for byte in range(256))


@cache
def is_of_single_bytes(encoding: str) -> bool:
    """Whether each byte is a character: in the others, most bytes beyond ASCII are none alone."""
    characters = characters_of(encoding)
    return all(len(one) == 1 for one in characters) and characters.count("\ufffd") <= MOST_UNUSED


class ByteSample:
    """Bytes, and statistics of them that do not depend on an encoding.

    Attributes:
        data: words that have bytes beyond ASCII.
        counts: how often each byte comes.
        beyond: how many are beyond ASCII.
    """

    def __init__(self, data: bytes):
        self.data = data
        self.counts = Counter(data)
        self.beyond = sum(count for byte, count in self.counts.items() if byte > 0x7F)
        self._texts: dict[str, str] = {}

    def text_in(self, encoding: str) -> str:
        if encoding not in self._texts:
            self._texts[encoding] = self.data.decode(encoding, errors="replace")
        return self._texts[encoding]

    def counted_in(self, encoding: str) -> Counter[str]:
        """How often each character comes."""
        if not is_of_single_bytes(encoding):
            return Counter(self.text_in(encoding))
        characters = characters_of(encoding)
        found = Counter({characters[byte]: count for byte, count in self.counts.items()})
        if "\ufffd" in found:  # several bytes are read so
            found["\ufffd"] += len(self.data) - found.total()
        return found

    def as_read_in(self, encoding: str) -> str:
        """A string that is equal for two encodings if and only if they read the words the same."""
        if not is_of_single_bytes(encoding):
            return self.text_in(encoding)
        characters = characters_of(encoding)
        return "".join(characters[byte] for byte in sorted(self.counts))

    @cached_property
    def without_repetition(self) -> ByteSample:
        """Each word once: from what is said again and again nothing more can be seen."""
        return ByteSample(b" ".join(dict.fromkeys(self.data.split())))

    @cached_property
    def of_longer_words(self) -> Counter[int]:
        """How often each byte comes in words of some length."""
        words = self.data.split()
        return Counter(b"".join(word for word in words if len(word) >= LONG_WORD))

    @cached_property
    def plain_in_longer(self) -> int:
        """How many letters of ASCII there are in such words."""
        return sum(count for byte, count in self.of_longer_words.items() if byte in _LETTERS)

    @cached_property
    def beyond_in_longer(self) -> int:
        return sum(count for byte, count in self.of_longer_words.items() if byte > 0x7F)

    @cached_property
    def between_small(self) -> Counter[int]:
        """How often each byte beyond ASCII stands between small letters of ASCII."""
        return Counter(b"".join(_BETWEEN_SMALL.findall(self.data)))

    @cached_property
    def between_capitals(self) -> Counter[int]:
        return Counter(b"".join(_BETWEEN_CAPITALS.findall(self.data)))

    @cached_property
    def runs(self) -> list[bytes]:
        """What stands between bytes of ASCII."""
        return _RUN.findall(self.data)

    @cached_property
    def in_runs(self) -> int:
        """How many bytes stand in long runs."""
        return sum(len(run) for run in self.runs if len(run) >= LONG_RUN)

    @cached_property
    def are_pairs(self) -> bool:
        """Whether bytes beyond ASCII only come in even numbers, as in texts of East Asia."""
        return not any(len(run) % 2 for run in self.runs)
