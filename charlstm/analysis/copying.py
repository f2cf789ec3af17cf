"""What a network has copied: the longest passage of its text that also occurs in its training text.

A network that has memorised its training text recites it; one that has learned to write makes up
its own sentences. `TrainingText` is prepared once and then searched for any number of texts.

Hashes of passages of 8 characters narrow a long text down to a few indices. From these, passages of
twice the length are named after their two halves, and so on: Karp, Miller and Rosenberg 1972,
"Rapid identification of repeated patterns in strings, trees and arrays", STOC.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

MIN_PASSAGE = 8  # characters; shorter passages are shared by any two texts of a language
# From this length on a passage counts as memorised. The last tenth of Tiny Shakespeare shares
# passages of up to 31 characters with the rest of it, such as "you, Signior Gremio?" and a name,
# and Shakespeare did not copy. A line has some 40.
MEMORISED = 40
MAX_SHOWN = 80  # characters of a passage
_BLOCK = 1 << 18  # characters worked on at a time, so that other threads can run in between
_BUCKET_BITS = 20
_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd, its bits well mixed: 2**64 by the golden ratio


@dataclass(frozen=True)
class Passage:
    """A passage that was copied word for word.

    Attributes:
        start: index of its first character in what was written.
        training_start: index of its first character in the training text, where it may occur more
            than once.
    """

    text: str
    start: int
    training_start: int


def describe_copy(passage: Passage | None, *, fine_tuned: bool = False) -> str:
    """Return a sentence about the longest copy that was found, and what it means.

    Args:
        fine_tuned: the model had learned from other texts before, which were not searched.
    """
    source = "the text it was fine-tuned with" if fine_tuned else "its training text"
    rest = "" if fine_tuned else " The rest is new."
    if passage is None:
        return f"No match with {source} of {MIN_PASSAGE} characters or more."
    words = re.sub(r"\s*\n\s*", " / ", passage.text.strip())
    if len(words) > MAX_SHOWN:
        words = f"{words[: MAX_SHOWN - 1].rstrip()}…"
    memorised = " It has memorised this." if len(passage.text) >= MEMORISED else rest
    return f"Longest match with {source}: {len(passage.text):,} characters (“{words}”).{memorised}"


class TrainingText:
    """A text prepared for finding copies of it: 5 to 8 bytes of memory a character."""

    def __init__(self, text: str):
        self._codes = _code_points(text)
        overlap = MIN_PASSAGE - 1
        self._buckets = [
            _buckets(_passages(self._codes[first : first + _BLOCK + overlap]))
            for first in range(0, len(self._codes), _BLOCK)
        ]

    def longest_copy(self, written: str) -> Passage | None:
        """Find the longest passage of `written` that occurs here too, the first one of several.

        Args:
            written: what the network wrote, without the seed text: of a passage that began in the
                seed text, only what the network wrote counts.

        Returns:
            None if no passage of `MIN_PASSAGE` characters was copied.
        """
        shared = self._shared(_code_points(written))
        if not len(shared.indices):
            return None
        while len((doubled := shared.longer_by(shared.length)).indices):
            shared = doubled
        # There is one of `more` characters more than that, and none of `too_many` more.
        longest, more, too_many = shared, 0, shared.length
        while too_many - more > 1:
            tried = (more + too_many) // 2
            longer = shared.longer_by(tried)
            if len(longer.indices):
                longest, more = longer, tried
            else:
                too_many = tried
        start, training_start = longest.first()
        return Passage(written[start : start + longest.length], start, training_start)

    def _shared(self, written: np.ndarray) -> _Shared:
        """The passages of `MIN_PASSAGE` characters that occur in both texts."""
        hashes = _passages(written)
        distinct, first, names = np.unique(hashes, return_index=True, return_inverse=True)
        is_known = np.zeros(1 << _BUCKET_BITS, bool)
        is_known[_buckets(distinct)] = True
        found = [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
        for number, buckets in enumerate(self._buckets if len(distinct) else []):
            indices = number * _BLOCK + np.flatnonzero(is_known[buckets])
            # Different passages can share a bucket, so they are compared character by character.
            passages = [self._codes[indices + offset] for offset in range(MIN_PASSAGE)]
            name, same = _find(distinct, _hash(passages))
            for offset, characters in enumerate(passages):
                same &= written[first[name] + offset] == characters
            found.append((indices[same], name[same]))
        indices, index_names = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return _Shared(MIN_PASSAGE, names, indices, index_names)


@dataclass(frozen=True)
class _Shared:
    """The passages of one length that two texts share. Equal passages have equal names.

    Attributes:
        names: name of the passage at each index of what was written.
        indices: ascending, where one of these passages begins in the training text.
        index_names: name of the passage at each of `indices`.
    """

    length: int
    names: np.ndarray
    indices: np.ndarray
    index_names: np.ndarray

    def longer_by(self, more: int) -> _Shared:
        """The shared passages that are `more` characters longer, at most twice as long as these.

        Each consists of two of these passages, which may overlap.
        """
        count = len(self.names)
        pairs = self.names[:-more] * count + self.names[more:]
        distinct, names = np.unique(pairs, return_inverse=True)
        second, both = _find(self.indices, self.indices + more)
        indices = self.indices[both]
        pairs_there = self.index_names[both] * count + self.index_names[second[both]]
        index_names, same = _find(distinct, pairs_there)
        return _Shared(self.length + more, names, indices[same], index_names[same])

    def first(self) -> tuple[int, int]:
        """Where the first shared passage begins: in what was written, and in the training text."""
        is_shared = np.zeros(len(self.names), bool)
        is_shared[self.index_names] = True
        start = int(is_shared[self.names].argmax())
        return start, int(self.indices[(self.index_names == self.names[start]).argmax()])


def _find(keys: np.ndarray, asked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The index of each asked key among the sorted keys, and whether it is there."""
    if not len(keys):
        return np.zeros(len(asked), np.int64), np.zeros(len(asked), bool)
    index = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return index, keys[index] == asked


def _code_points(text: str) -> np.ndarray:
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    return codes.astype(np.min_scalar_type(int(codes.max(initial=0))))


def _passages(codes: np.ndarray) -> np.ndarray:
    """Hashes of all passages of `MIN_PASSAGE` characters, uint64."""
    count = max(0, len(codes) - MIN_PASSAGE + 1)
    return _hash(codes[offset : offset + count] for offset in range(MIN_PASSAGE))


def _hash(characters: Iterable[np.ndarray]) -> np.ndarray:
    """A hash for each passage, uint64.

    Args:
        characters: code points, first the first ones of all passages, then the second ones, ...
    """
    total = np.zeros((), np.uint64)
    for codes in characters:
        total = total * _FACTOR + codes.astype(np.uint64)  # modulo 2**64
    return total


def _buckets(hashes: np.ndarray) -> np.ndarray:
    """The upper bits of each hash, after a multiplication that mixes in the last character."""
    return (hashes * _FACTOR >> np.uint64(64 - _BUCKET_BITS)).astype(np.int32)
