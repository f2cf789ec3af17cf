"""The Write tab: a seed text, a few settings, and the text that the network writes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from html import escape

import gradio as gr

from charlstm.errors import CharLSTMError
from charlstm.interface.assets import browser_function
from charlstm.interface.endpoints import errors_as_messages, numbered
from charlstm.interface.figures import model_html
from charlstm.interface.markup import GETTING_READY, WRITING, text_html
from charlstm.interface.model_choice import QUIET, ModelChoice
from charlstm.interface.models import ModelRegistry
from charlstm.interface.turns import Turn, Turns
from charlstm.interface.write.copy_check import Copies
from charlstm.interface.write.next_odds import connect_odds, place_odds
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
from charlstm.writing.request import MAX_TEXT_CHARACTERS, WritingRequest
from charlstm.writing.single_text import name_unknown, read_seed_text

EXAMPLES = ("ROMEO:", "To be, or not to be", "The king is", "JULIET:\nO ", "Once upon a time")
EMPTY_PAGE = (
    '<div class="page empty">Type a beginning and press <b>Write</b>. The network goes on from '
    "there, one letter at a time, each time asking itself: which letter comes next?</div>"
)


class Writer:
    """Serves the Write tab and the `/generate` endpoint."""

    def __init__(self, engine: Engine, registry: ModelRegistry):
        self.engine = engine
        self.registry = registry
        self.turns = Turns()
        self.copies = Copies()

    async def texts(
        self, checkpoint: Checkpoint, writing_request: WritingRequest
    ) -> AsyncGenerator[str, None]:
        """Stream the text so far, beginning with the seed text alone."""
        text = writing_request.seed_text
        yield text
        pieces = self.engine.write(
            checkpoint,
            writing_request.seed_text,
            length=writing_request.length,
            random_seed=writing_request.random_seed,
            sampling=writing_request.sampling,
        )
        try:
            async for piece in pieces:
                text += piece
                yield text
        finally:
            await pieces.aclose()

    async def write(self, model, seed_text, temperature, length, random_seed, request: gr.Request):
        """Write a new text; yields (text as HTML, status as HTML)."""
        writing_request = WritingRequest.check(seed_text, temperature, length, random_seed)
        async with self.turns.take(request.session_hash) as turn:
            async for outputs in self._on_page(model, writing_request, turn):
                yield outputs

    async def go_on(
        self, model, text_so_far, temperature, length, random_seed, request: gr.Request
    ):
        """Continue after the whole text on the page; yields as `write`."""
        if not text_so_far:
            raise CharLSTMError("There is no text to go on from yet: press Write first.")
        if len(text_so_far) > MAX_TEXT_CHARACTERS:
            raise CharLSTMError(
                f"The text has grown to {len(text_so_far):,} characters, and at "
                f"{MAX_TEXT_CHARACTERS:,} the page ends: press Write to begin a new one."
            )
        async for outputs in self.again(
            model, text_so_far, temperature, length, random_seed, request
        ):
            yield outputs

    async def again(self, model, seed_text, temperature, length, random_seed, request: gr.Request):
        """Repeat a request of `write` or `go_on`; yields as `write`."""
        writing_request = WritingRequest.check(
            seed_text, temperature, length, random_seed, MAX_TEXT_CHARACTERS
        )
        async with self.turns.take(request.session_hash) as turn:
            async for outputs in self._on_page(model, writing_request, turn):
                yield outputs

    async def _on_page(self, model, writing_request: WritingRequest, turn: Turn):
        checkpoint = await asyncio.to_thread(self.registry.get, model)
        began_s = time.monotonic()
        page, shown = "", 0
        async for text in self.texts(checkpoint, writing_request):
            if turn.is_over:
                return
            # The HTML is only appended to, so that Gradio sends only what is new.
            if not page:
                page = f'<div class="page"><span class="seed">{text_html(text)}</span>'
                yield page, WRITING if self.engine.is_ready else GETTING_READY
            else:
                page += text_html(text[shown:])
                yield page, WRITING
            shown = len(text)
        took_s = time.monotonic() - began_s
        unknown = read_seed_text(checkpoint.vocabulary, writing_request.seed_text).unknown
        sentences = [
            f"{writing_request.length:,} characters in {took_s:.1f} s.",
            name_unknown(unknown),
        ]
        page += "</div>"
        status = f'<p role="status">{escape(" ".join(sentences).strip())}</p>'
        yield page, status
        written = text[len(writing_request.seed_text) :]
        looking = self.copies.look(checkpoint, self.registry.folder(model), written)
        copied = await turn.wait_for(looking)
        if copied:
            yield page, f"{status}<p>{escape(copied)}</p>"

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
        writing_request = WritingRequest.check(seed_text, temperature, length, random_seed)
        async for text in self.texts(self.registry.get(self.registry.default()), writing_request):
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
                    # Hidden: pressed by the “Try again” beside a text that broke off.
                    again_button = gr.Button("Try again", elem_id="again")
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
            page = gr.HTML(EMPTY_PAGE, elem_id="page", autoscroll=False, js_on_load=None)
            with gr.Row(elem_classes="under-page"):
                status = gr.HTML("", elem_id="status", js_on_load=None)
                undo_button = gr.Button("Undo", size="sm", min_width=60, elem_id="undo")
                copy_button = gr.Button("Copy", size="sm", min_width=60, elem_id="copy")
                look_button = gr.Button("Look inside", size="sm", min_width=90, elem_id="look")

    form = [model, seed_text, temperature, length, random_seed]
    arrived = show_arrived("write/request.js", [page, status])

    def write_by(handler, function: str) -> dict:
        """Settings of an event: the server's handler, and the browser's function before it."""
        return {
            "fn": errors_as_messages(numbered(handler)),
            "inputs": [*form, arrived[-1]],
            "outputs": arrived,
            "js": browser_function("write/buttons.js", function),
            **WRITES,
        }

    rolled = roll_seed([write_button.click, seed_text.submit], always_new, random_seed)
    writing = [rolled.then(**write_by(writer.write, "writeAnew"))]
    for button, example in zip(examples, EXAMPLES, strict=True):
        filled = button.click(
            None,
            [always_new, random_seed],
            [seed_text, random_seed],
            js=browser_function("write/buttons.js", "fillExample", example),
        )
        writing.append(filled.then(**write_by(writer.write, "writeAnew")))
    writing.append(continue_button.click(**write_by(writer.go_on, "goOn")))
    writing.append(again_button.click(**write_by(writer.again, "tryAgain")))
    stop_button.click(
        None, status, status, js=browser_function("write/request.js", "stop"), cancels=writing
    )
    dice.click(None, None, random_seed, js=browser_function("browser/dice.js", "throwDice"))
    first_seed = browser_function("browser/dice.js", "firstSeed")
    demo.load(None, random_seed, random_seed, js=first_seed)
    undo_button.click(None, page, [page, status], js=browser_function("write/undo.js", "undo"))
    copy_button.click(None, None, status, js=browser_function("write/buttons.js", "copy"))
    look_button.click(None, None, tabs, js=browser_function("inside/inside.js", "lookInside"))
    gr.on([demo.load, model.change], writer.about, model, about, **QUIET)
    gr.api(errors_as_messages(writer.generate), api_name="generate", concurrency_limit=None)
    connect_odds(demo, seed_text, temperature)
    restore = browser_function("write/kept_text.js", "restore")
    demo.load(None, None, [page, status], js=restore)
