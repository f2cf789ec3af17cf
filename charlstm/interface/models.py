"""The models that visitors can choose: the shipped one, those trained here, and those given.

A model's id on this machine is `SHIPPED` or the name of its folder. Its name is the same on
every machine, for links and programs: `SHIPPED_NAME`, or a digest of its file.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from weakref import WeakValueDictionary

from charlstm.errors import CharLSTMError
from charlstm.home import shipped_folder
from charlstm.interface import visitors
from charlstm.interface.limits import Limits, limits
from charlstm.network.checkpoint import Checkpoint, parse_checkpoint, read_checkpoint_bytes
from charlstm.runs.added_models import PREFIX, AddedModel, AddedModels
from charlstm.runs.deleted import Deleted
from charlstm.runs.ownership import RunError
from charlstm.runs.run import NO_TRAINING, Run, Runs
from charlstm.runs.source_model import SourceModel
from charlstm.runs.titles import read_title, tidy_title, write_title
from charlstm.runs.waiting_line import WaitingLine

SHIPPED = "shipped"
SHIPPED_FILE = "tiny-shakespeare.safetensors"
SHIPPED_NAME = "tiny-shakespeare"
SHIPPED_TITLE = "Shakespeare (comes with charlstm)"
CORPUS_TITLES = {"tiny-shakespeare": "Shakespeare", "practice-text": "the practice text"}
MAX_LOADED = 8  # checkpoints kept in memory; 20 MB each at most
DIGEST = re.compile(r"[0-9a-f]{16}")  # the first 64 bits of the SHA-256 of a model's file
CANNOT_CHANGE = "The Shakespeare model comes with charlstm: it cannot be {}."
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
        # From which network address trainings and models came, by name: while this server runs.
        self.came_from: dict[str, str] = {}
        self.on_added: Callable[[], None] = lambda: None  # called when a model was added
        # The lock is held while a model is loaded: all of this is read and changed under it.
        self._loading = threading.Lock()
        # By digest and folder, the latest used last. The same file may be there for several
        # visitors, and beside one of them lies the text that it learned from.
        self._loaded: OrderedDict[tuple[str, Path], Model] = OrderedDict()
        self._digests: dict[Path, tuple[Stamp, str]] = {}
        # By digest, also of those that are not kept any more, while a text is written with them:
        # each copy would take memory, and turns of the engine.
        self._alive: WeakValueDictionary[str, Checkpoint] = WeakValueDictionary()

    @property
    def added(self) -> AddedModels:
        return AddedModels(self.runs.folder.parent / "models")

    @property
    def deleted(self) -> Deleted:
        limits = self.limits
        folder = self.runs.folder.parent / "deleted"
        return Deleted(folder, keep_s=limits.keep_deleted_s, at_most=limits.deleted)

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

    def owns(self, kept: Run | AddedModel) -> bool:
        """Whether whoever asks may see and use a training or a model."""
        if not self.limits.is_public:
            return True
        try:
            owner = kept.owner
        except CharLSTMError:
            return False
        return owner is not None and owner == visitors.asking() != visitors.NOBODY

    def running(self) -> Run | None:
        """The training that is running, if it belongs to whoever asks."""
        running = self.runs.running()
        return running if running is not None and self.owns(running) else None

    def choices(self) -> list[tuple[str, str]]:
        """(title, id) of each model: the shipped one, those trained here, those given.

        The newest come first.
        """
        choices = []
        if self._path(SHIPPED).exists():
            choices.append((SHIPPED_TITLE, SHIPPED))
        choices += [
            (title_of(run), run.name) for run in self.trainings() if run.paths.checkpoint.exists()
        ]
        return choices + self.given()

    def given(self) -> list[tuple[str, str]]:
        """(title, id) of the models that were not trained here, newest first."""
        return [(title_of(model), model.name) for model in self.added.all() if self.owns(model)]

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
            for key in reversed(self._loaded):
                if key[0] == model and self._may_use(key[1]):
                    self._loaded.move_to_end(key)
                    return self._loaded[key]
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
            key = digest, path.parent
            if stamp != known_stamp or key not in self._loaded:
                content = read_checkpoint_bytes(path)
                digest = _digest(content)
                key = digest, path.parent
                self._digests[path] = stamp, digest
                checkpoint = self._alive.get(digest)
                if checkpoint is None:
                    checkpoint = parse_checkpoint(content, path.name)
                    self._alive[digest] = checkpoint
                self._loaded[key] = Model(
                    name=SHIPPED_NAME if path == self._path(SHIPPED) else digest,
                    checkpoint=checkpoint,
                    folder=path.parent,
                )
            self._loaded.move_to_end(key)
            while len(self._loaded) > MAX_LOADED:
                self._loaded.popitem(last=False)
            return self._loaded[key]

    def _may_use(self, folder: Path) -> bool:
        return folder == shipped_folder() or self.owns(_kept(folder))

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
        return SourceModel.read(path, self.title(model))

    def title(self, model: str) -> str:
        """What a model that exists is called, by its id."""
        folder = self.folder(model)
        return SHIPPED_TITLE if folder == shipped_folder() else title_of(_kept(folder))

    # Models travel

    def file(self, model: str | None) -> Path:
        """A model's file, for whoever may use it.

        Raises:
            ModelNotFound: there is no such model.
            CharLSTMError: its file is damaged.
        """
        self.load(model)
        return self._path(model or SHIPPED)

    def add(self, data: bytes, file_name: str, address: str = "") -> tuple[str, bool]:
        """Keep the file of a model. One that is here already is not kept twice.

        Args:
            address: the network address from which it came.

        Returns:
            Its id, and whether it is new.

        Raises:
            CharLSTMError: it is no checkpoint, or there is no room for it.
        """
        if len(data) > self.limits.model_bytes:
            raise CharLSTMError(
                f"{file_name:.60} has {len(data) / 1e6:.1f} MB; a model may have "
                f"{self.limits.model_bytes / 1e6:.0f} MB here."
            )
        parse_checkpoint(data, file_name[:60])
        with self._loading:
            same = self._path_by_digest(_digest(data))
        if same is not None:
            return (SHIPPED if same == self._path(SHIPPED) else same.parent.name), False
        asking = visitors.asking()
        if self.limits.is_public and asking == visitors.NOBODY:
            raise CharLSTMError(visitors.NOT_KNOWN)
        owner = asking if self.limits.is_public else None
        name = self.added.add(data, file_name, owner).name
        self.came_from[name] = address
        self.on_added()
        return name, True

    def rename(self, model: str, title: str) -> str:
        """Give a model a name; returns what it is called now. An empty name takes the last away.

        Raises:
            CharLSTMError: there is no such model, it cannot be renamed, or not to this.
        """
        kept = self._own(model, "renamed")
        write_title(kept.folder, title)
        return title_of(kept)

    def delete(self, model: str) -> str:
        """Delete a model, and with it its training; returns what it was called.

        Raises:
            CharLSTMError: there is no such model, or it cannot be deleted.
        """
        kept = self._own(model, "deleted")
        if isinstance(kept, Run) and (kept.is_alive() or kept.paths.waiting.exists()):
            raise CharLSTMError("This model is still learning: stop its training first.")
        title = title_of(kept)
        self.deleted.put(kept.folder)
        return title

    def bring_back(self) -> str:
        """Bring back what whoever asks deleted last; returns its id.

        Raises:
            CharLSTMError: there is nothing to bring back.
        """
        for aside in self.deleted.all():
            if self.owns(_kept(aside)):
                return self.deleted.bring_back(aside).name
        raise CharLSTMError("Nothing that was deleted can be brought back any more.")

    def _own(self, model: str, change: str) -> Run | AddedModel:
        """The training or the model of that id, which whoever asks may change."""
        folder = self.folder(model)
        if folder == shipped_folder():
            raise CharLSTMError(CANNOT_CHANGE.format(change))
        added = self.added.get(model)
        if added is not None and self.owns(added):
            return added
        return self.training(model)

    def folder(self, model: str | None) -> Path:
        """The folder of a model's file; if it was trained here, its training text is there too."""
        return self._path(model or SHIPPED).parent

    def _path(self, model: str) -> Path:
        if model in (SHIPPED, SHIPPED_NAME):
            return shipped_folder() / SHIPPED_FILE
        name = os.path.basename(model)
        folder = self.added.folder if name.startswith(PREFIX) else self.runs.folder
        return folder / name / "checkpoint.safetensors"


def _kept(folder: Path) -> Run | AddedModel:
    return AddedModel(folder) if folder.name.startswith(PREFIX) else Run(folder)


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


def title_of(kept: Run | AddedModel) -> str:
    """What a training or a model is called: as somebody named it, or else by what is known of it.

    Of a training that is its text, the text of its source model, its recipe, and when it began.
    """
    named = read_title(kept.folder)
    if named is not None:
        return named
    try:
        return _title_of_training(kept) if isinstance(kept, Run) else _title_of_added(kept)
    except CharLSTMError:
        return kept.name


def _title_of_training(run: Run) -> str:
    config = run.config
    title = _text_title(config.corpus.name)
    if config.source is not None:
        title += f" after {_text_title(config.source.corpus or config.source.name or '')}"
    title += f", {config.recipe_name}"
    return f"{title}{_when(config.created)}"


def _title_of_added(model: AddedModel) -> str:
    record = model.record
    name = tidy_title(Path(record.file_name).stem) or "a model"
    return f"{name if len(name) <= 40 else f'{name[:39]}…'}, loaded{_when(record.created)}"


def _when(created: str | None) -> str:
    """A time in ISO 8601 as the end of a title; empty if it is none."""
    try:
        at = datetime.fromisoformat(created or "")
    except ValueError:
        return ""
    return f", {at.day} {at:%b %H:%M}"


def _text_title(name: str) -> str:
    return CORPUS_TITLES.get(name, name if len(name) <= 24 else f"{name[:23]}…")
