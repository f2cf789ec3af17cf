"""The report of a training: HTML made from its timeline, without Gradio."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

from charlstm.analysis.baselines import MEASURED_ON, compare
from charlstm.interface.charts.plot import HELD_OUT_LABEL, accuracy_chart, loss_chart
from charlstm.interface.figures import figures_html
from charlstm.network.checkpoint import Checkpoint
from charlstm.network.training_record import Results
from charlstm.runs.advice import advice_for
from charlstm.runs.config import RunConfig
from charlstm.runs.estimate import Basis, Estimate
from charlstm.runs.events import PREPARATIONS, Completed, Sampled, Started
from charlstm.runs.fastest_way import FIRST_TIME, will_measure
from charlstm.runs.fine_tuning import name_new_characters, unknown_characters
from charlstm.runs.recipes import Budget
from charlstm.runs.run import Run
from charlstm.runs.text_report import TextReport
from charlstm.runs.timeline import Timeline, duration
from charlstm.text.corpus import Corpus

NOTHING_YET = (
    '<div class="story" data-status="none"><h2 class="headline">No training yet</h2>'
    "<p>Press New training to teach a network.</p></div>"
)
GONE = (
    '<p class="advice" role="status">The training that was shown here is gone: its folder was '
    "deleted.</p>"
)
UNREADABLE = (
    '<div class="story" data-status="unreadable"><h2 class="headline">This training cannot be shown'
    "</h2><p>The notes in its folder are damaged, or of another version of charlstm. Its model, if "
    "there is one, can still write.</p></div>"
)
SAMPLE_TO_COME = (
    '<div class="samples"><figure class="sample latest to-come"><figcaption>What it writes'
    '</figcaption><div class="quiet">Its first text appears here as soon as it starts learning.'
    "</div></figure></div>"
)
CURVES_NOTE = (
    '<p class="quiet">While it learned, it was measured on a part of the held-out text; the result '
    "above is of all of it.</p>"
)
HEADLINES = {
    "new": "Not started yet",
    "preparing": "Getting ready …",
    "running": "Learning",
    "measuring": "Measuring how good it is …",
    "finished": "Finished",
    "stopped": "Stopped",
    "failed": "Something went wrong",
    "interrupted": "Interrupted: Resume continues from the last saved state",
}
BASES = {
    Basis.EARLIER_TRAINING: "as measured here",
    Basis.MEASURED_STEP: "as measured here",
    Basis.PROCESSOR: "judging by the processor",
    Basis.PROCESSOR_ONLY: "judging by the processor; a graphics card may be much faster",
}
BACKENDS = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}


def advice_html(sentence: str) -> str:
    """A highlighted sentence that says what is wrong and what to do about it."""
    return f'<p class="advice" role="status">{escape(sentence)}</p>'


def text_html(look: TextReport) -> str:
    """How a training text was read, before the start: its size, first lines, changes and advice."""
    others = "".join(
        f'<p class="quiet">{escape(one.file)}:</p>{_lines_html(one.lines)}'
        for one in look.beginnings
    )
    if others:
        others = f'<p class="quiet">Other files whose encoding was guessed begin:</p>{others}'
    notices = "".join(f"<li>{escape(notice)}</li>" for notice in look.notices)
    return (
        f'<div class="text-read" role="status"><p class="quiet">{escape(look.facts)} It begins:</p>'
        f"{_lines_html(look.first_lines)}{others}{f'<ul>{notices}</ul>' if notices else ''}</div>"
        f"{''.join(map(advice_html, look.advice))}"
    )


def _lines_html(lines: Iterable[str]) -> str:
    quoted = "".join(f'<p dir="auto">{escape(line)}</p>' for line in lines)
    return f'<blockquote class="first-lines">{quoted}</blockquote>'


def start_html(checkpoint: Checkpoint, text: Corpus | None) -> str:
    """What fine-tuning this model means, and which characters of the text it does not know.

    Args:
        text: the training text; None if it has not been read yet.
    """
    layers = " + ".join(map(str, checkpoint.architecture.lstm_units))
    new = "How many characters are new to it is said once the text is here."
    if text is not None:
        new = name_new_characters(unknown_characters(checkpoint.vocabulary, text.text))
    return (
        '<p class="quiet" role="status">Fine-tuning: the training goes on from what this model has '
        f"learned, by smaller steps. Its network stays (LSTM {layers}), whatever the recipe says. "
        f"{escape(new)}</p>"
    )


def estimate_html(estimate: Estimate, measures_first: bool = False, about: str = "") -> str:
    """How long a training will take on this machine.

    Args:
        measures_first: whether it will have to compile and measure before it starts.
        about: a sentence about its recipe, which comes first.
    """
    roughly = "" if estimate.seconds >= 3600 else "about "  # `duration` adds it to hours
    return (
        f'<p class="quiet">{escape(about)} Takes {roughly}{duration(estimate.seconds)} on '
        f"this machine and reads {passes(estimate.epochs)} ({BASES[estimate.basis]}). Getting "
        "ready and measuring at the end take a few more seconds."
        f"{' ' + FIRST_TIME if measures_first else ''}</p>"
    )


def waiting_html(before: int) -> str:
    """What is shown of a training that waits for its turn.

    Args:
        before: how many go before it.
    """
    line = {
        0: "It is the next one.",
        1: "One training goes before it.",
    }.get(before, f"{before} trainings go before it.")
    return (
        '<div class="story" data-status="waiting"><h2 class="headline">Waiting for its turn</h2>'
        f"<p>{line} It starts by itself; you may close this page, and find it again in the same "
        "browser.</p></div>"
    )


def status_html(run: Run, timeline: Timeline) -> str:
    """The status of a training: headline with the time left, progress, advice, and the result."""
    lines = [f'<h2 class="headline">{escape(_headline(run, timeline))}</h2>']
    config = run.config
    # Those on the text first: one may say that another text is used than the one requested.
    on_text = len(config.corpus.notices)
    lines += _notices(config.notices[:on_text])
    if timeline.is_going_on:
        lines.append(_bar(config.budget, timeline))
    if timeline.status == "preparing":
        lines.append(preparation_html(config, timeline))
        if will_measure(config.candidates):
            lines.append(f'<p class="quiet">{FIRST_TIME}</p>')
    progress = timeline.latest
    if timeline.status == "running" and progress is not None:
        lines.append(
            f'<p class="quiet">It reads {progress.characters_per_s:,} letters a second and has '
            f"read {passes(progress.epoch)}.</p>"
        )
    if timeline.status == "measuring":
        lines.append('<p class="quiet">On text it has not learned from. Skip leaves that out.</p>')
    size = "" if config.size is None else config.size.notice()
    # In the end there are more interesting things; the size is among the details then.
    lines += _notices(
        notice for notice in config.notices[on_text:] if timeline.is_going_on or notice != size
    )
    if timeline.status == "failed":
        lines.append(advice_html(timeline.failure))
    lines += [
        f'<p class="advice">{escape(sentence)}</p>'
        for sentence in advice_for(timeline, from_model=config.source is not None)
    ]
    lines.append(result_html(config, timeline))
    return f'<div class="story" data-status="{timeline.status}">{"".join(lines)}</div>'


def _notices(notices: Iterable[str]) -> list[str]:
    return [f'<p class="notice">{escape(notice)}</p>' for notice in notices]


def passes(epochs: float) -> str:
    """How much has been read, for people: "12% of the text", "the text 2.5 times"."""
    if epochs < 0.995:
        return f"{100 * epochs:.0f}% of the text"
    times = f"{epochs:.1f}".removesuffix(".0") if epochs < 10 else f"{epochs:,.0f}"
    return "the text once" if times == "1" else f"the text {times} times"


def preparation_html(config: RunConfig, timeline: Timeline) -> str:
    """What is done before the first step, as a list in which the current item is marked."""
    left_out = set()
    if not config.teachers:
        left_out.add("asking")
    if not config.is_sized_at_start or (timeline.started and timeline.started.step):
        left_out.add("choosing")
    steps = [step for step in PREPARATIONS if step not in left_out]
    now = steps.index(timeline.preparation) if timeline.preparation in steps else 0
    states = ["done"] * now + ["now"] + ["later"] * (len(steps) - now - 1)
    items = "".join(
        f'<li class="{state}">{escape(PREPARATIONS[step])}</li>'
        for state, step in zip(states, steps, strict=True)
    )
    return f'<ol class="preparations">{items}</ol>'


def as_long_again(budget: Budget) -> str:
    """How much more a training would get: "3 minutes more", "20 times more"."""
    if budget.minutes is not None:
        return f"{duration(60 * budget.minutes)} more"
    return f"{budget.amount:g} times more"


def _headline(run: Run, timeline: Timeline) -> str:
    headline = HEADLINES[timeline.status]
    if timeline.status == "running" and timeline.latest is not None:
        headline += f": {duration(timeline.latest.eta_s)} left"
    if timeline.status == "measuring":
        headline += f" {100 * timeline.measured:.0f}%"
    if timeline.status == "finished":
        headline += f" after {duration(timeline.elapsed_s)}"
    if timeline.status == "stopped" and run.paths.checkpoint.exists():
        headline += ". Your model is saved."
    if timeline.is_going_on and is_stopping(run):
        headline = "Stopping …"
    return headline


def is_stopping(run: Run) -> bool:
    """Whether Stop was pressed; the training checks for it after each step."""
    return run.paths.stop.exists()


def _bar(budget: Budget, timeline: Timeline) -> str:
    share = timeline.share
    if timeline.status == "preparing" and budget.minutes:
        # Of a training that was given more time, the last share was one of less time.
        share = min(share, timeline.elapsed_s / (60 * budget.minutes))
    percent = 100 * share
    moving = " waiting" if timeline.status != "running" else ""
    return (
        f'<div class="bar{moving}" role="progressbar" aria-label="Progress of the training" '
        f'aria-valuemin="0" aria-valuemax="100" aria-valuenow="{percent:.0f}">'
        f'<div style="width:{percent:.1f}%"></div></div>'
    )


def _device(started: Started) -> str:
    backend = BACKENDS.get(started.backend, started.backend)
    way = "" if started.way is None else f" ({started.way})"
    place = "the graphics card" if started.device_kind == "gpu" else "the processor"
    return (
        f"Runs on {place}: {started.device}, {backend} {started.backend_version}{way}. "
        f"{started.parameters:,} parameters, {started.characters:,} characters "
        f"of text ({started.vocabulary_size} distinct)."
    )


def result_html(config: RunConfig, timeline: Timeline) -> str:
    """The result of a training that has ended, in a sentence; empty if there is none."""
    results = timeline.results
    if timeline.is_going_on or results is None:
        return ""
    words = (
        f"It guesses {100 * (results.accuracy or 0):.0f}% of the next characters right on "
        f"{MEASURED_ON[config.exposure]}"
    )
    four_gram = timeline.baselines.four_gram_loss_nats
    if four_gram is not None:
        # By the two decimals that the plot shows: what looks equal is called equal.
        difference = round(results.loss_nats, 2) - round(four_gram, 2)
        if difference > 0:
            words += ". Not yet as good as simple counting"
        else:
            words += f", {'better than' if difference < 0 else 'as good as'} simple counting"
    return f'<p class="result">{escape(words)}.</p>'


def details_html(config: RunConfig, timeline: Timeline) -> str:
    """For whoever wants to know more: all figures, and what it runs on.

    The figures are the final ones, else the last of the curve.
    """
    lines = []
    results = timeline.results
    if not timeline.is_going_on and results is not None:
        lines += _figure_lines(config, timeline, results)
    if config.size is not None and not timeline.is_going_on:
        lines.append(f'<p class="quiet">{escape(config.size.notice())}</p>')
    if timeline.started is not None:
        lines.append(f'<p class="quiet">{escape(_device(timeline.started))}</p>')
    if not lines:
        return ""
    return (
        '<details class="story about"><summary>All figures</summary>'
        + "".join(lines)
        + "</details>"
    )


def _figure_lines(config: RunConfig, timeline: Timeline, results: Results) -> list[str]:
    lines = [figures_html(compare(results, timeline.baselines, config.exposure))]
    split = results.random_split
    if split is not None:
        lines.append(
            f'<p class="note">On the notebook’s own random split: loss {split.loss_nats:.4f}, '
            f"accuracy {split.accuracy:.4f}. That split leaks: nearly every test character also "
            "stands in a training window, and so does the held-out text above. Neither figure says "
            "how it does on new text.</p>"
        )
    return lines


def charts_html(config: RunConfig, timeline: Timeline) -> str:
    """The loss chart and the accuracy chart; empty if there will be nothing to see."""
    if timeline.latest is None and not timeline.is_going_on:
        return ""
    minutes = config.budget.minutes
    budget_s = 60 * minutes if minutes else None
    if not minutes and timeline.latest is not None:
        budget_s = timeline.elapsed_s + timeline.latest.eta_s
    label = {"leaky": "its random split (leaky)", "unseen": HELD_OUT_LABEL}.get(
        config.exposure, "held-out text"
    )
    loss = loss_chart(
        timeline.training_losses,
        timeline.held_out_losses,
        blind_loss_nats=_guide(timeline.baselines.blind_loss_nats),
        four_gram_loss_nats=_guide(timeline.baselines.four_gram_loss_nats),
        budget_s=budget_s,
        held_out_label=label,
    )
    accuracy = accuracy_chart(
        timeline.training_accuracies,
        timeline.held_out_accuracies,
        budget_s=budget_s,
        held_out_label=label,
    )
    is_final = isinstance(timeline.ending, Completed) and timeline.ending.results is not None
    note = CURVES_NOTE if is_final and timeline.validated else ""
    return f'<div class="charts">{loss}{accuracy}</div>{note}'


def _guide(loss_nats: float | None) -> float:
    """A guide's value; NaN, which is not drawn, if it is not known yet."""
    return math.nan if loss_nats is None else loss_nats


def sample_html(timeline: Timeline) -> str:
    """The latest sample, large, and some before it; empty if there is none and none will come.

    They are written without a seed text.
    """
    if not timeline.samples:
        return SAMPLE_TO_COME if timeline.is_going_on else ""
    *_, latest = timeline.samples
    now = "What it writes now, " if timeline.is_going_on else "What it writes "
    earlier = "".join(
        _sample(sample, "After ", "earlier") for sample in _earlier_samples(timeline.samples)
    )
    if earlier:
        earlier = f'<div class="earlier-samples">{earlier}</div>'
    return f'<div class="samples">{_sample(latest, f"{now}after ", "latest")}{earlier}</div>'


def _earlier_samples(samples: Sequence[Sampled]) -> list[Sampled]:
    """The first of all, and one from half way to the latest, by steps."""
    if len(samples) < 3:
        return []
    first, *_, latest = samples
    between = [sample for sample in samples[1:-1] if sample.step <= latest.step / 2]
    return [(between or list(samples[1:-1]))[-1], first]


def _sample(sample: Sampled, words: str, css_class: str) -> str:
    text = escape(sample.text.strip("\n"), quote=False)
    words += duration(sample.elapsed_s)
    focusable = ' tabindex="0"'  # whoever has no mouse scrolls it
    if css_class == "earlier":
        words += f", step {sample.step:,}"
        focusable = ""
    return (
        f'<figure class="sample {css_class}"><figcaption>{escape(words)}</figcaption>'
        f'<div dir="auto"{focusable}>{text}</div></figure>'
    )


def promise_html(checkpoint: Checkpoint) -> str:
    """How a model learned, as a promise of what a training looks like; empty if it is unknown."""
    history, training = checkpoint.history, checkpoint.training
    losses = history.get("running_loss_nats", [])
    if not losses:
        return ""
    baselines = training.started.baselines
    chart = loss_chart(
        losses,
        history.get("val_loss_nats", []),
        blind_loss_nats=_guide(baselines.blind_loss_nats),
        four_gram_loss_nats=_guide(baselines.four_gram_loss_nats),
        budget_s=None,
    )
    return (
        '<figure class="promise"><figcaption>How the model that comes with the page learned. Yours '
        f"will draw such a curve here, live.</figcaption>{chart}</figure>"
    )
