"""E-books, word processors' files, PDF and archives: what is read of them, and what is refused."""

import subprocess
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from charlstm.errors import CharLSTMError
from charlstm.text import documents
from charlstm.text.corpus import ReadingOptions, read_files, read_text
from charlstm.text.tags import words_of
from tests.document_files import BODY, WORD, archive, docx, epub, odt, pdf
from tests.waiting import wait_until

ENCRYPTION = "META-INF/encryption.xml"

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 400

ODS = {"mimetype": "application/vnd.oasis.opendocument.spreadsheet"}

LOCKED_ODT = {
    "mimetype": "application/vnd.oasis.opendocument.text",
    "META-INF/manifest.xml": "<m:manifest xmlns:m='m'><m:encryption-data/></m:manifest>",
}


@pytest.mark.parametrize(
    ("name", "data", "notice"),
    [
        ("a.docx", docx(), "Read as a Word document: its text without headers"),
        ("a.odt", odt(), "Read as an OpenDocument text: its text without headers"),
        ("a.zip", archive({"b.txt": BODY, "c.png": b"\x89PNG"}), "Read as a ZIP archive of texts"),
    ],
)
def test_the_text_of_a_document_is_read_and_this_is_said(name, data, notice):
    corpus = read_text(data, name)
    assert corpus.text == BODY
    assert corpus.notices[0].startswith(notice)


def test_an_e_book_is_read_chapter_by_chapter():
    corpus = read_text(epub(), "book.epub")
    assert [line for line in corpus.text.split("\n") if line] == BODY.splitlines()
    assert corpus.notices[0] == "Read as an e-book (EPUB): 2 chapters without tags."


PACKAGE = """<package xmlns="http://www.idpf.org/2007/opf"><manifest>
<item id="two" href="text/chapter%202.xhtml" media-type="application/xhtml+xml"/>
<item id="one" href="text/one.xhtml" media-type="application/xhtml+xml"/></manifest>{}</package>"""


@pytest.mark.parametrize(
    ("order", "first"),
    [
        ("one one#half two two", 0),  # a chapter that is listed twice is read once
        ("", 1),  # without an order: as they are listed
    ],
)
def test_the_order_of_an_e_book_may_be_odd(order, first):
    refs = "".join(f'<itemref idref="{one.partition("#")[0]}"/>' for one in order.split())
    book = epub(**{"OEBPS/book.opf": PACKAGE.format(f"<spine>{refs}</spine>")})
    corpus = read_text(book, "book.epub")
    lines = [line for line in corpus.text.split("\n") if line]
    assert lines == BODY.splitlines()
    assert corpus.notices[0] == "Read as an e-book (EPUB): 2 chapters without tags."


def test_files_of_an_archive_are_read_as_if_they_came_alone():
    page = f"<html><body>{'<p>One &amp; all</p>' * 9}</body></html>"
    cues = "".join(f"{i}\n00:00:{i:02},1 --> 00:00:{i:02},9\nline {i}\n\n" for i in range(9))
    old = "Zwölf Boxkämpfer, größer als Überläufer für Öl.\n" * 9
    files = {"a.txt": BODY, "b.html": page, "d/c.srt": cues, "d.TXT": old.encode("cp1252")}
    corpus = read_text(archive({**files, "e.txt": b"\x89\xff\0" * 900, "f.png": b"x"}), "all.zip")
    lines = "".join(f"line {i}\n" for i in range(9))
    assert corpus.text == BODY + "One & all\n\n" * 8 + "One & all\n" + lines + old
    assert corpus.notices[0] == (
        "Read as a ZIP archive of texts: 4 texts, one after the other. d.TXT: Read as Windows-1252 "
        "(Western Europe). Not read, because damaged, protected or no text: e.txt."
    )


def test_how_files_of_an_archive_are_read_may_be_chosen():
    old = "Zwölf Boxkämpfer, größer als Überläufer für Öl.\n" * 99
    page = f"<html><body>{'<p>One &amp; all</p>' * 99}</body></html>\n"
    made = archive({"a.txt": old.encode("cp1252"), "b.html": page})
    usual = read_text(made, "all.zip")
    assert usual.is_guess and usual.encoding == "cp1252" and usual.markup == "html"
    options = ReadingOptions(encoding="cp1251", keeps_markup=True)
    chosen = read_text(made, "all.zip", options=options)
    assert chosen.text == old.encode("cp1252").decode("cp1251") + page
    assert not chosen.is_guess


def test_documents_in_an_archive_are_read_and_archives_are_not():
    made = archive({"a.docx": docx(), "b/c.epub": epub(), "d.docx": archive({"e.txt": BODY})})
    corpus = read_text(made, "all.zip")
    assert [line for line in corpus.text.split("\n") if line] == BODY.splitlines() * 2
    assert "2 texts, one after the other" in corpus.notices[0] and "d.docx" in corpus.notices[0]


@pytest.mark.parametrize("beginning", ["ID3 tags are", "Rar! he cried", "GIF89a is", "%PDF-1.4 is"])
def test_a_text_about_a_kind_of_file_is_a_text(beginning):
    text = f"{beginning} what this text begins with.\n" + BODY
    assert read_text(text.encode(), "a.txt").text == text


def test_a_pdf_is_read_page_by_page():
    corpus = read_text(pdf(), "paper.pdf")
    assert corpus.text.startswith("The quick brown fox jumps over it 0\n")
    assert corpus.notices[0] == "Read as a PDF: the text of 1 page."


def test_half_a_character_in_a_pdf_is_damage():
    corpus = read_text(pdf("A quick brown fox jumps over it", letters="<41> <D83D>"), "paper.pdf")
    assert corpus.text.startswith(" quick brown fox")
    assert any("Damaged characters were left out: 70." in one for one in corpus.notices)


def test_a_document_from_a_disk_is_read_to_its_end_and_joined_with_texts(tmp_path):
    picture = bytes(range(256)) * 8_000  # before what is needed
    (tmp_path / "a.docx").write_bytes(docx())
    (tmp_path / "b.zip").write_bytes(archive({"p.png": picture, "b.txt": "of an archive\n"}))
    (tmp_path / "c.txt").write_text("and a text")
    paths = [tmp_path / name for name in ("a.docx", "b.zip", "c.txt")]
    assert read_files(paths, max_bytes=50_000).text == f"{BODY}of an archive\nand a text\n"


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.zip", archive({"a.xlsx": b"x"}), "is an archive without a text that can be read"),
        ("a.xlsx", archive({"xl/workbook.xml": "<a/>", "b.json": "1"}), "is a spreadsheet"),
        ("a.pptx", archive({"ppt/presentation.xml": "<a/>"}), "is a presentation: save its words"),
        ("a.docx", docx()[:-100], "is damaged"),
        ("a.docx", archive({"word/document.xml": "<a><b>"}), "is damaged"),
        ("a.epub", archive({"META-INF/container.xml": "<a/>"}), "is damaged"),
        ("a.epub", epub(" \n \n"), "has no text in it"),
        ("a.pdf", pdf("", 0), "has no text in it, only pictures perhaps"),
        ("a.pdf", b"%PDF-1.4\nnothing", "is damaged"),
        ("a.zip", archive({}), "is an archive without a text that can be read"),
        ("a.zip", archive({"b.txt": b"\x89\xff\0" * 900}), "without a text that can be read"),
        ("a.zip", archive({"b.rtf": rb"{\rtf1 text}" * 400}), "without a text that can be read"),
        ("a.ods", archive({**ODS, "content.xml": "<a/>"}), "is a spreadsheet: save it as CSV"),
        ("a.rtf", b"\xef\xbb\xbf\r\n" + rb"{\rtf1 text}" * 400, "an RTF document"),
        ("a.doc", OLE, "save it as .docx or as text"),
        ("a.docx", OLE + "EncryptedPackage".encode("utf-16-le"), "protected by a password: save"),
        ("a.odt", archive({**LOCKED_ODT, "content.xml": b"\x8f\x01"}), "protected by a password"),
        ("a.rtf", rb"{\rtf1 text}" * 400, "an RTF document: save it as .docx"),
        ("a.gz", b"\x1f\x8b\x08" + bytes(range(256)) * 20, "unpack it first"),
    ],
)
def test_what_cannot_be_read_is_named_with_what_to_do(name, data, sentence):
    with pytest.raises(CharLSTMError, match=sentence) as raised:
        read_text(data, name)
    assert str(raised.value).startswith(name)


def test_a_book_that_is_protected_is_called_so():
    locked = '<encryption><CipherReference URI="OEBPS/text/one.xhtml"/></encryption>'
    fonts = '<encryption><CipherReference URI="OEBPS/font.otf"/></encryption>'
    with pytest.raises(CharLSTMError, match="protected by a password or a shop"):
        read_text(epub(**{ENCRYPTION: locked}), "book.epub")
    assert "2 chapters" in read_text(epub(**{ENCRYPTION: fonts}), "book.epub").notices[0]


def test_a_file_that_unpacks_to_more_than_memory_holds_is_read_as_far_as_is_of_use():
    bomb = archive({"a.txt": "a line of text\n" * 4_000_000})
    assert len(bomb) < 200_000
    corpus = read_text(bomb, "bomb.zip", max_bytes=100_000)
    assert len(corpus.text) <= 100_000 and "longer than 0.1 MB" in corpus.notices[-1]


def test_entities_that_grow_without_end_are_refused():
    grown = "".join(f'<!ENTITY e{i + 1} "{f"&e{i};" * 10}">' for i in range(12))
    document = f'<!DOCTYPE d [<!ENTITY e0 "lol">{grown}]><w:d xmlns:w="{WORD}">&e12;</w:d>'
    with pytest.raises(CharLSTMError, match="is damaged"):
        read_text(archive({"word/document.xml": document}), "laughs.docx")


@pytest.mark.parametrize(
    "repeated", ["<!--", "<![CDATA[", "<a href='", "<a", "</", "&", "<?x", "<b>"]
)
def test_what_is_never_closed_is_read_in_one_pass(repeated):
    page = f"<html><body>{'a line of words<br>' * 300}{repeated * 200_000}"
    assert read_text(page.encode(), "a.html").text.startswith("a line of words\na line")


def test_what_takes_for_ever_is_ended(monkeypatch):
    def for_ever(*arguments, **options):
        raise subprocess.TimeoutExpired(arguments, options["timeout"])

    monkeypatch.setattr(documents.subprocess, "run", for_ever)
    with pytest.raises(CharLSTMError, match="was not read within 30 seconds: save it as text"):
        read_text(docx(), "slow.docx")


def test_a_reader_that_is_ended_by_its_limits_makes_a_sentence(monkeypatch):
    killed = subprocess.CompletedProcess([], -9, b"", b"")
    monkeypatch.setattr(documents.subprocess, "run", lambda *arguments, **options: killed)
    with pytest.raises(CharLSTMError, match="cannot be read: it is damaged, or too"):
        read_text(docx(), "large.docx")


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>one</p><p>two</p>", "one\n\ntwo\n"),
        ("a<br>b<BR/>c", "a\nb\nc\n"),
        ("<b>bo</b>ld &amp; <i>it</i>alic &#8220;x&#8221;", "bold & italic “x”\n"),
        ("<title>t</title><body>text", "text\n"),
        ("<head><title>t</title><body>text", "text\n"),
        ("<script>if (a < b) {}</script>text<style>p {}</style>", "text\n"),
        ("<pre>a\n  b</pre>", "a\n  b\n"),
        ("<ul><li>a<li>b</ul>", "a\nb\n"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a\tb\n"),
        ("long\nlines   are\tone", "long lines are one\n"),
        ("a <!-- hidden --> b < c", "a b < c\n"),
        ("<?xml version='1.0'?><!DOCTYPE html>a<!-- never closed", "a never closed\n"),
        ("<![CDATA[a <b> c]]>d", "a cd\n"),
        ("1<2 <3 a<b>c</b>", "1<2 <3 ac\n"),
        ("if (a<b) <i>c</i", "if (a<b) c</i\n"),
        ("<script><!-- if (a) {}</script>text<p>more", "text\nmore\n"),
        ("I said <!wow, and <!1 < 2", "I said <!wow, and <!1 < 2\n"),
        ("<html><head><title>t</title><meta><p>text", "text\n"),
        ("<head><title>t</title>text", "text\n"),
        ("<a title='a<b'>text</a>, <a href=\"x>not closed</a>", "text, not closed\n"),
        ("<object data=x><p>text</p>", "text\n"),
        ("a<svg><title>b</title></svg>c<svg>d", "acd\n"),
        ("<?php echo '<b>' ?>text<!-->a<!--->b", "textab\n"),
        ("<h:p>one</h:p>two", "one\n\ntwo\n"),
        ("<body><div><head>Act</head><l>one</l><l>two</l></div>", "Act\none\n\ntwo\n"),
        ("", "\n"),
    ],
)
def test_the_words_of_a_page_are_what_a_browser_shows(markup, text):
    assert words_of(markup) == text


def test_no_more_of_a_page_is_read_than_is_wanted():
    page = "<p>one</p>" * 100_000
    words = words_of(page, most=1000)
    assert words == "one\n\n" * (words.count("one") - 1) + "one\n"
    assert 1000 <= len(words) < 10_000
    assert words_of(page).count("one") == 100_000


def test_documents_wait_for_each_other_and_too_many_are_refused(monkeypatch):
    began, end, together = threading.Semaphore(0), threading.Event(), []

    def slow(kind, data, name, most_bytes):
        together.append(name)
        began.release()
        assert end.wait(60)
        together.remove(name)
        return documents.Document(text=BODY, notice="Read.")

    monkeypatch.setattr(documents, "_extract", slow)
    with ThreadPoolExecutor(documents.MOST_WAITING) as pool:
        first = [
            pool.submit(read_text, docx(), f"{number}.docx")
            for number in range(documents.MOST_WAITING)
        ]
        assert began.acquire(timeout=60)
        wait_until(lambda: documents._PLACES._value == 0)
        with pytest.raises(CharLSTMError, match="other documents are being read: try again"):
            read_text(docx(), "one more.docx")
        assert len(together) == 1
        end.set()
        assert {read.result().text for read in first} == {BODY}
    assert read_text(docx(), "later.docx").text == BODY


def test_an_archive_of_very_many_files_is_looked_at_elsewhere(monkeypatch):
    many = archive({f"{number}.png": "" for number in range(20_000)})
    monkeypatch.setattr(zipfile, "ZipFile", None)  # in this process
    with pytest.raises(CharLSTMError, match="is an archive without a text that can be read"):
        read_text(many, "many.zip")


def test_subtitles_in_an_archive_may_have_line_ends_of_windows():
    film = "".join(f"00:{i:02}.100 --> 00:{i:02}.900\nsaid {i}\n\n" for i in range(60))
    files = {"a.txt": BODY, "b.vtt": f"WEBVTT\n\n{film}".replace("\n", "\r\n")}
    numbered = "".join(f"{i}\n00:00:{i:02},1 --> 00:00:{i:02},9\nline {i}\n\n" for i in range(60))
    files["c.srt"] = "\ufeff" + numbered.replace("\n", "\r\n")
    said = "".join(f"said {i}\n" for i in range(60))
    lines = "".join(f"line {i}\n" for i in range(60))
    assert read_text(archive(files), "all.zip").text == BODY + said + lines


def test_any_text_in_an_archive_is_read_whatever_its_name():
    files = {
        "src/Main.kt": BODY,
        "poems/one": BODY,
        "a.jpg": b"x",
        "b.rtf": "{\\rtf1 x}",
        ".x": "y",
    }
    corpus = read_text(archive(files), "all.zip")
    assert corpus.text == BODY * 2
    assert "2 texts" in corpus.notices[0] and "b.rtf" in corpus.notices[0]


@pytest.mark.parametrize("before", [b"\r\n", b"\xef\xbb\xbf", b"\n\n "])
def test_something_may_stand_before_a_pdf(before):
    assert read_text(before + pdf(), "a.pdf").text.startswith("The quick brown fox")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"BZh91AY" + bytes(range(256)) * 20, "bzip2"),
        (b"\xfd7zXZ" + bytes(range(256)) * 20, "xz"),
        (b"a.txt".ljust(257, b"\0") + b"ustar" + b"text " * 900, "tar"),
        (b"A book".ljust(60, b"\0") + b"BOOKMOBI" + bytes(range(256)) * 20, "save it as EPUB"),
    ],
)
def test_other_kinds_are_named_with_what_to_do(data, sentence):
    with pytest.raises(CharLSTMError, match=sentence):
        read_text(data, "a.x")


def test_an_e_book_may_name_letters_as_web_pages_do():
    package = PACKAGE.format("<spine/>").replace("<manifest>", "<title>a&nbsp;b</title><manifest>")
    assert "2 chapters" in read_text(epub(**{"OEBPS/book.opf": package}), "a.epub").notices[0]
