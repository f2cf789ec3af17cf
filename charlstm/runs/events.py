"""The events of a training: one small type for each kind, with its JSON form.

A line of events.jsonl is a JSON object: the kind under "event", then the fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields
from types import NoneType
from typing import Any, ClassVar

from charlstm.network.checkpoint import MAX_NUMBER
from charlstm.network.training_record import BaselineFigures, KeptVersion, Results
from charlstm.runs.ownership import RunError


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened in a training.

    Attributes:
        elapsed_s: seconds of training so far, without preparation and final measuring.
    """

    kind: ClassVar[str]
    elapsed_s: float

    def to_json(self) -> dict[str, Any]:
        return {"event": self.kind, **_without_none(asdict(self))}


# What a training does before its first step, in this order; not each training does all of it.
PREPARATIONS = {
    "loading": "Loading the program that trains",
    "choosing": "Measuring how fast this computer is, and choosing a size",
    "building": "Reading the text and building the network",
    "counting": "Counting letters: the simple method to compare with",
    "asking": "Asking the teachers",
    "trying": "Trying the first steps",
}


@dataclass(frozen=True, kw_only=True)
class Preparing(Event):
    """A training gets ready.

    Attributes:
        task: one of `PREPARATIONS`; a later version may know others.
    """

    kind: ClassVar[str] = "preparing"
    task: str


@dataclass(frozen=True, kw_only=True)
class Started(Event):
    """A training starts, or resumes after `step` steps.

    Attributes:
        device_kind: "cpu" or "gpu".
        characters: length of the text, including its held-out part.
        way: how the steps are computed; None for the framework's own layers, and in events of
            versions that did not choose.
    """

    kind: ClassVar[str] = "started"
    step: int
    device: str
    device_kind: str
    backend: str
    backend_version: str
    parameters: int
    characters: int
    vocabulary_size: int
    baselines: BaselineFigures
    way: str | None = None

    def to_json(self) -> dict[str, Any]:
        record = super().to_json()
        baselines = record.pop("baselines")
        return {**record, **_without_none(baselines)}


@dataclass(frozen=True, kw_only=True)
class AskingTeachers(Event):
    """The soft targets are being computed; `share` of the text is done, 0 to 1."""

    kind: ClassVar[str] = "asking_teachers"
    share: float


@dataclass(frozen=True, kw_only=True)
class Progress(Event):
    """How far a training has come.

    Attributes:
        epoch: number of times the training text has been read.
        share: share of the budget that is used, 0 to 1.
        running_loss_nats, accuracy: means over the text read since the previous event, with
            dropout active.
        eta_s: seconds left.
    """

    kind: ClassVar[str] = "progress"
    step: int
    epoch: float
    share: float
    running_loss_nats: float
    accuracy: float
    characters_per_s: float
    eta_s: float


@dataclass(frozen=True, kw_only=True)
class Validated(Event):
    """Loss and accuracy on a sample of the held-out text."""

    kind: ClassVar[str] = "validated"
    step: int
    val_loss_nats: float
    val_accuracy: float


@dataclass(frozen=True, kw_only=True)
class Sampled(Event):
    """A text that the network wrote; it goes into the checkpoint if `kept`."""

    kind: ClassVar[str] = "sample"
    step: int
    kept: bool
    text: str


@dataclass(frozen=True, kw_only=True)
class Saved(Event):
    """The model, and all that resuming needs, have been written to disk."""

    kind: ClassVar[str] = "saved"
    step: int


@dataclass(frozen=True, kw_only=True)
class Measuring(Event):
    """The final figures are being measured; `share` of the work is done, 0 to 1."""

    kind: ClassVar[str] = "measuring"
    share: float


@dataclass(frozen=True, kw_only=True)
class Ending(Event):
    """The terminal event of a process that trained.

    Attributes:
        pid: id of that process.
    """

    pid: int


@dataclass(frozen=True, kw_only=True)
class Completed(Ending):
    """A training that ended normally: its budget is used up, or it was stopped.

    Attributes:
        prepare_s: seconds of preparation before the first step.
        results: final figures; None after a stop, when nothing is measured.
        kept_version: the earlier version that was kept; None if the last version was kept.
    """

    step: int
    epoch: float
    prepare_s: float
    results: Results | None = None
    kept_version: KeptVersion | None = None

    def to_json(self) -> dict[str, Any]:
        record = {**super().to_json(), "results": {}}
        if self.results is not None:
            record["results"] = self.results.to_json()
        return record


@dataclass(frozen=True, kw_only=True)
class Finished(Completed):
    """The budget is used up, and the model has been measured."""

    kind: ClassVar[str] = "finished"


@dataclass(frozen=True, kw_only=True)
class Stopped(Completed):
    """The training was stopped on request; the model is kept."""

    kind: ClassVar[str] = "stopped"


@dataclass(frozen=True, kw_only=True)
class Failed(Ending):
    """The training failed; `message` says why, and what to do about it, for non-programmers."""

    kind: ClassVar[str] = "failed"
    message: str


KINDS: dict[str, type[Event]] = {
    event.kind: event
    for event in (
        Preparing,
        Started,
        AskingTeachers,
        Progress,
        Validated,
        Sampled,
        Saved,
        Measuring,
        Finished,
        Stopped,
        Failed,
    )
}


def event_from_json(record: Any) -> Event | None:
    """Parse an event; None if it is of a kind that this version does not know.

    Raises:
        RunError: the record is damaged, or its version had other fields.
    """
    if not isinstance(record, dict) or not isinstance(record.get("event"), str):
        return None
    kind = KINDS.get(record["event"])
    return None if kind is None else kind(**dict(_parse(kind, record)))


def _parse(kind: type[Event], record: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for field in fields(kind):
        name = field.name
        if name in _PARTS:
            yield name, _PARTS[name](record if name == "baselines" else record.get(name))
            continue
        value = record.get(name)
        if not _is_possible(name, str(field.type), value):
            raise RunError(
                f"A training's event {record['event']!r} has {value!r:.40} as its {name}: "
                "events.jsonl is damaged, or was written by another version of charlstm."
            )
        yield name, value


def _is_possible(name: str, annotation: str, value: Any) -> bool:
    if not isinstance(value, _TYPES[annotation]) or isinstance(value, bool) != (
        annotation == "bool"
    ):
        return False
    if annotation not in ("int", "float") or name == "pid":
        return True
    if name in _MEASURED and isinstance(value, float):
        return True
    return isinstance(value, (int, float)) and 0 <= value <= MAX_NUMBER  # false for NaN


# Measured values need not be finite: a training may have diverged.
_MEASURED = {"running_loss_nats", "accuracy", "val_loss_nats", "val_accuracy"}
# By annotation; integers are accepted as floats, as in JSON.
_TYPES: dict[str, type | tuple[type, ...]] = {
    "str": str,
    "str | None": (str, NoneType),
    "bool": bool,
    "int": int,
    "float": (int, float),
}
_PARTS: dict[str, Callable[[Any], Any]] = {
    "baselines": BaselineFigures.from_json,
    "results": Results.from_json,
    "kept_version": KeptVersion.from_json,
}


def _without_none(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if value is not None}
