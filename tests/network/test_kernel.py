"""The compiled step: exact sums, a good tanh."""

import hashlib
import platform
from pathlib import Path

import numba
import numpy as np
import pytest

from charlstm.network import drawing, integer_products, kernel
from charlstm.network.integer_products import COLUMNS, group_columns, tile_sums, vector_width
from charlstm.network.kernel import DEPTH, GROUP, _products, tanh
from charlstm.network.quantized import pack


@pytest.mark.parametrize("unrolled", [1, 2])
@pytest.mark.parametrize("rows", [1, 3, 8])
@pytest.mark.parametrize("width", [0, 4, 8, 16])
def test_sums_are_exact_with_every_width_of_vectors(width, rows, unrolled):
    if width > vector_width():
        pytest.skip("this processor has no such vectors")
    add_sums = tile_sums(rows, width, unrolled)

    @numba.njit
    def call(hidden, row, column, pairs, weights, begin, sums, at):
        add_sums(hidden, row, column, pairs, weights, begin, sums, at)

    rng = np.random.default_rng(width)
    inputs, group, groups = 20, group_columns(width), 3
    weights = rng.integers(-3000, 3000, (inputs, groups * group)).astype(np.int16)
    hidden = rng.integers(-2048, 2049, (12, 34)).astype(np.int16)
    weights[:, 0], hidden[2, 6:26] = 32767, 2048  # the largest there are
    packed = pack(weights, group)
    expected = hidden[2 : 2 + rows, 6:26].astype(np.int64) @ weights.astype(np.int64)
    for index in range(groups):
        sums = np.full((rows + 2, COLUMNS), 5, np.int32)
        begin = index * inputs * group
        call(hidden, 2, 6, inputs // 2, packed, begin, sums, COLUMNS + 64 - group)
        columns = slice(index * group, (index + 1) * group)
        np.testing.assert_array_equal(sums[1:-1, -group:] - 5, expected[:, columns])
        sums[1:-1, -group:] = 5
        assert (sums == 5).all()  # it wrote nowhere else


@pytest.mark.parametrize(
    ("allowed", "width"),
    [("+sse2,-avx2,-avx512bw", 4), ("+avx2,-avx512bw", 8), ("+avx2,+avx512bw", 16), ("", 4)],
)
def test_vectors_are_as_wide_as_numba_may_compile_for(monkeypatch, allowed, width):
    monkeypatch.setattr(numba.config, "CPU_FEATURES", allowed)
    assert vector_width() == (width if platform.machine() in ("x86_64", "AMD64") else 0)


@pytest.mark.parametrize("rows", [1, 2, 3, 7, 8, 21])
@pytest.mark.parametrize("pairs", [8, DEPTH, 2 * DEPTH + 40])
def test_products_are_exact_for_any_number_of_rows_and_inputs(rows, pairs):
    rng = np.random.default_rng(rows)
    before, tiles = 12, 2  # the tile has pairs of inputs before those that are asked for
    inputs = rng.integers(-2048, 2049, (rows, 6 + 2 * pairs)).astype(np.int16)
    weights = rng.integers(-900, 900, (2 * (before + pairs), tiles * COLUMNS)).astype(np.int16)
    sums = np.full((rows + 1, COLUMNS), 7, np.int32)
    begin = (before + pairs) * 2 * COLUMNS + before * 2 * GROUP  # in the second tile
    _products(inputs, 6, pairs, pack(weights), begin, before + pairs, sums)
    expected = inputs[:, 6:].astype(np.int64) @ weights[2 * before :, COLUMNS:].astype(np.int64)
    np.testing.assert_array_equal(sums[:rows], expected)
    assert (sums[rows] == 7).all()


def test_tanh_is_right_to_a_millionth():
    x = np.concatenate([np.linspace(-12, 12, 40_001), [0, 1e-6, -1e-30, 3e38, -3e38]])
    x = x.astype(np.float32)
    found = np.array([tanh(value) for value in x])
    assert np.abs(found - np.tanh(x.astype(np.float64))).max() < 1e-6
    assert tanh(np.float32(0)) == 0


def test_the_cache_on_disk_knows_what_it_was_compiled_from():
    paths = [Path(module.__file__) for module in (integer_products, drawing)]
    found = hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
    assert kernel.SOURCES_SHA256 == found, (
        "integer_products.py or drawing.py has changed: put the new SHA-256 of both into kernel.py"
    )
