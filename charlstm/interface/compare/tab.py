"""The Compare tab: one seed text, continued at three temperatures or by two models.

The page's script asks here what to set side by side, and `/write` for each of the texts.
"""

from __future__ import annotations

import gradio as gr

from charlstm.errors import CharLSTMError
from charlstm.interface.assets import browser_function
from charlstm.interface.compare.model_pair import ModelPair
from charlstm.interface.compare.word_facts import word_facts
from charlstm.interface.endpoints import errors_as_messages, offer
from charlstm.interface.model_choice import QUIET, ModelChoice
from charlstm.interface.models import ModelRegistry
from charlstm.interface.writing_controls import (
    always_new_box,
    length_slider,
    random_seed_box,
    seed_text_box,
    temperature_slider,
)
from charlstm.writing.request import (
    LENGTHS,
    MAX_SEED_CHARACTERS,
    TEMPERATURES,
    check_seed_text,
    number,
)

MODES = [("Three temperatures", "temperatures"), ("Two models", "models")]
USUAL_TEMPERATURES = (0.3, 0.8, 1.3)
# (highest temperature, its name), in rising order; temperatures above the last are "Wild".
NAMES = ((0.2, "Very careful"), (0.5, "Careful"), (0.7, "Calm"), (1.0, "Balanced"), (1.2, "Daring"))
EMPTY = (
    '<div class="page empty"><span class="of-temperatures">Type a beginning and press '
    "<b>Write</b>. The same network continues it three times, with the same random numbers: "
    "only the temperature differs, and with it how daring it is.</span>"
    '<span class="of-models">Type a beginning and press <b>Write</b>. Two networks go on from '
    "there, with the same random numbers, so any difference is what they learned.</span></div>"
)


def name_temperature(temperature: float) -> str:
    """A word for a temperature.

    >>> [name_temperature(temperature) for temperature in (0.3, 0.8, 1.3)]
    ['Careful', 'Balanced', 'Wild']
    """
    return next((name for highest, name in NAMES if temperature <= highest), "Wild")


class Comparer:
    """Serves the Compare tab."""

    def __init__(self, registry: ModelRegistry):
        self.pair = ModelPair(registry)

    def comparison(
        self,
        mode: str,
        seed_text: str,
        model: str | None,
        first: float | None,
        second: float | None,
        third: float | None,
        left: str | None,
        right: str | None,
        temperature: float | None,
    ) -> dict:
        """What to set side by side, with the settings of both modes.

        Returns:
            Of each column its name, a detail beside it, model and temperature; and who writes, if
            the columns do not say so.

        Raises:
            CharLSTMError: there is no such comparison, or a value is out of its range.
        """
        check_seed_text(seed_text, MAX_SEED_CHARACTERS)
        if mode == "temperatures":
            asked = [(model, first), (model, second), (model, third)]
        elif mode == "models":
            self.pair.check(left, right)
            asked = [(left, temperature), (right, temperature)]
        else:
            raise CharLSTMError(f"There is no comparison {mode!r:.40}: choose one of the two.")
        columns = []
        for model_id, value in asked:
            chosen = number("temperature", value, *TEMPERATURES)
            by_temperature = mode == "temperatures"
            columns.append(
                {
                    "name": name_temperature(chosen)
                    if by_temperature
                    else self.pair.name(model_id),
                    "detail": f"temperature {chosen:.4g}",
                    "model": model_id or "",
                    "temperature": chosen,
                }
            )
        return {
            "columns": columns,
            "writer": self.pair.name(model) if mode == "temperatures" else "",
        }

    def facts(self, seed_text: str, written: str) -> dict:
        """Facts about a written text, as HTML."""
        check_seed_text(seed_text, MAX_SEED_CHARACTERS)
        if len(written) > LENGTHS[1]:
            raise CharLSTMError(
                f"The text has {len(written):,} characters: up to {LENGTHS[1]:,} are looked at."
            )
        return {"facts": word_facts(seed_text, written)}


def build_compare_tab(registry: ModelRegistry, choice: ModelChoice) -> None:
    comparer = Comparer(registry)
    pair = comparer.pair
    # The style sheet hides the settings of the other mode, and puts the texts before them.
    with gr.Column(elem_id="compare"):
        mode = gr.Radio(
            MODES,
            value=MODES[0][1],
            label="What to set side by side",
            show_label=False,
            container=False,
            elem_id="compare-mode",
        )
        with gr.Row(elem_id="compare-beginning"):
            seed_text = seed_text_box(
                label="Start with…",
                scale=4,
                min_width=260,
                elem_id="compare-seed-text",
            )
            with gr.Row(elem_classes="actions", scale=1):
                write_button = gr.Button(
                    "Write", variant="primary", min_width=90, elem_id="compare-write"
                )
                stop_button = gr.Button("Stop", min_width=70, elem_id="compare-stop")
        with gr.Row(elem_id="compare-temperatures"):
            model = choice.add("Model", "compare-model")
            temperatures = [
                temperature_slider(
                    temperature,
                    label=f"Temperature, {place}",
                    min_width=150,
                    elem_id=f"compare-temperature-{place}",
                )
                for place, temperature in zip(
                    ("left", "middle", "right"), USUAL_TEMPERATURES, strict=True
                )
            ]
        with gr.Column(elem_id="compare-models"):
            with gr.Row():
                left, right = (
                    gr.Dropdown(
                        choices=registry.choices(),
                        value=registry.default(),
                        label=f"Model on the {side}",
                        min_width=240,
                        elem_id=f"compare-{side}",
                    )
                    for side in ("left", "right")
                )
                temperature = temperature_slider(
                    0.8, label="Temperature of both", min_width=150, elem_id="compare-temperature"
                )
            note = gr.HTML("", elem_id="compare-note", js_on_load=None)
            newest = gr.Textbox(visible=False)  # model at the last update, see ModelPair.refreshed
        with gr.Accordion("More", open=False, elem_id="compare-more"):
            with gr.Row(elem_id="compare-settings"):
                length = length_slider(300, elem_id="compare-length")
                random_seed = random_seed_box(
                    label="Random seed: the same number gives the same texts",
                    elem_id="compare-random-seed",
                )
                always_new = always_new_box(
                    label="A new variation each time",
                    min_width=200,
                    elem_id="compare-always-new",
                )
        gr.HTML("<compare-status></compare-status>", elem_id="compare-status", js_on_load=None)
        gr.HTML(
            f"<compared-texts>{EMPTY}</compared-texts>", elem_id="compare-columns", js_on_load=None
        )

    form = [mode, seed_text, length, random_seed, model, *temperatures, left, right, temperature]
    gr.on(
        [write_button.click, seed_text.submit],
        None,
        [always_new, *form],
        random_seed,
        js=browser_function("compare/compare.js", "write"),
    )
    stop_button.click(None, None, None, js=browser_function("compare/compare.js", "stop"))
    mode.input(None, mode, None, js=browser_function("compare/compare.js", "changeMode"))
    offer("comparison", comparer.comparison)
    offer("facts", comparer.facts)
    lists = [left, right, newest]
    # Without triggers, `gr.on` runs when a visitor opens the page.
    gr.on(fn=pair.refreshed, inputs=None, outputs=[left, right, note, newest], **QUIET)
    gr.on(
        [left.focus, right.focus, mode.change],
        pair.refreshed,
        lists,
        [left, right, note, newest],
        **QUIET,
    )
    gr.on(
        [left.input, right.input],
        errors_as_messages(pair.note),
        [left, right],
        note,
        **QUIET,
    )
