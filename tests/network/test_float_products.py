"""Products of float matrices are right for every width of vectors, also those not used here."""

from __future__ import annotations

import numba
import numpy as np
import pytest

from charlstm.network.float_products import COLUMNS, vector_products


@pytest.mark.parametrize(("rows", "width"), [(16, 16), (6, 8), (4, 4), (2, 4)])
def test_rows_of_a_product(rows, width):
    products = vector_products(rows, width)

    @numba.njit
    def multiply(weights, begin, inputs, depth, sums, first, stride):
        products(weights, begin, inputs, depth, sums, first, stride)

    depth, stride = 13, 40
    rng = np.random.default_rng(2)
    matrix = rng.normal(size=(rows, depth)).astype(np.float32)
    inputs = rng.normal(size=(depth, COLUMNS)).astype(np.float32)
    weights = np.concatenate([np.full(7, np.nan, np.float32), matrix.T.ravel()])
    sums = np.full((rows, stride), 5, np.float32)
    multiply(weights, 7, inputs, depth, sums, 3, stride)
    assert np.allclose(sums[:, 3 : 3 + COLUMNS], matrix @ inputs, atol=1e-5)
    assert np.all(np.delete(sums, range(3, 3 + COLUMNS), axis=1) == 5)
