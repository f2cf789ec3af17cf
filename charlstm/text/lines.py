"""Tells what in a file is UTF-8 from what is not, line by line, and decodes both.

An old encoding of several bytes a character is that of whole lines. One of single bytes may also
stand within a line of UTF-8, as where somebody pasted into it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from charlstm.text.byte_sample import characters_of, is_of_single_bytes
from charlstm.text.counting import code_points
from charlstm.text.utf8 import (
    BLOCK_BYTES,
    Utf8Characters,
    character_start,
    characters_at,
    find_utf8,
)

if TYPE_CHECKING:
    import numpy as np

MANY_RUNS = 50  # of lines of one kind; more are decoded together and put in order afterwards
NEWLINE = 10
DAMAGED = 0xFFFD
# Code points beyond the accented letters of Europe: more of these, signs, arrows, and letters of
# Vietnamese.
_OF_LATIN_TEXTS = ((0x218, 0x21C), (0x2C6, 0x2DE), (0x1E00, 0x1F00), (0x2000, 0x3000))
_FIRST_BYTES = 64  # beyond ASCII: the ones that continue a character of UTF-8


@dataclass(frozen=True, eq=False)
class Lines:
    """Some lines of a file.

    Attributes:
        data: their bytes.
        starts: where each line begins, int64, (lines,).
        wrong: how many bytes of each line are no part of UTF-8, int64, (lines,).
        whole: how many characters beyond ASCII are UTF-8, int64, (lines,).
    """

    data: bytes
    starts: np.ndarray
    wrong: np.ndarray
    whole: np.ndarray

    def chosen(self, which: np.ndarray) -> bytes:
        """Some of the lines, one after the other.

        Args:
            which: bool, (lines,).
        """
        import numpy as np

        if which.all():
            return self.data
        lengths = np.diff(self.starts, append=len(self.data))
        return np.frombuffer(self.data, np.uint8)[np.repeat(which, lengths)].tobytes()

    def decode(self, old: OldEncoding) -> str:
        """The text; each byte that cannot be decoded becomes U+FFFD."""
        import numpy as np

        is_odd = self._are_odd(old)
        changes = np.flatnonzero(np.diff(is_odd)) + 1
        if len(changes) > MANY_RUNS:
            return self._decode_together(is_odd, old)
        bounds = [0, *self.starts[changes].tolist(), len(self.data)]
        odd = bool(is_odd[0])
        parts = []
        for begin, end in zip(bounds, bounds[1:], strict=False):
            part = self.data[begin:end]
            parts.append(old.decode(part) if odd else old.decode_among_utf8(part))
            odd = not odd
        return "".join(parts)

    def _are_odd(self, old: OldEncoding) -> np.ndarray:
        """Which lines are in the old encoding as a whole, bool, (lines,).

        Two letters of an old encoding may look like one of UTF-8, but seldom.
        """
        import numpy as np

        if old.stands_among:
            return np.zeros(len(self.wrong), bool)
        if old.is_everywhere:
            return (self.wrong > 0) | (self.whole > 0)
        if old.is_latin:
            return (self.wrong > 0) & (self.whole == 0)
        if old.doubts_letters and old.is_usual:
            return (self.wrong > 0) & (2 * self.wrong >= self.whole)
        if old.is_single or old.is_rare:
            return self.wrong > self.whole
        return 3 * self.wrong > self.whole

    def _decode_together(self, is_odd: np.ndarray, old: OldEncoding) -> str:
        """As `decode`, without a step for each run of lines of one kind."""
        import numpy as np

        kinds = {
            True: code_points(old.decode(self.chosen(is_odd))),
            False: code_points(old.decode_among_utf8(self.chosen(~is_odd))),
        }
        lengths = np.empty(len(self.starts), np.int64)
        for odd, points in kinds.items():
            ends = np.flatnonzero(points == NEWLINE) + 1
            if len(ends) < np.count_nonzero(is_odd == odd):  # the last line has no end
                ends = np.append(ends, len(points))
            lengths[is_odd == odd] = np.diff(ends, prepend=0)
        is_odd = np.repeat(is_odd, lengths)
        text = np.empty(len(is_odd), np.uint32)
        for odd, points in kinds.items():
            text[is_odd == odd] = points
        return text.tobytes().decode("utf-32-le")


class OldEncoding:
    """Decodes what is not UTF-8.

    Args:
        name: of the encoding, as Python calls it; None: what is not UTF-8 is damage.
        is_latin: whether its letters beyond ASCII stand one by one among others.
        is_rare: whether most of the file is UTF-8, so that a line of it may have some damage.
        is_usual: whether hardly anything in the file is UTF-8.
        is_whole: whether all of the file is in this encoding.
    """

    def __init__(
        self,
        name: str | None,
        *,
        is_latin: bool = False,
        is_rare: bool = False,
        is_usual: bool = False,
        is_whole: bool = False,
    ):
        import numpy as np

        self.name = name
        self.is_latin = is_latin
        self.is_rare = is_rare
        self.is_usual = is_usual
        self.doubts_utf8 = is_latin and not is_rare
        self._table = np.full(256, DAMAGED, np.uint32)
        characters = list(characters_of(name)[0x80:]) if name else 0x80 * ["\ufffd"]
        self.is_single = name is None or is_of_single_bytes(name)
        if self.is_single:
            self._table[0x80:] = [ord(one) for one in characters]
        # In those of DOS and the Macintosh two letters often look like one of UTF-8.
        has_letters = sum(map(str.isalpha, characters[:_FIRST_BYTES])) > _FIRST_BYTES / 2
        self.is_everywhere = is_whole or (is_usual and self.is_single and has_letters)
        # In other scripts a short word may, as the Ukrainian one for "action" does.
        is_other = name is not None and not (is_latin or is_rare)
        self.doubts_letters = self.is_single and is_other and not self.is_everywhere
        self._is_own = np.zeros(0x10001, bool)  # code points, of which the last stands for all more
        self._is_own[self._table[0x80:]] = True
        letters = ["" if len(one) > 1 else one for one in characters]
        self._is_letter = np.array(128 * [False] + list(map(_is_of_words, letters)))
        self._is_small = np.array(128 * [False] + list(map(str.islower, letters)))
        self._is_capital = np.array(128 * [False] + list(map(str.isupper, letters)))
        # In the others they seldom do: what looks like UTF-8, and is not rare, is.
        self.stands_among = self.is_single and not has_letters and not is_usual

    def decode(self, data: bytes) -> str:
        return data.decode(self.name or "utf-8", errors="replace")

    def decode_among_utf8(self, data: bytes) -> str:
        """Read what is UTF-8 as such, and single bytes that are not by this encoding."""
        if not (self.doubts_utf8 or self.doubts_letters) or data.isascii():
            try:
                return data.decode()
            except UnicodeDecodeError:
                if not self.is_single:
                    return data.decode(errors="replace")
        parts, begin = [], 0
        while begin < len(data):
            end = character_start(data, begin + BLOCK_BYTES)
            parts.append(self._decode_block(data[begin:end]))
            begin = end
        return "".join(parts)

    def _decode_block(self, data: bytes) -> str:
        import numpy as np

        array = np.frombuffer(data, np.uint8)
        is_wrong, begins = find_utf8(array)
        found = characters_at(array, begins)
        if self.doubts_utf8:
            is_wrong |= found.bytes_of(_are_by_chance(array, found, self._is_small), len(array))
        elif self.doubts_letters:
            is_wrong |= found.bytes_of(self._are_letters(array, found), len(array))
        points = array.astype(np.uint32)
        points[found.places] = found.points
        points[is_wrong] = self._table[array[is_wrong]]
        is_continued = ~is_wrong & ((array & 0xC0) == 0x80)
        return points[~is_continued].tobytes().decode("utf-32-le")

    def _are_letters(self, array: np.ndarray, found: Utf8Characters) -> np.ndarray:
        """Which characters of UTF-8 are none, but part of a word in this encoding: bool.

        They are if nothing in a run of such characters speaks for UTF-8: a character that this
        encoding has as well, bytes that are no letters in it or a capital after a small one, or a
        Latin letter beside them.
        """
        import numpy as np

        places, lengths = found.places, found.lengths
        if not len(places):
            return np.zeros(0, bool)
        padded = np.concatenate([[0], array, np.zeros(4, np.uint8)])
        speaks = self._is_own[np.minimum(found.points, len(self._is_own) - 1)]
        for further in range(4):
            now, last = padded[places + 1 + further], padded[places + further]
            is_odd = ~self._is_letter[now]
            is_odd |= (further > 0) & self._is_capital[now] & self._is_small[last]
            speaks |= (lengths > further) & is_odd
        for beside in (padded[places], padded[places + 1 + lengths]):
            speaks |= (beside < 0x80) & (((beside | 0x20) >= 0x61) & ((beside | 0x20) <= 0x7A))
        of_run = np.logical_or.reduceat(speaks, np.flatnonzero(~found.follows))
        return ~of_run[np.cumsum(~found.follows) - 1]


def _is_of_words(character: str) -> bool:
    """Whether it is a letter, or a mark on one."""
    return character.isalpha() or unicodedata.category(character or " ") in ("Mn", "Mc", "Cf")


def _are_by_chance(array: np.ndarray, found: Utf8Characters, is_small: np.ndarray) -> np.ndarray:
    """Which characters of UTF-8 are there by chance, in a text with Latin letters: bool.

    A letter before a quotation mark, a dash or a space of its own looks like one. What it would be
    is a single letter of another script, or an accented one right after a capital.

    Args:
        is_small: which bytes are small letters in the old encoding, (256,).
    """
    import numpy as np

    places, lengths, points = found.places, found.lengths, found.points
    is_usual = (lengths == 4) | ((points >= 0xA0) & (points < 0x180))
    for first, end in _OF_LATIN_TEXTS:
        is_usual |= (points >= first) & (points < end)
    padded = np.concatenate([[0], array, np.zeros(4, np.uint8)])
    before, after = padded[places], padded[places + 1 + lengths]
    is_shouted = (before >= 0x41) & (before <= 0x5A) & ~((after >= 0x61) & (after <= 0x7A))
    # Three small letters in a row, as in the Czech word for "especially", are more than a rare one.
    are_small = (points >= 0x1E00) & (points < 0x1EA0) & is_small[array[places]]
    for further in (1, 2):
        are_small &= is_small[padded[places + 1 + further]]
    is_unusual = ((lengths == 2) & is_shouted) | are_small
    # Words of other scripts have several such characters side by side.
    is_alone = ~found.follows & ~found.precedes
    return np.where(is_usual, is_unusual, True) & is_alone


def split_lines(data: bytes) -> Iterator[Lines]:
    """The lines of a file, in blocks of about `BLOCK_BYTES`."""
    import numpy as np

    begin = 0
    while begin < len(data):
        end = data.find(b"\n", begin + BLOCK_BYTES) + 1 or len(data)
        block = data[begin:end]
        array = np.frombuffer(block, np.uint8)
        is_wrong, begins = find_utf8(array)
        starts = np.concatenate([[0], np.flatnonzero(array[:-1] == NEWLINE) + 1])
        yield Lines(block, starts, _by_line(is_wrong, starts), _by_line(begins, starts))
        begin = end


def _by_line(flags: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """How many of the flags of each line are set, int64, (lines,).

    Args:
        flags: bool, (bytes,).
        starts: where each line begins, (lines,).
    """
    import numpy as np

    numbers = np.zeros(len(starts), np.int64)
    for begin in range(0, len(flags), BLOCK_BYTES):  # a line may be very long
        end = begin + BLOCK_BYTES
        lines = slice(
            np.searchsorted(starts, begin, side="right") - 1, np.searchsorted(starts, end)
        )
        within = np.maximum(starts[lines] - begin, 0)
        numbers[lines] += np.add.reduceat(flags[begin:end], within, dtype=np.int64)
    return numbers
