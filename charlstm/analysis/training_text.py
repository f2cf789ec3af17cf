"""The text that a model learned from, where it is at hand. Nothing here downloads.

A training record names the text by its checksum: what is found counts only if it is that very text.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from charlstm.errors import CharLSTMError
from charlstm.network.training_record import TrainingRecord
from charlstm.text import corpus
from charlstm.text.download import downloaded_path
from charlstm.text.split import split

OWN_TEXT = "corpus.txt"  # beside a model that was trained here


def recorded_style(training: TrainingRecord) -> str:
    """How the text was cleaned; as verse, which changes nothing, where that is not recorded."""
    style = training.text.style
    return style if style in corpus.STYLES else "verse"


def is_training_text(text: str, training: TrainingRecord) -> bool:
    """Whether a model was trained on this very text, its held-out part included."""
    return hashlib.sha256(text.encode()).hexdigest() == training.text.sha256


def text_at_hand(training: TrainingRecord, folder: Path) -> str | None:
    """The text of a training: beside its model, in the downloads, or built in; None: not here.

    Args:
        folder: where the model lies.
    """
    name, style = training.text.name, recorded_style(training)
    sources = [lambda: (folder / OWN_TEXT).read_bytes().decode()]
    if name == "tiny-shakespeare":
        sources.append(lambda: corpus.clean(downloaded_path().read_bytes().decode(), style))
    if name == "practice-text":
        sources.append(lambda: corpus.practice_text(style).text)
    for source in sources:
        try:
            text = source()
        except (OSError, UnicodeDecodeError, CharLSTMError):
            continue
        if is_training_text(text, training):
            return text
    return None


def part_learned_from(text: str, training: TrainingRecord) -> str:
    """The text of a training without what was held out from it.

    The random split of the recipe `notebook` holds nothing out: every character is part of a
    training window. Where the way of reading is not recorded, nothing counts as held out.
    """
    return split(text)[0] if training.carries_state else text
