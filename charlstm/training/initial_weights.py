"""Initial weights of a network: random, except for those that counting the text can set.

A network with random weights spends much of a short training learning how often each character
occurs and which ones follow which. Both can be counted in a second. The output biases start as log
frequencies; the embedding starts with similar vectors for characters that are followed by the same
ones. All other weights are random.

Source: factorising pointwise mutual information, Levy and Goldberg 2014, "Neural Word Embedding as
Implicit Matrix Factorization"; here with a weighted singular value decomposition.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from charlstm.analysis.ngram import pair_probabilities

EMBEDDING, OUTPUT_BIAS = "embedding/embeddings", "output/bias"
MOST = 2.0  # standard deviations; vectors of rare characters would be arbitrarily long
ITERATIONS = 3  # of the power method


def with_counts(weights: Mapping[str, np.ndarray], ids: np.ndarray) -> dict[str, np.ndarray]:
    """Replace the embedding and the output biases by what is counted in a text.

    Args:
        weights: randomly initialised, float32, by name; see `Architecture.weight_shapes`.
        ids: the training part of the text, (characters,), at least two.
    """
    from sklearn.utils.extmath import randomized_svd  # a second to import

    embedding = np.array(weights[EMBEDDING], np.float32)
    singles, pairs = pair_probabilities(ids, len(embedding))
    root = np.sqrt(singles).astype(np.float32)
    information = pairs  # computed in place: 64 MB for a vocabulary of 4,000
    information /= singles.astype(np.float32)
    np.log(information, out=information)
    information *= root[:, None]
    information *= root
    features = min(embedding.shape[1], len(embedding) - 1)
    vectors, _, _ = randomized_svd(information, features, n_iter=ITERATIONS, random_state=0)
    # Over the characters of the text, each feature has a variance of 1.
    embedding[:, :features] = np.clip(vectors / root[:, None], -MOST, MOST)
    return {**weights, EMBEDDING: embedding, OUTPUT_BIAS: np.log(singles).astype(np.float32)}
