"""Soft targets for knowledge distillation (Hinton et al. 2015), computed once before training."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from charlstm.files import move_file
from charlstm.network.checkpoint import Checkpoint
from charlstm.network.lstm import Network
from charlstm.writing.sampling import softmax

_LANES = 64
_PIECE = 32  # characters per lane in each call of Network.read


def soft_targets(
    teachers: Sequence[Checkpoint],
    ids: np.ndarray,
    path: Path,
    progress: Callable[[float], None] = lambda share: None,
) -> np.ndarray:
    """The mean of the teachers' probabilities for the next character, after each character.

    Args:
        ids: the training text, (characters,).
        path: memory-mapped file for the result, 130 MB for a million characters. A complete file
            left by an interrupted training is reused.
        progress: called with the share of the work done, 0 to 1.

    Raises:
        OSError: the disk has no room for the file.

    Returns:
        Probabilities, float16, (characters, vocab), read-only.
    """
    shape = (len(ids), len(teachers[0].vocabulary))
    with suppress(OSError, ValueError, EOFError):  # none is there, or a damaged one
        targets = np.load(path, mmap_mode="r")
        if targets.shape == shape and targets.dtype == np.float16:
            return targets
    per_lane = -(-len(ids) // _LANES)
    padded = np.zeros(_LANES * per_lane, np.int64)
    padded[: len(ids)] = ids
    lanes = padded.reshape(_LANES, per_lane)
    unfinished = path.with_suffix(".part")
    targets = np.lib.format.open_memmap(unfinished, "w+", np.float16, shape)
    _reserve(unfinished)
    networks: list[Network] = [teacher.network for teacher in teachers]
    states = [network.start(_LANES) for network in networks]
    starts = np.arange(_LANES)[:, None] * per_lane
    for first in range(0, per_lane, _PIECE):
        piece = lanes[:, first : first + _PIECE]
        mean = np.zeros((*piece.shape, shape[1]), np.float32)
        for index, network in enumerate(networks):
            logits, states[index] = network.read(piece, states[index])
            mean += softmax(logits)
        rows = starts + np.arange(first, first + piece.shape[1])
        inside = rows < len(ids)  # the last lanes may extend beyond the end of the text
        targets[rows[inside]] = mean[inside] / len(networks)
        progress(min(1.0, (first + _PIECE) / per_lane))
    targets.flush()
    del targets
    move_file(unfinished, path)
    return np.load(path, mmap_mode="r")


def _reserve(path: Path) -> None:
    """Give a file all its room on the disk now.

    What is written to mapped memory later can report no full disk: the system kills the process.
    """
    if sys.platform == "linux":
        with open(path, "r+b") as file:
            os.posix_fallocate(file.fileno(), 0, os.path.getsize(path))
