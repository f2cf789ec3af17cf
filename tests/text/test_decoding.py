"""Files in every usual encoding become the same text."""

from __future__ import annotations

import contextlib
import tracemalloc

import pytest

from charlstm.errors import CharLSTMError
from charlstm.text.corpus import (
    ReadingOptions,
    read_text,
)
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


# A few sentences in languages whose old encodings are easily taken for each other's.
MORE_SENTENCES = {
    "Polish": "Wlazł kotek na płotek i mruga, ładna to piosenka, nie długa. Zażółć gęślą jaźń, "
    "chrząszcz brzmi w trzcinie w Szczebrzeszynie, a źrebię śpi.",
    "Czech": "Příliš žluťoučký kůň úpěl ďábelské ódy. Když jsem šel včera večer domů, potkal jsem "
    "starého přítele, který mi řekl, že se příští týden žení.",
    "Hungarian": "Árvíztűrő tükörfúrógép. A kisfiú elment az iskolába, és közben találkozott a "
    "barátjával, aki éppen a könyvtárba igyekezett, mert esni kezdett az eső.",
    "Turkish": "Pijamalı hasta yağız şoföre çabucak güvendi. Dün akşam eve giderken eski bir "
    "arkadaşıma rastladım, bana gelecek hafta evleneceğini söyledi. Çok şaşırdım.",
    "Lithuanian": "Įlinkdama fechtuotojo špaga sublykčiojusi pragręžė apvalų arbūzą. Vakar vakare "
    "eidamas namo sutikau seną draugą, kuris pasakė, kad kitą savaitę ženijasi.",
    "Greek": "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία. Χθες το βράδυ, καθώς πήγαινα στο σπίτι, συνάντησα "
    "έναν παλιό φίλο που μου είπε ότι παντρεύεται την επόμενη εβδομάδα.",
    "Hebrew": "דג סקרן שט בים מאוכזב ולפתע מצא חברה. אתמול בערב, כשהלכתי הביתה, פגשתי חבר ותיק "
    "שאמר לי שהוא מתחתן בשבוע הבא.",
    "Arabic": "نص حكيم له سر قاطع وذو شأن عظيم. بالأمس مساء وأنا في طريقي إلى البيت التقيت صديقا "
    "قديما قال لي إنه سيتزوج الأسبوع القادم.",
    "Russian": "Вчера вечером по дороге домой я встретил старого друга, который сказал мне, что "
    "женится на следующей неделе. Я очень удивился.",
    "Ukrainian": "Учора ввечері дорогою додому я зустрів давнього приятеля, який сказав мені, що "
    "одружується наступного тижня. Її їжа є в ґанку.",
}
ENCODINGS_BY_LANGUAGE = {
    "Polish": "cp1250 iso8859_2 cp852 mac_latin2",
    "Czech": "cp1250 iso8859_2 cp852 mac_latin2",
    "Hungarian": "cp1250 iso8859_2 cp852 mac_latin2",
    "Turkish": "cp1254 cp857 mac_turkish",
    "Lithuanian": "cp1257 iso8859_4 cp775",
    "Greek": "cp1253 iso8859_7 cp737 mac_greek",
    "Hebrew": "cp1255 cp862 iso8859_8",
    "Arabic": "cp1256 iso8859_6 cp720",
    "Russian": "cp1251 koi8_r iso8859_5 cp866 cp855 mac_cyrillic",
    "Ukrainian": "cp1251 koi8_u iso8859_5 cp1125 mac_cyrillic",
}


@pytest.mark.parametrize(
    ("language", "encoding"),
    [(language, one) for language, names in ENCODINGS_BY_LANGUAGE.items() for one in names.split()],
)
@pytest.mark.parametrize("times", [1, 8])
def test_old_encodings_of_a_language_are_told_apart(language, encoding, times):
    text = f"{MORE_SENTENCES[language]}\n" * times
    data = text.encode(encoding, "replace")
    assert decode(data, "a.txt").text == data.decode(encoding)


def test_vietnamese_is_read_with_its_tones():
    text = (
        "Tôi yêu tiê\u0301ng nươ\u0301c tôi tư\u0300 khi mơ\u0301i ra đơ\u0300i, ngươ\u0300i ơi.\n"
        * 9
    )
    assert decode(text.encode("cp1258"), "a.txt").text == text


def test_letters_of_two_scripts_in_a_word_are_a_doubt():
    text = "Dát lea čáppa beaivi, ja ŧiŋga đoallá guokte šlája žeaŋ.\n" * 20
    decoded = decode(text.encode("iso8859_10"), "a.txt")  # Sami: not among those known
    assert decoded.is_guess
    assert any("This is a guess" in notice for notice in decoded.notices)


@pytest.mark.parametrize(
    ("line", "encoding"),
    [
        ("Ĉiuj homoj estas denaske liberaj laŭ digno. Ŝi ĝojis ĵaŭde pri ĥoro.", "iso8859_3"),
        ("Ħafna nies jgħidu li ż-żmien iġib kollox, ċertament.", "iso8859_3"),
        ("Mae'r dŵr yn y tŷ, a'r ŵyl yn yr ŷd. Mae'r tân â phâr o ffyn.", "iso8859_14"),
        ("Kovačević, Babić, Marić, Horvat, Perić, Vuković", "cp1250"),  # names have no š or ž
        ("The Cæsar of the pæan met Æneas and the dæmon", "cp1252"),
        ("カメラ\nシャツ\nスープ\nバター\nコンピュータ", "cp932"),
        ("château où l'été, déjà", "cp850"),
        ("ｶﾒﾗ\nｼｬﾂ\nｽｰﾌﾟ\nﾊﾞﾀｰ\nﾆｭｰｽ\nｺﾝﾋﾟｭｰﾀ", "cp932"),
        ("コード: ｶﾒﾗ\nﾅｰ\nﾆｭｰｽ\n東京の会社です。", "cp932"),
        ("МОСКВА И РОССИЯ, СТРАНА И НАРОД", "cp1251"),
    ],
)
def test_lists_and_languages_of_few_letters_are_read(line, encoding):
    text = f"{line}\n" * 40
    assert decode(text.encode(encoding), "a.txt").text == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("one thing\xa0more\n" + "We met at the café, naïve and passé.\n" * 10, "cp1252"),
        ("All the world's\xa0a stage, said he\xa0to me.\n" * 80, "cp1252"),
        ("ВСЕМ ПРИВЕТ, КАК ВАШИ ДЕЛА\n" * 100, "cp1251"),
        ("ВСЕМ ПРИВЕТ, КАК ВАШИ ДЕЛА\n" * 100, "koi8_r"),
        ("ВСЕМ ПРИВЕТ, КАК ВАШИ ДЕЛА\n" * 100, "cp866"),
        ("ΚΑΛΗΜΕΡΑ ΣΕ ΟΛΟΥΣ ΤΟΥΣ ΑΝΘΡΩΠΟΥΣ\n" * 100, "cp1253"),
        ("МАРИЯ. Я ухожу из дома.\nИВАН. Куда же ты идёшь?\n" * 50, "cp1251"),
        ("├── src\n│   └── main.c\n" * 20, "cp437"),
        ("╔════╗\n║ x  ║\n╚════╝\n" * 20, "cp437"),
    ],
)
def test_what_is_easily_mistaken_is_read_right(text, encoding):
    assert decode(text.encode(encoding), "a.txt").text == text


@pytest.mark.parametrize(
    "line",
    ["He came – and left", "and so on …", "• one", "5 €", "che è", "© me", "Windows® and Word™",
     "10 ± 2 µm, 5 × 3", "il va à Paris", "see † and ‡"],
)  # fmt: skip
def test_a_few_signs_in_english_are_those_of_windows(line):
    text = "All the world's a stage, and all the men players.\n" * 50
    for lines in (f"{line}\n", f"{line}\n" * 3):
        assert decode((text + lines).encode("cp1252"), "a.txt").text == text + lines


def test_two_encodings_may_stand_in_each_line():
    data = ("Это чат: ".encode() + "привет, как дела\n".encode("cp1251")) * 80
    assert decode(data, "a.txt").text == "Это чат: привет, как дела\n" * 80


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


PROSE = "A short line of prose that somebody wrote.\n" * 3


@pytest.mark.parametrize(
    ("line", "encoding"),
    [
        ("Bake at 180°C.", "cp1252"),
        ("ÉMILE. Yes.", "cp1252"),
        ("Take ½ cup.", "cp1252"),
        ("Die Straße.", "cp1252"),
        ("EL NIÑO", "cp1252"),
        ("It’s mine.", "mac_roman"),
        ("No — he said.", "mac_roman"),
        ("MÜNCHEN\nKÖLN\nNÜRNBERG", "cp1252"),
        ("Iaşi\nBraşov\nConstanţa\nBucureşti\nTimişoara", "cp1250"),
    ],
)
def test_a_sign_that_comes_again_and_again_is_no_frame(line, encoding):
    text = f"{PROSE}{line}\n" * 30
    assert decode(text.encode(encoding), "a.txt").text == text


def test_kazakh_is_read_with_its_own_letters_and_a_doubt():
    text = (
        "Барлық адамдар тумысынан азат және қадір-қасиеті мен құқықтары тең, өмір үшін ғой.\n" * 60
    )
    corpus = read_text(text.encode("kz1048"), "a.txt")
    assert corpus.text == text
    assert (corpus.encoding, corpus.is_guess) == ("kz1048", True)
    assert "This is a guess" in corpus.notices[0]


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


def test_plain_ascii_is_not_taken_for_chinese():
    numbers = ", ".join(f"0x{i % 256:02x}" for i in range(12))
    text = "unsigned char a_bin[] = {\n" + f"  {numbers},\n" * 99
    assert read_text(text.encode(), "a.h").text == text
    assert read_text(("ሰላም\n" * 700).encode(), "a.txt").text == "ሰላም\n" * 700


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "Ta ütles, et läheb koju ja tuleb õhtul tagasi. Öösel oli külm, šokolaad.\n"),
        ("cp1256", "وہ گھر آيا تو اس نے ديکھا کہ سب لوگ باغ ميں بيٹھے ہيں.\n"),
        ("cp874", "มาตรา ๑๒๓ วรรค ๒ แห่ง พ.ร.บ. ๒๕๔๐\n"),
        ("big5", "陳小明\n林美玲\n黃志偉\n"),
    ],
)
def test_few_words_again_and_again_are_read(encoding, text):
    assert read_text((text * 300).encode(encoding), "a.txt").text == text * 300


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1257", "Vakar mūsų miestelyje įvyko šventė, į kurią atvyko Jürgen Müller iš Köln."),
        (
            "cp1257",
            "Bērni šķiet dziedājām līdz vēlam vakaram, ļoti jauki; bija arī Günter no Ķelnes.",
        ),
        ("cp1254", "Dün akşam şehrin kıyısında yürürken eski dostum André ile karşılaştık."),
        ("cp1250", "Tegnap este az új könyvesboltban találkoztam Strauß úrral és a szőke fiúval."),
        ("cp1250", "Wczoraj spotkałem się z profesorem Gödelem w kawiarni i mówiliśmy o książce."),
        ("cp1250", "Včera jsem potkal pana Müllera na náměstí. Povídali jsme si o škole."),
        (
            "iso8859_2",
            "Książka leży na stole. Für die Prüfung muss ich noch üben, mój przyjacielu.",
        ),
        (
            "mac_roman",
            "Il a écrit à sa mère : « Die Tür war offen, ich hörte die Vögel. » C'était l'été.",
        ),
        ("cp850", "Hier soir j'ai rencontré M. Müller et le señor Núñez à la gare, près du café."),
        ("cp1250", "Příliš žluťoučký kůň. Die Vögel hören nicht auf, schöne Grüße für alle."),
    ],
)
def test_foreign_names_and_a_second_language_do_not_change_the_encoding(encoding, text):
    lines = f"{text}\n" * 60
    assert decode(lines.encode(encoding), "a").text == lines


def test_a_byte_order_mark_before_an_old_encoding_is_none_of_its_letters():
    text = "我是一只猫。还没有名字。今天天气很好。\n" * 60
    read = decode(b"\xef\xbb\xbf" + text.encode("gb18030"), "a")
    assert read.text == text and read.notices[0] == "Byte order marks were left out: 1."


def test_laughter_of_korean_chats_is_korean():
    text = (
        "[12:00] <min> 완전 웃겨 ㅋㅋㅋ\n[12:01] <jina> ㅋㅋㅋㅋ 진짜? ㅠㅠ\n[12:02] <min> ㅇㅋ\n"
        * 30
    )
    assert decode(text.encode("cp949"), "a").text == text


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
