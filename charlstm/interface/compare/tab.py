"""The Compare tab: one seed text, continued at three temperatures or by two models."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing
from html import escape

import gradio as gr

from charlstm.errors import CharLSTMError
from charlstm.interface.assets import browser_function
from charlstm.interface.compare.columns import Column, Writing, grow
from charlstm.interface.compare.model_pair import ModelPair
from charlstm.interface.endpoints import errors_as_messages, numbered
from charlstm.interface.markup import GETTING_READY, WRITING
from charlstm.interface.model_choice import QUIET, ModelChoice
from charlstm.interface.models import ModelRegistry
from charlstm.interface.turns import Turn, Turns
from charlstm.interface.writing_controls import (
    WRITES,
    always_new_box,
    length_slider,
    random_seed_box,
    roll_seed,
    seed_text_box,
    show_arrived,
    temperature_slider,
)
from charlstm.network.checkpoint import Checkpoint
from charlstm.writing.engine import Engine
from charlstm.writing.request import WritingRequest

MODES = [("Three temperatures", "temperatures"), ("Two models", "models")]
MAX_COLUMNS = 3
USUAL_TEMPERATURES = (0.3, 0.8, 1.3)
# (highest temperature, its name), in rising order; temperatures above the last are "Wild".
NAMES = ((0.2, "Very careful"), (0.5, "Careful"), (0.7, "Calm"), (1.0, "Balanced"), (1.2, "Daring"))
REPLACED = '<p role="status">Broken off: another comparison was asked for.</p>'
EMPTY = (
    '<div class="page empty"><span class="of-temperatures">Type a beginning and press '
    "<b>Write</b>. The same network goes on from there three times, with the same dice: only the "
    "temperature differs, and with it how daring it is.</span>"
    '<span class="of-models">Type a beginning and press <b>Write</b>. Two networks go on from '
    "there, with the same dice: only what they learned differs.</span></div>"
)


def name_temperature(temperature: float) -> str:
    """A word for a temperature.

    >>> [name_temperature(temperature) for temperature in (0.3, 0.8, 1.3)]
    ['Careful', 'Balanced', 'Wild']
    """
    return next((name for highest, name in NAMES if temperature <= highest), "Wild")


class Comparer:
    """Serves the Compare tab."""

    def __init__(self, engine: Engine, registry: ModelRegistry):
        self.engine = engine
        self.registry = registry
        self.pair = ModelPair(registry)
        self.turns = Turns()

    async def write(self, mode, seed_text, length, random_seed, *settings, request: gr.Request):
        """Write all columns; yields the HTML of `MAX_COLUMNS` columns and of the status.

        Args:
            settings: those of both modes, see `_asked`.
        """
        asked = self._asked(mode, *settings)
        writing_requests = [
            WritingRequest.check(seed_text, temperature, length, random_seed)
            for _, temperature in asked
        ]
        models = [model for model, _ in asked]
        async with self.turns.take(request.session_hash) as turn:
            columns = await asyncio.to_thread(self._columns, mode, models, writing_requests)
            writer = self.pair.name(models[0]) if mode == "temperatures" else ""
            async with aclosing(self._on_page(columns, writer, turn)) as pages:
                async for outputs in pages:
                    yield outputs

    def _asked(self, mode, model, first, second, third, left, right, temperature):
        """The (model, temperature) of each column in the chosen mode."""
        if mode == "temperatures":
            return [(model, first), (model, second), (model, third)]
        if mode != "models":
            raise CharLSTMError(f"There is no comparison {mode!r:.40}: choose one of the two.")
        self.pair.check(left, right)
        return [(left, temperature), (right, temperature)]

    def _columns(
        self, mode: str, models: Sequence[str], writing_requests: Sequence[WritingRequest]
    ) -> list[Column]:
        """The columns, not written yet; raises CharLSTMError if no model can be loaded."""
        opened = {model: self._open(model) for model in models}
        errors = [found for found in opened.values() if isinstance(found, CharLSTMError)]
        if len(errors) == len(opened):
            raise errors[0]
        columns = []
        for model, writing_request in zip(models, writing_requests, strict=True):
            temperature = writing_request.sampling.temperature
            detail = f"temperature {temperature:.4g}"
            name = (
                name_temperature(temperature) if mode == "temperatures" else self.pair.name(model)
            )
            columns.append(
                Column(
                    Writing(
                        name=name,
                        detail=detail,
                        writing_request=writing_request,
                        checkpoint=opened[model],
                    )
                )
            )
        return columns

    def _open(self, model: str) -> Checkpoint | CharLSTMError:
        try:
            return self.registry.get(model)
        except CharLSTMError as error:
            return error

    async def _on_page(self, columns: list[Column], writer: str, turn: Turn):
        began_s = time.monotonic()
        yield _shown(columns, WRITING if self.engine.is_ready else GETTING_READY)
        async with aclosing(grow(columns, self.engine)) as growing:
            async for _ in growing:
                if turn.is_over:
                    yield _shown(columns, REPLACED)
                    return
                yield _shown(columns, WRITING)
        took_s = time.monotonic() - began_s
        for column in columns:
            column.finish()
        yield _shown(columns, f'<p role="status">{escape(_summary(columns, writer, took_s))}</p>')
        for column in columns:
            if column.error is not None and not isinstance(column.error, CharLSTMError):
                raise column.error  # a bug, which the server log must report


def _shown(columns: list[Column], status: str) -> tuple[str, ...]:
    empty = [""] * (MAX_COLUMNS - len(columns))
    return *(column.html for column in columns), *empty, status


def _summary(columns: list[Column], writer: str, took_s: float) -> str:
    """What was written, by which model unless the columns name it, and the random seed."""
    writing_request = columns[0].writing.writing_request
    count = sum(column.error is None for column in columns)
    texts = f"{count} {'text' if count == 1 else 'texts'} of {writing_request.length:,} characters"
    by = f" by “{writer}”" if writer else ""
    return f"{texts}{by} in {took_s:.1f} s, with the random seed {writing_request.random_seed}."


def build_compare_tab(engine: Engine, registry: ModelRegistry, choice: ModelChoice) -> None:
    comparer = Comparer(engine, registry)
    pair = comparer.pair
    # The style sheet hides the settings of the other mode; on a phone it moves the texts up.
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
                label="How the texts begin (seed text)",
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
            model = choice.add("Who writes (model)", "compare-model")
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
                        label=f"Who writes on the {side} (model)",
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
        status = gr.HTML("", elem_id="compare-status", js_on_load=None)
        with gr.Row(elem_id="compare-columns"):
            columns = [
                gr.HTML(html, autoscroll=False, js_on_load=None)
                for html in (EMPTY, *[""] * (MAX_COLUMNS - 1))
            ]
        with gr.Row(elem_id="compare-settings"):
            length = length_slider(300, elem_id="compare-length")
            random_seed = random_seed_box(
                label="Random seed: the same number gives the same texts",
                elem_id="compare-random-seed",
            )
            always_new = always_new_box(
                label="New number for each comparison",
                min_width=200,
                elem_id="compare-always-new",
            )

    arrived = show_arrived("compare/compare.js", [*columns, status])
    form = [mode, seed_text, length, random_seed, model, *temperatures, left, right, temperature]
    writing = roll_seed([write_button.click, seed_text.submit], always_new, random_seed).then(
        errors_as_messages(numbered(comparer.write)),
        [*form, arrived[-1]],
        arrived,
        js=browser_function("compare/compare.js", "beginRequest"),
        **WRITES,
    )
    stop_button.click(
        None,
        status,
        status,
        js=browser_function("compare/compare.js", "stop"),
        cancels=[writing],
    )
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
    gr.on([left.input, right.input], pair.note, [left, right], note, **QUIET)
