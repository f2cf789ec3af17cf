"""The choice of the two models to compare, and how they are related."""

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
    """The model on the left and the model on the right."""

    def __init__(self, registry: ModelRegistry):
        self.registry = registry

    def refreshed(self, left=None, right=None, newest=None):
        """Updates for both dropdowns, a note about the two models, and the id of the newest model.

        A model that was trained since the last call is selected on the right, because its owner
        probably wants to see it. Otherwise the selection stays as long as the models exist.

        Args:
            newest: the id of the newest model at the last call.
        """
        choices = self.registry.choices()
        models = [model for _, model in choices]
        first = models[0] if models else None
        latest = next((model for model in models[1:] if model != SHIPPED), first)
        chosen = (left, right)
        left = left if left in models else first
        right = right if right in models and newest == latest else latest
        # Send a value only if it changes: the visitor may choose before this update arrives.
        lists = [
            gr.update(choices=choices, **({} if model == before else {"value": model}))
            for model, before in zip((left, right), chosen, strict=True)
        ]
        return *lists, self.note(left, right), latest

    def check(self, left, right) -> None:
        """Raise CharLSTMError if both are the same model."""
        if (left or SHIPPED) == (right or SHIPPED):
            raise CharLSTMError(self._why_not_two())

    def note(self, left: str | None, right: str | None) -> str:
        """HTML that says why there are not two models, or what each was fine-tuned from."""
        if left == right:
            return f"<p>{self._why_not_two()}</p>"
        left, right = left or SHIPPED, right or SHIPPED
        sides = [self._started(left, right, "right"), self._started(right, left, "left")]
        return "".join(f"<p>{escape(side, quote=False)}</p>" for side in sides if side)

    def name(self, model: str | None) -> str:
        """A model's title."""
        if model in (None, SHIPPED):
            return SHIPPED_TITLE
        try:
            return title_of(self.registry.training(model))
        except CharLSTMError:
            return "A model that is gone"

    def _why_not_two(self) -> str:
        return TWICE_THE_SAME if len(self.registry.choices()) > 1 else ONLY_ONE

    def _started(self, model: str, other: str, other_side: str) -> str:
        """A sentence about the model that a model was fine-tuned from; empty if there is none."""
        try:
            source = None if model == SHIPPED else self.registry.training(model).config.source
        except CharLSTMError:
            return ""  # gone or damaged, which writing with it reports
        if source is None:
            return ""
        sentence = f"“{self.name(model)}” started from"
        if self._sha256(other) == source.sha256:
            return f"{sentence} the model on the {other_side}: these are before and after."
        return f"{sentence} the model “{source.name}”."

    def _sha256(self, model: str) -> str | None:
        """Checksum of a model's file, as in `SourceRecord`; None if there is no file."""
        file = SHIPPED_FILE if model == SHIPPED else "checkpoint.safetensors"
        try:
            return hashlib.sha256((self.registry.folder(model) / file).read_bytes()).hexdigest()
        except (OSError, ValueError):
            return None
