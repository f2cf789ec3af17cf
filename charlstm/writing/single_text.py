"""Writes one text, character by character.

A text is a pure function of model, seed text, settings and random seed. The random numbers are
counted from the first character of the seed text on, so a text that is written in two parts equals
the text that is written at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from charlstm.network.checkpoint import Checkpoint
from charlstm.text.vocabulary import Vocabulary, name_characters
from charlstm.writing.sampling import Sampling, random_numbers


@dataclass(frozen=True)
class Reading:
    """What the network reads before it writes.

    Attributes:
        ids: int32, (characters,): a line break, or a space, if the vocabulary has one; then the
            known characters of the seed text.
        unknown: the distinct characters that the vocabulary lacks; they are skipped.
    """

    ids: np.ndarray
    unknown: str


def read_seed_text(vocabulary: Vocabulary, seed_text: str) -> Reading:
    """Turn a seed text into ids, as if it were the beginning of a line.

    A line break is put before it, or a space where the vocabulary has no line break, because in the
    training text that is what comes before the first words of a line.
    """
    first = next((character for character in "\n " if character in vocabulary), "")
    ids, unknown = vocabulary.encode_known(first + seed_text)
    return Reading(ids, unknown)


def name_unknown(unknown: str) -> str:
    """A sentence for the visitor about the characters that were skipped; empty if none were."""
    if not unknown:
        return ""
    verb = "it is" if len(unknown) == 1 else "they are"
    return f"Skipped {name_characters(unknown)}: {verb} not in the text the network learned from."


def write(
    checkpoint: Checkpoint,
    seed_text: str = "",
    *,
    length: int,
    sampling: Sampling,
    random_seed: int,
) -> Iterator[str]:
    """Yield the `length` characters that follow the seed text, one at a time.

    The engine writes the same text for the same arguments.

    Args:
        random_seed: 0 or more.
    """
    network = checkpoint.quantized
    _, state = network.read(read_seed_text(checkpoint.vocabulary, seed_text).ids, network.start())
    settings = np.array([(*sampling.as_numbers, 0)], np.float64)
    rng = random_numbers(random_seed, len(seed_text))
    for _ in range(length):
        plan = np.full((1, 1), -1, np.int32)
        network.write(state, plan, settings, rng.random((1, 1)), np.zeros(1, np.uint8))
        yield checkpoint.vocabulary.characters[plan[0, 0]]
