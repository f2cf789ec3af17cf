"""The resume file of a run folder: where a stopped training goes on, exactly."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from charlstm.errors import CharLSTMError


def read_resume(path: Path, backend: str) -> tuple[int, float, list[np.ndarray]]:
    """The step, the seconds since the first one, and the saved variables in their order.

    Args:
        backend: the framework that goes on; the file has to come from the same one.

    Raises:
        CharLSTMError: the file is damaged, or another framework wrote it.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            position = json.loads(file.metadata()["position"])
            step, elapsed_s = int(position["step"]), float(position["elapsed_s"])
            written_by = position["backend"]
            saved = [file.get_tensor(name) for name in sorted(file.keys())]
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise CharLSTMError(f"{path} is damaged ({error}). Start a new training.") from error
    if written_by != backend:
        raise CharLSTMError(
            f"This training ran on {written_by}; resume it with KERAS_BACKEND={written_by}."
        )
    return step, elapsed_s, saved
