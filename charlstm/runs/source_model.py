"""A model that a training starts from or learns from: its file, read once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from charlstm.network.checkpoint import Checkpoint, load_checkpoint
from charlstm.network.training_record import is_origin
from charlstm.runs.fine_tuning import check_fits, unknown_characters
from charlstm.text.corpus import Corpus
from charlstm.text.vocabulary import Vocabulary

MAX_NAME = 80


@dataclass(frozen=True, kw_only=True)
class SourceModel:
    """A model to start from.

    Attributes:
        name: what people know it by.
        data: its file, as it was read.
        checkpoint: what is in the file.
    """

    name: str
    data: bytes
    checkpoint: Checkpoint

    @property
    def vocabulary(self) -> Vocabulary:
        return self.checkpoint.vocabulary

    def origin(self, corpus: Corpus) -> dict:
        """What a run folder and a checkpoint record of where a training on `corpus` starts.

        Raises:
            CharLSTMError: model and text together are more than a checkpoint can hold.
        """
        check_fits(self.checkpoint, corpus.text)
        architecture = self.checkpoint.architecture
        learned_from = self.checkpoint.training.get("corpus")
        return {
            "name": self.name,
            "sha256": hashlib.sha256(self.data).hexdigest(),
            "corpus": _short(learned_from.get("name")) if isinstance(learned_from, dict) else "",
            "embedding_units": architecture.embedding_units,
            "lstm_units": list(architecture.lstm_units),
            "new_characters": unknown_characters(self.vocabulary, corpus.text),
            "held_out": held_out_of(self.checkpoint.training, corpus),
        }


def read_source_model(path: str | Path, name: str | None = None) -> SourceModel:
    """Read a model to start from.

    Args:
        name: what people know it by; otherwise the name of its file.

    Raises:
        CheckpointError: there is none, or it is damaged.
    """
    path = Path(path)
    checkpoint = load_checkpoint(path)
    if name is None:
        # In a run folder every model has the same name: the folder's says more.
        in_run = path.name == "checkpoint.safetensors"
        name = path.absolute().parent.name if in_run else path.name
    return SourceModel(name=_short(name), data=path.read_bytes(), checkpoint=checkpoint)


def _short(name) -> str:
    """A name that may come from a stranger's file, fit to be shown."""
    if not isinstance(name, str):
        return ""
    return "".join(character for character in name if character.isprintable())[:MAX_NAME]


def held_out_of(training: dict, corpus: Corpus) -> str:
    """Whether a model has seen the held-out part of a text, one of `HELD_OUT`.

    Args:
        training: the story of the model's own training.
    """
    learned_from = training.get("corpus")
    if not isinstance(learned_from, dict) or learned_from.get("sha256") != corpus.sha256:
        return "unknown"  # it may have learned from a part of this text
    if training.get("carries_state") is not True:
        return "seen"  # the notebook's random split leaks
    if "started_from" not in training:
        return "unseen"
    origin = training["started_from"]
    return origin["held_out"] if is_origin(origin) else "unknown"
