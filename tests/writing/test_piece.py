"""A piece and what could have been chosen instead."""

import numpy as np

from charlstm.network.quantized import Chances
from charlstm.text.vocabulary import Vocabulary
from charlstm.writing.piece import Choices, Piece

VOCABULARY = Vocabulary("\nae😀")


def part(ids: list[list[int]]) -> Chances:
    """Each probability is a tenth of the id, to be recognised."""
    chances = Chances.make(len(ids), 1, len(ids[0]) - 1)[:, 0]
    chances.ids[:] = ids
    chances.probabilities[:] = np.array(ids, np.float32) / 10
    return chances


def same(one: Choices, other: Choices) -> bool:
    return (
        one.characters == other.characters
        and np.array_equal(one.probabilities, other.probabilities)
        and np.array_equal(one.drawn, other.drawn)
    )


def test_choices_have_the_characters_of_the_ids():
    choices = Choices.from_chances([part([[3, 1, 2], [0, 2, 3]]), part([[1, 3, 0]])], 2, VOCABULARY)
    assert choices.characters == ("ae", "e😀", "😀\n")
    np.testing.assert_allclose(choices.probabilities, [[0.1, 0.2], [0.2, 0.3], [0.3, 0.0]])
    np.testing.assert_allclose(choices.drawn, [0.3, 0.0, 0.1])


def test_more_chances_than_were_asked_for_are_left_aside():
    parts = [part([[3, 1, 2]]), part([[1, 3, 0]]), part([[0, 2, 3]])]
    fewer = Choices.from_chances(parts, 1, VOCABULARY)
    assert fewer.characters == ("a", "😀", "e")
    np.testing.assert_allclose(fewer.probabilities, [[0.1], [0.3], [0.2]])
    mixed = Choices.from_chances([parts[0][:, :, :2], *parts[1:]], 1, VOCABULARY)
    assert same(mixed, fewer)


def test_joined_pieces_are_one_piece_with_all_choices():
    parts = [part([[3, 1, 2], [0, 2, 3]]), part([[1, 3, 0]])]
    pieces = [
        Piece(text, Choices.from_chances([each], 2, VOCABULARY))
        for text, each in zip(["😀\n", "a"], parts, strict=True)
    ]
    whole = Piece.joined(pieces)
    assert whole.text == "😀\na"
    assert whole.choices is not None
    assert same(whole.choices, Choices.from_chances(parts, 2, VOCABULARY))


def test_joined_pieces_without_choices_have_none():
    assert Piece.joined([Piece("sea "), Piece("ten")]) == Piece("sea ten")
    assert Piece.joined([]) == Piece("")
