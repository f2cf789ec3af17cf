"""UTF-16 without a mark, in scripts that leave no zero byte, and with something else at its end."""

from __future__ import annotations

import codecs

import pytest

from charlstm.text.decoding import decode

BURMESE = "လူတိုင်းသည် တူညီလွတ်လပ်သောဂုဏ်သိက္ခာဖြင့်လည်းကောင်း၊"
AMHARIC = "የሰውልጅሁሉሲወለድነጻናበክብርናበመብትምእኩልየሆነነው።"
YI = "ꊿꂷꃅꄿꐨꐥꌅꅍꂘꀕꀜꃅꀋꌤꄮꆹꎡꁱꎆꀋꉅꐯꉘ"
LOG = "A line of a log, as it is.\r\n" * 100


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", [BURMESE, AMHARIC, YI])
def test_scripts_are_known_by_their_blocks(text, encoding):
    read = decode((text * 40).encode(encoding), "a.txt")
    assert (read.text, read.encoding) == (text * 40, encoding)


@pytest.mark.parametrize("encoding", ["cp874", "cp1258", "cp775", "cp866", "koi8_r", "cp1256"])
def test_columns_of_letters_are_no_utf_16(encoding):
    text = "".join(f"Tháng {i % 10}\nмай {i % 10}\nเดือน {i % 10}\n" for i in range(300))
    data = text.encode(encoding, "ignore")
    assert not decode(data, "a.txt").encoding.startswith("utf-16")


@pytest.mark.parametrize("order", ["le", "be"])
def test_what_a_program_added_in_utf_8_is_read_so(order):
    added = "and thén a program added more\r\n" * 20
    mark = codecs.BOM_UTF16_LE if order == "le" else codecs.BOM_UTF16_BE
    read = decode(mark + LOG.encode(f"utf-16-{order}") + added.encode(), "a.log")
    assert read.text.lstrip("\ufeff") == LOG + added
    assert f"Its last {len(added.encode())} bytes were added in UTF-8" in " ".join(read.notices)


@pytest.mark.parametrize(
    "text", [LOG, "我是一只猫，还没有名字。" * 200, BURMESE * 40 + "\n" + BURMESE]
)
@pytest.mark.parametrize("order", ["le", "be"])
def test_nothing_is_taken_for_added_that_was_not(text, order):
    mark = codecs.BOM_UTF16_LE if order == "le" else codecs.BOM_UTF16_BE
    read = decode(mark + text.encode(f"utf-16-{order}"), "a.txt")
    assert read.text.lstrip("\ufeff") == text
    assert read.notices == ("Read as UTF-16.",)
