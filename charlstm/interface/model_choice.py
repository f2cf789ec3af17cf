"""The choice of a model: a dropdown on each tab that needs one, all kept in step."""

from __future__ import annotations

import gradio as gr

from charlstm.interface.assets import browser_function
from charlstm.interface.models import ModelRegistry

QUIET = {
    "queue": False,
    "show_progress": "hidden",
    "api_visibility": "private",
    "preprocess": False,  # else Gradio rejects a deleted model before we can replace it
}


class ModelChoice:
    """The dropdowns of the tabs; changing one changes them all.

    Attributes:
        lists: the dropdowns. The first one holds the choice, the others follow it.
    """

    def __init__(self, registry: ModelRegistry):
        self.registry = registry
        self.lists: list[gr.Dropdown] = []

    def add(self, label: str, elem_id: str) -> gr.Dropdown:
        """Add a dropdown for one more tab."""
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
        """Connect the dropdowns with each other and with the scripts, after the last `add`."""
        first, *others = self.lists
        choose = browser_function("browser/chosen_model.js", "chooseModel")
        demo.load(self.refreshed, first, self.lists, **QUIET).then(None, first, first, js=choose)
        first.change(self.following, first, others, js=choose, **QUIET)
        for other in others:
            other.input(None, other, first, js="(model) => model")
        for one in self.lists:
            one.focus(self.refreshed, one, self.lists, **QUIET)
        # Hidden: pressed by the scripts when a model was added, renamed or deleted.
        changed = gr.Button("The models have changed", elem_id="models-changed")
        wanted = gr.Textbox(visible=False)
        ask = browser_function("browser/chosen_model.js", "wantedModel")
        changed.click(None, first, wanted, js=ask, trigger_mode="multiple").then(
            self.choosing, wanted, self.lists, **QUIET
        ).then(None, js=browser_function("browser/chosen_model.js", "listsChanged"))

    def refreshed(self, chosen: str | None) -> list[dict]:
        """Updates for all dropdowns: the current models, a new choice if the old one is gone."""
        choices = self.registry.choices()
        exists = any(chosen == model for _, model in choices)
        # Send a value only if it changes: the visitor may choose before this update arrives.
        value = {} if exists else {"value": self.registry.default()}
        return [gr.update(choices=choices, **value) for _ in self.lists]

    def choosing(self, wanted: str | None) -> list[dict]:
        """Updates for all dropdowns: the current models, and the one that is to be chosen."""
        choices = self.registry.choices()
        exists = any(wanted == model for _, model in choices)
        value = wanted if exists else self.registry.default()
        return [gr.update(choices=choices, value=value) for _ in self.lists]

    def following(self, chosen: str | None) -> list[dict]:
        """Updates for all dropdowns but the first: the current models, and the choice."""
        choices = self.registry.choices()
        return [gr.update(choices=choices, value=chosen) for _ in self.lists[1:]]
