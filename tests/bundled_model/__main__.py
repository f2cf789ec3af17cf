"""Makes the bundled model again, on one GPU with JAX: python -m tests.bundled_model TEXT OUT

1. Twelve networks, the teachers, learn side by side from the training part of the text.
2. The student learns from what they write together: text without end, and for each character the
   mean of their odds (knowledge distillation, Hinton et al. 2015). An eighth of its lanes reads the
   text itself. It predicts nearly as well as all of them together, and memorises little, because
   most of what it reads never comes twice.
3. It is measured on the held-out part, and the checkpoint records how it was trained.

With --rehearsal, the last tenth of the training part is held out instead: there the settings were
chosen. What the model before it wrote must be written again: CONTRIBUTING.md lists it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import jax
import numpy as np

from charlstm.analysis.baselines import measure_baselines
from charlstm.analysis.cells import find_cells
from charlstm.analysis.evaluation import evaluate
from charlstm.network.checkpoint import Checkpoint, save_checkpoint
from charlstm.network.lstm import Architecture
from charlstm.network.training_record import (
    BudgetRecord,
    Sample,
    StartRecord,
    TeachersTextRecord,
    TextRecord,
    TrainingRecord,
)
from charlstm.text.corpus import Corpus, read_file
from charlstm.text.split import split
from charlstm.text.vocabulary import Vocabulary
from charlstm.writing.sampling import Sampling
from charlstm.writing.single_text import write
from tests.bundled_model.networks import Settings
from tests.bundled_model.training import (
    REAL_LANES,
    STUDENT_LANES,
    WINDOW,
    Moment,
    measure_cold,
    train_student,
    train_teachers,
)

EMBEDDING_UNITS, LSTM_UNITS = 256, (512, 512)
TEACHERS = (
    4 * [Settings(dropout=0.5)]
    + 3 * [Settings(dropout=0.4, recurrent_dropout=0.3)]
    + 2 * [Settings(dropout=0.5, recurrent_dropout=0.2)]
    + 2 * [Settings(dropout=0.5, weight_decay=0.2)]
    + [Settings(dropout=0.4, recurrent_dropout=0.2, weight_decay=0.2)]
)
STUDENT = Settings(dropout=0.0, embedding_dropout=0.0, weight_decay=0.01)
TEACHERS_S, STUDENT_S = 105.0, 170.0
SAMPLE_CHARACTERS, SAMPLES_RATIO = 300, 1.22
CURVE_POINTS = 300
CURVES = ("running_loss_nats", "accuracy", "val_loss_nats", "val_accuracy")


@dataclass
class TrainingHistory:
    """Records the student's training for the checkpoint: loss curves, and sample texts."""

    architecture: Architecture
    vocabulary: Vocabulary
    held_out_ids: np.ndarray
    curves: dict[str, list[tuple[float, float]]] = field(
        default_factory=lambda: {name: [] for name in CURVES}
    )
    texts: list[tuple[Moment, Future]] = field(default_factory=list)
    writers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(8))
    next_step: int = 0

    def note(self, moment: Moment) -> None:
        self._add(moment, running_loss_nats=moment.loss_nats, accuracy=moment.accuracy)
        if moment.step >= self.next_step:
            self.next_step = 1 + int(moment.step * SAMPLES_RATIO)
            self.measure_and_sample(moment)

    def measure_and_sample(self, moment: Moment) -> None:
        figures = measure_cold(moment.weights, self.held_out_ids, self.architecture, windows=64)
        loss, accuracy = float(figures.losses_nats[0]), float(figures.accuracies[0])
        self._add(moment, val_loss_nats=loss, val_accuracy=accuracy)
        self.texts.append((moment, self.writers.submit(self._text, self.checkpoint(moment))))
        print(
            f"  {moment.elapsed_s:6.1f} s, {moment.step:6} steps, "
            f"{moment.above_teachers_nats:.4f} nats above its teachers, {loss:.4f} held out",
            flush=True,
        )

    def checkpoint(self, moment: Moment) -> Checkpoint:
        """The network at a moment, without records."""
        weights = {name: np.asarray(value[0]) for name, value in moment.weights.items()}
        return Checkpoint(
            architecture=self.architecture, vocabulary=self.vocabulary, weights=weights
        )

    def samples(self) -> tuple[Sample, ...]:
        return tuple(
            Sample(step=moment.step, elapsed_s=round(moment.elapsed_s, 2), text=text.result())
            for moment, text in self.texts
        )

    def thinned_curves(self) -> dict[str, list[tuple[float, float]]]:
        return {name: thinned(points) for name, points in self.curves.items()}

    def _add(self, moment: Moment, **values: float) -> None:
        for name, value in values.items():
            self.curves[name].append((round(moment.elapsed_s, 2), round(value, 4)))

    @staticmethod
    def _text(checkpoint: Checkpoint) -> str:
        sampling = Sampling(temperature=0.8)
        return "".join(
            write(checkpoint, length=SAMPLE_CHARACTERS, sampling=sampling, random_seed=1)
        )


def thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most `CURVE_POINTS` of these points, closer together at the beginning."""
    if len(points) <= CURVE_POINTS:
        return list(points)
    chosen = np.geomspace(1, len(points), CURVE_POINTS).round().astype(int) - 1
    return [points[place] for place in np.unique(chosen)]


def with_record(
    network: Checkpoint,
    corpus: Corpus,
    *,
    created: str,
    device: str,
    backend_version: str,
    steps: int,
    train_s: float,
    random_seed: int,
    history: dict[str, list[tuple[float, float]]],
    samples: tuple[Sample, ...],
) -> Checkpoint:
    """The whole checkpoint: figures on the held-out part, cells, and how it was trained."""
    stored = network.as_stored()
    training_ids, held_out_ids = split(stored.vocabulary.encode(corpus.text))
    size = len(stored.vocabulary)
    record = TrainingRecord(
        text=TextRecord(name=corpus.name, sha256=corpus.sha256, style=corpus.style),
        budget=BudgetRecord(minutes=round(train_s / 60, 2)),
        random_seed=random_seed,
        started=StartRecord(
            device=device,
            backend="jax",
            backend_version=backend_version,
            baselines=measure_baselines(training_ids, held_out_ids, size),
        ),
        created=created,
        train_s=round(train_s, 1),
        steps=steps,
        characters_seen=steps * STUDENT_LANES * WINDOW,
        window=WINDOW,
        carries_state=True,
        results=evaluate(stored.network, held_out_ids).results,
        teachers_text=TeachersTextRecord(
            teachers=len(TEACHERS), share=1 - REAL_LANES / STUDENT_LANES
        ),
    )
    return replace(
        stored,
        training=record,
        history=history,
        samples=samples,
        cells=find_cells(stored),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text")
    parser.add_argument("out", type=Path)
    parser.add_argument("--rehearsal", action="store_true")
    parser.add_argument("--random-seed", type=int, default=1)
    arguments = parser.parse_args()
    random_seed = arguments.random_seed
    jax.config.update("jax_default_prng_impl", "rbg")  # the quickest one on a GPU
    created = datetime.now().astimezone().isoformat(timespec="seconds")
    corpus = replace(read_file(arguments.text, "verse"), name=arguments.out.stem)
    vocabulary = Vocabulary.from_text(corpus.text)
    training_ids, held_out_ids = split(vocabulary.encode(corpus.text))
    if arguments.rehearsal:
        training_ids, held_out_ids = split(training_ids)
    architecture = Architecture(
        vocabulary_size=len(vocabulary), embedding_units=EMBEDDING_UNITS, lstm_units=LSTM_UNITS
    )
    print(f"{len(TEACHERS)} teachers, {TEACHERS_S:g} s on {jax.devices()[0].device_kind}")
    teachers = train_teachers(
        training_ids, architecture, TEACHERS, seconds=TEACHERS_S, random_seed=random_seed
    )
    figures = measure_cold(teachers, held_out_ids, architecture)
    for settings, loss in zip(TEACHERS, figures.losses_nats, strict=True):
        print(f"  {loss:.4f} {settings}")
    print(f"  {figures.together_nats:.4f} together", flush=True)
    history = TrainingHistory(architecture, vocabulary, held_out_ids)
    last = train_student(
        training_ids,
        teachers,
        architecture,
        architecture,
        STUDENT,
        seconds=STUDENT_S,
        random_seed=random_seed,
        on_moment=history.note,
    )
    history.measure_and_sample(last)
    if arguments.rehearsal:
        return
    checkpoint = with_record(
        history.checkpoint(last),
        corpus,
        created=created,
        device=jax.devices()[0].device_kind,
        backend_version=jax.__version__,
        steps=last.step,
        train_s=last.elapsed_s,
        random_seed=random_seed,
        history=history.thinned_curves(),
        samples=history.samples(),
    )
    save_checkpoint(checkpoint, arguments.out)
    results = checkpoint.training.results
    print(f"{arguments.out}: {results.cold_loss_nats:.4f} cold, {results.loss_nats:.4f} carried")


if __name__ == "__main__":
    main()
