"""Trains teachers from a text, and then a student from what they write."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from charlstm.analysis.evaluation import COLD_WINDOW
from charlstm.network.lstm import Architecture
from charlstm.runs.recipes import FULL
from tests.bundled_model.networks import (
    Learner,
    Settings,
    Weights,
    fresh_weights,
    learn,
    read,
    reset,
    together,
    zero_state,
)
from tests.bundled_model.writing import prepared, write

WINDOW = 64  # characters
TEACHERS_LANES = 64
STUDENT_LANES, REAL_LANES = 256, 32  # of all lanes, and those that read the text itself
REAL_SHARE = 0.2  # there, weight of the character that came, beside the teachers' odds
STEPS_A_CALL = 20
COURSE = replace(FULL, learning_rate=1.0)  # of the learning rates
FRESH_STARTS = 0.02  # share of the teachers' lanes whose state is reset at each step
NEW_TEXTS, COLD_STARTS = 0.01, 0.05  # the same of what they write, and of the student's lanes
_PIECE = 128  # windows that are measured together


class Clock:
    """Steps until the time is used up. It starts after the first call, which compiles."""

    def __init__(self, seconds: float):
        self.seconds = seconds
        self._began_s: float | None = None

    @property
    def elapsed_s(self) -> float:
        return 0.0 if self._began_s is None else time.monotonic() - self._began_s

    @property
    def rate(self) -> float:
        """What the learning rate is multiplied with now."""
        return COURSE.learning_rate_at(self.elapsed_s / self.seconds)

    def steps(self) -> Iterator[int]:
        """Steps before each call, `STEPS_A_CALL` apart."""
        step = 0
        while self.elapsed_s < self.seconds:
            yield step
            step += STEPS_A_CALL
            if self._began_s is None:
                self._began_s = time.monotonic()


def train_teachers(
    ids: np.ndarray,
    architecture: Architecture,
    settings: Sequence[Settings],
    *,
    seconds: float,
    random_seed: int,
    on_moment: Callable[[int, float, np.ndarray], None] = lambda *moment: None,
) -> Weights:
    """Train several networks on a text side by side, each from another place in it.

    Args:
        ids: the training part of the text, (characters,).
        on_moment: called with steps, seconds and the networks' latest losses.
    """
    networks = len(settings)
    learner = Learner.fresh(fresh_weights(architecture, networks, random_seed))
    state = zero_state(architecture, networks, TEACHERS_LANES)
    offsets = np.random.default_rng(random_seed).integers(len(ids), size=(networks, 1))
    starts = offsets + np.arange(TEACHERS_LANES) * len(ids) // TEACHERS_LANES
    text, places = jnp.asarray(ids, jnp.int32), jnp.asarray(starts, jnp.int32)
    values, key = together(settings), jax.random.key(random_seed)
    clock = Clock(seconds)
    for step in clock.steps():
        own = jax.random.fold_in(key, step)
        learner, state, nats = _teachers_steps(
            learner, state, text, places, values, clock.rate, own, step, architecture
        )
        losses = np.asarray(nats)  # waits for them
        on_moment(step + STEPS_A_CALL, clock.elapsed_s, losses)
    return learner.weights


@partial(jax.jit, static_argnames=("architecture",), donate_argnums=(0, 1))
def _teachers_steps(learner, state, ids, starts, settings, rate, key, first, architecture):
    def one(carried, at):
        learner, state = carried
        step, key = at
        key, own = jax.random.split(key)
        positions = (starts + step * WINDOW)[..., None] + jnp.arange(WINDOW + 1)
        text = jnp.moveaxis(ids[positions % len(ids)], -1, 0)  # (T + 1, N, B)
        keep = jax.random.uniform(own, starts.shape) >= FRESH_STARTS
        learner, state, nats, _ = learn(
            learner,
            reset(state, keep),
            text[:-1],
            text[1:],
            None,
            settings,
            rate,
            key,
            architecture,
        )
        return (learner, state), nats

    at = (first + jnp.arange(STEPS_A_CALL), jax.random.split(key, STEPS_A_CALL))
    (learner, state), nats = jax.lax.scan(one, (learner, state), at)
    return learner, state, nats.mean(0)


@dataclass(frozen=True, kw_only=True)
class Moment:
    """The student at a moment of its training.

    Attributes:
        loss_nats: what it loses on the text that it learns from.
        above_teachers_nats: how much more that is than its teachers lose.
        accuracy: share of the characters that it took for the likeliest ones.
    """

    step: int
    elapsed_s: float
    weights: Weights
    loss_nats: float
    above_teachers_nats: float
    accuracy: float


def train_student(
    ids: np.ndarray,
    teachers: Weights,
    teachers_architecture: Architecture,
    architecture: Architecture,
    settings: Settings,
    *,
    seconds: float,
    random_seed: int,
    on_moment: Callable[[Moment], None] = lambda moment: None,
) -> Moment:
    """Train one network on what its teachers write, and in some lanes on the text itself.

    Args:
        ids: the training part of the text, (characters,).
        on_moment: called now and then.

    Returns:
        The last moment.
    """
    learner = Learner.fresh(fresh_weights(architecture, 1, random_seed))
    state = zero_state(architecture, 1, STUDENT_LANES)
    writers = zero_state(teachers_architecture, len(teachers["output/bias"]), STUDENT_LANES)
    ready = jax.jit(prepared, static_argnums=1)(teachers, len(teachers_architecture.lstm_units))
    text = jnp.asarray(ids, jnp.int32)
    starts = jnp.asarray(np.arange(STUDENT_LANES) * len(ids) // REAL_LANES, jnp.int32)
    last = jnp.asarray(np.random.default_rng(random_seed).choice(ids, STUDENT_LANES), jnp.int32)
    values, key = together([settings]), jax.random.key(random_seed)
    clock = Clock(seconds)
    for step in clock.steps():
        rate, own = clock.rate, jax.random.fold_in(key, step)
        learner, state, writers, last, nats, least, right = _student_steps(
            learner,
            state,
            writers,
            last,
            ready,
            text,
            starts,
            values,
            rate,
            own,
            step,
            architecture,
        )
        loss_nats = float(nats[0])  # waits for it
        moment = Moment(
            step=step + STEPS_A_CALL,
            elapsed_s=clock.elapsed_s,
            weights=learner.weights,
            loss_nats=loss_nats,
            above_teachers_nats=loss_nats - float(least),
            accuracy=float(right[0]),
        )
        on_moment(moment)
    return moment


@partial(jax.jit, static_argnames=("architecture",), donate_argnums=(0, 1, 2))
def _student_steps(
    learner, state, writers, last, ready, ids, starts, settings, rate, key, first, architecture
):
    lanes = len(last)
    is_real = jnp.arange(lanes) < REAL_LANES

    def one(carried, at):
        learner, state, writers, last = carried
        step, key = at
        key, anew, cold, drawing = jax.random.split(key, 4)
        keep = (jax.random.uniform(anew, (lanes,)) >= NEW_TEXTS) | is_real
        is_warm = keep & (jax.random.uniform(cold, (lanes,)) >= COLD_STARTS)
        positions = (starts + step * WINDOW)[:, None] + jnp.arange(WINDOW + 1)
        text = ids[positions % len(ids)].T  # (T + 1, B)
        begin = jnp.where(is_real, text[0], last)
        forced = jnp.where(is_real, text[1:], -1)
        writers, written, odds = write(ready, reset(writers, keep), begin, forced, drawing)
        share = jnp.where(is_real, REAL_SHARE, 0)[:, None]
        goal = (1 - share) * odds + share * jax.nn.one_hot(written, odds.shape[-1])
        before = jnp.concatenate([begin[None], written[:-1]])
        learner, state, nats, right = learn(
            learner,
            reset(state, is_warm),
            before[:, None],
            written[:, None],
            goal,
            settings,
            rate,
            key,
            architecture,
        )
        least = -(goal * jnp.log(goal + 1e-30)).sum(-1).mean()
        return (learner, state, writers, written[-1]), (nats, least, right)

    at = (first + jnp.arange(STEPS_A_CALL), jax.random.split(key, STEPS_A_CALL))
    carried, (nats, least, right) = jax.lax.scan(one, (learner, state, writers, last), at)
    return *carried, nats.mean(0), least.mean(), right.mean(0)


@dataclass(frozen=True, kw_only=True)
class ColdFigures:
    """Figures on a text in windows of 256 characters, each from a zero state.

    Attributes:
        losses_nats, accuracies: of each network, (N,).
        together_nats: loss of the mean of their odds.
    """

    losses_nats: np.ndarray
    accuracies: np.ndarray
    together_nats: float


def measure_cold(
    weights: Weights, ids: np.ndarray, architecture: Architecture, windows: int | None = None
) -> ColdFigures:
    """Measure networks on a text, (characters,), or on some windows spread over it."""
    count = len(ids) - 1
    lanes = -(-count // COLD_WINDOW)
    inputs = np.zeros(lanes * COLD_WINDOW, np.int32)
    targets = np.full(lanes * COLD_WINDOW, -1, np.int32)
    inputs[:count], targets[:count] = ids[:-1], ids[1:]
    inputs, targets = (each.reshape(lanes, COLD_WINDOW) for each in (inputs, targets))
    if windows is not None:
        chosen = np.linspace(0, lanes - 1, min(windows, lanes)).astype(int)
        inputs, targets = inputs[chosen], targets[chosen]
    networks, counted = len(weights["output/bias"]), (targets >= 0).sum()
    nats, right, of_mean = np.zeros(networks), np.zeros(networks), 0.0
    for first in range(0, len(inputs), _PIECE):
        piece = np.zeros((_PIECE, COLD_WINDOW), np.int32)
        goal = np.full((_PIECE, COLD_WINDOW), -1, np.int32)
        rows = slice(first, first + _PIECE)
        piece[: len(inputs[rows])], goal[: len(inputs[rows])] = inputs[rows], targets[rows]
        sums = _cold_sums(weights, piece.T, goal.T, architecture)
        nats, right, of_mean = nats + sums[0], right + sums[1], of_mean + float(sums[2])
    return ColdFigures(
        losses_nats=np.asarray(nats) / counted,
        accuracies=np.asarray(right) / counted,
        together_nats=of_mean / counted,
    )


@partial(jax.jit, static_argnames=("architecture",))
def _cold_sums(weights, inputs, targets, architecture):
    """Sums over windows (T, B), targets of -1 left out: nats and right guesses of each, of all."""
    networks = len(weights["output/bias"])
    ids = jnp.broadcast_to(inputs[:, None], (len(inputs), networks, inputs.shape[1]))
    logits, _ = read(weights, ids, zero_state(architecture, networks, inputs.shape[1]))
    odds, counted = jax.nn.softmax(logits), targets >= 0
    goal = jnp.maximum(targets, 0)[:, None, :, None]
    of_each = jnp.take_along_axis(odds, goal, -1)[..., 0]
    return (
        -(jnp.log(of_each) * counted[:, None]).sum((0, 2)),
        ((logits.argmax(-1) == targets[:, None]) & counted[:, None]).sum((0, 2)),
        -(jnp.log(of_each.mean(1)) * counted).sum(),
    )
