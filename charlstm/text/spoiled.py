"""Repairs text that an earlier program decoded in the wrong encoding (mojibake).

UTF-8 was often decoded as a single-byte encoding (Ã© for é, Рё for и), and an old encoding of
another script as Western European (Âñå for Все). A text is repaired only if nearly all of its
letters beyond ASCII are affected: otherwise the letters may be meant.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import islice

from charlstm.text.byte_sample import characters_of
from charlstm.text.counting import counted
from charlstm.text.encodings import DOUBT, guess_encoding
from charlstm.text.latin_encodings import is_latin

MIN_LETTERS = 20
MOST_OTHERS = 1 / 20  # unaffected letters beyond ASCII, for each affected one
_ENCODINGS = ("cp1252", "cp1251", "cp1250", "mac_roman", "cp866", "cp850", "cp437")
_BEYOND = re.compile("[^\0-\x7f]{1,500}")
MOST_RUNS = 20_000  # that are examined before a text is taken to be intact
_LONGEST_RUN = 500  # characters: a longer one is looked at in parts
_RUNS_OF_LETTERS = re.compile("[\xc0-\xff]{4,}")
_MIN_IN_RUNS = 0.5  # of accented letters: no language with Latin letters comes near
_MIN_ACCENTED, _MIN_KINDS = 200, 12
_LONGEST_EXAMPLE = 9  # characters


@dataclass(frozen=True)
class _Spoiled:
    """What UTF-8 looks like if it is decoded in a single-byte encoding.

    Attributes:
        byte_of: the byte of each character beyond ASCII.
        firsts: characters that stand for a first byte of UTF-8.
        runs: matches runs of such characters.
    """

    byte_of: dict[int, int]
    firsts: frozenset[str]
    runs: re.Pattern[str]

    def read(self, run: str) -> str:
        """The original text of a run; empty if it was not UTF-8."""
        try:
            return run.translate(self.byte_of).encode("latin-1").decode()
        except UnicodeError:
            return ""


@cache
def _spoiled_by(encoding: str) -> _Spoiled:
    characters = characters_of(encoding)
    # Bytes without a character are often kept as controls.
    signs = [sign if sign != "\ufffd" else chr(byte) for byte, sign in enumerate(characters)]

    def any_of(first: int, last: int) -> str:
        return "[" + re.escape("".join(signs[first : last + 1])) + "]"

    following = any_of(0x80, 0xBF)
    letters = "|".join(
        f"{any_of(*bounds)}{following}{{{count}}}"
        for count, bounds in enumerate([(0xC2, 0xDF), (0xE0, 0xEF), (0xF0, 0xF4)], 1)
    )
    return _Spoiled(
        byte_of={ord(sign): byte for byte, sign in enumerate(signs) if byte > 0x7F},
        firsts=frozenset(signs[0xC2:0xF5]),
        runs=re.compile(f"(?:{letters}){{1,{_LONGEST_RUN}}}"),
    )


def unspoiled(text: str) -> tuple[str, str]:
    """The repaired text, and a sentence about it; empty if nothing was wrong."""
    if text.isascii():
        return text, ""
    sample = "\n".join(found[0] for found in islice(_BEYOND.finditer(text), MOST_RUNS))
    best = _best_encoding(sample)
    if best is not None:
        spoiled = _spoiled_by(best)
        return _put_right(text, spoiled.runs, _letters_of(spoiled.runs.findall(text), spoiled))
    return _of_old_encoding(text, sample)


def _best_encoding(sample: str) -> str | None:
    """The encoding in which UTF-8 was decoded; None if that did not happen."""
    counts = counted(sample)
    best, number = None, 0
    for encoding in _ENCODINGS:
        spoiled = _spoiled_by(encoding)
        firsts = sum(count for sign, count in counts.items() if sign in spoiled.firsts)
        if firsts < MIN_LETTERS:  # much faster than to try the pattern
            continue
        runs = Counter(spoiled.runs.findall(sample))
        letters = _letters_of(runs.elements(), spoiled)
        read = sum(len(one) * runs[run] for run, one in letters.items())
        others = runs.total() - sum(runs[run] for run in letters)
        if read > max(number, MIN_LETTERS - 1) and others <= read * MOST_OTHERS:
            best, number = encoding, read
    if best is None:
        return None
    spoiled = _spoiled_by(best)
    rest = counted(spoiled.runs.sub("", sample)).items()
    real = sum(count for sign, count in rest if sign.isalpha() and ord(sign) in spoiled.byte_of)
    return best if real <= number * MOST_OTHERS else None


def _letters_of(found: Iterable[str], spoiled: _Spoiled) -> dict[str, str]:
    """The original text of each run that has one."""
    runs = Counter(found)
    read = {run: spoiled.read(run) for run in runs}
    letters = {run: one for run, one in read.items() if one and not _stands_alone(one)}
    # Such a letter is accepted if other runs have letters of its script.
    kinds: Counter[int] = Counter()
    for run, one in letters.items():
        for letter in one[1:]:
            kinds[ord(letter) >> 8] += runs[run]
    for run in runs.keys() - letters.keys():
        if read[run] and kinds[ord(read[run]) >> 8] >= MIN_LETTERS:
            letters[run] = read[run]
    return letters


def _stands_alone(read: str) -> bool:
    """Whether it is a single letter that would not occur alone within a Latin word."""
    is_usual = read < "\u0180" or "\u2010" <= read < "\u2200" or read >= "\U00010000"
    return len(read) == 1 and not is_usual


def _of_old_encoding(text: str, sample: str) -> tuple[str, str]:
    """Repair an old encoding of another script that was decoded as Western European."""
    counts = counted(sample)
    accented = sum(count for sign, count in counts.items() if "\xc0" <= sign <= "\xff")
    others = sum(count for sign, count in counts.items() if sign.isalpha() and sign > "\xff")
    kinds = sum("\xc0" <= sign <= "\xff" for sign in counts)
    if min(accented / _MIN_ACCENTED, kinds / _MIN_KINDS) < 1 or others > accented * MOST_OTHERS:
        return text, ""
    in_runs = sum(map(len, _RUNS_OF_LETTERS.findall(sample)))
    if in_runs < _MIN_IN_RUNS * accented:
        return text, ""
    spoiled = _spoiled_by("cp1252")
    signs = "".join(map(chr, spoiled.byte_of))
    pattern = re.compile(f"[{re.escape(signs)}]+")

    def bytes_of(run: str) -> bytes:
        return run.translate(spoiled.byte_of).encode("latin-1")

    sample = pattern.sub(lambda run: bytes_of(run[0]).decode("latin-1"), text[:100_000])
    guess = guess_encoding(sample.encode("latin-1", errors="replace"))
    if guess is None or is_latin(guess.encoding):
        return text, ""
    runs = set(pattern.findall(text))
    letters = {run: bytes_of(run).decode(guess.encoding, errors="replace") for run in runs}
    text, notice = _put_right(text, pattern, letters)
    return text, notice if guess.is_sure else f"{notice} {DOUBT}"


def _put_right(text: str, pattern: re.Pattern[str], letters: dict[str, str]) -> tuple[str, str]:
    """Replace each run by its letters; with a sentence that gives the commonest example."""
    runs = Counter(pattern.findall(text))
    changed = {run: count for run, count in runs.items() if letters.get(run, run) != run}
    number = sum(len(letters[run]) * count for run, count in changed.items())
    short = [run for run in changed if len(run) <= _LONGEST_EXAMPLE]
    example = max(short, key=changed.__getitem__, default="")
    shown = f" ({example} for {letters[example]})" if example else ""
    text = pattern.sub(lambda found: letters.get(found[0], found[0]), text)
    return text, f"Letters that an earlier program had spoiled{shown} were put right: {number:,}."
