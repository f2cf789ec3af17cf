"""Networks that are trained side by side: as correct as one alone, see tests/bundled_model."""

import numpy as np
import pytest

jax = pytest.importorskip("jax", reason="the bundled model is made with JAX")

import jax.numpy as jnp  # noqa: E402

from charlstm.analysis.evaluation import evaluate  # noqa: E402
from charlstm.network.lstm import Architecture, Network  # noqa: E402
from tests.bundled_model import networks, training  # noqa: E402
from tests.bundled_model.networks import Settings, fresh_weights, read, zero_state  # noqa: E402
from tests.bundled_model.writing import prepared, write  # noqa: E402

ARCHITECTURE = Architecture(vocabulary_size=11, embedding_units=6, lstm_units=(8, 7))
NETWORKS, LANES, WINDOW = 3, 4, 9
# The state is carried in bfloat16, which has 8 bits: so much of a value may be lost.
TOLERANCE = 0.03


@pytest.fixture
def weights():
    fresh = fresh_weights(ARCHITECTURE, NETWORKS, 1)
    return {name: 2 * value for name, value in fresh.items()}


@pytest.fixture
def ids():
    rng = np.random.default_rng(2)
    return jnp.asarray(rng.integers(11, size=(WINDOW, NETWORKS, LANES)), jnp.int32)


def alone(weights, network):
    return Network(
        ARCHITECTURE, {name: np.asarray(each[network]) for name, each in weights.items()}
    )


def test_each_network_reads_as_it_would_alone(weights, ids):
    logits, _ = read(weights, ids, zero_state(ARCHITECTURE, NETWORKS, LANES))
    for network in range(NETWORKS):
        one = alone(weights, network)
        expected, _ = one.read(np.asarray(ids)[:, network].T, one.start(LANES))
        found = np.asarray(logits)[:, network].transpose(1, 0, 2)
        np.testing.assert_allclose(found, expected, atol=TOLERANCE * np.abs(expected).max())


def test_the_gradients_are_those_that_jax_finds_by_itself():
    rng = np.random.default_rng(3)

    def some(*shape):
        return jnp.asarray(rng.normal(size=shape), jnp.float32)

    x, cell, bias = some(5, 2, 3, 4), some(2, 3, 6), some(2, 24)
    hidden = some(2, 3, 6).astype(jnp.bfloat16)
    kernel, recurrent_kernel, of_outputs = some(2, 4, 24), some(2, 6, 24), some(5, 2, 3, 6)

    def plain(x, kernel, recurrent_kernel, bias):
        state, memory, outputs = hidden.astype(jnp.float32), cell, []
        for now in x:
            z = jnp.einsum("nbf,nfg->nbg", now, kernel) + bias[:, None]
            z = z + jnp.einsum("nbh,nhg->nbg", state, recurrent_kernel)
            i, f, g, o = networks.gates_of(z)
            memory = f * memory + i * g
            state = o * jnp.tanh(memory)
            outputs.append(state)
        return (jnp.stack(outputs) * of_outputs).sum()

    def ours(x, kernel, recurrent_kernel, bias):
        layer = networks.lstm_layer(x, hidden, cell, kernel, recurrent_kernel, bias)
        return (layer[0] * of_outputs).sum()

    given = (x, kernel, recurrent_kernel, bias)
    expected, found = (jax.grad(each, (0, 1, 2, 3))(*given) for each in (plain, ours))
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_allclose(one, other, atol=TOLERANCE * np.abs(one).max())


def test_teachers_write_by_the_mean_of_their_odds(weights, ids):
    one_text = jnp.broadcast_to(ids[:, :1], ids.shape)
    logits, _ = read(weights, one_text, zero_state(ARCHITECTURE, NETWORKS, LANES))
    expected = jax.nn.softmax(logits).mean(1)[:-1]
    state, given = zero_state(ARCHITECTURE, NETWORKS, LANES), one_text[:, 0]
    _, written, odds = write(prepared(weights, 2), state, given[0], given[1:], jax.random.key(0))
    np.testing.assert_array_equal(written, given[1:])
    np.testing.assert_allclose(odds, expected, atol=TOLERANCE)


def test_what_they_write_comes_as_often_as_its_odds_say(weights):
    lanes = 20_000
    state = zero_state(ARCHITECTURE, NETWORKS, lanes)
    begin, free = jnp.zeros(lanes, jnp.int32), jnp.full((1, lanes), -1)
    _, written, odds = write(prepared(weights, 2), state, begin, free, jax.random.key(1))
    shares = np.bincount(np.asarray(written)[0], minlength=11) / lanes
    np.testing.assert_allclose(shares, np.asarray(odds)[0, 0], atol=0.015)


def test_the_cold_loss_is_that_of_evaluate(weights):
    ids = np.random.default_rng(4).integers(11, size=700)
    figures = training.measure_cold(weights, ids, ARCHITECTURE)
    for network in range(NETWORKS):
        expected = evaluate(alone(weights, network), ids)
        assert figures.losses_nats[network] == pytest.approx(expected.cold_loss_nats, rel=1e-2)
    assert figures.together_nats <= figures.losses_nats.mean()


def test_a_student_learns_what_its_teachers_write(monkeypatch):
    """The text repeats a few characters; guessing blindly loses 2.4 nats."""
    monkeypatch.setattr(training, "TEACHERS_LANES", 8)
    monkeypatch.setattr(training, "STUDENT_LANES", 16)
    monkeypatch.setattr(training, "REAL_LANES", 4)
    monkeypatch.setattr(training, "WINDOW", 16)
    monkeypatch.setattr(training.Clock, "steps", lambda clock: iter(range(0, 300, 20)))
    monkeypatch.setattr(training.Clock, "rate", 1.0)
    text = np.tile(np.arange(11), 300)
    settings = Settings(dropout=0.0, embedding_dropout=0.0, learning_rate=0.02)
    teachers = training.train_teachers(text, ARCHITECTURE, [settings] * 2, seconds=3, random_seed=1)
    assert training.measure_cold(teachers, text, ARCHITECTURE).together_nats < 0.3
    student = training.train_student(
        text, teachers, ARCHITECTURE, ARCHITECTURE, settings, seconds=3, random_seed=1
    )
    assert training.measure_cold(student.weights, text, ARCHITECTURE).losses_nats[0] < 0.5
    assert student.step == 300
