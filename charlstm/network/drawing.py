"""The draw of the next character, compiled: from logits to an id, and to how likely it was.

The reference is writing/sampling.py; tests compare the two. What is drawn must be the same on every
machine, so this module calls no function of the platform's mathematical library, whose last bits
differ from one to the next.
"""

from __future__ import annotations

import numpy as np

from charlstm.network.compiling import compiled

LOWEST_EXPONENT = -708.0  # the power is a normal number from here up
_ONE_OVER_LN_2 = 1.4426950408889634
# ln 2 in two parts: the first has 33 bits, so that its product with a number of 10 bits is exact.
_LN_2_FIRST, _LN_2_REST = 0.6931471804855391, 7.440617110012397e-11


@compiled
def exp(x):
    """exp(x) of a float64 that is not above 0, as near to it as np.exp; 0 below LOWEST_EXPONENT.

    The platform's function may round the last bit in another way than that of the next machine.
    This one uses sums, products and exact operations only, which every processor rounds in the same
    way: x = n ln 2 + r, and exp(x) = 2**n exp(r), where |r| is at most ln 2 / 2. Thirteen terms of
    the Taylor series leave out less than 1e-17.
    """
    if not x >= LOWEST_EXPONENT:
        return 0.0
    n = np.floor(x * _ONE_OVER_LN_2 + 0.5)
    r = (x - n * _LN_2_FIRST) - n * _LN_2_REST
    # Horner's scheme; the divisors are the factorials.
    power = 1 / 6227020800 * r + 1 / 479001600
    power = (power * r + 1 / 39916800) * r + 1 / 3628800
    power = (power * r + 1 / 362880) * r + 1 / 40320
    power = (power * r + 1 / 5040) * r + 1 / 720
    power = (power * r + 1 / 120) * r + 1 / 24
    power = (power * r + 1 / 6) * r + 1 / 2
    power = (power * r + 1.0) * r + 1.0
    bits = np.int64((np.int64(n) + 1023) << 52)  # of the float64 2**n: its exponent alone
    return power * bits.view(np.float64)


@compiled
def draw_id(logits, temperature, top_k, top_p, uniform, weights):
    """Draw the next character of one text.

    The reference is `draw(probabilities(...))` of writing/sampling.py; tests compare the two.

    Args:
        logits: float32, (vocab,).
        temperature: 0 takes the most likely character.
        top_k: 0 keeps all characters.
        top_p: 0 keeps all characters.
        uniform: a number in [0, 1).
        weights: float64, (vocab,): filled in with the probabilities, times a number.

    Returns:
        The id of the character.
    """
    likeliest = 0
    for id_ in range(len(logits)):
        weights[id_] = 0.0
        if logits[id_] > logits[likeliest]:
            likeliest = id_
    if temperature == 0:
        weights[likeliest] = 1.0
        return likeliest
    highest = np.float64(logits[likeliest])
    for id_ in range(len(weights)):
        weights[id_] = (np.float64(logits[id_]) - highest) / temperature
    if 0 < top_k < len(weights):
        threshold = _sorted(weights)[top_k - 1]
        for id_ in range(len(weights)):
            if weights[id_] < threshold:
                weights[id_] = -np.inf
    # In a loop of its own, which the compiler turns into vectors.
    for id_ in range(len(weights)):
        weights[id_] = exp(weights[id_])
    total = 0.0
    for id_ in range(len(weights)):
        total += weights[id_]
    if top_p > 0:
        ordered = _sorted(weights)
        goal, reached, kept = top_p * total, 0.0, 0
        while kept < len(ordered) and reached < goal:
            reached += ordered[kept]
            kept += 1
        threshold, total = ordered[kept - 1], 0.0
        for id_ in range(len(weights)):
            if weights[id_] < threshold:
                weights[id_] = 0.0
            total += weights[id_]
    goal, reached = uniform * total, 0.0
    for id_ in range(len(weights)):
        reached += weights[id_]
        if reached > goal:
            return id_
    return len(weights) - 1


@compiled
def record_chances(weights, drawn, count, ids, chances):
    """Record how likely a character was when it was drawn, and which ones were the likeliest.

    Args:
        weights: float64, (vocab,): as `draw_id` has filled them in.
        drawn: the id that it returned.
        count: how many of the likeliest characters are recorded, at most all there are.
        ids: int32, (at least 1 + count,): filled in with the drawn id, then with the likeliest
            ones: the likeliest first, and of equally likely ones the lowest.
        chances: float32, (at least 1 + count,): filled in with the probabilities of these.
    """
    total = 0.0
    for id_ in range(len(weights)):
        total += weights[id_]
    found = 0
    for id_ in range(len(weights)):
        if found < count:
            found += 1
        elif weights[id_] <= weights[ids[found]]:
            continue
        at = found  # instead of the last one, if there are as many already
        while at > 1 and weights[ids[at - 1]] < weights[id_]:
            ids[at] = ids[at - 1]
            at -= 1
        ids[at] = id_
    ids[0] = drawn
    for place in range(1 + found):
        chances[place] = weights[ids[place]] / total


@compiled
def _sorted(numbers):
    """A copy with the largest number first: Shell's sort, because np.sort takes long to compile."""
    ordered = np.empty_like(numbers)
    for index in range(len(numbers)):
        ordered[index] = numbers[index]
    gap = 1
    while gap < len(ordered) // 3:
        gap = 3 * gap + 1
    while gap > 0:
        for index in range(gap, len(ordered)):
            number, at = ordered[index], index
            while at >= gap and ordered[at - gap] < number:
                ordered[at] = ordered[at - gap]
                at -= gap
            ordered[at] = number
        gap //= 3
    return ordered
