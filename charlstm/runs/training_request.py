"""A request for a training, from the form of the page or from the command line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from charlstm.runs.config import CorpusConfig, RunConfig
from charlstm.runs.distillation import check_can_be_taught, teacher_records
from charlstm.runs.ownership import RunError
from charlstm.runs.recipes import Budget, Recipe
from charlstm.runs.source_model import SourceModel
from charlstm.text.corpus import Corpus

RANDOM_SEEDS = (0, 2**32 - 1)


@dataclass(frozen=True, kw_only=True)
class TrainingRequest:
    """The settings and inputs of a new training, checked.

    Attributes:
        source: the model to start from; None to train from scratch.
        teachers: models whose predictions serve as additional targets (distillation).
        owner, is_shared: see `RunConfig`.

    Raises:
        CharLSTMError: the random seed is out of range, or these teachers cannot be used.
    """

    recipe: Recipe
    corpus: Corpus
    budget: Budget
    random_seed: int
    source: SourceModel | None = None
    teachers: tuple[SourceModel, ...] = ()
    owner: str | None = None
    is_shared: bool = False

    def __post_init__(self):
        lowest, highest = RANDOM_SEEDS
        if not lowest <= self.random_seed <= highest:
            raise RunError(
                f"The random seed was {self.random_seed}; give one from {lowest} to {highest}."
            )
        if self.teachers:
            teacher_records(self.teachers, self.corpus)
            check_can_be_taught(self.recipe, self.source is not None)

    def config(self) -> RunConfig:
        """The config for the run folder, created now.

        Raises:
            CharLSTMError: the source model cannot be extended to the text.
        """
        corpus = self.corpus
        return RunConfig(
            recipe_name=self.recipe.name,
            corpus=CorpusConfig(
                name=corpus.name,
                sha256=corpus.sha256,
                style=corpus.style,
                characters=len(corpus.text),
                notices=corpus.notices,
            ),
            budget=self.budget,
            random_seed=self.random_seed,
            created=datetime.now().astimezone().isoformat(timespec="seconds"),
            source=None if self.source is None else self.source.record(corpus),
            teachers=teacher_records(self.teachers, corpus),
            owner=self.owner,
            is_shared=self.is_shared,
        )
