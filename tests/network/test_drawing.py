"""The compiled draw: the same on every machine, and the same as in sampling.py."""

import math
import re

import numba
import numpy as np
import pytest

from charlstm.network import kernel
from charlstm.network.drawing import LOWEST_EXPONENT, draw_id, exp, record_chances
from charlstm.network.vectors import features
from charlstm.writing.sampling import Sampling, draw, probabilities

# Names of instructions that multiply and add with one rounding, on x86 and on ARM.
FUSED = re.compile(r"\bv?fn?m(?:add|sub|la|ls)\w*")

POWERS = {
    0.0: "0x1.0000000000000p+0",
    -8.673617379884035e-19: "0x1.0000000000000p+0",
    -1e-09: "0x1.fffffff768fa1p-1",
    -0.001: "0x1.ff7cfe56f1a9ep-1",
    -0.1: "0x1.cf46d99d52b3ap-1",
    -0.25: "0x1.8ebef9eac820bp-1",
    -0.3333333333333333: "0x1.6edd3122f2ea5p-1",
    -0.34657: "0x1.6a0a3b975afaep-1",
    -0.34658: "0x1.6a094e536e572p-1",
    -0.5: "0x1.368b2fc6f960ap-1",
    -0.6931471805599453: "0x1.0000000000000p-1",
    -1.0: "0x1.78b56362cef38p-2",
    -2.5: "0x1.50385c094f425p-4",
    -3.141592653589793: "0x1.620227b598efap-5",
    -10.0: "0x1.7cd79b5647c9ap-15",
    -20.75: "0x1.0ba06b3d9c887p-30",
    -37.0: "0x1.898471fca6055p-54",
    -100.1: "0x1.805628c2e465cp-145",
    -345.678: "0x1.3971a67444e9dp-499",
    -600.0: "0x1.4dd4d0d12c071p-866",
    -707.5: "0x1.39b42358bdf31p-1021",
    -708.0: "0x1.7c8ab2288c9acp-1022",
}


def off_by(found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Differences in units of the last bit."""
    return np.abs(found - expected) / np.spacing(expected)


def test_exp_is_right_to_the_last_bits():
    rng = np.random.default_rng(1)
    x = np.concatenate(
        [
            np.linspace(LOWEST_EXPONENT, 0, 50_001),
            rng.uniform(-1, 0, 50_000),
            -(10.0 ** rng.uniform(-300, 2.8, 50_000)),
            -math.log(2) * np.arange(0, 1021, 0.5),  # where another power of two takes over
        ]
    )
    x = x[x >= LOWEST_EXPONENT]
    found = np.array([exp(value) for value in x])
    assert off_by(found, np.exp(x)).max() <= 2
    assert (found == np.exp(x)).mean() > 0.8


@pytest.mark.parametrize("x", [-np.inf, -1e300, -745.0, np.nextafter(LOWEST_EXPONENT, -np.inf)])
def test_exp_is_zero_far_below_zero(x):
    assert exp(x) == 0


@pytest.mark.parametrize("x", [0.0, -0.0, -5e-324, -1e-17])
def test_exp_of_next_to_nothing_is_one(x):
    assert exp(x) == 1


@pytest.mark.parametrize(("x", "bits"), POWERS.items())
def test_exp_has_the_same_bits_everywhere(x, bits):
    """A text that somebody has shared depends on them."""
    assert exp(x).hex() == bits
    assert off_by(exp(x), math.exp(x)) <= 2


NUMBER, NUMBERS, TABLE = numba.float32, numba.float32[::1], numba.float32[:, ::1]
COUNT, IDS, INTEGERS = numba.int64, numba.int32[::1], numba.int32[:, ::1]
EXACT, EXACTS, SHORT = numba.float64, numba.float64[::1], numba.int16[:, ::1]
ROUNDED = {
    "exp": (exp, (EXACT,)),
    "draw": (draw_id, (NUMBERS, EXACT, COUNT, EXACT, EXACT, EXACTS)),
    "tanh": (kernel.tanh, (NUMBER,)),
    "states": (
        kernel._new_states,
        (INTEGERS, NUMBERS, TABLE, IDS, TABLE, COUNT, SHORT, COUNT),
    ),
}


def assembly(function, signature, **options) -> str:
    """Of a function that is compiled anew: of what comes from the disk numba has none."""
    again = numba.njit(error_model="numpy", **options)(function.py_func)
    again.compile(signature)
    return again.inspect_asm(again.signatures[0])


@pytest.mark.parametrize(("function", "signature"), ROUNDED.values(), ids=ROUNDED.keys())
def test_no_product_is_fused_with_a_sum(function, signature):
    """It would be rounded once instead of twice: otherwise than on a processor that cannot."""
    assert not FUSED.findall(assembly(function, signature))


def test_fused_products_would_be_found():
    if "fma" not in features():
        pytest.skip("this processor cannot fuse a product with a sum")
    assert FUSED.findall(assembly(exp, (EXACT,), fastmath={"contract"}))


SETTINGS = [
    Sampling(temperature=0),
    Sampling(temperature=0.1),
    Sampling(temperature=0.8),
    Sampling(temperature=1e-310),
    Sampling(temperature=1.5, top_k=1),
    Sampling(temperature=1.5, top_k=4),
    Sampling(temperature=1.0, top_k=99),
    Sampling(temperature=1.2, top_p=0.7),
    Sampling(temperature=1.2, top_p=1e-9),
    Sampling(temperature=1.0, top_p=1.0),
    Sampling(temperature=1.3, top_k=5, top_p=0.6),
]


@pytest.mark.parametrize("sampling", SETTINGS, ids=str)
def test_the_draw_is_that_of_the_pure_functions(sampling):
    rng = np.random.default_rng(3)
    logits = rng.normal(0, 4, (2000, 13)).astype(np.float32)
    logits[::5, 3] = logits[::5].max(-1)  # ties
    numbers = rng.random(2000)
    expected = draw(probabilities(logits, sampling), numbers)
    found = [
        draw_id(row, *sampling.as_numbers, number, np.empty(13))
        for row, number in zip(logits, numbers, strict=True)
    ]
    # Equal up to rounding: a number may lie within 1e-15 of an edge.
    assert np.mean(np.array(found) == expected) > 0.999


@pytest.mark.parametrize("number", [0.0, 1 - 2**-53])
def test_the_ends_of_the_random_numbers_draw_a_character(number):
    logits = np.array([-np.float32(90), 2, 1, -90], np.float32)
    assert draw_id(logits, 0.5, 0, 0.0, number, np.empty(4)) in (0, 1, 2)


@pytest.mark.parametrize("count", [1, 5, 13])
@pytest.mark.parametrize("sampling", SETTINGS, ids=str)
def test_the_chances_are_those_of_the_pure_functions(sampling, count):
    rng = np.random.default_rng(4)
    logits = rng.normal(0, 4, (300, 13)).astype(np.float32)
    logits[::5, [7, 3]] = logits[::5].max(-1)[:, None]  # ties
    expected = probabilities(logits, sampling)
    weights = np.empty(13)
    for row, number, chances in zip(logits, rng.random(300), expected, strict=True):
        drawn = draw_id(row, *sampling.as_numbers, number, weights)
        ids, found = np.full(15, -7, np.int32), np.full(15, -7, np.float32)
        record_chances(weights, drawn, count, ids, found)
        assert ids[0] == drawn
        # The likeliest first, and the lowest id of those that are equally likely.
        np.testing.assert_array_equal(
            ids[1 : 1 + count], np.argsort(-weights, kind="stable")[:count]
        )
        np.testing.assert_allclose(found[: 1 + count], chances[ids[: 1 + count]], atol=1e-6)
        assert (ids[1 + count :] == -7).all() and (found[1 + count :] == -7).all()


def test_of_equally_likely_characters_the_lowest_id_comes_first():
    weights, ids, chances = np.empty(6), np.empty(5, np.int32), np.empty(5, np.float32)
    logits = np.array([1, 3, 2, 3, 1, 3], np.float32)
    drawn = draw_id(logits, 1.0, 0, 0.0, 0.0, weights)
    record_chances(weights, drawn, 4, ids, chances)
    assert ids.tolist() == [0, 1, 3, 5, 2]
    assert chances[1] == chances[2] == chances[3] > chances[4] > chances[0]
