"""The text that a model learned from, where it is at hand. Nothing here downloads.

A model's story names its text by a checksum: whatever is found counts only if it is that very text.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from charlstm.errors import CharLSTMError
from charlstm.text import corpus
from charlstm.text.download import downloaded_path
from charlstm.text.split import split


def recorded_text(training: dict) -> tuple[str, str, str]:
    """Name, sha256 and style of the text; empty where a model's story does not tell.

    Args:
        training: the story of its training, as a checkpoint tells it; it may be a stranger's.
    """
    record = training.get("corpus")
    record = record if isinstance(record, dict) else {}
    name, sha256, style = (
        value if isinstance(value, str) else ""
        for value in (record.get(key) for key in ("name", "sha256", "style"))
    )
    return name, sha256, style if style in corpus.STYLES else "verse"


def is_training_text(text: str, training: dict) -> bool:
    """Whether a model was trained on this very text, its held-out part included."""
    return hashlib.sha256(text.encode()).hexdigest() == recorded_text(training)[1]


def text_at_hand(training: dict, folder: Path) -> str | None:
    """The text of a training: beside its model, in the downloads, or built in; None: not here.

    Args:
        folder: where the model lies.
    """
    name, _, style = recorded_text(training)
    sources = [lambda: (folder / "corpus.txt").read_bytes().decode()]
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


def part_learned_from(text: str, training: dict) -> str:
    """The text of a training without what was held out from it.

    The notebook's random split holds nothing out: every character stands in a training window.
    """
    return split(text)[0] if training.get("carries_state", True) else text
