"""The chosen model: a list on each tab that uses it, all showing the same choice."""

from __future__ import annotations

import gradio as gr

from charlstm.interface.assets import browser_function
from charlstm.interface.models import ModelRegistry

QUIET = {
    "queue": False,
    "show_progress": "hidden",
    "api_visibility": "private",
    "preprocess": False,  # which refuses a model that is gone, before we can choose another
}


class ModelChoice:
    """The lists of models, which a visitor may change on any tab.

    Attributes:
        lists: the first one is the one whose value counts.
    """

    def __init__(self, registry: ModelRegistry):
        self.registry = registry
        self.lists: list[gr.Dropdown] = []

    def add(self, label: str, elem_id: str) -> gr.Dropdown:
        """A list for another tab."""
        self.lists.append(
            gr.Dropdown(
                choices=self.registry.choices(),
                value=self.registry.default(),
                label=label,
                elem_id=elem_id,
            )
        )
        return self.lists[-1]

    def connect(self, demo: gr.Blocks) -> None:
        """Keep the lists equal and the scripts informed; to be called once all lists are there."""
        first, *others = self.lists
        choose = browser_function("browser/chosen_model.js", "chooseModel")
        demo.load(self.refreshed, first, self.lists, **QUIET).then(None, first, first, js=choose)
        first.change(self.following, first, others, js=choose, **QUIET)
        for other in others:
            other.input(None, other, first, js="(model) => model")
        for one in self.lists:
            one.focus(self.refreshed, one, self.lists, **QUIET)

    def refreshed(self, chosen: str | None) -> list[dict]:
        """All lists as they are now, with the chosen model if it is still there."""
        choices = self.registry.choices()
        there = any(chosen == model for _, model in choices)
        # A value only where it changes: a visitor may choose before this answer is there.
        value = {} if there else {"value": self.registry.default()}
        return [gr.update(choices=choices, **value) for _ in self.lists]

    def following(self, chosen: str | None) -> list[dict]:
        """All lists but the first, as they are now, showing its choice."""
        choices = self.registry.choices()
        return [gr.update(choices=choices, value=chosen) for _ in self.lists[1:]]
