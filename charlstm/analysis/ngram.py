"""Counting instead of learning: the n-gram model that a network has to beat.

How often did each character follow the three before it? Contexts that were rare or never seen
are filled up from shorter ones (Witten-Bell smoothing: the more different characters followed a
context, the more is left for what never did).

Source: Witten and Bell 1991, "The zero-frequency problem", IEEE Trans. Information Theory 37(4).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class NgramFigures:
    """How well counting guesses a held-out text.

    Attributes:
        loss_nats: mean surprise a character.
        accuracy: share of characters that are the likeliest one after what stands before them.
    """

    loss_nats: float
    accuracy: float


def blind_loss_nats(vocabulary_size: int) -> float:
    """Loss of guessing blindly, every character as likely as any other."""
    return float(np.log(vocabulary_size))


def ngram_figures(
    training_ids: np.ndarray, held_out_ids: np.ndarray, vocabulary_size: int, order: int = 4
) -> NgramFigures:
    """Count in the training text, and guess the held-out text.

    Args:
        training_ids: (characters,), at least `order` of them.
        held_out_ids: (characters,), at least one; the text that follows the training text.
        order: characters looked at: 4 predicts from the three before.
    """
    before = order - 1
    text = np.concatenate([training_ids[-before:], held_out_ids]).astype(np.int64)
    level = _shortest(training_ids, vocabulary_size)
    probability = level.probability[held_out_ids]
    guesses = np.repeat(level.guesses, len(held_out_ids))
    for length in range(1, order):
        level = _longer(level, training_ids, length, vocabulary_size)
        asked = _codes(text[:-1], length, vocabulary_size)[before - length :]
        count = _look_up(level.pairs, level.counts, asked * vocabulary_size + held_out_ids)
        total = _look_up(level.contexts, level.totals, asked)
        kinds = _look_up(level.contexts, level.kinds, asked)
        known = total > 0
        mixed = (count + kinds * probability) / np.maximum(total + kinds, 1)
        probability = np.where(known, mixed, probability)
        guesses = np.where(known, _look_up(level.contexts, level.guesses, asked), guesses)
    return NgramFigures(
        loss_nats=float(-np.log(probability).mean()),
        accuracy=float((guesses == held_out_ids).mean()),
    )


@dataclass(frozen=True, kw_only=True)
class _Level:
    """What followed contexts of one length in the training text.

    Attributes:
        contexts: codes of the distinct contexts, sorted; of each: `totals` and `kinds`, how many
            characters and how many different ones followed it, `guesses` the likeliest one, and
            `guess_probability`.
        pairs: codes of a context and what followed it, distinct and sorted, with their `counts`
            and the `probability` of what followed.
    """

    contexts: np.ndarray
    totals: np.ndarray
    kinds: np.ndarray
    guesses: np.ndarray
    guess_probability: np.ndarray
    pairs: np.ndarray
    counts: np.ndarray
    probability: np.ndarray


def _shortest(training_ids: np.ndarray, vocabulary_size: int) -> _Level:
    """The characters by themselves, one empty context before all of them."""
    counts = np.bincount(training_ids, minlength=vocabulary_size) + 1  # nothing is impossible
    probability = counts / counts.sum()
    guess = probability.argmax()
    return _Level(
        contexts=np.zeros(1, np.int64),
        totals=counts.sum(keepdims=True),
        kinds=np.array([vocabulary_size]),
        guesses=guess[None],
        guess_probability=probability[guess][None],
        pairs=np.arange(vocabulary_size),
        counts=counts,
        probability=probability,
    )


def _longer(shorter: _Level, training_ids: np.ndarray, length: int, vocabulary_size: int) -> _Level:
    """Contexts of `length` characters, from those that are one character shorter."""
    seen = _codes(training_ids, length + 1, vocabulary_size)
    pairs, counts = np.unique(seen, return_counts=True)
    # Of the distinct pairs, those that share a context are its different continuations.
    contexts, first, kinds = np.unique(
        pairs // vocabulary_size, return_index=True, return_counts=True
    )
    totals = np.add.reduceat(counts, first)
    # Whatever followed a context followed the shorter one within it too.
    within = np.searchsorted(shorter.pairs, pairs % vocabulary_size**length)
    of_context = np.repeat(np.arange(len(contexts)), kinds)
    left = kinds / (totals + kinds)  # for what the shorter context says
    probability = (counts / (totals + kinds)[of_context]) + (
        left[of_context] * shorter.probability[within]
    )
    # The likeliest character has followed the context, or is the likeliest after the shorter one.
    best = np.maximum.reduceat(probability, first)
    _, first_best = np.unique(
        np.where(probability == best[of_context], of_context, -1), return_index=True
    )
    guesses = pairs[first_best[-len(contexts) :]] % vocabulary_size
    within = np.searchsorted(shorter.contexts, contexts % vocabulary_size ** (length - 1))
    unseen_best = left * shorter.guess_probability[within]
    return _Level(
        contexts=contexts,
        totals=totals,
        kinds=kinds,
        guesses=np.where(unseen_best > best, shorter.guesses[within], guesses),
        guess_probability=np.maximum(unseen_best, best),
        pairs=pairs,
        counts=counts,
        probability=probability,
    )


def _codes(ids: np.ndarray, length: int, base: int) -> np.ndarray:
    """One number for each run of `length` ids; vocabularies of 1000 leave room for order 6."""
    codes = np.zeros(len(ids) - length + 1, np.int64)
    for offset in range(length):
        codes = codes * base + ids[offset : len(ids) - length + 1 + offset]
    return codes


def _look_up(keys: np.ndarray, values: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """The value of each asked key, 0 where it is not among the sorted keys."""
    place = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.where(keys[place] == asked, values[place], 0)
