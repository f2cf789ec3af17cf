"""The line in which trainings wait for their turn, where strangers share a machine."""

from __future__ import annotations

import subprocess

from charlstm.errors import CharLSTMError
from charlstm.runs.ownership import training_place
from charlstm.runs.run import Run, Runs


class WaitingLine:
    """Trainings that wait, in the order in which they came.

    A file in a run folder says that it waits: so a line outlives its server.
    """

    def __init__(self, runs: Runs):
        self._runs = runs

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
        if not waiting or training_place().pid() is not None:
            return None
        run = waiting[0]
        run.paths.waiting.unlink(missing_ok=True)
        try:
            return run, run.start()
        except CharLSTMError:  # another server was faster, or it cannot be started any more
            return None
