"""Old encodings are told apart by the letters of the languages that used them."""

import pytest

from charlstm.text.corpus import read_text
from charlstm.text.decoding import decode

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


@pytest.mark.parametrize("line", ["He came – and left.", "• one", "il va à Paris", "x — y"])
def test_one_sign_again_and_again_among_words_is_a_sign(line):
    text = f"{line}\n" * 3_000
    assert decode(text.encode("cp1252"), "a.txt").text == text


def test_laughter_of_korean_chats_is_korean():
    text = (
        "[12:00] <min> 완전 웃겨 ㅋㅋㅋ\n[12:01] <jina> ㅋㅋㅋㅋ 진짜? ㅠㅠ\n[12:02] <min> ㅇㅋ\n"
        * 30
    )
    assert decode(text.encode("cp949"), "a").text == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("привет как дела\nаааааа ну вот\nссссупер ээээ\nммммм вкуснооо\n", "koi8_u"),
        ("┌────┬──┐\n│ a  │ b│\n├────┼──┤\n╔═══╗\n║ x ║\n╚═══╝\n└────┴──┘\n", "cp437"),
        ("Через\xa0%(number)s секунд закончится %(name)s\xa0(%(date)s).\n" * 3, "mac_cyrillic"),
        ("나는 고양이다. 이름은 아직 없다. 어디서 태어났는지 도무지 모르겠다.\n", "johab"),
        ("“Labdien,” teica vīrs „mājā”, un viņa ļaudis šķita laimīgi; ēna bija tumša.\n",
         "iso8859_13"),
    ],
)  # fmt: skip
def test_encodings_that_few_have_met(text, encoding):
    read = decode((text * 4).encode(encoding), "a.txt")
    assert (read.text, read.encoding) == (text * 4, encoding)


def test_one_letter_that_two_languages_have_is_a_guess():
    romanian = "Data trebuie să fie după astăzi, iar numărul rămâne fără sens.\n".replace("â", "a")
    (notice,) = decode((romanian * 20).encode("cp1250"), "a.txt").notices
    assert "guess" in notice


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Byl to zvlášť pěkný den, kočka šla domů.\n", "iso8859_2"),
        ("Hemû mirov azad û di weqar û mafan de wekhev têne dinyayê, ew xwedî hiş û şuûr in.\n",
         "cp1254"),
        ("Øll menniskju eru fødd fræls og jøvn til virðingar og mannarættindi, tað verður.\n",
         "cp1252"),
        ("Declaração dos Direitos: não são iguais as nações, à razão e às opiniões.\n", "cp860"),
        ("Allir eru bornir frjálsir, og það er ætíð svo í þjóð Sameinuðu þjóðanna.\n", "cp861"),
        ("Der König fährt über die Brücke und hört schöne Vögel.\n", "cp850"),
    ],
)  # fmt: skip
def test_letters_that_stand_together_in_few_languages(text, encoding):
    read = decode((text * 60).encode(encoding), "a.txt")
    assert (read.text, read.encoding) == (text * 60, encoding)


def test_a_file_of_two_old_encodings_is_a_guess():
    data = ("Erklärung für größere Völker, schön und gut.\n" * 300).encode("cp1252")
    data += ("Все люди рождаются свободными и равными в правах.\n" * 300).encode("cp1251")
    assert "guess" in " ".join(decode(data, "a.txt").notices)
