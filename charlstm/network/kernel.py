"""The network's step, compiled: 16-bit integers, and a character drawn for every text at once.

A text must not depend on who else is being written. Sums of floating-point numbers depend on the
order of adding, and matrix libraries choose that order by the size of the batch. Here the weights
and the hidden states are whole numbers of 16 bits (see quantized.py) and their products are added
as 32-bit integers, which gives the same sum in any order: for one text or a hundred, on any
processor. What follows the sums is computed text by text.

It is also fast: half the bytes of float32 have to be read, and more numbers are multiplied at once
(see integer_products.py).
"""

from __future__ import annotations

import numba
import numpy as np

from charlstm.network.integer_products import COLUMNS, tile_sums, vector_width

UNITS = COLUMNS // 4  # of a tile: each has an input, forget, candidate and output gate
HIDDEN_SCALE = 2048  # hidden states, from -1 to 1, are whole numbers of steps of 1/2048

# Columns of a layout, one row for each layer and a last one for the scores.
INPUT, PAIRS, WEIGHTS, SCALES, TILES, OUTPUT = range(6)

# What is compiled is kept on disk until this file changes. This line changes with what it imports.
PRODUCTS_SHA256 = "010860e44b1947c8713eb886bca2d1693bc15bb70c2a1f4af92e5be26a13b5e4"


def compiled(function):
    """Compile for this processor when first called, and keep it on disk for the next start."""
    options = {"nogil": True, "boundscheck": False, "error_model": "numpy"}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # nowhere to write to
        return numba.njit(**options)(function)


# Texts that share a weight while it is in a register: as many as there are registers for.
_ROWS = 4 if vector_width() == 16 else 2
_sums_of_rows = tile_sums(_ROWS, vector_width())
_sums_of_one = tile_sums(1, vector_width(), unrolled=2)


@compiled
def tanh(x):
    """tanh(x), wrong by less than 0.000001: a quotient of polynomials, fitted from -8 to 8.

    Only what every processor computes alike: products, sums, a division.
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
    """From a tile's sums to its units' states; the halves of sigmoid lie in scales and biases."""
    half = np.float32(0.5)
    for unit in range(UNITS):
        inputs = np.float32(sums[unit]) * scales[unit] + biases[unit]
        forget = np.float32(sums[UNITS + unit]) * scales[UNITS + unit] + biases[UNITS + unit]
        place = 2 * UNITS + unit
        candidate = tanh(np.float32(sums[place]) * scales[place] + biases[place])
        place = 3 * UNITS + unit
        output = np.float32(sums[place]) * scales[place] + biases[place]
        cell = (half * tanh(forget) + half) * cells[unit]
        cell += (half * tanh(inputs) + half) * candidate
        cells[unit] = cell
        new = (half * tanh(output) + half) * tanh(cell)
        hidden[unit] = np.int16(np.floor(new * np.float32(HIDDEN_SCALE) + half))


@compiled
def _layer(layer, layout, weights, scales, biases, hidden, cells, fresh, sums):
    """Advance one layer for all rows; `biases` (rows or 1, columns) may differ by the character."""
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
            for number in range(together):
                units = output + tile * UNITS
                _new_states(
                    sums[number * COLUMNS : (number + 1) * COLUMNS],
                    tile_scales,
                    biases[row + number, tile * COLUMNS : (tile + 1) * COLUMNS],
                    cells[row + number, units : units + UNITS],
                    fresh[row + number, tile * UNITS : (tile + 1) * UNITS],
                )
            row += together
        begin += pairs * 2 * COLUMNS
    # Only now: until here every tile needed the states from before.
    hidden[:, output : output + layout[layer, TILES] * UNITS] = fresh[
        :rows, : layout[layer, TILES] * UNITS
    ]


@compiled
def _scores(layout, weights, scales, biases, hidden, row, logits, sums):
    """The scores of the character to come, for one row: logits (vocab,)."""
    last = layout.shape[0] - 1
    begin = layout[last, WEIGHTS]
    pairs = layout[last, PAIRS]
    for tile in range(layout[last, TILES]):
        _sums_of_one(hidden, row, layout[last, INPUT], pairs, weights, begin, sums)
        at = layout[last, SCALES] + tile * COLUMNS
        for place in range(min(COLUMNS, len(logits) - tile * COLUMNS)):
            score = np.float32(sums[place]) * scales[at + place] + biases[at + place]
            logits[tile * COLUMNS + place] = score
        begin += pairs * 2 * COLUMNS


@compiled
def draw_id(logits, temperature, top_k, top_p, uniform):
    """`sampling.draw` and `sampling.probabilities` for one text; a top_k or top_p of 0 keeps all.

    Args:
        logits: float32, (vocab,).
        uniform: a number in [0, 1).
    """
    if temperature == 0:
        return np.argmax(logits)
    highest = np.float64(np.max(logits))
    scaled = (logits.astype(np.float64) - highest) / temperature
    if 0 < top_k < len(scaled):
        threshold = np.sort(scaled)[len(scaled) - top_k]
        for place in range(len(scaled)):
            if scaled[place] < threshold:
                scaled[place] = -np.inf
    odds = np.exp(scaled)
    if top_p > 0:
        ordered = np.sort(odds)[::-1]
        goal, reached, kept = top_p * odds.sum(), 0.0, 0
        while kept < len(ordered) and reached < goal:
            reached += ordered[kept]
            kept += 1
        threshold = ordered[kept - 1]
        for place in range(len(odds)):
            if odds[place] < threshold:
                odds[place] = 0.0
    goal, reached = uniform * odds.sum(), 0.0
    for place in range(len(odds)):
        reached += odds[place]
        if reached > goal:
            return place
    return len(odds) - 1


@compiled
def _advance(network, biases_of_rows, hidden, cells, fresh, sums):
    """Advance all rows by a character, whose row of the table is in biases_of_rows."""
    layout, weights, scales, biases, _ = network
    for layer in range(layout.shape[0] - 1):
        if layer > 0:
            begin, width = layout[layer, SCALES], layout[layer, TILES] * COLUMNS
            biases_of_rows[:, :width] = biases[begin : begin + width]
        _layer(layer, layout, weights, scales, biases_of_rows, hidden, cells, fresh, sums)


@compiled
def _scratch(network, rows):
    """Memory for a step: biases of each row, new hidden states, sums."""
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
        hidden: int16, (rows, units), and cells: float32, (rows, units): changed in place.
        plan: int32, (rows, steps): the character to be read, or -1: it is drawn, and put there.
        settings: float64, (rows, 3): temperature, top_k, top_p.
        uniforms: float64, (rows, steps): numbers in [0, 1) for the draws.
        interrupt: uint8, (1,): not zero when somebody waits for the caller.

    Returns:
        How many steps were done; at least one.
    """
    layout, weights, scales, biases, table = network
    rows, steps = plan.shape
    biases_of_rows, fresh, sums = _scratch(network, rows)
    logits = np.empty(table.shape[0], np.float32)
    for step in range(steps):
        for row in range(rows):
            if plan[row, step] < 0:
                _scores(layout, weights, scales, biases, hidden, row, logits, sums)
                temperature, top_k, top_p = settings[row]
                number = uniforms[row, step]
                plan[row, step] = draw_id(logits, temperature, int(top_k), top_p, number)
            biases_of_rows[row, : table.shape[1]] = table[plan[row, step]]
        _advance(network, biases_of_rows, hidden, cells, fresh, sums)
        if interrupt[0]:
            return step + 1
    return steps


@compiled
def read_text(network, hidden, cells, ids, logits, memory):
    """Read one text, ids (time,): its scores after each character, logits (time, vocab).

    The cell states after each character go into memory (time, units), unless it has no rows.

    Layer by layer, which gives the same numbers as step by step, sooner: what comes from the layer
    below is known for all characters, and the rest of a layer's weights stays in the processor's
    cache. hidden (1, units) and cells (1, units) are changed in place.
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
        for moment in range(time):
            row = table[ids[moment]] if layer == 0 else biases[at : at + tiles * COLUMNS]
            for tile in range(tiles):
                place = begin + (tile * all_pairs + from_below) * 2 * COLUMNS
                _sums_of_one(states, moment, 0, own, weights, place, sums)
                columns = slice(tile * COLUMNS, (tile + 1) * COLUMNS)
                for column in range(COLUMNS):
                    sums[column] += entering[moment, tile * COLUMNS + column]
                first = output + tile * UNITS
                _new_states(
                    sums,
                    scales[at : at + tiles * COLUMNS][columns],
                    row[columns],
                    cells[0, first : first + UNITS],
                    states[moment + 1, tile * UNITS : (tile + 1) * UNITS],
                )
            if len(memory):
                memory[moment, output : output + units] = cells[0, output : output + units]
        hidden[0, output : output + units] = states[time]
        below = states[1:]
    columns = layout[last, TILES] * COLUMNS
    scores = np.zeros((time, columns), np.int32)
    pairs = layout[last, PAIRS]
    _products(below, pairs, weights, layout[last, WEIGHTS], pairs, scores, sums)
    at = layout[last, SCALES]
    for moment in range(time):
        for place in range(logits.shape[1]):
            score = np.float32(scores[moment, place]) * scales[at + place] + biases[at + place]
            logits[moment, place] = score


@compiled
def _products(inputs, pairs, weights, begin, pairs_of_tile, products, sums):
    """inputs (rows, 2 x pairs) times the first pairs of every tile: products (rows, columns)."""
    rows = inputs.shape[0]
    for tile in range(products.shape[1] // COLUMNS):
        row = 0
        while row < rows:
            together = _ROWS if row + _ROWS <= rows else 1
            if together == _ROWS:
                _sums_of_rows(inputs, row, 0, pairs, weights, begin, sums)
            else:
                _sums_of_one(inputs, row, 0, pairs, weights, begin, sums)
            for number in range(together):
                for column in range(COLUMNS):
                    products[row + number, tile * COLUMNS + column] = sums[
                        number * COLUMNS + column
                    ]
            row += together
        begin += pairs_of_tile * 2 * COLUMNS
