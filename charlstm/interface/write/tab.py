"""The Write tab: a seed text, a few settings, and the text that the network writes.

The page's scripts ask `/write` for the text (text_stream.py); see write/paper.js.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import gradio as gr

from charlstm.errors import CharLSTMError
from charlstm.interface.assets import browser_function
from charlstm.interface.endpoints import errors_as_messages, offer
from charlstm.interface.figures import model_html
from charlstm.interface.model_choice import QUIET, ModelChoice
from charlstm.interface.models import SHIPPED, SHIPPED_NAME, ModelNotFound, ModelRegistry
from charlstm.interface.write.copy_check import Copies
from charlstm.interface.write.next_odds import connect_odds, place_odds
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

EXAMPLES = ("ROMEO:", "To be, or not to be", "The king is", "JULIET:\nO ", "Once upon a time")
EMPTY_PAPER = (
    '<div class="page empty">Type a beginning and press <b>Write</b>. The network goes on from '
    "there, one letter at a time, each time asking itself: which letter comes next?</div>"
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

    async def about(self, model: str | None) -> str:
        """A model's figures as HTML; empty if they are not known."""
        try:
            return model_html(await asyncio.to_thread(self.registry.get, model))
        except CharLSTMError:
            return ""  # the model is gone or damaged, which writing with it reports

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
    # On a phone the style sheet moves the page up, right below the seed text.
    with gr.Row(elem_classes="columns"):
        with gr.Column(scale=2, min_width=300, elem_id="write-left"):
            with gr.Column(elem_id="beginning"):
                seed_text = seed_text_box(
                    label="How the text begins (seed text)",
                    info="Press Enter to write, Shift+Enter for a new line. It may be empty.",
                    elem_id="seed-text",
                )
                with gr.Row(elem_classes="chips"):
                    examples = [
                        gr.Button(example.replace("\n", " "), size="sm", min_width=40)
                        for example in EXAMPLES
                    ]
                with gr.Row(elem_classes="actions"):
                    write_button = gr.Button(
                        "Write", variant="primary", min_width=90, elem_id="write-button"
                    )
                    stop_button = gr.Button("Stop", min_width=70, elem_id="stop-button")
                    continue_button = gr.Button("Continue", min_width=90)
                    # Hidden: pressed by link.js on Back and Forward.
                    follow_button = gr.Button("Follow the address", elem_id="follow-address")
            with gr.Column(elem_id="choosing"):
                temperature = temperature_slider(
                    0.8,
                    label="Temperature: from careful (0.1) to wild (1.5)",
                    info="Low: plays safe and repeats itself. High: dares more, invents words.",
                    elem_id="temperature",
                )
                place_odds(registry)
            with gr.Column(elem_id="settings"):
                length = length_slider(500, elem_id="length")
                model = choice.add("Who writes (model)", "model")
                random_seed = random_seed_box(
                    label="Random seed: the same number gives the same text",
                    elem_id="random-seed",
                )
                with gr.Row(elem_classes="dice"):
                    always_new = always_new_box(
                        label="New number for each text", min_width=120, elem_id="always-new"
                    )
                    dice = gr.Button("Throw the dice", size="sm", min_width=110, elem_id="dice")
                about = gr.HTML("", elem_id="about-model", js_on_load=None)
        with gr.Column(scale=3, min_width=320, elem_id="write-right"):
            gr.HTML(
                f"<written-paper>{EMPTY_PAPER}</written-paper>", elem_id="page", js_on_load=None
            )
            with gr.Row(elem_classes="under-page"):
                gr.HTML("<paper-status></paper-status>", elem_id="status", js_on_load=None)
                share_button = gr.Button("Share", size="sm", min_width=60, elem_id="share")
                undo_button = gr.Button("Undo", size="sm", min_width=60, elem_id="undo")
                copy_button = gr.Button("Copy", size="sm", min_width=60, elem_id="copy")
                look_button = gr.Button("Look inside", size="sm", min_width=90, elem_id="look")

    form = [model, seed_text, temperature, length, random_seed]

    def button(name: str, *first) -> str:
        return browser_function("write/buttons.js", name, *first)

    gr.on(
        [write_button.click, seed_text.submit],
        None,
        [always_new, *form],
        random_seed,
        js=button("write"),
    )
    for example_button, example in zip(examples, EXAMPLES, strict=True):
        example_button.click(
            None,
            [always_new, *form],
            [seed_text, random_seed],
            js=button("writeExample", example),
        )
    continue_button.click(None, form, None, js=button("goOn"))
    stop_button.click(None, None, None, js=button("stop"))
    undo_button.click(None, None, None, js=button("undo"))
    copy_button.click(None, None, None, js=button("copy"))
    share_button.click(None, None, None, js=browser_function("write/link.js", "share"))
    dice.click(None, None, random_seed, js=browser_function("browser/dice.js", "throwDice"))
    look_button.click(None, None, tabs, js=browser_function("inside/inside.js", "lookInside"))
    offer("copied", writer.copied)
    offer("which_model", writer.which_model)
    gr.on([demo.load, model.change], writer.about, model, about, **QUIET)
    gr.api(errors_as_messages(writer.generate), api_name="generate", concurrency_limit=None)
    connect_odds(demo, seed_text, temperature)

    opened = browser_function("write/link.js", "openPage", ADDRESS_LIMITS)
    demo.load(None, random_seed, [tabs, *form], js=opened)
    followed = browser_function("write/link.js", "followAddress")
    follow_button.click(None, None, [tabs, *form], js=followed)
    form_changed = browser_function("write/link.js", "formChanged")
    gr.on([part.change for part in form], None, form, None, js=form_changed)
