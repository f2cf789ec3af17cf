"""The tab."""

from __future__ import annotations

import gradio as gr

from charlstm.interface.model_choice import ModelChoice
from charlstm.interface.shelf import Shelf


def build_inside_tab(shelf: Shelf, choice: ModelChoice) -> None:
    choice.add("Model", "inside-model")
    gr.HTML("to come", js_on_load=None)
