"""Splits a text into what is learned from and what is held out, before anything else is done."""

from __future__ import annotations

from typing import TypeVar

import numpy as np

HELD_OUT_SHARE = 0.1

Text = TypeVar("Text", np.ndarray, str)


def split(ids: Text) -> tuple[Text, Text]:
    """Return the training part and the held-out part, which is the last tenth.

    Args:
        ids: the text, (characters,); a string is split in the same way.
    """
    cut = int(len(ids) * (1 - HELD_OUT_SHARE))
    return ids[:cut], ids[cut:]
