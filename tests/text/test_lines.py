"""What is UTF-8 in a file, and what is in an old encoding, line by line and word by word."""

import pytest

from charlstm.text.corpus import ReadingOptions, read_text
from charlstm.text.decoding import decode


def test_two_encodings_may_stand_in_each_line():
    data = ("Это чат: ".encode() + "привет, как дела\n".encode("cp1251")) * 80
    assert decode(data, "a.txt").text == "Это чат: привет, как дела\n" * 80


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "»Das ist Spaß«, rief der König müde und böse.\n"),
        ("cp1252", "CAFÉ… déjà là, « oh là\xa0» et voilà\n"),
        ("cp1252", "VIRTÙ» è così, perché è già più là\n"),
        ("cp1252", "MANHÃ… não está lá, é só amanhã\n"),
        ("cp1250", "ŻÓŁW GĘŚLĄ jaźń źle, zażółć gęślą jaźń\n"),
        ("iso8859_2", "ŻÓŁW GĘŚLĄ jaźń źle, zażółć gęślą jaźń\n"),
        ("cp1250", "píšťalku ľúbiť, že už môže ísť domov, ďalej\n"),
    ],
)
@pytest.mark.parametrize("is_chosen", [False, True])
def test_a_letter_before_a_sign_is_no_letter_of_another_script(encoding, text, is_chosen):
    options = ReadingOptions(encoding=encoding if is_chosen else None)
    read = read_text((text * 80).encode(encoding), "a.txt", options=options)
    assert read.text == (text * 80).replace("\xa0", " ")


@pytest.mark.parametrize(
    "line", ["café à la crème, naïve\n", "Привет, как дела\n", "→ “ok” — 中文 … é à\n"]
)
def test_lines_of_utf_8_among_others_stay_what_they_are(line):
    other = "déjà vu été, où ça\n"
    data = (line.encode() + other.encode("cp1252") * 4) * 60
    assert read_text(data, "a.txt").text == (line + other * 4) * 60


@pytest.mark.parametrize(
    ("encoding", "word", "text"),
    [
        ("cp1251", "Дія", "Оберіть дію, яку треба виконати, і натисніть кнопку."),
        ("koi8_u", "Всі", "Усі файли було збережено, і жоден не загубився."),
        ("cp874", "ลบ", "กรุณาเลือกรายการที่ต้องการลบออกจากระบบ"),
        ("cp1256", "ج\u200cآ\u200cاس", "لطفا یک مقدار معتبر وارد کنيد و دوباره امتحان کنيد."),
    ],
)
def test_a_short_word_that_looks_like_utf_8_is_a_word_among_others(encoding, word, text):
    lines = f"{text}\n{word}\n" * 60
    assert decode(lines.encode(encoding, "ignore"), "a").text == lines.encode(
        encoding, "ignore"
    ).decode(encoding)


def test_a_line_of_utf_8_stays_one_among_lines_of_an_old_encoding():
    old, new = "Оберіть дію, яку треба виконати. ", "Müller, λόγος, Всі дії — „так“ 好\n"
    lines = (f"{old * 9}\n".encode("cp1251") + new.encode()) * 60
    assert decode(lines, "a").text == f"{old * 9}\n{new}" * 60
