"""What a network learns with many settings, side by side on one GPU with JAX.

python -m tests.benchmarks.settings [--units 384] [--characters 4e6] [--dropout 0.1 0.3]
    [--weight-decay 0.01 0.1] [--learning-rate 1e-2] [--recipe quick] [--text FILE]

Trains a network for each combination of the settings, all at the same time, and prints the cold
losses on the last tenth of the training part, the best first: the held-out part is not read. A GPU
trains two dozen of them in little more time than one. Everything else is as the recipe has it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np

from charlstm.network.lstm import Architecture
from charlstm.runs.recipes import Recipe, find_recipe
from charlstm.text.corpus import read_file
from charlstm.text.split import split
from charlstm.text.vocabulary import Vocabulary
from tests.benchmarks.training import text_path
from tests.bundled_model.networks import (
    Learner,
    Settings,
    Weights,
    fresh_weights,
    learn,
    reset,
    together,
    zero_state,
)
from tests.bundled_model.training import measure_cold

STEPS_A_CALL = 50
MOMENTS = 256  # at which the learning rate is given; between them it is interpolated


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--units", type=int, nargs="+", help="of each LSTM layer")
    parser.add_argument("--characters", type=float, default=4e6)
    parser.add_argument("--dropout", type=float, nargs="+")
    parser.add_argument("--recurrent-dropout", type=float, nargs="+")
    parser.add_argument("--weight-decay", type=float, nargs="+")
    parser.add_argument("--learning-rate", type=float, nargs="+")
    parser.add_argument("--recipe", default="quick")
    parser.add_argument("--text")
    arguments = parser.parse_args()
    recipe = find_recipe(arguments.recipe)
    if arguments.units:
        recipe = replace(recipe, lstm_units=tuple(arguments.units))
    settings = combinations(
        recipe,
        {
            "learning_rate": arguments.learning_rate,
            "dropout": arguments.dropout,
            "recurrent_dropout": arguments.recurrent_dropout,
            "weight_decay": arguments.weight_decay,
        },
    )
    text = read_file(text_path(arguments.text), "verse").text
    vocabulary = Vocabulary.from_text(text)
    training_ids, _ = split(vocabulary.encode(text))
    training_ids, last_tenth = split(training_ids)
    architecture = recipe.architecture(len(vocabulary))
    began_s = time.monotonic()
    weights = train(training_ids, architecture, recipe, settings, arguments.characters)
    losses = measure_cold(weights, last_tenth, architecture).losses_nats
    print(
        f"{recipe.name}, units {recipe.lstm_units}, {arguments.characters:,.0f} characters, "
        f"{len(settings)} networks in {time.monotonic() - began_s:.0f} s on {jax.devices()[0]}\n\n"
        f"{'cold loss':>9}{'learning rate':>15}{'dropout':>9}{'recurrent':>11}{'decay':>7}"
    )
    for which in np.argsort(losses):
        each = settings[which]
        print(
            f"{losses[which]:9.4f}{each.learning_rate:15g}{each.dropout:9g}"
            f"{each.recurrent_dropout:11g}{each.weight_decay:7g}"
        )


def combinations(recipe: Recipe, varied: dict[str, Sequence[float] | None]) -> list[Settings]:
    """The recipe's settings with each combination of those that are varied (None: its own)."""
    own = {name: getattr(recipe, name) for name in Settings.__dataclass_fields__}
    choices = {name: values for name, values in varied.items() if values is not None}
    return [
        Settings(**own | dict(zip(choices, values, strict=True)))
        for values in product(*choices.values())
    ]


def train(
    ids: np.ndarray,
    architecture: Architecture,
    recipe: Recipe,
    settings: Sequence[Settings],
    characters: float,
    random_seed: int = 1,
) -> Weights:
    """Train a network with each of the settings on a text, (characters,), as the recipe does."""
    networks, lanes = len(settings), recipe.lanes
    calls = max(1, round(characters / (lanes * recipe.window * STEPS_A_CALL)))
    learner = Learner.fresh(fresh_weights(architecture, networks, random_seed))
    state = zero_state(architecture, networks, lanes)
    text = jnp.asarray(ids, jnp.int32)
    starts = jnp.asarray(np.arange(lanes) * len(ids) // lanes, jnp.int32)
    shape = replace(recipe, learning_rate=1.0)
    rates = jnp.array([shape.learning_rate_at(k / MOMENTS) for k in range(MOMENTS + 1)])
    for call in range(calls):
        learner, state = _steps(
            learner,
            state,
            text,
            starts,
            together(list(settings)),
            rates,
            jax.random.fold_in(jax.random.key(random_seed), call),
            call * STEPS_A_CALL,
            float(calls * STEPS_A_CALL),
            architecture,
            recipe.window,
            recipe.fresh_start_share,
        )
    return learner.weights


@partial(
    jax.jit,
    static_argnames=("architecture", "window", "fresh_start_share"),
    donate_argnums=(0, 1),
)
def _steps(
    learner,
    state,
    text,
    starts,
    settings,
    rates,
    key,
    first,
    total,
    architecture,
    window,
    fresh_start_share,
):
    networks, lanes = len(settings["dropout"]), len(starts)

    def one(carried, at):
        learner, state = carried
        step, key = at
        key, own = jax.random.split(key)
        positions = (starts + step * window)[:, None] + jnp.arange(window + 1)
        ids = text[positions % len(text)].T[:, None]  # (T + 1, 1, B)
        ids = jnp.broadcast_to(ids, (window + 1, networks, lanes))
        keep = jax.random.uniform(own, (networks, lanes)) >= fresh_start_share
        rate = jnp.interp(MOMENTS * step / total, jnp.arange(MOMENTS + 1), rates)
        learner, state, _, _ = learn(
            learner, reset(state, keep), ids[:-1], ids[1:], None, settings, rate, key, architecture
        )
        return (learner, state), None

    at = (first + jnp.arange(STEPS_A_CALL), jax.random.split(key, STEPS_A_CALL))
    return jax.lax.scan(one, (learner, state), at)[0]


if __name__ == "__main__":
    main()
