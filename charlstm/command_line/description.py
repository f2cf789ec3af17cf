"""What `charlstm info` prints of a checkpoint."""

from __future__ import annotations

from collections.abc import Iterator

from charlstm.analysis.baselines import MEASURED_ON, measured_on
from charlstm.analysis.cells import meanings
from charlstm.network.checkpoint import Checkpoint
from charlstm.network.training_record import TrainingRecord
from charlstm.runs.timeline import duration
from charlstm.runs.titles import tidy_title


def describe(checkpoint: Checkpoint, file_name: str, file_bytes: int) -> str:
    """A checkpoint in words, a fact a line."""
    sizes = checkpoint.architecture
    layers = " + ".join(map(str, sizes.lstm_units))
    number = len(sizes.lstm_units)
    lines = [
        f"{file_name}: a network that writes a text on, one character at a time (character-level "
        f"LSTM), {file_bytes / 1e6:.1f} MB",
        f"Network: {sizes.parameters():,} weights (parameters), {number} LSTM "
        f"layer{'s' if number > 1 else ''} of {layers} units, embedding of {sizes.embedding_units}",
        f"Characters it knows: {sizes.vocabulary_size}: {checkpoint.vocabulary.characters!r}",
        # A file from a stranger could tell a terminal what to do.
        *map(tidy_title, _training(checkpoint.training)),
    ]
    if checkpoint.samples:
        lines.append(f"Texts it wrote while it learned: {len(checkpoint.samples)}")
    lines += [
        f"{meaning.sentence}: {meaning.score_in_words} ({meaning.measure})"
        for meaning in meanings(checkpoint)
    ]
    return "\n".join(lines)


def _training(training: TrainingRecord) -> Iterator[str]:
    if training.text.name:
        style = f", as {training.text.style}" if training.text.style else ""
        yield f"Learned from: {training.text.name}{style}"
    if training.source is not None:
        before = (
            f", which had learned from {training.source.corpus}" if training.source.corpus else ""
        )
        yield f"Started from: the model {training.source.name or 'of an unknown name'}{before}"
    if training.teachers:
        yield f"Teachers: {', '.join(teacher.name for teacher in training.teachers)}"
    if (written := training.teachers_text) is not None:
        yield (
            f"Teachers: {written.teachers} networks, which wrote {100 * written.share:.0f}% of "
            "what it read"
        )
    facts = []
    if training.recipe:
        facts.append(f"recipe {training.recipe}")
    if training.train_s is not None:
        facts.append(duration(training.train_s))
    if training.characters_seen is not None:
        facts.append(f"{training.characters_seen:,} characters read")
    if training.random_seed is not None:
        facts.append(f"random seed {training.random_seed}")
    if training.created:
        facts.append(f"begun {training.created[:16].replace('T', ' ')}")
    if facts:
        yield f"Training: {', '.join(facts)}"
    started = training.started
    if started.device:
        backend = " ".join(filter(None, [started.backend, started.backend_version]))
        yield f"Trained on: {started.device}{f' ({backend})' if backend else ''}"
    if training.kept_version is not None:
        yield (
            f"Kept: the version of step {training.kept_version.step:,}, because later ones were "
            "worse on the held-out text (overfitting)"
        )
    if training.results is not None:
        yield _results(training)


def _results(training: TrainingRecord) -> str:
    results, counts = training.results, training.started.baselines
    assert results is not None
    facts = []
    if results.accuracy is not None:
        facts.append(f"{results.accuracy:.1%} of the characters guessed right")
    facts.append(f"loss {results.loss_nats:.3f} nats")
    if results.cold_loss_nats is not None:
        facts.append(f"{results.cold_loss_nats:.3f} from a cold start")
    if counts.four_gram_loss_nats is not None:
        facts.append(f"counting (4-gram) {counts.four_gram_loss_nats:.3f}")
    return f"On {MEASURED_ON[measured_on(training)]}: {', '.join(facts)}"
