"""A piece of a text, and between which characters each of its characters was chosen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from charlstm.network.quantized import Chances
from charlstm.text.vocabulary import Vocabulary

MAX_CHANCES = 10  # for how many of the likeliest characters one may ask


@dataclass(frozen=True, kw_only=True, eq=False)
class Choices:
    """Which characters were the likeliest whenever one was drawn, and how likely they were.

    The probabilities are those that the draw had: after temperature, top-k and top-p. They are
    arrays because `array.tolist()` is the quickest way to JSON.

    Attributes:
        characters: for each character of the piece the likeliest ones, the likeliest first, as a
            string of `count` code points.
        probabilities: float32, (characters of the piece, count): theirs.
        drawn: float32, (characters of the piece,): those of the characters that were drawn, which
            need not be among the likeliest.
    """

    characters: tuple[str, ...]
    probabilities: np.ndarray
    drawn: np.ndarray

    @classmethod
    def from_chances(cls, parts: list[Chances], count: int, vocabulary: Vocabulary) -> Choices:
        """From the chances of characters that follow each other.

        Args:
            parts: those of `count` of the likeliest characters or more, some characters each.
        """
        if len({part.array.shape[-1] for part in parts}) > 1:  # others asked for more of them
            parts = [part[:, :, : 1 + count] for part in parts]
        chances = Chances(np.concatenate([part.array for part in parts]))[:, :, : 1 + count]
        probabilities = chances.probabilities
        flat = vocabulary.decode(chances.ids[:, 1:].ravel())
        return cls(
            characters=tuple(flat[at : at + count] for at in range(0, len(flat), count)),
            probabilities=probabilities[:, 1:],
            drawn=probabilities[:, 0],
        )


@dataclass(frozen=True)
class Piece:
    """Some characters of a text, one after the other.

    Attributes:
        choices: None if nobody asked for them.
    """

    text: str
    choices: Choices | None = None

    @classmethod
    def joined(cls, pieces: Iterable[Piece]) -> Piece:
        """One piece from several that follow each other, all of them with choices or none."""
        pieces = list(pieces)
        if len(pieces) == 1:
            return pieces[0]
        choices = [piece.choices for piece in pieces if piece.choices is not None]
        return cls("".join(piece.text for piece in pieces), _joined(choices) if choices else None)


def _joined(choices: list[Choices]) -> Choices:
    return Choices(
        characters=tuple(characters for each in choices for characters in each.characters),
        probabilities=np.concatenate([each.probabilities for each in choices]),
        drawn=np.concatenate([each.drawn for each in choices]),
    )
