"""Training: from a run folder to a model, in a process of its own.

`train(run)` is the whole story: read the folder, build the network, `fit()`, measure, save. It
speaks through the run folder's events and always ends with one of `finished`, `stopped`, `failed`.
"""

from __future__ import annotations

import errno
import os
import traceback
from collections.abc import Callable

from charlstm.errors import CharLSTMError
from charlstm.runs.run import Run
from charlstm.training.device import prepare_device

UNEXPECTED = "The training broke off"


def train(run: Run, on_event: Callable[[dict], None] = lambda event: None) -> dict:
    """Train in this process until the budget is used up, or somebody asks to stop.

    Goes on where the run stopped, if it did.

    Raises:
        RunError: another process trains in this folder.

    Args:
        on_event: called with each event after it was written to the run folder.

    Returns:
        The last event: `finished`, `stopped` or `failed`.
    """
    run.claim()
    elapsed_s = 0.0

    def tell(event: str, **details) -> dict:
        nonlocal elapsed_s
        elapsed_s = details.pop("elapsed_s", elapsed_s)
        record = run.append_event(event, elapsed_s=elapsed_s, **details)
        on_event(record)
        return record

    try:
        device = prepare_device(by_lanes=run.recipe.predicts_every_position)
        # Keras may only be imported once the backend is settled.
        from charlstm.training.distribution import over_devices
        from charlstm.training.session import Fitting

        with over_devices(device, run.recipe) as device:
            fitting = Fitting(run, device, tell)
            kind = fitting.fit()
            results = fitting.finish(stopped=kind == "stopped")
        return tell(kind, pid=os.getpid(), **results)
    except Exception as error:  # whatever happens, the page must hear of it
        message = explain(error)
        if message.startswith(UNEXPECTED):
            traceback.print_exc()
        try:
            return tell("failed", pid=os.getpid(), message=message)
        except OSError:  # not even an event fits on the disk: the page shows it as interrupted
            return {"event": "failed", "elapsed_s": elapsed_s, "message": message}
    finally:
        run.stop_path.unlink(missing_ok=True)
        run.release()


def explain(error: Exception) -> str:
    """What went wrong and what to do about it, for a layman."""
    text = f"{type(error).__name__}: {error}"
    lowered = text.lower()
    if isinstance(error, CharLSTMError):
        return str(error)
    if isinstance(error, FloatingPointError):
        return (
            f"The training went astray: {error}. That happens when the network takes too large "
            "steps. Start it again with another random seed, or use the recipe quick."
        )
    if isinstance(error, MemoryError) or any(
        sign in lowered
        for sign in (
            "out of memory",
            "resourceexhausted",
            "resource_exhausted",
            "oom when",
            "bad_alloc",
            "cannot allocate memory",
        )
    ):
        return (
            "The memory ran out. Close other programs, take a shorter text, or use the recipe "
            "quick, whose network is smaller. Resume goes on from the last saved moment."
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full. Free some space: Resume goes on from the last saved moment."
    return f"{UNEXPECTED} ({text:.300}). Resume goes on from the last saved moment."
