"""The Look inside tab: a text coloured by surprisal or by the activation of one cell."""

from __future__ import annotations

import math
import weakref
from dataclasses import replace

import gradio as gr
import numpy as np

from charlstm.analysis.cells import CellMeaning, find_cells, meanings
from charlstm.analysis.insight import activations, surprisal
from charlstm.errors import CharLSTMError
from charlstm.interface import visitors
from charlstm.interface.endpoints import offer
from charlstm.interface.inside.examples import examples
from charlstm.interface.model_choice import ModelChoice
from charlstm.interface.models import ModelRegistry
from charlstm.interface.turns import SharedTurn
from charlstm.network.checkpoint import Checkpoint
from charlstm.writing.single_text import read_seed_text

MAX_CHARACTERS = 4000  # read in a quarter of a second
SEARCHING = "Other searches are going on: try again in a minute."
INTRODUCTION = """
<div class="inside-introduction"><p>The network reads one letter at a time. <b>Surprise</b> shows
how little it expected each one, <b>cells</b> its memory at work: nobody told it what a line or a
name is, yet some of its cells keep track of just that.</p></div>
"""


class Inside:
    """Serves what a network computes while it reads a text."""

    def __init__(self, registry: ModelRegistry):
        self.registry = registry
        self._found: weakref.WeakKeyDictionary[Checkpoint, list[dict]] = weakref.WeakKeyDictionary()
        # One at a time: each takes seconds of all cores.
        self._searching = SharedTurn(
            patience_s=60.0, waiting_of_address=4, waiting=16, busy=SEARCHING
        )

    def surprise(self, model: str, text: str) -> dict:
        """Surprisal of each character in nats; null for characters outside the vocabulary."""
        checkpoint, unknown = self._read(model, text)
        found = surprisal(checkpoint, text)
        return {
            "nats": _numbers(found.nats),
            "mean_nats": _number(found.mean_nats),
            "perplexity": _number(found.perplexity),
            "vocabulary_size": len(checkpoint.vocabulary),
            "unknown": unknown,
        }

    def cell(self, model: str, text: str, layer: int, cell: int) -> dict:
        """A cell's activation after each character, -1 to 1; `layer` and `cell` count from 1."""
        checkpoint, unknown = self._read(model, text)
        units = checkpoint.architecture.lstm_units
        if not 1 <= layer <= len(units) or not 1 <= cell <= units[layer - 1]:
            sizes = ", ".join(f"layer {number}: {size}" for number, size in enumerate(units, 1))
            raise CharLSTMError(
                f"There is no cell {cell} of layer {layer}: count from 1 ({sizes} cells)."
            )
        return {
            "values": _numbers(activations(checkpoint, text)[layer - 1][:, cell - 1]),
            "unknown": unknown,
        }

    def cells(self, model: str) -> dict:
        """The cells with a known meaning, the layers' numbers of cells, and texts to look at."""
        loaded = self.registry.load(model)
        checkpoint = loaded.checkpoint
        found = self._found.get(checkpoint, checkpoint.cells)
        named = meanings(replace(checkpoint, cells=found))
        return {
            "layers": list(checkpoint.architecture.lstm_units),
            "cells": [_for_page(meaning) for meaning in named],
            "was_searched": bool(checkpoint.cells) or checkpoint in self._found,
            "examples": examples(loaded),
        }

    def search(self, model: str) -> dict:
        """Search for cells with a meaning, for a model whose training did not; then as `cells`."""
        checkpoint = self.registry.get(model)
        if checkpoint not in self._found:
            with self._searching.hold(visitors.address()):
                if checkpoint not in self._found:  # another may have searched it meanwhile
                    self._found[checkpoint] = find_cells(checkpoint)
        return self.cells(model)

    def _read(self, model: str, text: str) -> tuple[Checkpoint, str]:
        if len(text) > MAX_CHARACTERS:
            raise CharLSTMError(
                f"The text has {len(text):,} characters; up to {MAX_CHARACTERS:,} can be coloured. "
                "Shorten it."
            )
        checkpoint = self.registry.get(model)
        return checkpoint, read_seed_text(checkpoint.vocabulary, text).remark


def _for_page(meaning: CellMeaning) -> dict:
    return {
        "layer": meaning.layer,
        "cell": meaning.cell,
        "sentence": meaning.sentence,
        "words": meaning.score_in_words,
        "measure": meaning.measure,
    }


def _numbers(values: np.ndarray) -> list[float | None]:
    return [_number(value) for value in values.astype(np.float64).round(4).tolist()]


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value  # JSON has no NaN


def build_inside_tab(registry: ModelRegistry, choice: ModelChoice) -> None:
    inside = Inside(registry)
    gr.HTML(INTRODUCTION, js_on_load=None)
    gr.HTML("<inside-view></inside-view>", elem_id="inside", js_on_load=None)
    choice.add("Model", "inside-model")
    offer("surprise", inside.surprise)
    offer("cell", inside.cell)
    offer("cells", inside.cells)
    offer("search_cells", inside.search)
