"""Advice about a training: warns of overfitting and of too little text, and says what helps.

Measured with the recipe `quick` on the first 20,000 and 60,000 characters of Tiny Shakespeare: the
held-out loss was lowest after 11 to 13 epochs and then rose, for 20,000 characters from 1.8 to 3.4
nats, while the training loss fell to nearly zero. On 150,000 characters it had not begun to overfit
after 8 epochs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from charlstm.network.training_record import KeptVersion
from charlstm.runs.timeline import Timeline, duration

FLATTERED = "The text kept aside helped to choose it, so its figures flatter it a little."

# Characters. In its default three minutes on two cores, `quick` trains on a text of this size for
# more than 20 epochs, well beyond the dozen after which it overfitted.
SMALL_TEXT = 100_000
# The held-out loss is measured on a sample, so it is noisy. Of 300 curves without a rise, with
# noise of 0.04 nats between measurements, the mean of 5 measurements rose by more than
# RISE_NATS in 3 of them, the mean of 3 in 40.
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
    """Detect whether a network is overfitting now; None if it is not.

    It is if the smoothed held-out loss has risen by more than `RISE_NATS` since its minimum while
    the training loss has fallen.

    Args:
        held_out, training: both curves, (elapsed seconds, loss in nats), oldest first.
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
    if not now < then:  # also if either is NaN
        return None
    return Overfitting(
        best_s=float(times[best + SMOOTHED // 2]),
        best_nats=float(means[best]),
        latest_nats=float(means[-1]),
    )


def _mean_between(curve: Sequence[tuple[float, float]], first_s: float, last_s: float) -> float:
    """Mean of a curve's values between two times; NaN if it has no point there."""
    values = [value for elapsed_s, value in curve if first_s <= elapsed_s <= last_s]
    return float(np.mean(values)) if values else float("nan")


def advice_for(timeline: Timeline, *, from_model: bool) -> list[str]:
    """Advice, in sentences, about a training that has begun; empty if all is well.

    Args:
        from_model: whether it started from a trained model instead of from scratch.
    """
    sentences = []
    kept = timeline.kept_version
    if kept is not None:
        sentences.append(kept_sentence(kept))
    rise = overfitting(timeline.held_out_losses, timeline.training_losses)
    if rise is not None and kept is None:
        sentences.append(
            "It has begun to memorise its text (overfitting): on the text kept aside its "
            f"loss has risen again, from {rise.best_nats:.2f} to {rise.latest_nats:.2f} nats, "
            "while on the text it learns from it still falls. It was at its best after about "
            f"{duration(rise.best_s)}. What helps: a shorter training, or more text."
        )
    if timeline.started is not None:
        sentences.append(small_text(timeline.started.characters, from_model=from_model))
    return [sentence for sentence in sentences if sentence]


def kept_sentence(kept: KeptVersion) -> str:
    """Explain why an earlier version was kept, and what would help."""
    return (
        "It had begun to memorise its text (overfitting): on the text kept aside its "
        f"loss rose again, from {kept.best_nats:.2f} to {kept.last_nats:.2f} nats. So the "
        f"version after {duration(kept.elapsed_s)} was kept. {FLATTERED} What helps: more "
        "text, or a shorter training."
    )


def small_text(characters: int, *, from_model: bool) -> str:
    """Warn that a text is too short to learn much from; empty if it is long enough."""
    if characters >= SMALL_TEXT:
        return ""
    helps = "more text, or a shorter training"
    if not from_model:
        helps = "more text, a shorter training, or starting from a model that can write already"
    return (
        f"This is a short text: {characters:,} characters. With fewer than {SMALL_TEXT:,} a "
        f"network mostly memorises, or does not get beyond spelling. What helps: {helps}."
    )
