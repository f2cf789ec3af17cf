"""The two models that stand side by side: which ones, and how they are related."""

from __future__ import annotations

import hashlib
from html import escape

import gradio as gr

from charlstm.errors import CharLSTMError
from charlstm.interface.models import SHIPPED, SHIPPED_FILE, SHIPPED_TITLE, ModelRegistry, title_of

ONLY_ONE = (
    "There is only one model here, and a comparison needs two: train another one on the Train tab."
)
TWICE_THE_SAME = "Both sides are the same model: choose another one for one of them."


class ModelPair:
    """A model for the left side and one for the right."""

    def __init__(self, registry: ModelRegistry):
        self.registry = registry

    def refreshed(self, left=None, right=None, newest=None):
        """Both lists as they are now, a note about the two, the newest model.

        Whoever trains a model wants to see it: one that is newer than `newest` takes the right
        side. Otherwise the chosen ones stay, as long as they are there.
        """
        choices = self.registry.choices()
        models = [model for _, model in choices]
        first = models[0] if models else None
        latest = next((model for model in models[1:] if model != SHIPPED), first)
        chosen = (left, right)
        left = left if left in models else first
        right = right if right in models and newest == latest else latest
        # A value only where it changes: a visitor may choose before this answer is there.
        lists = [
            gr.update(choices=choices, **({} if model == before else {"value": model}))
            for model, before in zip((left, right), chosen, strict=True)
        ]
        return *lists, self.note(left, right), latest

    def check(self, left, right) -> None:
        """Raises CharLSTMError, which says how to come by two models."""
        if (left or SHIPPED) == (right or SHIPPED):
            raise CharLSTMError(self._why_not_two())

    def note(self, left, right) -> str:
        """As HTML: what is missing, or what the models started from."""
        if left == right:
            return f"<p>{self._why_not_two()}</p>"
        sides = [self._started(left, right, "right"), self._started(right, left, "left")]
        return "".join(f"<p>{escape(said, quote=False)}</p>" for said in sides if said)

    def name(self, model: str | None) -> str:
        """What the visitor reads of a model."""
        if model in (None, SHIPPED):
            return SHIPPED_TITLE
        try:
            return title_of(self.registry.runs.get(model))
        except CharLSTMError:
            return "A model that is gone"

    def _why_not_two(self) -> str:
        return TWICE_THE_SAME if len(self.registry.choices()) > 1 else ONLY_ONE

    def _started(self, model: str, other: str, other_side: str) -> str:
        """Where a model started from; empty if it was from nothing."""
        try:
            source = None if model == SHIPPED else self.registry.runs.get(model).config.source
        except CharLSTMError:
            return ""  # its folder is gone or damaged: writing with it says so
        if source is None:
            return ""
        sentence = f"“{self.name(model)}” started from"
        if self._sha256(other) == source.sha256:
            return f"{sentence} the model on the {other_side}: these are before and after."
        return f"{sentence} the model “{source.name}”."

    def _sha256(self, model: str) -> str | None:
        """Of the model's file, which a training records of what it starts from."""
        file = SHIPPED_FILE if model == SHIPPED else "checkpoint.safetensors"
        try:
            return hashlib.sha256((self.registry.folder(model) / file).read_bytes()).hexdigest()
        except (OSError, ValueError):
            return None
