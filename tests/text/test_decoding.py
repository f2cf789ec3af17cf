"""Files in every usual encoding become the same text."""

from __future__ import annotations

import contextlib
import random
import tracemalloc

import pytest

from charlstm.errors import CharLSTMError, UnknownEncodingError
from charlstm.text.corpus import read_text
from charlstm.text.decoding import decode

LONG = "All the world's a stage.\n" * 100

SENTENCES = {
    "English": "“Well,” said the naïve man — it’s three o’clock in the café, and nobody is here. ",
    "French": "Où êtes-vous allée, ma chère élève ? Le cœur a ses raisons, et ça suffit à Noël. ",
    "German": "Der süße Bär über dem Fluß träumt schön von Äpfeln; „Öl“ mag er nicht so sehr. ",
    "Spanish": "¿Qué haría mañana el niño? ¡Ay, corazón! El pingüino bebió café con su tía. ",
    "Swedish": "Den gamle mannen gick över ån på våren, där små fåglar sjöng så härligt. ",
    "Icelandic": "Það var einu sinni maður í þessum dal, og hann átti sér ær og góðan hest. ",
    "Polish": "Zażółć gęślą jaźń, rzekł król, a źrebię poszło w świat i już nie wróciło. ",
    "Czech": "Příliš žluťoučký kůň úpěl ďábelské ódy, a nikdo ho té noci už neslyšel. ",
    "Hungarian": "Árvíztűrő tükörfúrógép: itt az idő, most vagy soha, mondta az öreg király. ",
    "Turkish": "Şu dağın ardında yaşlı bir çoban varmış; İnci gibi gözleri gülermiş, ışıl ışıl. ",
    "Latvian": "Vēl tumšajā naktī kāds vīrs gāja pār tiltu, un viņa ļaudis šķita laimīgi. ",
    "Russian": "Я помню чудное мгновенье: передо мной явилась ты, как мимолётное виденье. ",
    "Greek": "Σε γνωρίζω από την κόψη του σπαθιού την τρομερή, σε γνωρίζω από την όψη. ",
    "Hebrew": "בראשית ברא אלהים את השמים ואת הארץ והארץ היתה תהו ובהו וחשך על פני תהום ",
    "Japanese": "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。 ",
    "Chinese": "道可道，非常道。名可名，非常名。无名天地之始；有名万物之母。 ",
}

OLD_ENCODINGS = {
    "English": ["cp1252", "mac_roman"],
    "French": ["cp1252", "iso8859_15", "mac_roman"],
    "German": ["cp1252", "mac_roman"],
    "Spanish": ["cp1252", "latin_1"],
    "Swedish": ["latin_1", "cp850"],
    "Icelandic": ["latin_1"],
    "Polish": ["cp1250", "iso8859_2"],
    "Czech": ["cp1250", "iso8859_2"],
    "Hungarian": ["cp1250"],
    "Turkish": ["cp1254", "iso8859_9"],
    "Latvian": ["cp1257"],
    "Russian": ["cp1251", "koi8_r", "iso8859_5", "cp866"],
    "Greek": ["cp1253", "iso8859_7"],
    "Hebrew": ["cp1255"],
    "Japanese": ["shift_jis", "euc_jp"],
    "Chinese": ["gb18030"],
}


def text_in(language: str) -> str:
    return (SENTENCES[language] + "\n") * 70


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("language", SENTENCES)
def test_unicode_files_are_read_in_every_script(language, encoding):
    text = text_in(language)
    read = read_text(text.encode(encoding), "book.txt")
    assert read.text == text
    assert read.notices == (("Read as UTF-16.",) if "16" in encoding else ())


def test_utf_16_of_either_byte_order_is_read_by_its_mark():
    text = text_in("Greek")
    assert read_text(b"\xff\xfe" + text.encode("utf-16-le"), "a").text == text
    assert read_text(b"\xfe\xff" + text.encode("utf-16-be"), "a").text == text


@pytest.mark.parametrize(
    ("language", "encoding"),
    [(language, encoding) for language in OLD_ENCODINGS for encoding in OLD_ENCODINGS[language]],
)
def test_old_encodings_are_recognised_by_their_letters(language, encoding):
    data = text_in(language).encode(encoding, errors="ignore")
    read = read_text(data, "book.txt")
    assert read.text == data.decode(encoding)
    assert len(read.notices) == 1
    assert read.notices[0].startswith("Read as ")


def test_western_text_is_called_windows_1252():
    read = read_text(text_in("French").encode("cp1252"), "book.txt")
    assert read.notices == ("Read as Windows-1252 (Western Europe).",)


def test_several_western_languages_in_one_file_are_read_as_windows_1252():
    languages = ("French", "German", "Spanish", "Swedish")
    text = "".join(text_in(language) for language in languages)
    assert read_text(text.encode("cp1252"), "book.txt").text == text


def test_a_single_accent_late_in_a_long_file_is_found():
    text = LONG * 100 + "café\n"
    assert read_text(text.encode("latin_1"), "book.txt").text == text
    unbroken = "x" * 200_000 + "é"
    assert read_text(unbroken.encode("latin_1"), "book.txt").text == unbroken


def test_utf_8_with_a_damaged_character_stays_utf_8_and_says_so():
    text = text_in("French")
    data = text.encode()
    read = read_text(data + "é".encode()[:1], "book.txt")  # cut off within a character
    assert read.text == text
    assert read.notices == ("The file ends in the middle of a character, which was left out.",)


@pytest.mark.parametrize("unit", [b"\xff", b"\xe9\n", b"\x81 ", "\u00e9".encode(), b"a\xff"])
def test_whatever_the_bytes_are_memory_is_bounded(unit):
    decode(LONG.encode("latin_1") + b"\xe9", "a.txt")  # imports what is needed
    data = unit * (5_000_000 // len(unit))
    tracemalloc.start()
    try:
        with contextlib.suppress(CharLSTMError):
            decode(data, "a.txt")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10 * len(data)


@pytest.mark.parametrize("unit", [b"\xff", b"\xff\n", b"\xfe", b"\x80 ", b"\xe9"])
def test_one_byte_again_and_again_is_no_text(unit):
    with pytest.raises(CharLSTMError, match="not plain text"):
        read_text(unit * 3_000, "a.txt")


WORDS = "All the wörld’s a stage.\n" * 100


def test_halves_of_an_emoji_are_put_together():
    data = WORDS.encode() + b"A smile: \xed\xa0\xbd\xed\xb8\x80 \xc0\x80\n"  # as Java writes it
    decoded = decode(data, "chat.txt")
    assert decoded.text == f"{WORDS}A smile: \U0001f600 \n"
    assert decoded.encoding == "utf-8"
    assert any("two halves" in notice for notice in decoded.notices)
    assert any("Zero bytes were left out: 1." in notice for notice in decoded.notices)


def test_some_damage_does_not_make_chinese_of_a_line():
    line = "„Grüße“ – aus „Köln“, ärger\xa0dich nicht über ".encode()
    decoded = decode(WORDS.encode() + line + b"\xc1\xbf \xe0\x80\xaf.\n" + WORDS.encode(), "a.txt")
    assert "„Grüße“ – aus „Köln“" in decoded.text


@pytest.mark.parametrize("encoding", ["utf-32-le", "utf-32-be"])
def test_utf_32_needs_no_mark(encoding):
    for text in (WORDS, "Быть или не быть, вот в чём вопрос. \U0001f600\n" * 50):
        assert decode(text.encode(encoding), "a.txt").text == text
        assert decode(text.encode(encoding), "a.txt", encoding).text == text


def test_what_is_chosen_for_a_whole_file_is_that_of_the_whole_file():
    text = "".join(chr(0x4E00 + 37 * i % 5000) for i in range(3000))
    with pytest.raises(CharLSTMError, match="choose its encoding"):
        decode(text.encode("utf-16-be"), "a.txt")
    assert decode(text.encode("utf-16-be"), "a.txt", "utf-16-be").text == text


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "line",
    ["知之為知之不知為不知是知也", "吾輩は猫である。名前はまだ無い。", "어제저녁에집에가는길에"],
)
def test_one_line_of_east_asia_needs_no_mark(line, encoding):
    assert decode((line * 200).encode(encoding), "a.txt").text == line * 200


def test_half_width_letters_of_japanese_mails_are_read():
    text = "ﾃｽﾄ、吾輩は猫である。名前はまだ無い。\n" * 50
    assert decode(text.encode("iso2022_jp_ext"), "a.txt").text == text


def test_a_format_of_lisp_is_no_chinese():
    text = '(format t "~{ab~}~%" words)\n' * 100
    assert decode(text.encode(), "a.lisp").text == text


def test_zero_bytes_at_the_places_of_a_log_that_was_cut_off_are_left_out():
    data = b"a line of a log\n" * 500 + bytes(4096) + b"a line of a log\n" * 500
    decoded = decode(data, "a.log")
    assert decoded.text == "a line of a log\n" * 1000
    assert any("Zero bytes were left out: 4,096" in notice for notice in decoded.notices)


def test_the_end_of_a_file_may_stand_in_its_only_character_beyond_ascii():
    decoded = decode(b"plain words\n" * 200 + b"and a smile \xf0\x9f\x98", "a.txt")
    assert decoded.text == "plain words\n" * 200 + "and a smile "
    assert decoded.encoding == "utf-8"


def test_letters_for_private_use_are_letters():
    text = "\ue000\ue001\ue002 \ue003\ue004\n" * 300
    assert decode(text.encode(), "a.txt").text == text


@pytest.mark.parametrize("line", ["Ann: ok 🩷", "\x0304red\x03 \x02bold\x02", "\x1b]0;t\x07log"])
def test_what_is_utf_8_is_text_also_with_signs_that_few_have(line):
    assert decode(f"{line}\n".encode() * 300, "a.txt").text == f"{line}\n" * 300


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ('<meta charset="windows-1251">', "cp1251"),
        ("<meta http-equiv=x content='text/html; charset=koi8-r'>", "koi8_r"),
        ("<?xml version='1.0' encoding='ISO-8859-5'?>", "iso8859_5"),
    ],
)
def test_what_a_page_says_of_its_encoding_is_heeded(head, encoding):
    text = f"<html>{head}<p>ЪЩЮ ХЦЖ</p>"  # letters that are rare
    assert decode(text.encode(encoding), "a.html").text == text


def test_half_of_half_an_emoji_is_damage():
    data = "Très bien, à bientôt, mon ami.\n".encode() * 20 + b"fin \xed\xa0\xbd\n"
    assert decode(data, "a.txt").text.endswith("fin \ufffd\n")


def test_plain_ascii_is_not_taken_for_chinese():
    numbers = ", ".join(f"0x{i % 256:02x}" for i in range(12))
    text = "unsigned char a_bin[] = {\n" + f"  {numbers},\n" * 99
    assert read_text(text.encode(), "a.h").text == text
    assert read_text(("ሰላም\n" * 700).encode(), "a.txt").text == "ሰላም\n" * 700


def test_a_byte_order_mark_before_an_old_encoding_is_none_of_its_letters():
    text = "我是一只猫。还没有名字。今天天气很好。\n" * 60
    read = decode(b"\xef\xbb\xbf" + text.encode("gb18030"), "a")
    assert read.text == text and read.notices[0] == "Byte order marks were left out: 1."


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("Some words of a line, with a zero byte within\0 it, as a program had left it\n", None),
        ("a short name\0\n", "a short name\n"),
        ("a short name\0\0\0\r\n", "a short name\r\n"),
    ],
)
def test_zeros_among_lines_are_stray(given, text):
    decoded = decode(given.encode() * 100, "a")
    assert decoded.text == (text or given.replace("\0", "")) * 100
    assert decoded.notices == (f"Zero bytes were left out: {given.count(chr(0)) * 100}.",)


def test_long_records_that_end_in_zeros_become_lines():
    records = [
        f"This is record {number:05} of a list of long ones, one after another"
        for number in range(99)
    ]
    decoded = decode("\0".join(records).encode(), "a")
    assert decoded.text == "\n".join(records)


def test_burmese_in_utf_16_is_read_without_a_mark():
    text = "ကျွန်တော်က စာအုပ်ကို ကောင်းကောင်း ဖတ်ပြီး ကလေးက ကစားနေသည်။\n" * 60
    for encoding in ("utf-16-le", "utf-16-be"):
        assert decode(text.encode(encoding), "a").text == text


def test_zeros_after_each_line_become_line_breaks():
    names = "".join(f"folder/file-{number}.txt\0" for number in range(300))
    decoded = decode(names.encode(), "list.txt")
    assert decoded.text == names.replace("\0", "\n")
    assert decoded.notices == ("Zero bytes became line breaks: 300.",)
    with pytest.raises(UnknownEncodingError):
        decode(names.encode("utf-16-le")[:999] + names.encode(), "list.txt")


def test_ctrl_z_may_fill_up_the_last_sector():
    text = "A line as it was written under DOS.\n" * 40
    assert decode(text.encode() + b"\x1a" * 127, "a.txt").text == text + "\x1a" * 127


def test_a_file_may_begin_within_a_character():
    text = "Он сказал: привет, как дела?\n" * 60
    decoded = decode(text.encode()[1:], "a.txt")
    assert decoded.text == text[1:] and not decoded.is_guess
    assert decoded.notices == ("The file begins in the middle of a character, which was left out.",)


def test_utf_8_with_some_damage_is_text():
    generator = random.Random(0)
    line = "Он сказал: привет, 你好, ça va, καλημέρα.\n".encode()
    data = bytearray(line * 300)
    for _ in range(len(data) // 100):
        data[generator.randrange(len(data))] = generator.randrange(0x80, 0x100)
    assert "сказал" in decode(bytes(data), "a.txt").text
