"""Writes one text, character by character.

A text is a pure function of model, seed text, settings and random seed. The random numbers are
counted from the first character of the seed text on, so a text that is written in two parts equals
the text that is written at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from charlstm.network.checkpoint import Checkpoint
from charlstm.text.character_names import MOST_LISTED, list_characters, name_of
from charlstm.text.nearest import composed, nearest_known
from charlstm.text.vocabulary import Vocabulary
from charlstm.writing.sampling import Sampling, random_numbers


@dataclass(frozen=True)
class Reading:
    """What the network reads before it writes.

    Attributes:
        ids: int32, (characters,): a line break, or a space, if the vocabulary has one; then the
            characters of the seed text that are known, or near to a known one.
        unknown: the distinct characters that nothing known is near to; they are skipped.
        read_as: what was read as what the network knows.
    """

    ids: np.ndarray
    unknown: str
    read_as: Mapping[str, str]

    @property
    def remark(self) -> str:
        """Sentences for the visitor about what was not read as it stands; empty if all was."""
        pairs = [f"{name_of(one)} as {name_of(other)}" for one, other in self.read_as.items()]
        more = len(pairs) - MOST_LISTED
        read = ", ".join(pairs[:MOST_LISTED]) + (f" and {more:,} more" if more > 0 else "")
        sentences = [f"Read as what the network knows: {read}."] if read else []
        if self.unknown:
            verb = "it is" if len(self.unknown) == 1 else "they are"
            sentences.append(
                f"Skipped {list_characters(self.unknown)}: {verb} not in the text the network "
                "learned from."
            )
        return " ".join(sentences)


def read_seed_text(vocabulary: Vocabulary, seed_text: str) -> Reading:
    """Turn a seed text into ids, as if it were the beginning of a line.

    A line break is put before it, or a space where the vocabulary has no line break, because in the
    training text that is what comes before the first words of a line.
    """
    first = next((character for character in "\n " if character in vocabulary), "")
    text, read_as = nearest_known(vocabulary, composed(vocabulary, seed_text))
    ids, unknown = vocabulary.encode_known(first + text)
    return Reading(ids, unknown, read_as)


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
