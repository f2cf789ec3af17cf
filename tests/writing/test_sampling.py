"""From logits to the next character."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from charlstm.writing.sampling import (
    Sampling,
    draw,
    log_softmax,
    probabilities,
    random_numbers,
    softmax,
)

FLOAT32 = st.floats(width=32, allow_nan=False, allow_infinity=False)


def logits_of(*shares: float) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(np.array(shares, np.float32))


# Softmax


def test_softmax_is_the_share_of_each_exponential():
    logits = np.log(np.array([[1.0, 3.0, 4.0], [2.0, 2.0, 4.0]])) + 700
    expected = [[1 / 8, 3 / 8, 4 / 8], [2 / 8, 2 / 8, 4 / 8]]
    np.testing.assert_allclose(softmax(logits), expected)
    np.testing.assert_allclose(log_softmax(logits), np.log(expected))


def test_the_logarithm_is_exact_where_the_probability_rounds_to_nothing():
    logits = np.array([0.0, -1e6])
    assert softmax(logits).tolist() == [1, 0]
    assert log_softmax(logits).tolist() == [0, -1e6]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_float_type_stays(dtype):
    logits = np.arange(6, dtype=dtype).reshape(2, 3)
    assert softmax(logits).dtype == log_softmax(logits).dtype == dtype
    assert logits.tolist() == [[0, 1, 2], [3, 4, 5]]


# Temperature


@given(arrays(np.float32, st.integers(1, 9), elements=FLOAT32), st.integers(0, 99))
def test_temperature_zero_is_argmax(logits, random_seed):
    weights = probabilities(logits, Sampling(temperature=0))
    assert draw(weights, random_numbers(random_seed).random()) == logits.argmax()


def test_a_tie_at_temperature_zero_goes_to_the_lowest_id():
    logits = np.array([[1, 3, 3, 2, 3], [2, 2, 2, 2, 2]], np.float32)
    expected = [[0, 1, 0, 0, 0], [1, 0, 0, 0, 0]]
    assert probabilities(logits, Sampling(temperature=0)).tolist() == expected


def test_temperature_one_gives_the_probabilities_of_the_network():
    result = probabilities(logits_of(0.5, 0.2, 0.3), Sampling(temperature=1))
    np.testing.assert_allclose(result, [0.5, 0.2, 0.3], atol=1e-7)


def test_temperature_one_half_squares_the_probabilities():
    result = probabilities(logits_of(0.5, 0.2, 0.3), Sampling(temperature=0.5))
    np.testing.assert_allclose(result, np.array([25, 4, 9]) / 38, atol=1e-6)


def test_a_small_temperature_still_weighs_close_rivals():
    close = np.array([0.0, -0.005])
    result = probabilities(close, Sampling(temperature=0.005))
    np.testing.assert_allclose(result, [1 / (1 + np.exp(-1)), 1 / (1 + np.exp(1))], rtol=1e-9)


@pytest.mark.parametrize("temperature", [0, 5e-324, 1e-300, 1e-9, 0.01, 1, 100, 1e308])
@pytest.mark.parametrize(
    "logits",
    [
        [0, -1, 1, -2],
        [3e38, -3e38, 0, 1],
        [-np.inf, 2, -np.inf, -5],
        [1e-45, 0, -1e-45, 0],
        [-3e38, -3e38, -3e38, -3e38],
    ],
)
@pytest.mark.parametrize("more", [{}, {"top_k": 2}, {"top_p": 0.9}, {"top_k": 3, "top_p": 1.0}])
def test_extreme_logits_give_probabilities_without_a_warning(temperature, logits, more):
    sampling = Sampling(temperature=temperature, **more)
    with warnings.catch_warnings(), np.errstate(over="warn", invalid="warn", divide="warn"):
        warnings.simplefilter("error")
        result = probabilities(np.array(logits, np.float32), sampling)
    assert (result >= 0).all()
    assert result.sum() == pytest.approx(1)
    assert result.argmax() == np.argmax(logits) or temperature == 1e308


@given(arrays(np.float32, (3, 8), elements=FLOAT32), st.floats(0, 50), st.integers(1, 9))
def test_probabilities_are_probabilities(logits, temperature, top_k):
    result = probabilities(logits, Sampling(temperature=temperature, top_k=top_k, top_p=0.7))
    assert (result >= 0).all()
    np.testing.assert_allclose(result.sum(-1), 1)


def test_the_caller_s_logits_stay_as_they_are():
    logits = np.array([1.0, 3.0, 2.0])
    probabilities(logits, Sampling(temperature=0.7, top_k=2, top_p=0.6))
    assert logits.tolist() == [1, 3, 2]


@pytest.mark.parametrize("temperature", [-0.1, float("nan"), float("inf"), -float("inf")])
def test_impossible_temperatures_are_refused(temperature):
    with pytest.raises(ValueError, match="temperature"):
        Sampling(temperature=temperature)


# Top-k and top-p


@given(st.permutations(range(7)), st.integers(0, 99))
def test_top_k_one_equals_greedy(order, random_seed):
    logits = np.array(order, np.float32) / 10
    sampling = Sampling(temperature=5, top_k=1)
    weights = probabilities(logits, sampling)
    assert draw(weights, random_numbers(random_seed).random()) == logits.argmax()


def test_top_k_keeps_the_k_likeliest_in_their_proportions():
    result = probabilities(logits_of(0.1, 0.4, 0.2, 0.3), Sampling(temperature=1, top_k=2))
    np.testing.assert_allclose(result, [0, 4 / 7, 0, 3 / 7], atol=1e-7)


def test_top_k_keeps_ties_at_its_edge():
    result = probabilities(logits_of(0.2, 0.4, 0.2, 0.2), Sampling(temperature=1, top_k=2))
    np.testing.assert_allclose(result, [0.2, 0.4, 0.2, 0.2], atol=1e-7)


def test_top_k_beyond_the_vocabulary_keeps_all():
    logits = logits_of(0.1, 0.4, 0.2, 0.3)
    for top_k in (4, 5, 1000):
        limited = probabilities(logits, Sampling(top_k=top_k))
        np.testing.assert_array_equal(limited, probabilities(logits, Sampling()))


@pytest.mark.parametrize(
    ("top_p", "expected"),
    [
        # in order of likelihood: .4, .3, .2, .1; together .4, .7, .9, 1
        (0.01, [0, 1, 0, 0]),
        (0.39, [0, 1, 0, 0]),
        (0.41, [0, 4 / 7, 0, 3 / 7]),
        (0.69, [0, 4 / 7, 0, 3 / 7]),
        (0.71, [0, 4 / 9, 2 / 9, 3 / 9]),
        (0.95, [0.1, 0.4, 0.2, 0.3]),
        (1.0, [0.1, 0.4, 0.2, 0.3]),
    ],
)
def test_top_p_keeps_the_fewest_likeliest_that_together_reach_p(top_p, expected):
    result = probabilities(logits_of(0.1, 0.4, 0.2, 0.3), Sampling(temperature=1, top_p=top_p))
    np.testing.assert_allclose(result, expected, atol=1e-6)


def test_top_p_counts_after_temperature_and_top_k():
    sampling = Sampling(temperature=0.5, top_k=3, top_p=0.6)  # 16 : 9 : 4 of 29
    result = probabilities(logits_of(0.1, 0.4, 0.2, 0.3), sampling)
    np.testing.assert_allclose(result, [0, 16 / 25, 0, 9 / 25], atol=1e-6)


@pytest.mark.parametrize("settings", [{"top_k": 0}, {"top_k": -1}])
def test_impossible_top_k_is_refused(settings):
    with pytest.raises(ValueError, match="top_k"):
        Sampling(**settings)


@pytest.mark.parametrize("top_p", [0, -0.5, 1.01, float("nan")])
def test_impossible_top_p_is_refused(top_p):
    with pytest.raises(ValueError, match="top_p"):
        Sampling(top_p=top_p)


@pytest.mark.parametrize("more", [{}, {"top_k": 2}, {"top_p": 0.5}])
def test_rows_of_a_batch_do_not_touch_each_other(more):
    rng = np.random.default_rng(4)
    logits = rng.normal(size=(3, 2, 5))
    sampling = Sampling(temperature=0.9, **more)
    together = probabilities(logits, sampling)
    for place in np.ndindex(3, 2):
        np.testing.assert_array_equal(together[place], probabilities(logits[place], sampling))


# The draw


def test_a_draw_is_the_first_character_whose_cumulated_probability_exceeds_the_number():
    weights = np.array([0.25, 0, 0.5, 0.25])
    numbers = np.array([0, 0.2499, 0.25, 0.7499, 0.75, 1 - 2**-53])
    assert draw(np.tile(weights, (6, 1)), numbers).tolist() == [0, 0, 2, 2, 3, 3]


@given(
    arrays(np.float64, st.integers(1, 8), elements=st.sampled_from([0.0, 1e-12, 0.1, 0.3])),
    st.floats(0, 1, exclude_max=True),
)
def test_a_character_without_probability_is_never_drawn(weights, number):
    if weights.sum() == 0:
        weights[-1] = 1
    assert weights[draw(weights, number)] > 0


def test_empirical_frequencies_match_the_probabilities():
    shares = np.array([0.05, 0.5, 0.0, 0.15, 0.3])
    rng, draws = random_numbers(7), 20_000
    weights = probabilities(logits_of(*shares), Sampling(temperature=1))
    counts = np.bincount([draw(weights, rng.random()) for _ in range(draws)], minlength=len(shares))
    deviation = np.sqrt(shares * (1 - shares) / draws)
    assert (np.abs(counts / draws - shares) <= 4 * deviation).all()


def test_empirical_frequencies_match_with_temperature_and_top_k():
    shares = np.array([0, 16, 0, 9]) / 25
    draws = 20_000
    weights = probabilities(logits_of(0.1, 0.4, 0.2, 0.3), Sampling(temperature=0.5, top_k=2))
    ids = draw(np.tile(weights, (draws, 1)), random_numbers(8).random(draws))
    counts = np.bincount(ids, minlength=4)
    assert (np.abs(counts / draws - shares) <= 4 * np.sqrt(shares * (1 - shares) / draws)).all()


# Random numbers


def test_the_same_random_seed_gives_the_same_numbers():
    assert random_numbers(3).random(9).tolist() == random_numbers(3).random(9).tolist()
    assert random_numbers(3).random(9).tolist() != random_numbers(4).random(9).tolist()


@given(st.integers(0, 2**63 - 1), st.integers(0, 50), st.integers(0, 50))
def test_random_numbers_continue_exactly_at_any_position(random_seed, position, count):
    whole = random_numbers(random_seed).random(position + count)
    continued = random_numbers(random_seed, position)
    assert [continued.random() for _ in range(count)] == whole[position:].tolist()
