"""The Keras callbacks of a training, each with one job.

`fit()` runs in chapters of about half a second, which Keras calls epochs. Measuring, sampling and
saving happen between two chapters, where the weights can be read on every backend.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import keras
import numpy as np

from charlstm.runs import events
from charlstm.runs.recipes import Budget, Recipe

PROGRESS_EVERY_S = 0.2
PROGRESS_AT_LEAST_EVERY_S = 5.0
LEAST_CHANGE = 0.005  # of the learning rate, as a share of it
VALIDATIONS = 30  # measurements per training, if they cost less than a fourteenth of its time
VALIDATIONS_AT_LEAST = 24  # the held-out sample is reduced until this many fit
SAVE_EVERY_S = 15.0
FIRST_SAVE_S = 5.0  # early, so that visitors can soon write with the new model
SAMPLE_STEPS_RATIO = 1.25  # ratio of the steps of successive kept samples
SAMPLE_EVERY_S = 10.0


class Clock:
    """Progress of a training: steps and seconds since the first step, and share of the budget used.

    Args:
        step, elapsed_s: where a resumed training continues.
        steps_per_epoch: steps that read the whole training text once; need not be an integer.
    """

    def __init__(
        self, budget: Budget, steps_per_epoch: float, step: int = 0, elapsed_s: float = 0.0
    ):
        self.budget = budget
        self.steps_per_epoch = steps_per_epoch
        self.step = step
        self._before_s = elapsed_s
        self._started_s: float | None = None

    def start(self) -> None:
        self._started_s = time.monotonic()

    def halt(self) -> None:
        """Stop counting: measuring and saving at the end are not part of the budget."""
        self._before_s, self._started_s = self.elapsed_s, None

    @property
    def elapsed_s(self) -> float:
        """Seconds of training, including those before it was resumed."""
        running_s = 0.0 if self._started_s is None else time.monotonic() - self._started_s
        return self._before_s + running_s

    @property
    def epoch(self) -> float:
        """Number of times the training text has been read."""
        return self.step / self.steps_per_epoch

    @property
    def share(self) -> float:
        """Share of the budget that is used, 0 to 1."""
        return self.budget.share_used(self.elapsed_s, self.epoch)

    @property
    def eta_s(self) -> float:
        """Seconds left; 0 while it is not known."""
        if self.budget.minutes is not None:
            return max(0.0, 60 * self.budget.minutes - self.elapsed_s)
        return self.elapsed_s * (1 - self.share) / self.share if self.share else 0.0

    def total_s(self, step_s: float) -> float:
        """Seconds that the whole budget takes if one step takes `step_s`."""
        return self.budget.total_s(self.steps_per_epoch * step_s)


class LearningRate(keras.callbacks.Callback):
    """Sets the learning rate from the share of the budget that is used.

    Args:
        set_rate: takes the rate at each step; None gives it to the optimizer, when it has changed
            by `LEAST_CHANGE`: that takes half a millisecond, which is much of a small network's
            step.
    """

    def __init__(
        self, recipe: Recipe, clock: Clock, set_rate: Callable[[float], None] | None = None
    ):
        super().__init__()
        self.recipe = recipe
        self.clock = clock
        self.set_rate = set_rate
        self._rate = 0.0

    def on_epoch_begin(self, epoch, logs=None):
        self._set()

    def on_train_batch_begin(self, batch, logs=None):
        self._set()

    def _set(self):
        rate = self.recipe.learning_rate_at(self.clock.share)
        if self.set_rate is not None:
            self.set_rate(rate)
            return
        if abs(rate - self._rate) < LEAST_CHANGE * rate:
            return
        if keras.backend.backend() == "jax":
            # Within a chapter the values of all variables are in `fit`; it takes them anew then.
            self.model.jax_state_sync()
        self.model.optimizer.learning_rate = self._rate = rate


class Progress(keras.callbacks.Callback):
    """Counts steps, and reports progress at most five times a second.

    Args:
        emit: called with each progress event.
        characters_per_step: characters that all lanes together read in a step.

    Raises:
        FloatingPointError: from `fit()`, if the loss is NaN or infinite.
    """

    def __init__(
        self, clock: Clock, emit: Callable[[events.Progress], None], characters_per_step: int
    ):
        super().__init__()
        self.clock = clock
        self.emit = emit
        self.characters_per_step = characters_per_step
        self._reported_step = clock.step
        self._reported_s: float | None = None  # None: not yet
        self._began_s = clock.elapsed_s
        self._sums = (0, 0.0, 0.0)  # steps, and sums of loss and accuracy, when last reported

    def on_epoch_begin(self, epoch, logs=None):
        self._sums = (0, 0.0, 0.0)

    def on_train_batch_end(self, batch, logs=None):
        self.clock.step += 1
        elapsed_s = self.clock.elapsed_s
        # Long trainings report less often: two thousand points are enough for a curve.
        budget_s = elapsed_s + self.clock.eta_s
        pause_s = max(PROGRESS_EVERY_S, min(budget_s / 2000, PROGRESS_AT_LEAST_EVERY_S))
        if self._reported_s is not None and elapsed_s - self._reported_s < pause_s:
            return
        # Keras logs means since the chapter began; differences of sums give the latest steps.
        steps = batch + 1
        loss, accuracy = (_of_text(logs, name) * steps for name in ("loss", "accuracy"))
        steps_before, loss_before, accuracy_before = self._sums
        self._sums = (steps, loss, accuracy)
        new_steps = steps - steps_before
        latest_loss = (loss - loss_before) / new_steps
        self._check(latest_loss)
        read = (self.clock.step - self._reported_step) * self.characters_per_step
        since_s = self._began_s if self._reported_s is None else self._reported_s
        self.emit(
            events.Progress(
                elapsed_s=round(elapsed_s, 2),
                step=self.clock.step,
                epoch=round(self.clock.epoch, 4),
                share=round(self.clock.share, 5),
                running_loss_nats=round(latest_loss, 5),
                accuracy=round((accuracy - accuracy_before) / new_steps, 5),
                characters_per_s=round(read / max(elapsed_s - since_s, 1e-9)),
                eta_s=round(self.clock.eta_s, 1),
            )
        )
        self._reported_s = elapsed_s
        self._reported_step = self.clock.step

    def on_epoch_end(self, epoch, logs=None):
        self._check(_of_text(logs, "loss"))  # before anything is saved

    def _check(self, loss: float):
        if not np.isfinite(loss):
            raise FloatingPointError(f"the loss became {loss} at step {self.clock.step}")


def _of_text(logs: dict, name: str) -> float:
    """A mean that Keras logged; with teachers, the one for the text's own targets."""
    return float(logs[f"text_{name}" if "text_loss" in logs else name])


class Ending(keras.callbacks.Callback):
    """Ends `fit()` when the budget is used up or a stop was requested."""

    def __init__(self, clock: Clock, stop_asked: Callable[[], bool]):
        super().__init__()
        self.clock = clock
        self.stop_asked = stop_asked
        self.stopped = False

    def on_train_batch_end(self, batch, logs=None):
        self.stopped = self.stop_asked()
        if self.stopped or self.clock.share >= 1:
            self.model.stop_training = True


class BetweenChapters(keras.callbacks.Callback):
    """Measures on held-out text, writes samples and saves, each when it is due.

    Args:
        validate: returns held-out loss (nats) and accuracy.
        sample: writes a text.
        save: stores the model and all that resuming needs.
        emit: called with each event.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        validate: Callable[[], tuple[float, float]],
        sample: Callable[[], str],
        save: Callable[[], None],
        emit: Callable[[events.Event], None],
    ):
        super().__init__()
        self.clock = clock
        self.validate = validate
        self.sample = sample
        self.save = save
        self.emit = emit
        self._next_validation_share = 0.0
        self._next_sample_step = 0
        self._next_sample_s = 0.0
        self._saved_s = clock.elapsed_s + FIRST_SAVE_S - SAVE_EVERY_S
        self._save_cost_s = 0.0
        # Of the latest measurement and the latest sample; after Stop, slow ones are skipped.
        self.measure_cost_s = float("inf")
        self.sample_cost_s = float("inf")

    def on_epoch_end(self, epoch, logs=None):
        if self.model.stop_training:
            return  # the session measures and saves at the end
        if self.clock.share >= self._next_validation_share:
            self.measure()
        if self.clock.step >= self._next_sample_step or self.clock.elapsed_s >= self._next_sample_s:
            self.write_sample()
        if self.clock.elapsed_s - self._saved_s >= max(SAVE_EVERY_S, 20 * self._save_cost_s):
            began_s = self.clock.elapsed_s
            self.save()
            self._saved_s = self.clock.elapsed_s
            self._save_cost_s = min(1.0, self._saved_s - began_s)

    def measure(self):
        """Measure on held-out text, report it, and schedule the next measurement."""
        began_s, share = self.clock.elapsed_s, self.clock.share
        loss, accuracy = self.validate()
        self.emit(
            events.Validated(
                elapsed_s=round(self.clock.elapsed_s, 2),
                step=self.clock.step,
                val_loss_nats=round(loss, 5),
                val_accuracy=round(accuracy, 5),
            )
        )
        self.measure_cost_s = self.clock.elapsed_s - began_s
        total_s = max(self.clock.elapsed_s + self.clock.eta_s, 1e-9)
        pause = max(1 / VALIDATIONS, 14 * self.measure_cost_s / total_s)
        self._next_validation_share = share + pause

    def write_sample(self, sample: Callable[[], str] | None = None, keep: bool = False):
        """Write a sample and report it.

        Args:
            sample: writes the text, instead of the callback's own `sample`.
            keep: keep it for the checkpoint even if none is due.
        """
        began_s = self.clock.elapsed_s
        text = (sample or self.sample)()
        self.emit(
            events.Sampled(
                elapsed_s=round(began_s, 2),
                step=self.clock.step,
                kept=keep or self.clock.step >= self._next_sample_step,
                text=text,
            )
        )
        self.sample_cost_s = self.clock.elapsed_s - began_s
        while self._next_sample_step <= self.clock.step:
            self._next_sample_step = 1 + int(self._next_sample_step * SAMPLE_STEPS_RATIO)
        self._next_sample_s = self.clock.elapsed_s + SAMPLE_EVERY_S
