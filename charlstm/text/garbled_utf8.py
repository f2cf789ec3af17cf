"""Recognises UTF-8 that an earlier program decoded in a single-byte encoding, and which one."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from charlstm.text.byte_sample import characters_of
from charlstm.text.counting import code_points, counted
from charlstm.text.latin_encodings import FRAMES, SIGNS, SIGNS_IN_WORDS, unusual_letters
from charlstm.text.utf8 import Utf8Characters, characters_at, find_utf8

if TYPE_CHECKING:
    import numpy as np

MIN_LETTERS = 20
MOST_OTHERS = 1 / 20  # unaffected letters beyond ASCII, for each affected one
MOST_SIGNS = 1 / 2  # unaffected signs of any kind: frames of tables have more
# The most frequent ones first.
ENCODINGS = (
    *("cp1252", "cp1251", "cp1250", "mac_roman", "cp866", "cp850", "cp437", "cp1254", "cp1257"),
    *("iso8859_15", "iso8859_2", "koi8_r", "koi8_u", "cp852", "cp865", "mac_latin2", "cp1253"),
    *("cp1255", "cp1256", "cp1258", "cp874", "iso8859_4", "cp775", "cp858", "cp860", "cp861"),
    *("cp857", "cp855", "cp737", "cp862", "iso8859_5", "iso8859_7", "iso8859_10", "iso8859_13"),
    *("iso8859_16", "mac_cyrillic", "mac_greek", "mac_turkish"),
)
# In these, letters and joiners that follow each other in real words may look like a few kinds.
_MIN_KINDS = {"cp1255": 5, "cp1256": 5, "cp874": 5}
_RARE_LETTERS = [ord(letter) for letter in "ơưƠƯșțȘȚəƏ"]
_COMPARED = 20_000  # characters, from which one of these is chosen
_MOST_BY_CHANCE = 0.6  # of the signs beyond ASCII of another encoding that look like UTF-8
_MOST_WRONG_PLACES = 1 / 20  # of the affected characters
_MIN_AHEAD = 1 / 200  # of the affected characters, before one that gives another text
# Latin letters below the first of these are one part, and all from the second on another.
_LATIN, _EAST_ASIAN = 0x200, 0x3000
_BEFORE_SPACE = 0xC3  # see `_characters`
_MARK, DAMAGED = 0xFEFF, 0xFFFD


@dataclass(frozen=True, eq=False)
class WrongEncoding:
    """An encoding in which text was decoded by mistake.

    Attributes:
        byte_of: the byte of each code point, uint8; 0 if it has none.
        signs: of its bytes 0x80 to 0x9F, which are controls in Latin-1 and where it has none.
        firsts: characters that stand for the first byte of a character of UTF-8.
        begins: matches where such a character may begin, or one of ASCII.
    """

    byte_of: np.ndarray
    signs: tuple[str, ...]
    firsts: frozenset[str]
    begins: re.Pattern[str]

    def bytes_of(self, points: np.ndarray) -> np.ndarray:
        """What was decoded, uint8, (characters,); 0 for what cannot have been.

        Args:
            points: code points, (characters,).
        """
        import numpy as np

        return self.byte_of[np.minimum(points, len(self.byte_of) - 1)]


@cache
def wrong_encoding(encoding: str) -> WrongEncoding:
    import numpy as np

    characters = characters_of(encoding)
    # Bytes without a character are often kept as controls, as in Latin-1.
    signs = [sign if sign != "\ufffd" else chr(byte) for byte, sign in enumerate(characters)]
    byte_of = np.zeros(max(map(ord, signs)) + 2, np.uint8)
    byte_of[0x80:0xA0] = np.arange(0x80, 0xA0)
    for byte in sorted(range(256), key=lambda byte: characters[byte] != "\ufffd"):
        byte_of[ord(signs[byte])] = byte  # what the encoding has comes last, and counts
    firsts = signs[0xC2:0xF5]
    return WrongEncoding(
        byte_of=byte_of,
        signs=tuple(signs[0x80:0xA0]),
        firsts=frozenset(firsts),
        begins=re.compile(f"(?<!{signs[_BEFORE_SPACE]})[\0-\x7f{re.escape(''.join(firsts))}]"),
    )


@dataclass(frozen=True, eq=False)
class GarbledUtf8:
    """UTF-8 that was decoded in a wrong encoding.

    Attributes:
        parts: of Unicode, whose letters the text has; see `_parts_of`.
        is_known: whether it is known to be so; then what is unlikely to be there by chance is not.
    """

    wrong: WrongEncoding
    parts: np.ndarray
    is_known: bool = False

    @classmethod
    def of(cls, sample: str, wrong: WrongEncoding) -> GarbledUtf8:
        import numpy as np

        data = wrong.bytes_of(code_points(sample))
        found = _characters(data)
        of_words = _are_of_words(data, found) | (found.precedes & (found.lengths >= 3))
        numbers = np.bincount(_parts_of(found.points[of_words]))
        return cls(wrong, np.flatnonzero(numbers >= MIN_LETTERS))

    def affected(self, sample: str) -> int:
        """How many characters are affected; 0 if there is too much that is not."""
        import numpy as np

        points = code_points(sample)
        found, is_certain = self.characters(points)
        number = int(np.count_nonzero(is_certain))
        doubtful = int(np.count_nonzero(~is_certain & ~_are_unlikely(found)))
        if doubtful > number * MOST_OTHERS:
            return 0
        is_other = (points > 0x7F) & ~found.bytes_of(np.ones(len(found.places), bool), len(points))
        return 0 if are_many(text_of(points[is_other]), number) else number

    def characters(self, points: np.ndarray) -> tuple[Utf8Characters, np.ndarray]:
        """The original characters, and which of them are certain, bool, (characters,).

        A single letter is not, as É is before a quotation mark, unless it is usual or stands within
        a word, or the text has other letters of its script.
        """
        import numpy as np

        data = self.wrong.bytes_of(points)
        found = _characters(data)
        read = found.points
        is_usual = (read < 0x180) | ((read >= 0x2000) & (read < 0x2200)) | (read >= 0x10000)
        is_usual |= (read == _MARK) | (read == DAMAGED)
        is_usual |= np.isin(_parts_of(read), self.parts) | (self.is_known & _are_unlikely(found))
        of_words = _are_of_words(data, found)
        if self.is_known:  # among Latin letters one of another script is a letter beside a sign
            of_words &= found.follows | (read < 0x2B0)
            is_usual |= np.isin(read, _RARE_LETTERS)
        return found, is_usual | found.precedes | of_words

    def repaired(self, block: str) -> tuple[str, int]:
        """The original text, and how many of its characters were affected."""
        import numpy as np

        points = code_points(block).copy()
        found, is_certain = self.characters(points)
        stays = ~found.bytes_of(is_certain, len(points))
        stays[found.places[is_certain]] = True
        points[found.places[is_certain]] = found.points[is_certain]
        return text_of(points[stays]), int(np.count_nonzero(is_certain))


def _are_of_words(data: np.ndarray, found: Utf8Characters) -> np.ndarray:
    """Which characters follow another one, or stand between small letters of ASCII: bool."""
    import numpy as np

    padded = np.concatenate([np.zeros(1, np.uint8), data, np.zeros(1, np.uint8)])
    is_small = (padded >= ord("a")) & (padded <= ord("z"))
    between = is_small[found.places] & is_small[found.places + 1 + found.lengths]
    return found.follows | between


def _are_unlikely(found: Utf8Characters) -> np.ndarray:
    """Which characters are hardly there by chance in garbled text: long ones, and accents; bool."""
    return (found.lengths >= 3) | ((found.points >= 0x300) & (found.points < 0x370))


def _parts_of(points: np.ndarray) -> np.ndarray:
    """The part of Unicode of each code point: 128 code points, or more."""
    import numpy as np

    return np.clip(points, _LATIN, _EAST_ASIAN) >> 7


def _characters(data: np.ndarray) -> Utf8Characters:
    """The UTF-8 among bytes.

    The last byte of à is a no-break space in most encodings, which often became a plain one.
    """
    import numpy as np

    is_space = np.zeros(len(data), bool)
    is_space[1:] = (data[1:] == 0x20) & (data[:-1] == _BEFORE_SPACE)
    if is_space.any():
        data = np.where(is_space, 0xA0, data).astype(np.uint8)
    return characters_at(data, find_utf8(data)[1])


def text_of(points: np.ndarray) -> str:
    return points.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")


def find_garbled_utf8(sample: str) -> tuple[GarbledUtf8, bool] | None:
    """How UTF-8 was decoded, and whether this is sure; None if that did not happen."""
    counts = counted(sample)
    if all(sign <= "\x7f" or sign in FRAMES for sign in counts):
        return None
    compared = sample[:_COMPARED]
    found: list[tuple[int, str, GarbledUtf8]] = []
    for encoding in ENCODINGS:
        wrong = wrong_encoding(encoding)
        firsts = sum(counts.get(sign, 0) for sign in wrong.firsts)
        if firsts < MIN_LETTERS:  # much faster than to decode
            continue
        garbled = GarbledUtf8.of(compared, wrong)
        if number := garbled.affected(compared):
            text, _ = garbled.repaired(compared)
            if _may_be_chance(text, encoding):
                continue
            unaffected = sum(sign > "\x7f" for sign in text) - number
            odd = unaffected + _unusual(text) + _contradictions(compared, wrong)
            found.append((number - odd, text, garbled))
    if not found:
        return None
    # Of those that are equally likely the first one.
    score, text, garbled = max(found, key=lambda one: one[0])
    garbled = GarbledUtf8.of(sample, garbled.wrong)
    if garbled.affected(sample) < MIN_LETTERS:
        return None
    next_best = max((other for other, read, _ in found if read != text), default=-math.inf)
    affected = garbled.affected(compared)
    is_usual = _wrong_places(text) <= _MOST_WRONG_PLACES * affected
    return replace(garbled, is_known=True), is_usual and score - next_best >= _MIN_AHEAD * affected


def may_be_garbled_utf8(sample: str) -> bool:
    """Whether most of what is beyond ASCII is UTF-8 in some wrong encoding, if not all of it."""
    import numpy as np

    points = code_points(sample[:_COMPARED])
    beyond = np.count_nonzero(points > 0x7F)
    for encoding in ENCODINGS:
        found = _characters(wrong_encoding(encoding).bytes_of(points))
        if found.lengths.sum() > _MOST_BY_CHANCE * beyond:
            return True
    return False


def _may_be_chance(text: str, encoding: str) -> bool:
    """Whether a repaired text has too few kinds of letters, above all of another script."""
    beyond = [sign for sign in text if sign > "\x7f"]
    foreign = [sign for sign in beyond if sign >= "\u0180" and sign.isalpha()]
    is_one = len(set(foreign)) == 1 and 2 * len(foreign) > len(beyond)
    return is_one or len(set(beyond)) < _MIN_KINDS.get(encoding, 0)


def _unusual(text: str) -> int:
    """How many characters stand where none of their kind do, or are not of the text's language."""
    return _wrong_places(text) + unusual_letters(counted(text))


def _wrong_places(text: str) -> int:
    """How many capitals follow small letters, and how many signs stand within words."""
    wrong = 0
    for (before, sign, after), count in Counter(
        zip(text, text[1:], text[2:], strict=False)
    ).items():
        if sign > "\x7f" and before.islower():
            is_sign = not (sign.isalpha() or _is_mark(sign) or sign in SIGNS_IN_WORDS)
            wrong += count * (sign.isupper() or (is_sign and after.isalpha()))
    return wrong


def _is_mark(sign: str) -> bool:
    return unicodedata.category(sign)[0] == "M"


def _contradictions(sample: str, wrong: WrongEncoding) -> int:
    """How often a sample has two characters for one byte: then it was decoded otherwise."""
    pairs = [(chr(0x80 + place), sign) for place, sign in enumerate(wrong.signs)]
    controls, signs = (
        sum(sample.count(pair[side]) for pair in pairs if pair[0] != pair[1]) for side in (0, 1)
    )
    return min(controls, signs)


def are_many(others: str, affected: int) -> bool:
    """Whether the unaffected signs beyond ASCII are too many beside the number of affected ones."""
    if sum(map(str.isalpha, others)) > affected * MOST_OTHERS:
        return True
    signs = sum(sign not in SIGNS for sign in others)  # an editor may have added quotation marks
    return signs > affected * MOST_SIGNS
