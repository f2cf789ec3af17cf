"""The fastest way to train LSTM layers on this machine: measured once, then remembered.

What was measured is kept in a file of the home folder. Another processor, another number of cores
or another version of the compiled code is measured anew.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from charlstm.errors import CharLSTMError
from charlstm.files import replace_file
from charlstm.home import PACKAGE_PARENT, home, make_folder
from charlstm.machine import available_cores, cpu_name
from charlstm.network.recurrence_kernel import SOURCES_SHA256
from charlstm.network.training_speed import Way, layers_step_s, possible_ways
from charlstm.runs.recipes import Recipe, find_recipe

# What a step takes besides the LSTM layers: output layer, loss, optimizer, callbacks. Measured on
# two cores of a Sapphire Rapids Xeon.
USUAL_VOCABULARY_SIZE = 65
OTHER_S, OTHER_S_PER_PARAMETER = 3.5e-3, 3e-9


@dataclass(frozen=True)
class MeasuredWay:
    """A way, and how long the LSTM layers take in it.

    Attributes:
        layers_step_s: seconds of a training step that the LSTM layers take.
    """

    way: Way
    layers_step_s: float


def remembered_way(recipe: Recipe) -> MeasuredWay | None:
    """The fastest way for a recipe's sizes as it was measured before; None if it was not."""
    record = _read().get(_key(recipe))
    if not isinstance(record, dict):
        return None
    dtype, groups, step_s = (record.get(name) for name in ("dtype", "groups", "step_s"))
    if not (isinstance(groups, int) and isinstance(step_s, float) and step_s > 0):
        return None
    way = Way(str(dtype), groups)
    is_possible = way in possible_ways(available_cores(), recipe.lanes)
    return MeasuredWay(way, step_s) if is_possible else None


def fastest_way(recipe: Recipe) -> MeasuredWay:
    """The fastest way for a recipe's sizes: the one remembered, or else measured.

    Measuring takes some tenths of a second for each way.
    The first time ever it compiles too: some ten seconds.
    """
    found = remembered_way(recipe)
    if found is not None:
        return found
    measured = [
        # Neither the choice nor the speed depends on the vocabulary: it is not in these layers.
        MeasuredWay(way, layers_step_s(way, recipe.architecture(1), recipe.lanes, recipe.window))
        for way in possible_ways(available_cores(), recipe.lanes)
    ]
    best = min(measured, key=lambda each: each.layers_step_s)
    _remember(_key(recipe), best)
    return best


def step_s(recipe: Recipe, measured: MeasuredWay) -> float:
    """Seconds of a whole training step: those of the LSTM layers, and an estimate of the others."""
    parameters = recipe.architecture(USUAL_VOCABULARY_SIZE).parameters()
    return measured.layers_step_s + OTHER_S + parameters * OTHER_S_PER_PARAMETER


def measure_elsewhere(recipe: Recipe) -> None:
    """Have the fastest way measured in a process of its own, unless it is remembered.

    Compiling and measuring would make a server's answers slow.
    """
    if remembered_way(recipe) is None:
        command = [sys.executable, "-m", __name__, recipe.name]
        subprocess.run(command, cwd=PACKAGE_PARENT, check=False, stderr=subprocess.DEVNULL)


def _path() -> Path:
    return home() / "fastest-ways.json"


def _key(recipe: Recipe) -> str:
    sizes = [recipe.embedding_units, *recipe.lstm_units, recipe.lanes, recipe.window]
    return f"{cpu_name()}, {SOURCES_SHA256[:8]}: {' '.join(map(str, sizes))}"


def _read() -> dict:
    """What was measured so far; empty if nothing was, or the file is damaged."""
    try:
        records = json.loads(_path().read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return records if isinstance(records, dict) else {}


def _remember(key: str, best: MeasuredWay) -> None:
    record = {
        "dtype": best.way.matrix_dtype,
        "groups": best.way.groups,
        "step_s": best.layers_step_s,
    }
    # Where nothing can be written, it is measured each time.
    with suppress(OSError, CharLSTMError):
        make_folder(home())
        replace_file(_path(), json.dumps({**_read(), key: record}, indent=1).encode())


if __name__ == "__main__":
    fastest_way(find_recipe(sys.argv[1]))
