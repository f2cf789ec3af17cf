"""Training: from a run folder to a model, in a process of its own.

`train(run)` does it all: read the folder, build the network, `fit()`, measure, save. It reports
through the run folder's events and always ends with one of `finished`, `stopped`, `failed`.
"""

from __future__ import annotations

import errno
import os
import traceback
from collections.abc import Callable
from contextlib import suppress

from charlstm.errors import CharLSTMError
from charlstm.runs.events import Ending, Event, Failed
from charlstm.runs.run import Run
from charlstm.runs.timeline import timeline_of
from charlstm.training.device import prepare_device

UNEXPECTED = "The training broke off"


def train(run: Run, on_event: Callable[[Event], None] = lambda event: None) -> Ending:
    """Train in this process until the budget is used up, or somebody asks to stop.

    Goes on where the run stopped, if it did.

    Args:
        on_event: called with each event after it was written to the run folder.

    Returns:
        The last event: `Finished`, `Stopped` or `Failed`.

    Raises:
        RunError: another process trains in this folder.
    """
    run.ownership.claim()
    elapsed_s = 0.0

    def follow(event: Event) -> None:
        nonlocal elapsed_s
        elapsed_s = event.elapsed_s
        on_event(event)

    try:
        recipe = run.config.recipe
        device = prepare_device(by_lanes=recipe.predicts_every_position)
        # Keras may only be imported once the backend is settled.
        from charlstm.training.distribution import over_devices
        from charlstm.training.session import EventRecorder, TrainingSession

        emit = EventRecorder(run, timeline_of(run.events()), follow)
        with over_devices(device, recipe) as device:
            ending = TrainingSession(run, device, emit).run_to_end()
        emit(ending)
        return ending
    except Exception as error:  # whatever happens, the page must hear of it
        message = explain(error)
        if message.startswith(UNEXPECTED):
            traceback.print_exc()
        failed = Failed(elapsed_s=elapsed_s, pid=os.getpid(), message=message)
        with suppress(OSError):  # not even an event fits on the disk: shown as interrupted
            run.append(failed)
            on_event(failed)
        return failed
    finally:
        run.paths.stop.unlink(missing_ok=True)
        run.ownership.release()


def explain(error: Exception) -> str:
    """What went wrong and what to do about it, for people who are not programmers."""
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
