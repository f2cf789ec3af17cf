"""The tab."""

from __future__ import annotations

import gradio as gr

from charlstm.interface.model_choice import ModelChoice
from charlstm.interface.shelf import Shelf


def build_watch_tab(shelf: Shelf, tab: gr.Tab) -> None:
    gr.HTML("to come", js_on_load=None)
