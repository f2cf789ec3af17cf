"""The network in integers computes what the Keras network computes, and the same in any company."""

import numpy as np
import pytest

from charlstm.home import shipped_folder
from charlstm.network.checkpoint import load_checkpoint
from charlstm.network.kernel import HIDDEN_SCALE
from charlstm.network.lstm import Architecture, Network
from charlstm.network.quantized import Chances, QuantizedNetwork, product, quantize
from charlstm.text.corpus import practice_text
from tests.tiny_networks import random_weights


def both(units=(5, 7), vocabulary_size=11, scale=0.5):
    architecture = Architecture(
        vocabulary_size=vocabulary_size, embedding_units=3, lstm_units=units
    )
    weights = random_weights(architecture, scale=scale)
    return Network(architecture, weights), QuantizedNetwork(architecture, weights)


def write(network, state, plan, random_seed=0, temperature=0.9):
    """(ids, state) after the plan: -1 is drawn."""
    state = tuple(part.copy() for part in state)
    ids = np.array(plan, np.int32)
    settings = np.tile([temperature, 0.0, 0.0, 0.0], (len(ids), 1))
    uniforms = np.random.default_rng(random_seed).random(ids.shape)
    done = network.write(state, ids, settings, uniforms, np.zeros(1, np.uint8))
    assert done == ids.shape[1]
    return ids, state


@pytest.mark.parametrize("units", [(1,), (5,), (16,), (40,), (5, 7), (33, 16), (16, 33, 2, 20)])
@pytest.mark.parametrize("vocabulary_size", [2, 64, 65, 200])
def test_scores_are_those_of_the_network_in_float32(units, vocabulary_size):
    network, quantized = both(units, vocabulary_size)
    ids = np.random.default_rng(1).integers(0, vocabulary_size, 60)
    expected, _ = network.read(ids[None], network.start())
    found, _ = quantized.read(ids, quantized.start())
    assert np.abs(found - expected[0]).max() < 0.02
    assert np.abs(expected).max() > 0.2


def test_reading_in_two_goes_is_reading_in_one():
    _, quantized = both()
    ids = np.arange(30) % 11
    whole, (hidden, cells) = quantized.read(ids, quantized.start())
    first, state = quantized.read(ids[:13], quantized.start())
    second, (hidden_2, cells_2) = quantized.read(ids[13:], state)
    np.testing.assert_array_equal(np.concatenate([first, second]), whole)
    np.testing.assert_array_equal(hidden_2, hidden)
    np.testing.assert_array_equal(cells_2, cells)


def test_reading_leaves_the_state_it_began_with_as_it_was():
    _, quantized = both()
    state = quantized.start()
    quantized.read(np.array([1, 2, 3]), state)
    assert not state[0].any() and not state[1].any()


def test_writing_reads_what_the_plan_says():
    _, quantized = both()
    ids = np.arange(9) % 11
    _, expected = quantized.read(ids, quantized.start())
    _, state = write(quantized, quantized.start(), ids[None])
    np.testing.assert_array_equal(state[0], expected[0])
    np.testing.assert_array_equal(state[1], expected[1])


@pytest.mark.parametrize("rows", [2, 3, 4, 5, 8, 31])
def test_a_row_is_the_same_in_any_company(rows):
    """Bit by bit: ids, hidden states and cells, at every place in the batch."""
    _, quantized = both((40, 19), 70, scale=0.3)
    rng = np.random.default_rng(rows)
    alone_plan = np.array([[3, 5, -1, -1, 9, -1, -1, -1, -1, -1]])
    numbers = rng.random(alone_plan.shape)
    settings = np.array([[0.8, 0, 0, 0]])
    alone = quantized.start(), alone_plan.astype(np.int32)
    quantized.write(alone[0], alone[1], settings, numbers, np.zeros(1, np.uint8))
    for place in range(rows):
        plan = rng.integers(-1, 70, (rows, alone_plan.shape[1])).astype(np.int32)
        plan[place] = alone_plan
        uniforms = rng.random(plan.shape)
        uniforms[place] = numbers
        company = np.stack(
            [rng.uniform(0, 1.5, rows), rng.integers(0, 5, rows), [0] * rows, [0] * rows], 1
        )
        company[place] = settings
        hidden = rng.integers(-2048, 2049, (rows, quantized.units)).astype(np.int16)
        cells = rng.normal(0, 3, hidden.shape).astype(np.float32)
        hidden[place], cells[place] = 0, 0
        quantized.write((hidden, cells), plan, company, uniforms, np.zeros(1, np.uint8))
        np.testing.assert_array_equal(plan[place], alone[1][0])
        np.testing.assert_array_equal(hidden[place], alone[0][0][0])
        np.testing.assert_array_equal(cells[place], alone[0][1][0])


def test_chances_are_recorded_for_the_rows_that_ask_for_them_and_change_nothing():
    _, quantized = both()
    rng, rows, steps = np.random.default_rng(2), 4, 9
    uniforms, plan = rng.random((rows, steps)), np.full((rows, steps), -1, np.int32)
    plan[:, 2] = 6  # read, not drawn
    settings = np.array([[0.7, 0, 0, count] for count in (0, 5, 2, 0)])
    alone, chances = plan.copy(), Chances.make(rows, steps, 5)
    for part in (chances.ids, chances.probabilities):
        part[:] = -7
    silent = settings * [1, 1, 1, 0]
    quantized.write(quantized.start(rows), alone, silent, uniforms, np.zeros(1, np.uint8))
    quantized.write(quantized.start(rows), plan, settings, uniforms, np.zeros(1, np.uint8), chances)
    np.testing.assert_array_equal(plan, alone)
    is_filled = np.zeros(chances.ids.shape, bool)
    is_filled[1], is_filled[2, :, :3], is_filled[:, 2] = True, True, False
    for part in (chances.ids, chances.probabilities):
        np.testing.assert_array_equal(part != -7, is_filled)
    drawn = np.delete(np.arange(steps), 2)
    np.testing.assert_array_equal(chances.ids[1:3, drawn, 0], plan[1:3, drawn])


def test_an_interrupt_ends_after_the_step_that_runs():
    _, quantized = both()
    plan = np.full((2, 50), -1, np.int32)
    settings, uniforms = np.ones((2, 4)) * [1, 0, 0, 0], np.full((2, 50), 0.5)
    done = quantized.write(quantized.start(2), plan, settings, uniforms, np.ones(1, np.uint8))
    assert done == 1
    assert (plan[:, 0] >= 0).all() and (plan[:, 1:] == -1).all()


@pytest.mark.parametrize("units", [1, 2, 3, 64, 256, 1000])
@pytest.mark.parametrize("scale", [1e-6, 1, 1e3])
def test_a_product_does_not_depend_on_the_order_of_addition(units, scale):
    """Bit by bit; a processor adds in the order that is fastest on it."""
    rng = np.random.default_rng(units)
    left = (rng.standard_cauchy((5, units)) * scale).astype(np.float32)
    right = rng.standard_cauchy((units, 7)).astype(np.float32)
    left[0], right[:, 0] = np.abs(left).max(), np.abs(right).max()  # the largest sum there can be
    found = product(left, right)
    assert found.dtype == np.float32
    for _ in range(20):
        order = rng.permutation(units)
        np.testing.assert_array_equal(product(left[:, order], right[order]), found)
    bound = np.abs(left).max() * np.abs(right).max() * units
    exact = left.astype(np.float64) @ right
    assert np.abs(found - exact).max() <= bound * 2.0**-20


def test_a_product_of_float16_weights_is_as_exact_as_float32():
    rng = np.random.default_rng(3)
    left = rng.uniform(-1, 1, (6, 200)).astype(np.float16).astype(np.float32)
    right = rng.uniform(-1, 1, (200, 8)).astype(np.float16).astype(np.float32)
    exact = left.astype(np.float64) @ right
    assert np.abs(product(left, right) - exact).max() < 2e-6


def test_a_product_with_zeros_is_zero():
    assert not product(np.zeros((2, 3), np.float32), np.ones((3, 4), np.float32)).any()


@pytest.mark.parametrize("inputs", [2, 16, 1024, 4096])
@pytest.mark.parametrize("scale", [1e-20, 0.1, 1e4])
def test_sums_never_leave_32_bits(inputs, scale):
    rng = np.random.default_rng(inputs)
    kernel = (rng.standard_cauchy((inputs, 6)) * scale).astype(np.float32)
    kernel[:, 0] = scale  # all alike: the sum is as large as can be
    kernel[:, 1] = 0
    kernel[1:, 2] = 0  # one weight alone: it must fit into 16 bits
    integers, back = quantize(kernel)
    largest = np.abs(integers.astype(np.int64)).sum(0) * HIDDEN_SCALE
    assert largest.max() < 2**31
    # The room is used: rounding errors are as small as they can be.
    assert largest[0] > 2**30 or np.abs(integers[:, 0]).max() > 32_000
    found = integers * (back * HIDDEN_SCALE)
    step = back * HIDDEN_SCALE
    assert (np.abs(found - kernel) <= 0.51 * step + 1e-6 * np.abs(kernel)).all()


def test_the_shipped_model_loses_next_to_nothing():
    """On the practice text, which it wrote itself."""
    checkpoint = load_checkpoint(shipped_folder() / "tiny-shakespeare.safetensors")
    ids, _ = checkpoint.vocabulary.encode_known(practice_text().text[:4_000])
    losses = []
    for read, state in (
        (lambda ids, state: checkpoint.network.read(ids[None], state), checkpoint.network.start()),
        (checkpoint.quantized.read, checkpoint.quantized.start()),
    ):
        logits = read(ids, state)[0].reshape(len(ids), -1)[:-1].astype(np.float64)
        logits -= logits.max(-1, keepdims=True)
        nats = np.log(np.exp(logits).sum(-1)) - logits[np.arange(len(ids) - 1), ids[1:]]
        losses.append(nats.mean())
    assert 0.5 < losses[0] < 2
    assert abs(losses[1] - losses[0]) < 0.0005
