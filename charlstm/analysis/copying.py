"""What a network has copied: the longest passage of its text that stands in its training text.

A network that has learned its text by heart recites it; one that has learned to write makes up its
own sentences. `TrainingText` is prepared once and then searched for any number of texts.

A hash of passages of 8 characters leaves a few places of a long text. From these, passages of
twice the length are named after their two halves, and so on, as in Karp, Miller and Rosenberg
1972, "Rapid identification of repeated patterns in strings, trees and arrays", STOC.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

MIN_PASSAGE = 8  # characters: any two texts of a language share shorter ones
# The last tenth of Tiny Shakespeare shares passages of up to 31 characters with the rest of it,
# such as "you, Signior Gremio?" and a name: Shakespeare did not copy. A line has some 40.
BY_HEART = 40
MAX_SHOWN = 80  # characters of a passage
_BLOCK = 1 << 18  # characters worked on at a time: other threads have their turn in between
_BUCKET_BITS = 20
_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # odd, its bits well mixed: 2**64 by the golden ratio


@dataclass(frozen=True)
class Passage:
    """A passage that was copied word for word.

    Attributes:
        start: its first character in what was written.
        place: its first character in the training text, one of the places where it stands.
    """

    text: str
    start: int
    place: int


def tell_copy(passage: Passage | None, *, fine_tuned: bool = False) -> str:
    """A sentence about the longest copy that was found, and what it means.

    Args:
        fine_tuned: the model had learned from other texts before, which nobody looked at.
    """
    source = "the text it was fine-tuned with" if fine_tuned else "its training text"
    own = "" if fine_tuned else " It makes up its own sentences."
    if passage is None:
        return f"It copied no passage of {MIN_PASSAGE} characters or more from {source}.{own}"
    words = re.sub(r"\s*\n\s*", " / ", passage.text.strip())
    if len(words) > MAX_SHOWN:
        words = f"{words[: MAX_SHOWN - 1].rstrip()}…"
    by_heart = " It knows this by heart." if len(passage.text) >= BY_HEART else own
    return (
        f"Longest passage it copied from {source}: {len(passage.text):,} characters: “{words}”."
        f"{by_heart}"
    )


class TrainingText:
    """A text to look for copies of; takes 5 to 8 bytes of memory a character."""

    def __init__(self, text: str):
        self._codes = _code_points(text)
        overlap = MIN_PASSAGE - 1
        self._buckets = [
            _buckets(_passages(self._codes[first : first + _BLOCK + overlap]))
            for first in range(0, len(self._codes), _BLOCK)
        ]

    def longest_copy(self, written: str) -> Passage | None:
        """The longest passage of `written` that stands here too; the first one of several.

        None if it has less than `MIN_PASSAGE` characters. A seed text is not to be given: of a
        passage that began in it, only what the network wrote counts.
        """
        shared = self._shared(_code_points(written))
        if not len(shared.places):
            return None
        while len((doubled := shared.longer_by(shared.length)).places):
            shared = doubled
        # There is one of `more` characters more than that, and none of `too_many` more.
        longest, more, too_many = shared, 0, shared.length
        while too_many - more > 1:
            tried = (more + too_many) // 2
            longer = shared.longer_by(tried)
            if len(longer.places):
                longest, more = longer, tried
            else:
                too_many = tried
        start, place = longest.first()
        return Passage(written[start : start + longest.length], start, place)

    def _shared(self, written: np.ndarray) -> _Shared:
        """What both texts have in passages of `MIN_PASSAGE` characters."""
        hashes = _passages(written)
        distinct, first, names = np.unique(hashes, return_index=True, return_inverse=True)
        is_known = np.zeros(1 << _BUCKET_BITS, bool)
        is_known[_buckets(distinct)] = True
        found = [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
        for number, buckets in enumerate(self._buckets if len(distinct) else []):
            places = number * _BLOCK + np.flatnonzero(is_known[buckets])
            # Many passages share a bucket: now they are compared character by character.
            passages = [self._codes[places + offset] for offset in range(MIN_PASSAGE)]
            name, same = _find(distinct, _hash(passages))
            for offset, characters in enumerate(passages):
                same &= written[first[name] + offset] == characters
            found.append((places[same], name[same]))
        places, place_names = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return _Shared(MIN_PASSAGE, names, places, place_names)


@dataclass(frozen=True)
class _Shared:
    """The passages of one length that two texts share.

    Attributes:
        names: of the passage at each place of what was written; equal passages, equal names.
        places: where one of them stands in the training text, ascending; of each its name.
    """

    length: int
    names: np.ndarray
    places: np.ndarray
    place_names: np.ndarray

    def longer_by(self, more: int) -> _Shared:
        """The passages of `more` characters more, at most twice as long: two of these each."""
        count = len(self.names)
        pairs = self.names[:-more] * count + self.names[more:]
        distinct, names = np.unique(pairs, return_inverse=True)
        second, both = _find(self.places, self.places + more)
        places = self.places[both]
        pairs_there = self.place_names[both] * count + self.place_names[second[both]]
        place_names, same = _find(distinct, pairs_there)
        return _Shared(self.length + more, names, places[same], place_names[same])

    def first(self) -> tuple[int, int]:
        """The first one in what was written: where it stands there, and in the training text."""
        is_shared = np.zeros(len(self.names), bool)
        is_shared[self.place_names] = True
        start = int(is_shared[self.names].argmax())
        return start, int(self.places[(self.place_names == self.names[start]).argmax()])


def _find(keys: np.ndarray, asked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The place of each asked key among the sorted keys, and whether it is there."""
    if not len(keys):
        return np.zeros(len(asked), np.int64), np.zeros(len(asked), bool)
    place = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return place, keys[place] == asked


def _code_points(text: str) -> np.ndarray:
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    return codes.astype(np.min_scalar_type(int(codes.max(initial=0))))


def _passages(codes: np.ndarray) -> np.ndarray:
    """The hash of each passage of `MIN_PASSAGE` characters."""
    count = max(0, len(codes) - MIN_PASSAGE + 1)
    return _hash(codes[offset : offset + count] for offset in range(MIN_PASSAGE))


def _hash(characters: Iterable[np.ndarray]) -> np.ndarray:
    """A number for each passage, uint64; characters: the first ones of all, the second ones ..."""
    total = np.uint64(0)
    for codes in characters:
        total = total * _FACTOR + codes.astype(np.uint64)  # modulo 2**64
    return total


def _buckets(hashes: np.ndarray) -> np.ndarray:
    """Their upper bits, once the last character has reached them."""
    return (hashes * _FACTOR >> np.uint64(64 - _BUCKET_BITS)).astype(np.int32)
