"""What the Train tab shows of a training: made once for all who look at it, when it changes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from charlstm.interface.feed import Parts
from charlstm.interface.models import ModelRegistry, title_of
from charlstm.interface.train import report
from charlstm.runs.config import RunConfig
from charlstm.runs.ownership import RunError
from charlstm.runs.run import Run
from charlstm.runs.timeline import Timeline

# Both charts together have 18 kB, and a room has one Wi-Fi: all who watch are sent one megabyte a
# second at most. Up to 50 see the charts grow every second, 200 every four seconds.
CHARTS_PER_S = 50
VIEWS = ("status", "charts", "sample", "details")
STOP_LABELS = {"measuring": "Skip", "waiting": "Leave the line"}


def shown_training(registry: ModelRegistry, name: str | None) -> str | None:
    """The training to show to whoever asks for one: the named, the running or the newest."""
    return _choose(name, [run.name for run in registry.trainings()], registry.running())


def _choose(name: str | None, names: Iterable[str], running: Run | None) -> str | None:
    names = list(names)
    if name in names:
        return name
    if running is not None and running.name in names:
        return running.name
    return next(iter(names), None)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that a training's report depends on."""

    name: str
    config: RunConfig
    timeline: Timeline
    is_stopping: bool
    has_model: bool
    before: int  # how many go before it, while it waits


class TrainingNews:
    """The parts of the Train tab for those who look at one training: a `Look` of a feed.

    `trainings` is a list of [title, name]; `shown` and `running` are names, or null; `status`,
    `charts`, `sample` and `details` are HTML; `stop`, `resume`, `write` and `keep` tell which
    buttons can be seen and pressed, and some of them what they say.

    Args:
        clock: seconds.
    """

    def __init__(
        self,
        registry: ModelRegistry,
        name: str | None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.registry = registry
        self.name = name
        self._clock = clock
        self._facts: Facts | None = None
        self._views = dict.fromkeys(VIEWS, "")
        self._shown: str | None = None
        self._is_other_gone = False  # what was shown before
        self._drawn: Timeline | None = None  # what the charts show
        self._drawn_s = -math.inf

    def __call__(self, watchers: int) -> Parts:
        runs = {run.name: run for run in self.registry.trainings()}
        running = self.registry.running()
        is_free = running is None or self.registry.limits.is_public  # there one waits in a line
        name = _choose(self.name, runs, running)
        if name != self._shown:
            is_gone = self._shown is not None and self._shown not in runs
            # After Delete the page has its own message, with Undo.
            self._is_other_gone = is_gone and not self.registry.deleted.has(self._shown)
            self._shown = name
        status, has_model, is_stopping, more = "none", False, False, ""
        if name is None:
            views = {**dict.fromkeys(VIEWS, ""), "status": report.NOTHING_YET}
        else:
            run = runs[name]
            has_model, is_stopping = run.paths.checkpoint.exists(), report.is_stopping(run)
            try:
                timeline = run.timeline()
                status = timeline.status
                more = f" ({report.as_long_again(run.config.budget)})"
                facts = Facts(
                    name=name,
                    config=run.config,
                    timeline=timeline,
                    is_stopping=is_stopping,
                    has_model=has_model,
                    before=self.registry.line.place_of(name) if status == "waiting" else 0,
                )
                views = self._make(run, facts, watchers)
            except RunError:  # a damaged folder must not hide the other trainings
                status = "failed"
                views = {**dict.fromkeys(VIEWS, ""), "status": report.UNREADABLE}
        if self._is_other_gone:
            views = {**views, "status": report.GONE + views["status"]}
        can_stop = status in ("waiting", "preparing", "running", "measuring")
        can_resume = status in ("new", "stopped", "interrupted", "failed")
        return {
            "trainings": [[title_of(run), run.name] for run in runs.values()],
            "running": None if running is None else running.name,
            "shown": name,
            **views,
            "stop": {
                "shown": can_stop,
                "enabled": not is_stopping,
                "label": STOP_LABELS.get(status, "Stop"),
            },
            "resume": {"shown": can_resume, "enabled": is_free},
            "write": {"shown": has_model, "enabled": True},
            "delete": {"shown": name is not None and not can_stop, "enabled": True},
            "keep": {
                "shown": status == "finished",
                "enabled": is_free,
                "label": f"Keep training{more}",
            },
        }

    def _make(self, run: Run, facts: Facts, watchers: int) -> dict[str, str]:
        """The report as HTML; of what is as it was, that which was made before."""
        timeline = facts.timeline
        if facts != self._facts:
            self._views["status"] = (
                report.waiting_html(facts.before)
                if timeline.status == "waiting"
                else report.status_html(run, timeline)
            )
            self._views["sample"] = report.sample_html(timeline)
            self._views["details"] = report.details_html(facts.config, timeline)
        is_due = self._clock() - self._drawn_s >= watchers / CHARTS_PER_S
        is_other = self._facts is None or self._facts.name != facts.name
        if timeline != self._drawn and (is_due or is_other or timeline.status != "running"):
            self._views["charts"] = report.charts_html(facts.config, timeline)
            self._drawn, self._drawn_s = timeline, self._clock()
        self._facts = facts
        return dict(self._views)
