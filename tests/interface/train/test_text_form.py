"""Which text the form of the Train tab means, and how it is read."""

import os

import pytest

from charlstm.errors import CharLSTMError, UnreadTextError
from charlstm.interface.limits import OWN, PUBLIC
from charlstm.interface.train import text_form
from charlstm.interface.train.text_form import TextChoice, look_at, options_for, read
from charlstm.text import corpus
from charlstm.text.documents import BusyError

RUSSIAN = "Всё смешалось в доме Облонских, и никто не знал, что делать дальше.\n" * 40


def choice(upload=None, pasted=None, encoding="", keeps_markup=False, shuffles_lines=False):
    source = "paste" if upload is None else "upload"
    return TextChoice.of(source, upload, pasted, "verse", encoding, keeps_markup, shuffles_lines)


@pytest.fixture
def russian(tmp_path):
    path = tmp_path / "old.txt"
    path.write_bytes(RUSSIAN.encode("cp1251"))
    return str(path)


def settings(chosen: TextChoice) -> list[bool]:
    """Which settings are shown: encoding, markup, order of lines."""
    text = read(chosen, OWN)
    shown = options_for(text, look_at(text, False), chosen.options)
    return [component.visible for component in shown]


def test_an_encoding_may_be_chosen_where_one_was_guessed_and_changed_back(russian):
    assert settings(choice([russian])) == [True, False, False]
    assert settings(choice([russian], encoding="koi8_u")) == [True, False, False]
    assert settings(choice(pasted="a word of its own\n" * 300)) == [False, False, False]


def test_markup_may_be_kept_where_there_are_some():
    page = "<html><body>" + "<p>some words</p>\n" * 300 + "</body></html>"
    assert settings(choice(pasted=page)) == [False, True, False]
    assert settings(choice(pasted=page, keeps_markup=True)) == [False, True, False]


def test_a_text_that_cannot_be_read_leaves_what_was_chosen_in_sight():
    options = corpus.ReadingOptions(encoding="hz", keeps_markup=True)
    shown = options_for(None, None, options)
    assert [component.visible for component in shown] == [True, True, False]


@pytest.mark.parametrize("words", ["", "few words"])
def test_markup_may_be_kept_where_there_is_hardly_anything_else(words):
    page = (
        f"<!doctype html><html><body>{words}" + "<img src='a.png'><br>\n" * 300 + "</body></html>"
    )
    with pytest.raises(UnreadTextError) as caught:
        read(choice(pasted=page), OWN)
    shown = options_for(None, None, corpus.ReadingOptions(), caught.value.remedy)
    assert [component.visible for component in shown] == [False, True, False]
    assert len(read(choice(pasted=page, keeps_markup=True), OWN).text) > 2_000


def test_an_encoding_may_be_chosen_where_none_was_found():
    with pytest.raises(UnreadTextError) as caught:
        corpus.read_text(bytes(range(1, 256)) * 40, "a.bin")
    shown = options_for(None, None, corpus.ReadingOptions(), caught.value.remedy)
    assert [component.visible for component in shown] == [True, False, False]


def test_several_files_are_one_text(tmp_path, russian):
    (tmp_path / "b.txt").write_text("and more\n" * 20)
    both = read(choice([russian, str(tmp_path / "b.txt")]), OWN)
    assert both.text == RUSSIAN + "and more\n" * 20
    assert both.name == "old.txt and 1 more"


@pytest.mark.parametrize("upload", ["", [], ["/nowhere/a.txt"], "/nowhere/a.txt"])
def test_no_file_is_asked_for_in_a_sentence(upload):
    with pytest.raises(CharLSTMError, match="No file was chosen: drop a text file into the box"):
        read(choice(upload), OWN)


def test_a_text_is_read_again_only_when_it_or_how_it_is_read_has_changed(russian, monkeypatch):
    times = []
    real = corpus.read_files

    def counted(*arguments):
        times.append(arguments)
        return real(*arguments)

    monkeypatch.setattr(text_form.corpus, "read_files", counted)
    text_form._read_files.cache_clear()
    for encoding in ("", "", "koi8_u", "", "koi8_u"):
        read(choice([russian], encoding=encoding), OWN)
    assert len(times) == 2
    with open(russian, "ab") as file:
        file.write(b"more")
    assert read(choice([russian]), OWN).text.endswith("more")


def test_what_cannot_be_read_is_read_once_and_what_was_busy_again(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_text("too short")
    asked, errors = [], [CharLSTMError("It is too short."), BusyError("Others are read.")]

    def fail(*arguments):
        asked.append(arguments)
        raise errors[0]

    monkeypatch.setattr(text_form.corpus, "read_files", fail)
    chosen = choice([str(path)])
    for _ in range(3):
        with pytest.raises(CharLSTMError, match="too short"):
            read(chosen, PUBLIC)
    assert len(asked) == 1
    os.utime(path, (1, 1))
    errors.pop(0)
    for _ in range(3):
        with pytest.raises(BusyError, match="Others"):
            read(chosen, PUBLIC)
    assert len(asked) == 4
