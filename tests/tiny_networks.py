"""Networks of a few hundred random weights, every dimension of another size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from charlstm.network.checkpoint import Checkpoint
from charlstm.network.lstm import Architecture, Network
from charlstm.network.training_record import Sample, TrainingRecord
from charlstm.text.vocabulary import Vocabulary

ALPHABET = "\n !aenst\u00e9\u0928😀"  # 11 characters, of one, two, three and four bytes in UTF-8
TINY_SHAKESPEARE = Path(__file__).parents[2] / "shared/data/tinyshakespeare/input.txt"
# What a checkpoint holds beside its network, as it may be given to `random_checkpoint`.
PARTS = {
    "training": {"recipe": "quick", "corpus": {"name": "Gitanjali – গীতাঞ্জলি"}, "train_s": 1.5},
    "history": {"val_loss_nats": [(0.5, 3.25), (1.0, 2.5)]},
    "samples": [{"step": 7, "elapsed_s": 0.5, "text": "नn😀\n"}],
    "cells": [{"layer": 1, "cell": 3, "feature": "speaker", "score": 0.9, "sign": -1}],
}


def random_weights(
    architecture: Architecture, random_seed: int = 0, scale: float = 0.5
) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(random_seed)
    return {
        name: rng.normal(0, scale, shape).astype(np.float32)
        for name, shape in architecture.weight_shapes().items()
    }


def random_network(
    vocabulary_size: int = 11,
    embedding_units: int = 3,
    lstm_units: tuple[int, ...] = (5, 7),
    random_seed: int = 0,
    scale: float = 0.5,
) -> Network:
    architecture = Architecture(
        vocabulary_size=vocabulary_size, embedding_units=embedding_units, lstm_units=lstm_units
    )
    return Network(architecture, random_weights(architecture, random_seed, scale))


def random_checkpoint(characters: str = ALPHABET, random_seed: int = 0, **parts) -> Checkpoint:
    architecture = Architecture(
        vocabulary_size=len(characters), embedding_units=3, lstm_units=(5, 7)
    )
    return Checkpoint(
        architecture=architecture,
        vocabulary=Vocabulary(characters),
        weights=random_weights(architecture, random_seed),
        **_typed(parts),
    )


def _typed(parts: dict) -> dict:
    """Parts of a checkpoint, those given as JSON parsed."""
    parts = dict(parts)
    if isinstance(parts.get("training"), dict):
        parts["training"] = TrainingRecord.from_json(parts["training"])
    if "samples" in parts:
        samples = map(Sample.from_json, parts["samples"])
        parts["samples"] = tuple(sample for sample in samples if sample is not None)
    return parts


def tiny_shakespeare_text() -> str:
    if not TINY_SHAKESPEARE.exists():
        pytest.skip(f"{TINY_SHAKESPEARE.name} of Tiny Shakespeare is not here")
    return TINY_SHAKESPEARE.read_text("utf-8")
