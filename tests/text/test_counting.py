"""Counting with NumPy finds what Python's own counter finds."""

from collections import Counter

import numpy as np
import pytest

from charlstm.text.counting import BLOCK, code_points, code_points_by_blocks, counted

TEXTS = [
    "",
    "a",
    "banana\n\0",
    "Straße, naïve, 中文, 🙂🙂, \U0010ffff",
    "half \ud800 a character",
    "ab" * BLOCK + "é" + "🙂" * 3,
    "x" * BLOCK,
]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_each_character_is_counted_in_the_order_of_code_points(text):
    found = counted(text)
    assert found == Counter(text)
    assert list(found) == sorted(set(text))
    assert all(type(number) is int for number in found.values())


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_blocks_are_the_whole_text(text):
    blocks = list(code_points_by_blocks(text))
    assert [begin for begin, _ in blocks] == list(range(0, len(text), BLOCK))
    points = np.concatenate([np.zeros(0, np.uint32), *(points for _, points in blocks)])
    assert np.array_equal(points, code_points(text))
    assert "".join(map(chr, points.tolist())) == text
