"""The models that visitors can choose: the shipped one, and those trained on this machine.

A model's id is `SHIPPED` or the name of its run folder.
"""

from __future__ import annotations

import os
import threading
from datetime import datetime
from pathlib import Path

from charlstm.errors import CharLSTMError
from charlstm.home import shipped_folder
from charlstm.network.checkpoint import Checkpoint, load_checkpoint
from charlstm.runs.run import Run, Runs
from charlstm.runs.source_model import SourceModel

SHIPPED = "shipped"
SHIPPED_FILE = "tiny-shakespeare.safetensors"
SHIPPED_TITLE = "Shakespeare (comes with charlstm)"
CORPUS_TITLES = {"tiny-shakespeare": "Shakespeare", "practice-text": "the practice text"}
MAX_LOADED = 8  # checkpoints kept in memory; 20 MB each at most


class ModelRegistry:
    """Loads models on demand, and again when their file has changed. Safe to use from threads."""

    def __init__(self, runs: Runs):
        self.runs = runs
        self._loaded: dict[Path, tuple[tuple, Checkpoint]] = {}
        self._loading = threading.Lock()

    def trainings(self) -> list[Run]:
        """The trainings of this machine, newest first, without those whose folder is damaged."""
        return [run for run in self.runs.all() if is_readable(run)]

    def choices(self) -> list[tuple[str, str]]:
        """(title, id) of each model: the shipped one, then the others, newest first."""
        choices = []
        if self._path(SHIPPED).exists():
            choices.append((SHIPPED_TITLE, SHIPPED))
        choices += [
            (title_of(run), run.name) for run in self.trainings() if run.paths.checkpoint.exists()
        ]
        return choices

    def default(self) -> str | None:
        """The id of the model to use before a visitor chooses; None if there is no model."""
        choices = self.choices()
        return choices[0][1] if choices else None

    def get(self, model: str | None) -> Checkpoint:
        """The checkpoint of a model; None stands for the shipped one.

        Raises:
            CharLSTMError: there is no such model, or its file is damaged.
        """
        path = self._path(model or SHIPPED)
        with self._loading:
            try:
                stat = path.stat()
            except (OSError, ValueError) as error:  # ValueError: a NUL in the name
                raise CharLSTMError(
                    "This model is not here any more: choose another one, or train one on the "
                    "Train tab."
                ) from error
            stamp = (stat.st_mtime_ns, stat.st_size)
            loaded = self._loaded.get(path)
            if loaded is None or loaded[0] != stamp:
                while len(self._loaded) >= MAX_LOADED:
                    self._loaded.pop(next(iter(self._loaded)))
                loaded = self._loaded[path] = (stamp, load_checkpoint(path))
            return loaded[1]

    def source_model(self, model: str) -> SourceModel:
        """A model as the starting point of a fine-tuning.

        Raises:
            CharLSTMError: there is no such model, or its file is damaged.
        """
        self.get(model)  # raises the errors above
        path = self._path(model)
        title = SHIPPED_TITLE if model == SHIPPED else title_of(Run(path.parent))
        return SourceModel.read(path, title)

    def folder(self, model: str | None) -> Path:
        """The folder of a model's file; if it was trained here, its training text is there too."""
        return self._path(model or SHIPPED).parent

    def _path(self, model: str) -> Path:
        if model == SHIPPED:
            return shipped_folder() / SHIPPED_FILE
        return self.runs.folder / os.path.basename(model) / "checkpoint.safetensors"


def is_readable(run: Run) -> bool:
    """Whether a run folder's config can be read and names a known recipe."""
    try:
        return run.config.recipe is not None
    except CharLSTMError:
        return False


def title_of(run: Run) -> str:
    """A training's title: its text, the text of its source model, its recipe, when it began."""
    try:
        config = run.config
    except CharLSTMError:
        return run.name
    title = _text_title(config.corpus.name)
    if config.source is not None:
        title += f" after {_text_title(config.source.corpus or config.source.name or '')}"
    title += f", {config.recipe_name}"
    try:
        created = datetime.fromisoformat(config.created or "")
    except ValueError:
        return title
    return f"{title}, {created.day} {created:%b %H:%M}"


def _text_title(name: str) -> str:
    return CORPUS_TITLES.get(name, name if len(name) <= 24 else f"{name[:23]}…")
