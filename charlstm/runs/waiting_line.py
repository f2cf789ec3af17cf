"""The line in which trainings wait for their turn, where strangers share a machine."""

from __future__ import annotations

import os
import subprocess

from charlstm.errors import CharLSTMError
from charlstm.files import errors_in_words
from charlstm.runs.ownership import training_place
from charlstm.runs.run import Run, Runs


class WaitingLine:
    """Trainings that wait, in the order in which they came.

    A file in a run folder says that it waits: so a line outlives its server.
    """

    def __init__(self, runs: Runs):
        self._runs = runs

    @errors_in_words()
    def join(self, run: Run) -> None:
        """Let a training wait, as the last of the line even where the clock was set back.

        Raises:
            CharLSTMError: its folder cannot be written to.
        """
        waiting = self.waiting()
        run.paths.waiting.touch()
        if waiting:
            last_ns = waiting[-1].paths.waiting.stat().st_mtime_ns
            joined_ns = max(run.paths.waiting.stat().st_mtime_ns, last_ns + 1)
            os.utime(run.paths.waiting, ns=(joined_ns, joined_ns))

    def waiting(self) -> list[Run]:
        """Those that wait, the next one first."""
        came = []
        for run in self._runs.all():
            try:
                came.append((run.paths.waiting.stat().st_mtime_ns, run.name, run))
            except OSError:  # it does not wait
                continue
        return [run for _, _, run in sorted(came, key=lambda one: one[:2])]

    def place_of(self, name: str) -> int:
        """How many go before a training that waits, counting the one that runs."""
        names = [run.name for run in self.waiting()]
        before = names.index(name) if name in names else 0
        return before + (self._runs.running() is not None)

    def start_next(self) -> tuple[Run, subprocess.Popen] | None:
        """Start the next one, if the place is free.

        Returns:
            What was started; None if nothing was.
        """
        waiting = self.waiting()
        if not waiting:
            return None
        if training_place().pid() is not None:
            for run in filter(Run.is_alive, waiting):  # its server died before it said so
                run.paths.waiting.unlink(missing_ok=True)
            return None
        run = waiting[0]
        try:
            process = run.start()
        except CharLSTMError:
            if training_place().pid() is None:  # it cannot be started, and others wait behind it
                run.paths.waiting.unlink(missing_ok=True)
            return None  # else another server was faster, and it keeps its place
        run.paths.waiting.unlink(missing_ok=True)
        return run, process
