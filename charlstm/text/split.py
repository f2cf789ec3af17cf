"""Which part of a text is learned from and which is held out: settled before anything else."""

from __future__ import annotations

import numpy as np

HELD_OUT_SHARE = 0.1


def split(ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Training part and held-out part (the last tenth) of a text, ids (characters,)."""
    cut = int(len(ids) * (1 - HELD_OUT_SHARE))
    return ids[:cut], ids[cut:]
