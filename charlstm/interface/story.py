"""A training told in words and pictures: HTML from its timeline, without Gradio."""

from __future__ import annotations

import math
from html import escape

from charlstm.evaluation import perplexity
from charlstm.interface.plot import accuracy_chart, loss_chart
from charlstm.runs import Run
from charlstm.timeline import Timeline

NOTHING_YET = (
    '<div class="story"><p class="headline">No training yet</p><p>Press <b>Start</b>. You will see '
    "the network guess blindly at first, then learn letters, words and line breaks from nothing "
    "but guessing the next character.</p></div>"
)
HEADLINES = {
    "new": "Not started yet",
    "preparing": "Getting ready …",
    "running": "Learning",
    "measuring": "Measuring on text it never saw …",
    "finished": "Finished",
    "stopped": "Stopped: the model is kept",
    "failed": "Something went wrong",
    "interrupted": "Interrupted: Resume goes on from the last saved moment",
}
BACKENDS = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}


def duration(seconds: float) -> str:
    """For people: "45 seconds", "3:20 minutes", "about 27 hours"."""
    seconds = max(0, round(seconds))
    if seconds < 60:
        return f"{seconds} second{'s' if seconds != 1 else ''}"
    if seconds < 3600:
        minutes, rest = divmod(seconds, 60)
        if rest == 0:
            return f"{minutes} minute{'s' if minutes != 1 else ''}"
        return f"{minutes}:{rest:02d} minutes"
    hours = seconds / 3600
    return f"about {hours:.1f} hours" if hours < 10 else f"about {hours:.0f} hours"


def status_html(run: Run, timeline: Timeline) -> str:
    """Headline, progress with the time left, what computes, and the result at the end."""
    lines = [f'<p class="headline">{escape(_headline(run, timeline))}</p>']
    if timeline.is_going_on:
        lines.append(_bar(timeline))
    progress = timeline.progress[-1] if timeline.progress else None
    if timeline.status == "running" and progress:
        lines.append(
            f"<p><b>{duration(progress['eta_s'])} left.</b> It reads "
            f"{progress['characters_per_s']:,} characters a second and has read "
            f"{passes(progress['epoch'])}.</p>"
        )
    if timeline.status == "failed":
        lines.append(f'<p class="advice">{escape(timeline.ending.get("message", ""))}</p>')
    lines += result_lines(run, timeline)
    notices = run.config["corpus"].get("notices", [])
    lines += [f'<p class="note">{escape(notice)}</p>' for notice in notices]
    if timeline.started:
        lines.append(f'<p class="quiet">{escape(_device(timeline.started))}</p>')
    return f'<div class="story" data-status="{timeline.status}">{"".join(lines)}</div>'


def passes(epochs: float) -> str:
    return f"{100 * epochs:.0f} % of the text" if epochs < 1 else f"the text {epochs:.1f} times"


def _headline(run: Run, timeline: Timeline) -> str:
    headline = HEADLINES[timeline.status]
    if timeline.status == "finished":
        headline += f" after {duration(timeline.elapsed_s)}"
    if timeline.status == "running" and run.stop_path.exists():
        headline = "Stopping …"
    return headline


def _bar(timeline: Timeline) -> str:
    percent = 100 * timeline.share
    moving = " waiting" if timeline.status != "running" else ""
    return (
        f'<div class="bar{moving}" role="progressbar" aria-label="Progress of the training" '
        f'aria-valuemin="0" aria-valuemax="100" aria-valuenow="{percent:.0f}">'
        f'<div style="width:{percent:.1f}%"></div></div>'
    )


def _device(started: dict) -> str:
    backend = BACKENDS.get(started.get("backend"), started.get("backend"))
    place = "the graphics card" if started.get("device_kind") == "gpu" else "the processor"
    return (
        f"Runs on {place}: {started.get('device')}, {backend} {started.get('backend_version')}. "
        f"{started.get('parameters', 0):,} parameters, {started.get('characters', 0):,} characters "
        f"of text, {started.get('vocabulary_size', 0)} different ones."
    )


def result_lines(run: Run, timeline: Timeline) -> list[str]:
    """How good it became, in words: exact figures at the end, else those of the curve."""
    if timeline.is_going_on:
        return []
    results = timeline.ending.get("results") or {}
    sampled = ""
    if not results and timeline.validated:
        last = timeline.validated[-1]
        results = {"loss_nats": last["val_loss_nats"], "accuracy": last["val_accuracy"]}
        sampled = " (measured on a part of the held-out text)"
    if not results:
        return []
    loss, accuracy = results["loss_nats"], results["accuracy"]
    choices = perplexity(loss)
    lines = [
        f'<p class="result">It guesses {100 * accuracy:.0f} % of the next characters. Perplexity '
        f"{choices:.1f}: as unsure as a choice among {choices:.1f} characters.</p>"
    ]
    four_gram = timeline.started.get("four_gram_loss_nats")
    compared = ""
    if four_gram:
        better = "less" if loss < four_gram else "more"
        compared = (
            f" That is {better} than the {four_gram:.2f} nats of merely counting which character "
            "follows the last three (4-gram count model)."
        )
    lines.append(
        f"<p>Loss {loss:.3f} nats a character{sampled}, on text it never saw.{compared}</p>"
    )
    split = results.get("random_split")
    if split:
        lines.append(
            f'<p class="note">On the notebook’s own random split: loss {split["loss_nats"]:.4f}, '
            f"accuracy {split['accuracy']:.4f}. That split leaks: nearly every test character also "
            "stands in a training window, and so does the held-out text above. Neither figure says "
            "how it does on new text.</p>"
        )
    return lines


def charts_html(run: Run, timeline: Timeline) -> str:
    """The loss plot and the accuracy plot."""
    minutes = run.config["budget"].get("minutes")
    budget_s = 60 * minutes if minutes else None
    if not minutes and timeline.progress:
        budget_s = timeline.elapsed_s + timeline.progress[-1]["eta_s"]

    def curve(events: list[dict], name: str) -> list[tuple[float, float]]:
        return [(event["elapsed_s"], event[name]) for event in events]

    labels = {}
    if not run.recipe.predicts_every_position:
        labels["held_out_label"] = "its random split (leaky)"
    loss = loss_chart(
        curve(timeline.progress, "running_loss_nats"),
        curve(timeline.validated, "val_loss_nats"),
        # Not known before the start: a guide that is no number is not drawn.
        blind_loss_nats=timeline.started.get("blind_loss_nats", math.nan),
        four_gram_loss_nats=timeline.started.get("four_gram_loss_nats", math.nan),
        budget_s=budget_s,
        **labels,
    )
    accuracy = accuracy_chart(
        curve(timeline.progress, "accuracy"),
        curve(timeline.validated, "val_accuracy"),
        budget_s=budget_s,
        **labels,
    )
    return f'<div class="charts">{loss}{accuracy}</div>'


def sample_html(timeline: Timeline) -> str:
    """What it writes now, from nothing but a line's beginning."""
    if not timeline.samples:
        return ""
    sample = timeline.samples[-1]
    when = f"after {duration(sample['elapsed_s'])}, step {sample['step']:,}"
    return (
        f'<figure class="sample"><figcaption>What it writes {escape(when)}</figcaption>'
        f"<div>{escape(sample['text'].strip(chr(10)), quote=False)}</div></figure>"
    )
