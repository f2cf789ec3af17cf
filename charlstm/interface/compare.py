"""The tab."""

from __future__ import annotations

import gradio as gr

from charlstm.engine import Engine
from charlstm.interface.model_choice import ModelChoice
from charlstm.interface.shelf import Shelf


def build_compare_tab(engine: Engine, shelf: Shelf, choice: ModelChoice) -> None:
    gr.HTML("to come", js_on_load=None)
