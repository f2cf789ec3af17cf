"""The run folder: the truth about a training, shared by whoever trains and whoever watches.

    config.json              recipe, corpus, budget, random seed
    corpus.txt               the cleaned text, so that resuming needs nothing else
    start.safetensors        the model that the training starts from, if it is not from nothing
    teacher-1.safetensors    models that it learns from beside the text, if any; and
    odds.npy                 what they expect
    events.jsonl             what happened, a JSON object a line
    checkpoint.safetensors   the model so far, always whole
    best.safetensors         the version with the lowest held-out loss so far
    resume.safetensors       weights and optimizer state, for going on exactly
    process.json, .lock      who trains
    log.txt                  what the framework printed
    stop                     exists once somebody pressed Stop

Nothing here trains: `start` starts a process of its own, which outlives the page.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from charlstm.home import PACKAGE_PARENT, make_folder, runs_folder
from charlstm.network.checkpoint import Checkpoint, load_checkpoint
from charlstm.runs.config import read_config, write_config
from charlstm.runs.distillation import check_can_be_taught, sentence, teacher_records
from charlstm.runs.event_log import EventLog
from charlstm.runs.fine_tuning import fine_tuned, sentences
from charlstm.runs.ownership import Ownership, RunError
from charlstm.runs.recipes import Budget, Recipe, find_recipe
from charlstm.runs.source_model import SourceModel
from charlstm.text.corpus import Corpus

TERMINAL_EVENTS = ("finished", "stopped", "failed")


class Run:
    """One training, as its folder tells it."""

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        self._ownership = Ownership(self.folder)
        self._log = EventLog(self.folder / "events.jsonl")

    @classmethod
    def create(
        cls,
        *,
        recipe: Recipe,
        corpus: Corpus,
        budget: Budget,
        random_seed: int,
        folder: str | Path | None = None,
        start: SourceModel | None = None,
        teachers: Sequence[SourceModel] = (),
    ) -> Run:
        """Make the folder of a new training; `start` or `charlstm.training.train` runs it.

        Args:
            start: the model to start from; it is copied. None: from nothing.
            teachers: models to learn from beside the text; they are copied too.
        """
        if not 0 <= random_seed < 2**32:
            raise RunError(f"The random seed was {random_seed}; give one from 0 to {2**32 - 1}.")
        models = {} if start is None else {"started_from": start.origin(corpus)}
        if teachers:
            models["teachers"] = teacher_records(teachers, corpus)
            check_can_be_taught(recipe, start is not None)
        run = cls(_new_folder(recipe.name) if folder is None else folder)
        run.check_new()
        make_folder(run.folder)
        (run.folder / "corpus.txt").write_bytes(corpus.text.encode())
        if start is not None:
            run.start_path.write_bytes(start.data)
        for number, teacher in enumerate(teachers, 1):
            run.teacher_path(number).write_bytes(teacher.data)
        config = {
            "recipe": recipe.name,
            "corpus": {
                "name": corpus.name,
                "sha256": corpus.sha256,
                "style": corpus.style,
                "characters": len(corpus.text),
                "notices": list(corpus.notices),
            },
            "budget": {"minutes": budget.minutes, "epochs": budget.epochs},
            "random_seed": random_seed,
            "created": datetime.now().astimezone().isoformat(timespec="seconds"),
            **models,
        }
        write_config(config, run.config_path)
        return run

    def check_new(self) -> None:
        """Raise RunError unless the folder is empty or not there."""
        if self.config_path.exists():
            raise RunError(
                f"{self.folder} holds a training already. Go on with it by --resume, or name "
                "another folder."
            )
        if self.folder.exists() and not (self.folder.is_dir() and not any(self.folder.iterdir())):
            raise RunError(f"{self.folder} holds other things: name a new folder for the training.")

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def config_path(self) -> Path:
        return self.folder / "config.json"

    @property
    def checkpoint_path(self) -> Path:
        return self.folder / "checkpoint.safetensors"

    @property
    def start_path(self) -> Path:
        return self.folder / "start.safetensors"

    def teacher_path(self, number: int) -> Path:
        return self.folder / f"teacher-{number}.safetensors"

    @property
    def best_path(self) -> Path:
        return self.folder / "best.safetensors"

    @property
    def odds_path(self) -> Path:
        return self.folder / "odds.npy"

    @property
    def resume_path(self) -> Path:
        return self.folder / "resume.safetensors"

    @property
    def events_path(self) -> Path:
        return self._log.path

    @property
    def stop_path(self) -> Path:
        return self.folder / "stop"

    @property
    def config(self) -> dict:
        return read_config(self.config_path)

    @property
    def recipe(self) -> Recipe:
        """How it is trained; a model that it starts from keeps the network that it has."""
        config = self.config
        recipe, origin = find_recipe(config["recipe"]), config.get("started_from")
        if origin is None:
            return recipe
        return fine_tuned(recipe, origin["embedding_units"], origin["lstm_units"])

    @property
    def origin(self) -> dict | None:
        """What is recorded of the model that the training starts from; None: from nothing."""
        return self.config.get("started_from")

    @property
    def held_out(self) -> str:
        """Whether the source model has seen the held-out text: as `SourceModel.origin` says."""
        return "unseen" if self.origin is None else self.origin["held_out"]

    def notices(self) -> list[str]:
        """What people should know of the text and of the model it starts from."""
        config = self.config
        told = sentences(config["started_from"]) if "started_from" in config else []
        told += [sentence(config["teachers"])] if "teachers" in config else []
        return [*config["corpus"].get("notices", []), *told]

    @property
    def budget(self) -> Budget:
        return Budget(**self.config["budget"])

    def text(self) -> str:
        path = self.folder / "corpus.txt"
        return self._unchanged(path, self.config["corpus"]["sha256"]).decode()

    def start_checkpoint(self) -> Checkpoint | None:
        """The model that the training starts from; None: from nothing."""
        origin = self.origin
        if origin is None:
            return None
        self._unchanged(self.start_path, origin["sha256"])
        return load_checkpoint(self.start_path)

    @property
    def teachers(self) -> list[dict]:
        """What is recorded of the models that it learns from beside the text."""
        return self.config.get("teachers", [])

    def teacher_checkpoints(self) -> list[Checkpoint]:
        for number, record in enumerate(self.teachers, 1):
            self._unchanged(self.teacher_path(number), record["sha256"])
        paths = map(self.teacher_path, range(1, len(self.teachers) + 1))
        return [load_checkpoint(path) for path in paths]

    def _unchanged(self, path: Path, sha256: str) -> bytes:
        """What is in a file that no training ever changes."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise RunError(
                f"{self.folder} has lost its {path.name}: start a new training."
            ) from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise RunError(f"{path} was changed: start a new training.")
        return data

    def set_budget(self, budget: Budget) -> None:
        """Give a training that has ended more (or less) time before it is resumed."""
        new = {"minutes": budget.minutes, "epochs": budget.epochs}
        write_config({**self.config, "budget": new}, self.config_path)

    # What happened

    def events(self) -> list[dict]:
        """All events so far, oldest first."""
        return self._log.read()

    def append_event(self, event: str, **details) -> dict:
        """Only the process that trains may call this."""
        return self._log.append({"event": event, **details})

    # Who trains

    def owner(self) -> int | None:
        """The process that trains in this folder now."""
        return self._ownership.pid()

    def is_alive(self) -> bool:
        """Whether a process is training in this folder now."""
        return self.owner() is not None

    def was_started(self) -> bool:
        return self._ownership.path.exists()

    def check_free(self) -> None:
        """Raise RunError if another process than this one trains here."""
        self._ownership.check_free()

    def claim(self) -> None:
        """Say that this process trains here; RunError if another one does."""
        with self._ownership.deciding():
            self.check_free()
            self._ownership.write(os.getpid())

    def release(self) -> None:
        """The training in this process has ended, though the process may live on."""
        self._ownership.release()

    def start(self) -> subprocess.Popen:
        """Train in a process of its own: from the beginning, or from where it stopped."""
        with self._ownership.deciding():
            if self.is_alive():
                raise RunError(f"The training in {self.folder} is running already.")
            self.stop_path.unlink(missing_ok=True)
            process = self._start_process("--resume" if self.events() else "--run")
            self._ownership.write(process.pid)
        return process

    def _start_process(self, option: str) -> subprocess.Popen:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        environment["PYTHONPATH"] = os.pathsep.join(
            [str(PACKAGE_PARENT), *filter(None, [environment.get("PYTHONPATH")])]
        )
        with open(self.folder / "log.txt", "ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "charlstm", "train", option, str(self.folder.resolve())],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,  # Ctrl-C on the server is not meant for the training
            )

    def stop(self) -> None:
        """Ask the training to end after its next step and to keep the model."""
        self.stop_path.touch()

    def wait_for_end(self, timeout_s: float) -> bool:
        """Whether no process trains here any more, at the latest after `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        while self.is_alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True


def _new_folder(recipe_name: str) -> Path:
    """An empty folder, named after the moment, that nobody else was given."""
    name = f"{datetime.now():%Y-%m-%d-%H%M%S}-{recipe_name}"
    make_folder(runs_folder())
    for number in range(1, 10_000):
        folder = runs_folder() / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        return folder
    raise RunError(f"{runs_folder()} is full of trainings: remove some.")


class Runs:
    """All trainings of this machine; remembers what it has read of each."""

    def __init__(self, folder: Path | None = None):
        self._folder = folder
        self._runs: dict[str, Run] = {}

    @property
    def folder(self) -> Path:
        return self._folder or runs_folder()

    def all(self) -> list[Run]:
        """Newest first."""
        if not self.folder.is_dir():
            return []
        names = sorted(path.parent.name for path in self.folder.glob("*/config.json"))
        return [self._remembered(name) for name in reversed(names)]

    def get(self, name: str) -> Run:
        """The training of that name.

        Raises:
            RunError: there is none; names come from visitors and lead nowhere else.
        """
        if name not in {run.name for run in self.all()}:
            raise RunError(f"There is no training {name!r:.80}.")
        return self._remembered(name)

    def _remembered(self, name: str) -> Run:
        return self._runs.setdefault(name, Run(self.folder / name))

    def running(self) -> Run | None:
        """The newest training that is going on."""
        return next((run for run in self.all() if run.is_alive()), None)
