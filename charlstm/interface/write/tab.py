"""The Write tab: a seed text, a few settings, and the text that the network writes.

The page's scripts ask `/write` for the text (text_stream.py); see write/paper.js.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from html import escape
from pathlib import Path

import gradio as gr

from charlstm.errors import CharLSTMError
from charlstm.interface.assets import browser_function
from charlstm.interface.beginnings import COUNT, SHAKESPEARE, beginnings, label_of
from charlstm.interface.endpoints import errors_as_messages, offer
from charlstm.interface.figures import model_html
from charlstm.interface.model_choice import QUIET, ModelChoice
from charlstm.interface.model_files.controls import build_model_files
from charlstm.interface.models import SHIPPED, SHIPPED_NAME, ModelNotFound, ModelRegistry
from charlstm.interface.write.copy_check import Copies
from charlstm.interface.write.next_odds import place_odds
from charlstm.interface.writing_controls import (
    always_new_box,
    length_slider,
    random_seed_box,
    seed_text_box,
    temperature_slider,
)
from charlstm.writing.engine import Engine
from charlstm.writing.request import (
    LENGTHS,
    MAX_SEED_CHARACTERS,
    RANDOM_SEEDS,
    TEMPERATURES,
    TextRequest,
)

# Of a first visit; made by tests/first_text.py.
FIRST_TEXT = Path(__file__).with_name("first_text.json")
SPEEDS = ["Step", "Slow", "Normal", "Instant"]  # as in pace.js
EMPTY_PAPER = (
    '<div class="page empty"><p>Type how the text starts, and press <b>Write</b>. The network goes '
    "on from there, one letter at a time, each time asking itself: which letter comes next?</p>"
    "</div>"
)

# What an address may say, see browser/address.js.
ADDRESS_LIMITS = {
    "tabs": ["write", "train", "watch", "inside", "compare", "how"],
    "temperatures": TEMPERATURES,
    "lengths": LENGTHS,
    "randomSeeds": RANDOM_SEEDS,
    "seedCharacters": MAX_SEED_CHARACTERS,
}


class Writer:
    """Serves the Write tab and the `/generate` endpoint."""

    def __init__(self, engine: Engine, registry: ModelRegistry):
        self.engine = engine
        self.registry = registry
        self.copies = Copies()

    def copied(self, model: str, written: str) -> dict:
        """What of a written text, without its seed text, was copied from the training text.

        Returns:
            A sentence, which is empty if the training text is not here.
        """
        if len(written) > LENGTHS[1]:
            raise CharLSTMError(
                f"The text has {len(written):,} characters: up to {LENGTHS[1]:,} are looked at."
            )
        loaded = self.registry.load(model)
        return {"sentence": self.copies.look(loaded.checkpoint, loaded.folder, written).result()}

    def which_model(self, name: str) -> dict:
        """The id of a model on this machine, by the name that it has on every machine."""
        if name == SHIPPED_NAME:
            return {"id": SHIPPED}
        for _, model in self.registry.choices():
            try:
                if self.registry.load(model).name == name:
                    return {"id": model}
            except CharLSTMError:  # damaged: it is not the one that was asked for
                continue
        raise ModelNotFound(
            f"The model “{name:.60}” is not here: the Shakespeare model writes instead."
        )

    async def about(self, model: str | None) -> list:
        """A model's figures as HTML, empty if they are not known, and beginnings that suit it."""
        try:
            loaded = await asyncio.to_thread(self.registry.load, model)
            suited = await asyncio.to_thread(beginnings, loaded)
        except CharLSTMError:  # the model is gone or damaged, which writing with it reports
            return ["", *(gr.skip() for _ in range(COUNT))]
        labels = [label_of(seed_text) for seed_text in suited]
        return [
            model_html(loaded.checkpoint),
            *(gr.Button(label, visible=True) for label in labels),
            *(gr.Button(visible=False) for _ in range(COUNT - len(labels))),
        ]

    async def generate(
        self,
        seed_text: str = "",
        temperature: float = 0.8,
        length: int = 500,
        random_seed: int = 0,
    ) -> AsyncGenerator[str, None]:
        """Write on after a seed text with the shipped model; streams the text so far.

        Args:
            seed_text: what the text begins with, at most 2,000 characters.
            temperature: from 0.1 (careful) to 1.5 (wild).
            length: characters to write, 50 to 2,000.
            random_seed: the same number gives the same text.
        """
        request = TextRequest.check(SHIPPED_NAME, seed_text, temperature, length, random_seed)
        model = await asyncio.to_thread(self.registry.load, self.registry.default())
        text = request.seed_text
        yield text
        pieces = self.engine.write(
            model.checkpoint,
            request.seed_text,
            length=request.length,
            random_seed=request.random_seed,
            sampling=request.sampling,
        )
        async with aclosing(pieces):
            async for piece in pieces:
                text += piece
                yield text


def build_write_tab(
    engine: Engine, registry: ModelRegistry, choice: ModelChoice, demo: gr.Blocks, tabs: gr.Tabs
) -> None:
    writer = Writer(engine, registry)
    with gr.Row(elem_id="write"):
        with gr.Column(min_width=0, elem_id="write-left"):
            first = escape(FIRST_TEXT.read_text("utf-8"))
            paper = f'<written-paper data-first="{first}">{EMPTY_PAPER}</written-paper>'
            gr.HTML(paper, elem_id="page", js_on_load=None)
            with gr.Row(elem_id="under-page"):
                gr.HTML("<paper-status></paper-status>", elem_id="status", js_on_load=None)
                undo_button = gr.Button("Undo", size="sm", min_width=0, elem_id="undo")
                copy_button = gr.Button("Copy", size="sm", min_width=0, elem_id="copy")
                look_button = gr.Button("Look inside", size="sm", min_width=0, elem_id="look")
            with gr.Column(elem_id="composer"):
                with gr.Row(elem_id="compose"):
                    seed_text = seed_text_box(label="Start with…", elem_id="seed-text")
                    write_button = gr.Button(
                        "Write", variant="primary", min_width=0, elem_id="write-button"
                    )
                    again_button = gr.Button("Start over", min_width=0, elem_id="start-over")
                with gr.Row(elem_classes="chips"):
                    suited = [
                        gr.Button(label_of(seed_text), size="sm", min_width=0)
                        for seed_text in SHAKESPEARE
                    ]
                # Hidden: pressed by link.js on Back and Forward.
                follow_button = gr.Button("Follow the address", elem_id="follow-address")
        with gr.Column(min_width=0, elem_id="write-right"):
            place_odds(registry)
            temperature = temperature_slider(
                0.8,
                label="Temperature: careful ↔ wild",
                info="Low plays it safe; high takes risks and invents words.",
                elem_id="temperature",
            )
            speed = gr.Radio(SPEEDS, value="Normal", label="Speed", elem_id="speed")
            # Hidden by the style sheet: in a closed accordion components would hear nothing.
            more_button = gr.Button("More", size="sm", min_width=0, elem_id="more-button")
            with gr.Column(elem_id="more", min_width=0):
                length = length_slider(500, elem_id="length")
                model = choice.add("Model", "model")
                build_model_files(registry, model)
                random_seed = random_seed_box(
                    label="Variation (random seed): the same number gives the same text",
                    elem_id="random-seed",
                )
                with gr.Row(elem_classes="dice"):
                    always_new = always_new_box(
                        label="A new variation each time", min_width=120, elem_id="always-new"
                    )
                    dice = gr.Button("Shuffle", size="sm", min_width=0, elem_id="dice")
                about = gr.HTML("", elem_id="about-model", js_on_load=None)

    form = [model, seed_text, temperature, length, random_seed]

    def button(name: str, *first) -> str:
        return browser_function("write/buttons.js", name, *first)

    write_button.click(None, [always_new, *form], random_seed, js=button("act"))
    gr.on(
        [again_button.click, seed_text.submit],
        None,
        [always_new, *form],
        random_seed,
        js=button("write"),
    )
    for beginning in suited:
        beginning.click(
            None,
            [beginning, always_new, *form],
            [seed_text, random_seed],
            js=button("writeBeginning"),
        )
    temperature.release(None, form, None, js=button("temperatureChosen"))
    undo_button.click(None, seed_text, seed_text, js=button("undo"))
    copy_button.click(None, None, None, js=button("copy"))
    more_button.click(None, None, None, js=button("showMore"))
    dice.click(None, None, random_seed, js=browser_function("browser/dice.js", "throwDice"))
    look_button.click(None, None, tabs, js=browser_function("inside/inside.js", "lookInside"))
    speed.input(None, speed, None, js=browser_function("write/pace.js", "setSpeed"))
    demo.load(None, None, speed, js=browser_function("write/pace.js", "nowSpeed"))
    offer("copied", writer.copied)
    offer("which_model", writer.which_model)
    gr.on([demo.load, model.change], writer.about, model, [about, *suited], **QUIET)
    gr.api(errors_as_messages(writer.generate), api_name="generate", concurrency_limit=None)
    opened = browser_function("write/link.js", "openPage", ADDRESS_LIMITS)
    filled = browser_function("write/link.js", "formIsFilled")
    demo.load(None, random_seed, [tabs, *form], js=opened).then(None, None, None, js=filled)
    followed = browser_function("write/link.js", "followAddress")
    # Each press counts, also one that comes while the last one is still at work.
    follow_button.click(None, None, [tabs, *form], js=followed, trigger_mode="multiple")
    gr.on(
        [demo.load, *(part.change for part in form)],
        None,
        form,
        None,
        js=browser_function("write/form.js", "setForm"),
    )
