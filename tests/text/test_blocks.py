"""A text that is changed block by block becomes what it becomes as a whole."""

import re
from collections import Counter

import pytest

import charlstm.text.blocks as module
from charlstm.text.blocks import ANYWHERE, LINES, blocks, matches, replaced, substituted
from charlstm.text.corpus import shortened
from charlstm.text.normalizing import normalize

SIGNS = re.compile("(&[a-z]+;)")
BEGINS = re.compile("&")
TEXT = "a &lt; b\r\n&amp;lt; c\n\n&lt;&lt; d & e;\n" * 3
# Each of its changes depends on what stands before or after a sign.
ALL_KINDS = (
    '["\\u00e9\\ud83d\\ude00 \\\\u0041", "'
    + "\\u0416 e\u0301 \u1100\u1161\u11a8 می\u200cخواهم a\u200cb 👩\u200d👧 "
    "🏴\U000e0067\U000e007f x\r\r\n"
    "\x1b[31mred\x1b[0m \r y\u202fz ᠠ\u202fᠨ \u2800a ⠁\u2800⠃ &amp;lt; a\ufeff ก\u200bข a\u200b "
    + "o"
    + "\u0323\u0301" * 40
    + "\n"
) * 30 + '"]'


@pytest.fixture(params=[1, 3, 17, 1_000])
def block(request, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", request.param)
    return request.param


def test_blocks_are_the_whole_text_and_begin_where_they_may(block):
    found = list(blocks(TEXT, LINES))
    assert "".join(found) == TEXT
    assert all(one.endswith("\n") for one in found)
    assert list(blocks("", LINES)) == []


def test_a_block_ends_at_its_longest(block):
    found = list(blocks("x" * 5_000, LINES, 2_000))
    assert "".join(found) == "x" * 5_000
    assert max(map(len, found)) == 2_000


@pytest.mark.parametrize("begins", [BEGINS, LINES])
def test_substitution_is_that_of_the_whole(block, begins):
    assert substituted(SIGNS, "!", TEXT, begins) == SIGNS.subn("!", TEXT)
    data, pattern = TEXT.encode(), re.compile(rb"\r\n")
    assert substituted(pattern, b"\n", data, re.compile(rb"(?<=\n)")) == pattern.subn(b"\n", data)


def test_where_nothing_matches_it_is_the_same_text(block):
    text = "no reference"
    assert substituted(SIGNS, "!", text, ANYWHERE)[0] is text


def test_replacement_is_that_of_the_whole(block):
    found = matches(SIGNS, TEXT, BEGINS)
    assert found == Counter(SIGNS.findall(TEXT))
    new = {sign: f"[{sign[1:-1]}]" for sign in found}
    assert replaced(SIGNS, new, TEXT, BEGINS) == SIGNS.sub(lambda one: new[one[0]], TEXT)


def test_a_text_is_read_the_same_in_blocks_of_any_size(monkeypatch):
    whole = normalize(ALL_KINDS)
    assert len(whole[1]) >= 5, "kinds of changes"
    for size in (1, 5, 64, 999):
        monkeypatch.setattr(module, "BLOCK", size)
        assert normalize(ALL_KINDS) == whole, f"blocks of {size}"


def test_a_long_text_is_cut_at_the_same_place_in_blocks_of_any_size(monkeypatch):
    text = "Où êtes-vous, 中文 🙂 ?\n" * 400
    whole = shortened(text, 5_000)
    assert len(whole[0].encode()) <= 5_000
    assert whole[0].endswith("\n")
    for size in (1, 7, 500):
        monkeypatch.setattr(module, "BLOCK", size)
        assert shortened(text, 5_000) == whole
