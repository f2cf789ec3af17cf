"""Saves and loads a model as one safetensors file: weights, vocabulary and training record.

A checkpoint is data, never code. Files may come from strangers, so everything is checked against
the limits below and against the architecture before memory is allocated for it.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from charlstm.errors import CharLSTMError
from charlstm.files import reason_of, replace_file
from charlstm.network.lstm import Architecture, Network
from charlstm.network.quantized import QuantizedNetwork
from charlstm.network.training_record import Sample, TrainingRecord
from charlstm.text.vocabulary import Vocabulary

FORMAT = "charlstm/1"
MAX_FILE_BYTES = 32_000_000
MAX_HEADER_BYTES = 1_000_000
MAX_LAYERS = 4
MAX_UNITS = 2048
MAX_VOCABULARY = 4096
MAX_NESTING = 16  # of lists and objects in the metadata
MAX_NUMBER = 1e15  # in the metadata
DTYPES: dict[str, np.dtype] = {"F16": np.dtype("<f2"), "F32": np.dtype("<f4")}

# Gives the name and {"dtype", "shape", "data"} of each tensor of a file.
Tensors = Callable[[], list[tuple[str, dict[str, Any]]]]


class CheckpointError(CharLSTMError):
    """The file is not a checkpoint this version can read."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Checkpoint:
    """A trained network and what is known of it.

    Attributes:
        weights: float16 or float32 arrays, named as `Architecture.weight_shapes` says.
        training: how it was trained and how good it was.
        history: curves, each a list of (elapsed seconds, value).
        samples: what it wrote while it was trained, oldest first.
        cells: what is recorded of cells whose activation follows a feature of the text, see
            `analysis.cells.CellMeaning`.
    """

    architecture: Architecture
    vocabulary: Vocabulary
    weights: Mapping[str, np.ndarray]
    training: TrainingRecord = TrainingRecord()
    history: dict = field(default_factory=dict)
    samples: tuple[Sample, ...] = ()
    cells: list = field(default_factory=list)

    @cached_property
    def network(self) -> Network:
        """The network in float32, for evaluation."""
        return Network(self.architecture, self.weights)

    def as_stored(self) -> Checkpoint:
        """The same network with its weights as a file holds them, in float16."""
        weights = {name: np.asarray(array, np.float16) for name, array in self.weights.items()}
        return replace(self, weights=weights)

    @cached_property
    def quantized(self) -> QuantizedNetwork:
        """The network in 16-bit integers, for writing."""
        return QuantizedNetwork(self.architecture, self.weights)


def save_checkpoint(checkpoint: Checkpoint, path: str | Path) -> None:
    """Write a checkpoint, its weights as float16; a file at `path` is replaced atomically.

    Raises:
        CharLSTMError: a weight is not finite in float16.
        OSError: the file could not be written.
    """
    tensors = {}
    for name, array in checkpoint.weights.items():
        with np.errstate(over="ignore"):
            tensors[name] = np.ascontiguousarray(array, np.float16)
        if not np.isfinite(tensors[name]).all():
            raise CharLSTMError(
                f"The weights {name} have values that are not numbers or too large to be stored: "
                "the training diverged. Start again with a lower learning rate."
            )
    architecture = checkpoint.architecture
    parts = {
        "vocabulary": checkpoint.vocabulary.characters,
        "architecture": {
            "vocabulary_size": architecture.vocabulary_size,
            "embedding_units": architecture.embedding_units,
            "lstm_units": list(architecture.lstm_units),
        },
        "training": checkpoint.training.to_json(),
        "history": checkpoint.history,
        "samples": [asdict(sample) for sample in checkpoint.samples],
        "cells": checkpoint.cells,
    }
    metadata = {name: json.dumps(part, ensure_ascii=False) for name, part in parts.items()}
    write_tensors(tensors, {"format": FORMAT, **metadata}, Path(path))


def write_tensors(tensors: dict[str, np.ndarray], metadata: dict[str, str], path: Path) -> None:
    """Write a safetensors file atomically: readers never see half a file."""
    from safetensors.numpy import save

    replace_file(path, save(tensors, metadata))


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Read and check a checkpoint.

    Raises:
        CheckpointError: it is missing or damaged; the message says in a sentence what is wrong.
    """
    return parse_checkpoint(read_checkpoint_bytes(path), Path(path).name)


def read_checkpoint_bytes(path: str | Path) -> bytes:
    """The bytes of a file that may be a checkpoint.

    Raises:
        CheckpointError: it cannot be read, or is larger than any checkpoint.
    """
    path = Path(path)
    try:
        if not path.exists():
            raise CheckpointError(f"There is no file {path}. Give the path of a .safetensors file.")
        if not path.is_file():
            raise CheckpointError(f"{path} is not a file. Give the path of a .safetensors file.")
        with open(path, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            if size > MAX_FILE_BYTES:
                raise CheckpointError(
                    f"{path.name} has {size / 1e6:.0f} MB; a checkpoint has at most "
                    f"{MAX_FILE_BYTES / 1e6:.0f} MB."
                )
            file.seek(0)
            return file.read(size)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({reason_of(error)}).") from error


def parse_checkpoint(data: bytes, name: str) -> Checkpoint:
    """Check the bytes of a checkpoint and turn them into one.

    Args:
        name: of the file, for messages.

    Raises:
        CheckpointError: what is wrong with the file, in a sentence.
    """
    from safetensors import SafetensorError, deserialize

    header_bytes = struct.unpack("<Q", data[:8])[0] if len(data) > 8 else 0
    if data[8:9] != b"{" or not 0 < header_bytes <= min(MAX_HEADER_BYTES, len(data) - 8):
        raise CheckpointError(
            f"{name} is no checkpoint, or was cut off. Use a .safetensors file that charlstm "
            "has written."
        )
    try:
        header = json.loads(data[8 : 8 + header_bytes])
        return _parse(header, lambda: deserialize(data), name)
    except (SafetensorError, ValueError, RecursionError) as error:
        is_garbled = isinstance(error, UnicodeDecodeError)
        what = "its header is not in UTF-8" if is_garbled else str(error)[:200]
        if isinstance(error, RecursionError):
            what = "its header has too many levels"
        raise CheckpointError(
            f"{name} is damaged or no checkpoint ({what}). Use a .safetensors "
            "file that charlstm has written, and copy it again if it was cut off."
        ) from error


def _parse(header: dict, tensors: Tensors, name: str) -> Checkpoint:
    """From a file's header and, once that has been checked, its tensors."""
    metadata = header.pop("__metadata__", None)
    metadata = metadata if isinstance(metadata, dict) else {}
    found = metadata.get("format")
    if found != FORMAT:
        came = f"has the format {found!r:.80}" if found else "was not written by charlstm"
        advice = "Use a newer version of charlstm." if str(found).startswith("charlstm/") else ""
        raise CheckpointError(f"{name} {came}; expected {FORMAT!r}. {advice}".rstrip())

    def part(key: str, kind: type):
        try:
            value = _from_json(metadata[key])
        except (KeyError, TypeError, ValueError, RecursionError):
            value = None
        if not isinstance(value, kind):
            raise CheckpointError(f"{name} is damaged: its part {key!r} is missing or wrong.")
        return value

    architecture = _architecture(part("architecture", dict), name)
    characters = part("vocabulary", str)
    if len(characters) != architecture.vocabulary_size:
        raise CheckpointError(
            f"{name} is damaged: {len(characters)} characters for a network of "
            f"{architecture.vocabulary_size}."
        )
    try:
        vocabulary = Vocabulary(characters)
    except ValueError as error:
        raise CheckpointError(
            f"{name} is damaged: its vocabulary is not a list of distinct characters in order."
        ) from error
    samples = map(Sample.from_json, part("samples", list))
    return Checkpoint(
        architecture=architecture,
        vocabulary=vocabulary,
        weights=_weights(header, tensors, architecture, name),
        training=TrainingRecord.from_json(part("training", dict)),
        history=_curves(part("history", dict)),
        samples=tuple(sample for sample in samples if sample is not None),
        cells=[cell for cell in part("cells", list) if isinstance(cell, dict)],
    )


def _from_json(text: str):
    """Parse JSON and check that it can be written again; numbers that are too large become None.

    Raises:
        ValueError, RecursionError: it is no JSON, is nested too deeply, or has a lone surrogate.
    """
    value = json.loads(
        text, parse_int=_number, parse_float=_number, parse_constant=lambda name: None
    )
    if not _is_shallow(value, MAX_NESTING):
        raise ValueError("too many lists within lists")
    json.dumps(value, ensure_ascii=False).encode()  # raises at lone surrogates
    return value


def _number(text: str) -> int | float | None:
    """The number, or None if it is larger than anything that is recorded here."""
    if not abs(float(text)) <= MAX_NUMBER:
        return None
    return int(text) if text.removeprefix("-").isdigit() else float(text)


def _is_shallow(value, levels: int) -> bool:
    if not isinstance(value, (dict, list)):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_is_shallow(part, levels - 1) for part in inner)


def _architecture(sizes: dict, name: str) -> Architecture:
    layers = sizes.get("lstm_units")
    layers = layers if isinstance(layers, list) else []
    numbers = [sizes.get("vocabulary_size"), sizes.get("embedding_units"), *layers]
    limits = [MAX_VOCABULARY, MAX_UNITS] + [MAX_UNITS] * len(layers)
    whole = all(
        type(number) is int and 0 < number <= limit
        for number, limit in zip(numbers, limits, strict=True)
    )
    if not whole or not 0 < len(layers) <= MAX_LAYERS:
        raise CheckpointError(
            f"{name} describes a network of sizes {sizes!r:.200}; expected at most "
            f"{MAX_LAYERS} layers of at most {MAX_UNITS} units and {MAX_VOCABULARY} characters."
        )
    return Architecture(
        vocabulary_size=numbers[0], embedding_units=numbers[1], lstm_units=tuple(layers)
    )


def _weights(
    header: dict, tensors: Tensors, architecture: Architecture, name: str
) -> dict[str, np.ndarray]:
    expected = architecture.weight_shapes()
    if set(header) != set(expected):
        odd = sorted(set(header) ^ set(expected))[0]
        raise CheckpointError(f"{name} is damaged: the weights {odd!r:.80} do not fit.")
    for weight, shape in expected.items():
        entry = header[weight] if isinstance(header[weight], dict) else {}
        if entry.get("shape") != list(shape) or entry.get("dtype") not in tuple(DTYPES):
            raise CheckpointError(
                f"{name} is damaged: {weight} is {entry.get('dtype')!r:.20} "
                f"{entry.get('shape')!r:.80}, expected F16 {list(shape)}."
            )
    weights = {
        weight: np.frombuffer(tensor["data"], DTYPES[tensor["dtype"]]).reshape(expected[weight])
        for weight, tensor in tensors()
    }
    for weight, array in weights.items():
        # Within float16 nothing the network computes can overflow.
        if not (np.abs(array) <= np.finfo(np.float16).max).all():
            raise CheckpointError(
                f"{name} is damaged: {weight} has values that are no numbers, or too large."
            )
    return {weight: weights[weight] for weight in expected}


def _curves(history: dict) -> dict:
    def is_point(point) -> bool:
        return (
            isinstance(point, list)
            and len(point) == 2
            and all(type(number) in (int, float) for number in point)
        )

    return {
        name: [tuple(point) for point in points if is_point(point)]
        for name, points in history.items()
        if isinstance(points, list)
    }
