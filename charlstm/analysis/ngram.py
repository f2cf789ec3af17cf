"""The n-gram baseline: it counts how often each character follows the characters before it.

Witten-Bell smoothing mixes the counts of a context with the probabilities after the next shorter
one. The more different characters followed a context in the training text, the more weight the
shorter context gets.

Source: Witten and Bell 1991, "The zero-frequency problem", IEEE Trans. Information Theory 37(4).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class NgramFigures:
    """How well an n-gram model predicts a held-out text.

    Attributes:
        loss_nats: mean surprisal of a character.
        accuracy: share of characters that were the most likely ones after their context.
    """

    loss_nats: float
    accuracy: float


def blind_loss_nats(vocabulary_size: int) -> float:
    """Loss of a uniform guess: every character as likely as any other."""
    return float(np.log(vocabulary_size))


def ngram_figures(
    training_ids: np.ndarray, held_out_ids: np.ndarray, vocabulary_size: int, order: int = 4
) -> NgramFigures:
    """Count in the training text, and measure on the held-out text.

    Args:
        training_ids: (characters,), at least `order` of them.
        held_out_ids: (characters,), at least one: what follows the training text.
        order: length of an n-gram: 4 predicts a character from the three before it.
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
        loss_nats=float(0.0 - np.log(probability).mean()),  # -x would make -0.0 of 0.0
        accuracy=float((guesses == held_out_ids).mean()),
    )


def pair_probabilities(ids: np.ndarray, vocabulary_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies of characters, and of each one after each: smoothed by Witten-Bell.

    Args:
        ids: a text, (characters,), at least two.

    Returns:
        Probabilities of single characters, float64, (vocab,); and of a character (column) after
        another (row), float32, (vocab, vocab). All are above 0.
    """
    singles = _shortest(ids, vocabulary_size)
    level = _longer(singles, ids, 1, vocabulary_size)
    pairs = np.tile(singles.probability.astype(np.float32), (vocabulary_size, 1))
    left = level.kinds / (level.totals + level.kinds)  # the weight of the single frequencies
    pairs[level.contexts] *= left[:, None].astype(np.float32)
    pairs.reshape(-1)[level.pairs] = level.probability
    return singles.probability, pairs


@dataclass(frozen=True, kw_only=True)
class _Level:
    """What followed contexts of one length in the training text.

    Attributes:
        contexts: codes of the distinct contexts, sorted, (contexts,).
        totals: how many characters followed each context.
        kinds: how many different characters followed each context.
        guesses: id of the most likely character after each context.
        guess_probability: probability of that character.
        pairs: codes of the distinct contexts with a character that followed, sorted, (pairs,).
        counts: how often each pair occurred.
        probability: smoothed probability of each pair's character after its context.
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
    """The level of the empty context: how frequent the characters are."""
    counts = np.bincount(training_ids, minlength=vocabulary_size) + 1  # no character is impossible
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
    """The level of contexts of `length` characters, from that of contexts one shorter."""
    seen = _codes(training_ids, length + 1, vocabulary_size)
    pairs, counts = np.unique(seen, return_counts=True)
    # Pairs with the same context are neighbours, because pairs are sorted.
    contexts, first, kinds = np.unique(
        pairs // vocabulary_size, return_index=True, return_counts=True
    )
    totals = np.add.reduceat(counts, first)
    # A character that followed a context also followed the shorter context within it.
    within = np.searchsorted(shorter.pairs, pairs % vocabulary_size**length)
    of_context = np.repeat(np.arange(len(contexts)), kinds)
    left = kinds / (totals + kinds)  # weight of the shorter context
    probability = (counts / (totals + kinds)[of_context]) + (
        left[of_context] * shorter.probability[within]
    )
    # The most likely character is one that followed the context, or the guess of the shorter one.
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
    """One integer for each run of `length` ids: fits int64 up to 5 ids of a vocabulary of 4,096."""
    codes = np.zeros(len(ids) - length + 1, np.int64)
    for offset in range(length):
        codes = codes * base + ids[offset : len(ids) - length + 1 + offset]
    return codes


def _look_up(keys: np.ndarray, values: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """The value of each asked key, 0 where it is not among the sorted keys."""
    index = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.where(keys[index] == asked, values[index], 0)
