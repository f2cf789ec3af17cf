"""One training with Keras: build, warm up, fit, and measure at the end."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import keras
import numpy as np
from threadpoolctl import threadpool_limits

from charlstm.analysis.baselines import measure_baselines
from charlstm.analysis.cells import FEWER_TEXTS, TEXTS, find_cells
from charlstm.analysis.evaluation import COLD_WINDOW
from charlstm.network.checkpoint import Checkpoint
from charlstm.network.training_record import (
    BaselineFigures,
    BudgetRecord,
    KeptVersion,
    Results,
    StartRecord,
    TextRecord,
    TrainingRecord,
)
from charlstm.network.way import Way
from charlstm.runs import events
from charlstm.runs.config import RunConfig
from charlstm.runs.fine_tuning import grow, merge
from charlstm.runs.recipes import Recipe
from charlstm.runs.run import Run
from charlstm.runs.sizing import starts_from_counts
from charlstm.text.split import split
from charlstm.text.vocabulary import Vocabulary
from charlstm.training import teachers
from charlstm.training.batches import Lanes, Windows, cold_windows, training_data
from charlstm.training.best_version import BestVersion
from charlstm.training.callbacks import BetweenChapters, Clock, Ending, LearningRate, Progress
from charlstm.training.device import Device
from charlstm.training.initial_weights import with_counts
from charlstm.training.measuring import HeldOutCurve, final_figures
from charlstm.training.model import Models, build_models, compile_models, set_weights, weights_of
from charlstm.training.recording import EventRecorder, once_a_second
from charlstm.training.saving import ResumePoint, Saving, set_variables, variables_of
from charlstm.writing.sampling import Sampling
from charlstm.writing.single_text import write

SAMPLE_CHARACTERS = 300
SAMPLE_RANDOM_SEED = 1
WARM_UP_STEPS = 4
CHAPTER_S = 0.5
CHAPTERS_AT_LEAST = 100  # a short training is measured and saved between them as well
VALIDATION_WINDOWS = 64
NOTEBOOK_TEST_WINDOWS = 512
CELLS_SHARE = 0.3  # of the time for measuring at the end
STOP_PATIENCE_S = 0.5  # after Stop, what takes longer is skipped


class _Skipped(Exception):
    """A stop was requested while the results were being measured."""


@dataclass(frozen=True, kw_only=True)
class Material:
    """The data and the models of a training.

    Attributes:
        ids: the whole text, (characters,).
        data: the training part of the text, cut as the recipe requires.
        models: built and compiled.
    """

    vocabulary: Vocabulary
    ids: np.ndarray
    data: Lanes | Windows
    models: Models

    @property
    def training_ids(self) -> np.ndarray:
        return split(self.ids)[0]

    @property
    def held_out_ids(self) -> np.ndarray:
        return split(self.ids)[1]


def prepare_material(run: Run, config: RunConfig, way: Way | None) -> Material:
    """Encode the text, and build the network with fresh weights or those of the source model.

    Args:
        way: how the steps are computed; None for the framework's own layers.

    Raises:
        CharLSTMError: a file of the run folder is missing, damaged or was changed.
    """
    recipe, text = config.recipe, run.text()
    source = run.source_checkpoint()
    vocabulary = Vocabulary.from_text(text)
    if source is not None:
        vocabulary = merge(source.vocabulary, text)
    models = build_models(
        recipe,
        recipe.architecture(len(vocabulary)),
        way=way,
        taught=bool(config.teachers),
    )
    ids = vocabulary.encode(text)
    if source is not None:
        set_weights(models, grow(source, vocabulary, weights_of(models)))
    elif starts_from_counts(recipe, config.budget, len(vocabulary)):
        set_weights(models, with_counts(weights_of(models), split(ids)[0]))
    compile_models(models, recipe)
    data = training_data(recipe, ids, config.random_seed)
    return Material(vocabulary=vocabulary, ids=ids, data=data, models=models)


class TrainingSession:
    """One training in this process, from its run folder to its checkpoint.

    Args:
        emit: called with each event.
    """

    def __init__(self, run: Run, device: Device, emit: EventRecorder):
        self.run = run
        self.config = run.config
        self.recipe: Recipe = self.config.recipe
        self.device = device
        self.emit = emit
        keras.utils.set_random_seed(self.config.random_seed)
        self.way = device.fastest_way(self.recipe)
        self.material = prepare_material(run, self.config, self.way)
        self.baselines = BaselineFigures()  # not measured yet
        self.best = BestVersion(run.paths.best)
        self.saving = Saving(run.paths, self.material.models, self.best)
        point = self.saving.load(device.backend)
        self.clock = Clock(
            self.config.budget, self.material.data.steps_per_epoch(), point.step, point.elapsed_s
        )
        self.held_out_curve = _held_out_curve(self.material)
        self.between = BetweenChapters(
            self.clock,
            validate=self._validate,
            sample=self._sample,
            save=self.save,
            emit=emit,
        )

    @property
    def elapsed_s(self) -> float:
        """Seconds of training, rounded as in events."""
        return round(self.clock.elapsed_s, 2)

    # The training itself

    def run_to_end(self) -> events.Completed:
        """Train until the budget is used up or a stop is requested, then measure and save.

        Returns:
            The terminal event, which the caller must emit.
        """
        began_s = time.monotonic()
        self._emit_start()
        if self.clock.share >= 1:  # interrupted when only the final measuring was left
            self.best.load()
            return self._finish(time.monotonic() - began_s, stopped=False)
        soft_targets = self._soft_targets()
        self._prepare("trying")
        steps_per_chapter = self.warm_up(soft_targets)
        self.best.windows = len(self.held_out_curve.inputs)
        if self.clock.step:
            self.best.load(self.best.windows)
        prepare_s = time.monotonic() - began_s
        ending = Ending(self.clock, self.run.paths.stop.exists)
        models = self.material.models
        rate = LearningRate(self.recipe, self.clock, models.set_learning_rate)
        progress = Progress(self.clock, self.emit, self._characters_per_step)
        self.clock.start()
        models.training.fit(
            models.feed(self.material.data, self.clock.step, soft_targets),
            steps_per_epoch=steps_per_chapter,
            epochs=10**9,
            callbacks=[*models.callbacks, rate, progress, ending, self.between],
            shuffle=False,
            verbose=0,
        )
        self.clock.halt()
        return self._finish(prepare_s, stopped=ending.stopped)

    def _prepare(self, task: str) -> None:
        """Say what is done before the first step, see `events.PREPARATIONS`."""
        self.emit(events.Preparing(elapsed_s=self.elapsed_s, task=task))

    def _emit_start(self) -> None:
        material, device = self.material, self.device
        self._prepare("counting")
        measured = measure_baselines(
            material.training_ids, material.held_out_ids, len(material.vocabulary)
        )
        self.baselines = BaselineFigures(
            **{name: round(figure, 4) for name, figure in vars(measured).items()}
        )
        self.emit(
            events.Started(
                elapsed_s=self.elapsed_s,
                step=self.clock.step,
                device=device.name,
                device_kind=device.kind,
                backend=device.backend,
                backend_version=device.backend_version,
                parameters=self.recipe.architecture(len(material.vocabulary)).parameters(),
                characters=len(material.ids),
                vocabulary_size=len(material.vocabulary),
                baselines=self.baselines,
                way=None if self.way is None else str(self.way),
            )
        )

    def _soft_targets(self) -> np.ndarray | None:
        """The teachers' mean probabilities, (characters, vocab); None without teachers."""
        if not self.config.teachers:
            return None
        return teachers.soft_targets(
            self.run.teacher_checkpoints(),
            self.material.training_ids,
            self.run.paths.soft_targets,
            once_a_second(
                self.emit,
                lambda share: events.AskingTeachers(elapsed_s=self.elapsed_s, share=share),
            ),
        )

    def warm_up(self, soft_targets: np.ndarray | None) -> int:
        """Trace and compile before the clock starts, and reduce the held-out sample if it is slow.

        Runs a few real training steps and restores all variables afterwards.

        Returns:
            The number of steps in a chapter (see callbacks.py).
        """
        models = self.material.models
        before = variables_of(models)
        times = []
        note = keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs: times.append(time.monotonic())
        )
        models.training.fit(
            models.feed(self.material.data, self.clock.step, soft_targets),
            steps_per_epoch=WARM_UP_STEPS,
            epochs=1,
            callbacks=[note],
            shuffle=False,
            verbose=0,
        )
        step_s = max(float(np.median(np.diff(times)[1:])), 1e-6)
        self.held_out_curve.fit_into(self.clock.total_s(step_s))
        set_variables(models, list(before.values()))
        chapter_s = min(CHAPTER_S, self.clock.total_s(step_s) / CHAPTERS_AT_LEAST)
        return int(np.clip(round(chapter_s / step_s), 1, 1000))

    @property
    def _characters_per_step(self) -> int:
        return self.recipe.lanes * self.recipe.window

    def _validate(self) -> tuple[float, float]:
        loss, accuracy = self.held_out_curve.measure()
        self.best.offer(
            loss,
            step=self.clock.step,
            elapsed_s=self.clock.elapsed_s,
            weights=lambda: weights_of(self.material.models),
        )
        return loss, accuracy

    def _sample(self, weights: dict[str, np.ndarray] | None = None) -> str:
        pieces = write(
            self._network(weights),
            length=SAMPLE_CHARACTERS,
            sampling=Sampling(temperature=0.8),
            random_seed=SAMPLE_RANDOM_SEED,
        )
        # On a busy machine several BLAS threads take up to 30 times as long as one: they wait for
        # each other.
        with threadpool_limits(limits=1, user_api="blas"):
            return "".join(pieces)

    # The final measurements

    def _finish(self, prepare_s: float, *, stopped: bool) -> events.Completed:
        """Save, measure on the whole held-out text unless that is skipped, and save again."""
        if not stopped or self.between.measure_cost_s < STOP_PATIENCE_S:
            self.between.measure()
        kept = self.best.kept()
        weights = None if kept is None else self.best.weights
        if not stopped or self.between.sample_cost_s < STOP_PATIENCE_S:
            self.between.write_sample(lambda: self._sample(weights), keep=True)
        self.save(weights, kept_version=kept)
        stored = self._network(weights).as_stored()
        results = None
        if not stopped:
            self.emit(events.Measuring(elapsed_s=self.elapsed_s, share=0.0))
            results = self._measure(stored)
        cells = self._cells(stored, results)
        self.save(weights, kept_version=kept, results=results, cells=cells)
        if not stopped:
            self.run.paths.soft_targets.unlink(missing_ok=True)
        kind = events.Stopped if stopped else events.Finished
        return kind(
            elapsed_s=self.elapsed_s,
            pid=os.getpid(),
            step=self.clock.step,
            epoch=round(self.clock.epoch, 4),
            prepare_s=round(prepare_s, 1),
            results=results,
            kept_version=kept,
        )

    def _measure(self, stored: Checkpoint) -> Results | None:
        """The final figures; None if a stop is requested meanwhile, which skips them."""
        say = self._measuring()

        def progress(share: float) -> None:
            say((1 - CELLS_SHARE) * share)

        try:
            return final_figures(
                stored,
                self.material.held_out_ids,
                self.material.models.training,
                self.material.data,
                progress,
            )
        except _Skipped:
            return None

    def _cells(self, stored: Checkpoint, results: Results | None) -> list[dict]:
        """The cells with a meaning; looked for in less text where somebody waits."""
        say = self._measuring()

        def progress(share: float) -> None:
            say(1 - CELLS_SHARE + CELLS_SHARE * share)

        if results is not None:
            with suppress(_Skipped):
                return find_cells(stored, texts=TEXTS, progress=progress)
        return find_cells(stored, texts=FEWER_TEXTS)

    def _measuring(self) -> Callable[[float], None]:
        """Says how much is measured, from 0 to 1; raises _Skipped once a stop is requested."""
        say = once_a_second(
            self.emit, lambda share: events.Measuring(elapsed_s=self.elapsed_s, share=share)
        )

        def progress(share: float) -> None:
            if self.run.paths.stop.exists():
                raise _Skipped
            say(share)

        return progress

    # Saving

    def save(
        self,
        weights: dict[str, np.ndarray] | None = None,
        *,
        kept_version: KeptVersion | None = None,
        results: Results | None = None,
        cells: Sequence[dict] = (),
    ) -> None:
        """Save the checkpoint and all that resuming needs.

        Args:
            weights: of the version to put into the checkpoint; None for the latest.
            kept_version: describes that version, if it is not the latest.
        """
        network, timeline = self._network(weights), self.emit.timeline
        checkpoint = Checkpoint(
            architecture=network.architecture,
            vocabulary=network.vocabulary,
            weights=network.weights,
            training=self._record(results, kept_version),
            history=timeline.curves(),
            samples=timeline.kept_samples(),
            cells=list(cells),
        )
        point = ResumePoint(
            step=self.clock.step, elapsed_s=self.clock.elapsed_s, backend=self.device.backend
        )
        self.saving.save(checkpoint, point)
        # The time at which the saved state was reached, not when writing the files ended.
        self.emit(events.Saved(elapsed_s=round(point.elapsed_s, 2), step=point.step))

    def _network(self, weights: dict[str, np.ndarray] | None = None) -> Checkpoint:
        """A checkpoint without records, with the given weights or the latest ones."""
        vocabulary = self.material.vocabulary
        return Checkpoint(
            architecture=self.recipe.architecture(len(vocabulary)),
            vocabulary=vocabulary,
            weights=weights_of(self.material.models) if weights is None else weights,
        )

    def _record(self, results: Results | None, kept_version: KeptVersion | None) -> TrainingRecord:
        config, clock = self.config, self.clock
        return TrainingRecord(
            recipe=self.recipe.name,
            text=TextRecord(
                name=config.corpus.name, sha256=config.corpus.sha256, style=config.corpus.style
            ),
            budget=BudgetRecord(minutes=config.budget.minutes, epochs=config.budget.epochs),
            random_seed=config.random_seed,
            started=StartRecord(
                device=self.device.name,
                backend=self.device.backend,
                backend_version=self.device.backend_version,
                baselines=self.baselines,
            ),
            created=config.created,
            train_s=round(clock.elapsed_s, 1),
            steps=clock.step,
            characters_seen=clock.step * self._characters_per_step,
            window=self.recipe.window,
            carries_state=self.recipe.predicts_every_position,
            results=results,
            source=config.source,
            teachers=config.teachers,
            kept_version=kept_version,
        )


def _held_out_curve(material: Material) -> HeldOutCurve:
    data, models = material.data, material.models
    if isinstance(data, Windows):
        chosen = data.test[:NOTEBOOK_TEST_WINDOWS]
        inputs = data.windows[chosen].astype(np.int32)
        return HeldOutCurve(models.training, inputs, data.targets[chosen])
    windows = cold_windows(material.held_out_ids, COLD_WINDOW, VALIDATION_WINDOWS)
    return HeldOutCurve(models.evaluated, *windows)
