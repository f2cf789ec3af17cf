"""Teachers write together: each character is drawn from the mean of their odds, in many lanes."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from tests.bundled_model.networks import State, Weights, gates_of, product


def prepared(weights: Weights, layers: int) -> Weights:
    """The weights as `write` needs them: in bfloat16, those of a layer in one array.

    The first layer's products with the embeddings become a table.
    """
    ready = {}
    for layer in range(1, layers + 1):
        name = f"lstm_{layer}"
        kernel, recurrent, bias = (
            weights[f"{name}/lstm_cell/{part}"] for part in ("kernel", "recurrent_kernel", "bias")
        )
        if layer == 1:
            table = product("nvf,nfg->nvg", weights["embedding/embeddings"], kernel)
            ready["table"] = table + bias[:, None]
            ready[name] = recurrent.astype(jnp.bfloat16)
        else:
            ready[name] = jnp.concatenate([kernel, recurrent], 1).astype(jnp.bfloat16)
            ready[f"{name}/bias"] = bias[:, None]
    ready["output"] = weights["output/kernel"].astype(jnp.bfloat16)
    ready["output/bias"] = weights["output/bias"][:, None]
    return ready


def write(
    ready: Weights, state: State, ids: jax.Array, forced: jax.Array, key: jax.Array
) -> tuple[State, jax.Array, jax.Array]:
    """Write in all lanes together.

    Args:
        ready: see `prepared`.
        ids: (B,), the characters to go on from.
        forced: (T, B), the next characters where the text itself is read, elsewhere -1.

    Returns:
        The state, the characters (T, B), and the mean odds that they were drawn from (T, B, V).
    """

    def step(carried, at):
        state, ids = carried
        forced, key = at
        x, after = None, []
        for layer, (hidden, cell) in enumerate(state, 1):
            name = f"lstm_{layer}"
            if x is None:
                z = ready["table"][:, ids] + product("nbh,nhg->nbg", hidden, ready[name])
            else:
                both = jnp.concatenate([x, hidden], -1)
                z = product("nbh,nhg->nbg", both, ready[name]) + ready[f"{name}/bias"]
            i, f, g, o = gates_of(z)
            cell = f * cell + i * g
            x = (o * jnp.tanh(cell)).astype(jnp.bfloat16)
            after.append((x, cell))
        logits = product("nbh,nhv->nbv", x, ready["output"]) + ready["output/bias"]
        odds = jax.nn.softmax(logits).mean(0)
        drawn = jax.random.categorical(key, jnp.log(odds + 1e-30))
        ids = jnp.where(forced >= 0, forced, drawn)
        return (tuple(after), ids), (ids, odds)

    keys = jax.random.split(key, len(forced))
    (state, _), (written, odds) = jax.lax.scan(step, (state, ids), (forced, keys))
    return state, written, odds
