"""Models that were not trained here: their files were given to the page.

added.json               what the file was called, when it came, and whose it is
checkpoint.safetensors   the file
title.txt                a name that somebody gave it, see titles.py
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from charlstm.errors import CharLSTMError
from charlstm.files import parse_json, reason_of, replace_file
from charlstm.home import make_folder

FORMAT = "charlstm-added/1"
PREFIX = "added-"  # which no training's name begins with


@dataclass(frozen=True, kw_only=True)
class AddedRecord:
    """What is known of a file that was given.

    Attributes:
        file_name: what it was called where it came from.
        created: when it came, ISO 8601.
        owner: whose it is, where visitors are strangers to each other; see interface/visitors.py.
    """

    file_name: str
    created: str
    owner: str | None = None

    @classmethod
    def from_json(cls, record: Any) -> Self | None:
        """Parse what `to_json` made; None if it is damaged or of another version."""
        if not isinstance(record, dict) or record.get("format") != FORMAT:
            return None
        file_name, created, owner = (record.get(key) for key in ("file_name", "created", "owner"))
        if not isinstance(file_name, str) or not isinstance(created, str):
            return None
        return cls(
            file_name=file_name, created=created, owner=owner if isinstance(owner, str) else None
        )

    def to_json(self) -> dict[str, Any]:
        return {"format": FORMAT, **asdict(self)}


@dataclass(frozen=True)
class AddedModel:
    """A model that was not trained here, by its folder."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def checkpoint(self) -> Path:
        return self.folder / "checkpoint.safetensors"

    @property
    def owner(self) -> str | None:
        return self.record.owner

    @cached_property
    def record(self) -> AddedRecord:
        """
        Raises:
            CharLSTMError: it is missing, damaged, or of another version.
        """
        path = self.folder / "added.json"
        try:
            record = AddedRecord.from_json(parse_json(path.read_bytes()))
        except (OSError, ValueError):
            record = None
        if record is None:
            raise CharLSTMError(f"{path} is missing or damaged: give the model's file again.")
        return record

    def remove(self) -> None:
        """Delete the folder and all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)


class AddedModels:
    """All models of this machine that were not trained here."""

    def __init__(self, folder: Path):
        self.folder = folder

    def all(self) -> list[AddedModel]:
        """Those whose record can be read, the newest first."""
        return [model for model in self._folders() if _is_readable(model)]

    def get(self, name: str) -> AddedModel | None:
        """The model of that name; None if there is none.

        A name from a visitor cannot be used to reach other paths.
        """
        return next((model for model in self.all() if model.name == name), None)

    def add(self, data: bytes, file_name: str, owner: str | None) -> AddedModel:
        """Keep a model's file, which was checked to be one.

        Raises:
            CharLSTMError: there is no room, or the folder cannot be written to.
        """
        now = datetime.now()
        model = AddedModel(self._new_folder(now))
        record = AddedRecord(
            file_name=file_name, created=now.isoformat(timespec="seconds"), owner=owner
        )
        try:
            replace_file(model.checkpoint, data)
            # Last: a folder without it is not listed.
            replace_file(
                model.folder / "added.json",
                json.dumps(record.to_json(), indent=1, ensure_ascii=False).encode(),
            )
        except OSError as error:
            model.remove()
            raise CharLSTMError(
                f"The model could not be kept ({reason_of(error)}): make room on the disk, and "
                "give it again."
            ) from error
        return model

    def _folders(self) -> list[AddedModel]:
        if not self.folder.is_dir():
            return []
        names = sorted(path.parent.name for path in self.folder.glob(f"{PREFIX}*/added.json"))
        return [AddedModel(self.folder / name) for name in reversed(names)]

    def _new_folder(self, now: datetime) -> Path:
        """Create a folder named after the time; the name is unique."""
        make_folder(self.folder)
        for number in range(1, 10_000):
            again = "" if number == 1 else f"-{number}"
            folder = self.folder / f"{PREFIX}{now:%Y-%m-%d-%H%M%S}{again}"
            try:
                folder.mkdir()
            except FileExistsError:
                continue
            return folder
        raise CharLSTMError(f"{self.folder} is full of models: remove some.")


def _is_readable(model: AddedModel) -> bool:
    try:
        return model.record is not None
    except CharLSTMError:
        return False
