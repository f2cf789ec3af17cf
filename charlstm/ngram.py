"""Counting instead of learning: the n-gram model that a network has to beat.

How often did each character follow the three before it? Contexts that were rare or never seen
are filled up from shorter ones (Witten-Bell smoothing: the more different characters followed a
context, the more is left for what never did).

Source: Witten and Bell 1991, "The zero-frequency problem", IEEE Trans. Information Theory 37(4).
"""

from __future__ import annotations

import numpy as np


def blind_loss_nats(vocabulary_size: int) -> float:
    """Loss of guessing blindly, every character as likely as any other."""
    return float(np.log(vocabulary_size))


def ngram_loss_nats(
    training_ids: np.ndarray, held_out_ids: np.ndarray, vocabulary_size: int, order: int = 4
) -> float:
    """Mean loss on held-out text of counts of the training text, nats a character.

    Args:
        training_ids, held_out_ids: (characters,); the held-out text follows the training text.
        order: characters looked at: 4 predicts from the three before.
    """
    before = order - 1
    text = np.concatenate([training_ids[-before:], held_out_ids]).astype(np.int64)
    counts = np.bincount(training_ids, minlength=vocabulary_size) + 1  # nothing is impossible
    probability = (counts / counts.sum())[held_out_ids]
    for length in range(1, order):
        seen_contexts = _codes(training_ids[:-1], length, vocabulary_size)
        seen = seen_contexts * vocabulary_size + training_ids[length:]
        pairs, pair_counts = np.unique(seen, return_counts=True)
        # Of the distinct pairs, those that share a context are its different continuations.
        contexts, kinds = np.unique(pairs // vocabulary_size, return_counts=True)
        totals = np.add.reduceat(pair_counts, np.searchsorted(pairs // vocabulary_size, contexts))
        asked = _codes(text[:-1], length, vocabulary_size)[before - length :]
        count = _look_up(pairs, pair_counts, asked * vocabulary_size + held_out_ids)
        total = _look_up(contexts, totals, asked)
        different = _look_up(contexts, kinds, asked)
        known = total > 0
        mixed = (count + different * probability) / np.maximum(total + different, 1)
        probability = np.where(known, mixed, probability)
    return float(-np.log(probability).mean())


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
