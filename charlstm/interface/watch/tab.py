"""The tab "Watch it learn": what a network wrote at different times of its training.

The page is sent the whole replay at once, and can then show any part of it without the server.
While the training is running, it is sent each new snapshot.
"""

from __future__ import annotations

import gradio as gr

from charlstm.interface.assets import browser_function
from charlstm.interface.model_choice import QUIET
from charlstm.interface.models import SHIPPED, ModelRegistry, title_of

INTRO = """
<p class="watch-intro">At each moment the network was given nothing but the beginning of a line, and
used the same random numbers, so any difference is what it learned.</p>
"""


class Replays:
    """Serves the tab."""

    def __init__(self, registry: ModelRegistry):
        self.registry = registry

    def choices(self) -> list[tuple[str, str]]:
        """(title, id) of the shipped model and of all trainings that have begun.

        Those of others come last, if their owners let them be watched.
        """
        choices = [choice for choice in self.registry.choices() if choice[1] == SHIPPED]
        for run in [*self.registry.trainings(), *self.registry.shared_trainings()]:
            is_alive = run.is_alive()
            if is_alive or run.paths.events.exists() or run.paths.checkpoint.exists():
                title = title_of(run) + (" (going on)" if is_alive else "")
                choices.append((title, run.name))
        return choices + self.registry.given()

    def listed(self, shown: str | None):
        """The current list of replays; the one shown stays selected if it still exists."""
        choices = self.choices()
        ids = [replay_id for _, replay_id in choices]
        value = shown if shown in ids else next(iter(ids), None)
        return gr.Dropdown(choices=choices, value=value)

    def entered(self, shown: str | None, by_hand: bool):
        """The list when the tab is opened; selects the running training unless one was chosen.

        Args:
            by_hand: whether the visitor has chosen a replay.
        """
        running = None if by_hand else self.registry.running()
        return self.listed(running.name if running else shown)


def build_watch_tab(registry: ModelRegistry, tab: gr.Tab) -> None:
    replays = Replays(registry)
    choices = replays.choices()
    gr.HTML("<training-story></training-story>", js_on_load=None)
    with gr.Row(elem_classes="watch-choice"):
        with gr.Column(scale=3, min_width=300):
            gr.HTML(INTRO, js_on_load=None)
        with gr.Column(scale=2, min_width=300):
            chosen = gr.Dropdown(
                choices=choices,
                value=next((replay_id for _, replay_id in choices), None),
                label="Training",
                elem_id="watch-choice",
            )
    by_hand = gr.Checkbox(False, visible=False)

    choose = browser_function("watch/chosen_training.js", "chooseTraining")
    choose_by_hand = browser_function("watch/chosen_training.js", "chooseTrainingByHand")
    enter = browser_function("watch/chosen_training.js", "enter")
    tab.select(replays.entered, [chosen, by_hand], chosen, js=enter, **QUIET).then(
        None, chosen, chosen, js=choose
    )
    chosen.input(None, chosen, by_hand, js=choose_by_hand)
    chosen.focus(replays.listed, chosen, chosen, **QUIET)
