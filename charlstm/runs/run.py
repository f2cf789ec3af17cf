"""The run folder: the complete record of a training, written by the process that trains.

    config.json              recipe, corpus, budget, random seed
    corpus.txt               the cleaned text, so that resuming needs no other file
    start.safetensors        the model that a fine-tuning starts from
    teacher-1.safetensors    the first teacher, if there are any
    odds.npy                 soft targets: the teachers' probabilities after each character
    events.jsonl             the events, one JSON object per line
    checkpoint.safetensors   the latest saved model; replaced atomically
    best.safetensors         the version with the lowest held-out loss so far
    resume.safetensors       weights and optimizer state, for resuming exactly
    process.json, .lock      which process is training
    log.txt                  output of the training process
    stop                     exists after Stop was pressed
    waiting                  exists while the training waits for its turn, see waiting_line.py
    title.txt                a name that somebody gave it, see titles.py

Nothing here trains: `Run.start` starts a separate process, which outlives the page.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Self

from charlstm.files import errors_in_words
from charlstm.home import PACKAGE_PARENT, make_folder, runs_folder
from charlstm.network.checkpoint import Checkpoint, load_checkpoint
from charlstm.runs.config import RunConfig, read_config, write_config
from charlstm.runs.event_log import START, EventLog
from charlstm.runs.events import Event, Stopped
from charlstm.runs.ownership import TAKEN, Ownership, RunError, training_place
from charlstm.runs.recipes import Budget
from charlstm.runs.sizing import Size
from charlstm.runs.timeline import Timeline, timeline_of
from charlstm.runs.training_request import TrainingRequest

KILL_PATIENCE_S = 5.0
NO_TRAINING = "There is no training {!r:.80}."


@dataclass(frozen=True)
class RunPaths:
    """The paths of the files in a run folder."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "config.json"

    @property
    def corpus(self) -> Path:
        return self.folder / "corpus.txt"

    @property
    def source(self) -> Path:
        return self.folder / "start.safetensors"

    def teacher(self, number: int) -> Path:
        """File of a teacher; `number` counts from 1."""
        return self.folder / f"teacher-{number}.safetensors"

    @property
    def soft_targets(self) -> Path:
        return self.folder / "odds.npy"

    @property
    def events(self) -> Path:
        return self.folder / "events.jsonl"

    @property
    def checkpoint(self) -> Path:
        return self.folder / "checkpoint.safetensors"

    @property
    def best(self) -> Path:
        return self.folder / "best.safetensors"

    @property
    def resume(self) -> Path:
        return self.folder / "resume.safetensors"

    @property
    def log(self) -> Path:
        return self.folder / "log.txt"

    @property
    def stop(self) -> Path:
        return self.folder / "stop"

    @property
    def waiting(self) -> Path:
        return self.folder / "waiting"

    def check_new(self) -> None:
        """Raise RunError unless the folder is empty or does not exist."""
        if self.config.exists():
            raise RunError(
                f"{self.folder} holds a training already. Continue it with --resume, or name "
                "another folder."
            )
        if self.folder.exists() and not (self.folder.is_dir() and not any(self.folder.iterdir())):
            raise RunError(f"{self.folder} holds other files: name a new folder for the training.")


class Run:
    """One training, as its folder records it.

    Attributes:
        paths: the paths of its files.
        ownership: which process is training in the folder.
    """

    def __init__(self, folder: str | Path):
        self.paths = RunPaths(Path(folder))
        self.ownership = Ownership(self.paths.folder)
        self._config: tuple[tuple[int, ...], RunConfig] | None = None  # and the file's stamp
        self._log = EventLog(self.paths.events)
        self._events_read = START
        self._timeline = Timeline()  # of the events read
        self._reading = threading.Lock()  # many visitors may look at the same training

    @classmethod
    def create(cls, request: TrainingRequest, folder: str | Path | None = None) -> Self:
        """Create the folder of a new training; `start` or `charlstm.train` then runs it.

        Args:
            folder: must be empty or not exist; None creates one named after the current time.

        Raises:
            CharLSTMError: the folder is not empty or cannot be written to, or the model cannot be
                trained on the text.
        """
        config = request.config()
        with errors_in_words():
            run = cls(_new_folder(request.recipe.name) if folder is None else folder)
            run.paths.check_new()
            make_folder(run.folder)
            try:
                run._write_inputs(request)
                write_config(config, run.paths.config)
            except OSError:  # half a training would take space, and be listed nowhere
                run.remove()
                raise
        return run

    def _write_inputs(self, request: TrainingRequest) -> None:
        paths = self.paths
        paths.corpus.write_bytes(request.corpus.text.encode())
        if request.source is not None:
            paths.source.write_bytes(request.source.data)
        for number, teacher in enumerate(request.teachers, 1):
            paths.teacher(number).write_bytes(teacher.data)

    @property
    def folder(self) -> Path:
        return self.paths.folder

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def owner(self) -> str | None:
        """
        Raises:
            RunError: the config cannot be read.
        """
        return self.config.owner

    @property
    def config(self) -> RunConfig:
        """The training's settings; the file is read again only if it has changed.

        Raises:
            RunError: the file cannot be read.
        """
        try:
            state = self.paths.config.stat()
        except OSError:
            return read_config(self.paths.config)  # which says what is wrong
        stamp = (state.st_ino, state.st_mtime_ns, state.st_size)
        if self._config is None or self._config[0] != stamp:
            self._config = stamp, read_config(self.paths.config)
        return self._config[1]

    @errors_in_words()
    def set_budget(self, budget: Budget) -> None:
        """Change the budget of a training that is not running, before it is resumed."""
        write_config(replace(self.config, budget=budget), self.paths.config)

    def set_size(self, size: Size) -> None:
        """Record the size that was chosen, before the training begins."""
        write_config(replace(self.config, size=size), self.paths.config)

    def remove(self) -> None:
        """Delete the folder and all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)

    # Inputs: files that are written once

    def text(self) -> str:
        """The cleaned training text.

        Raises:
            RunError: the file is missing or was changed.
        """
        return self._unchanged(self.paths.corpus, self.config.corpus.sha256).decode()

    def source_checkpoint(self) -> Checkpoint | None:
        """The model that the training starts from; None if it starts from scratch."""
        source = self.config.source
        return None if source is None else self._model(self.paths.source, source.sha256)

    def teacher_checkpoints(self) -> list[Checkpoint]:
        """The teachers; empty without distillation."""
        return [
            self._model(self.paths.teacher(number), teacher.sha256)
            for number, teacher in enumerate(self.config.teachers, 1)
        ]

    def _model(self, path: Path, sha256: str | None) -> Checkpoint:
        self._unchanged(path, sha256)
        return load_checkpoint(path)

    def _unchanged(self, path: Path, sha256: str | None) -> bytes:
        """A file's content; RunError if it is missing or its checksum differs."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise RunError(
                f"{self.folder} is missing its {path.name}: start a new training."
            ) from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise RunError(f"{path} was changed: start a new training.")
        return data

    # Events

    def events(self) -> list[Event]:
        """All events so far, oldest first, read from the file at each call.

        Raises:
            RunError: an event is damaged, or was written by another version.
        """
        return self._log.read()

    def timeline(self) -> Timeline:
        """The timeline of the events so far; only those since the last call are read.

        Its status takes the training process into account.

        Raises:
            RunError: an event is damaged, or was written by another version.
        """
        # Before the events are read: a process that ends in between has written its terminal event.
        owner = self.ownership.pid()
        timeline = self._timeline_of_events()
        if owner is None and self.paths.waiting.exists():
            return replace(timeline, status="waiting", ending=None)
        if timeline.is_going_on:
            if owner is None:
                return replace(timeline, status="interrupted")
        elif timeline.status == "new" and owner is None and self.ownership.was_claimed():
            return replace(timeline, status="interrupted")  # before its first event
        elif owner is not None and (timeline.ending is None or owner != timeline.ending.pid):
            # Started, with no event yet.
            return replace(timeline, status="preparing", preparation="", ending=None)
        return timeline

    def _timeline_of_events(self) -> Timeline:
        with self._reading:
            for part in self._log.parts_after(self._events_read):
                before = None if part.begins_anew else self._timeline
                self._timeline = timeline_of(part.events, before)
                self._events_read = part.end
            return self._timeline

    def append(self, event: Event) -> None:
        """Add an event. Only the process that trains may call this."""
        self._log.append(event)

    # The training process

    def is_alive(self) -> bool:
        """Whether a process is training in this folder now."""
        return self.ownership.pid() is not None

    @errors_in_words()
    def start(self) -> subprocess.Popen:
        """Start or resume the training in a separate process.

        Raises:
            RunError: it or another one is running already, or its events cannot be read.
            CharLSTMError: the disk is full, or the folder is gone or cannot be written to.
        """
        place = training_place()
        with place.deciding(), self.ownership.deciding():
            if self.is_alive():
                raise RunError(f"The training in {self.folder} is running already.")
            if place.pid() is not None:
                raise RunError(TAKEN)
            self.paths.stop.unlink(missing_ok=True)
            process = self._start_process("--resume" if self.events() else "--run")
            try:
                self.ownership.write(process.pid)
                place.write(process.pid)
            except OSError:  # nobody would know that it trains
                process.kill()
                process.wait()
                raise
        return process

    def _start_process(self, option: str) -> subprocess.Popen:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        environment["PYTHONPATH"] = os.pathsep.join(
            [str(PACKAGE_PARENT), *filter(None, [environment.get("PYTHONPATH")])]
        )
        with open(self.paths.log, "ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "charlstm", "train", option, str(self.folder.resolve())],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,  # so that Ctrl-C ends the server only
            )

    @errors_in_words()
    def stop(self) -> None:
        """Request that the training end after its current step and keep the model."""
        self.paths.stop.touch()

    @errors_in_words()
    def end_getting_ready(self) -> None:
        """End a training that still gets ready: it may be busy with one thing for half a minute.

        Nothing is lost, because nothing was learned since its process began. It can be resumed.
        """
        import psutil

        with self.ownership.deciding():
            pid = self.ownership.pid()
            if pid in (None, os.getpid()) or self.timeline().status != "preparing":
                return
            with suppress(psutil.NoSuchProcess):
                psutil.Process(pid).kill()
            until_s = time.monotonic() + KILL_PATIENCE_S
            # Not by psutil's `wait`, which would take its exit code from who started it.
            while self.is_alive() and time.monotonic() < until_s:
                time.sleep(0.02)
            before = self.timeline()
            self.append(
                Stopped(
                    elapsed_s=before.elapsed_s,
                    pid=pid,
                    step=0 if before.latest is None else before.latest.step,
                    epoch=0.0 if before.latest is None else before.latest.epoch,
                    prepare_s=0.0,
                )
            )
            self.paths.stop.unlink(missing_ok=True)
            self.ownership.release()


def _new_folder(recipe_name: str) -> Path:
    """Create a folder named after the current time; the name is unique."""
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
    """All trainings of this machine; caches one `Run` each, and with it what was read of it."""

    def __init__(self, folder: Path | None = None):
        self._folder = folder
        self._runs: dict[str, Run] = {}

    @property
    def folder(self) -> Path:
        return self._folder or runs_folder()

    def all(self) -> list[Run]:
        """All trainings, newest first."""
        if not self.folder.is_dir():
            return []
        names = sorted(path.parent.name for path in self.folder.glob("*/config.json"))
        return [self._remembered(name) for name in reversed(names)]

    def get(self, name: str) -> Run:
        """The training of that name.

        Only names of existing trainings are accepted: a name from a visitor cannot be used to
        reach other paths.

        Raises:
            RunError: there is none.
        """
        if name not in {run.name for run in self.all()}:
            raise RunError(NO_TRAINING.format(name))
        return self._remembered(name)

    def _remembered(self, name: str) -> Run:
        return self._runs.setdefault(name, Run(self.folder / name))

    def running(self) -> Run | None:
        """The newest training that is running; None if there is none."""
        return next((run for run in self.all() if run.is_alive()), None)

    def is_training(self) -> bool:
        """Whether a training is running, as far as the folders can be read."""
        try:
            return self.running() is not None
        except OSError:
            return False
