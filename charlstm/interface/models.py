"""The models that visitors can choose: the shipped one, and those trained on this machine.

A model's id on this machine is `SHIPPED` or the name of its run folder. Its name is the same on
every machine, for links and programs: `SHIPPED_NAME`, or a digest of its file.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from charlstm.errors import CharLSTMError
from charlstm.home import shipped_folder
from charlstm.interface import visitors
from charlstm.interface.limits import Limits, limits
from charlstm.network.checkpoint import Checkpoint, parse_checkpoint, read_checkpoint_bytes
from charlstm.runs.ownership import RunError
from charlstm.runs.run import NO_TRAINING, Run, Runs
from charlstm.runs.source_model import SourceModel
from charlstm.runs.waiting_line import WaitingLine

SHIPPED = "shipped"
SHIPPED_FILE = "tiny-shakespeare.safetensors"
SHIPPED_NAME = "tiny-shakespeare"
SHIPPED_TITLE = "Shakespeare (comes with charlstm)"
CORPUS_TITLES = {"tiny-shakespeare": "Shakespeare", "practice-text": "the practice text"}
MAX_LOADED = 8  # checkpoints kept in memory; 20 MB each at most
DIGEST = re.compile(r"[0-9a-f]{16}")  # the first 64 bits of the SHA-256 of a model's file
Stamp = tuple[int, int]  # when a file was written, in ns, and its size in bytes


class ModelNotFound(CharLSTMError):
    """There is no model of this name, or it was removed."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model that was loaded.

    Attributes:
        name: the same on every machine.
        folder: where its file is; if it was trained here, its training text is there too.
    """

    name: str
    checkpoint: Checkpoint
    folder: Path


class ModelRegistry:
    """Loads models on demand, and again when their file has changed. Safe to use from threads.

    Where visitors are strangers to each other, each gets only what is their own: all of this acts
    for whoever is asking (visitors.py).

    Args:
        limits: None for those that the environment asks for.
    """

    def __init__(self, runs: Runs, limits_: Limits | None = None):
        self.runs = runs
        self.line = WaitingLine(runs)
        self.limits = limits_ or limits()
        # The lock is held while a model is loaded: all of this is read and changed under it.
        self._loading = threading.Lock()
        self._loaded: OrderedDict[str, Model] = OrderedDict()  # by digest, the latest used last
        self._digests: dict[Path, tuple[Stamp, str]] = {}

    def trainings(self) -> list[Run]:
        """The trainings of whoever asks, newest first, without those whose folder is damaged."""
        return [run for run in self.runs.all() if is_readable(run) and self.owns(run)]

    def training(self, name: str) -> Run:
        """A training by its name.

        Raises:
            RunError: there is none, or it is somebody else's.
        """
        run = self.runs.get(name)
        if not self.owns(run):
            raise RunError(NO_TRAINING.format(name))
        return run

    def shown_training(self, name: str) -> Run:
        """A training that may be watched: one's own, or one whose owner lets others watch.

        Raises:
            RunError: there is none.
        """
        run = self.runs.get(name)
        if not (self.owns(run) or run.config.is_shared):
            raise RunError(NO_TRAINING.format(name))
        return run

    def shared_trainings(self) -> list[Run]:
        """Trainings of others that may be watched, newest first."""
        return [
            run
            for run in self.runs.all()
            if is_readable(run) and not self.owns(run) and run.config.is_shared
        ]

    def owns(self, run: Run) -> bool:
        """Whether whoever asks may see and use a training."""
        if not self.limits.is_public:
            return True
        try:
            owner = run.config.owner
        except CharLSTMError:
            return False
        return owner is not None and owner == visitors.asking() != visitors.NOBODY

    def running(self) -> Run | None:
        """The training that is running, if it belongs to whoever asks."""
        running = self.runs.running()
        return running if running is not None and self.owns(running) else None

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
        """The checkpoint of a model; see `load`."""
        return self.load(model).checkpoint

    def load(self, model: str | None) -> Model:
        """A model by its id or its name; None stands for the shipped one.

        A model that was trained on meanwhile can still be had by its earlier digest for a while.

        Raises:
            ModelNotFound: there is no such model.
            CharLSTMError: its file is damaged.
        """
        model = model or SHIPPED
        with self._loading:
            if model in self._loaded and self._may_use(self._loaded[model].folder):
                self._loaded.move_to_end(model)
                return self._loaded[model]
            path = self._path(model)
            if DIGEST.fullmatch(model) and not path.exists():
                path = self._path_by_digest(model) or path
            try:
                if not self._may_use(path.parent):
                    raise FileNotFoundError(path)
                stamp = _stamp(path)
            except (OSError, ValueError) as error:  # ValueError: a NUL in the name
                raise ModelNotFound(
                    f"There is no model {model!r:.60} here, or not any more: choose another one."
                ) from error
            known_stamp, digest = self._digests.get(path, (None, ""))
            if stamp != known_stamp or digest not in self._loaded:
                content = read_checkpoint_bytes(path)
                digest = _digest(content)
                self._digests[path] = stamp, digest
                self._loaded[digest] = Model(
                    name=SHIPPED_NAME if path == self._path(SHIPPED) else digest,
                    checkpoint=parse_checkpoint(content, path.name),
                    folder=path.parent,
                )
            self._loaded.move_to_end(digest)
            while len(self._loaded) > MAX_LOADED:
                self._loaded.popitem(last=False)
            return self._loaded[digest]

    def _may_use(self, folder: Path) -> bool:
        return folder == shipped_folder() or self.owns(Run(folder))

    def _path_by_digest(self, digest: str) -> Path | None:
        """The file with a digest among the models of this machine; reads what has changed."""
        for _, model in self.choices():
            path = self._path(model)
            try:
                stamp = _stamp(path)
                if self._digests.get(path, (None,))[0] != stamp:
                    self._digests[path] = stamp, _digest(path.read_bytes())
            except OSError:  # removed since
                continue
            if self._digests[path][1] == digest:
                return path
        return None

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
        if model in (SHIPPED, SHIPPED_NAME):
            return shipped_folder() / SHIPPED_FILE
        return self.runs.folder / os.path.basename(model) / "checkpoint.safetensors"


def _stamp(path: Path) -> Stamp:
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


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
