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

if TYPE_CHECKING:
    import numpy as np

BLOCK_BYTES = 250_000  # looked at together: little memory is needed beside the text
MANY_RUNS = 500  # of lines of one kind; more are decoded together and put in order afterwards
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
            end = _character_start(data, begin + BLOCK_BYTES)
            parts.append(self._decode_block(data[begin:end]))
            begin = end
        return "".join(parts)

    def _decode_block(self, data: bytes) -> str:
        import numpy as np

        array = np.frombuffer(data, np.uint8)
        is_wrong, begins = _utf8(array)
        points = array.astype(np.uint32)
        following = np.concatenate([array, np.zeros(3, np.uint8)]).astype(np.uint32) & 0x3F
        one, two, three = following[1:-2], following[2:-1], following[3:]
        for first, mask, shifts in (
            (0xC2, 0x1F, (one,)),
            (0xE0, 0x0F, (one, two)),
            (0xF0, 0x07, (one, two, three)),
        ):
            # Later ones replace earlier: those of longer characters begin with higher bytes.
            chosen = begins & (array >= first)
            value = array[chosen].astype(np.uint32) & mask
            for shift in shifts:
                value = value << 6 | shift[chosen]
            points[chosen] = value
        if self.doubts_utf8:
            is_wrong |= _by_chance(array, begins, points, self._is_small)
        elif self.doubts_letters:
            is_wrong |= self._are_letters(array, begins, points)
        points[is_wrong] = self._table[array[is_wrong]]
        is_continued = ~is_wrong & ((array & 0xC0) == 0x80)
        return points[~is_continued].tobytes().decode("utf-32-le")

    def _are_letters(self, array: np.ndarray, begins: np.ndarray, points: np.ndarray) -> np.ndarray:
        """Which bytes look like characters of UTF-8, but are a word in this encoding: bool.

        They are if nothing in a run of such characters speaks for UTF-8: a character that this
        encoding has as well, bytes that are no letters in it or a capital after a small one, or a
        Latin letter beside them.

        Args:
            begins, points: see `_by_chance`.
        """
        import numpy as np

        is_word = np.zeros(len(array), bool)
        places = np.flatnonzero(begins)
        if not len(places):
            return is_word
        lengths = 2 + (array[places] >= 0xE0).astype(int) + (array[places] >= 0xF0)
        padded = np.concatenate([[0], array, np.zeros(4, np.uint8)])
        speaks = np.isin(points[places], self._table[0x80:])
        for further in range(4):
            now, last = padded[places + 1 + further], padded[places + further]
            is_odd = ~self._is_letter[now]
            is_odd |= (further > 0) & self._is_capital[now] & self._is_small[last]
            speaks |= (lengths > further) & is_odd
        for beside in (padded[places], padded[places + 1 + lengths]):
            speaks |= (beside < 0x80) & (((beside | 0x20) >= 0x61) & ((beside | 0x20) <= 0x7A))
        is_first = np.append(True, places[1:] != places[:-1] + lengths[:-1])
        of_run = np.logical_or.reduceat(speaks, np.flatnonzero(is_first))
        chosen = ~of_run[np.cumsum(is_first) - 1]
        for further in range(4):
            within = chosen & (lengths > further)
            is_word[places[within] + further] = True
        return is_word


def _is_of_words(character: str) -> bool:
    """Whether it is a letter, or a mark on one."""
    return character.isalpha() or unicodedata.category(character or " ") in ("Mn", "Mc", "Cf")


def _by_chance(
    array: np.ndarray, begins: np.ndarray, points: np.ndarray, is_small: np.ndarray
) -> np.ndarray:
    """Which bytes look like a character of UTF-8 by chance, in a text with Latin letters: bool.

    A letter before a quotation mark, a dash or a space of its own does. What it would be is a
    single letter of another script, or an accented one right after a capital.

    Args:
        begins: where characters of several bytes begin, bool, (bytes,).
        points: what they would be.
        is_small: which bytes are small letters in the old encoding, (256,).
    """
    import numpy as np

    places = np.flatnonzero(begins)
    lengths = 2 + (array[places] >= 0xE0).astype(int) + (array[places] >= 0xF0)
    found = points[places]
    is_usual = (lengths == 4) | ((found >= 0xA0) & (found < 0x180))
    for first, end in _OF_LATIN_TEXTS:
        is_usual |= (found >= first) & (found < end)
    padded = np.concatenate([[0], array, np.zeros(4, np.uint8)])
    before, after = padded[places], padded[places + 1 + lengths]
    # Words of other scripts have several such characters side by side.
    follows = np.zeros(len(places), bool)
    follows[1:] = places[1:] == places[:-1] + lengths[:-1]
    precedes = np.append(follows[1:], False)
    is_shouted = (before >= 0x41) & (before <= 0x5A) & ~((after >= 0x61) & (after <= 0x7A))
    # Three small letters in a row, as in the Czech word for "especially", are more than a rare one.
    are_small = (found >= 0x1E00) & (found < 0x1EA0) & is_small[array[places]]
    for further in (1, 2):
        are_small &= is_small[padded[places + 1 + further]]
    is_unusual = ((lengths == 2) & is_shouted) | are_small
    is_doubtful = np.where(is_usual, is_unusual, True) & ~follows & ~precedes
    is_chance = np.zeros(len(array), bool)
    for further in range(3):
        chosen = is_doubtful & (lengths > further)
        is_chance[places[chosen] + further] = True
    return is_chance


def split_lines(data: bytes) -> Iterator[Lines]:
    """The lines of a file, in blocks of about `BLOCK_BYTES`."""
    import numpy as np

    begin = 0
    while begin < len(data):
        end = data.find(b"\n", begin + BLOCK_BYTES) + 1 or len(data)
        block = data[begin:end]
        array = np.frombuffer(block, np.uint8)
        is_wrong, begins = _utf8(array)
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


def is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def cut_off_bytes(data: bytes) -> int:
    """How many bytes at the end begin a character of UTF-8 that has no end."""
    for count in (1, 2, 3):
        try:
            data[-count:].decode()
        except UnicodeDecodeError as error:
            if error.reason == "unexpected end of data":
                return count
    return 0


def _character_start(data: bytes, place: int) -> int:
    """Where a character of UTF-8 begins, at a place or some bytes before it."""
    if place >= len(data):
        return len(data)
    for back in range(4):
        if data[place - back] & 0xC0 != 0x80:
            return place - back
    return place


def _utf8(array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which bytes are no part of UTF-8, and which begin a character of several bytes.

    Source: The Unicode Standard, table 3-7, "Well-Formed UTF-8 Byte Sequences".
    """
    import numpy as np

    is_wrong, begins = np.empty(len(array), bool), np.empty(len(array), bool)
    for start in range(0, len(array), BLOCK_BYTES):
        end = min(len(array), start + BLOCK_BYTES)
        before = min(3, start)  # a character has up to four bytes
        parts = _utf8_of_block(array[start - before : end + 3])
        for whole, part in zip((is_wrong, begins), parts, strict=True):
            whole[start:end] = part[before : before + end - start]
    return is_wrong, begins


def _utf8_of_block(array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    import numpy as np

    padded = np.concatenate([array, np.zeros(3, np.uint8)])
    following = (padded & 0xC0) == 0x80
    second = padded[1:-2]
    one, two, three = following[1:-2], following[2:-1], following[3:]
    of_two = (array >= 0xC2) & (array <= 0xDF) & one
    of_three = ((array & 0xF0) == 0xE0) & one & two
    of_three &= ~((array == 0xE0) & (second < 0xA0)) & ~((array == 0xED) & (second > 0x9F))
    of_four = (array >= 0xF0) & (array <= 0xF4) & one & two & three
    of_four &= ~((array == 0xF0) & (second < 0x90)) & ~((array == 0xF4) & (second > 0x8F))
    begins = of_two | of_three | of_four
    is_part = (array < 0x80) | begins
    is_part[1:] |= begins[:-1]
    is_part[2:] |= (of_three | of_four)[:-2]
    is_part[3:] |= of_four[:-3]
    return ~is_part, begins
