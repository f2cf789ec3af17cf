"""The weights that a network begins with, of which counting can say some beforehand.

A network with random weights spends much of a short training on what can be counted in a second:
how frequent each character is, and which ones follow which. So the biases of the output begin as
the logarithms of the frequencies, and the embedding with vectors that are near each other where
two characters are followed by the same ones. The rest is random, as usual.

Source: a factorisation of pointwise mutual information, as Levy and Goldberg 2014, "Neural Word
Embedding as Implicit Matrix Factorization"; here by a weighted singular value decomposition.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from charlstm.analysis.ngram import pair_probabilities

EMBEDDING, OUTPUT_BIAS = "embedding/embeddings", "output/bias"
MOST = 2.0  # standard deviations: rare characters would have vectors of any length
ROUNDS = 3  # of the power iteration


def with_counts(weights: Mapping[str, np.ndarray], ids: np.ndarray) -> dict[str, np.ndarray]:
    """Weights as they were initialised, but for what counting says of a text.

    Args:
        weights: float32, by name, see `Architecture.weight_shapes`.
        ids: the training part of the text, (characters,), at least two.
    """
    from sklearn.utils.extmath import randomized_svd  # a second to import

    embedding = np.array(weights[EMBEDDING], np.float32)
    singles, pairs = pair_probabilities(ids, len(embedding))
    root = np.sqrt(singles).astype(np.float32)
    information = pairs  # in its place: with 4,000 characters it takes 64 MB
    information /= singles.astype(np.float32)
    np.log(information, out=information)
    information *= root[:, None]
    information *= root
    features = min(embedding.shape[1], len(embedding) - 1)
    vectors, _, _ = randomized_svd(information, features, n_iter=ROUNDS, random_state=0)
    # In the mean over the text each feature has a variance of 1.
    embedding[:, :features] = np.clip(vectors / root[:, None], -MOST, MOST)
    return {**weights, EMBEDDING: embedding, OUTPUT_BIAS: np.log(singles).astype(np.float32)}
