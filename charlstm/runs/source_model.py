"""A model that a training starts from, or learns from: its file, read once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from charlstm.network.checkpoint import Checkpoint, parse_checkpoint, read_checkpoint_bytes
from charlstm.network.training_record import SourceRecord
from charlstm.runs.fine_tuning import check_fits, unknown_characters
from charlstm.text.corpus import Corpus

MAX_NAME = 80


@dataclass(frozen=True, kw_only=True)
class SourceModel:
    """A trained model as a training takes it up.

    Attributes:
        name: what people know it by.
        data: the bytes of its file, to be copied into the run folder.
        checkpoint: what those bytes say; a training may have replaced the file since.
    """

    name: str
    data: bytes
    checkpoint: Checkpoint

    @classmethod
    def read(cls, path: str | Path, name: str | None = None) -> Self:
        """Read a model's file.

        Args:
            name: what people know it by; otherwise the name of its file.

        Raises:
            CheckpointError: there is none, or it is damaged.
        """
        path = Path(path)
        data = read_checkpoint_bytes(path)
        if name is None:
            # In a run folder every model has the same name: the folder's says more.
            in_run = path.name == "checkpoint.safetensors"
            name = path.absolute().parent.name if in_run else path.name
        checkpoint = parse_checkpoint(data, path.name)
        return cls(name=_printable(name), data=data, checkpoint=checkpoint)

    @property
    def sha256(self) -> str:
        """Checksum of the file."""
        return hashlib.sha256(self.data).hexdigest()

    def record(self, corpus: Corpus) -> SourceRecord:
        """What a run folder and a checkpoint record of a training on `corpus` that starts here.

        Raises:
            CharLSTMError: model and text together are more than a checkpoint can hold.
        """
        check_fits(self.checkpoint, corpus.text)
        architecture, training = self.checkpoint.architecture, self.checkpoint.training
        return SourceRecord(
            name=self.name,
            sha256=self.sha256,
            corpus=_printable(training.text.name or ""),
            embedding_units=architecture.embedding_units,
            lstm_units=architecture.lstm_units,
            new_characters=unknown_characters(self.checkpoint.vocabulary, corpus.text),
            held_out=training.exposure_to(corpus.sha256),
        )


def _printable(name: str) -> str:
    """A name that may come from a stranger's file, fit to be shown."""
    return "".join(character for character in name if character.isprintable())[:MAX_NAME]
