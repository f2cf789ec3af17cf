"""The likeliest next characters on the Write tab, of which the visitor may choose one."""

from __future__ import annotations

import gradio as gr

from charlstm.analysis.insight import REMEMBERED_TEXTS, AfterText, log_probabilities
from charlstm.errors import CharLSTMError
from charlstm.interface.endpoints import offer
from charlstm.interface.models import ModelRegistry
from charlstm.writing.request import MAX_SEED_CHARACTERS
from charlstm.writing.single_text import read_seed_text
from charlstm.writing.state_cache import StateCache


class NextOdds:
    """Serves the probabilities of the character after a seed text."""

    def __init__(self, registry: ModelRegistry):
        self.registry = registry
        self._cache: StateCache[AfterText] = StateCache(REMEMBERED_TEXTS)

    def answer(self, model: str, text: str) -> dict:
        """The vocabulary, and the natural logarithm of each character's probability.

        The probabilities are those at temperature 1. The browser applies the temperature, so that
        the slider responds at once.

        Raises:
            CharLSTMError: the text is too long, or there is no such model.
        """
        if len(text) > MAX_SEED_CHARACTERS:
            raise CharLSTMError(
                f"The beginning has {len(text):,} characters: up to {MAX_SEED_CHARACTERS:,} the "
                "odds are shown."
            )
        checkpoint = self.registry.get(model)
        logarithms = log_probabilities(checkpoint, text, self._cache)
        return {
            "characters": list(checkpoint.vocabulary.characters),
            "log_probabilities": logarithms.round(4).tolist(),
            "unknown": read_seed_text(checkpoint.vocabulary, text).remark,
        }


def place_odds(registry: ModelRegistry) -> None:
    gr.HTML("<next-odds></next-odds>", elem_id="next-odds", js_on_load=None)
    offer("odds", NextOdds(registry).answer)
