"""A network explained step by step: what it reads, its state after each character, its parts.

Everything is computed by the network in float32, one character after another.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from charlstm.network.checkpoint import Checkpoint
from charlstm.network.lstm import Architecture, State
from charlstm.text.nearest import composed, nearest_known
from charlstm.text.vocabulary import Vocabulary
from charlstm.writing.single_text import read_seed_text

CLEAR_MOVE = 0.1  # a number of the state counts as changed if it moved by more than this


@dataclass(frozen=True)
class Tile:
    """A character of a text as the network reads it.

    Attributes:
        id: None if the vocabulary lacks the character, which is then skipped.
        read_as: the character that it is read as: itself, or the nearest one that is known.
        is_given: whether it is not part of the text: the line break, or space, that is read first.
    """

    character: str
    id: int | None
    read_as: str
    is_given: bool = False


@dataclass(frozen=True)
class Snapshot:
    """The network after it has read a part of a text.

    Attributes:
        state: hidden and cell state, (1, units) each, a pair for each layer.
        scores: logits of the next character, float64, (vocab,), shifted so that the highest is 0.
            Probabilities at temperature T are exp(scores / T), divided by their sum.
        moved: how many numbers of the state the last tile changed by more than `CLEAR_MOVE`.
    """

    state: State
    scores: np.ndarray
    moved: int


@dataclass(frozen=True)
class Part:
    """A part of the network: the embedding, an LSTM layer or the output.

    Attributes:
        units: how many numbers it computes for a character.
        weights: the shape of each weight, by its Keras name within the part.
    """

    name: str
    units: int
    weights: dict[str, tuple[int, ...]]

    @property
    def parameters(self) -> int:
        return sum(math.prod(shape) for shape in self.weights.values())


def tiles(vocabulary: Vocabulary, text: str) -> list[Tile]:
    """Split a text into tiles, after the line break or space that is read before every text.

    >>> [tile.id for tile in tiles(Vocabulary.from_text("banana"), "nab!")]
    [2, 0, 1, None]
    """
    beginning = vocabulary.decode(read_seed_text(vocabulary, "").ids)
    text = composed(vocabulary, text)
    read, _ = nearest_known(vocabulary, text)
    return [
        Tile(
            character,
            int(vocabulary.encode(known)[0]) if known in vocabulary else None,
            read_as=known,
            is_given=index < len(beginning),
        )
        for index, (character, known) in enumerate(
            zip(beginning + text, beginning + read, strict=True)
        )
    ]


def snapshot(checkpoint: Checkpoint, read: list[Tile]) -> Snapshot:
    """Read tiles from a zero state, and return what the network computes after the last one."""
    network = checkpoint.network
    before = state = network.start()
    for tile in read:
        before = state  # an unknown character changes nothing
        if tile.id is not None:
            state = network.advance(np.array([tile.id]), state)
    moved = sum(
        int((np.abs(now - then) > CLEAR_MOVE).sum())
        for layer, layer_before in zip(state, before, strict=True)
        for now, then in zip(layer, layer_before, strict=True)
    )
    scores = network.logits(state)[0].astype(np.float64)
    return Snapshot(state, scores - scores.max(), moved)


def parts(architecture: Architecture) -> list[Part]:
    """The parts of a network, from the input to the output."""
    sizes = (architecture.embedding_units, *architecture.lstm_units, architecture.vocabulary_size)
    grouped: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, shape in architecture.weight_shapes().items():
        part, _, weight = name.partition("/")
        grouped.setdefault(part, {})[weight.removeprefix("lstm_cell/")] = shape
    return [
        Part(name, units, weights)
        for (name, weights), units in zip(grouped.items(), sizes, strict=True)
    ]


def learned(checkpoint: Checkpoint) -> dict:
    """What the file records of the training, for the page; without what it lacks.

    Counts and durations of 0 are left out too: they say nothing.
    """
    training = checkpoint.training
    results, source, written = training.results, training.source, training.teachers_text
    losses = [
        (seconds, loss)
        for seconds, loss in checkpoint.history.get("val_loss_nats", [])
        if math.isfinite(seconds) and math.isfinite(loss) and loss > 0
    ]
    facts = {
        "characters": training.characters_seen,
        "steps": training.steps,
        "seconds": training.train_s,
        "passes": training.budget.epochs,
        "loss_nats": results and results.loss_nats,
        "perplexity": results and results.perplexity,
        "held_out_characters": results and results.characters,
        "text": _name(training.text.name),
        "started_from": source and (_name(source.corpus) or _name(source.name)),
        "teachers": len(training.teachers) or (written and written.teachers),
        "written_by_teachers": written and written.share,
        "losses": losses if len(losses) > 1 else None,
    }
    return {name: fact for name, fact in facts.items() if fact}


def _name(name: str | None) -> str:
    return (name or "")[:60]
