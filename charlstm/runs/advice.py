"""What a training's curves and its text call for: plain warnings, and what helps.

The recipe `quick` on the first 20,000 and 60,000 characters of Tiny Shakespeare was at its best
after it had read them 11 to 13 times; then its held-out loss rose, that of 20,000 characters from
1.8 to 3.4 nats, while the training loss went to nearly nothing. 150,000 characters, read 8 times,
had not come that far.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from charlstm.network.training_record import KeptVersion
from charlstm.runs.timeline import Timeline, duration

FLATTERED = "The text kept aside helped to choose it, so its figures flatter it a little."

# What `quick` reads more than twenty times in its usual three minutes on two processor cores:
# well beyond the dozen times after which texts were learned by heart.
SMALL_TEXT = 100_000
# A held-out curve is a sample. Of 300 curves without a rise, with a noise of 0.04 nats from one
# measurement to the next, means of 5 rose by more than this in 3, means of 3 in 40.
SMOOTHED = 5
RISE_NATS = 0.08


@dataclass(frozen=True, kw_only=True)
class Overfitting:
    """A held-out loss that rises again while the training loss falls.

    Attributes:
        best_s: when the held-out loss was lowest, in seconds of training.
        best_nats, latest_nats: held-out loss then and now, each a mean of `SMOOTHED` measurements.
    """

    best_s: float
    best_nats: float
    latest_nats: float


def overfitting(
    held_out: Sequence[tuple[float, float]], training: Sequence[tuple[float, float]]
) -> Overfitting | None:
    """Whether a network learns its text by heart now; None: it does not.

    Args:
        held_out, training: points of both curves, (elapsed seconds, loss in nats), oldest first.
    """
    if len(held_out) <= SMOOTHED:
        return None
    times, losses = np.array(held_out, float).T
    means = np.convolve(losses, np.full(SMOOTHED, 1 / SMOOTHED), "valid")
    best = int(means.argmin())
    if means[-1] - means[best] <= RISE_NATS:
        return None
    then = _mean_between(training, times[best], times[best + SMOOTHED - 1])
    now = _mean_between(training, times[-SMOOTHED], times[-1])
    if not now < then:  # or not known
        return None
    return Overfitting(
        best_s=float(times[best + SMOOTHED // 2]),
        best_nats=float(means[best]),
        latest_nats=float(means[-1]),
    )


def _mean_between(curve: Sequence[tuple[float, float]], first_s: float, last_s: float) -> float:
    """Mean of a curve over a stretch of time; NaN where it has no point."""
    values = [value for elapsed_s, value in curve if first_s <= elapsed_s <= last_s]
    return float(np.mean(values)) if values else float("nan")


def advice_for(timeline: Timeline, *, from_model: bool) -> list[str]:
    """What people should know of a training that has begun; empty if all is well.

    Args:
        from_model: it started from a trained model, not from scratch.
    """
    sentences = []
    kept = timeline.kept_version
    if kept is not None:
        sentences.append(kept_sentence(kept))
    rise = overfitting(timeline.held_out_losses, timeline.training_losses)
    if rise is not None and kept is None:
        sentences.append(
            "It has begun to learn its text by heart (overfitting): on the text kept aside its "
            f"loss has risen again, from {rise.best_nats:.2f} to {rise.latest_nats:.2f} nats, "
            "while on the text it learns from it still falls. It was at its best after about "
            f"{duration(rise.best_s)}. What helps: a shorter training, or more text."
        )
    if timeline.started is not None:
        sentences.append(small_text(timeline.started.characters, from_model=from_model))
    return [sentence for sentence in sentences if sentence]


def kept_sentence(kept: KeptVersion) -> str:
    """Why an earlier version was kept, and what helps."""
    return (
        "It had begun to learn its text by heart (overfitting): on the text kept aside its "
        f"loss rose again, from {kept.best_nats:.2f} to {kept.last_nats:.2f} nats. So the "
        f"version after {duration(kept.elapsed_s)} was kept. {FLATTERED} What helps: more "
        "text, or a shorter training."
    )


def small_text(characters: int, *, from_model: bool) -> str:
    """A sentence for whoever gives too little text; empty if it is enough."""
    if characters >= SMALL_TEXT:
        return ""
    helps = "more text, or a shorter training"
    if not from_model:
        helps = "more text, a shorter training, or starting from a model that can write already"
    return (
        f"This is little text: {characters:,} characters. From under {SMALL_TEXT:,} a network "
        f"mostly learns by heart, or does not get beyond spelling. What helps: {helps}."
    )
