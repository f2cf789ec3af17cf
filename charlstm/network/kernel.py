"""The network's step, compiled: advances all texts in 16-bit integers and draws their characters.

A text must not depend on what else is written beside it. But sums of floating-point numbers depend
on the order of addition, and matrix libraries choose that order by the size of the batch. Here the
weights and the hidden states are 16-bit integers (see quantized.py), and their products are added
as 32-bit integers, which gives the same sum in any order: for one text or a hundred, on any
processor. What follows the sums is computed for each text by itself.

It is also fast: it reads half the bytes that float32 would need, and multiplies more numbers at
once (see integer_products.py).
"""

from __future__ import annotations

import numba
import numpy as np

from charlstm.network.integer_products import COLUMNS, tile_sums, vector_width

UNITS = COLUMNS // 4  # in a tile: each has an input, forget, candidate and output gate
HIDDEN_SCALE = 2048  # hidden states, from -1 to 1, are stored as multiples of 1/2048

# Columns of a layout, which has one row for each layer and a last one for the logits: the first
# input in a state, the number of pairs of inputs, where weights and scales (and biases) begin, the
# number of tiles, the first output in a state.
INPUT, PAIRS, WEIGHTS, SCALES, TILES, OUTPUT = range(6)

# Numba keeps compiled code on disk until this file changes, and watches this file only: the hash of
# the imported source makes that cache invalid when integer_products.py changes.
PRODUCTS_SHA256 = "28b42bf8805ee4634943b605f936906c8f80f8cdb869b8d73dfb750ff8aead3b"


def compiled(function):
    """Compile a function at its first call, and keep the machine code on disk."""

    def compile_it(cache: bool):
        return numba.njit(cache=cache, nogil=True, boundscheck=False, error_model="numpy")(function)

    try:
        return compile_it(cache=True)
    except RuntimeError:  # there is no folder that it can be written to
        return compile_it(cache=False)


# Texts for which a weight is used while it is in a register: as many as there are registers for.
_ROWS = 4 if vector_width() == 16 else 2
_sums_of_rows = tile_sums(_ROWS, vector_width())
_sums_of_one = tile_sums(1, vector_width(), unrolled=2)


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
def _new_states(sums, scales, biases, cells, hidden):
    """Update a tile's cell and hidden states, (UNITS,), from its sums of products, (COLUMNS,).

    The halves in sigmoid(x) = (1 + tanh(x / 2)) / 2 are part of scales and biases.
    """
    half = np.float32(0.5)
    for unit in range(UNITS):
        inputs = np.float32(sums[unit]) * scales[unit] + biases[unit]
        forget = np.float32(sums[UNITS + unit]) * scales[UNITS + unit] + biases[UNITS + unit]
        column = 2 * UNITS + unit
        candidate = tanh(np.float32(sums[column]) * scales[column] + biases[column])
        column = 3 * UNITS + unit
        output = np.float32(sums[column]) * scales[column] + biases[column]
        cell = (half * tanh(forget) + half) * cells[unit]
        cell += (half * tanh(inputs) + half) * candidate
        cells[unit] = cell
        new = (half * tanh(output) + half) * tanh(cell)
        hidden[unit] = np.int16(np.floor(new * np.float32(HIDDEN_SCALE) + half))


@compiled
def _layer(layer, layout, weights, scales, biases, hidden, cells, fresh, sums):
    """Advance one layer for all rows.

    Args:
        biases: (rows, columns): in the first layer they depend on the character of the row.
        fresh: int16, (rows, units), and sums: int32, (_ROWS * COLUMNS,): scratch memory.
    """
    column, pairs = layout[layer, INPUT], layout[layer, PAIRS]
    first_scale, output = layout[layer, SCALES], layout[layer, OUTPUT]
    rows = hidden.shape[0]
    begin = layout[layer, WEIGHTS]
    for tile in range(layout[layer, TILES]):
        at = first_scale + tile * COLUMNS
        tile_scales = scales[at : at + COLUMNS]
        row = 0
        while row < rows:
            together = _ROWS if row + _ROWS <= rows else 1
            if together == _ROWS:
                _sums_of_rows(hidden, row, column, pairs, weights, begin, sums)
            else:
                _sums_of_one(hidden, row, column, pairs, weights, begin, sums)
            for offset in range(together):
                units = output + tile * UNITS
                _new_states(
                    sums[offset * COLUMNS : (offset + 1) * COLUMNS],
                    tile_scales,
                    biases[row + offset, tile * COLUMNS : (tile + 1) * COLUMNS],
                    cells[row + offset, units : units + UNITS],
                    fresh[row + offset, tile * UNITS : (tile + 1) * UNITS],
                )
            row += together
        begin += pairs * 2 * COLUMNS
    # Not earlier: every tile needs the previous states.
    hidden[:, output : output + layout[layer, TILES] * UNITS] = fresh[
        :rows, : layout[layer, TILES] * UNITS
    ]


@compiled
def _logits(layout, weights, scales, biases, hidden, row, logits, sums):
    """Compute the logits of the next character, (vocab,), for one row."""
    last = layout.shape[0] - 1
    begin = layout[last, WEIGHTS]
    pairs = layout[last, PAIRS]
    for tile in range(layout[last, TILES]):
        _sums_of_one(hidden, row, layout[last, INPUT], pairs, weights, begin, sums)
        at = layout[last, SCALES] + tile * COLUMNS
        for column in range(min(COLUMNS, len(logits) - tile * COLUMNS)):
            logit = np.float32(sums[column]) * scales[at + column] + biases[at + column]
            logits[tile * COLUMNS + column] = logit
        begin += pairs * 2 * COLUMNS


@compiled
def draw_id(logits, temperature, top_k, top_p, uniform):
    """Draw the next character of one text.

    The reference is `draw(probabilities(...))` of writing/sampling.py; tests compare the two.

    Args:
        logits: float32, (vocab,).
        temperature: 0 takes the most likely character.
        top_k: 0 keeps all characters.
        top_p: 0 keeps all characters.
        uniform: a number in [0, 1).

    Returns:
        The id of the character.
    """
    if temperature == 0:
        return np.argmax(logits)
    highest = np.float64(np.max(logits))
    scaled = (logits.astype(np.float64) - highest) / temperature
    if 0 < top_k < len(scaled):
        threshold = np.sort(scaled)[len(scaled) - top_k]
        for id_ in range(len(scaled)):
            if scaled[id_] < threshold:
                scaled[id_] = -np.inf
    weights = np.exp(scaled)  # probabilities times their sum
    if top_p > 0:
        ordered = np.sort(weights)[::-1]
        goal, reached, kept = top_p * weights.sum(), 0.0, 0
        while kept < len(ordered) and reached < goal:
            reached += ordered[kept]
            kept += 1
        threshold = ordered[kept - 1]
        for id_ in range(len(weights)):
            if weights[id_] < threshold:
                weights[id_] = 0.0
    goal, reached = uniform * weights.sum(), 0.0
    for id_ in range(len(weights)):
        reached += weights[id_]
        if reached > goal:
            return id_
    return len(weights) - 1


@compiled
def _advance(network, biases_of_rows, hidden, cells, fresh, sums):
    """Advance all rows by a character, whose row of the table is already in biases_of_rows."""
    layout, weights, scales, biases, _ = network
    for layer in range(layout.shape[0] - 1):
        if layer > 0:
            begin, width = layout[layer, SCALES], layout[layer, TILES] * COLUMNS
            biases_of_rows[:, :width] = biases[begin : begin + width]
        _layer(layer, layout, weights, scales, biases_of_rows, hidden, cells, fresh, sums)


@compiled
def _scratch(network, rows):
    """Allocate scratch memory for a step: biases of each row, new hidden states, sums."""
    layout, table = network[0], network[4]
    tiles = layout[:, TILES].max()
    return (
        np.empty((rows, max(tiles * COLUMNS, table.shape[1])), np.float32),
        np.empty((rows, tiles * UNITS), np.int16),
        np.empty(_ROWS * COLUMNS, np.int32),
    )


@compiled
def write_steps(network, hidden, cells, plan, settings, uniforms, interrupt):
    """Advance all texts by as many characters as the plan has columns, or until interrupted.

    Args:
        network: (layout, weights, scales, biases, table), see `quantized.QuantizedNetwork`.
        hidden: int16, (rows, units): changed in place.
        cells: float32, (rows, units): changed in place.
        plan: int32, (rows, steps): the id to read, or -1 where one is to be drawn: the drawn id
            replaces it.
        settings: float64, (rows, 3): temperature, top_k, top_p.
        uniforms: float64, (rows, steps): numbers in [0, 1) for the draws.
        interrupt: uint8, (1,): another thread sets it to 1 to end the call after the current step.

    Returns:
        The number of steps done, at least 1.
    """
    layout, weights, scales, biases, table = network
    rows, steps = plan.shape
    biases_of_rows, fresh, sums = _scratch(network, rows)
    logits = np.empty(table.shape[0], np.float32)
    for step in range(steps):
        for row in range(rows):
            if plan[row, step] < 0:
                _logits(layout, weights, scales, biases, hidden, row, logits, sums)
                temperature, top_k, top_p = settings[row]
                uniform = uniforms[row, step]
                plan[row, step] = draw_id(logits, temperature, int(top_k), top_p, uniform)
            biases_of_rows[row, : table.shape[1]] = table[plan[row, step]]
        _advance(network, biases_of_rows, hidden, cells, fresh, sums)
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
    layout, weights, scales, biases, table = network
    time, last = len(ids), layout.shape[0] - 1
    sums = np.empty(_ROWS * COLUMNS, np.int32)
    below = np.empty((time, 0), np.int16)
    for layer in range(last):
        tiles, output = layout[layer, TILES], layout[layer, OUTPUT]
        units = tiles * UNITS
        all_pairs = layout[layer, PAIRS]
        from_below, own = all_pairs - units // 2, units // 2
        begin, at = layout[layer, WEIGHTS], layout[layer, SCALES]
        entering = np.zeros((time, tiles * COLUMNS), np.int32)
        if layer > 0:
            _products(below, from_below, weights, begin, all_pairs, entering, sums)
        states = np.empty((time + 1, units), np.int16)
        states[0] = hidden[0, output : output + units]
        for step in range(time):
            row = table[ids[step]] if layer == 0 else biases[at : at + tiles * COLUMNS]
            for tile in range(tiles):
                offset = begin + (tile * all_pairs + from_below) * 2 * COLUMNS
                _sums_of_one(states, step, 0, own, weights, offset, sums)
                columns = slice(tile * COLUMNS, (tile + 1) * COLUMNS)
                for column in range(COLUMNS):
                    sums[column] += entering[step, tile * COLUMNS + column]
                first = output + tile * UNITS
                _new_states(
                    sums,
                    scales[at : at + tiles * COLUMNS][columns],
                    row[columns],
                    cells[0, first : first + UNITS],
                    states[step + 1, tile * UNITS : (tile + 1) * UNITS],
                )
            if len(memory):
                memory[step, output : output + units] = cells[0, output : output + units]
        hidden[0, output : output + units] = states[time]
        below = states[1:]
    columns = layout[last, TILES] * COLUMNS
    products = np.zeros((time, columns), np.int32)
    pairs = layout[last, PAIRS]
    _products(below, pairs, weights, layout[last, WEIGHTS], pairs, products, sums)
    at = layout[last, SCALES]
    for step in range(time):
        for id_ in range(logits.shape[1]):
            logit = np.float32(products[step, id_]) * scales[at + id_] + biases[at + id_]
            logits[step, id_] = logit


@compiled
def _products(inputs, pairs, weights, begin, pairs_of_tile, products, sums):
    """Fill in products (rows, columns): inputs (rows, 2 x pairs) by every tile's first pairs."""
    rows = inputs.shape[0]
    for tile in range(products.shape[1] // COLUMNS):
        row = 0
        while row < rows:
            together = _ROWS if row + _ROWS <= rows else 1
            if together == _ROWS:
                _sums_of_rows(inputs, row, 0, pairs, weights, begin, sums)
            else:
                _sums_of_one(inputs, row, 0, pairs, weights, begin, sums)
            for offset in range(together):
                for column in range(COLUMNS):
                    products[row + offset, tile * COLUMNS + column] = sums[
                        offset * COLUMNS + column
                    ]
            row += together
        begin += pairs_of_tile * 2 * COLUMNS
