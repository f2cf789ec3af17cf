"""What a checkpoint records of its training: parsed once, for everybody who reads it.

Checkpoints come from strangers and from earlier versions. What a record lacks, or states in a way
that makes no sense, is None here: no reader fills in a default of its own.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Self

# Whether a model had seen the held-out text before the training that started from it.
EXPOSURES = ("unseen", "seen", "unknown")


@dataclass(frozen=True, kw_only=True)
class TextRecord:
    """The text of a training.

    Attributes:
        sha256: checksum of the cleaned text in UTF-8.
        style: "verse" or "prose".
    """

    name: str | None = None
    sha256: str | None = None
    style: str | None = None

    @classmethod
    def from_json(cls, value: Any) -> Self:
        parts = _object(value)
        return cls(**{key: _text(parts.get(key)) for key in ("name", "sha256", "style")})


@dataclass(frozen=True, kw_only=True)
class BudgetRecord:
    """How long a training was to take: minutes, or epochs."""

    minutes: float | None = None
    epochs: float | None = None

    @classmethod
    def from_json(cls, value: Any) -> Self:
        parts = _object(value)
        return cls(minutes=_amount(parts.get("minutes")), epochs=_amount(parts.get("epochs")))


@dataclass(frozen=True, kw_only=True)
class BaselineFigures:
    """How well simple baselines predict the held-out part of a text.

    Attributes:
        blind_loss_nats: loss of giving every character the same probability.
        four_gram_loss_nats, four_gram_accuracy: of counting 4-grams in the training part.
    """

    blind_loss_nats: float | None = None
    four_gram_loss_nats: float | None = None
    four_gram_accuracy: float | None = None

    @classmethod
    def from_json(cls, value: Any) -> Self:
        parts = _object(value)
        numbers = ("blind_loss_nats", "four_gram_loss_nats", "four_gram_accuracy")
        return cls(**{key: _amount(parts.get(key)) for key in numbers})


@dataclass(frozen=True, kw_only=True)
class StartRecord:
    """What was known when a training began: what computes, and how good simple baselines are."""

    device: str | None = None
    backend: str | None = None
    backend_version: str | None = None
    baselines: BaselineFigures = BaselineFigures()

    @classmethod
    def from_json(cls, value: Any) -> Self:
        parts = _object(value)
        words = ("device", "backend", "backend_version")
        return cls(
            **{key: _text(parts.get(key)) for key in words},
            baselines=BaselineFigures.from_json(value),
        )

    def to_json(self) -> dict:
        record = asdict(self)
        baselines = record.pop("baselines")
        return _without_none({**record, **baselines})


@dataclass(frozen=True, kw_only=True)
class SplitResults:
    """Figures on the random test split of the recipe `notebook`, which leaks."""

    loss_nats: float
    accuracy: float

    @classmethod
    def from_json(cls, value: Any) -> Self | None:
        parts = _object(value)
        loss, accuracy = _amount(parts.get("loss_nats")), _amount(parts.get("accuracy"))
        if loss is None or accuracy is None:
            return None
        return cls(loss_nats=loss, accuracy=accuracy)


@dataclass(frozen=True, kw_only=True)
class Results:
    """Figures of a model on held-out text.

    Attributes:
        loss_nats: mean negative log-likelihood of a character, the state carried.
        cold_loss_nats: the same over windows of 256 characters, each from a zero state.
        accuracy: share of the characters that were the most probable ones.
        characters: how many were predicted; None: a sample of the held-out text.
    """

    loss_nats: float
    cold_loss_nats: float | None = None
    accuracy: float | None = None
    characters: int | None = None
    parameters: int | None = None
    bits_per_char: float | None = None
    perplexity: float | None = None
    random_split: SplitResults | None = None

    @classmethod
    def from_json(cls, value: Any) -> Self | None:
        """None where no loss is recorded, as after a training that was stopped."""
        parts = _object(value)
        loss = _amount(parts.get("loss_nats"))
        if loss is None:
            return None
        return cls(
            loss_nats=loss,
            cold_loss_nats=_amount(parts.get("cold_loss_nats")),
            accuracy=_amount(parts.get("accuracy")),
            characters=_count(parts.get("characters")),
            parameters=_count(parts.get("parameters")),
            bits_per_char=_amount(parts.get("bits_per_char")),
            perplexity=_amount(parts.get("perplexity")),
            random_split=SplitResults.from_json(parts.get("random_split")),
        )

    def to_json(self) -> dict:
        record = _without_none(asdict(self))
        if self.random_split is not None:
            record["random_split"]["leaky"] = True
        return record


@dataclass(frozen=True, kw_only=True)
class SourceRecord:
    """The model that a training started from (fine-tuning).

    Attributes:
        name: what people know it by.
        sha256: checksum of its file.
        corpus: the text that it had learned from; empty if that is not known.
        embedding_units, lstm_units: sizes of its network, which the training keeps.
        new_characters: those of the text that it did not know.
        held_out: whether it had seen the held-out text, one of `EXPOSURES`.
    """

    name: str | None = None
    sha256: str | None = None
    corpus: str | None = None
    embedding_units: int | None = None
    lstm_units: tuple[int, ...] | None = None
    new_characters: str | None = None
    held_out: str = "unknown"

    @classmethod
    def from_json(cls, value: Any) -> Self:
        parts = _object(value)
        layers = parts.get("lstm_units")
        sizes = [_size(units) for units in layers] if isinstance(layers, list) else []
        held_out = parts.get("held_out")
        return cls(
            **{key: _text(parts.get(key)) for key in ("name", "sha256", "corpus")},
            embedding_units=_size(parts.get("embedding_units")),
            lstm_units=tuple(size for size in sizes if size) if sizes and all(sizes) else None,
            new_characters=_text(parts.get("new_characters")),
            held_out=held_out if held_out in EXPOSURES else "unknown",
        )

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing, so that the training can go on."""
        return all(value is not None for value in vars(self).values())

    def to_json(self) -> dict:
        return _without_none(asdict(self))


@dataclass(frozen=True, kw_only=True)
class TeacherRecord:
    """A model that a training learned from beside its text (knowledge distillation).

    Attributes:
        name: what people know it by.
        sha256: checksum of its file.
    """

    name: str
    sha256: str


def parse_teachers(value: Any) -> tuple[TeacherRecord, ...]:
    """The teachers that are recorded in full."""
    parts = [_object(each) for each in value] if isinstance(value, list) else []
    return tuple(
        TeacherRecord(name=each["name"], sha256=each["sha256"])
        for each in parts
        if _text(each.get("name")) is not None and _text(each.get("sha256")) is not None
    )


@dataclass(frozen=True, kw_only=True)
class TeachersTextRecord:
    """Text that teachers wrote together for a network to learn from, with their odds.

    Attributes:
        teachers: how many wrote it.
        share: of the characters that the network read, 0 to 1.
    """

    teachers: int
    share: float

    @classmethod
    def from_json(cls, value: Any) -> Self | None:
        parts = _object(value)
        teachers, share = _size(parts.get("teachers")), _amount(parts.get("share"))
        if teachers is None or share is None or share > 1:
            return None
        return cls(teachers=teachers, share=share)


@dataclass(frozen=True, kw_only=True)
class KeptVersion:
    """The version that was kept instead of the last one, because the last one was worse.

    Attributes:
        step, elapsed_s: how long it had been trained.
        best_nats, last_nats: held-out loss of this version and of the last one, each a mean of a
            few measurements.
    """

    step: int
    elapsed_s: float
    best_nats: float
    last_nats: float

    @classmethod
    def from_json(cls, value: Any) -> Self | None:
        parts = _object(value)
        step = _count(parts.get("step"))
        numbers = [_amount(parts.get(key)) for key in ("elapsed_s", "best_nats", "last_nats")]
        elapsed_s, best, last = numbers
        if step is None or elapsed_s is None or best is None or last is None:
            return None
        return cls(step=step, elapsed_s=elapsed_s, best_nats=best, last_nats=last)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A text that the network wrote while it was trained, and when."""

    step: int
    elapsed_s: float
    text: str

    @classmethod
    def from_json(cls, value: Any) -> Self | None:
        parts = _object(value)
        step, elapsed_s = _count(parts.get("step")), _amount(parts.get("elapsed_s"))
        text = _text(parts.get("text"))
        if step is None or elapsed_s is None or text is None:
            return None
        return cls(step=step, elapsed_s=elapsed_s, text=text)


@dataclass(frozen=True, kw_only=True)
class TrainingRecord:
    """How a checkpoint was trained, and how good it was at the end.

    Attributes:
        text: what it learned from.
        started: what was known when it began.
        created: date and time of the run folder, in ISO 8601.
        train_s: seconds from the first step to the last.
        characters_seen: how many characters were read, those read again counted again.
        window: characters that a lane reads in a step.
        carries_state: True: the text was read in lanes, its last tenth held out. False: windows
            with a random split, which leaks (the recipe `notebook`).
        results: figures on the held-out text; None after a training that was stopped.
        source: the model that it started from; None: from scratch.
        teachers: the models whose odds it learned beside the text.
        teachers_text: what teachers wrote for it; None: nothing.
        kept_version: None: the last version is the one in the file.
    """

    recipe: str | None = None
    text: TextRecord = TextRecord()
    budget: BudgetRecord = BudgetRecord()
    random_seed: int | None = None
    started: StartRecord = StartRecord()
    created: str | None = None
    train_s: float | None = None
    steps: int | None = None
    characters_seen: int | None = None
    window: int | None = None
    carries_state: bool | None = None
    results: Results | None = None
    source: SourceRecord | None = None
    teachers: tuple[TeacherRecord, ...] = ()
    teachers_text: TeachersTextRecord | None = None
    kept_version: KeptVersion | None = None

    @classmethod
    def from_json(cls, parts: dict[str, Any]) -> Self:
        """Parse the part `training` of a checkpoint's metadata; never raises."""
        carries_state = parts.get("carries_state")
        return cls(
            recipe=_text(parts.get("recipe")),
            text=TextRecord.from_json(parts.get("corpus")),
            budget=BudgetRecord.from_json(parts.get("budget")),
            random_seed=_count(parts.get("random_seed")),
            started=StartRecord.from_json(parts.get("started")),
            created=_text(parts.get("created")),
            train_s=_amount(parts.get("train_s")),
            **{key: _count(parts.get(key)) for key in ("steps", "characters_seen", "window")},
            carries_state=carries_state if isinstance(carries_state, bool) else None,
            results=Results.from_json(parts.get("results")),
            # A source that cannot be read is still a source.
            source=SourceRecord.from_json(parts["started_from"])
            if "started_from" in parts
            else None,
            teachers=parse_teachers(parts.get("teachers")),
            teachers_text=TeachersTextRecord.from_json(parts.get("teachers_text")),
            kept_version=KeptVersion.from_json(parts.get("kept_version")),
        )

    def to_json(self) -> dict[str, Any]:
        """The part `training` of a checkpoint's metadata."""
        record = {
            "recipe": self.recipe,
            "corpus": _without_none(asdict(self.text)),
            "budget": asdict(self.budget),
            "random_seed": self.random_seed,
            "started": self.started.to_json(),
            "created": self.created,
            "train_s": self.train_s,
            "steps": self.steps,
            "characters_seen": self.characters_seen,
            "window": self.window,
            "carries_state": self.carries_state,
            "results": {} if self.results is None else self.results.to_json(),
            "started_from": None if self.source is None else self.source.to_json(),
            "teachers": [asdict(teacher) for teacher in self.teachers] or None,
            "teachers_text": None if self.teachers_text is None else asdict(self.teachers_text),
            "kept_version": None if self.kept_version is None else asdict(self.kept_version),
        }
        return _without_none(record)

    def exposure_to(self, text_sha256: str) -> str:
        """Whether the model has seen the held-out part of a text, one of `EXPOSURES`.

        Args:
            text_sha256: checksum of the cleaned text.
        """
        if self.text.sha256 != text_sha256 or self.carries_state is None:
            return "unknown"  # it may have learned from a part of this text
        if not self.carries_state:
            return "seen"  # the random split leaks
        return "unseen" if self.source is None else self.source.held_out


def _object(value: Any) -> dict:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _amount(value: Any) -> float | None:
    """A finite number from 0 up, as it is."""
    is_number = type(value) in (int, float) and math.isfinite(value)
    return value if is_number and value >= 0 else None


def _count(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _size(value: Any) -> int | None:
    return value if type(value) is int and value > 0 else None


def _without_none(record: dict) -> dict:
    return {key: value for key, value in record.items() if value is not None}
