"""Texts: uploaded, pasted, built in; their cleaning, and what is refused."""

from __future__ import annotations

import hashlib
import io
import lzma
import os
import random
import re
import subprocess
import sys
import unicodedata
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charlstm.errors import CharLSTMError
from charlstm.home import downloads_folder
from charlstm.text import corpus
from charlstm.text.corpus import (
    Corpus,
    clean,
    paste,
    practice_text,
    read_file,
    read_files,
    read_text,
    tiny_shakespeare,
)
from charlstm.text.download import (
    TINY_SHAKESPEARE_BYTES,
    TINY_SHAKESPEARE_SHA256,
)

ROOT = Path(__file__).resolve().parents[2]
SHAKESPEARE = ROOT.parent / "shared" / "data" / "tinyshakespeare" / "input.txt"
FRENCH = "Où êtes-vous allée, ma chère élève ? Le cœur a ses raisons, et ça suffit à Noël.\n" * 70
LONG = "All the world's a stage.\n" * 100


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
    assert len(data) == TINY_SHAKESPEARE_BYTES
    assert hashlib.sha256(data).hexdigest() == TINY_SHAKESPEARE_SHA256
    downloads_folder().mkdir(parents=True)
    (downloads_folder() / "tiny-shakespeare.txt").write_bytes(data)
    prose, verse = tiny_shakespeare("prose"), tiny_shakespeare()
    assert (prose.name, prose.style, prose.notices) == ("tiny-shakespeare", "prose", ())
    assert (len(prose.text), len(set(prose.text))) == (1_108_157, 64)
    assert (len(verse.text), len(set(verse.text))) == (1_115_394, 65)
    assert verse.sha256 == TINY_SHAKESPEARE_SHA256


# Ligatures are parted, as books have them that were scanned; letters that are blank become spaces
# or go, and so do forms that were chosen for a letter that has none.
OF_OTHER_FORMS = "ﬀﬁﬂﬃﬄﬆ\u2800\u3164\uffa0\u115f\u1160\u17b4\u17b5\u034f\ufffc" + "".join(
    map(chr, [*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)])
)


@given(
    st.text(
        st.characters(codec="utf-8", exclude_categories=["C"], exclude_characters=OF_OTHER_FORMS),
        max_size=200,
    )
)
def test_any_readable_text_survives_an_upload_in_utf_8(extra):
    text = LONG + unicodedata.normalize("NFC", extra).replace("\ufffd", "") + "\n"
    # Separators of lines and special spaces have a form of their own.
    text = "".join(
        " " if unicodedata.category(one) == "Zs" and one != "\u3000" else one for one in text
    )
    text = text.replace("\u2028", "\n").replace("\u2029", "\n")
    assert read_text(text.encode(), "book.txt").text == text
    assert paste(text).text == text


@given(st.text(st.sampled_from("\r\n\tab é"), max_size=80))
def test_no_carriage_return_is_left_and_line_counts_stay(extra):
    text = LONG + extra
    read = paste(text)
    assert "\r" not in read.text
    # str.splitlines is an independent judge of what a line is.
    assert read.text.splitlines() == re.sub("\r+\n", "\n", text).splitlines()
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


def test_tabs_are_text_and_form_feeds_end_a_line():
    text = LONG.replace("\n", "\n\t\f")
    read = read_text(text.encode(), "book.txt")
    assert read.text == LONG.replace("\n", "\n\t\n")
    assert read.notices == ("Page breaks were changed to line breaks: 100.",)


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
        (b"x" * 2_000, "one character again and again"),
        (LONG.replace("a", "\0").encode() * 2, "not plain text"),
        (b"\x89PNG\r\n\x1a\n" + LONG.encode(), "not plain text"),
        (b"%PDF-1.7\n" + LONG.encode(), "is damaged"),
        (b"PK\x03\x04" + LONG.encode(), "is damaged"),
        (b"{\\rtf1\\ansi " + LONG.encode(), "not plain text"),
        (random.Random(1).randbytes(20_000), "not plain text"),
        (random.Random(2).randbytes(20_000).replace(b"\0", b""), "not plain text"),
        (bytes(byte | 128 for byte in random.Random(3).randbytes(20_000)), "not plain text"),
        (compressed(), "not plain text"),
        ("".join(map(chr, range(0x20000, 0x10FFFE))).encode(), "not plain text"),
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
    assert len(read_text(b"xy" * (corpus.MIN_CHARACTERS // 2), "a").text) == 2_000
    assert len(read_text(b"xy" * (corpus.MAX_BYTES // 2), "a").text) == 5_000_000
    varied = "".join(map(chr, range(0x4E00, 0x4E00 + 4_000)))
    assert read_text((varied * 2).encode(), "a").text == varied * 2


def test_of_more_characters_than_can_be_learned_the_rarest_are_left_out():
    frequent = "".join(map(chr, range(0x4E00, 0x4E00 + 4_000)))
    rare = "".join(map(chr, range(0xAC00, 0xAC00 + 40)))
    read = read_text((frequent + rare + frequent).encode(), "a.txt")
    assert read.text == frequent * 2
    assert read.notices == (
        "The text has 4,040 different characters, of which a network learns up to 4,000: the 40 "
        "rarest were left out (40 characters, 0.50% of the text).",
    )


def test_one_character_too_many_is_said_as_one():
    frequent = "".join(map(chr, range(0x4E00, 0x4E00 + 4_000)))
    (notice,) = read_text((frequent + "가" + frequent).encode(), "a.txt").notices
    assert notice.endswith("the rarest was left out (1 character, 0.01% of the text).")


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
        (LONG + "\ud83d", "half a character at position 2,501"),
    ],
)
def test_a_paste_is_refused_for_the_same_reasons(text, reason):
    with pytest.raises(CharLSTMError, match=reason):
        paste(text)


# Files of the command line


def test_read_file_reads_what_read_text_reads(tmp_path):
    path = tmp_path / "livre.txt"
    path.write_bytes(FRENCH.encode("cp1252"))
    assert read_file(path, "prose") == read_text(path.read_bytes(), "livre.txt", "prose")
    assert read_file(str(path)).style == "verse"


def test_several_files_are_one_text(tmp_path):
    first, second = tmp_path / "one.txt", tmp_path / "two.txt"
    first.write_bytes(b"\xef\xbb\xbf" + LONG.encode().removesuffix(b"\n"))
    second.write_bytes(FRENCH.encode("cp1252"))
    read = read_files([first, second])
    assert read.text == LONG + FRENCH
    assert read.name == "one.txt and 1 more"
    assert read.notices == ("two.txt: Read as Windows-1252 (Western Europe).",)
    assert read_files([first]).name == "one.txt"


def test_a_text_may_come_from_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(FRENCH.encode())))
    read = read_files(["-"])
    assert (read.text, read.name, read.notices) == (FRENCH, "standard input", ())


def test_files_that_cannot_be_read_are_named(tmp_path):
    for path in (tmp_path / "missing.txt", tmp_path, Path("nul\0name")):
        with pytest.raises(CharLSTMError, match="cannot be read") as caught:
            read_file(path)
        assert str(path) in str(caught.value)


def test_of_a_file_over_the_limit_the_beginning_is_read_and_no_more(tmp_path):
    path = tmp_path / "huge.txt"
    with path.open("wb") as file:
        file.write(b"A line.\n" * 1_000_000)
        file.truncate(10**11)  # a hole: takes no room
    read = read_file(path, max_bytes=1_000_003)
    assert read.text == "A line.\n" * 125_000
    assert read.notices == (
        "The text is longer than 1 MB: only its first 1,000,000 characters are learned from.",
    )


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("éà" * 1500, "éà" * 1000),
        ("a line\n" * 1000, "a line\n" * 571),
        ("word " * 1000, "word " * 800),
        ("first\n" + "x" * 9000, "first\n" + "x" * 3994),  # the rest of the line is worth more
    ],
)
def test_it_is_cut_where_a_line_or_a_word_ends(text, kept):
    assert paste(text, max_bytes=4000).text == kept
    assert read_text(text.encode(), "a.txt", max_bytes=4000).text == kept


# The practice text


def test_the_practice_text_is_unpacked_and_cleaned(tmp_path):
    path = tmp_path / "practice.xz"
    path.write_bytes(lzma.compress(FRENCH.encode()))
    text = clean(FRENCH, "prose")
    expected = Corpus(name="practice-text", text=text, style="prose")
    assert practice_text("prose", path=path) == expected


def test_a_missing_or_damaged_practice_text_is_named(tmp_path):
    path = tmp_path / "practice.xz"
    for content in (None, b"no xz", lzma.compress(LONG.encode())[:-9], lzma.compress(b"\xff")):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(CharLSTMError, match="practice.xz is missing or damaged"):
            practice_text(path=path)


def test_importing_is_quick_because_the_network_packages_come_later():
    code = "import sys, charlstm.text.corpus; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=os.environ, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    assert not {"requests", "pooch", "charset_normalizer", "numpy"} & set(result.stdout.split())
