"""The config.json of a run folder: what was asked for when the training was made."""

from __future__ import annotations

import json
from pathlib import Path

from charlstm.files import replace_file
from charlstm.network.training_record import is_origin
from charlstm.runs.distillation import are_teacher_records
from charlstm.runs.ownership import RunError

FORMAT = "charlstm-run/1"


def read_config(path: Path) -> dict:
    """Raises RunError: there is none, it is damaged, or of another version."""
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(
            f"{path.parent} is no run folder, or its config.json is damaged. Give the folder "
            "that a training printed when it began."
        ) from error
    if not _is_config(config):
        raise RunError(f"{path} was not written by this version of charlstm.")
    return config


def write_config(config: dict, path: Path) -> None:
    """Replace the file atomically: a page may be reading it."""
    text = json.dumps({"format": FORMAT, **config}, indent=1, ensure_ascii=False)
    replace_file(path, text.encode())


def _is_config(config) -> bool:
    """Whether a config.json holds what this version writes."""
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        return False
    corpus, budget = config.get("corpus"), config.get("budget")
    return (
        isinstance(config.get("recipe"), str)
        and type(config.get("random_seed")) is int
        and isinstance(budget, dict)
        and set(budget) == {"minutes", "epochs"}
        and all(value is None or type(value) in (int, float) for value in budget.values())
        and isinstance(corpus, dict)
        and all(isinstance(corpus.get(name), str) for name in ("name", "sha256", "style"))
        and isinstance(corpus.get("notices", []), list)
        and ("started_from" not in config or is_origin(config["started_from"]))
        and ("teachers" not in config or are_teacher_records(config["teachers"]))
    )
