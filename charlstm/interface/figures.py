"""The table of a model's figures, beside those of simple baselines."""

from __future__ import annotations

from html import escape

from charlstm.analysis.baselines import Comparison, compare, measured_on
from charlstm.network.checkpoint import Checkpoint
from charlstm.network.training_record import Results

HEADS = {
    "this model": "this model",
    "4-gram": "counting<br><small>(4-gram)</small>",
    "blind": "random guessing",
}
NOTE = (
    "Counting: which character most often follows the last three, in the same text. "
    "Random guessing: every character is as likely as any other."
)


def figures_html(comparison: Comparison) -> str:
    """The table, with a button that copies it as plain text."""
    heads = "".join(
        f'<th scope="col">{HEADS[predictor.name]}</th>' for predictor in comparison.predictors
    )
    rows = "".join(
        f'<tr><th scope="row">{escape(plain)}{_term(term)}</th>'
        + "".join(f"<td>{escape(figure)}</td>" for figure in figures)
        + "</tr>"
        for plain, term, figures in comparison.rows()
    )
    copied = escape(comparison.as_text()).replace("\n", "&#10;")
    return (
        f'<table class="figures"><caption>{escape(comparison.title)}</caption>'
        f"<thead><tr><td></td>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        f'<p class="note">{NOTE}</p>'
        f'<button type="button" class="copy-figures" data-text="{copied}">Copy the figures</button>'
    )


def _term(term: str) -> str:
    return f' <span class="term">({escape(term)})</span>' if term else ""


def model_html(checkpoint: Checkpoint) -> str:
    """A collapsed section with a model's figures; empty if nothing was measured."""
    training = checkpoint.training
    results = training.results or _latest(checkpoint.history)
    if results is None:
        return ""
    comparison = compare(results, training.started.baselines, measured_on(training))
    return (
        '<details class="story about"><summary>How good is this model?</summary>'
        f"{figures_html(comparison)}</details>"
    )


def _latest(history: dict) -> Results | None:
    """The last point of the held-out curve, for a training without final figures."""
    losses, accuracies = history.get("val_loss_nats"), history.get("val_accuracy")
    if not losses or not accuracies:
        return None
    return Results(loss_nats=losses[-1][1], accuracy=accuracies[-1][1])
