"""Controls that the Write tab and the Compare tab share."""

from __future__ import annotations

import gradio as gr

from charlstm.writing.request import LENGTHS, TEMPERATURES


def seed_text_box(**settings) -> gr.Textbox:
    return gr.Textbox(
        placeholder="How it begins",
        lines=1,
        max_lines=6,
        html_attributes=gr.InputHTMLAttributes(
            enterkeyhint="send", autocapitalize="off", autocorrect="off", spellcheck=False
        ),
        **settings,
    )


def temperature_slider(value: float, **settings) -> gr.Slider:
    return gr.Slider(*TEMPERATURES, value=value, step=0.05, buttons=[], **settings)


def length_slider(value: int, **settings) -> gr.Slider:
    return gr.Slider(
        *LENGTHS, value=value, step=50, label="Length (characters)", buttons=[], **settings
    )


def random_seed_box(**settings) -> gr.Number:
    return gr.Number(value=1, precision=0, **settings)


def always_new_box(**settings) -> gr.Checkbox:
    """A checkbox: whether each text gets a new random seed."""
    return gr.Checkbox(value=True, container=False, **settings)
