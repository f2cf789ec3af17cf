"""The config.json of a run folder: what was requested when the training was created."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from charlstm.errors import CharLSTMError
from charlstm.files import parse_json, replace_file
from charlstm.network.training_record import SourceRecord, TeacherRecord, parse_teachers
from charlstm.runs.distillation import distillation_notice
from charlstm.runs.fine_tuning import fine_tuned, fine_tuning_notices
from charlstm.runs.ownership import RunError
from charlstm.runs.recipes import Budget, Recipe, find_recipe
from charlstm.runs.sizing import Size, can_be_sized, in_all_widths

FORMAT = "charlstm-run/1"


@dataclass(frozen=True, kw_only=True)
class CorpusConfig:
    """Facts about the training text; the text itself is in corpus.txt, in the same folder.

    Attributes:
        sha256: checksum of the cleaned text in UTF-8.
        style: "verse" or "prose".
        characters: length of the cleaned text; None in files that do not record it.
        notices: what was changed or decided when the text was read, as sentences to show.
    """

    name: str
    sha256: str
    style: str
    characters: int | None = None
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """The settings of one training.

    Attributes:
        recipe_name: a key of `RECIPES`.
        created: date and time in ISO 8601.
        source: the model to start from; None to train from scratch.
        teachers: the models whose predictions serve as additional targets (distillation).
        size: chosen for the machine and the time when the training began; None for the recipe's.
        owner: who may see and use it, where visitors are strangers to each other; None for all.
        is_shared: whether its owner lets the others watch.
    """

    recipe_name: str
    corpus: CorpusConfig
    budget: Budget
    random_seed: int
    created: str | None = None
    source: SourceRecord | None = None
    teachers: tuple[TeacherRecord, ...] = ()
    size: Size | None = None
    owner: str | None = None
    is_shared: bool = False

    @property
    def recipe(self) -> Recipe:
        """The recipe, with the size that was chosen or the layer sizes of the source model.

        Raises:
            CharLSTMError: this version has no recipe of that name.
        """
        recipe, source = find_recipe(self.recipe_name), self.source
        if self.size is not None:
            return self.size.applied_to(recipe)
        if source is None or source.embedding_units is None or source.lstm_units is None:
            return recipe
        return fine_tuned(recipe, source.embedding_units, source.lstm_units)

    @property
    def is_sized_at_start(self) -> bool:
        """Whether its width is chosen, or was chosen, at the start."""
        return self.size is not None or len(self.candidates) > 1

    @property
    def candidates(self) -> list[Recipe]:
        """The recipe in the widths of which one is chosen at the start; itself if it is settled."""
        recipe = self.recipe
        is_open = self.size is None and self.source is None
        return in_all_widths(recipe) if is_open and can_be_sized(recipe, self.budget) else [recipe]

    @property
    def exposure(self) -> str:
        """Whether the model had seen the held-out text in training: a key of `MEASURED_ON`."""
        if not self.recipe.predicts_every_position:
            return "leaky"
        return "unseen" if self.source is None else self.source.held_out

    @property
    def notices(self) -> list[str]:
        """Sentences to show about the text, the source model, the teachers and the size."""
        notices = list(self.corpus.notices)
        if self.source is not None:
            notices += fine_tuning_notices(self.source)
        if self.teachers:
            notices.append(distillation_notice(self.teachers))
        if self.size is not None:
            notices.append(self.size.notice())
        return notices

    def to_json(self) -> dict[str, Any]:
        record: dict[str, Any] = {
            "format": FORMAT,
            "recipe": self.recipe_name,
            "corpus": asdict(self.corpus),
            "budget": asdict(self.budget),
            "random_seed": self.random_seed,
            "created": self.created,
        }
        if self.source is not None:
            record["started_from"] = self.source.to_json()
        if self.teachers:
            record["teachers"] = [asdict(teacher) for teacher in self.teachers]
        if self.size is not None:
            record["size"] = self.size.to_json()
        if self.owner is not None:
            record |= {"owner": self.owner, "is_shared": self.is_shared}
        return record

    @classmethod
    def from_json(cls, record: Any) -> Self | None:
        """Parse a config; None if it is damaged or of another version."""
        if not isinstance(record, dict) or record.get("format") != FORMAT:
            return None
        corpus, budget = (
            value if isinstance(value := record.get(key), dict) else {}
            for key in ("corpus", "budget")
        )
        created, teachers = record.get("created"), record.get("teachers", [])
        owner = record.get("owner")
        source, size = None, None
        if "size" in record and (size := Size.from_json(record["size"])) is None:
            return None
        if "started_from" in record:
            source = SourceRecord.from_json(record["started_from"])
        is_good = (
            isinstance(record.get("recipe"), str)
            and type(record.get("random_seed")) is int
            and all(isinstance(corpus.get(key), str) for key in ("name", "sha256", "style"))
            and set(budget) == {"minutes", "epochs"}
            and all(value is None or type(value) in (int, float) for value in budget.values())
            and (source is None or source.is_complete)
            and isinstance(teachers, list)
            and len(parse_teachers(teachers)) == len(teachers)
        )
        if not is_good:
            return None
        try:
            parsed_budget = Budget(**budget)
        except CharLSTMError:
            return None
        return cls(
            recipe_name=record["recipe"],
            corpus=_corpus(corpus),
            budget=parsed_budget,
            random_seed=record["random_seed"],
            created=created if isinstance(created, str) else None,
            source=source,
            teachers=parse_teachers(teachers),
            size=size,
            owner=owner if isinstance(owner, str) else None,
            is_shared=record.get("is_shared") is True,
        )


def read_config(path: Path) -> RunConfig:
    """Read a config.json.

    Raises:
        RunError: it is missing, damaged, or of another version.
    """
    try:
        record = parse_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise RunError(
            f"{path.parent} is not a run folder, or its config.json is damaged. Give the folder "
            "that a training printed when it began."
        ) from error
    config = RunConfig.from_json(record)
    if config is None:
        raise RunError(f"{path} was not written by this version of charlstm.")
    return config


def write_config(config: RunConfig, path: Path) -> None:
    """Write a config.json atomically, because a page may be reading it."""
    text = json.dumps(config.to_json(), indent=1, ensure_ascii=False)
    replace_file(path, text.encode())


def _corpus(record: dict[str, Any]) -> CorpusConfig:
    characters, notices = record.get("characters"), record.get("notices")
    return CorpusConfig(
        name=record["name"],
        sha256=record["sha256"],
        style=record["style"],
        characters=characters if type(characters) is int else None,
        notices=tuple(map(str, notices)) if isinstance(notices, list) else (),
    )
