"""What `train` does with Keras: build, warm up, fit, measure, save, resume."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict

import keras
import numpy as np
from threadpoolctl import threadpool_limits

from charlstm.analysis.cells import FEWER_TEXTS, TEXTS, find_cells
from charlstm.analysis.evaluation import COLD_WINDOW
from charlstm.analysis.ngram import blind_loss_nats, ngram_figures
from charlstm.errors import CharLSTMError
from charlstm.network.checkpoint import Checkpoint, load_checkpoint, save_checkpoint, write_tensors
from charlstm.runs.fine_tuning import grow, merge
from charlstm.runs.run import Run
from charlstm.runs.timeline import read_timeline
from charlstm.text.split import split
from charlstm.text.vocabulary import Vocabulary
from charlstm.training.batches import Windows, batches, cold_windows, training_data
from charlstm.training.best_version import BestVersion
from charlstm.training.callbacks import BetweenChapters, Clock, Ending, LearningRate, Progress
from charlstm.training.device import Device
from charlstm.training.measuring import HeldOutCurve, final_figures
from charlstm.training.model import build_models, compile_models, set_weights, weights_of
from charlstm.training.resume_file import read_resume
from charlstm.training.teachers import teachers_odds
from charlstm.writing.sampling import Sampling
from charlstm.writing.single_text import write

SAMPLE_CHARACTERS = 300
SAMPLE_RANDOM_SEED = 1
WARM_UP_STEPS = 4
CHAPTER_S = 0.5
CHAPTERS_AT_LEAST = 100  # on JAX the learning rate changes only between chapters
VALIDATION_WINDOWS = 48
NOTEBOOK_TEST_WINDOWS = 512
KEPT_OF_START = (  # in the checkpoint
    "device",
    "backend",
    "backend_version",
    "blind_loss_nats",
    "four_gram_loss_nats",
    "four_gram_accuracy",
)
STOP_PATIENCE_S = 0.5  # what takes longer is left out when somebody pressed Stop


class Fitting:
    """One training, from its run folder to its checkpoint.

    Args:
        tell: writes an event: its kind, and its details by name.
    """

    def __init__(self, run: Run, device: Device, tell: Callable[..., dict]):
        self.run = run
        self.device = device
        self.tell = tell
        self.recipe = run.recipe
        keras.utils.set_random_seed(run.config["random_seed"])
        text = run.text()
        self.teachers = run.teacher_checkpoints()
        self.odds = None  # what they expect
        start = run.start_checkpoint()
        self.vocabulary = Vocabulary.from_text(text)
        if start is not None:
            self.vocabulary = merge(start.vocabulary, text)
        self.ids = self.vocabulary.encode(text)
        self.training_ids, self.held_out_ids = split(self.ids)
        self.architecture = self.recipe.architecture(len(self.vocabulary))
        self.models = build_models(
            self.recipe,
            self.architecture,
            groups=device.lane_groups(self.recipe.lanes),
            matrix_dtype=device.matrix_dtype,
            taught=bool(self.teachers),
        )
        if start is not None:
            set_weights(self.models, grow(start, self.vocabulary, weights_of(self.models)))
        compile_models(self.models, self.recipe)
        self.data = training_data(self.recipe, self.ids, run.config["random_seed"])
        step, elapsed_s = self._load()
        self.clock = Clock(run.budget, self.data.steps_per_epoch(), step, elapsed_s)
        self.held_out_curve = self._held_out_curve()
        self.best = BestVersion(run.best_path)
        self.kept = None  # the best version, if the last one is worse
        self.between = BetweenChapters(
            self.clock,
            validate=self._validate,
            sample=self.sample,
            save=self.save,
            tell=self.tell,
        )
        self.characters_per_step = self.recipe.lanes * self.recipe.window

    # Data

    def _ask_teachers(self) -> None:
        self.odds = teachers_odds(
            self.teachers,
            self.training_ids,
            self.run.odds_path,
            self._teller("asking_teachers"),
        )
        self.teachers = []  # their weights are no longer needed

    def _held_out_curve(self) -> HeldOutCurve:
        if isinstance(self.data, Windows):
            chosen = self.data.test[:NOTEBOOK_TEST_WINDOWS]
            inputs = self.data.windows[chosen].astype(np.int32)
            return HeldOutCurve(self.models.training, inputs, self.data.targets[chosen])
        windows = cold_windows(self.held_out_ids, COLD_WINDOW, VALIDATION_WINDOWS)
        return HeldOutCurve(self.models.cold, *windows)

    # The training itself

    def fit(self) -> str:
        """Run `fit()` to the end of the budget; "finished" or "stopped"."""
        began_s = time.monotonic()
        four_gram = ngram_figures(self.training_ids, self.held_out_ids, len(self.vocabulary))
        self.started = self.tell(
            "started",
            step=self.clock.step,
            elapsed_s=round(self.clock.elapsed_s, 2),
            device=self.device.name,
            device_kind=self.device.kind,
            backend=self.device.backend,
            backend_version=self.device.backend_version,
            parameters=self.architecture.parameters(),
            characters=len(self.ids),
            vocabulary_size=len(self.vocabulary),
            blind_loss_nats=round(blind_loss_nats(len(self.vocabulary)), 4),
            four_gram_loss_nats=round(four_gram.loss_nats, 4),
            four_gram_accuracy=round(four_gram.accuracy, 4),
        )
        if self.clock.share >= 1:  # interrupted when only the measuring was left
            self.best.load()
            self.prepare_s = time.monotonic() - began_s
            return "finished"
        if self.teachers:
            self._ask_teachers()
        steps_per_chapter = self._warm_up()
        self.best.windows = len(self.held_out_curve.inputs)
        if self.clock.step:
            self.best.load(self.best.windows)
        self.prepare_s = time.monotonic() - began_s
        ending = Ending(self.clock, self.run.stop_path.exists)
        progress = Progress(
            self.clock,
            lambda **details: self.tell("progress", **details),
            self.characters_per_step,
        )
        callbacks = [LearningRate(self.recipe, self.clock), progress, ending, self.between]
        self.clock.start()
        self.models.training.fit(
            batches(self.data, self.clock.step, self.odds),
            steps_per_epoch=steps_per_chapter,
            epochs=10**9,
            callbacks=callbacks,
            shuffle=False,
            verbose=0,
        )
        self.clock.halt()
        return "stopped" if ending.stopped else "finished"

    def _warm_up(self) -> int:
        """Trace and compile before the clock starts; returns the number of steps of a chapter.

        The steps are real ones, undone afterwards.
        """
        before = self._variables()
        times = []
        note = keras.callbacks.LambdaCallback(
            on_train_batch_end=lambda batch, logs: times.append(time.monotonic())
        )
        self.models.training.fit(
            batches(self.data, self.clock.step, self.odds),
            steps_per_epoch=WARM_UP_STEPS,
            epochs=1,
            callbacks=[note],
            shuffle=False,
            verbose=0,
        )
        step_s = max(float(np.median(np.diff(times)[1:])), 1e-6)
        self.held_out_curve.fit_into(self.clock.total_s(step_s))
        for variable, value in zip(self._tracked(), before.values(), strict=True):
            variable.assign(value)
        chapter_s = min(CHAPTER_S, self.clock.total_s(step_s) / CHAPTERS_AT_LEAST)
        return int(np.clip(round(chapter_s / step_s), 1, 1000))

    def _validate(self) -> tuple[float, float]:
        loss, accuracy = self.held_out_curve.measure()
        self.best.offer(
            loss,
            step=self.clock.step,
            elapsed_s=self.clock.elapsed_s,
            weights=lambda: weights_of(self.models),
        )
        return loss, accuracy

    def sample(self) -> str:
        pieces = write(
            self._checkpoint(),
            length=SAMPLE_CHARACTERS,
            sampling=Sampling(temperature=0.8),
            random_seed=SAMPLE_RANDOM_SEED,
        )
        # Several threads for one small product wait for each other on a busy machine, 30 times
        # as long as one takes.
        with threadpool_limits(limits=1, user_api="blas"):
            return "".join(pieces)

    # Keeping

    def _tracked(self) -> list:
        model = self.models.training
        return [*model.variables, *model.optimizer.variables]

    def _variables(self) -> dict[str, np.ndarray]:
        """Weights, carried state, dropout's random state and the optimizer's, by place and name."""
        return {
            f"{place:03d}/{variable.path}": np.array(keras.ops.convert_to_numpy(variable.value))
            for place, variable in enumerate(self._tracked())
        }

    def _load(self) -> tuple[int, float]:
        """Take up what a stopped training saved; returns its step and seconds."""
        for unfinished in self.run.folder.glob("*.safetensors.*.part"):
            unfinished.unlink()  # a killed process was writing it
        if not self.run.resume_path.exists():
            return 0, 0.0
        step, elapsed_s, saved = read_resume(self.run.resume_path, self.device.backend)
        current = self._tracked()
        # By place: Keras numbers the names of what a process builds a second time.
        if [tuple(variable.shape) for variable in current] != [array.shape for array in saved]:
            raise CharLSTMError(
                f"{self.run.resume_path} does not fit: it was saved by another version of the "
                f"recipe {self.recipe.name}, or on a GPU and not a CPU. Start a new training."
            )
        for variable, array in zip(current, saved, strict=True):
            variable.assign(array)
        return step, elapsed_s

    def save(self, results: dict | None = None, cells: Sequence[dict] = ()) -> None:
        """Store the model and what going on needs. Both files are whole at any moment."""
        position = {
            "step": self.clock.step,
            "elapsed_s": self.clock.elapsed_s,
            "backend": self.device.backend,
        }
        # The checkpoint first: it refuses weights that are no numbers, and then neither changes.
        save_checkpoint(self._checkpoint(results or {}, cells), self.run.checkpoint_path)
        self.best.save()
        write_tensors(self._variables(), {"position": json.dumps(position)}, self.run.resume_path)
        self.tell("saved", step=self.clock.step, elapsed_s=round(self.clock.elapsed_s, 2))

    def _checkpoint(self, results: dict | None = None, cells: Sequence[dict] = ()) -> Checkpoint:
        """The model as it is now; with its story, if it is to be stored."""
        weights = weights_of(self.models) if self.kept is None else self.best.weights
        if results is None:
            return Checkpoint(
                architecture=self.architecture, vocabulary=self.vocabulary, weights=weights
            )
        timeline = read_timeline(self.run)
        config = self.run.config
        training = {
            "recipe": self.recipe.name,
            "corpus": {name: config["corpus"][name] for name in ("name", "sha256", "style")},
            "budget": config["budget"],
            "random_seed": config["random_seed"],
            "started": {name: self.started[name] for name in KEPT_OF_START},
            "created": config.get("created"),
            "train_s": round(self.clock.elapsed_s, 1),
            "steps": self.clock.step,
            "characters_seen": self.clock.step * self.characters_per_step,
            "window": self.recipe.window,
            "carries_state": self.recipe.predicts_every_position,
            "results": results,
        }
        if self.run.origin is not None:
            training["started_from"] = self.run.origin
        if self.run.teachers:
            training["teachers"] = self.run.teachers
        if self.kept is not None:
            training["kept_version"] = asdict(self.kept)
        return Checkpoint(
            architecture=self.architecture,
            vocabulary=self.vocabulary,
            weights=weights,
            training=training,
            history=timeline.curves(),
            samples=[
                {name: event[name] for name in ("step", "elapsed_s", "text")}
                for event in timeline.samples
                if event.get("kept")
            ],
            cells=list(cells),
        )

    def finish(self, stopped: bool) -> dict:
        """Save, measure on the whole held-out text, save again; the details of the last event."""
        if not stopped or self.between.measure_cost_s < STOP_PATIENCE_S:
            self.between.measure()
        self.kept = self.best.kept()
        if not stopped or self.between.sample_cost_s < STOP_PATIENCE_S:
            self.between.write_sample(keep=True)
        self.save()
        results = {} if stopped else self._measure()
        stored = load_checkpoint(self.run.checkpoint_path)
        self.save(results, find_cells(stored, texts=FEWER_TEXTS if stopped else TEXTS))
        if not stopped:
            self.run.odds_path.unlink(missing_ok=True)
        return {
            "step": self.clock.step,
            "elapsed_s": round(self.clock.elapsed_s, 2),
            "epoch": round(self.clock.epoch, 4),
            "prepare_s": round(self.prepare_s, 1),
            "results": results,
            **({} if self.kept is None else {"kept_version": asdict(self.kept)}),
        }

    def _measure(self) -> dict:
        self.tell("measuring", share=0.0)
        return final_figures(
            load_checkpoint(self.run.checkpoint_path),
            self.held_out_ids,
            self.models.training,
            self.data,
            self._teller("measuring"),
        )

    def _teller(self, event: str) -> Callable[[float], None]:
        """Tells a share of some work, at most once a second."""
        told_s = 0.0

        def progress(share: float) -> None:
            nonlocal told_s
            if time.monotonic() - told_s > 1:
                self.tell(event, share=round(share, 3))
                told_s = time.monotonic()

        return progress
