"""Controls and event settings that the Write tab and the Compare tab share."""

from __future__ import annotations

import gradio as gr

from charlstm.interface.assets import browser_function
from charlstm.writing.request import LENGTHS, TEMPERATURES

WRITES = {
    "show_progress": "hidden",
    "concurrency_limit": None,
    "trigger_mode": "multiple",  # pressed again: the new text replaces the one being written
    "api_visibility": "private",
    # WritingRequest checks the values; Gradio's conversions would use a thread for each piece.
    "preprocess": False,
    "postprocess": False,
}


def seed_text_box(**settings) -> gr.Textbox:
    return gr.Textbox(
        placeholder="ROMEO:",
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


def roll_seed(events: list, always_new: gr.Checkbox, random_seed: gr.Number):
    """On these events, draw a new random seed in the browser if the checkbox says so."""
    roll = browser_function("browser/dice.js", "rollSeed")
    return gr.on(events, None, [always_new, random_seed], random_seed, js=roll)


def show_arrived(module: str, shown: list[gr.HTML]) -> list:
    """Hidden components that receive the server's output: one for each of `shown`, and a number.

    The number is that of the request. In the browser, the module's `showArrived` copies output that
    belongs to the latest request to `shown`; see latest_request.js.
    """
    arrived = [gr.HTML(visible=False, js_on_load=None) for _ in shown]
    number = gr.Number(visible=False)
    gr.on(
        [one.change for one in arrived],
        None,
        [*arrived, number],
        shown,
        js=browser_function(module, "showArrived"),
    )
    return [*arrived, number]
