"""Names that people give."""

import pytest

from charlstm.errors import CharLSTMError
from charlstm.runs.titles import FILE, MAX_CHARACTERS, read_title, tidy_title, write_title


def test_a_name_is_kept_and_an_empty_one_takes_it_away(tmp_path):
    assert read_title(tmp_path) is None
    write_title(tmp_path, "  My   novel ")
    assert read_title(tmp_path) == "My novel"
    write_title(tmp_path, "  ")
    assert read_title(tmp_path) is None and not (tmp_path / FILE).exists()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("a\x00b\x1b[31mc", "ab[31mc"),
        ("\u202eevil\u202c \ufeffx", "evil x"),  # which would turn the line around
        ("cafe\u0301", "café"),
        ("نیم\u200cفاصله 👨\u200d👩", "نیم\u200cفاصله 👨\u200d👩"),
    ],
)
def test_a_name_is_one_line_that_shows_all_it_has(given, kept):
    assert tidy_title(given) == kept


def test_a_long_name_is_refused_and_the_last_one_stays(tmp_path):
    write_title(tmp_path, "o" * MAX_CHARACTERS)
    with pytest.raises(CharLSTMError, match="61 characters; use at most 60"):
        write_title(tmp_path, "o" * (MAX_CHARACTERS + 1))
    assert read_title(tmp_path) == "o" * MAX_CHARACTERS


@pytest.mark.parametrize("content", [b"\xff\xfe", b"", b"o" * 2_000_000])
def test_a_damaged_file_harms_nothing(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    assert len(read_title(tmp_path) or "") <= 1000
    (tmp_path / FILE).unlink()
    (tmp_path / FILE).mkdir()
    assert read_title(tmp_path) is None
    with pytest.raises(CharLSTMError, match="could not be kept"):
        write_title(tmp_path, "a name")
