"""One safetensors file a model: weights, vocabulary and the story of its training.

A checkpoint is data, never code. Files come from strangers too, so everything is checked against
the limits below and against the architecture before memory is taken for it.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from charlstm.errors import CharLSTMError
from charlstm.files import replace_file
from charlstm.network.lstm import Architecture, Network
from charlstm.network.quantized import QuantizedNetwork
from charlstm.text.vocabulary import Vocabulary

FORMAT = "charlstm/1"
MAX_FILE_BYTES = 32_000_000
MAX_HEADER_BYTES = 1_000_000
MAX_LAYERS = 4
MAX_UNITS = 2048
MAX_VOCABULARY = 1000
MAX_NESTING = 16  # of lists and objects in the metadata
MAX_NUMBER = 1e15


class CheckpointError(CharLSTMError):
    """The file is not a checkpoint this version can read."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Checkpoint:
    """A trained network and what is known of it.

    Attributes:
        weights: float16 or float32 arrays, named as `Architecture.weight_shapes` says.
        training: recipe, corpus name and sha256, style, results, device, duration.
        history: curves, each a list of (elapsed seconds, value).
        samples: what it wrote while it learned: step, elapsed_s and text each.
        cells: cells with a meaning.
    """

    architecture: Architecture
    vocabulary: Vocabulary
    weights: Mapping[str, np.ndarray]
    training: dict = field(default_factory=dict)
    history: dict = field(default_factory=dict)
    samples: list = field(default_factory=list)
    cells: list = field(default_factory=list)

    @cached_property
    def network(self) -> Network:
        """In float32: what evaluates."""
        return Network(self.architecture, self.weights)

    @cached_property
    def quantized(self) -> QuantizedNetwork:
        """In 16-bit integers: what writes."""
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
                "the training went astray. Start again with a lower learning rate."
            )
    architecture = checkpoint.architecture
    parts = {
        "vocabulary": checkpoint.vocabulary.characters,
        "architecture": {
            "vocabulary_size": architecture.vocabulary_size,
            "embedding_units": architecture.embedding_units,
            "lstm_units": list(architecture.lstm_units),
        },
        "training": checkpoint.training,
        "history": checkpoint.history,
        "samples": checkpoint.samples,
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
        CheckpointError: what is wrong with the file, in a sentence.
    """
    path = Path(path)
    check_file(path)
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            return _read(file, path)
    except SafetensorError as error:
        raise CheckpointError(
            f"{path.name} is damaged or no checkpoint ({str(error)[:200]}). Use a .safetensors "
            "file that charlstm has written, and copy it again if it was cut off."
        ) from error


def check_file(path: Path) -> None:
    """Refuse what is no safetensors file, or too large, by looking at its first bytes."""
    try:
        if not path.exists():
            raise CheckpointError(f"There is no file {path}. Give the path of a .safetensors file.")
        if not path.is_file():
            raise CheckpointError(f"{path} is not a file. Give the path of a .safetensors file.")
        size = path.stat().st_size
        with open(path, "rb") as file:
            start = file.read(9)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read ({error.strerror}).") from error
    if size > MAX_FILE_BYTES:
        raise CheckpointError(
            f"{path.name} has {size / 1e6:.0f} MB; a checkpoint has at most "
            f"{MAX_FILE_BYTES / 1e6:.0f} MB."
        )
    header_bytes = struct.unpack("<Q", start[:8])[0] if len(start) == 9 else 0
    if start[8:] != b"{" or not 0 < header_bytes <= min(MAX_HEADER_BYTES, size - 8):
        raise CheckpointError(
            f"{path.name} is no checkpoint, or was cut off. Use a .safetensors file that charlstm "
            "has written."
        )


def _read(file, path: Path) -> Checkpoint:
    metadata = file.metadata() or {}
    found = metadata.get("format")
    if found != FORMAT:
        came = f"has the format {found!r:.80}" if found else "was not written by charlstm"
        advice = "Use a newer version of charlstm." if str(found).startswith("charlstm/") else ""
        raise CheckpointError(f"{path.name} {came}; expected {FORMAT!r}. {advice}".rstrip())

    def part(name: str, kind: type):
        try:
            value = _from_json(metadata[name])
        except (KeyError, ValueError, RecursionError):
            value = None
        if not isinstance(value, kind):
            raise CheckpointError(f"{path.name} is damaged: its part {name!r} is missing or wrong.")
        return value

    architecture = _architecture(part("architecture", dict), path)
    characters = part("vocabulary", str)
    if len(characters) != architecture.vocabulary_size:
        raise CheckpointError(
            f"{path.name} is damaged: {len(characters)} characters for a network of "
            f"{architecture.vocabulary_size}."
        )
    try:
        vocabulary = Vocabulary(characters)
    except ValueError as error:
        raise CheckpointError(
            f"{path.name} is damaged: its vocabulary is not a list of distinct characters in order."
        ) from error
    return Checkpoint(
        architecture=architecture,
        vocabulary=vocabulary,
        weights=_weights(file, architecture, path),
        training=part("training", dict),
        history=_curves(part("history", dict)),
        samples=[sample for sample in part("samples", list) if _is_sample(sample)],
        cells=[cell for cell in part("cells", list) if isinstance(cell, dict)],
    )


def _from_json(text: str):
    """A JSON value that can be written again: no number or nesting without end, no half character.

    Raises:
        ValueError, RecursionError: there is none.
    """
    value = json.loads(
        text, parse_int=_number, parse_float=_number, parse_constant=lambda name: None
    )
    if not _is_shallow(value, MAX_NESTING):
        raise ValueError("too many lists within lists")
    json.dumps(value, ensure_ascii=False).encode()  # raises at lone surrogates
    return value


def _number(text: str) -> int | float | None:
    """The number, or None if it is too large to count anything here."""
    if not abs(float(text)) <= MAX_NUMBER:
        return None
    return int(text) if text.removeprefix("-").isdigit() else float(text)


def _is_shallow(value, levels: int) -> bool:
    if not isinstance(value, (dict, list)):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_is_shallow(part, levels - 1) for part in inner)


def _architecture(sizes: dict, path: Path) -> Architecture:
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
            f"{path.name} describes a network of sizes {sizes!r:.200}; expected at most "
            f"{MAX_LAYERS} layers of at most {MAX_UNITS} units and {MAX_VOCABULARY} characters."
        )
    return Architecture(
        vocabulary_size=numbers[0], embedding_units=numbers[1], lstm_units=tuple(layers)
    )


def _weights(file, architecture: Architecture, path: Path) -> dict[str, np.ndarray]:
    expected = architecture.weight_shapes()
    if set(file.keys()) != set(expected):
        odd = sorted(set(file.keys()) ^ set(expected))[0]
        raise CheckpointError(f"{path.name} is damaged: the weights {odd!r:.80} do not fit.")
    for name, shape in expected.items():
        tensor = file.get_slice(name)
        if tuple(tensor.get_shape()) != shape or tensor.get_dtype() not in ("F16", "F32"):
            raise CheckpointError(
                f"{path.name} is damaged: {name} is {tensor.get_dtype()} "
                f"{tensor.get_shape()!r:.80}, expected F16 {list(shape)}."
            )
    weights = {name: file.get_tensor(name) for name in expected}
    for name, array in weights.items():
        # Within float16 nothing the network computes can overflow.
        if not (np.abs(array) <= np.finfo(np.float16).max).all():
            raise CheckpointError(
                f"{path.name} is damaged: {name} has values that are no numbers, or too large."
            )
    return weights


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


def _is_sample(sample) -> bool:
    return (
        isinstance(sample, dict)
        and isinstance(sample.get("text"), str)
        and type(sample.get("step")) is int
        and type(sample.get("elapsed_s")) in (int, float)
    )
