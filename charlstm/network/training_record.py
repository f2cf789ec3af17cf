"""What a checkpoint records of its training."""

from __future__ import annotations

from dataclasses import dataclass

# Whether a model had seen the held-out text before the training that starts from it.
HELD_OUT = ("unseen", "seen", "unknown")


@dataclass(frozen=True, kw_only=True)
class KeptVersion:
    """The version that was kept instead of the last one, because the last one was worse.

    Attributes:
        step, elapsed_s: how long it had been trained.
        best_nats, last_nats: held-out loss of this version and of the last one, each a mean of a
            few measurements.
    """

    step: int
    elapsed_s: float
    best_nats: float
    last_nats: float


def is_origin(record) -> bool:
    """Whether it is what `SourceModel.origin` records."""
    if not isinstance(record, dict):
        return False
    layers = record.get("lstm_units")
    sizes = [record.get("embedding_units"), *(layers if isinstance(layers, list) else [None])]
    words = ("name", "sha256", "corpus", "new_characters", "held_out")
    return (
        all(isinstance(record.get(word), str) for word in words)
        and len(sizes) > 1
        and all(type(size) is int and size > 0 for size in sizes)
        and record["held_out"] in HELD_OUT
    )
