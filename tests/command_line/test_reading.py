"""How texts are read on the command line: their options, and what `info` says of a text."""

import json

import pytest

from charlstm.network.checkpoint import save_checkpoint
from charlstm.text.corpus import paste
from tests.commands import answer, check_refusal
from tests.tiny_networks import random_checkpoint

RUSSIAN = "Всё смешалось в доме Облонских, и никто не знал, что делать дальше.\n" * 40


@pytest.fixture
def russian(tmp_path):
    path = tmp_path / "old.txt"
    path.write_bytes(RUSSIAN.encode("cp1251"))
    return path


def test_info_of_a_text_says_what_the_page_says(russian, capsys):
    code, out, _ = answer(capsys, "info", russian)
    assert code == 0
    lines = out.splitlines()
    assert lines[0].startswith(f"old.txt: {len(RUSSIAN):,} characters (")
    doubt = "This is a guess: look at the first lines."  # from a few words only
    assert lines[1] == f"Read as Windows-1251 (Cyrillic). {doubt}"
    assert lines[2].startswith("This is a short text")
    assert lines[3:5] == ["It begins:", RUSSIAN.split("\n")[0]]


def test_info_reads_several_texts_as_one(russian, tmp_path, capsys):
    note, nothing = tmp_path / "note.txt", tmp_path / "nothing.txt"
    note.write_text("some words of a note\n" * 60)
    nothing.write_bytes(b"")
    code, out, _ = answer(capsys, "info", note, russian, nothing)
    assert code == 0 and out.startswith("note.txt and 2 more: ")
    assert "old.txt: Read as Windows-1251 (Cyrillic)." in out
    assert "nothing.txt: It is empty." in out


def test_info_takes_one_model_alone(russian, tmp_path, capsys):
    checkpoint = tmp_path / "model.safetensors"
    save_checkpoint(random_checkpoint("\n ,.abcdefghijklm"), checkpoint)
    assert answer(capsys, "info", checkpoint)[0] == 0
    code, out, err = answer(capsys, "info", russian, checkpoint)
    check_refusal(code, out, err)
    assert "is a model, and 1 more file was given" in err


def test_another_encoding_may_be_chosen(russian, capsys):
    code, out, _ = answer(capsys, "info", russian, "--encoding", "koi8_u", "--json")
    facts = json.loads(out)
    assert code == 0 and not facts["encoding_is_a_guess"]
    assert facts["encoding"] == "koi8_u" and facts["first_lines"][0].startswith("бЯ╦")
    code, out, _ = answer(capsys, "info", russian, "--json")
    facts = json.loads(out)
    assert facts["encoding"] == "cp1251" and facts["encoding_is_a_guess"]


def test_markup_and_the_order_of_lines_may_be_chosen(tmp_path, capsys):
    page = tmp_path / "page.html"
    page.write_text("<html><body>" + "<p>some words of a page</p>\n" * 200 + "</body></html>\n")
    sizes = []
    for options in ([], ["--keep-markup"], ["--shuffle-lines"]):
        _, out, _ = answer(capsys, "info", page, "--json", *options)
        facts = json.loads(out)
        sizes.append(facts["characters"])
        assert facts["markup"] == "html"
    assert sizes[0] < 5_000 < sizes[1]
    assert "The lines were put in random order." in facts["notices"]


@pytest.mark.parametrize("option", ["--keep-markup", "--shuffle-lines", "--encoding=cp1251"])
def test_how_a_text_is_read_cannot_be_said_without_one(option, home, capsys):
    code, out, err = answer(capsys, "train", option)
    check_refusal(code, out, err)
    assert f"{option.partition('=')[0]} says how the files of --text are read" in err


def test_a_model_is_not_measured_on_what_it_does_not_know(russian, tmp_path, capsys):
    checkpoint = tmp_path / "latin.safetensors"
    save_checkpoint(random_checkpoint("\n ,.abcdefghijklm"), checkpoint)
    code, out, err = answer(capsys, "evaluate", checkpoint, "--text", russian)
    check_refusal(code, out, err)
    assert "so figures on the rest would say nothing" in err


def test_a_sorted_list_is_told_before_it_is_learned(tmp_path, capsys, home):
    words = sorted({f"{a}{b}{c}{a}x{c}" for a in "abcdefghij" for b in "klmnop" for c in "qrstuvw"})
    lines = "".join(f"{first}{word}{first * 3}\n" for first in "abcdefgh" for word in words)
    text = tmp_path / "list.txt"
    text.write_text("\n".join(sorted(lines.split("\n"))).strip("\n") + "\n")
    assert len(paste(text.read_text()).text) > 20_000
    code, out, _ = answer(capsys, "info", text)
    assert code == 0 and "look like a list: let them be shuffled" in out
    code, out, _ = answer(capsys, "info", text, "--shuffle-lines")
    assert code == 0 and "unlike the rest" not in out
