"""Trains the model of a run folder in the current process.

`train(run)` reads the folder, builds the network, calls `fit()`, measures and saves. It reports
through the run folder's events, and ends with exactly one of `finished`, `stopped` and `failed`.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from contextlib import suppress

from charlstm.errors import CharLSTMError
from charlstm.files import FULL, reason_of
from charlstm.runs.events import Ending, Event, Failed, Preparing, Started
from charlstm.runs.ownership import training_place
from charlstm.runs.recipes import Recipe
from charlstm.runs.run import Run
from charlstm.runs.sizing import best_size
from charlstm.runs.timeline import timeline_of
from charlstm.training.device import Device, prepare_device
from charlstm.training.keras_settings import usual_settings

UNEXPECTED = "The training failed"
GONE = (
    "The folder {} was deleted while the training went on, so the training has ended: start a new "
    "one."
)


def train(run: Run, on_event: Callable[[Event], None] = lambda event: None) -> Ending:
    """Train in this process until the budget is used up or a stop is requested.

    Resumes a training that was stopped or interrupted.

    Args:
        on_event: called with each event after it has been written to the run folder.

    Returns:
        The terminal event: `Finished`, `Stopped` or `Failed`.

    Raises:
        RunError: another process is training, in this folder or in any other of the home folder.
        CharLSTMError: the folder is gone, or cannot be written to.
    """
    run.ownership.claim()
    try:
        release_place = _take_place()
    except CharLSTMError:
        run.ownership.release()
        raise
    elapsed_s = 0.0

    def follow(event: Event) -> None:
        nonlocal elapsed_s
        elapsed_s = event.elapsed_s
        on_event(event)

    def prepare(task: str) -> None:
        event = Preparing(elapsed_s=elapsed_s, task=task)
        run.append(event)
        follow(event)

    try:
        has_started = any(isinstance(event, Started) for event in run.events())
        prepare("loading")
        recipe = run.config.recipe
        device = prepare_device(by_lanes=recipe.predicts_every_position)
        if not has_started:
            if len(run.config.candidates) > 1:
                prepare("choosing")
            recipe = with_chosen_size(run, device)
        # Keras reads the choice of the backend when it is imported.
        from charlstm.training.distribution import over_devices
        from charlstm.training.recording import EventRecorder
        from charlstm.training.session import TrainingSession

        prepare("building")
        emit = EventRecorder(run, timeline_of(run.events()), follow)
        with usual_settings(), over_devices(device, recipe) as device:
            ending = TrainingSession(run, device, emit).run_to_end()
        emit(ending)
        return ending
    except Exception as error:  # becomes a `Failed` event, so that the page shows it
        message = explain(error) if run.folder.is_dir() else GONE.format(run.folder)
        if message.startswith(UNEXPECTED):
            traceback.print_exc()
        failed = Failed(elapsed_s=elapsed_s, pid=os.getpid(), message=message)
        with suppress(OSError):  # a full disk: without the event, the page shows "interrupted"
            run.append(failed)
        on_event(failed)
        return failed
    finally:
        # What cannot be removed ends with this process: a number that nobody has owns nothing.
        for let_go in (run.ownership.release, release_place, run.paths.stop.unlink):
            with suppress(OSError):
                let_go()


def _take_place() -> Callable[[], None]:
    """Take the one place for a training; returns what gives it up.

    Where the home folder cannot be written to, nobody else trains there either.
    """
    try:
        place = training_place()
    except CharLSTMError:
        return lambda: None
    place.claim()
    return place.release


def with_chosen_size(run: Run, device: Device) -> Recipe:
    """A new training's recipe, with the width that suits this machine and the time.

    The choice is recorded in the run folder.
    """
    config = run.config
    candidates = config.candidates
    if len(candidates) > 1 and (steps_s := device.steps_s(candidates)) is not None:
        speeds = {
            recipe.lstm_units[0]: recipe.lanes * recipe.window / step_s
            for recipe, step_s in zip(candidates, steps_s, strict=True)
        }
        run.set_size(
            best_size(speeds, config.budget.amount, config.corpus.characters or len(run.text()))
        )
    return run.config.recipe


def explain(error: Exception) -> str:
    """Say what went wrong and what to do about it, in words for non-programmers."""
    text = f"{type(error).__name__}: {error}"
    lowered = text.lower()
    if isinstance(error, CharLSTMError):
        return str(error)
    if isinstance(error, FloatingPointError):
        return (
            f"The training diverged: {error}. That happens when the network takes too large "
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
            "quick, whose network is smaller. Resume continues from the last saved state."
        )
    if isinstance(error, OSError) and error.errno in FULL:
        return "The disk is full. Free some space: Resume continues from the last saved state."
    if isinstance(error, OSError) and error.filename:
        return (
            f"The training could not use {error.filename} ({reason_of(error)}). Mend that: Resume "
            "continues from the last saved state."
        )
    return f"{UNEXPECTED} ({text:.300}). Resume continues from the last saved state."
