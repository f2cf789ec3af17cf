"""Saves a training, so that its model can be used and the training can be resumed exactly."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from charlstm.errors import CharLSTMError
from charlstm.files import parse_json, reason_of
from charlstm.network.checkpoint import Checkpoint, save_checkpoint, write_tensors
from charlstm.runs.run import RunPaths
from charlstm.training.best_version import BestVersion
from charlstm.training.model import Models


@dataclass(frozen=True, kw_only=True)
class ResumePoint:
    """The point at which a training was saved and can be resumed.

    Attributes:
        elapsed_s: seconds of training up to this point.
        backend: the framework that trained; only the same one can resume.
    """

    step: int
    elapsed_s: float
    backend: str


class Saving:
    """Writes and reads the files of a run folder that hold weights.

    Args:
        models: compiled; their variables, with the optimizer's, are what resuming needs.
    """

    def __init__(self, paths: RunPaths, models: Models, best: BestVersion):
        self.paths = paths
        self.models = models
        self.best = best

    def save(self, checkpoint: Checkpoint, point: ResumePoint) -> None:
        """Replace the checkpoint, the best version and the resume file, each atomically."""
        # The checkpoint first: it rejects weights that are not finite, and then no file changes.
        save_checkpoint(checkpoint, self.paths.checkpoint)
        self.best.save()
        position = json.dumps(vars(point))
        write_tensors(variables_of(self.models), {"position": position}, self.paths.resume)

    def load(self, backend: str) -> ResumePoint:
        """Restore the models' variables as an interrupted training saved them.

        Returns:
            The point at which it was saved; step 0 if nothing was saved.

        Raises:
            CharLSTMError: the file is damaged, or from another framework or another network.
        """
        for unfinished in self.paths.folder.glob("*.safetensors.*.part"):
            unfinished.unlink()  # left by a process that was killed while it wrote
        if not self.paths.resume.exists():
            return ResumePoint(step=0, elapsed_s=0.0, backend=backend)
        point, saved = read_resume(self.paths.resume, backend)
        variables = _tracked(self.models)
        # By order, not by name: Keras makes names unique within a process by numbering them.
        if [tuple(variable.shape) for variable in variables] != [array.shape for array in saved]:
            raise CharLSTMError(
                f"{self.paths.resume} does not fit: it was saved by another version of the recipe, "
                "or on a GPU and not a CPU. Start a new training."
            )
        for variable, array in zip(variables, saved, strict=True):
            variable.assign(array)
        return point


def read_resume(path: Path, backend: str) -> tuple[ResumePoint, list[np.ndarray]]:
    """Read a resume file: the point at which it was saved, and the variables in their order.

    Args:
        backend: the framework that will resume; it must have written the file.

    Raises:
        CharLSTMError: the file is damaged or cannot be read, or another framework wrote it.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            position = parse_json(file.metadata()["position"])
            point = ResumePoint(
                step=int(position["step"]),
                elapsed_s=float(position["elapsed_s"]),
                backend=position["backend"],
            )
            saved = [file.get_tensor(name) for name in sorted(file.keys())]
    except OSError as error:
        raise CharLSTMError(
            f"{path} cannot be read ({reason_of(error)}): mend that, or start a new training."
        ) from error
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise CharLSTMError(f"{path} is damaged ({error}). Start a new training.") from error
    if point.backend != backend:
        raise CharLSTMError(
            f"This training ran on {point.backend}; resume it with KERAS_BACKEND={point.backend}."
        )
    return point, saved


def variables_of(models: Models) -> dict[str, np.ndarray]:
    """Weights, carried state, the dropout's random state, and the optimizer's variables.

    The names begin with a number, so that sorting them restores the order of the variables.
    """
    models.bring_up_to_date()
    return {
        f"{index:03d}/{variable.path}": np.array(keras.ops.convert_to_numpy(variable.value))
        for index, variable in enumerate(_tracked(models))
    }


def set_variables(models: Models, values: Sequence[np.ndarray]) -> None:
    """Restore the values that `variables_of` returned, in the same order."""
    for variable, value in zip(_tracked(models), values, strict=True):
        variable.assign(value)


def _tracked(models: Models) -> list[keras.Variable]:
    return [*models.training.variables, *models.training.optimizer.variables]
