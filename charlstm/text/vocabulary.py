"""The characters that a network reads and writes, and their ids."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np


def _code_points(text: str) -> np.ndarray:
    """Code points of the text, uint32, (characters,); lone surrogates are allowed."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


@dataclass(frozen=True)
class Vocabulary:
    """Characters of a corpus, in code-point order; a character's id is its index.

    >>> Vocabulary.from_text("banana").encode("nab").tolist()
    [2, 0, 1]

    Raises:
        ValueError: the characters are not distinct and in order, or a lone surrogate is among them.
    """

    characters: str

    def __post_init__(self):
        if list(self.characters) != sorted(set(self.characters)):
            raise ValueError(
                "a vocabulary needs distinct characters in code-point order, got "
                f"{self.characters!r}. Use Vocabulary.from_text(text)."
            )
        if any("\ud800" <= character <= "\udfff" for character in self.characters):
            raise ValueError(
                "a vocabulary cannot hold lone surrogates (U+D800 to U+DFFF): they are halves of "
                "characters. Remove them from the text."
            )

    @classmethod
    def from_text(cls, text: str) -> Vocabulary:
        return cls("".join(sorted(set(text))))

    def __len__(self) -> int:
        return len(self.characters)

    def __contains__(self, character: str) -> bool:
        return len(character) == 1 and character in self.characters

    @cached_property
    def _points(self) -> np.ndarray:
        return _code_points(self.characters)

    def encode(self, text: str) -> np.ndarray:
        """Ids of the text, int32, (characters,).

        Raises:
            ValueError: the text has characters outside the vocabulary; `encode_known` skips them.
        """
        ids, unknown = self.encode_known(text)
        if unknown:
            raise ValueError(
                f"text has characters outside the vocabulary: {unknown}. "
                "Remove them, or use a network trained on text that contains them."
            )
        return ids

    def encode_known(self, text: str) -> tuple[np.ndarray, str]:
        """Ids of the known characters, int32, and the distinct unknown ones in order of appearance.

        >>> ids, unknown = Vocabulary.from_text("banana").encode_known("a~b!~")
        >>> ids.tolist(), unknown
        ([0, 1], '~!')
        """
        points = _code_points(text)
        if not len(self):
            return np.zeros(0, np.int32), "".join(dict.fromkeys(text))
        ids = np.searchsorted(self._points, points)
        ids = np.minimum(ids, len(self) - 1).astype(np.int32)
        known = self._points[ids] == points
        unknown = dict.fromkeys(chr(point) for point in points[~known])
        return ids[known], "".join(unknown)

    def decode(self, ids) -> str:
        """Turn ids (characters,), any sequence of integers, back into text."""
        return self._points[np.asarray(ids, dtype=np.int64)].tobytes().decode("utf-32-le")
