"""The network's step, compiled: advances all texts in 16-bit integers and draws their characters.

A text must not depend on what else is written beside it. But sums of floating-point numbers depend
on the order of addition, and matrix libraries choose that order by the size of the batch. Here the
weights and the hidden states are 16-bit integers (see quantized.py), and their products are added
as 32-bit integers, which gives the same sum in any order: for one text or a hundred, on any
processor. What follows the sums is computed for each text by itself, up to the draw (see
drawing.py).

It is also fast: it reads half the bytes that float32 would need, and multiplies more numbers at
once (see integer_products.py).
"""

from __future__ import annotations

import numpy as np

from charlstm.network.compiling import compiled
from charlstm.network.drawing import draw_id, record_chances
from charlstm.network.integer_products import COLUMNS, group_columns, tile_sums, vector_width

UNITS = COLUMNS // 4  # in a tile: each has an input, forget, candidate and output gate
# Where the other gates begin in a tile. Unsigned, as the indices made of them: one that might be
# negative would count from the end, and keep the compiler from using vectors.
_UNITS = _FORGET = np.uint64(UNITS)
_CANDIDATE, _OUTPUT = np.uint64(2 * UNITS), np.uint64(3 * UNITS)
HIDDEN_SCALE = 2048  # hidden states, from -1 to 1, are stored as multiples of 1/2048

# Columns of a layout, which has one row for each layer and a last one for the logits: the first
# input in a state, the number of pairs of inputs, where weights and scales (and biases) begin, the
# number of tiles, the first output in a state.
INPUT, PAIRS, WEIGHTS, SCALES, TILES, OUTPUT = range(6)

# Numba keeps compiled code on disk until this file changes, and watches this file only: the hash of
# the imported sources makes that cache invalid when integer_products.py or drawing.py changes.
SOURCES_SHA256 = "876ae2bb0df7794d212262fac9523e47adadf00b1f11cff650f5e30850a0b1c8"

GROUP = group_columns(vector_width())  # columns that are computed together
DEPTH = 256  # pairs of inputs: their weights for a group (16 or 32 kB) stay in the fastest cache
# Texts for which a weight is used while it is in a register: as many as there are registers for,
# 32 with AVX-512 and on ARM, else 16.
ROWS, FEWER_ROWS = (8, 4) if vector_width() in (0, 16) else (4, 2)
_add_sums_of_rows = tile_sums(ROWS, vector_width())
_add_sums_of_fewer = tile_sums(FEWER_ROWS, vector_width())
_add_sums_of_one = tile_sums(1, vector_width(), unrolled=2)


@compiled
def _products(inputs, column, pairs, weights, begin, pairs_of_tile, sums):
    """Compute a tile's sums of products, int32, (at least rows, COLUMNS), for all rows.

    Args:
        inputs: int16, (rows, units).
        column: where the inputs begin in a row.
        pairs: how many pairs of inputs there are; pairs_of_tile: and in the tile.
        begin: where the weights of the first pair begin.
    """
    rows = inputs.shape[0]
    for row in range(rows):
        for index in range(COLUMNS):
            sums[row, index] = 0
    for group in range(COLUMNS // GROUP):
        for depth in range(0, pairs, DEPTH):
            deep = min(DEPTH, pairs - depth)
            at = begin + depth * 2 * GROUP
            first, left = column + 2 * depth, rows
            while left > 0:
                if left >= ROWS:
                    left -= ROWS
                    to = left * COLUMNS + group * GROUP
                    _add_sums_of_rows(inputs, left, first, deep, weights, at, sums, to)
                elif left >= FEWER_ROWS:
                    left -= FEWER_ROWS
                    to = left * COLUMNS + group * GROUP
                    _add_sums_of_fewer(inputs, left, first, deep, weights, at, sums, to)
                else:
                    left -= 1
                    to = left * COLUMNS + group * GROUP
                    _add_sums_of_one(inputs, left, first, deep, weights, at, sums, to)
        begin += pairs_of_tile * 2 * GROUP


@compiled
def tanh(x):
    """tanh(x) of a float32 with an error below 0.000001: a rational function fitted on [-8, 8].

    It uses products, sums and a division only, which every processor rounds in the same way.
    """
    x = min(max(x, np.float32(-8)), np.float32(8))
    u = x * x
    above = np.float32(1.1310268e-05) * u + np.float32(0.0029388327)
    above = (above * u + np.float32(0.12913647)) * u + np.float32(0.99999936)
    below = np.float32(2.4238537e-07) * u + np.float32(0.00023702912)
    below = (below * u + np.float32(0.02376385)) * u + np.float32(0.46246746)
    return x * above / (below * u + np.float32(1))


@compiled
def _new_states(sums, scales, biases, ids, cells, output, hidden, unit):
    """Update all rows' cell and hidden states of a tile from its sums of products.

    The halves in sigmoid(x) = (1 + tanh(x / 2)) / 2 are part of scales and biases. Arrays come
    whole, with an index: slices of them for each row would take as long as the arithmetic.

    Args:
        sums: int32, (at least rows, COLUMNS).
        scales: (COLUMNS,).
        biases: (ids, COLUMNS).
        ids: int32, (rows,): the index of each row's biases.
        cells: where `output` is the first column of the tile.
        hidden: where `unit` is the first column of the tile.
    """
    half = np.float32(0.5)
    output, unit = np.uint64(output), np.uint64(unit)
    for row in range(len(ids)):
        bias = ids[row]
        for index in range(_UNITS):
            column = index + _FORGET
            inputs = np.float32(sums[row, index]) * scales[index] + biases[bias, index]
            forget = np.float32(sums[row, column]) * scales[column] + biases[bias, column]
            column = index + _CANDIDATE
            candidate = np.float32(sums[row, column]) * scales[column] + biases[bias, column]
            column = index + _OUTPUT
            out = np.float32(sums[row, column]) * scales[column] + biases[bias, column]
            cell = (half * tanh(forget) + half) * cells[row, output + index]
            cell += (half * tanh(inputs) + half) * tanh(candidate)
            cells[row, output + index] = cell
            new = (half * tanh(out) + half) * tanh(cell)
            hidden[row, unit + index] = np.int16(np.floor(new * np.float32(HIDDEN_SCALE) + half))


@compiled
def _layer(layer, network, ids, hidden, cells, fresh, sums):
    """Advance one layer for all rows.

    Args:
        ids: int32, (rows,): the characters that they read.
        fresh: int16, (rows, units), and sums: int32, (rows, COLUMNS): scratch memory.
    """
    layout, weights, scales, _, _ = network
    pairs, tiles, output = layout[layer, PAIRS], layout[layer, TILES], layout[layer, OUTPUT]
    begin, at = layout[layer, WEIGHTS], layout[layer, SCALES]
    ids_of_biases = ids if layer == 0 else np.zeros_like(ids)
    for tile in range(tiles):
        _products(hidden, layout[layer, INPUT], pairs, weights, begin, pairs, sums)
        _new_states(
            sums,
            scales[at : at + COLUMNS],
            _biases(network, layer, tile),
            ids_of_biases,
            cells,
            output + tile * UNITS,
            fresh,
            tile * UNITS,
        )
        begin += pairs * 2 * COLUMNS
        at += COLUMNS
    # Not earlier: every tile needs the previous states.
    first = np.uint64(output)
    for row in range(len(ids)):
        for unit in range(np.uint64(tiles * UNITS)):
            hidden[row, first + unit] = fresh[row, unit]


@compiled
def _biases(network, layer, tile):
    """What is added to a tile's sums: in the first layer a row for each character, else one row."""
    layout, _, _, biases, table = network
    if layer == 0:
        return table[tile]
    row = layout[layer, SCALES] // COLUMNS + tile
    return biases[row : row + 1]


@compiled
def _logits(network, hidden, first_input, logits, sums):
    """Compute the logits of the next character, (rows, vocab), for all rows.

    Args:
        first_input: where the last layer begins in the hidden states.
        sums: int32, (rows, COLUMNS): scratch memory.
    """
    layout, weights, scales, biases, _ = network
    last = layout.shape[0] - 1
    begin, pairs = layout[last, WEIGHTS], layout[last, PAIRS]
    for tile in range(layout[last, TILES]):
        _products(hidden, first_input, pairs, weights, begin, pairs, sums)
        at = layout[last, SCALES] + tile * COLUMNS
        first = tile * COLUMNS
        for row in range(hidden.shape[0]):
            for column in range(min(COLUMNS, logits.shape[1] - first)):
                bias = biases[at // COLUMNS, column]
                logit = np.float32(sums[row, column]) * scales[at + column] + bias
                logits[row, first + column] = logit
        begin += pairs * 2 * COLUMNS


@compiled
def write_steps(network, hidden, cells, plan, settings, uniforms, interrupt, chances_ids, chances):
    """Advance all texts by as many characters as the plan has columns, or until interrupted.

    Args:
        network: (layout, weights, scales, biases, table), see `quantized.QuantizedNetwork`.
        hidden: int16, (rows, units): changed in place.
        cells: float32, (rows, units): changed in place.
        plan: int32, (rows, steps): the id to read, or -1 where one is to be drawn: the drawn id
            replaces it.
        settings: float64, (rows, 4): temperature, top_k, top_p, and how many of the likeliest
            characters are recorded when one is drawn: 0 records nothing.
        uniforms: float64, (rows, steps): numbers in [0, 1) for the draws.
        interrupt: uint8, (1,): another thread sets it to 1 to end the call after the current step.
        chances_ids: int32, and chances: float32, (rows, steps, 1 + how many are recorded at most):
            filled in for the rows that record them, see `drawing.record_chances`.

    Returns:
        The number of steps done, at least 1.
    """
    rows, steps = plan.shape
    layout, table = network[0], network[4]
    fresh = np.empty_like(hidden)
    sums = np.empty((rows, COLUMNS), np.int32)
    logits = np.empty((rows, table.shape[1]), np.float32)
    ids = np.empty(rows, np.int32)
    weights = np.empty(table.shape[1])
    for step in range(steps):
        draws = False
        for row in range(rows):
            ids[row] = plan[row, step]
            draws |= ids[row] < 0
        if draws:
            _logits(network, hidden, layout[-1, INPUT], logits, sums)
            for row in range(rows):
                if ids[row] < 0:
                    temperature, top_k, top_p, count = settings[row]
                    uniform = uniforms[row, step]
                    drawn = draw_id(logits[row], temperature, int(top_k), top_p, uniform, weights)
                    ids[row] = plan[row, step] = drawn
                    if count > 0:
                        record_chances(
                            weights, drawn, int(count), chances_ids[row, step], chances[row, step]
                        )
        for layer in range(layout.shape[0] - 1):
            _layer(layer, network, ids, hidden, cells, fresh, sums)
        if interrupt[0]:
            return step + 1
    return steps


@compiled
def read_text(network, hidden, cells, ids, logits, memory):
    """Read one text and compute the logits after each of its characters.

    Layer by layer: the numbers are the same as step by step, but it is faster. A layer's products
    with the layer below are computed for all characters at once, and its other weights stay in the
    processor's cache.

    Args:
        network: as for `write_steps`.
        hidden: int16, (1, units): changed in place.
        cells: float32, (1, units): changed in place.
        ids: int32, (time,).
        logits: float32, (time, vocab): filled in.
        memory: float32, (time, units): filled with the cell states after each character, unless it
            has no rows.
    """
    layout, weights, scales, _, _ = network
    time, last = len(ids), layout.shape[0] - 1
    sums = np.empty((time, COLUMNS), np.int32)
    below = np.empty((time, 0), np.int16)
    no_ids = np.zeros(1, np.int32)
    start = np.int64(0)  # a literal 0 would have the functions called below compiled once more
    for layer in range(last):
        tiles, output = layout[layer, TILES], layout[layer, OUTPUT]
        units = tiles * UNITS
        all_pairs = layout[layer, PAIRS]
        from_below, own = all_pairs - units // 2, units // 2
        begin, at = layout[layer, WEIGHTS], layout[layer, SCALES]
        entering = np.zeros((tiles, time, COLUMNS), np.int32)
        if layer > 0:
            for tile in range(tiles):
                offset = begin + tile * all_pairs * 2 * COLUMNS
                _products(below, start, from_below, weights, offset, all_pairs, entering[tile])
        states = np.empty((time + 1, units), np.int16)
        for unit in range(units):
            states[0, unit] = hidden[0, output + unit]
        for step in range(time):
            for tile in range(tiles):
                offset = begin + tile * all_pairs * 2 * COLUMNS + from_below * 2 * GROUP
                before = states[step : step + 1]
                _products(before, start, own, weights, offset, all_pairs, sums)
                for column in range(COLUMNS):
                    sums[0, column] += entering[tile, step, column]
                first = at + tile * COLUMNS
                _new_states(
                    sums,
                    scales[first : first + COLUMNS],
                    _biases(network, layer, tile),
                    ids[step : step + 1] if layer == 0 else no_ids,
                    cells,
                    output + tile * UNITS,
                    states[step + 1 : step + 2],
                    tile * UNITS,
                )
            if len(memory):
                for unit in range(output, output + units):
                    memory[step, unit] = cells[0, unit]
        for unit in range(units):
            hidden[0, output + unit] = states[time, unit]
        below = states[1:]
    _logits(network, below, start, logits, sums)
