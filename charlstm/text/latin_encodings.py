"""Guesses the old encoding of a text in a language with Latin letters.

Only the accented letters tell anything. An encoding fits if those that the text would have belong
to one language, to two, or to one and some foreign names.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from charlstm.text.byte_sample import ByteSample, characters_of

MIN_SURE_CHARACTERS = 12  # beyond ASCII: from fewer, any encoding is a guess
MIN_LEAD = 20.0  # nats, by which the best encoding must be ahead of the next one to be sure

_WESTERN, _WESTERN_ENCODINGS = "cp1252", "cp1252 mac_roman cp850 iso8859_15 cp437"
# For each group of Latin encodings, the letters beyond ASCII of each language that used them, the
# two commonest first.
_LANGUAGES = {
    _WESTERN_ENCODINGS: "éàâæçèêëîïôœùûüÿ óíáéñúü ãçàáâéêíóôõúü èàéìíîòóù "
    "àéçèíïòóúü äüöß åäöéæøà ëéáèêïíóöúü íáæéðóöúýþ äõöüšž",
    "cp1250 iso8859_2 cp852 mac_latin2": "ęąćłńóśźż íáčďéěňóřšťúůýž áíäčďéĺľňóôŕšťúýž éáíóöőúüű "
    "ăîâşţ čćđšž",
    "cp1254 cp857 mac_turkish": "ıîâçğöşüû\u0307 êîûşç",
    "cp1258": "áàâãèéêëìíòóôõùúüýăđơư\u0300\u0301\u0303\u0309\u0323",
    "cp1257 iso8859_13 iso8859_4 cp775": "ėšąčęįųūž āīčēģķļņšūž äõöüšž",
    "iso8859_3": "ĝŭĉĥĵŝ ħżċġàèéìòù",
    "cp1252 iso8859_15": "áðíóúýæø",  # Faroese; with DOS, other languages would look like it
    "cp860": "ãçàáâéêíóôõúü",
    "cp861 mac_iceland": "íðáæéóöúýþ",
    "iso8859_14": "ŵŷâêîôûáéíóúëïöä",
}
_EVERY_LANGUAGE = [letters for group in _LANGUAGES.values() for letters in group.split()]
_WESTERN_LETTERS = "àáâãäåæçèéêëìíîïñòóôõöøùúûüýÿœßðþ"  # of several languages in one file
SIGNS = "‘’“”„«»‹›–—…·•°§©€£¿¡ªº½¼¾´\xa0\xad®™±µ×÷¹²³¢¥¶†‡¯¬‰‚¨"
FRAMES = "─│┌┐└┘├┤┬┴┼═║╒╓╔╕╖╗╘╙╚╛╜╝╞╟╠╡╢╣╤╥╦╧╨╩╪╫╬▀▄█▌▐░▒▓■\xa0"  # and trees, of DOS
SIGNS_IN_WORDS = "’–—·´\xad\xa0®™"
_MOST_ACCENTED = 0.8  # of a word's letters are accented
_MOST_BEYOND = 2  # letters and signs beyond ASCII in a word, for each of its plain letters
_RUN_OF_LETTERS = re.compile(r"[^\W\d_a-zA-Z]{4,}")
_MOST_IN_RUNS = 0.5  # of accented letters
_MIN_LATIN_SHARE = 0.97
# Taken off the share if the commonest letters of the language are missing: a list of names may have
# a few letters only, which other languages have as well.
_MIN_FOR_COMMONEST = 30  # letters
_WITHOUT_COMMONEST = {True: 0.005, False: 0.01}  # of a western language, of another one
_MIN_LETTERS_AHEAD = 1.5  # one foreign name decides nothing
# Larger than the penalty for missing letters.
MIN_LATIN_LEAD = 0.011  # of the share, before an encoding in which the text would be another
# Log-probabilities, where a text has letters of two languages, or names from others.
_OF_THESE = math.log(0.97)  # together, that a letter is one of these languages
_OF_ANOTHER = math.log(0.03 / 60)  # a letter of any other with Latin letters
_OF_SIGNS, _OF_NOTHING = -4.0, -10.0
_LEAST_LATIN = -4.0  # the mean, or it is no text in Latin letters


@dataclass(frozen=True)
class Guess:
    """An encoding that a text was probably written in.

    Attributes:
        encoding: as Python calls it.
        is_sure: whether no other one comes near.
    """

    encoding: str
    is_sure: bool


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """A text as it would be in an encoding.

    Attributes:
        encoding: as Python calls it.
        languages: the letters beyond ASCII of each of its languages.
        found: how often each small letter and sign beyond ASCII comes.
        wrong_places: how many signs and capitals stand where a word has small letters.
        as_read: the characters of the bytes that come, by which readings are told apart.
    """

    encoding: str
    languages: tuple[str, ...]
    found: Counter[str]
    wrong_places: int
    as_read: str


def is_latin(encoding: str) -> bool:
    """Whether an encoding is for languages with Latin letters."""
    return any(encoding in names.split() for names in _LANGUAGES)


def latin_encoding(sample: ByteSample) -> Guess | None:
    """The encoding whose accented letters fit best; None if it is no text in Latin letters."""
    return _of_one_language(sample) or _of_several_languages(sample.without_repetition)


def unusual_letters(found: Counter[str]) -> int:
    """How many Latin letters beyond ASCII a text has that its language has not, whichever it is.

    Args:
        found: how often each character stands in the text.
    """
    small: Counter[str] = Counter()
    for letter, count in found.items():
        if letter > "\x7f" and "LATIN" in unicodedata.name(letter, ""):
            small[letter.lower()] += count
    usual = max(
        sum(small[letter] for letter in letters if letter in small) for letters in _EVERY_LANGUAGE
    )
    return small.total() - usual


def _of_one_language(sample: ByteSample) -> Guess | None:
    fits: list[tuple[float, _Reading]] = []  # shares
    for reading in _readings(sample):
        found = reading.found
        is_western = reading.encoding in _WESTERN_ENCODINGS.split()
        fitting = sum(count for sign, count in found.items() if sign in SIGNS)
        fitting -= reading.wrong_places
        share = max(
            (fitting + sum(count for sign, count in found.items() if sign in letters))
            / found.total()
            - _without_commonest(found, letters, is_western)
            for letters in reading.languages
        )
        fits.append((share, reading))
    if not fits:
        return None
    best, reading = max(fits, key=lambda fit: fit[0])
    if best <= _MIN_LATIN_SHARE:
        return None
    lead = best - _next_best(fits, reading, 0.0)
    is_ahead = lead >= MIN_LATIN_LEAD and lead * sample.beyond >= _MIN_LETTERS_AHEAD
    return Guess(reading.encoding, sample.beyond >= MIN_SURE_CHARACTERS and is_ahead)


def _next_best(fits: list[tuple[float, _Reading]], best: _Reading, least: float) -> float:
    """The fit of the best encoding in which the text would be another than in the best."""
    return max((fit for fit, other in fits if other.as_read != best.as_read), default=least)


def _readings(sample: ByteSample) -> Iterator[_Reading]:
    """A text as it would be in each encoding in which it is not one of another script."""
    for names, languages in _LANGUAGES.items():
        for encoding in names.split():
            if _is_another_script(sample, encoding):
                continue
            found: Counter[str] = Counter()
            for character, count in sample.counted_in(encoding).items():
                for small in character.lower() if character > "\x7f" else "":
                    if small > "\x7f":
                        found[small] += count
            if found:
                yield _Reading(
                    encoding=encoding,
                    languages=tuple(languages.split()),
                    found=found,
                    wrong_places=_wrong_places(sample, encoding),
                    as_read=sample.as_read_in(encoding),
                )


def _wrong_places(sample: ByteSample, encoding: str) -> int:
    characters = characters_of(encoding)
    wrong = 0
    for byte, count in sample.between_small.items():
        sign = characters[byte]
        is_letter = sign not in SIGNS and (sign.islower() or unicodedata.combining(sign))
        wrong += count * (not is_letter and sign not in SIGNS_IN_WORDS)
    for byte, count in sample.between_capitals.items():  # no dash
        sign = characters[byte]
        wrong += count * (not (sign.isalpha() or sign in "’\xad"))
    return wrong


def _of_several_languages(sample: ByteSample) -> Guess | None:
    fits: list[tuple[float, _Reading]] = []  # mean log-likelihoods
    for reading in _readings(sample):
        found, there = reading.found, _letters_of(reading.encoding)
        own = [letters for letters in reading.languages if _is_there(letters, found)]
        more = [letters for letters in _EVERY_LANGUAGE if _is_there(letters, found)]
        sets = {frozenset(one) for one in own}
        sets |= {frozenset(one + other) for one in own for other in more if there >= {*other}}
        if reading.encoding == _WESTERN or not sets:
            sets.add(frozenset(_WESTERN_LETTERS))
        others = sum(count * _beside_letters(sign) for sign, count in found.items())
        others += _OF_NOTHING * reading.wrong_places
        best = max(
            sum(
                count * (_OF_THESE - math.log(len(letters)) - _beside_letters(sign))
                for sign, count in found.items()
                if sign in letters
            )
            for letters in sets
        )
        fits.append(((others + best) / found.total(), reading))
    if not fits:
        return None
    likelihood, reading = max(fits, key=lambda fit: fit[0])
    if likelihood < _LEAST_LATIN:
        return None
    lead = (likelihood - _next_best(fits, reading, -math.inf)) * sample.beyond
    return Guess(reading.encoding, sample.beyond >= MIN_SURE_CHARACTERS and lead >= MIN_LEAD)


def _is_there(letters: str, found: Counter[str]) -> bool:
    """Whether a text has one of a language's two commonest letters."""
    return any(found[letter] for letter in letters[:2])


@cache
def _beside_letters(sign: str) -> float:
    """The log-probability of a character that is no letter of a text's languages."""
    if sign in SIGNS or sign in FRAMES:
        return _OF_SIGNS
    is_latin = sign.islower() and "LATIN" in unicodedata.name(sign, "")
    return _OF_ANOTHER if is_latin else _OF_NOTHING


@cache
def _letters_of(encoding: str) -> frozenset[str]:
    """The small characters beyond ASCII of an encoding."""
    return frozenset("".join(characters_of(encoding)[0x80:]).lower())


def _without_commonest(found: Counter[str], letters: str, is_western: bool) -> float:
    """What is taken off a language's share because its commonest letters are not there."""
    if sum(count for sign, count in found.items() if sign.isalpha()) < _MIN_FOR_COMMONEST:
        return 0.0
    there = [found[letter] > 0 for letter in letters[:2]]
    is_there = any(there) if is_western else all(there)
    return 0.0 if is_there else _WITHOUT_COMMONEST[is_western]


@cache
def _bytes_of_letters(encoding: str) -> frozenset[int]:
    return frozenset(
        byte for byte, character in enumerate(characters_of(encoding)) if character.isalpha()
    )


def _is_another_script(sample: ByteSample, encoding: str) -> bool:
    """Whether nearly all letters of the longer words that have some beyond ASCII are such.

    Or where there are other words as well, whether most accented letters follow each other.
    """
    counts, are_letters = sample.of_longer_words, _bytes_of_letters(encoding)
    plain, beyond = sample.plain_in_longer, sample.beyond_in_longer
    accented = sum(count for byte, count in counts.items() if byte in are_letters) - plain
    if accented > _MOST_ACCENTED * (accented + plain) or beyond > _MOST_BEYOND * plain:
        return True
    if sample.in_runs <= _MOST_IN_RUNS * accented:  # of any signs
        return False
    in_runs = sum(map(len, _RUN_OF_LETTERS.findall(sample.text_in(encoding))))
    return in_runs > _MOST_IN_RUNS * accented
