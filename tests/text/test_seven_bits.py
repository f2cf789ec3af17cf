"""Files that only have bytes of ASCII, and letters of any script all the same."""

from __future__ import annotations

import quopri

import pytest

from charlstm.text.corpus import ReadingOptions, read_text
from charlstm.text.decoding import decode

FRENCH = "Où êtes-vous allée, ma chère élève ? 1 + 1 = 2, dit-elle, et ça suffit à Noël.\n" * 40
JAPANESE = "吾輩は猫である。名前はまだ無い。\n" * 150


@pytest.mark.parametrize(
    "text",
    [FRENCH, JAPANESE, "Привет, как дела? 1+1.\n" * 100, "လူတိုင်းသည် တူညီ လွတ်လပ်သော ဂုဏ်သိက္ခာဖြင့်၊\n" * 50],
)
def test_utf_7_is_read_and_said(text):
    read = decode(text.encode("utf-7"), "a.txt")
    assert (read.text, read.encoding, read.notices) == (text, "utf_7", ("Read as UTF-7.",))


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_what_mail_servers_write_is_read_and_said(encoding):
    read = read_text(quopri.encodestring(FRENCH.encode(encoding)), "a.txt")
    assert read.text == FRENCH
    assert "quoted-printable" in " ".join(read.notices)


def test_lines_that_a_mail_server_parted_are_put_together():
    text = "All the world's a stage, " * 20 + "and 1 = 1.\n"
    assert read_text(quopri.encodestring((text * 20).encode()), "a.txt").text == text * 20


@pytest.mark.parametrize(
    "text",
    [
        "x = a+bcd/3\ny =20\nz = +abc-+def\n" * 200,
        "Tel +490 +49 170 or +496\n" * 200,
        "https://x.org/?a=20&b=33&user=abc\n" * 200,
        "a =\nb =\nc =20\n" * 300,
        "".join(f"{a}+{100 - a - b}={100 - b}\n" for a in range(2, 60) for b in range(1, 20, 3)),
        "08:15 SpO2=97\n" * 200,
        "some text.\n" * 300 + "+2AA- +AOkA6QDpAOkA6Q-\n",  # half an emoji
        "dGhpcyBpcyBub3QgdGV4dA+abc/def==\n" * 200,
    ],
)
def test_programs_numbers_and_addresses_are_left_as_they_are(text):
    read = read_text(text.encode(), "a.txt")
    assert read.text == text
    assert not any("quoted" in notice or "UTF-7" in notice for notice in read.notices)


def test_another_encoding_may_be_chosen():
    options = ReadingOptions(encoding="cp1252")
    read = read_text(FRENCH.encode("utf-7"), "a.txt", options=options)
    assert read.text.startswith("O+APk +AOo-tes")


def test_half_an_emoji_is_damage():
    options = ReadingOptions(encoding="utf_7")
    read = read_text(b"some text.\n" * 300 + b"+2AA-\n", "a.txt", options=options)
    assert "Damaged characters were left out: 1." in read.notices
