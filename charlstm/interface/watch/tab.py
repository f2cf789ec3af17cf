"""The tab "Watch it learn": what a network wrote at each moment of its training.

The page gets the whole story at once and shows any moment of it without asking again; of a
training that goes on it asks for what is new.
"""

from __future__ import annotations

import gradio as gr

from charlstm.errors import CharLSTMError
from charlstm.interface.endpoints import offer
from charlstm.interface.model_choice import QUIET
from charlstm.interface.models import SHIPPED, ModelRegistry, title_of
from charlstm.interface.watch.moments import Story, story_of_checkpoint, story_of_run
from charlstm.runs.timeline import read_timeline

INTRO = """
<p class="watch-intro">The same network at many moments while it learned. Each time it was given
nothing but the beginning of a line, and rolled the same dice: only what it had learned differs.
Move the slider, or press Play.</p>
"""
DAMAGED = "The notes of this training are damaged, or of another version: choose another one."


class Stories:
    """Serves the tab."""

    def __init__(self, registry: ModelRegistry):
        self.registry = registry

    def choices(self) -> list[tuple[str, str]]:
        """The shipped model and the trainings of this machine, if only they have begun."""
        choices = [choice for choice in self.registry.choices() if choice[1] == SHIPPED]
        for run in self.registry.trainings():
            is_alive = run.is_alive()
            if is_alive or run.events_path.exists() or run.checkpoint_path.exists():
                title = title_of(run) + (" (going on)" if is_alive else "")
                choices.append((title, run.name))
        return choices

    def listed(self, shown: str | None):
        """The list as it is now; what is shown stays, if it is still there."""
        choices = self.choices()
        there = [story for _, story in choices]
        value = shown if shown in there else next(iter(there), None)
        return gr.Dropdown(choices=choices, value=value)

    def entered(self, shown: str | None, by_hand: bool):
        """Who has not chosen anything meets the training that is going on."""
        running = None if by_hand else self.registry.runs.running()
        return self.listed(running.name if running else shown)

    def answer(self, story: str, known: list, held: str) -> dict:
        """A story for the page, without the moments whose keys it knows.

        Raises:
            CharLSTMError: there is no such story, or it is damaged.
        """
        if story == SHIPPED:
            return self._read_checkpoint(story).answer(known)
        run = self.registry.runs.get(story)
        try:
            told = story_of_run(run, read_timeline(run), held)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            if run.checkpoint_path.exists():
                return self._read_checkpoint(story).answer(known)
            raise CharLSTMError(DAMAGED) from error
        if not told.moments and not told.is_live and run.checkpoint_path.exists():
            told = self._read_checkpoint(story)
        return told.answer(known)

    def _read_checkpoint(self, story: str) -> Story:
        checkpoint = self.registry.get(story)
        try:
            return story_of_checkpoint(checkpoint)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise CharLSTMError(DAMAGED) from error


def build_watch_tab(registry: ModelRegistry, tab: gr.Tab) -> None:
    stories = Stories(registry)
    choices = stories.choices()
    with gr.Row(elem_classes="watch-head"):
        with gr.Column(scale=3, min_width=300):
            gr.HTML(INTRO, js_on_load=None)
        with gr.Column(scale=2, min_width=300):
            chosen = gr.Dropdown(
                choices=choices,
                value=next((story for _, story in choices), None),
                label="Training",
                elem_id="watch-choice",
            )
    by_hand = gr.Checkbox(False, visible=False)
    gr.HTML("<training-story></training-story>", js_on_load=None)
    offer("story", stories.answer)

    tell = "(story) => { window.charlstm.chooseStory(story); return story; }"
    tab.select(stories.entered, [chosen, by_hand], chosen, **QUIET).then(
        None, chosen, chosen, js=tell
    )
    chosen.input(
        None, chosen, by_hand, js="(story) => { window.charlstm.chooseStory(story); return true; }"
    )
    chosen.focus(stories.listed, chosen, chosen, **QUIET)
