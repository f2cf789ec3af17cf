"""Finds UTF-8 among any bytes, with NumPy: its time does not depend on what the bytes are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from charlstm.text.blocks import blocks

if TYPE_CHECKING:
    import numpy as np

BLOCK_BYTES = 250_000  # looked at together: little memory is needed beside the text
_NO_SECOND_HALF = re.compile(rb"[\0-\x7f\xc0-\xec\xee-\xff]|\xed(?![\xb0-\xbf])")


@dataclass(frozen=True, eq=False)
class Utf8Characters:
    """The characters of several bytes among some bytes.

    Attributes:
        places: where each begins, int64, (characters,).
        lengths: how many bytes each has, 2 to 4, (characters,).
        points: their code points, uint32, (characters,).
        follows: whether each comes right after another one, bool, (characters,).
    """

    places: np.ndarray
    lengths: np.ndarray
    points: np.ndarray
    follows: np.ndarray

    @property
    def precedes(self) -> np.ndarray:
        """Whether each comes right before another one, bool, (characters,)."""
        import numpy as np

        return np.append(self.follows[1:], False)

    def bytes_of(self, chosen: np.ndarray, size: int) -> np.ndarray:
        """Which bytes belong to some of the characters, bool, (size,).

        Args:
            chosen: which characters, bool, (characters,).
            size: how many bytes there are.
        """
        import numpy as np

        are_of = np.zeros(size, bool)
        for further in range(4):
            are_of[self.places[chosen & (self.lengths > further)] + further] = True
        return are_of


def characters_at(array: np.ndarray, begins: np.ndarray) -> Utf8Characters:
    """The characters that begin at some places; see `find_utf8`."""
    import numpy as np

    places = np.flatnonzero(begins)
    first = array[places].astype(np.uint32)
    lengths = 2 + (first >= 0xE0).astype(np.int64) + (first >= 0xF0)
    padded = np.concatenate([array, np.zeros(3, np.uint8)])
    one, two, three = (padded[places + further].astype(np.uint32) & 0x3F for further in (1, 2, 3))
    points = np.select(
        [lengths == 2, lengths == 3],
        [(first & 0x1F) << 6 | one, (first & 0x0F) << 12 | one << 6 | two],
        (first & 0x07) << 18 | one << 12 | two << 6 | three,
    )
    follows = np.zeros(len(places), bool)
    follows[1:] = places[1:] == places[:-1] + lengths[:-1]
    return Utf8Characters(places, lengths, points, follows)


def find_utf8(array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which bytes are no part of UTF-8, and which begin a character of several bytes.

    Source: The Unicode Standard, table 3-7, "Well-Formed UTF-8 Byte Sequences".

    Args:
        array: uint8, (bytes,).

    Returns:
        Two arrays of bool, (bytes,).
    """
    import numpy as np

    is_wrong, begins = np.empty(len(array), bool), np.empty(len(array), bool)
    for start in range(0, len(array), BLOCK_BYTES):
        end = min(len(array), start + BLOCK_BYTES)
        before = min(3, start)  # a character has up to four bytes
        parts = _in_block(array[start - before : end + 3])
        for whole, part in zip((is_wrong, begins), parts, strict=True):
            whole[start:end] = part[before : before + end - start]
    return is_wrong, begins


def _in_block(array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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


def with_joined_halves(data: bytes) -> tuple[bytes, int]:
    """UTF-8 in which characters that were written as two halves (CESU-8) are whole.

    Half a character that stands alone becomes U+FFFD.

    Source: Unicode Technical Report 26, "Compatibility Encoding Scheme for UTF-16: 8-Bit".

    Returns:
        The bytes, and how many characters were joined.
    """
    parts = [_with_joined_halves(block) for block in blocks(data, _NO_SECOND_HALF)]
    return b"".join(part for part, _ in parts), sum(joined for _, joined in parts)


def _with_joined_halves(data: bytes) -> tuple[bytes, int]:
    import numpy as np

    array = np.frombuffer(data, np.uint8)
    is_half = (array[:-2] == 0xED) & ((array[2:] & 0xC0) == 0x80)
    first = is_half & ((array[1:-1] & 0xF0) == 0xA0)
    second = is_half & ((array[1:-1] & 0xF0) == 0xB0)
    places = np.flatnonzero(first[:-3] & second[3:])
    high, middle, upper, low = (array[places + at].astype(np.uint32) & 0x3F for at in (1, 2, 4, 5))
    points = 0x10000 + ((high & 0x0F) << 16 | middle << 10 | (upper & 0x0F) << 6 | low)
    whole, stays = array.copy(), np.ones(len(array), bool)
    for at, shift, marker in ((0, 18, 0xF0), (1, 12, 0x80), (2, 6, 0x80), (3, 0, 0x80)):
        whole[places + at] = marker | (points >> shift & 0x3F)
    stays[places + 4] = stays[places + 5] = False
    is_alone = first | second
    is_alone[places] = is_alone[places + 3] = False
    alone = np.flatnonzero(is_alone)
    for at, byte in enumerate("\ufffd".encode()):
        whole[alone + at] = byte
    return whole[stays].tobytes(), len(places)


def is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def cut_off_bytes(data: bytes) -> int:
    """How many bytes at the end begin a character that has no end."""
    for count in (1, 2, 3):
        try:
            data[-count:].decode()
        except UnicodeDecodeError as error:
            if error.reason == "unexpected end of data":
                return count
    return 0


def character_start(data: bytes, place: int) -> int:
    """Where a character begins, at a place or some bytes before it."""
    if place >= len(data):
        return len(data)
    for back in range(4):
        if data[place - back] & 0xC0 != 0x80:
            return place - back
    return place
