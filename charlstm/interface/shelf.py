"""The models a visitor can choose from: the shipped one, and those trained on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from charlstm.checkpoint import Checkpoint, load_checkpoint
from charlstm.errors import CharLSTMError
from charlstm.home import shipped_folder
from charlstm.runs import Run, Runs

SHIPPED = "shipped"
SHIPPED_FILE = "tiny-shakespeare.safetensors"
CORPUS_TITLES = {"tiny-shakespeare": "Shakespeare", "practice-text": "the practice text"}
MAX_LOADED = 8  # checkpoints kept in memory; 20 MB each at most


class Shelf:
    """Loads models when they are asked for, and again when their file has changed."""

    def __init__(self, runs: Runs):
        self.runs = runs
        self._loaded: dict[Path, tuple[tuple, Checkpoint]] = {}

    def choices(self) -> list[tuple[str, str]]:
        """(what the visitor reads, the model's id), the shipped model first, then newest first."""
        choices = []
        if self._path(SHIPPED).exists():
            choices.append(("Shakespeare (comes with charlstm)", SHIPPED))
        choices += [
            (title_of(run), run.name) for run in self.runs.all() if run.checkpoint_path.exists()
        ]
        return choices

    def default(self) -> str | None:
        choices = self.choices()
        return choices[0][1] if choices else None

    def get(self, model: str | None) -> Checkpoint:
        """The checkpoint behind an id.

        Raises:
            CharLSTMError: there is no such model, or its file is damaged.
        """
        path = self._path(model or SHIPPED)
        if not path.exists():
            raise CharLSTMError(
                f"The model {model or SHIPPED!r} is not here any more: choose another one, or "
                "train one on the Train tab."
            )
        stat = path.stat()
        stamp = (stat.st_mtime_ns, stat.st_size)
        loaded = self._loaded.get(path)
        if loaded is None or loaded[0] != stamp:
            while len(self._loaded) >= MAX_LOADED:
                self._loaded.pop(next(iter(self._loaded)))
            loaded = self._loaded[path] = (stamp, load_checkpoint(path))
        return loaded[1]

    def _path(self, model: str) -> Path:
        if model == SHIPPED:
            return shipped_folder() / SHIPPED_FILE
        return self.runs.folder / os.path.basename(model) / "checkpoint.safetensors"


def title_of(run: Run) -> str:
    """A training in a few words: its text, its recipe, when it began."""
    name = run.config["corpus"].get("name", "a text")
    day, _, hour = str(run.config.get("created", "")).partition("T")
    return f"{CORPUS_TITLES.get(name, name)}, {run.config['recipe']}, {day} {hour[:5]}".strip()
