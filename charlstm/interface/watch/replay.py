"""The replay of a training, snapshot by snapshot: what it wrote, and its loss at that time."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from charlstm.analysis.baselines import MEASURED_ON, measured_on
from charlstm.analysis.evaluation import perplexity
from charlstm.interface.charts.plot import HELD_OUT_LABEL, loss_chart
from charlstm.interface.feed import Parts
from charlstm.network.checkpoint import Checkpoint
from charlstm.network.training_record import BaselineFigures, Sample
from charlstm.runs.events import Sampled
from charlstm.runs.run import Run
from charlstm.runs.timeline import Timeline, duration

NOTES = {
    "coming": "Getting ready. The first text comes in a few seconds.",
    "going on": "It is learning right now: new moments come by themselves.",
    "not begun": "This training has not begun yet: start it on the Train tab.",
    "wordless": "This training ended before it wrote anything. Choose another one.",
    "unkept": "This model keeps no texts from the time when it learned. Choose another one.",
    "tuned": "It started from a model that had learned before: its first text is no gibberish.",
    "sampled": (
        "While it learned, it was measured on a sample of the held-out text; the figures of a "
        "finished model are measured on all of it and differ a little."
    ),
}
MAX_SNAPSHOTS = 300  # limit for untrusted files; a training of a day keeps 60
MAX_TEXT_CHARACTERS = 2000
MAX_LOSS_NATS = 20.0  # larger values are not plausible
CALM_NATS = 0.2  # if neighbouring points differ by at most this, interpolating is accurate
FIRST_S = 0.1  # the smallest possible start of the logarithmic axis

Curve = list[tuple[float, float]]  # (elapsed seconds, loss in nats), oldest first


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """What the network wrote at one time of its training."""

    step: int
    elapsed_s: float
    text: str

    @property
    def key(self) -> str:
        """Unique within a replay, even if resuming has repeated a step."""
        return f"{self.step} {self.elapsed_s}"

    @property
    def when(self) -> str:
        return f"After {duration(self.elapsed_s)}, step {self.step:,}"


@dataclass(frozen=True, kw_only=True)
class Replay:
    """All snapshots of a training, and the curves of its loss.

    Attributes:
        training, held_out: loss on the text being read, and on held-out text.
        measured_on: a key of `MEASURED_ON`.
        baselines: their losses are drawn as guides.
        note: sentences to show above the texts.
        is_live: whether the training is running.
        budget_s: end of the time axis; None ends it at the last point.
    """

    snapshots: list[Snapshot]
    training: Curve
    held_out: Curve
    measured_on: str
    baselines: BaselineFigures
    note: str = ""
    is_live: bool = False
    budget_s: float | None = None

    def loss_at(self, elapsed_s: float) -> tuple[float, str] | None:
        """The loss in nats at a time, and the text it was measured on; None if it is not known.

        The held-out loss is preferred, but it is measured rarely: while it falls fast, the loss on
        the text being read is more accurate than interpolating.
        """
        on = MEASURED_ON[self.measured_on]
        held_out = _calm_value(self.held_out, elapsed_s, self.start_s)
        if held_out is not None:
            return held_out, on
        if self.training:
            return _value(
                self.training, elapsed_s, self.start_s
            ), "the text it was just learning from"
        return (_value(self.held_out, elapsed_s, self.start_s), on) if self.held_out else None

    @property
    def start_s(self) -> float:
        """Start of the time axis, which is logarithmic: half of all snapshots are early ones."""
        return max(FIRST_S, min((snapshot.elapsed_s for snapshot in self.snapshots), default=1.0))

    def chart(self) -> str:
        """The loss chart with a mark for each snapshot; empty if no loss is known."""
        if not self.training and not self.held_out and not self.is_live:
            return ""
        losses = [self.loss_at(snapshot.elapsed_s) for snapshot in self.snapshots]
        marks = [
            (snapshot.elapsed_s, loss[0] if loss else math.nan)
            for snapshot, loss in zip(self.snapshots, losses, strict=True)
        ]
        last_s = max((time for time, _ in [*self.training, *self.held_out, *marks]), default=1.0)
        label = "its random split (leaky)" if self.measured_on == "leaky" else "held-out text"
        return loss_chart(
            self.training,
            self.held_out,
            blind_loss_nats=_loss(self.baselines.blind_loss_nats),
            four_gram_loss_nats=_loss(self.baselines.four_gram_loss_nats),
            budget_s=max(self.budget_s or 0.0, last_s),
            held_out_label=HELD_OUT_LABEL if self.measured_on == "unseen" else label,
            x_start_s=self.start_s,
            marks=marks,
        )

    def parts(self, before: Parts | None = None) -> Parts:
        """The replay for the page: the order of its snapshots, and each as a part of its own.

        Args:
            before: parts of the same replay. As long as there is no other snapshot, its chart and
                its snapshots are kept.
        """
        order = [snapshot.key for snapshot in self.snapshots]
        state = {"live": self.is_live, "note": self.note}
        if before is not None and order and before["order"] == order:
            return {**before, **state}
        moments = {f"moment {shot.key}": self._for_page(shot) for shot in self.snapshots}
        return {**state, "order": order, "chart": self.chart(), **moments}

    def _for_page(self, snapshot: Snapshot) -> dict:
        loss = self.loss_at(snapshot.elapsed_s)
        return {
            "key": snapshot.key,
            "step": snapshot.step,
            "when": snapshot.when,
            "loss": in_words(*loss) if loss else "Its loss at this moment is not known.",
            "text": snapshot.text,
        }


def in_words(loss_nats: float, measured_on: str) -> str:
    """A sentence on perplexity and loss, for people."""
    choices = perplexity(loss_nats)
    number = f"{choices:.1f}" if choices < 10 else f"{choices:,.0f}"
    return (
        f"Like choosing among {number} equally likely letters (perplexity); "
        f"loss {loss_nats:.2f} nats, on {measured_on}."
    )


def replay_of_checkpoint(checkpoint: Checkpoint) -> Replay:
    training, history = checkpoint.training, checkpoint.history
    snapshots = _thinned(_snapshots(checkpoint.samples))
    held_out = _curve(history.get("val_loss_nats", []))
    notes = [NOTES["tuned"]] if training.source is not None else []
    notes += [NOTES["sampled"]] if held_out else []
    note = " ".join(notes) if snapshots else NOTES["unkept"]
    return Replay(
        snapshots=snapshots,
        training=_from_the_start(_curve(history.get("running_loss_nats", [])), held_out),
        held_out=held_out,
        measured_on=measured_on(training),
        baselines=training.started.baselines,
        note=note,
    )


def replay_of_run(run: Run, timeline: Timeline) -> Replay:
    """The replay of a run folder: the kept snapshots, and the newest."""
    config = run.config
    snapshots = _snapshots(timeline.samples)
    kept = {snapshot.key for snapshot in _snapshots(timeline.kept_samples())}
    kept |= {snapshot.key for snapshot in snapshots[-1:]}
    shown = [snapshot for snapshot in snapshots if snapshot.key in kept]
    held_out = _curve(timeline.held_out_losses)
    minutes, budget_s = config.budget.minutes, None
    if timeline.is_going_on and minutes:
        budget_s = 60.0 * minutes
    elif timeline.is_going_on and timeline.latest is not None:
        budget_s = timeline.elapsed_s + timeline.latest.eta_s
    return Replay(
        snapshots=_thinned(shown),
        training=_from_the_start(_curve(timeline.training_losses), held_out),
        held_out=held_out,
        measured_on=config.exposure,
        baselines=timeline.baselines,
        note=_note(run, timeline, shown, held_out),
        is_live=timeline.is_going_on,
        budget_s=budget_s,
    )


def _note(run: Run, timeline: Timeline, snapshots: list[Snapshot], held_out: Curve) -> str:
    if not snapshots:
        if timeline.is_going_on or (timeline.status == "new" and run.is_alive()):
            return NOTES["coming"]
        return NOTES["not begun" if timeline.status == "new" else "wordless"]
    notes = [NOTES["going on"]] if timeline.is_going_on else []
    notes += [NOTES["tuned"]] if run.config.source is not None else []
    notes += [NOTES["sampled"]] if held_out else []
    return " ".join(notes)


def _snapshots(samples: Iterable[Sample | Sampled]) -> list[Snapshot]:
    """Snapshots ordered by step; of several samples at one step, the latest counts."""
    by_step = {sample.step: sample for sample in samples}
    return [
        Snapshot(
            step=step,
            elapsed_s=float(by_step[step].elapsed_s),
            text=by_step[step].text[:MAX_TEXT_CHARACTERS],
        )
        for step in sorted(by_step)
    ]


def _thinned(snapshots: list[Snapshot]) -> list[Snapshot]:
    """At most `MAX_SNAPSHOTS`, evenly chosen, including the first and the last."""
    if len(snapshots) <= MAX_SNAPSHOTS:
        return snapshots
    last = len(snapshots) - 1
    return [snapshots[index * last // (MAX_SNAPSHOTS - 1)] for index in range(MAX_SNAPSHOTS)]


def _curve(points: Iterable[tuple[float, float]]) -> Curve:
    """A curve in order of time, without invalid losses: the files are not trusted."""
    pairs = ((seconds, _loss(loss)) for seconds, loss in points)
    return sorted(
        (float(seconds), loss) for seconds, loss in pairs if seconds >= 0 and not math.isnan(loss)
    )


def _from_the_start(training: Curve, held_out: Curve) -> Curve:
    """The training curve, extended back to the first held-out point.

    Before any training, the loss on held-out text is also that on the training text.
    """
    if training and held_out and held_out[0][0] < training[0][0]:
        return [held_out[0], *training]
    return training


def _loss(value: float | None) -> float:
    """A loss in nats; NaN if the value is invalid."""
    return float(value) if value is not None and 0 <= value <= MAX_LOSS_NATS else math.nan


def _value(curve: Curve, elapsed_s: float, start_s: float) -> float:
    """Interpolate a curve linearly in the logarithm of time, as it is drawn."""
    index = bisect_left(curve, (elapsed_s, -math.inf))
    if index == len(curve):
        return curve[-1][1]
    (time, loss), (earlier_s, earlier) = curve[index], curve[max(index - 1, 0)]
    now, end, begin = (math.log(max(at, start_s)) for at in (elapsed_s, time, earlier_s))
    if now >= end or end == begin:
        return loss
    return earlier + (loss - earlier) * (now - begin) / (end - begin)


def _calm_value(curve: Curve, elapsed_s: float, start_s: float) -> float | None:
    """`_value` if the curve has a point at that time, or changes little around it; else None."""
    index = bisect_left(curve, (elapsed_s, -math.inf))
    if index < len(curve) and curve[index][0] == elapsed_s:
        return curve[index][1]
    around = curve[max(index - 1, 0) : index + 1] if index < len(curve) else curve[-2:]
    if len(around) < 2 or abs(around[0][1] - around[1][1]) > CALM_NATS:
        return None
    return _value(curve, elapsed_s, start_s)
