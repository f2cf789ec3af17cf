"""Letters that an earlier program read in a wrong encoding."""

from __future__ import annotations

import pytest

from charlstm.text.spoiled import unspoiled

RUSSIAN = (
    """Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены
разумом и совестью и должны поступать в отношении друг друга в духе братства. Каждый человек должен
обладать всеми правами и всеми свободами, провозглашенными настоящей Декларацией, без какого бы то
ни было различия. Эхо, щука, цирк, юла, ёж, объём, Юг, Яма, Шум, Чай, Это, Жук, Гора, Царь.
"""
    * 3
)
GREEK = (
    """Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.
Είναι προικισμένοι με λογική και συνείδηση, και οφείλουν να συμπεριφέρονται μεταξύ τους με πνεύμα.
"""
    * 5
)
FRENCH = "Où êtes-vous allée, ma chère élève ? Le cœur a ses raisons, et ça suffit à Noël.\n" * 9
ICELANDIC = "Það var einu sinni maður í þessum dal, og hann átti sér ær og góðan hest.\n" * 20
VIETNAMESE = "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền.\n" * 20


@pytest.mark.parametrize("encoding", ["cp1252", "cp1251", "mac_roman", "cp866", "cp850", "cp437"])
@pytest.mark.parametrize("text", [RUSSIAN, GREEK, FRENCH])
def test_what_was_utf_8_is_put_right(text, encoding):
    wrong = "".join(
        bytes([byte]).decode(encoding, errors="ignore") or chr(byte) for byte in text.encode()
    )
    read, notice = unspoiled(wrong)
    assert read == text
    assert notice.startswith("Letters that an earlier program had spoiled (")


@pytest.mark.parametrize(
    ("text", "old"),
    [(RUSSIAN, "cp1251"), (RUSSIAN, "koi8_r"), (GREEK, "cp1253"), (GREEK, "iso8859_7")],
)
@pytest.mark.parametrize("taken_for", ["latin-1", "cp1252"])
def test_what_was_in_an_old_encoding_of_another_script_is_put_right(text, old, taken_for):
    text = "".join(sign for sign in text if sign not in "ёЁ")
    wrong = text.encode(old).decode(taken_for)
    read, notice = unspoiled(wrong)
    assert read == text
    assert " for " in notice


def test_from_one_sentence_again_and_again_it_is_a_guess():
    text = "Все люди рождаются свободными и равными в своем достоинстве и правах.\n" * 40
    read, notice = unspoiled(text.encode("cp1251").decode("latin-1"))
    assert read == text and "guess" in notice


@pytest.mark.parametrize(
    "text",
    [
        RUSSIAN,
        GREEK,
        FRENCH,
        ICELANDIC,
        VIETNAMESE,
        "éàéàéàéà " * 90,
        "МИД» сказал: «Да», всё хорошо — «ЁЖ» и «Яё».\n" * 40,
        "Ã© is what é becomes.\n" * 40,
        FRENCH.encode().decode("latin-1") + FRENCH * 3,
    ],
)
def test_what_is_right_stays(text):
    assert unspoiled(text) == (text, "")
