"""Old encodings: which one a text was written in, judged by the characters it would have.

Decoded rightly, a text has the frequent letters of its language and few others. Decoded wrongly, it
has rare letters, capitals in the middle of words, and signs that nobody types. Languages with Latin
letters have a test of their own (latin_encodings.py).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import replace
from functools import cache, lru_cache
from itertools import pairwise
from typing import NamedTuple

from charlstm.text.byte_sample import ByteSample, characters_of, is_of_single_bytes
from charlstm.text.counting import counted
from charlstm.text.latin_encodings import (
    FRAMES,
    MIN_LEAD,
    MIN_SURE_CHARACTERS,
    SIGNS,
    Guess,
    latin_encoding,
)

DOUBT = "This is a guess: look at the first lines."
SAMPLE_BYTES = 6_000
# Share of letters beside a Latin one: accented letters, read as those of another script.
MAX_MIXED_SHARE = 0.1
_MIXED = re.compile(r"(?<=[a-zA-Z])[^\W\d_a-zA-Z]|[^\W\d_a-zA-Z](?=[a-zA-Z])")
NO_TEXT = -5.0  # nats a byte: what random bytes get in any encoding is worse

_REPEATED = "─═▀▄█░▒▓■"  # in frames
_MIN_REPEATED = 0.2
_MIN_FOR_ONE = 200  # bytes: as many of one value, and no other, are no words
_MIN_KANA = 0.9  # of what is beyond ASCII

# How frequent letters are in their script, in thousandths, those that come first in its languages.
_CYRILLIC = (
    "о110 е85 а80 и74 н67 т63 с55 р47 в45 л44 к35 м32 д30 п28 у26 я20 ы19 ь17 г17 з17 б16 ч14 й12 "
    "х10 ж9 ш7 ю6 ц5 щ4 э3 ф3 ъ2 ё1 і8 ї2 є2 ґ.3 ў1 ј2 љ.5 њ.5 ћ.5 ђ.3 џ.2"
)
_GREEK = (
    "α100 ο90 ι80 ε80 τ75 σ50 ν65 η45 υ40 ς38 ρ42 π40 κ40 λ30 μ33 δ18 γ18 θ12 ω20 χ12 β7 φ8 ξ4 ζ3 "
    "ψ2 ά18 έ18 ή14 ί24 ό18 ύ12 ώ10 ϊ1 ϋ1 ΐ.3 ΰ.2"
)
_HEBREW = (
    "י110 ו100 ה105 ל72 א63 ר57 ת50 ב48 ש47 מ47 נ30 ם28 ד26 כ24 ק21 ע31 ח23 ט12 פ19 ן13 ג12 ז10 "
    "ך8 צ12 ס15 ף3 ץ2"
)
_ARABIC = (
    "ا130 ل120 ي68 م60 و60 ن58 ر48 ت46 ه42 ب40 ع38 د33 س28 ف28 ك23 ق24 ح18 ج14 أ22 ة22 ى10 ش11 ص10 "
    "ط9 خ9 ض8 ذ8 إ8 ث6 ز6 غ6 ء5 ئ4 ؤ2 ظ3 آ3 پ4 چ2 ژ.5 گ4 ہ8 ے8 ں6 "
    "ھ4 ٹ2 ڈ1 ڑ1"
)
_THAI = (
    "า70 น68 ร60 อ52 ก50 เ50 ง45 ่42 ม40 ย35 ล32 ว33 ้35 ด30 ท30 ส30 ต25 ะ25 ป22 บ22 ค22 ห22 แ20 จ15 "
    "พ15 ช12 ข14 ใ12 ไ12 โ10 ี32 ิ25 ั33 ็10 ์10 ุ12 ู12 ื14 ำ12 ถ9 ผ8 ซ6 ธ5 ศ5 ภ4 ญ4 ณ3 ษ3 ฟ3 ึ8"
)
_CHINESE = (
    "的一是不了人我在有他这中大来上个国到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她"
    "里后小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从"
    "动两长知民样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等"
    "几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北少关并内加化由却代军产入先山"
    "這來個國說們為時會過對裡後麼沒於還發當無開經頭動兩長樣現將與進實點種聲話兒機給幾業間門電東關並內"
)
_JAPANESE = (
    "日一人大年会国本中長出三同時政事自行社見月分議後前民生連五発間対上部東者党地合市業内相方四定今回新"
    "場金員九入選立開手米力学問高代明実円関決子動京全目表戦経通外最言氏現理調体化田当八六約主題下首意法"
)
# Half-width, with the two marks that are letters of their own there.
_HALF_KANA = (
    "ﾞ90 ﾝ80 ｰ80 ﾄ55 ｽ55 ﾙ50 ｲ50 ｸ45 ﾗ42 ｼ40 ﾘ38 ｯ35 ﾀ35 ｶ35 ｱ30 ﾌ28 ｺ28 ｷ25 ﾃ25 ﾟ25 ｻ22 ﾏ22 ﾚ22 "
    "ﾊ22 ｳ22 ﾛ20 ﾅ20 ﾆ18 ﾓ18 ﾉ18 ｬ15 ﾋ15 ﾐ15 ﾒ15 ｵ15 ﾁ15 ｭ12 ｮ12 ﾂ12 ｹ12 ｴ12 ｾ12 ﾑ12 ｪ10 ﾎ10 ｿ10 "
    "ｨ10 ﾜ8 ﾖ8 ﾔ8 ﾈ8 ﾍ7 ﾕ6 ｧ5 ｦ5 ･5 ｡5 ､5 ｫ4 ﾇ3 ｩ2 ｢2 ｣2"
)
_KOREAN = (
    "이다는에의을가고하지은로한를도사시기대자서어인나리일그해제아전정상들있보부라성수구만조장것공스주으동"
    "게연원여면과오소신니유관계요국경세원치안우문방모미생적화중었마려선러물말무없된와거내년반같않때"
)


def is_east_asian(text: str) -> bool:
    """Whether what a text has beyond ASCII is what is frequent in Chinese, Japanese or Korean."""
    beyond = {sign: count for sign, count in counted(text).items() if sign > "\x7f"}
    known = sum(count for sign, count in beyond.items() if sign in _EAST_ASIAN)
    return known > sum(beyond.values()) / 4


def guess_encoding(data: bytes, *, is_all: bool = False) -> Guess | None:
    """The encoding of bytes that are not UTF-8; None if they are no text in any that is known.

    Args:
        is_all: whether there is hardly anything else in the file.
    """
    words = [word for word in data.split() if not word.isascii()]
    guess = _guess(ByteSample(b" ".join(words[:4_000])[:SAMPLE_BYTES]), is_all)
    if guess is None or not guess.is_sure or len(data) < 2 * SAMPLE_BYTES:
        return guess
    # Some files were joined from several.
    last = ByteSample(b" ".join(words[-4_000:])[-SAMPLE_BYTES:])
    other = _guess(last, is_all)
    is_same = other is not None and last.as_read_in(other.encoding) == last.as_read_in(
        guess.encoding
    )
    return replace(guess, is_sure=is_same)


def _guess(sample: ByteSample, is_all: bool) -> Guess | None:
    if is_all and len(sample.data) >= _MIN_FOR_ONE and len(sample.counts.keys() - {0x20}) == 1:
        return None
    if _is_of_frames(sample):
        return Guess("cp437", True)
    if _is_of_kana(sample):
        return Guess("cp932", True)
    latin = latin_encoding(sample)
    if latin is not None:
        return replace(latin, is_sure=latin.is_sure and not sample.are_pairs)
    # Of those that read the same, the first one: the most frequent.
    scores = sorted(
        ((_score(sample, encoding), encoding) for encoding in _LIKELIHOODS),
        key=lambda scored: -scored[0],
    )
    best, encoding = scores[0]
    if best < NO_TEXT:
        return None
    text = sample.text_in(encoding)
    of_languages = sum(not one.isdisjoint(text) for one in _IN_PLACE_OF_KAZAKH)
    if encoding == "cp1251" and of_languages > 1:
        return Guess("kz1048", False)
    # Of encodings that read the same it does not matter which it was.
    as_read = sample.as_read_in(encoding)
    next_best = next(
        (score for score, other in scores if sample.as_read_in(other) != as_read), best
    )
    distinct = sample.without_repetition
    beyond = sum(character > "\x7f" for character in distinct.text_in(encoding))
    lead = (best - next_best) * len(distinct.data)
    mixed = len(_MIXED.findall(text))
    is_plausible = mixed <= MAX_MIXED_SHARE * sum(character > "\x7f" for character in text)
    return Guess(encoding, lead >= MIN_LEAD and beyond >= MIN_SURE_CHARACTERS and is_plausible)


def _is_of_kana(sample: ByteSample) -> bool:
    """Whether it is Japanese in syllables alone: their second bytes may be letters of ASCII."""
    counts = sample.counted_in("cp932").items()
    beyond = sum(count for sign, count in counts if sign > "\x7f")
    kana = sum(count for sign, count in counts if sign in _KANA)
    letters = sum(count for sign, count in counts if sign <= "\x7f" and sign.isalpha())
    return beyond >= MIN_SURE_CHARACTERS and kana > max(_MIN_KANA * beyond, letters)


def _is_of_frames(sample: ByteSample) -> bool:
    """Whether what a text has beyond ASCII are lines of frames and trees; letters seldom repeat."""
    found = sample.counted_in("cp437")
    if sample.beyond < MIN_SURE_CHARACTERS or any(
        sign > "\x7f" and sign not in FRAMES for sign in found
    ):
        return False
    # Only these: laughter in small letters of KOI8 stands where DOS has frames.
    text = sample.text_in("cp437")
    repeated = sum(one == other and one in _REPEATED for one, other in pairwise(text))
    return repeated >= _MIN_REPEATED * sample.beyond


def _frequencies(table: str) -> dict[str, float]:
    """A letter's log-probability, and that of its capital, which is one of thirty."""
    shares = {entry[0]: float(entry[1:]) for entry in table.split()}
    total = sum(shares.values())
    found = {}
    for letter, share in shares.items():
        found[letter] = math.log(share / total)
        if letter.upper() != letter and len(letter.upper()) == 1:
            found.setdefault(letter.upper(), math.log(share / total / 30))
    return found


def _common(characters: str, share: float) -> dict[str, float]:
    """The log-probability of each of some characters that have a share of a text in common."""
    distinct = set(characters)
    return dict.fromkeys(distinct, math.log(share / len(distinct)))


_KANA = {
    **_common("".join(map(chr, range(0x3041, 0x3094))), 0.5),
    **_common("".join(map(chr, range(0x30A1, 0x30F7))) + "ー", 0.08),
}
_EAST_ASIAN_SIGNS = _common("，。、；：？！“”‘’「」『』《》（）—…　・", 0.1)
_EAST_ASIAN = {*_CHINESE, *_JAPANESE, *_KOREAN, *_KANA, *_EAST_ASIAN_SIGNS}
_SIGNS_OF_ALL = _common(SIGNS, 0.02)
_LIKELIHOODS: dict[str, dict[str, float]] = {
    **dict.fromkeys(
        ("cp1251", "koi8_u", "iso8859_5", "cp866", "cp1125", "cp855", "mac_cyrillic"),
        _frequencies(_CYRILLIC) | _common("№", 0.002),
    ),
    **dict.fromkeys(
        ("cp1253", "iso8859_7", "cp737", "cp869", "mac_greek"),
        _frequencies(_GREEK) | _common("΄·", 0.002),
    ),
    **dict.fromkeys(
        ("cp1255", "cp862"),
        _frequencies(_HEBREW) | _common("".join(map(chr, range(0x5B0, 0x5C3))) + "־", 0.05),
    ),
    **dict.fromkeys(
        ("cp1256", "iso8859_6", "cp720"),
        _frequencies(_ARABIC) | _common("،؛؟" + "".join(map(chr, range(0x64B, 0x653))), 0.05),
    ),
    "cp874": _frequencies(_THAI) | _common("ๆฯฉ๐๑๒๓๔๕๖๗๘๙", 0.02),
    "gb18030": _common(_CHINESE, 0.55) | _EAST_ASIAN_SIGNS,
    "big5hkscs": _common(_CHINESE, 0.55) | _EAST_ASIAN_SIGNS,
    "cp932": _KANA | _common(_JAPANESE, 0.15) | _EAST_ASIAN_SIGNS | _frequencies(_HALF_KANA),
    "euc_jp": _KANA | _common(_JAPANESE, 0.15) | _EAST_ASIAN_SIGNS,
    **dict.fromkeys(  # in chats, laughter and tears
        ("cp949", "johab"),
        _common(_KOREAN, 0.6) | _common("ㅋㅎㅠㅜㅇㄷㄱ", 0.1) | _EAST_ASIAN_SIGNS,
    ),
}
# Letters of Macedonian, Ukrainian and Belarusian, which are in no text together. Where Windows-1251
# has them, its variant for Kazakh has қ, ә, ң, then ү, ғ, ө, then ұ.
_IN_PLACE_OF_KAZAKH = (frozenset("ќјѕ"), frozenset("їєґ"), frozenset("ў"))
_HAS_IDEOGRAPHS = ("gb18030", "big5hkscs", "cp932", "euc_jp")
_HAS_SYLLABLES = ("cp949", "johab")
_SHOUTED = re.compile(r"[^\W\d_]{2,}")  # words, to be looked at whether they are in capitals
_MANY_CAPITALS = 0.1  # of all characters: then some words may be in capitals
_OF_SHOUTING = 0.05  # nats, for each letter of a word in capitals
_DAMAGED, _UNLIKELY = -14.0, -11.0


def _score(sample: ByteSample, encoding: str) -> float:
    """The mean log-likelihood of a byte, in nats, if it was written in an encoding."""
    if is_of_single_bytes(encoding):  # as most are: much faster by bytes
        of_byte = _by_byte(encoding)
        capitals = sum(count for byte, count in sample.counts.items() if of_byte[byte].is_capital)
        if capitals <= _MANY_CAPITALS * len(sample.data):
            likelihoods = (
                count * of_byte[byte].likelihood for byte, count in sample.counts.items()
            )
            return sum(likelihoods) / max(1, len(sample.data))
    counts, total = sample.counted_in(encoding), 0.0
    if _capitals(counts) > _MANY_CAPITALS * counts.total():
        words = filter(str.isupper, _SHOUTED.findall(sample.text_in(encoding)))
        shouted = "".join(words)
        counts.subtract(shouted)
        counts.update(shouted.lower())
        total = -_OF_SHOUTING * len(shouted)
    for character, count in counts.items():
        total += count * _likelihood(character, encoding)
    return total / max(1, len(sample.data))


def _capitals(counts: Counter[str]) -> int:
    return sum(count for character, count in counts.items() if character.isupper())


class _Byte(NamedTuple):
    """What a byte is in an encoding of single bytes."""

    likelihood: float  # its log-probability, in nats
    is_capital: bool


@cache
def _by_byte(encoding: str) -> tuple[_Byte, ...]:
    return tuple(
        _Byte(_likelihood(character, encoding), character.isupper())
        for character in characters_of(encoding)
    )


@lru_cache(maxsize=50_000)
def _likelihood(character: str, encoding: str) -> float:
    known = _LIKELIHOODS[encoding]
    if character in known:
        return known[character]
    if character in _SIGNS_OF_ALL:
        return _SIGNS_OF_ALL[character]
    if character <= "\x7f":
        return -3.0 if character.isalpha() or character.isspace() else -4.5
    if character == "\ufffd":
        return _DAMAGED
    if encoding in _HAS_IDEOGRAPHS and "\u4e00" <= character <= "\u9fff":
        return math.log(0.3 / 5_000)
    if encoding in _HAS_SYLLABLES and "\uac00" <= character <= "\ud7a3":
        return math.log(0.3 / 2_200)
    if encoding in _HAS_SYLLABLES and "\u4e00" <= character <= "\u9fff":
        return math.log(0.02 / 5_000)
    return _UNLIKELY
