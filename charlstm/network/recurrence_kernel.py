"""The training of an LSTM layer on a CPU, compiled: forward and backward through a window.

The functions of `training_layer.Layer`, which describes their arrays. Lanes are computed in panels
of COLUMNS. The gradients of all gates are collected on the way back, and one large product gives
the gradient of the weights.

Sources: Hochreiter and Schmidhuber 1997, "Long Short-Term Memory"; with forget gate, Gers,
Schmidhuber and Cummins 2000, "Learning to Forget".
"""

from __future__ import annotations

from typing import Any

import numpy as np

from charlstm.network.compiling import compiled
from charlstm.network.float_products import (
    COLUMNS,
    TILE_DEPTH,
    TILE_ROWS,
    TILES,
    float_width,
    has_matrix_units,
    load_tile_settings,
    may_use_matrix_units,
    rows_together,
    store_tile_settings,
    tile_products,
    tile_settings,
    vector_products,
)
from charlstm.network.kernel import tanh

ROWS = rows_together(float_width())
HAS_TILES = may_use_matrix_units()

# Numba keeps compiled code on disk until this file changes, and watches this file only: the hash of
# the imported sources makes that cache invalid when one of them changes.
SOURCES_SHA256 = "3ff738a53750c49e0bcc24029054a68ce4e18de7d71da8295997786e11d72fb9"

_ROUND = np.uint32(0x7FFF)
_SETTINGS = tile_settings()
_vector_products = vector_products(ROWS, float_width())

# What is compiled depends on the processor alone, which numba's cache on disk knows, and not on
# what this process may do.
if has_matrix_units():
    _tile_products: Any = tile_products
    _load_tile_settings: Any = load_tile_settings
    _store_tile_settings: Any = store_tile_settings
else:  # never called, but compiled

    @compiled
    def _tile_products(weights, begin, inputs, depth, sums, first, stride):
        pass

    @compiled
    def _load_tile_settings(settings):
        pass

    _store_tile_settings = _load_tile_settings


@compiled
def pack_rows(matrix, packed):
    rows, depth = matrix.shape
    for block in range(rows // ROWS):  # of a known number of rows, which is faster
        for place in range(depth):
            for row in range(ROWS):
                packed[block, place, row] = matrix[block * ROWS + row, place]
    for row in range(rows - rows % ROWS, rows):
        for place in range(depth):
            packed[row // ROWS, place, row % ROWS] = matrix[row, place]


@compiled
def pack_columns(matrix, packed):
    depth, rows = matrix.shape
    for block in range(rows // ROWS):
        for place in range(depth):
            for row in range(ROWS):
                packed[block, place, row] = matrix[place, block * ROWS + row]
    for row in range(rows - rows % ROWS, rows):
        for place in range(depth):
            packed[row // ROWS, place, row % ROWS] = matrix[place, row]


@compiled
def _bfloat16(bits):
    """The bits of the bfloat16 number nearest to a float32 one, given as its bits, uint32."""
    return np.uint16((bits + _ROUND + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16))


@compiled
def pack_rows_in_tiles(matrix, packed):
    depth = matrix.shape[1]
    for row in range(matrix.shape[0]):
        bits = matrix[row].view(np.uint32)
        for begin in range(0, depth, TILE_DEPTH):
            target = packed[row // TILE_ROWS, begin // TILE_DEPTH, row % TILE_ROWS]
            for place in range(min(TILE_DEPTH, depth - begin)):
                target[place] = _bfloat16(bits[begin + place])


@compiled
def pack_columns_in_tiles(matrix, packed):
    depth, rows = matrix.shape
    tile = np.empty((TILE_DEPTH, TILE_ROWS), np.uint16)
    for begin in range(0, depth, TILE_DEPTH):
        places = min(TILE_DEPTH, depth - begin)
        for first in range(0, rows, TILE_ROWS):
            count = min(TILE_ROWS, rows - first)
            for place in range(places):
                bits = matrix[begin + place, first : first + count].view(np.uint32)
                for row in range(count):
                    tile[place, row] = _bfloat16(bits[row])
            target = packed[first // TILE_ROWS, begin // TILE_DEPTH]
            for row in range(count):
                for place in range(places):
                    target[row, place] = tile[place, row]


@compiled
def _multiply(vectors, tiles, inputs, pairs, sums):
    """sums = weights @ inputs, for each panel.

    A block of weights is used for all panels while it is in the processor's cache.

    Args:
        vectors, tiles: the packed weights; one of the two is empty.
        inputs: float32, (panels, depth, COLUMNS).
        pairs: uint16, (panels, depth / 2, COLUMNS, 2): scratch memory for tiles.
        sums: float32, (panels, rows, COLUMNS): filled in.
    """
    panels = inputs.shape[0]
    if len(tiles):
        depth = tiles.shape[1] * TILE_DEPTH
        for panel in range(panels):
            bits, target = inputs[panel].view(np.uint32), pairs[panel]
            for pair in range(depth // 2):
                for column in range(COLUMNS):
                    target[pair, column, 0] = _bfloat16(bits[2 * pair, column])
                    target[pair, column, 1] = _bfloat16(bits[2 * pair + 1, column])
        for block in range(0, tiles.shape[0], TILES):
            row = block * TILE_ROWS
            begin, at = row * depth, row * COLUMNS
            for panel in range(panels):
                _tile_products(tiles, begin, pairs[panel], depth, sums[panel], at, COLUMNS)
    else:
        depth = vectors.shape[1]
        for block in range(vectors.shape[0]):
            row = block * ROWS
            begin, at = row * depth, row * COLUMNS
            for panel in range(panels):
                _vector_products(vectors, begin, inputs[panel], depth, sums[panel], at, COLUMNS)


@compiled
def _scratch(vectors, tiles, panels):
    """Scratch memory for products: pairs of inputs, sums."""
    rows = tiles.shape[0] * TILE_ROWS if len(tiles) else vectors.shape[0] * ROWS
    return (
        np.empty((panels, tiles.shape[1] * TILE_DEPTH // 2, COLUMNS, 2), np.uint16),
        np.empty((panels, rows, COLUMNS), np.float32),
    )


@compiled
def _sigmoids(values, results):
    half = np.float32(0.5)
    for place in range(len(results)):
        results[place] = half * tanh(half * values[place]) + half


@compiled
def _tanhs(values, results):
    for place in range(len(results)):
        results[place] = tanh(values[place])


@compiled
def _new_cells(i, f, g, before, after):
    for place in range(len(after)):
        after[place] = f[place] * before[place] + i[place] * g[place]


@compiled
def _new_states(o, after, states):
    for place in range(len(states)):
        states[place] = o[place] * tanh(after[place])


@compiled
def forward(inputs, hidden, cell, vectors, tiles, seen, gates, cells, outputs, last):
    """Fills in `seen`, `gates`, `cells`, `outputs` and `last`.

    Args:
        inputs, hidden, cell, outputs, last: see `training_layer.Layer.forward`.
        vectors, tiles: the packed weights; one of the two is empty.
    """
    time, panels = gates.shape[:2]
    features = inputs.shape[0]
    units, lanes = hidden.shape
    size = units * COLUMNS
    pairs, sums = _scratch(vectors, tiles, panels)
    settings, settings_before = _SETTINGS.copy(), np.empty(64, np.uint8)
    if len(tiles):
        _store_tile_settings(settings_before)
        _load_tile_settings(settings)
    spare = np.empty((panels, size), np.float32)
    for panel in range(panels):
        first = panel * COLUMNS
        for unit in range(units):
            for lane in range(min(COLUMNS, lanes - first)):
                cells[0, panel, unit * COLUMNS + lane] = cell[unit, first + lane]
                seen[0, panel, features + unit, lane] = hidden[unit, first + lane]
    for step in range(time):
        for panel in range(panels):
            first = panel * COLUMNS
            begin = step * lanes + first
            for row in range(features):
                for lane in range(min(COLUMNS, lanes - first)):
                    seen[step, panel, row, lane] = inputs[row, begin + lane]
        _multiply(vectors, tiles, seen[step], pairs, sums)
        for panel in range(panels):
            first = panel * COLUMNS
            begin = step * lanes + first
            count = min(COLUMNS, lanes - first)
            new, entering = gates[step, panel], sums[panel].reshape(-1)
            _sigmoids(entering[: 2 * size], new[: 2 * size])
            _tanhs(entering[2 * size : 3 * size], new[2 * size : 3 * size])
            _sigmoids(entering[3 * size : 4 * size], new[3 * size :])
            after = cells[step + 1, panel]
            _new_cells(
                new[:size],
                new[size : 2 * size],
                new[2 * size : 3 * size],
                cells[step, panel],
                after,
            )
            if step + 1 < time:
                state = seen[step + 1, panel, features : features + units].reshape(-1)
            else:
                state = spare[panel]
            _new_states(new[3 * size :], after, state)
            for unit in range(units):
                for lane in range(count):
                    outputs[unit, begin + lane] = state[unit * COLUMNS + lane]
    for panel in range(panels):
        first = panel * COLUMNS
        for unit in range(units):
            for lane in range(min(COLUMNS, lanes - first)):
                last[0, unit, first + lane] = spare[panel, unit * COLUMNS + lane]
                last[1, unit, first + lane] = cells[time, panel, unit * COLUMNS + lane]
    if len(tiles):
        _load_tile_settings(settings_before)


@compiled
def _d_output_gates(d_hidden, o, after, d_cells, d_o):
    """Adds the gradient through the hidden states to `d_cells`, and fills in `d_o`."""
    one = np.float32(1)
    for place in range(len(d_o)):
        squashed = tanh(after[place])
        opened = d_hidden[place] * o[place]
        d_cells[place] += opened * (one - squashed * squashed)
        d_o[place] = opened * squashed * (one - o[place])


@compiled
def _d_input_gates(d_cells, i, g, d_i, d_g):
    one = np.float32(1)
    for place in range(len(d_i)):
        d_i[place] = d_cells[place] * g[place] * i[place] * (one - i[place])
        d_g[place] = d_cells[place] * i[place] * (one - g[place] * g[place])


@compiled
def _d_forget_gates(d_cells, f, before, d_f):
    """Fills in `d_f`, and makes `d_cells` the gradient of the states before."""
    one = np.float32(1)
    for place in range(len(d_f)):
        through = d_cells[place] * f[place]
        d_f[place] = through * before[place] * (one - f[place])
        d_cells[place] = through


@compiled
def backward(d_outputs, gates, cells, vectors, tiles, d_gates, d_inputs):
    """Fills in `d_gates` and `d_inputs`.

    Args:
        d_outputs, d_inputs: see `training_layer.Layer.backward`.
        vectors, tiles: the packed transposed weights; one of the two is empty.
    """
    time, panels, size = gates.shape[0], gates.shape[1], cells.shape[2]
    units, lanes = d_outputs.shape[0], d_outputs.shape[1] // time
    features = d_inputs.shape[0]
    pairs, sums = _scratch(vectors, tiles, panels)
    settings, settings_before = _SETTINGS.copy(), np.empty(64, np.uint8)
    if len(tiles):
        _store_tile_settings(settings_before)
        _load_tile_settings(settings)
    d_cells = np.zeros((panels, size), np.float32)
    d_hidden = np.zeros((panels, units, COLUMNS), np.float32)
    for step in range(time - 1, -1, -1):
        for panel in range(panels):
            first = panel * COLUMNS
            count = min(COLUMNS, lanes - first)
            begin = step * lanes + first
            for unit in range(units):
                for lane in range(count):
                    d_hidden[panel, unit, lane] += d_outputs[unit, begin + lane]
            kept, new = gates[step, panel], d_gates[step, panel].reshape(-1)
            i, f, g = kept[:size], kept[size : 2 * size], kept[2 * size : 3 * size]
            d_i, d_f = new[:size], new[size : 2 * size]
            d_g, d_o = new[2 * size : 3 * size], new[3 * size : 4 * size]
            d_c, d_h = d_cells[panel], d_hidden[panel].reshape(-1)
            _d_output_gates(d_h, kept[3 * size :], cells[step + 1, panel], d_c, d_o)
            _d_input_gates(d_c, i, g, d_i, d_g)
            _d_forget_gates(d_c, f, cells[step, panel], d_f)
        _multiply(vectors, tiles, d_gates[step], pairs, sums)
        for panel in range(panels):
            first = panel * COLUMNS
            begin = step * lanes + first
            for row in range(features):
                for lane in range(min(COLUMNS, lanes - first)):
                    d_inputs[row, begin + lane] = sums[panel, row, lane]
            for unit in range(units):  # numba compiles loops faster than slices
                for lane in range(COLUMNS):
                    d_hidden[panel, unit, lane] = sums[panel, features + unit, lane]
    if len(tiles):
        _load_tile_settings(settings_before)


@compiled
def products(vectors, tiles, inputs, results):
    """Fills in `results` with the products of packed weights and the inputs of every step.

    Args:
        vectors, tiles: the packed weights; one of the two is empty.
        inputs: float32, (time, panels, depth, COLUMNS).
        results: float32, (time, panels, rows, COLUMNS), with room for all blocks of the weights.
    """
    pairs, _ = _scratch(vectors, tiles, inputs.shape[1])
    settings, settings_before = _SETTINGS.copy(), np.empty(64, np.uint8)
    if len(tiles):
        _store_tile_settings(settings_before)
        _load_tile_settings(settings)
    for step in range(inputs.shape[0]):
        _multiply(vectors, tiles, inputs[step], pairs, results[step])
    if len(tiles):
        _load_tile_settings(settings_before)


@compiled
def weight_gradient(seen, d_gates, in_tiles, d_weights):
    """The gradient with respect to the transposed weights: the sum over all characters and lanes.

    Args:
        seen, d_gates: as `forward` and `backward` filled them in.
        in_tiles: whether the matrix units compute it, in bfloat16.
        d_weights: float32, (rows, columns): filled in; its rows must be a multiple of ROWS and of
            TILES * TILE_ROWS, its columns a multiple of COLUMNS, both with room for all.
    """
    pieces = seen.shape[0] * seen.shape[1]
    depth, columns = seen.shape[2], d_weights.shape[1]
    seen = seen.reshape(pieces, depth, COLUMNS)
    d_gates = d_gates.reshape(pieces, d_gates.shape[2], COLUMNS)
    if in_tiles:
        settings, settings_before = _SETTINGS.copy(), np.empty(64, np.uint8)
        _store_tile_settings(settings_before)
        _load_tile_settings(settings)
        steps = (pieces + 1) // 2
        blocks = -(-depth // (TILES * TILE_ROWS)) * TILES
        tiles = np.zeros((blocks, steps, TILE_ROWS, 2, COLUMNS), np.uint16)
        for block in range(blocks):
            for row in range(min(TILE_ROWS, depth - block * TILE_ROWS)):
                for piece in range(pieces):
                    bits = seen[piece, block * TILE_ROWS + row].view(np.uint32)
                    target = tiles[block, piece // 2, row, piece % 2]
                    for lane in range(COLUMNS):
                        target[lane] = _bfloat16(bits[lane])
        pairs = np.zeros((2 * steps * COLUMNS // 2, COLUMNS, 2), np.uint16)
        for column in range(0, columns, COLUMNS):
            for piece in range(pieces):
                bits = d_gates[piece, column : column + COLUMNS].view(np.uint32)
                for pair in range(COLUMNS // 2):
                    target = pairs[piece * COLUMNS // 2 + pair]
                    for place in range(COLUMNS):
                        target[place, 0] = _bfloat16(bits[place, 2 * pair])
                        target[place, 1] = _bfloat16(bits[place, 2 * pair + 1])
            for block in range(0, blocks, TILES):
                row = block * TILE_ROWS
                begin, at = row * steps * TILE_DEPTH, row * columns + column
                _tile_products(tiles, begin, pairs, steps * TILE_DEPTH, d_weights, at, columns)
        _load_tile_settings(settings_before)
        return
    blocks, long = -(-depth // ROWS), pieces * COLUMNS
    vectors = np.zeros((blocks, long, ROWS), np.float32)
    for row in range(depth):
        for piece in range(pieces):
            for lane in range(COLUMNS):
                value = seen[piece, row, lane]
                vectors[row // ROWS, piece * COLUMNS + lane, row % ROWS] = value
    inputs = np.empty((long, COLUMNS), np.float32)
    for column in range(0, columns, COLUMNS):
        for piece in range(pieces):
            for lane in range(COLUMNS):
                for place in range(COLUMNS):
                    inputs[piece * COLUMNS + lane, place] = d_gates[piece, column + place, lane]
        for block in range(blocks):
            begin, at = block * ROWS * long, block * ROWS * columns + column
            _vector_products(vectors, begin, inputs, long, d_weights, at, columns)
