"""Knowledge distillation: learning from teachers beside the text.

The text only says which character came. Networks that have learned the same text already say, for
every place in it, how likely each character was, which tells much more. Several networks average
out each other's mistakes, and one student can learn most of what they know together.

Sources: Hinton, Vinyals and Dean 2015, "Distilling the Knowledge in a Neural Network",
arXiv:1503.02531; students as large as their teachers: Furlanello et al. 2018, "Born-Again Neural
Networks", arXiv:1805.04770.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from charlstm.errors import CharLSTMError
from charlstm.runs.recipes import Recipe
from charlstm.runs.source_model import SourceModel, held_out_of
from charlstm.text.corpus import Corpus

MAX_TEACHERS = 16


def teacher_record(teacher: SourceModel, corpus: Corpus) -> dict:
    """What a run folder and a checkpoint record of a teacher.

    Raises:
        CharLSTMError: it has not learned from this text, or has seen the held-out part.
    """
    training = teacher.checkpoint.training
    if held_out_of(training, corpus) != "unseen":
        raise CharLSTMError(
            f"The teacher “{teacher.name}” did not learn from the first nine tenths of this text, "
            "and of nothing else: give models that the recipe quick or full trained on it."
        )
    return {"name": teacher.name, "sha256": hashlib.sha256(teacher.data).hexdigest()}


def teacher_records(teachers: Sequence[SourceModel], corpus: Corpus) -> list[dict]:
    """A record of each teacher; CharLSTMError as `teacher_record`, or if they are too many."""
    if len(teachers) > MAX_TEACHERS:
        raise CharLSTMError(f"There were {len(teachers)} teachers; give at most {MAX_TEACHERS}.")
    return [teacher_record(teacher, corpus) for teacher in teachers]


def check_can_be_taught(recipe: Recipe, from_model: bool) -> None:
    """Raise CharLSTMError if a training cannot have teachers."""
    if not recipe.predicts_every_position:
        raise CharLSTMError(
            f"The recipe {recipe.name} learns one character of each window and cannot have "
            "teachers: use quick or full."
        )
    if from_model:
        raise CharLSTMError(
            "A training either starts from a model or has teachers: give --from or --teachers."
        )


def are_teacher_records(records) -> bool:
    """Whether it is what `teacher_records` gives."""
    return (
        isinstance(records, list)
        and 0 < len(records) <= MAX_TEACHERS
        and all(
            isinstance(record, dict)
            and all(isinstance(record.get(word), str) for word in ("name", "sha256"))
            for record in records
        )
    )


def sentence(records: list[dict]) -> str:
    """Who teaches, in plain words."""
    names = ", ".join(f"“{record['name']}”" for record in records)
    number = len(records)
    who = "a trained model expects" if number == 1 else f"{number} trained models expect"
    return f"It also learns from what {who} at every place (knowledge distillation): {names}."
