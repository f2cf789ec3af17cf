"""Knowledge distillation: a student network learns from its teachers as well as from the text.

At each position the text gives one correct character. A network already trained on that text gives
a probability for every character (soft targets), which carries far more information. Averaging
several teachers cancels some of their errors, and one student can learn most of what they know
together.

Sources: Hinton, Vinyals and Dean 2015, "Distilling the Knowledge in a Neural Network",
arXiv:1503.02531; for students as large as their teachers, Furlanello et al. 2018, "Born-Again
Neural Networks", arXiv:1805.04770.
"""

from __future__ import annotations

from collections.abc import Sequence

from charlstm.errors import CharLSTMError
from charlstm.network.training_record import TeacherRecord
from charlstm.runs.recipes import Recipe
from charlstm.runs.source_model import SourceModel
from charlstm.text.corpus import Corpus

MAX_TEACHERS = 16


def teacher_records(teachers: Sequence[SourceModel], corpus: Corpus) -> tuple[TeacherRecord, ...]:
    """Check the teachers, and return what a run folder and a checkpoint record about them.

    Raises:
        CharLSTMError: there are more than `MAX_TEACHERS`, or one was not trained on this text, or
            one was trained on its held-out part as well.
    """
    if len(teachers) > MAX_TEACHERS:
        raise CharLSTMError(f"There were {len(teachers)} teachers; give at most {MAX_TEACHERS}.")
    for teacher in teachers:
        if teacher.checkpoint.training.exposure_to(corpus.sha256) != "unseen":
            raise CharLSTMError(
                f"The teacher “{teacher.name}” did not learn from the first nine tenths of this "
                "text, and of nothing else: give models that the recipe quick or full trained on "
                "it."
            )
    return tuple(TeacherRecord(name=teacher.name, sha256=teacher.sha256) for teacher in teachers)


def check_can_be_taught(recipe: Recipe, from_model: bool) -> None:
    """Raise CharLSTMError if a training of this kind cannot have teachers."""
    if not recipe.predicts_every_position:
        raise CharLSTMError(
            f"The recipe {recipe.name} learns one character of each window and cannot have "
            "teachers: use quick or full."
        )
    if from_model:
        raise CharLSTMError(
            "A training either starts from a model or has teachers: give --from or --teachers."
        )


def distillation_notice(teachers: Sequence[TeacherRecord]) -> str:
    """A sentence that names the teachers."""
    names = ", ".join(f"“{teacher.name}”" for teacher in teachers)
    number = len(teachers)
    who = "a trained model expects" if number == 1 else f"{number} trained models expect"
    return f"It also learns from what {who} after each character (knowledge distillation): {names}."
