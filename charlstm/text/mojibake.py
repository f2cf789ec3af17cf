"""Repairs text that an earlier program decoded in the wrong encoding (mojibake).

UTF-8 was often decoded as a single-byte encoding (Ã© for é, Рё for и), and an old encoding of
another script as Western European (Âñå for Все). A text is repaired only if nearly all of its
letters beyond ASCII are affected: otherwise the letters may be meant. It is encoded as it was
decoded, and then decoded as it should have been.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from charlstm.text.blocks import LINES, blocks, substituted
from charlstm.text.counting import code_points
from charlstm.text.encodings import DOUBT, guess_encoding
from charlstm.text.garbled_utf8 import (
    DAMAGED,
    ENCODINGS,
    are_many,
    find_garbled_utf8,
    may_be_garbled_utf8,
    text_of,
    wrong_encoding,
)
from charlstm.text.latin_encodings import is_latin

if TYPE_CHECKING:
    import numpy as np

_BEYOND = re.compile("[^\0-\x7f]+(?:(?<=\xc3) )?")  # à may have become Ã and a plain space
# The same with the letters beside it.
_AMONG_LETTERS = re.compile("[a-z]?[^\0-\x7f](?:[a-z]?[^\0-\x7f]){0,500}(?:(?<=\xc3) |[a-z])?")
# What is examined before a text is taken to be intact.
MOST_RUNS, MOST_SAMPLED = 20_000, 300_000
_LONGEST = 500_000  # characters of a block
_NO_TRAIL = re.compile("[\0-/]")  # never the second byte of a character, in any encoding
# A byte order mark, at the beginning of a file or of one that was appended.
_MARKS = {b"\xef\xbb\xbf".decode(encoding) for encoding in ENCODINGS}
_GARBLED_MARK = re.compile(f"^(?:{'|'.join(_MARKS)})", re.M)
# Signs after a capital Ã, and others of UTF-8 in Windows-1252, that stand together in no language.
_LOOKS_GARBLED = re.compile("Ã[\x80-\x9f¡-º¼-¿€‚ƒ„†‡ˆ‰‹‘“•˜™]|â€[\x9dœ˜™“¦]")
_MIN_GARBLED, _MIN_GARBLED_KINDS = 10, 3  # places: fewer are perhaps a text about them
_NEWLINE = 0x0A
_FILLER = 0x1A  # a control that each encoding has, for what was not in the wrong one
_LONG_RUN = 4  # characters
_MIN_IN_RUNS = 0.5  # of signs beyond ASCII: no language with Latin letters comes near
_MIN_SIGNS, _MIN_KINDS = 200, 12
_MOST_LOW = 1 / 50  # of the signs: bytes below 0xA0 beside others
_MOST_IN_ORDER = 0.3  # of the signs: followed by the next one of the encoding, as in a table
MAX_ODD_SHARE = 1 / 100  # of the repaired signs
_LONGEST_EXAMPLE = 12  # characters
_CONTROLS = re.compile("[\x80-\x9f]")  # which cannot be shown
_MOST_TRIED = 200  # runs, for an example
_MOST_TIMES = 3  # that a text was garbled


def without_mojibake(text: str) -> tuple[str, str]:
    """The repaired text, and a sentence about it; empty if nothing was wrong."""
    if text.isascii():
        return text, ""
    notices = []
    if any(map(text.__contains__, _MARKS)):  # much faster than to try the pattern
        text, marks = substituted(_GARBLED_MARK, "", text, LINES)
        if marks:
            notices.append(f"Garbled byte order marks were left out: {marks:,}.")
    for _ in range(_MOST_TIMES):
        text, notice = _repaired_once(text)
        if not notice:
            break
        notices.append(notice)
    return text, " ".join(filter(None, [*notices, _what_stays(text)]))


def _what_stays(text: str) -> str:
    """A sentence about places that look garbled and were not repaired; empty if there are none."""
    if not ("Ã" in text or "â€" in text):  # much faster than to try the pattern
        return ""
    places = Counter(_LOOKS_GARBLED.findall(text))
    if places.total() < _MIN_GARBLED or len(places) < _MIN_GARBLED_KINDS:
        return ""
    shown = (f" ({place})" for place, _ in places.most_common() if not _CONTROLS.search(place))
    return (
        f"Letters that an earlier program may have garbled{next(shown, '')} stay as they are, "
        f"because others are right: {places.total():,}."
    )


def _repaired_once(text: str) -> tuple[str, str]:
    if text.isascii():
        return text, ""
    sample = "\n".join(found[0] for found in islice(_AMONG_LETTERS.finditer(text), MOST_RUNS))
    sample = sample[:MOST_SAMPLED]
    garbled = find_garbled_utf8(sample)
    if garbled is not None:
        how, is_sure = garbled
        text, notice = _repaired(text, sample, how.repaired, how.wrong.begins)
        return text, notice if is_sure else f"{notice} {DOUBT}"
    return _of_old_encoding(text, sample)


def _of_old_encoding(text: str, sample: str) -> tuple[str, str]:
    """Repair an old encoding of another script that was decoded as Western European."""
    import numpy as np

    wrong = wrong_encoding("cp1252")
    points = code_points(sample)
    data = wrong.bytes_of(points)
    is_sign = data > 0x7F
    edges = np.flatnonzero(np.diff(is_sign, prepend=False, append=False))
    runs = edges[1::2] - edges[::2]  # how long each is
    signs = runs.sum()
    kinds = np.count_nonzero(np.bincount(data, minlength=256)[0x80:])
    if signs < _MIN_SIGNS or kinds < _MIN_KINDS:
        return text, ""
    if runs[runs >= _LONG_RUN].sum() < _MIN_IN_RUNS * signs:
        return text, ""
    if are_many(text_of(points[data == 0]), signs):
        return text, ""
    are_in_order = is_sign[:-1] & (np.diff(data.astype(int)) == 1)
    if np.count_nonzero(are_in_order) > _MOST_IN_ORDER * signs:
        return text, ""
    if may_be_garbled_utf8(sample):  # among right letters; it might look like Chinese
        return text, ""
    begun = text[:100_000]
    begun_data = wrong.bytes_of(code_points(begun))
    guess = guess_encoding(begun_data.tobytes().replace(b"\0", b"?"))
    if guess is None or is_latin(guess.encoding):
        return text, ""
    # Most of these encodings have no letters where Windows-1252 has quotation marks and dashes.
    is_low = np.bincount(data, minlength=256)[0x80:0xA0].sum() - _own_signs(data).sum()
    keeps_signs = bool(is_low <= _MOST_LOW * signs)
    repair = partial(_decoded_again, encoding=guess.encoding, keeps_signs=keeps_signs)
    odd = sum(map(_is_odd, repair(begun)[0]))
    if odd > MAX_ODD_SHARE * np.count_nonzero(begun_data > 0x7F):
        return text, ""
    text, notice = _repaired(text, sample, repair, _NO_TRAIL)
    return text, notice if guess.is_sure else f"{notice} {DOUBT}"


def _is_odd(character: str) -> bool:
    """Whether it is damaged, or for private use: then it was something else."""
    return character == chr(DAMAGED) or unicodedata.category(character) == "Co"


def _own_signs(data: np.ndarray) -> np.ndarray:
    """Which bytes are signs of Windows-1252 with no letter beside them, bool, (bytes,)."""
    import numpy as np

    edges = np.flatnonzero(np.diff(data > 0x7F, prepend=False, append=False))
    marks = np.zeros(len(data) + 1, np.int8)
    if len(edges):
        highest = np.maximum.reduceat(np.append(data, 0), edges)[::2]  # of each run beyond ASCII
        marks[edges[::2][highest < 0xA0]] = 1
        marks[edges[1::2][highest < 0xA0]] = -1
    return np.cumsum(marks[:-1]) > 0


def _decoded_again(block: str, encoding: str, *, keeps_signs: bool) -> tuple[str, int]:
    """The original text in an old encoding, and how many of its characters are beyond ASCII.

    Args:
        keeps_signs: whether quotation marks and the like among ASCII are right as they are.
    """
    import numpy as np

    points = code_points(block)
    data = wrong_encoding("cp1252").bytes_of(points)
    if keeps_signs:
        data[_own_signs(data)] = 0
    was_other = (data == 0) | (data == _FILLER)
    others = points[was_other]
    data[was_other] = _FILLER
    # A line break after it: at the end of a block, half a character would swallow it.
    raw = data.tobytes().replace(bytes([_FILLER]), bytes([_FILLER, _NEWLINE]))
    decoded = raw.decode(encoding, errors="replace")
    read = code_points(decoded.replace(f"{chr(_FILLER)}\n", chr(_FILLER))).copy()
    is_other = read == _FILLER
    if np.count_nonzero(is_other) != len(others):  # some were swallowed: nothing may be lost
        return block, 0
    number = int(np.count_nonzero(read > 0x7F))
    read[is_other] = others
    return text_of(read), number


def _repaired(
    text: str, sample: str, repair: Callable[[str], tuple[str, int]], begins: re.Pattern[str]
) -> tuple[str, str]:
    """The repaired text, and a sentence with the most frequent example that can be shown.

    Args:
        repair: see `GarbledUtf8.repaired`.
        begins: matches where a part may begin that is repaired for itself.
    """
    whole, number = "", 0
    for block in blocks(text, begins, _LONGEST):
        part, affected = repair(block)
        whole += part
        number += affected
    runs = [run for run, _ in Counter(_BEYOND.findall(sample)).most_common(_MOST_TRIED)]
    runs = [run for run in runs if not _CONTROLS.search(run)]
    short = [run for run in runs if len(run) <= _LONGEST_EXAMPLE]
    shown = ""
    for run in [*short, *(run[:_LONGEST_EXAMPLE] for run in runs)]:
        read, affected = repair(run)
        if affected == len(read) and read != run and chr(DAMAGED) not in read:
            shown = f" ({run} for {read})"
            break
    return whole, f"Letters that an earlier program had garbled{shown} were repaired: {number:,}."
