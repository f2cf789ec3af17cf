"""Texts to look at that the Look inside tab offers: those of which its model knows the letters."""

from __future__ import annotations

from charlstm.interface.beginnings import learned_line
from charlstm.interface.models import Model
from charlstm.text.vocabulary import Vocabulary

SAMPLE_CHARACTERS = 500  # of its last training sample
# Of the bundled model, and of others that learned from the same text.
SHAKESPEARE = (
    "A line of Shakespeare",
    "To be, or not to be, that is the question:\nWhether 'tis nobler in the mind to suffer\n",
)
UNLIKE = (  # what a model of English did not learn from
    ("A tweet", "just got my new phone & the update broke everything lol, anyone else?? #fail\n"),
    ("Gibberish", "qxv jzzk wrtp, lkjh gfdsa! ZXCV bnm qqq.\n"),
)


def examples(model: Model) -> list[tuple[str, str]]:
    """Names and texts, the best first; empty if nothing suits the model."""
    checkpoint = model.checkpoint
    found = []
    if checkpoint.samples:
        sample = checkpoint.samples[-1].text[:SAMPLE_CHARACTERS].strip("\n")
        found.append(("Its last practice text", sample))
    if checkpoint.training.text.name == "tiny-shakespeare":
        found.append(SHAKESPEARE)
    else:
        found.append(("A line that it learned from", learned_line(model)))
    found += [each for each in UNLIKE if _is_known(checkpoint.vocabulary, each[1])]
    return [(name, text) for name, text in found if text]


def _is_known(vocabulary: Vocabulary, text: str) -> bool:
    """Whether a network can read nearly all of a text."""
    return sum(character in vocabulary for character in text) > 0.9 * len(text)
