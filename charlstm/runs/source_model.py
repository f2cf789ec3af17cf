"""A trained model as input to a training, as source of a fine-tuning or as teacher."""

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
    """A model's file, read once: another training may replace the file at any time.

    Attributes:
        name: the model's name for people.
        data: the bytes of the file, to be copied into the run folder.
        checkpoint: those bytes, parsed.
    """

    name: str
    data: bytes
    checkpoint: Checkpoint

    @classmethod
    def read(cls, path: str | Path, name: str | None = None) -> Self:
        """Read a model's file.

        Args:
            name: the model's name for people; by default its file's or its run folder's name.

        Raises:
            CheckpointError: the file is missing or damaged.
        """
        path = Path(path)
        data = read_checkpoint_bytes(path)
        if name is None:
            # The file is called the same in every run folder: use the folder's name.
            in_run = path.name == "checkpoint.safetensors"
            name = path.absolute().parent.name if in_run else path.name
        checkpoint = parse_checkpoint(data, path.name)
        return cls(name=_printable(name), data=data, checkpoint=checkpoint)

    @property
    def sha256(self) -> str:
        """Checksum of the file, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()

    def record(self, corpus: Corpus) -> SourceRecord:
        """What is recorded about this model when a training on `corpus` starts from it.

        Raises:
            CharLSTMError: extended by the text's characters, the model would not fit into a
                checkpoint.
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
    """Make a name from an untrusted file safe to show: printable, at most `MAX_NAME` characters."""
    return "".join(character for character in name if character.isprintable())[:MAX_NAME]
