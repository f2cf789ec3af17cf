"""The Train tab: the form for a training, and the buttons of the one that is shown.

How far that training is comes to the page as a stream, see news.py.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import gradio as gr

from charlstm.backend import check_can_train
from charlstm.errors import CharLSTMError, UnreadTextError
from charlstm.interface import visitors
from charlstm.interface.assets import browser_function
from charlstm.interface.endpoints import any_choice, errors_as_messages
from charlstm.interface.model_choice import ModelChoice
from charlstm.interface.models import SHIPPED, ModelRegistry, title_of
from charlstm.interface.server_log import log_training
from charlstm.interface.train import report
from charlstm.interface.train.keeping import Keeping
from charlstm.interface.train.text_form import (
    AS_GUESSED,
    STYLES,
    TextChoice,
    build_text_form,
    is_downloaded,
    look_at,
    options_for,
    read,
)
from charlstm.runs import fine_tuning
from charlstm.runs.estimate import estimate
from charlstm.runs.fastest_way import measure_elsewhere, will_measure
from charlstm.runs.recipes import RECIPES, Budget, Recipe, find_recipe
from charlstm.runs.run import Run
from charlstm.runs.sizing import in_all_widths
from charlstm.runs.training_request import TrainingRequest
from charlstm.text import corpus
from charlstm.text.download import TINY_SHAKESPEARE_BYTES

RECIPE_CHOICES = [("small", "quick"), ("large", "full"), ("classic", "notebook")]
ABOUT_RECIPES = {
    "quick": "Small: readable after 3 minutes.",
    "full": "Large: writes best after most of an hour.",
    "notebook": "Classic: the original course settings (slow).",
}
NOTHING = ""  # no model has this id
FROM_NOTHING = ("from scratch", NOTHING)
INTRODUCTION = (
    '<h2 class="headline">Teach a network to write</h2><p>It guesses the next letter of a text, '
    "checks, and learns from each mistake, a million times over. Watch it happen.</p>"
)
STOP_PATIENCE_S = 1.0
STARTS = 48  # at once: more than may wait for one address, see turns.py
PROGRESS = gr.Progress()  # Gradio looks for it among the defaults of a handler's arguments
LIVE_PARTS = {
    "sample": '<div class="live-part"></div>',
    "charts": '<div class="live-part" tabindex="0" role="group" '
    'aria-label="Plots: the arrow keys read their values"></div>',
    "details": '<div class="live-part"></div>',
}


class Trainer:
    """Serves the Train tab."""

    def __init__(self, registry: ModelRegistry):
        self.registry = registry
        self.runs = registry.runs
        self.keeping = Keeping(registry)
        self._measured: set[str] = set()  # names of recipes, also of those being measured

    # The form

    def describe(
        self,
        source,
        upload,
        pasted,
        style,
        recipe,
        amount,
        unit,
        model=NOTHING,
        encoding=AS_GUESSED,
        keeps_markup=False,
        shuffles_lines=False,
    ) -> tuple:
        """Describe what the form asks for.

        Returns:
            Notes on the text, on the duration and on the source model, and the settings of how the
            text is read.
        """
        choice = TextChoice.of(
            source, upload, pasted, style, encoding, keeps_markup, shuffles_lines
        )
        text, look, text_note, remedy = None, None, "", ""
        own = {"upload": upload, "paste": pasted, "practice-text": True}.get(source)
        if own or (model and source == "tiny-shakespeare" and is_downloaded()):
            try:
                text = read(choice, self.registry.limits)
                look = look_at(text, bool(model)) if own else None
                text_note = report.text_html(look) if look else ""
            except CharLSTMError as error:
                text_note = report.advice_html(str(error))
                remedy = error.remedy if isinstance(error, UnreadTextError) else ""
        notes = self._describe_training(recipe, amount, unit, model, text)
        return text_note, *notes, *options_for(text, look, choice.options, remedy)

    def _describe_training(
        self, recipe: str, amount, unit: str, model: str, text: corpus.Corpus | None
    ) -> tuple[str, str]:
        """Notes on the duration and on the source model."""
        start_note = ""
        characters = TINY_SHAKESPEARE_BYTES if text is None else len(text.text)
        try:
            check_can_train()
            chosen = find_recipe(recipe)
            if model:
                chosen, start_note = self._describe_start(model, chosen, text)
            guess = estimate(chosen, _budget(amount, unit), characters, self.registry.trainings())
            if not guess.is_measured:
                self._measure(find_recipe(recipe))
            time_note = report.estimate_html(guess, will_measure([chosen]), ABOUT_RECIPES[recipe])
            return time_note, start_note
        except CharLSTMError as error:
            return report.advice_html(str(error)), start_note

    def _measure(self, recipe: Recipe) -> None:
        """Measure in the background how fast a recipe trains here, for the next estimate.

        Not while a training runs: each would make the other slow.
        """
        if recipe.name in self._measured or self.runs.running() is not None:
            return
        if will_measure(in_all_widths(recipe)):
            self._measured.add(recipe.name)
            threading.Thread(target=measure_elsewhere, args=[recipe], daemon=True).start()

    def _describe_start(
        self, model: str, recipe: Recipe, text: corpus.Corpus | None
    ) -> tuple[Recipe, str]:
        """The recipe adapted to a source model's network, and a note on starting from it."""
        try:
            checkpoint = self.registry.get(model)
            if text is not None:
                fine_tuning.check_fits(checkpoint, text.text)
        except CharLSTMError as error:
            return recipe, report.advice_html(str(error))
        sizes = checkpoint.architecture
        adapted = fine_tuning.fine_tuned(recipe, sizes.embedding_units, sizes.lstm_units)
        return adapted, report.start_html(checkpoint, text)

    def promise(self) -> str:
        """How the bundled model learned, as HTML; empty if it cannot be read."""
        try:
            return report.promise_html(self.registry.get(SHIPPED))
        except CharLSTMError:
            return ""

    def starts(self, chosen: str | None):
        """The current list of source models; the chosen one stays selected if it still exists."""
        choices = [FROM_NOTHING, *self.registry.choices()]
        exists = any(chosen == model for _, model in choices)
        return gr.Dropdown(choices=choices, value=chosen if exists else NOTHING)

    def start(
        self,
        source,
        upload,
        pasted,
        style,
        recipe,
        amount,
        unit,
        model=NOTHING,
        may_be_watched=False,
        encoding=AS_GUESSED,
        keeps_markup=False,
        shuffles_lines=False,
        progress=PROGRESS,
        asked: gr.Request | None = None,
    ):
        """Start a training, or let it wait for its turn; returns its name."""
        choice = TextChoice.of(
            source, upload, pasted, style, encoding, keeps_markup, shuffles_lines
        )
        with acting_for(asked):
            return self._start(choice, recipe, amount, unit, model, may_be_watched, progress)

    def _start(
        self, choice: TextChoice, recipe, amount, unit, model, may_be_watched, progress
    ) -> str:
        limits = self.registry.limits
        check_can_train()
        self._refuse_while_one_runs()
        if limits.is_public:  # before the text is read, which may take long
            self.keeping.check_room(visitors.asking(), visitors.address())
        chosen = find_recipe(recipe)
        budget = _budget(amount, unit)
        source_model = self.registry.source_model(model) if model else None
        progress(0.0, desc="Fetching the text")
        text = read(choice, limits, lambda share: progress(share, desc="Fetching the text"))
        request = TrainingRequest(
            recipe=chosen,
            corpus=text,
            budget=budget,
            random_seed=random.randrange(2**31),
            source=source_model,
            owner=visitors.asking() if limits.is_public else None,
            is_shared=may_be_watched,
        )
        limits.check(request, is_own_text=choice.is_own)
        if limits.is_public and visitors.asking() == visitors.NOBODY:
            raise CharLSTMError(visitors.NOT_KNOWN)
        run = Run.create(request)
        try:
            self._begin(run)
        except CharLSTMError:  # another server was faster, or too many wait
            run.remove()
            raise
        self.keeping.tidy()
        return run.name

    def _begin(self, run: Run) -> None:
        """Start a training now; on a public page, when it is its turn."""
        if self.registry.limits.is_public:
            self.keeping.let_wait(run, visitors.address())
        else:
            log_training(run, run.start())

    def _refuse_while_one_runs(self) -> None:
        running = self.runs.running()
        if running is not None and not self.registry.limits.is_public:
            raise CharLSTMError(
                f"Another training is running ({title_of(running)}). Stop it, or wait for it to "
                "finish."
            )

    # The buttons of the training that is shown

    def stop(self, name: str) -> None:
        run = self.registry.training(name)
        if run.paths.waiting.exists():
            run.paths.waiting.unlink(missing_ok=True)
            return
        run.stop()
        # What it does to get ready may take long: then it is not waited for.
        later = threading.Timer(STOP_PATIENCE_S, _end_getting_ready, [run])
        later.daemon = True
        later.start()

    def resume(self, name: str, asked: gr.Request | None = None) -> None:
        with acting_for(asked):
            self._refuse_while_one_runs()
            self._begin(self.registry.training(name))

    def keep(self, name: str, asked: gr.Request | None = None) -> None:
        """Let a training that has finished go on: for as long again as it has had in all."""
        with acting_for(asked):
            self._refuse_while_one_runs()
            run = self.registry.training(name)
            budget = run.config.budget
            longer = _budget(2 * budget.amount, budget.unit)
            self.registry.limits.check_budget(longer)
            before = run.config.budget
            run.set_budget(longer)
            try:
                self._begin(run)
            except CharLSTMError:  # too many wait
                run.set_budget(before)
                raise

    def write_with(self, name: str):
        """Select the model on the Write tab, and show that tab."""
        if not self.registry.training(name).paths.checkpoint.exists():
            raise CharLSTMError("This training has not saved a model yet: wait a few seconds.")
        return gr.Dropdown(choices=self.registry.choices(), value=name), gr.Tabs(selected="write")


def _end_getting_ready(run: Run) -> None:
    with suppress(CharLSTMError):  # its folder is gone meanwhile, or damaged: it will notice
        run.end_getting_ready()


@contextmanager
def acting_for(asked: gr.Request | None) -> Iterator[None]:
    """Act for whoever sent a request that waited in Gradio's queue, outside of the request itself.

    Args:
        asked: None where it did not wait.
    """
    if asked is None:
        yield
        return
    with visitors.on_behalf_of_sender(asked.request.scope):
        yield


def _budget(amount, unit: str) -> Budget:
    if amount is None:
        raise CharLSTMError(f"“How long” is empty: give a number of {unit}, such as 3.")
    return Budget(**{unit: amount})


def build_train_tab(
    registry: ModelRegistry, choice: ModelChoice, tabs: gr.Tabs, tab: gr.Tab
) -> None:
    trainer = Trainer(registry)
    quiet = {"show_progress": "hidden", "queue": False, "api_visibility": "private"}
    # Either the form or the training is shown, see report.js.
    with gr.Row(elem_id="train-setup"):
        text_form = build_text_form(INTRODUCTION, quiet)
        with gr.Column(min_width=0, elem_id="train-form"):
            with gr.Row(elem_classes="sentence"):
                _words("A")
                sizes = [one for one in RECIPE_CHOICES if one[1] in registry.limits.recipes]
                recipe = _choice("Size", sizes, "quick", "recipe")
                _words("network learns for")
                amount = gr.Number(
                    value=3, label="How long", show_label=False, container=False, elem_id="amount"
                )
                units = [("minutes", "minutes"), ("times through the text", "epochs")]
                units = units[:1] if registry.limits.minutes is not None else units
                unit = _choice("Measured in", units, "minutes", "unit")
                _words("Starting point:")
                sources = [FROM_NOTHING, *registry.choices()]
                model = any_choice(_choice("Starting point", sources, NOTHING, "start-from"))
            time_note = gr.HTML("", elem_id="time-note", js_on_load=None)
            start_note = gr.HTML("", elem_id="start-note", js_on_load=None)
            with gr.Row(elem_classes="actions"):
                start_button = gr.Button("Start", variant="primary", min_width=160, elem_id="start")
                back_button = gr.Button(
                    "Back to the training", min_width=160, elem_id="back-to-training"
                )
            limits = registry.limits
            may_be_watched = gr.Checkbox(
                False,
                label="Others on this page may watch it learn",
                visible=limits.is_public,
                elem_id="may-be-watched",
            )
            if limits.is_public:
                gr.HTML(f'<p class="quiet">{limits.in_words()}</p>', js_on_load=None)
            with gr.Accordion("More", open=False, elem_id="train-more"):
                style = gr.Radio(STYLES, value="verse", label="Style")
        with gr.Column(min_width=0, elem_id="train-promise"):
            gr.HTML(trainer.promise(), js_on_load=None)
    with gr.Column(elem_id="train-now"):
        # What is below is filled in, shown and hidden by report.js.
        with gr.Row(elem_id="training-top"):
            with gr.Row(elem_classes="actions", elem_id="training-actions"):
                write_button = gr.Button(
                    "Write with it", variant="primary", min_width=0, elem_id="write-with-training"
                )
                download = gr.Button("Download", min_width=0, elem_id="download-training")
                stop_button = gr.Button("Stop", min_width=0, elem_id="stop-training")
                resume_button = gr.Button("Resume", min_width=0, elem_id="resume-training")
                keep_button = gr.Button("Keep training", min_width=0, elem_id="keep-training")
                new_button = gr.Button("New training", min_width=0, elem_id="new-training")
                delete = gr.Button("Delete", min_width=0, elem_id="delete-training")
            gr.HTML(
                "<training-report></training-report>", elem_id="training-status", js_on_load=None
            )
        gr.HTML("<model-note></model-note>", js_on_load=None, elem_classes="model-note")
        for name, markup in LIVE_PARTS.items():
            gr.HTML(markup, elem_id=name, js_on_load=None)
    begun = gr.Textbox(visible=False)  # the training that this visitor has just started
    shown = gr.Textbox(visible=False)

    form = [*text_form.text, style, recipe, amount, unit, model]
    show = browser_function("train/report.js", "showStarted")
    starts = {
        "concurrency_id": "training",
        "concurrency_limit": STARTS,
        "api_visibility": "private",
    }

    gr.on([recipe.change, model.change], _usual_budget, [recipe, model], [amount, unit], **quiet)
    gr.on([tab.select, model.focus], trainer.starts, model, model, **quiet)
    gr.on(
        [tab.select, *(field.change for field in [*form, *text_form.reading])],
        trainer.describe,
        [*form, *text_form.reading],
        [text_form.note, time_note, start_note, *text_form.reading],
        trigger_mode="always_last",
        **quiet,
    )
    start_button.click(
        errors_as_messages(trainer.start),
        [*form, may_be_watched, *text_form.reading],
        begun,
        show_progress="minimal",
        show_progress_on=time_note,
        **starts,
    ).success(None, begun, None, js=show)
    the_shown = {
        "inputs": shown,
        "js": browser_function("train/shown_training.js", "shownTraining"),
    }
    resume_button.click(
        errors_as_messages(trainer.resume), **the_shown, show_progress="hidden", **starts
    )
    keep_button.click(
        errors_as_messages(trainer.keep), **the_shown, show_progress="hidden", **starts
    )
    for button, view in ((new_button, "form"), (back_button, "training")):
        button.click(None, None, None, js=browser_function("train/report.js", "showView", view))
    stop_button.click(errors_as_messages(trainer.stop), **the_shown, **quiet)
    for button, act in ((download, "downloadShown"), (delete, "removeShown")):
        button.click(None, None, None, js=browser_function("model_files/model_files.js", act))
    write_button.click(
        errors_as_messages(trainer.write_with),
        outputs=[choice.lists[0], tabs],
        **the_shown,
        **quiet,
    ).success(None, js=browser_function("write/paper.js", "welcome"))


def _words(words: str) -> None:
    """A part of the sentence in which the settings stand."""
    gr.HTML(f"<span>{words}</span>", js_on_load=None, elem_classes="words")


def _choice(label: str, choices: list[tuple[str, str]], value: str, elem_id: str) -> gr.Dropdown:
    """A setting in that sentence."""
    return gr.Dropdown(
        choices,
        value=value,
        label=label,
        show_label=False,
        container=False,
        min_width=0,
        elem_id=elem_id,
    )


def _usual_budget(recipe: str, model: str) -> tuple[float, str]:
    """The default budget, as amount and unit."""
    budget = fine_tuning.BUDGET if model else RECIPES[recipe].budget
    return budget.amount, budget.unit
