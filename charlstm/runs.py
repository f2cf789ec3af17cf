"""The run folder: the truth about a training, shared by whoever trains and whoever watches.

    config.json              recipe, corpus, budget, random seed
    corpus.txt               the cleaned text, so that resuming needs nothing else
    events.jsonl             what happened, a JSON object a line
    checkpoint.safetensors   the model so far, always whole
    resume.safetensors       weights and optimizer state, for going on exactly
    process.json, .lock      who trains
    log.txt                  what the framework printed
    stop                     exists once somebody pressed Stop

Nothing here trains: `start` starts a process of its own, which outlives the page.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from datetime import datetime
from pathlib import Path

from charlstm.corpus import Corpus
from charlstm.home import make_folder, runs_folder
from charlstm.ownership import Ownership, RunError
from charlstm.recipes import Budget, Recipe, find_recipe

TERMINAL_EVENTS = ("finished", "stopped", "failed")


class Run:
    """One training, as its folder tells it."""

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        self._events: list[dict] = []
        self._read_bytes = 0
        self._ownership = Ownership(self.folder)
        self._reading = threading.Lock()  # many visitors look at one training

    @classmethod
    def create(
        cls,
        *,
        recipe: Recipe,
        corpus: Corpus,
        budget: Budget,
        random_seed: int,
        folder: str | Path | None = None,
    ) -> Run:
        """Make the folder of a new training; `start` or `charlstm.training.train` runs it."""
        if not 0 <= random_seed < 2**32:
            raise RunError(f"The random seed was {random_seed}; give one from 0 to {2**32 - 1}.")
        run = cls(_new_folder(recipe.name) if folder is None else folder)
        run.check_new()
        make_folder(run.folder)
        (run.folder / "corpus.txt").write_bytes(corpus.text.encode())
        config = {
            "format": "charlstm-run/1",
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
        }
        run._write_config(config)
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
    def resume_path(self) -> Path:
        return self.folder / "resume.safetensors"

    @property
    def events_path(self) -> Path:
        return self.folder / "events.jsonl"

    @property
    def stop_path(self) -> Path:
        return self.folder / "stop"

    @property
    def config(self) -> dict:
        try:
            config = json.loads(self.config_path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RunError(
                f"{self.folder} is no run folder, or its config.json is damaged. Give the folder "
                "that a training printed when it began."
            ) from error
        if not _is_config(config):
            raise RunError(f"{self.config_path} was not written by this version of charlstm.")
        return config

    @property
    def recipe(self) -> Recipe:
        return find_recipe(self.config["recipe"])

    @property
    def budget(self) -> Budget:
        return Budget(**self.config["budget"])

    def text(self) -> str:
        try:
            data = (self.folder / "corpus.txt").read_bytes()
        except OSError as error:
            raise RunError(
                f"{self.folder} has lost its corpus.txt: start a new training."
            ) from error
        if hashlib.sha256(data).hexdigest() != self.config["corpus"]["sha256"]:
            raise RunError(f"{self.folder / 'corpus.txt'} was changed: start a new training.")
        return data.decode()

    def set_budget(self, budget: Budget) -> None:
        """Give a training that has ended more (or less) time before it is resumed."""
        self._write_config(
            {**self.config, "budget": {"minutes": budget.minutes, "epochs": budget.epochs}}
        )

    def _write_config(self, config: dict) -> None:
        temporary = self.config_path.with_suffix(".part")
        temporary.write_text(json.dumps(config, indent=1, ensure_ascii=False), encoding="utf-8")
        os.replace(temporary, self.config_path)

    # What happened

    def events(self) -> list[dict]:
        """All events so far, oldest first. Reads only what was added since the last call."""
        with self._reading:
            try:
                with open(self.events_path, "rb") as file:
                    if file.seek(0, os.SEEK_END) < self._read_bytes:
                        self._events, self._read_bytes = [], 0
                    file.seek(self._read_bytes)
                    data = file.read()
            except FileNotFoundError:
                return []
            whole = data[: data.rfind(b"\n") + 1]  # a line without its end is still being written
            self._read_bytes += len(whole)
            for line in whole.splitlines():
                try:
                    event = json.loads(line)
                except ValueError:
                    continue  # half a line that a killed process left, closed by the next one
                if isinstance(event, dict) and "event" in event:
                    self._events.append(event)
            return list(self._events)

    def append_event(self, event: str, **details) -> dict:
        """Only the process that trains may call this."""
        record = {"event": event, **details}
        with open(self.events_path, "a+b") as file:
            if file.tell() and not _ends_with_newline(file):
                file.write(b"\n")
            file.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
        return record

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
        checkout = str(Path(__file__).resolve().parent.parent)
        environment["PYTHONPATH"] = os.pathsep.join(
            [checkout, *filter(None, [environment.get("PYTHONPATH")])]
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


def _is_config(config) -> bool:
    """Whether a config.json holds what this version writes."""
    if not isinstance(config, dict) or config.get("format") != "charlstm-run/1":
        return False
    corpus, budget = config.get("corpus"), config.get("budget")
    return (
        isinstance(config.get("recipe"), str)
        and type(config.get("random_seed")) is int
        and isinstance(budget, dict)
        and set(budget) == {"minutes", "epochs"}
        and all(value is None or type(value) in (int, float) for value in budget.values())
        and isinstance(corpus, dict)
        and all(isinstance(corpus.get(name), str) for name in ("name", "sha256", "style"))
        and isinstance(corpus.get("notices", []), list)
    )


def _ends_with_newline(file) -> bool:
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


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
