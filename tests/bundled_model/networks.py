"""Several LSTM networks side by side on one GPU, with JAX: each array has an axis for them.

A network of this size leaves most of a GPU idle. Many of them together fill it, and each learns as
it would alone: it has its own weights, settings and place in the text. Matrix products are computed
in bfloat16 and summed in float32.

Axes: T characters of a window, N networks, B lanes, F features, H units, V characters known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from charlstm.network.lstm import Architecture

Weights = dict[str, jax.Array]  # named as in a checkpoint, (N, ...), float32
State = tuple[tuple[jax.Array, jax.Array], ...]  # of each layer: hidden and cell, (N, B, H)
BETA_1, EPSILON = 0.9, 1e-7


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How a network learns: as in `charlstm.runs.recipes.Recipe`."""

    learning_rate: float = 4e-3
    dropout: float = 0.25
    embedding_dropout: float = 0.25
    recurrent_dropout: float = 0.0
    weight_decay: float = 0.1
    clip_norm: float = 0.5
    beta_2: float = 0.99


def together(settings: list[Settings]) -> dict[str, jax.Array]:
    """The settings of all networks, each value as an array (N,)."""
    return {
        name: jnp.array([getattr(each, name) for each in settings], jnp.float32)
        for name in Settings.__dataclass_fields__
    }


def fresh_weights(architecture: Architecture, networks: int, random_seed: int) -> Weights:
    """Weights as Keras would begin with."""
    rng = np.random.default_rng(random_seed)
    weights = {}
    for name, shape in architecture.weight_shapes().items():
        value = np.zeros((networks, *shape), np.float32)
        if name.endswith("embeddings"):
            value = rng.uniform(-0.05, 0.05, value.shape)
        elif name.endswith("recurrent_kernel"):
            for network in value:
                across, upper = np.linalg.qr(rng.standard_normal(shape[::-1]))
                network[:] = (across * np.sign(np.diag(upper))).T
        elif name.endswith("kernel"):
            limit = np.sqrt(6 / sum(shape))
            value = rng.uniform(-limit, limit, value.shape)
        elif "lstm" in name:  # the gate that forgets begins open
            units = shape[0] // 4
            value[:, units : 2 * units] = 1
        weights[name] = jnp.asarray(value, jnp.float32)
    return weights


def zero_state(architecture: Architecture, networks: int, lanes: int) -> State:
    return tuple(
        (jnp.zeros((networks, lanes, units), jnp.bfloat16), jnp.zeros((networks, lanes, units)))
        for units in architecture.lstm_units
    )


def reset(state: State, keep: jax.Array) -> State:
    """The state with zeros where `keep`, (N, B) or (B,), is 0."""
    return jax.tree.map(lambda value: value * keep[..., None].astype(value.dtype), state)


def product(equation: str, *factors: jax.Array) -> jax.Array:
    """An einsum of bfloat16 factors, summed in float32; a CPU computes it in float32."""
    kind = jnp.float32 if jax.default_backend() == "cpu" else jnp.bfloat16
    factors = tuple(factor.astype(kind) for factor in factors)
    return jnp.einsum(equation, *factors, preferred_element_type=jnp.float32)


# One layer. Its gradients are written out: the products for the weights are then one for the whole
# window, instead of one for each character.


def gates_of(z: jax.Array) -> tuple[jax.Array, ...]:
    """Input, forget, new value and output, in Keras' order."""
    i, f, g, o = jnp.split(z, 4, -1)
    return jax.nn.sigmoid(i), jax.nn.sigmoid(f), jnp.tanh(g), jax.nn.sigmoid(o)


@jax.custom_vjp
def lstm_layer(x, hidden, cell, kernel, recurrent_kernel, bias):
    """Read a window: x (T, N, B, F) -> hidden states (T, N, B, H), and the state at its end.

    No gradient flows through the states (truncated back-propagation through time).
    """
    return _forward(x, hidden, cell, kernel, recurrent_kernel, bias)[0]


def _forward(x, hidden, cell, kernel, recurrent_kernel, bias):
    inputs = product("tnbf,nfg->tnbg", x, kernel) + bias[:, None]
    recurrent = recurrent_kernel.astype(jnp.bfloat16)

    def step(state, z):
        hidden, cell = state
        i, f, g, o = gates_of(z + product("nbh,nhg->nbg", hidden, recurrent))
        cell = f * cell + i * g
        hidden = (o * jnp.tanh(cell)).astype(jnp.bfloat16)
        gates = jnp.concatenate([i, f, g, o], -1).astype(jnp.bfloat16)
        return (hidden, cell), (hidden, cell, gates)

    last, (outputs, cells, gates) = jax.lax.scan(step, (hidden, cell), inputs)
    kept = (x, hidden, cell, kernel, recurrent_kernel, outputs, cells, gates)
    return (outputs, *last), kept


def _backward(kept, cotangents):
    x, hidden, cell, kernel, recurrent_kernel, outputs, cells, gates = kept
    before = jnp.concatenate([hidden[None], outputs[:-1]])
    cells_before = jnp.concatenate([cell[None], cells[:-1]])
    recurrent = recurrent_kernel.astype(jnp.bfloat16)

    def step(later, at):
        d_hidden, d_cell = later
        d_output, gates, cell, cell_before = at
        i, f, g, o = jnp.split(gates.astype(jnp.float32), 4, -1)
        squashed = jnp.tanh(cell)
        d_hidden = d_hidden + d_output.astype(jnp.float32)
        d_cell = d_cell + d_hidden * o * (1 - squashed * squashed)
        d_z = jnp.concatenate(
            [
                d_cell * g * i * (1 - i),
                d_cell * cell_before * f * (1 - f),
                d_cell * i * (1 - g * g),
                d_hidden * squashed * o * (1 - o),
            ],
            -1,
        ).astype(jnp.bfloat16)
        return (product("nbg,nhg->nbh", d_z, recurrent), d_cell * f), d_z

    zeros = jnp.zeros(cell.shape)
    at = (cotangents[0], gates, cells, cells_before)
    _, d_z = jax.lax.scan(step, (zeros, zeros), at, reverse=True)
    return (
        product("tnbg,nfg->tnbf", d_z, kernel).astype(x.dtype),
        jnp.zeros(hidden.shape, hidden.dtype),
        zeros,
        product("tnbf,tnbg->nfg", x, d_z),
        product("tnbh,tnbg->nhg", before, d_z),
        d_z.astype(jnp.float32).sum((0, 2)),
    )


lstm_layer.defvjp(_forward, _backward)


def read(
    weights: Weights,
    ids: jax.Array,
    state: State,
    dropped: Mapping[str, jax.Array] | None = None,
) -> tuple[jax.Array, State]:
    """Read ids (T, N, B); returns logits (T, N, B, V), float32, and the state after them.

    Args:
        dropped: what dropout multiplies with: "embedding" (N, B, F), "lstm_1" … (N, B, H), and
            "lstm_1/recurrent" … (N, H, 4 H).
    """
    dropped = dropped or {}

    def drop(name: str, value: jax.Array) -> jax.Array:
        return value * dropped[name].astype(value.dtype) if name in dropped else value

    table = weights["embedding/embeddings"]
    known = jax.nn.one_hot(ids, table.shape[1], dtype=jnp.bfloat16)  # quicker than to look up
    x = drop("embedding", product("tnbv,nvf->tnbf", known, table).astype(jnp.bfloat16))
    after = []
    for layer, (hidden, cell) in enumerate(state, 1):
        name = f"lstm_{layer}"
        parts = (weights[f"{name}/lstm_cell/{part}"] for part in ("kernel", "recurrent_kernel"))
        kernel, recurrent_kernel = parts
        recurrent_kernel = drop(f"{name}/recurrent", recurrent_kernel)
        bias = weights[f"{name}/lstm_cell/bias"]
        x, hidden, cell = lstm_layer(x, hidden, cell, kernel, recurrent_kernel, bias)
        after.append((hidden, cell))
        x = drop(name, x)
    logits = product("tnbh,nhv->tnbv", x, weights["output/kernel"])
    return logits + weights["output/bias"][:, None], tuple(after)


def dropout_masks(
    key: jax.Array, architecture: Architecture, lanes: int, settings: Mapping[str, jax.Array]
) -> dict[str, jax.Array]:
    """Masks for one step: a unit is dropped for a whole window, a recurrent weight in all lanes."""
    networks = len(settings["dropout"])
    wanted = {
        "embedding": ((networks, lanes, architecture.embedding_units), "embedding_dropout"),
    }
    for layer, units in enumerate(architecture.lstm_units, 1):
        wanted[f"lstm_{layer}"] = ((networks, lanes, units), "dropout")
        wanted[f"lstm_{layer}/recurrent"] = ((networks, units, 4 * units), "recurrent_dropout")
    masks = {}
    for name, (shape, rate_name) in wanted.items():
        key, own = jax.random.split(key)
        rate = settings[rate_name][:, None, None]
        masks[name] = jnp.where(jax.random.uniform(own, shape) >= rate, 1 / (1 - rate), 0)
    return masks


# Learning


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Learner:
    """The networks and all that their optimizer knows."""

    weights: Weights
    means: Weights  # of the gradients
    squares: Weights  # means of their squares
    step: jax.Array

    @classmethod
    def fresh(cls, weights: Weights) -> Learner:
        def zeros():
            return jax.tree.map(jnp.zeros_like, weights)

        return cls(weights, zeros(), zeros(), jnp.zeros((), jnp.float32))


def adamw(
    learner: Learner,
    gradients: Weights,
    settings: Mapping[str, jax.Array],
    share_of_rate: jax.Array,
) -> Learner:
    """One step of AdamW (Loshchilov and Hutter 2019), each network's gradients clipped.

    Args:
        share_of_rate: what the networks' learning rates are multiplied with.
    """

    def each(values: jax.Array, like: jax.Array) -> jax.Array:
        return values.reshape(-1, *[1] * (like.ndim - 1))

    squares = sum(jnp.square(value).reshape(len(value), -1).sum(1) for value in gradients.values())
    factor = jnp.minimum(1, settings["clip_norm"] / jnp.maximum(jnp.sqrt(squares), 1e-12))
    step, beta_2 = learner.step + 1, settings["beta_2"]
    rate = settings["learning_rate"] * share_of_rate
    unbias_1, unbias_2 = 1 - BETA_1**step, 1 - beta_2**step
    updated: tuple[Weights, Weights, Weights] = ({}, {}, {})
    for name, weight in learner.weights.items():
        gradient = gradients[name] * each(factor, weight)
        mean = BETA_1 * learner.means[name] + (1 - BETA_1) * gradient
        beta = each(beta_2, weight)
        square = beta * learner.squares[name] + (1 - beta) * jnp.square(gradient)
        change = mean / unbias_1 / (jnp.sqrt(square / each(unbias_2, weight)) + EPSILON)
        decay = each(settings["weight_decay"], weight) * weight
        updated[0][name] = weight - each(rate, weight) * (change + decay)
        updated[1][name], updated[2][name] = mean, square
    return Learner(*updated, step)


def learn(
    learner: Learner,
    state: State,
    ids: jax.Array,
    following: jax.Array,
    odds: jax.Array | None,
    settings: Mapping[str, jax.Array],
    share_of_rate: jax.Array,
    key: jax.Array,
    architecture: Architecture,
) -> tuple[Learner, State, jax.Array, jax.Array]:
    """One step of all networks.

    Args:
        ids: (T, N, B).
        following: the character after each one, (T, N, B).
        odds: what to learn instead, if given: probabilities (T, B, V), the same for all networks.

    Returns:
        The learner and the state after the step; losses (N,), nats a character, and shares of the
        characters that were the likeliest ones (N,).
    """
    dropped = dropout_masks(key, architecture, ids.shape[2], settings)

    def losses(weights):
        logits, after = read(weights, ids, state, dropped)
        log_odds = jax.nn.log_softmax(logits)
        if odds is None:
            nats = -jnp.take_along_axis(log_odds, following[..., None], -1)[..., 0]
        else:
            nats = -(odds[:, None] * log_odds).sum(-1)
        right = logits.argmax(-1) == following
        of_each = nats.mean((0, 2))
        return of_each.sum(), (of_each, right.mean((0, 2)), after)

    gradients, (nats, right, after) = jax.grad(losses, has_aux=True)(learner.weights)
    return adamw(learner, gradients, settings, share_of_rate), after, nats, right
