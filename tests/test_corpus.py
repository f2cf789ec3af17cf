"""Texts: download, upload, paste, and what is refused."""

from __future__ import annotations

import hashlib
import lzma
import os
import random
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charlstm import corpus
from charlstm.corpus import (
    Corpus,
    DownloadError,
    clean,
    download_tiny_shakespeare,
    paste,
    practice_text,
    read_file,
    read_text,
    tiny_shakespeare,
    tiny_shakespeare_or_practice,
)
from charlstm.errors import CharLSTMError
from charlstm.home import downloads_folder
from tests.http_server import serving

ROOT = Path(corpus.__file__).resolve().parents[1]
SHAKESPEARE = ROOT.parent / "shared" / "data" / "tinyshakespeare" / "input.txt"
PAYLOAD = b"".join(b"line %d of a play\n" % number for number in range(700))
PAYLOAD_SHA256 = hashlib.sha256(PAYLOAD).hexdigest()
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


# Cleaning


def test_verse_is_left_as_it_is():
    assert clean("a\n\n  b \n", "verse") == "a\n\n  b \n"


@pytest.mark.parametrize(
    ("text", "prose"),
    [
        ("To be,\nor not", "To be, or not"),
        ("one  two", "one two"),
        ("  \n around \n", "around"),
        # One pass only, as in the notebook: three spaces become two.
        ("one   two", "one  two"),
        ("one\n\n\ntwo", "one  two"),
    ],
)
def test_prose_is_the_notebook_s_cleaning(text, prose):
    assert clean(text, "prose") == prose


def test_an_unknown_style_is_answered_with_the_known_ones():
    for ask in (
        lambda: clean("text", "poem"),
        lambda: paste(LONG, "poem"),
        lambda: tiny_shakespeare("poem"),
    ):
        with pytest.raises(CharLSTMError, match="'poem'.*verse, prose"):
            ask()


@pytest.mark.skipif(not SHAKESPEARE.is_file(), reason=f"{SHAKESPEARE} is not here")
def test_tiny_shakespeare_has_the_figures_of_the_notebook():
    data = SHAKESPEARE.read_bytes()
    assert len(data) == corpus.TINY_SHAKESPEARE_BYTES
    assert hashlib.sha256(data).hexdigest() == corpus.TINY_SHAKESPEARE_SHA256
    downloads_folder().mkdir(parents=True)
    (downloads_folder() / "tiny-shakespeare.txt").write_bytes(data)
    prose, verse = tiny_shakespeare("prose"), tiny_shakespeare()
    assert (prose.name, prose.style, prose.notices) == ("tiny-shakespeare", "prose", ())
    assert (len(prose.text), len(set(prose.text))) == (1_108_157, 64)
    assert (len(verse.text), len(set(verse.text))) == (1_115_394, 65)
    assert verse.sha256 == corpus.TINY_SHAKESPEARE_SHA256


# Encodings


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
    assert read.notices == ("Read as Windows-1252.",)


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
    assert read.notices == ("Damaged characters were left out: 1.",)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=200))
def test_any_readable_text_survives_an_upload_in_utf_8(extra):
    text = LONG + extra.replace("\ufffd", "").removeprefix("\ufeff") + "\n"
    assert read_text(text.encode(), "book.txt").text == text
    assert paste(text).text == text


@given(st.text(st.sampled_from("\r\n\tab é"), max_size=80))
def test_no_carriage_return_is_left_and_line_counts_stay(extra):
    text = LONG + extra
    read = paste(text)
    assert "\r" not in read.text
    # str.splitlines is an independent judge of what a line is.
    assert read.text.splitlines() == text.splitlines()
    assert bool(read.notices) == ("\r" in text)


@pytest.mark.parametrize(
    ("line_end", "notice"),
    [
        ("\r\n", "Windows line ends were changed to plain ones."),
        ("\r", "Old Macintosh line ends were changed to plain ones."),
    ],
)
def test_other_line_ends_become_plain_ones_with_a_notice(line_end, notice):
    read = read_text(LONG.replace("\n", line_end).encode("utf-16"), "book.txt")
    assert read.text == LONG
    assert read.notices == ("Read as UTF-16.", notice)


def test_tabs_and_form_feeds_are_text():
    text = LONG.replace("\n", "\n\t\f\v")
    assert read_text(text.encode(), "book.txt").text == text


# Names


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("/tmp/upload/3f/my book.txt", "my book.txt"),
        ("C:\\Users\\Ann\\play.txt", "play.txt"),
        ("Søren.txt", "Søren.txt"),
        ("bell\a\n.txt", "bell.txt"),
        ("upload/", "upload"),
        ("", "text"),
    ],
)
def test_only_the_base_name_is_shown(given_name, shown):
    assert read_text(LONG.encode(), given_name).name == shown


def test_pasted_text_is_called_that_and_kept():
    assert paste(LONG, "prose") == Corpus(
        name="pasted text", text=clean(LONG, "prose"), style="prose"
    )


# Refusals


def compressed() -> bytes:
    rng = random.Random(3)
    return zlib.compress(bytes(rng.randrange(97, 123) for _ in range(20_000)))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \n\t" * 2000, "empty"),
        ("\ufeff".encode(), "empty"),
        (b"short", "5 characters.*2,000"),
        (b"x" * 1_999, "1,999 characters.*2,000"),
        (b"x" * 5_000_001, "5 MB"),
        ("".join(map(chr, range(0x4E00, 0x4E00 + 1001))).encode() * 2, "1,001 different.*1,000"),
        (LONG.encode() + b"\0" + LONG.encode(), "not plain text"),
        (b"\x89PNG\r\n\x1a\n" + LONG.encode(), "not plain text"),
        (b"%PDF-1.7\n" + LONG.encode(), "not plain text"),
        (b"PK\x03\x04" + LONG.encode(), "not plain text"),
        (b"{\\rtf1\\ansi " + LONG.encode(), "not plain text"),
        (random.Random(1).randbytes(20_000), "not plain text"),
        (random.Random(2).randbytes(20_000).replace(b"\0", b""), "not plain text"),
        (bytes(byte | 128 for byte in random.Random(3).randbytes(20_000)), "not plain text"),
        (compressed(), "not plain text"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_use_is_refused_with_one_sentence(data, reason):
    with pytest.raises(CharLSTMError, match=reason) as caught:
        read_text(data, "folder/book.txt")
    message = str(caught.value)
    assert message.startswith("book.txt ")
    assert message.endswith(".")
    assert "\n" not in message


def test_the_limits_themselves_are_allowed():
    assert len(read_text(b"x" * corpus.MIN_CHARACTERS, "a").text) == 2_000
    assert len(read_text(b"x" * corpus.MAX_BYTES, "a").text) == 5_000_000
    varied = "".join(map(chr, range(0x4E00, 0x4E00 + 1_000)))
    assert read_text((varied * 2).encode(), "a").text == varied * 2


def test_length_is_judged_after_cleaning():
    text = "a  " * 700  # 2,100 characters, 1,399 as prose
    assert paste(text).text == text
    with pytest.raises(CharLSTMError, match="1,399 characters"):
        paste(text, "prose")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "The pasted text is empty"),
        (" \r\n" * 1_000, "The pasted text is empty"),
        ("brief", "The pasted text has 5 characters"),
        ("é" * 2_500_001, "The pasted text is over 5 MB"),
        (LONG + "\ud83d", "half a character at position 2,501"),
        (LONG + "\0", "a NUL at position 2,501"),
    ],
)
def test_a_paste_is_refused_for_the_same_reasons(text, reason):
    with pytest.raises(CharLSTMError, match=reason):
        paste(text)


# Files of the command line


def test_read_file_reads_what_read_text_reads(tmp_path):
    path = tmp_path / "livre.txt"
    path.write_bytes(text_in("French").encode("cp1252"))
    assert read_file(path, "prose") == read_text(path.read_bytes(), "livre.txt", "prose")
    assert read_file(str(path)).style == "verse"


def test_files_that_cannot_be_read_are_named(tmp_path):
    for path in (tmp_path / "missing.txt", tmp_path, Path("nul\0name")):
        with pytest.raises(CharLSTMError, match="cannot be read") as caught:
            read_file(path)
        assert str(path) in str(caught.value)


def test_a_file_over_the_limit_is_refused_without_reading_all_of_it(tmp_path):
    path = tmp_path / "huge.txt"
    with path.open("wb") as file:
        file.truncate(10**11)  # a hole: takes no room
    with pytest.raises(CharLSTMError, match="huge.txt is over 5 MB"):
        read_file(path)


# The practice text


def test_the_practice_text_is_unpacked_and_cleaned(tmp_path):
    path = tmp_path / "practice.xz"
    path.write_bytes(lzma.compress(text_in("French").encode()))
    text = clean(text_in("French"), "prose")
    expected = Corpus(name="practice-text", text=text, style="prose")
    assert practice_text("prose", path=path) == expected


def test_a_missing_or_damaged_practice_text_is_named(tmp_path):
    path = tmp_path / "practice.xz"
    for content in (None, b"no xz", lzma.compress(LONG.encode())[:-9], lzma.compress(b"\xff")):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(CharLSTMError, match="practice.xz is missing or damaged"):
            practice_text(path=path)


# The download


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(corpus, "_PAUSE_S", 0.0)
    for name in ("NO_PROXY", "no_proxy"):  # else a proxy of this computer would be asked
        monkeypatch.setenv(name, "127.0.0.1")
    return tmp_path / "downloads"


def download(server, folder, **options):
    # Short only where silence is meant: on a busy machine any answer may take a moment.
    timeout_s = 0.5 if "slow" in server.moods else 10.0
    return download_tiny_shakespeare(
        url=server.url, folder=folder, sha256=PAYLOAD_SHA256, timeout_s=timeout_s, **options
    )


def test_a_download_is_kept_and_made_once(folder):
    shares = []
    with serving(PAYLOAD, "good") as server:
        path = download(server, folder, progress=shares.append)
        assert download(server, folder) == path
        assert server.requests == 1
    assert path.read_bytes() == PAYLOAD
    assert list(folder.iterdir()) == [path]
    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.1
    assert shares[-1] == 1.0


def test_a_server_that_does_not_announce_the_length_is_fine(folder):
    shares = []
    with serving(PAYLOAD, "unannounced") as server:
        assert download(server, folder, progress=shares.append).read_bytes() == PAYLOAD
    assert shares == sorted(shares)


def test_a_damaged_file_is_downloaded_again(folder):
    folder.mkdir()
    (folder / "tiny-shakespeare.txt").write_bytes(PAYLOAD[:-1])
    with serving(PAYLOAD, "good") as server:
        assert download(server, folder).read_bytes() == PAYLOAD
        assert server.requests == 1
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize("moods", [["500", "500"], ["corrupt", "cut off"], ["slow"]])
def test_what_passes_is_tried_again(folder, moods):
    with serving(PAYLOAD, *moods, "good") as server:
        assert download(server, folder).read_bytes() == PAYLOAD
        assert server.requests == len(moods) + 1
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize(
    ("mood", "num_requests", "reason"),
    [
        ("404", 1, "error 404"),
        ("500", 3, "error 500"),
        ("corrupt", 3, "not the expected text"),
        ("cut off", 3, "broke off"),
        ("slow", 3, "too slow"),
    ],
)
def test_a_failed_download_leaves_nothing_and_says_why(folder, mood, num_requests, reason):
    with serving(PAYLOAD, mood) as server:
        with pytest.raises(DownloadError, match=f"{reason}.*practice text"):
            download(server, folder)
        assert server.requests == num_requests
    assert list(folder.iterdir()) == []


def test_a_trickle_is_ended_and_not_begun_again(folder, monkeypatch):
    monkeypatch.setattr(corpus, "_PATIENCE_S", 0.15)
    with serving(PAYLOAD, "trickle") as server:
        with pytest.raises(DownloadError, match="too slow"):
            download(server, folder)
        assert server.requests == 1
    assert list(folder.iterdir()) == []


def test_an_interrupted_download_leaves_nothing(folder):
    def interrupt(share):
        if share > 0.5:
            raise KeyboardInterrupt

    with serving(PAYLOAD, "good") as server, pytest.raises(KeyboardInterrupt):
        download(server, folder, progress=interrupt)
    assert list(folder.iterdir()) == []


def test_nobody_at_the_other_end_is_said_in_lay_words(folder):
    with serving(PAYLOAD, "good") as server:
        pass  # closed again: nobody listens there
    with pytest.raises(DownloadError) as caught:
        download(server, folder)
    assert caught.value.reason == "the server could not be reached"


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with serving(PAYLOAD, "good") as server:
        with pytest.raises(CharLSTMError, match="CHARLSTM_HOME"):
            download(server, tmp_path / "file" / "downloads")
        assert server.requests == 0


@pytest.fixture
def pretended(monkeypatch, folder):
    """Tiny Shakespeare as the test's server has it, and a practice text."""
    shipped = folder.parent / "shipped"
    shipped.mkdir()
    (shipped / corpus.PRACTICE_FILE).write_bytes(lzma.compress(LONG.encode()))
    monkeypatch.setattr(corpus, "shipped_folder", lambda: shipped)
    monkeypatch.setattr(corpus, "TINY_SHAKESPEARE_SHA256", PAYLOAD_SHA256)

    def pretend(server):
        defaults = download_tiny_shakespeare.__kwdefaults__
        for name, value in (("url", server.url), ("sha256", PAYLOAD_SHA256)):
            monkeypatch.setitem(defaults, name, value)

    return pretend


def test_without_a_network_the_practice_text_is_used_and_that_is_said(pretended):
    with serving(PAYLOAD, "404") as server:
        pretended(server)
        read = tiny_shakespeare_or_practice("prose")
    assert (read.name, read.style, read.text) == ("practice-text", "prose", clean(LONG, "prose"))
    assert len(read.notices) == 1
    assert "error 404" in read.notices[0]
    assert "practice text" in read.notices[0]


def test_with_a_network_no_practice_text_is_used(pretended):
    with serving(PAYLOAD, "good") as server:
        pretended(server)
        read = tiny_shakespeare_or_practice()
    assert read == Corpus(name="tiny-shakespeare", text=PAYLOAD.decode(), style="verse")


def test_that_a_damaged_file_was_replaced_is_said(pretended):
    downloads_folder().mkdir(parents=True)
    (downloads_folder() / "tiny-shakespeare.txt").write_bytes(b"half of i")
    with serving(PAYLOAD, "good") as server:
        pretended(server)
        first, second = tiny_shakespeare(), tiny_shakespeare()
    assert first.text == second.text == PAYLOAD.decode()
    assert first.notices == ("The downloaded text was damaged, so it was downloaded again.",)
    assert second.notices == ()


def test_importing_is_quick_because_the_network_packages_come_later():
    code = "import sys, charlstm.corpus; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=os.environ, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    assert not {"requests", "pooch", "charset_normalizer", "numpy"} & set(result.stdout.split())
