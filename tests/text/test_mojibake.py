"""Letters that an earlier program read in a wrong encoding."""

from __future__ import annotations

import re

import pytest

from charlstm.text.mojibake import without_mojibake

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
POLISH = "Zażółć gęślą jaźń. Każdy człowiek ma prawo do życia, wolności i miłości.\n" * 20
VIETNAMESE = "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền.\n" * 20


def garble(text: str, old: str, taken_for: str) -> str:
    """A text as it looks if it is decoded in a wrong encoding, by most programs."""
    return "".join(
        bytes([byte]).decode(taken_for, errors="ignore") or chr(byte) for byte in text.encode(old)
    )


@pytest.mark.parametrize(
    "encoding",
    ["cp1252", "cp1251", "mac_roman", "cp866", "cp850", "cp437", "cp1254", "cp1257", "iso8859_15"]
    + ["iso8859_2", "koi8_r", "cp852", "cp865", "mac_latin2", "cp1253", "cp1256", "cp874"]
    + ["cp857"],
)
@pytest.mark.parametrize("text", [RUSSIAN, GREEK, FRENCH, POLISH])
def test_what_was_utf_8_is_repaired(text, encoding):
    read, notice = without_mojibake(garble(text, "utf-8", encoding))
    assert read == text
    assert notice.startswith("Letters that an earlier program had garbled (")


@pytest.mark.parametrize(
    ("text", "old"),
    [(RUSSIAN, "cp1251"), (RUSSIAN, "koi8_r"), (GREEK, "cp1253"), (GREEK, "iso8859_7")],
)
@pytest.mark.parametrize("taken_for", ["latin-1", "cp1252"])
def test_what_was_in_an_old_encoding_of_another_script_is_repaired(text, old, taken_for):
    text = "".join(sign for sign in text if sign not in "ёЁ")
    wrong = text.encode(old).decode(taken_for)
    read, notice = without_mojibake(wrong)
    assert read == text
    assert " for " in notice


@pytest.mark.parametrize(
    "text",
    [
        "Galeză\n" * 40 + "Scoțiană\n",
        "perché più\n" * 12 + "Azərbaycan\n",
        "Casă mică\n" * 30 + "Scoțiană, țară, Țara\n",
        "phở cà phê\n" * 20 + "người Baxcơ\n",
    ],
)
def test_rare_letters_of_garbled_text_are_repaired(text):
    for encoding in ("cp1252", "cp437", "mac_roman"):
        assert without_mojibake(garble(text, "utf-8", encoding))[0] == text


def test_where_another_encoding_would_give_a_text_that_is_as_likely_it_is_a_guess():
    read, notice = without_mojibake("\u251c\u00a2 ba " * 40)  # in DOS 437 Û, in DOS 850 ý
    assert read in ("Û ba " * 40, "ý ba " * 40)
    assert notice.endswith("This is a guess: look at the first lines.")


@pytest.mark.parametrize(
    "text",
    [
        "Ìwé tí mo kà ni ọ ní ìlú wa àti ẹ̀kọ́ ọ\n" * 30,  # Yoruba: ọ stands alone
        "Amegbetɔwo katã wodzi wo ablɔɖeviwoe eye wodzi wo be bubu kple gomekpɔkpɔ ẽ.\n" * 40,
        "Ẽ ĩ ũ ỹ g̃ ñ porã mba'éichapa ko'ẽ\n" * 30,  # Guarani
    ],
)
def test_letters_of_three_signs_that_stand_alone_are_repaired(text):
    assert without_mojibake(garble(text, "utf-8", "cp1252"))[0] == text


def test_from_one_sentence_again_and_again_it_is_a_guess():
    text = "Все люди рождаются свободными и равными в своем достоинстве и правах.\n" * 40
    read, notice = without_mojibake(text.encode("cp1251").decode("latin-1"))
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
        "┌────┬────┐\n│ a  │ b  │\n├────┼────┤\n└────┴────┘\n" * 60,
        "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞß àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿ\n" * 30,
        "★彡 ♥ ღ ¸.•´¯`•.¸¸ ¤ø„¸¨°º¤ø„¸¸„ø¤º°¨ °º¤ø ×º°”˜`”°º× ·.·´¯`·.·•\n" * 60,
        "He went to the CAFÉ… and the CAFÉ’s owner said “CAFÉ”, « CAFÉ ».\n" * 60,
        "─┐ ├┤ ─┤\n" * 80,
        "L’école et l’étude de l’équipe.\n" * 30,
        "ب\u200d" * 500,
    ],
)
def test_what_is_right_stays(text):
    assert without_mojibake(text) == (text, "")


HEBREW = "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם. כולם חוננו בתבונה ובמצפון.\n" * 20
HINDI = "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता प्राप्त है।\n" * 20
KOREAN = (
    "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. 인간은 이성과 양심을.\n"
    * 20
)
CHINESE = (
    "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。\n" * 20
)
JAPANESE = (
    "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。\n" * 20
)
AZERBAIJANI = "Bu şifrə ancaq rəqəmlərdən ibarətdir, Əli də ə hərfini görür.\n" * 30


@pytest.mark.parametrize(
    "text", [FRENCH, HEBREW, KOREAN, CHINESE, JAPANESE, AZERBAIJANI, VIETNAMESE]
)
def test_utf_8_that_was_decoded_as_latin_1_is_repaired(text):
    assert without_mojibake(text.encode().decode("latin-1"))[0] == text


@pytest.mark.parametrize(
    ("text", "old"),
    [
        (JAPANESE, "cp932"),
        (JAPANESE, "euc_jp"),
        (CHINESE, "gb18030"),
        (KOREAN, "cp949"),
        (HEBREW, "cp1255"),
    ],
)
@pytest.mark.parametrize("taken_for", ["latin-1", "cp1252"])
def test_an_old_encoding_of_several_bytes_is_repaired(text, old, taken_for):
    assert without_mojibake(garble(text, old, taken_for))[0] == text


@pytest.mark.parametrize(
    ("text", "old"),
    [
        (KOREAN, "euc_kr"),
        (CHINESE, "gb2312"),
        (GREEK, "iso8859_7"),
        (HEBREW, "cp1255"),
        (RUSSIAN.replace("ё", "е").replace("Ё", "Е"), "iso8859_5"),
    ],
)
@pytest.mark.parametrize("taken_for", ["latin-1", "cp1252"])
def test_quotation_marks_of_other_lines_stay(text, old, taken_for):
    english = "“It’s 5 €,” he said — and that’s ‘all’ …\n"
    wrong = "".join(f"{garble(line, old, taken_for)}\n{english}" for line in text.split("\n"))
    expected = "".join(f"{line}\n{english}" for line in text.split("\n"))
    assert without_mojibake(wrong)[0] == expected


def test_other_signs_among_what_is_repaired_stay_where_they_are():
    text = "".join(f"Все люди {chr(0x4E00 + n)} рождаются {n} свободными ☃\n" for n in range(60))
    for old, taken_for in (("utf-8", "cp1252"), ("cp1251", "cp1252")):
        wrong = "".join(
            part if not "а" <= part.lower()[:1] <= "я" else garble(part, old, taken_for)
            for part in re.split("([а-яА-Я]+)", text)
        )
        assert without_mojibake(wrong)[0] == text


@pytest.mark.parametrize("encoding", ["cp1252", "cp850", "mac_roman", "iso8859_15"])
@pytest.mark.parametrize("text", [RUSSIAN, HEBREW, HINDI])
@pytest.mark.parametrize("share", [0.05, 0.1, 0.3])
def test_right_lines_stay_among_garbled_ones(text, encoding, share):
    right = "« C’est déjà l’été », dit-elle à son père, né à Orléans."
    lines = [
        (right, right) if place % round(1 / share) == 0 else (line, garble(line, "utf-8", encoding))
        for place, line in enumerate((text * 9).split("\n"))
    ]
    read, _ = without_mojibake("\n".join(wrong for _, wrong in lines))
    for found, (line, wrong) in zip(read.split("\n"), lines, strict=True):
        assert found in (line, wrong)


def test_a_space_that_was_part_of_a_letter_may_have_become_a_plain_one():
    wrong = FRENCH.replace(" ?", "").encode().decode("cp1252").replace("\xa0", " ")
    assert without_mojibake(wrong)[0] == FRENCH.replace(" ?", "")


def test_what_was_garbled_twice_is_repaired_twice():
    wrong = FRENCH.encode().decode("latin-1").encode().decode("latin-1")
    text, notice = without_mojibake(wrong)
    assert text == FRENCH
    assert notice.count("had garbled") == 2


@pytest.mark.parametrize("encoding", ["cp1252", "cp1251", "mac_roman", "cp437"])
def test_a_garbled_byte_order_mark_is_left_out(encoding):
    mark = "\ufeff".encode().decode(encoding)
    text, notice = without_mojibake(f"{mark}To be\n{mark}or not to {mark}be\n")
    assert text == f"To be\nor not to {mark}be\n"
    assert notice == "Garbled byte order marks were left out: 2."


@pytest.mark.parametrize("end", ["→ €1→", "→ €1→→", "Õ1→", "→ \x8f→"])
@pytest.mark.parametrize(("text", "old"), [(CHINESE, "gb18030"), (JAPANESE, "euc_jp")])
def test_half_a_character_at_the_end_takes_nothing_with_it(text, old, end):
    read, _ = without_mojibake(garble(text, old, "latin-1") + end)
    assert read.count("→") == end.count("→")


def test_quotation_marks_that_are_right_stay_beside_what_is_repaired():
    text = "“The café,” he said — it’s “naïve” … the résumé.\n" * 60
    wrong = re.sub("[éï]", lambda found: garble(found[0], "utf-8", "cp1252"), text)
    assert without_mojibake(wrong)[0] == text


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_garbled_lines_among_many_right_ones_are_named_and_stay(encoding):
    text = FRENCH * 3 + garble(FRENCH, "utf-8", encoding)
    notice = "Letters that an earlier program may have garbled (Ã©) stay as they are, because "
    assert without_mojibake(text) == (text, notice + "others are right: 72.")


@pytest.mark.parametrize(
    "text",
    ["« JOÃO », IRMÃ… AMANHÃ” RÃ’ Ã, Ã» â€ â ™ " * 30, FRENCH + "é became Ã©, and è became Ã¨."],
)
def test_capitals_beside_signs_and_a_text_about_garbling_are_not_named(text):
    assert without_mojibake(text) == (text, "")
