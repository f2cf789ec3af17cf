"""Counts the characters of a text: with NumPy, ten times as fast as Python alone does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from charlstm.text.blocks import BLOCK

if TYPE_CHECKING:
    import numpy as np

MOST_DISTINCT = 1 << 16  # characters: two thirds of all Chinese ones


def code_points(text: str) -> np.ndarray:
    """The code points of a text, uint32, (characters,); lone surrogates are allowed."""
    import numpy as np  # not for every command

    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def code_points_by_blocks(text: str) -> Iterator[tuple[int, np.ndarray]]:
    """Where each block of a text begins, and its code points, uint32."""
    for begin in range(0, len(text), BLOCK):
        yield begin, code_points(text[begin : begin + BLOCK])


def has_too_many_characters(text: str) -> bool:
    """Whether there are more distinct ones than in any text: then it is something else."""
    import numpy as np

    return int(np.count_nonzero(_numbers(text))) > MOST_DISTINCT


def _numbers(text: str) -> np.ndarray:
    """How often each code point stands in a text, int64, (code points up to the highest,)."""
    import numpy as np

    numbers = np.zeros(0, np.int64)
    for _, points in code_points_by_blocks(text):
        of_block = np.bincount(points, minlength=len(numbers))
        of_block[: len(numbers)] += numbers
        numbers = of_block
    return numbers


def counted(text: str) -> Counter[str]:
    """How often each character stands in a text, in the order of code points.

    >>> counted("banana")
    Counter({'a': 3, 'n': 2, 'b': 1})
    """
    import numpy as np

    numbers = _numbers(text)
    there = np.flatnonzero(numbers)
    return Counter(dict(zip(map(chr, there.tolist()), numbers[there].tolist(), strict=True)))
