"""Fine-tuning: a training that starts from a trained model instead of random weights.

The network keeps its layer sizes and its weights. Characters of the new text that are not in its
vocabulary are added with freshly initialised weights; all others keep their weights exactly, even
though their ids may change. Then it is trained as usual, with a lower learning rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from charlstm.errors import CharLSTMError
from charlstm.network.checkpoint import (
    MAX_FILE_BYTES,
    MAX_HEADER_BYTES,
    MAX_VOCABULARY,
    Checkpoint,
)
from charlstm.network.training_record import SourceRecord
from charlstm.runs.recipes import Budget, Recipe
from charlstm.text.character_names import list_characters
from charlstm.text.vocabulary import Vocabulary

# The default: a trained network soon learns what it can from a text of some ten thousand
# characters, and then begins to memorise it.
BUDGET = Budget(epochs=4)
# Share of the recipe's learning rate. Measured with an earlier shipped model, `quick`, and four
# epochs on 49,106 characters of documentation, at a quarter, half and all of the learning rate:
# held-out loss 1.723, 1.654 and 1.660 nats; loss on 40,000 characters of Shakespeare, which the
# model had learned before, 1.68, 1.94 and 2.32 nats (the lower the rate, the less it forgets).
LEARNING_RATE_SHARE = 0.5
# Weights with one row or column for each character of the vocabulary, and that axis.
CHARACTER_AXES = {"embedding/embeddings": 0, "output/kernel": 1, "output/bias": 0}


# Recipes


def fine_tuned(recipe: Recipe, embedding_units: int, lstm_units: Iterable[int]) -> Recipe:
    """Adapt a recipe to a trained network: its layer sizes, and a lower learning rate."""
    return replace(
        recipe,
        embedding_units=embedding_units,
        lstm_units=tuple(lstm_units),
        learning_rate=LEARNING_RATE_SHARE * recipe.learning_rate,
    )


# Vocabulary and weights


def unknown_characters(known: Vocabulary, text: str) -> str:
    """The distinct characters of a text that a vocabulary lacks, in code-point order."""
    return "".join(sorted(set(text) - set(known.characters)))


def merge(known: Vocabulary, text: str) -> Vocabulary:
    """A vocabulary of the known characters and those of a text.

    >>> merge(Vocabulary("an"), "banana!").characters
    '!abn'
    """
    return Vocabulary.from_text(known.characters + text)


def check_fits(checkpoint: Checkpoint, text: str) -> None:
    """Raise CharLSTMError if the model, extended by the text's characters, could not be stored."""
    known = checkpoint.vocabulary
    vocabulary_size = len(merge(known, text))
    if vocabulary_size > MAX_VOCABULARY:
        raise CharLSTMError(
            f"The model knows {len(known):,} characters and the text has "
            f"{vocabulary_size - len(known):,} others: together at most {MAX_VOCABULARY:,} are "
            "possible. Give a text with fewer different characters, or start from scratch."
        )
    grown = replace(checkpoint.architecture, vocabulary_size=vocabulary_size)
    if 2 * grown.parameters() > MAX_FILE_BYTES - MAX_HEADER_BYTES:
        raise CharLSTMError(
            f"The model would have {grown.parameters():,} parameters, more than a checkpoint of "
            f"{MAX_FILE_BYTES / 1e6:.0f} MB holds: start from a smaller model, or from scratch."
        )


def grow(
    checkpoint: Checkpoint, vocabulary: Vocabulary, fresh: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Extend a model's weights to a larger vocabulary.

    Args:
        vocabulary: contains all characters that the model knows.
        fresh: weights of a newly initialised network with that vocabulary, by name; they become
            the weights of the new characters.

    Returns:
        The weights by name, float32.
    """
    known = vocabulary.encode(checkpoint.vocabulary.characters)
    grown = {name: np.array(array, np.float32) for name, array in checkpoint.weights.items()}
    for name, axis in CHARACTER_AXES.items():
        array = np.array(fresh[name], np.float32)
        np.moveaxis(array, axis, 0)[known] = np.moveaxis(grown[name], axis, 0)
        grown[name] = array
    return grown


# Notices


def name_new_characters(new: str) -> str:
    """A sentence about the characters of a text that a model's vocabulary lacks."""
    if not new:
        return "The model knows all characters of this text."
    number, begin = f"{len(new):,} characters", "They start"
    if len(new) == 1:
        number, begin = "1 character", "It starts"
    named = list_characters(new)
    return f"The model does not know {number} of this text: {named}. {begin} from scratch."


def fine_tuning_notices(source: SourceRecord) -> list[str]:
    """Sentences to show about the model that a training starts from."""
    notices = [
        f"This training starts from the model “{source.name}”, not from scratch (fine-tuning).",
        name_new_characters(source.new_characters or ""),
    ]
    if source.held_out == "seen":
        notices.append(
            "That model has seen the held-out text too, so the figures will be too good."
        )
    return notices
