"""The Train tab: choose a text, a recipe and a time; watch; write with what came out."""

from __future__ import annotations

import random

import gradio as gr

from charlstm import corpus
from charlstm.errors import CharLSTMError
from charlstm.estimate import estimate
from charlstm.interface import story
from charlstm.interface.friendly import friendly
from charlstm.interface.shelf import Shelf, title_of
from charlstm.interface.write import WriteTab
from charlstm.recipes import RECIPES, Budget, find_recipe
from charlstm.runs import Run
from charlstm.timeline import read_timeline

TEXTS = [
    ("Tiny Shakespeare", "tiny-shakespeare"),
    ("Practice text (built in)", "practice-text"),
    ("Upload a file", "upload"),
    ("Paste a text", "paste"),
]
STYLES = [
    ("Verse: keep the line breaks", "verse"),
    ("Prose: line breaks become spaces", "prose"),
]
RECIPE_CHOICES = [
    ("Quick: a small network, readable after 3 minutes", "quick"),
    ("Full: a larger network, writes best after most of an hour", "full"),
    ("Notebook: as a course notebook did it, very slowly", "notebook"),
]
PROGRESS = gr.Progress()  # Gradio finds it as the default of an argument
ROUGH_CHARACTERS = 1_115_394  # of Tiny Shakespeare, for the estimate before a text was read


class Trainer:
    """Serves the Train tab."""

    def __init__(self, shelf: Shelf):
        self.shelf = shelf
        self.runs = shelf.runs

    # The form

    def read_corpus(
        self, source: str, upload: str | None, pasted: str, style: str, progress=None
    ) -> corpus.Corpus:
        if source == "upload":
            if not upload:
                raise CharLSTMError("No file was chosen: drop a .txt file into the box first.")
            return corpus.read_file(upload, style)
        if source == "paste":
            return corpus.paste(pasted or "", style)
        if source == "practice-text":
            return corpus.practice_text(style)
        return corpus.tiny_shakespeare_or_practice(style, progress)

    def check_text(self, source: str, upload: str | None, pasted: str, style: str) -> str:
        """What a visitor's own text is like, before anything is started."""
        if (source == "upload" and not upload) or (source == "paste" and not pasted):
            return ""
        if source not in ("upload", "paste"):
            return ""
        try:
            text = self.read_corpus(source, upload, pasted, style)
        except CharLSTMError as error:
            return f'<p class="advice" role="status">{story.escape(str(error))}</p>'
        notices = "".join(f" {story.escape(notice)}" for notice in text.notices)
        return (
            f'<p class="quiet" role="status">{len(text.text):,} characters, '
            f"{len(set(text.text))} different ones.{notices}</p>"
        )

    def estimate(self, recipe: str, amount, unit: str) -> str:
        """How long it will take here, in words."""
        try:
            budget = _budget(amount, unit)
        except CharLSTMError as error:
            return f'<p class="advice">{story.escape(str(error))}</p>'
        guess = estimate(find_recipe(recipe), budget, ROUGH_CHARACTERS, self.runs)
        basis = "as in earlier trainings here" if guess.measured else "judging by this processor"
        return (
            f'<p class="quiet">Takes {story.duration(guess.seconds)} on this machine, enough to '
            f"read {story.passes(guess.epochs)} if it is as long as Tiny Shakespeare ({basis}). "
            "Getting ready and measuring at the end take some seconds more.</p>"
        )

    def start(self, source, upload, pasted, style, recipe, amount, unit, progress=PROGRESS):
        running = self.runs.running()
        if running is not None:
            raise CharLSTMError(
                f"A training is going on already ({title_of(running)}): stop it first, or wait."
            )
        chosen = find_recipe(recipe)
        budget = _budget(amount, unit)
        progress(0.0, desc="Fetching the text")
        text = self.read_corpus(
            source, upload, pasted, style, lambda share: progress(share, desc="Fetching the text")
        )
        run = Run.create(
            recipe=chosen, corpus=text, budget=budget, random_seed=random.randrange(2**31)
        )
        run.start()
        return self.find(run.name)

    # The view

    def find(self, name: str | None = None):
        """The list of trainings and one of them: the named, the running or the newest one."""
        runs = self.runs.all()
        names = [run.name for run in runs]
        if name not in names:
            running = self.runs.running()
            name = running.name if running else next(iter(names), None)
        choices = [(title_of(run), run.name) for run in runs]
        listed = gr.Dropdown(choices=choices, value=name, visible=len(runs) > 1)
        return listed, *self.show(name)

    def show(self, name: str | None):
        """Everything that changes while a training goes on; see `live` in the tab below."""
        if not name:
            off = gr.Button(interactive=False)
            return story.NOTHING_YET, "", "", off, off, gr.Button(visible=False)
        run = self.runs.get(name)
        timeline = read_timeline(run)
        can_resume = timeline.status in ("new", "stopped", "interrupted", "failed")
        return (
            story.status_html(run, timeline),
            story.charts_html(run, timeline),
            story.sample_html(timeline),
            gr.Button(interactive=timeline.is_going_on),
            gr.Button(interactive=can_resume and self.runs.running() is None),
            gr.Button(visible=run.checkpoint_path.exists()),
        )

    def stop(self, name: str | None):
        if name:
            self.runs.get(name).stop()
        return self.show(name)

    def resume(self, name: str | None):
        running = self.runs.running()
        if running is not None:
            raise CharLSTMError(f"A training is going on already ({title_of(running)}).")
        if name:
            self.runs.get(name).start()
        return self.show(name)

    def write_with(self, name: str | None):
        """Select the model on the Write tab, and show that tab."""
        if not name or not self.runs.get(name).checkpoint_path.exists():
            raise CharLSTMError("This training has not saved a model yet: wait some seconds.")
        return gr.Dropdown(choices=self.shelf.choices(), value=name), gr.Tabs(selected="write")


def _budget(amount, unit: str) -> Budget:
    if amount is None:
        raise CharLSTMError("The time is empty: give a number of minutes, such as 3.")
    return Budget(**{unit: amount})


def build_train_tab(
    shelf: Shelf, write_tab: WriteTab, tabs: gr.Tabs, tab: gr.Tab, demo: gr.Blocks
) -> None:
    trainer = Trainer(shelf)
    with gr.Row(elem_classes="columns"):
        with gr.Column(scale=2, min_width=300):
            source = gr.Radio(TEXTS, value="tiny-shakespeare", label="Text to learn from")
            upload = gr.File(
                label="A text file, 2,000 characters to 5 MB",
                visible=False,
                height=120,
                elem_id="upload",
            )
            pasted = gr.Textbox(
                label="Your text, at least 2,000 characters",
                lines=6,
                max_lines=10,
                visible=False,
                elem_id="pasted",
            )
            text_note = gr.HTML("", elem_id="text-note", js_on_load=None)
            style = gr.Radio(STYLES, value="verse", label="Style")
            recipe = gr.Radio(RECIPE_CHOICES, value="quick", label="Recipe")
            with gr.Row():
                amount = gr.Number(
                    value=3, minimum=0, label="How long", min_width=80, elem_id="amount"
                )
                unit = gr.Radio(
                    [("minutes", "minutes"), ("passes (epochs)", "epochs")],
                    value="minutes",
                    label="Counted in",
                    min_width=160,
                )
            time_note = gr.HTML("", elem_id="time-note", js_on_load=None)
            with gr.Row(elem_classes="actions"):
                start_button = gr.Button("Start", variant="primary", min_width=90)
                stop_button = gr.Button("Stop", min_width=70, interactive=False)
                resume_button = gr.Button("Resume", min_width=80, interactive=False)
        with gr.Column(scale=3, min_width=320, elem_id="train-right"):
            training = gr.Dropdown(choices=[], label="Training", visible=False, elem_id="training")
            status = gr.HTML(story.NOTHING_YET, elem_id="training-status", js_on_load=None)
            write_button = gr.Button(
                "Write with this model", variant="primary", visible=False, elem_id="write-with"
            )
            charts = gr.HTML("", elem_id="charts", js_on_load=None)
            sample = gr.HTML("", elem_id="sample", js_on_load=None)
    timer = gr.Timer(1.0, active=False)

    live = [status, charts, sample, stop_button, resume_button, write_button]
    own_text = [source, upload, pasted, style]
    quiet = {"show_progress": "hidden", "queue": False, "api_visibility": "private"}

    source.change(
        lambda chosen: (
            gr.File(visible=chosen == "upload"),
            gr.Textbox(visible=chosen == "paste"),
        ),
        source,
        [upload, pasted],
        **quiet,
    )
    gr.on(
        [source.change, upload.change, pasted.change, style.change],
        trainer.check_text,
        own_text,
        text_note,
        **quiet,
    )
    recipe.change(_usual_budget, recipe, [amount, unit], **quiet)
    gr.on(
        [recipe.change, amount.change, unit.change, demo.load],
        trainer.estimate,
        [recipe, amount, unit],
        time_note,
        **quiet,
    )
    start_button.click(
        friendly(trainer.start),
        [*own_text, recipe, amount, unit],
        [training, *live],
        concurrency_id="training",
        concurrency_limit=1,
        show_progress="minimal",
        show_progress_on=status,
        api_visibility="private",
    )
    stop_button.click(friendly(trainer.stop), training, live, **quiet)
    resume_button.click(
        friendly(trainer.resume),
        training,
        live,
        concurrency_id="training",
        concurrency_limit=1,
        show_progress="hidden",
        api_visibility="private",
    )
    training.input(friendly(trainer.show), training, live, **quiet)
    timer.tick(friendly(trainer.show), training, live, **quiet)
    write_button.click(friendly(trainer.write_with), training, [write_tab.model, tabs], **quiet)
    # Phones that only write need not ask every second how the training goes.
    tab.select(trainer.find, None, [training, *live], **quiet)
    tab.select(lambda: gr.Timer(active=True), None, timer, **quiet)
    demo.load(trainer.find, None, [training, *live], **quiet)


def _usual_budget(recipe: str) -> tuple[float, str]:
    budget = RECIPES[recipe].budget
    return (budget.minutes, "minutes") if budget.minutes else (budget.epochs, "epochs")
