"""The story of a training, moment by moment: what it wrote, and its loss just then.

Stories may come from a stranger: what makes no sense is left out.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from charlstm.analysis.baselines import MEASURED_ON, measured_on
from charlstm.analysis.evaluation import perplexity
from charlstm.interface.charts.plot import HELD_OUT_LABEL, loss_chart
from charlstm.interface.train.report import duration
from charlstm.network.checkpoint import MAX_NUMBER, Checkpoint
from charlstm.runs.run import Run
from charlstm.runs.timeline import Timeline

NOTES = {
    "coming": "Getting ready. The first text comes in a few seconds.",
    "going on": "It is learning right now: new moments come by themselves.",
    "not begun": "This training has not begun yet: start it on the Train tab.",
    "wordless": "This training ended before it wrote anything. Choose another one.",
    "unkept": "This model keeps no texts from the time when it learned. Choose another one.",
    "tuned": "It started from a model that had learned before: its first text is no gibberish.",
}
MAX_MOMENTS = 300  # of a stranger's file; a training of a day keeps 60
MAX_TEXT_CHARACTERS = 2000
MAX_LOSS_NATS = 20.0  # more is no measurement
CALM_NATS = 0.2  # where neighbours differ by less, the line between them tells the truth
FIRST_S = 0.1  # the logarithmic axis begins there at the earliest

Curve = list[tuple[float, float]]  # (elapsed seconds, loss in nats), oldest first


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What it wrote, and when."""

    step: int
    elapsed_s: float
    text: str

    @property
    def key(self) -> str:
        """No other moment of the story has it, even if a training went back and on again."""
        return f"{self.step} {self.elapsed_s}"

    @property
    def when(self) -> str:
        return f"After {duration(self.elapsed_s)}, step {self.step:,}"


@dataclass(frozen=True, kw_only=True)
class Story:
    """All moments of a training, and the curves of its loss.

    Attributes:
        measured_on: a key of `MEASURED_ON`.
        budget_s: where the time axis ends; None: with the last moment.
        started: what was known at its start: the losses of simpler guessers.
        note: what else there is to say.
    """

    moments: list[Moment]
    training: Curve
    held_out: Curve
    measured_on: str
    started: dict
    note: str = ""
    is_live: bool = False
    budget_s: float | None = None

    def loss_at(self, elapsed_s: float) -> tuple[float, str] | None:
        """The loss in nats and the text it was measured on; None where nobody knows.

        Text that was held out tells most, but is measured seldom: while the loss falls fast, that
        on the text it was just reading is nearer to the truth.
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
        """Where the logarithmic time axis begins: half of all moments lie in the first minute."""
        return max(FIRST_S, min((moment.elapsed_s for moment in self.moments), default=1.0))

    def chart(self) -> str:
        """The curve with the places of all moments on it; nothing if no loss is known."""
        if not self.training and not self.held_out and not self.is_live:
            return ""
        losses = [self.loss_at(moment.elapsed_s) for moment in self.moments]
        marks = [
            (moment.elapsed_s, loss[0] if loss else math.nan)
            for moment, loss in zip(self.moments, losses, strict=True)
        ]
        last_s = max((time for time, _ in [*self.training, *self.held_out, *marks]), default=1.0)
        label = "its random split (leaky)" if self.measured_on == "leaky" else "held-out text"
        return loss_chart(
            self.training,
            self.held_out,
            blind_loss_nats=_loss(self.started.get("blind_loss_nats")),
            four_gram_loss_nats=_loss(self.started.get("four_gram_loss_nats")),
            budget_s=max(self.budget_s or 0.0, last_s),
            held_out_label=HELD_OUT_LABEL if self.measured_on == "unseen" else label,
            x_start_s=self.start_s,
            marks=marks,
        )

    def answer(self, known: Iterable[str] = ()) -> dict:
        """For the page: the order of all moments, and those of them that are new to it."""
        known = set(known)
        new = [moment for moment in self.moments if moment.key not in known]
        return {
            "order": [moment.key for moment in self.moments],
            "moments": [self._told(moment) for moment in new],
            "chart": self.chart() if new or not self.moments else None,
            "live": self.is_live,
            "note": self.note,
        }

    def _told(self, moment: Moment) -> dict:
        loss = self.loss_at(moment.elapsed_s)
        return {
            "key": moment.key,
            "when": moment.when,
            "loss": in_words(*loss) if loss else "Its loss at this moment is not known.",
            "text": moment.text,
        }


def in_words(loss_nats: float, measured_on: str) -> str:
    """How surprised it is, for people, with the terms beside it."""
    choices = perplexity(loss_nats)
    choices = f"{choices:.1f}" if choices < 100 else f"{choices:,.0f}"
    return (
        f"As unsure as between {choices} equally likely characters (perplexity); "
        f"loss {loss_nats:.2f} nats, on {measured_on}."
    )


def story_of_checkpoint(checkpoint: Checkpoint) -> Story:
    told = checkpoint.training
    moments = _thinned(_moments(checkpoint.samples))
    started = told.get("started")
    note = "" if moments else NOTES["unkept"]
    if moments and "started_from" in told:
        note = NOTES["tuned"]
    held_out = _curve(checkpoint.history.get("val_loss_nats", []))
    return Story(
        moments=moments,
        training=_from_the_start(_curve(checkpoint.history.get("running_loss_nats", [])), held_out),
        held_out=held_out,
        measured_on=measured_on(told),
        started=started if isinstance(started, dict) else {},
        note=note,
    )


def story_of_run(run: Run, timeline: Timeline, held: str = "") -> Story:
    """The kept moments, the newest one, and the one that a visitor holds on to."""
    samples = _moments(timeline.samples)
    kept = {moment.key for moment in _moments(e for e in timeline.samples if e.get("kept"))}
    kept |= {held, *(moment.key for moment in samples[-1:])}
    moments = [moment for moment in samples if moment.key in kept]
    held_out = _curve(_points(timeline.validated, "val_loss_nats"))
    training = _curve(_points(timeline.progress, "running_loss_nats"))
    minutes, budget_s = run.budget.minutes, None
    if timeline.is_going_on and minutes:
        budget_s = 60.0 * minutes
    elif timeline.is_going_on and timeline.progress:
        budget_s = _number(timeline.elapsed_s) + _number(timeline.progress[-1].get("eta_s"))
    return Story(
        moments=_thinned(moments),
        training=_from_the_start(training, held_out),
        held_out=held_out,
        measured_on=run.held_out if run.recipe.predicts_every_position else "leaky",
        started=timeline.started,
        note=_note(run, timeline, bool(moments)),
        is_live=timeline.is_going_on,
        budget_s=budget_s,
    )


def _note(run: Run, timeline: Timeline, has_moments: bool) -> str:
    if not has_moments:
        if timeline.is_going_on or (timeline.status == "new" and run.is_alive()):
            return NOTES["coming"]
        return NOTES["not begun" if timeline.status == "new" else "wordless"]
    notes = [NOTES["going on"]] if timeline.is_going_on else []
    return " ".join(notes + ([NOTES["tuned"]] if run.origin is not None else []))


def _moments(samples: Iterable[dict]) -> list[Moment]:
    moments = {}
    for sample in samples:
        step, elapsed_s, text = (sample.get(name) for name in ("step", "elapsed_s", "text"))
        if type(step) is not int or not isinstance(text, str):
            continue
        if all(_is_number(number) and number >= 0 for number in (step, elapsed_s)):
            moments[step] = Moment(
                step=step, elapsed_s=float(elapsed_s), text=text[:MAX_TEXT_CHARACTERS]
            )
    return [moments[step] for step in sorted(moments)]


def _thinned(moments: list[Moment]) -> list[Moment]:
    """At most `MAX_MOMENTS`, the first and the last among them."""
    if len(moments) <= MAX_MOMENTS:
        return moments
    last = len(moments) - 1
    return [moments[place * last // (MAX_MOMENTS - 1)] for place in range(MAX_MOMENTS)]


def _points(events: list[dict], name: str) -> list[tuple]:
    return [(event.get("elapsed_s"), event.get(name)) for event in events]


def _curve(points: Iterable) -> Curve:
    pairs = ((time, _loss(loss)) for time, loss in points if _is_number(time))
    return sorted((float(time), loss) for time, loss in pairs if time >= 0 and loss == loss)


def _from_the_start(training: Curve, held_out: Curve) -> Curve:
    """What has not learned yet is as surprised by any text: the curve may begin with that."""
    if training and held_out and held_out[0][0] < training[0][0]:
        return [held_out[0], *training]
    return training


def _loss(value) -> float:
    """A loss in nats; not a number if it is none."""
    return float(value) if _is_number(value) and 0 <= value <= MAX_LOSS_NATS else math.nan


def _number(value) -> float:
    return float(value) if _is_number(value) else 0.0


def _is_number(value) -> bool:
    return type(value) in (int, float) and abs(value) <= MAX_NUMBER


def _value(curve: Curve, elapsed_s: float, start_s: float) -> float:
    """Where a curve lies; between its points on the line that joins them on the time axis."""
    place = bisect_left(curve, (elapsed_s, -math.inf))
    if place == len(curve):
        return curve[-1][1]
    (time, loss), (earlier_s, earlier) = curve[place], curve[max(place - 1, 0)]
    now, end, begin = (math.log(max(at, start_s)) for at in (elapsed_s, time, earlier_s))
    if now >= end or end == begin:
        return loss
    return earlier + (loss - earlier) * (now - begin) / (end - begin)


def _calm_value(curve: Curve, elapsed_s: float, start_s: float) -> float | None:
    """`_value` where it was measured just then or changes little around; else None."""
    place = bisect_left(curve, (elapsed_s, -math.inf))
    if place < len(curve) and curve[place][0] == elapsed_s:
        return curve[place][1]
    around = curve[max(place - 1, 0) : place + 1] if place < len(curve) else curve[-2:]
    if len(around) < 2 or abs(around[0][1] - around[1][1]) > CALM_NATS:
        return None
    return _value(curve, elapsed_s, start_s)
