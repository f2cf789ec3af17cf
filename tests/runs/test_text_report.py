"""What is said of a text before something learns from it."""

import zipfile

from charlstm.runs.text_report import report_on
from charlstm.text.corpus import paste, read_file, read_files


def test_a_report_has_size_beginning_changes_and_advice():
    text = paste("\n\n  First line\r\n" + "w" * 200 + "\n" + "and more lines\n" * 200)
    look = report_on(text)
    assert look.facts.startswith("pasted text: 3,21") and " distinct), 204 lines." in look.facts
    assert look.first_lines[:2] == ("  First line", "w" * 90 + " …")
    assert len(look.first_lines) == 5
    assert look.notices == ("Windows line ends were changed to plain ones.",)
    assert len(look.advice) == 1 and look.advice[0].startswith("This is a short text")
    assert not look.may_be_shuffled


def test_of_several_files_each_guess_can_be_judged(tmp_path):
    plain, russian, polish = (tmp_path / name for name in ("plain.txt", "russian.txt", "pl.txt"))
    plain.write_text("some words of a note\n" * 60)
    russian.write_bytes(("Всё смешалось в доме Облонских.\n" * 60).encode("koi8-r"))
    polish.write_bytes(("Zażółć gęślą jaźń, rzekł król.\n" * 60).encode("cp1250"))
    look = report_on(read_files([plain, russian, polish]))
    assert look.first_lines[0] == "some words of a note"
    assert [one.file for one in look.beginnings] == [
        "russian.txt, KOI8 (Cyrillic)",
        "pl.txt, Windows-1250 (Central Europe)",
    ]
    assert look.beginnings[1].lines == ("Zażółć gęślą jaźń, rzekł król.",) * 2
    (other,) = report_on(read_files([russian, polish])).beginnings
    assert other.file.startswith("pl.txt"), "how the first one begins is said anyway"
    assert report_on(read_files([plain, russian])).beginnings == (), "one guess is said anyway"


def test_of_an_archive_each_guess_can_be_judged(tmp_path):
    path = tmp_path / "letters.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ru.txt", ("Всё смешалось в доме Облонских.\n" * 60).encode("cp1251"))
        archive.writestr("pl.txt", ("Zażółć gęślą jaźń, rzekł król.\n" * 60).encode("cp1250"))
    for text in (read_file(path), read_files([path, path.with_name("letters.zip")])):
        (other,) = report_on(text).beginnings
        assert other.file == "pl.txt, Windows-1250 (Central Europe)"
        assert other.lines[0] == "Zażółć gęślą jaźń, rzekł król."


def test_starting_from_a_model_is_not_recommended_to_whoever_does():
    text = paste("and more lines\n" * 200)
    assert "starting from a model" in report_on(text).advice[0]
    assert "starting from a model" not in report_on(text, from_model=True).advice[0]
