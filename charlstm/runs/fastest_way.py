"""The fastest way to train LSTM layers on this machine: measured, then remembered.

What was measured is kept in a file of the home folder. Another processor, another number of cores
or another version of the compiled code is measured anew, and all of it once a day, because the
machine may have been busy.
"""

from __future__ import annotations

import hashlib
import json
import math
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from charlstm.errors import CharLSTMError
from charlstm.files import replace_file
from charlstm.home import PACKAGE_PARENT, home, make_folder
from charlstm.machine import available_cores, cpu_name
from charlstm.network import (
    float_products,
    kernel,
    recurrence_kernel,
    training_layer,
    training_speed,
    vectors,
)
from charlstm.network.training_speed import Way, layers_step_s, possible_ways
from charlstm.runs.recipes import Recipe, find_recipe

# What a step takes besides the LSTM layers: output layer, loss, optimizer, callbacks. Measured on
# two cores of a Sapphire Rapids Xeon.
USUAL_VOCABULARY_SIZE = 65
OTHER_S, OTHER_S_PER_PARAMETER = 3.5e-3, 3e-9

# The code whose speed is measured: a change of one of these files makes every measurement invalid.
MEASURED_CODE = (
    vectors,
    float_products,
    kernel,
    recurrence_kernel,
    training_layer,
    training_speed,
)
RENEW_AFTER_S = 24 * 3600.0
NEARLY = 1.25  # times as long as the fastest


@dataclass(frozen=True)
class MeasuredWay:
    """A way, and how long the LSTM layers take in it.

    Attributes:
        layers_step_s: seconds of a training step that the LSTM layers take.
    """

    way: Way
    layers_step_s: float


def remembered_way(recipe: Recipe) -> MeasuredWay | None:
    """The fastest way for a recipe's sizes as far as it was measured before; None if it was not."""
    steps_s, _ = _remembered(recipe)
    return _fastest(steps_s) if steps_s else None


def fastest_way(recipe: Recipe) -> MeasuredWay:
    """The fastest way for a recipe's sizes, measured unless that was done lately.

    Measuring takes some tenths of a second for each way. The first time ever it compiles too: some
    ten seconds.
    """
    steps_s, at = _remembered(recipe)
    if not steps_s or not 0 <= time.time() - at < RENEW_AFTER_S:
        for way in possible_ways(available_cores(), recipe.lanes):
            # Neither the choice nor the speed depends on the vocabulary: it is not in these layers.
            found_s = layers_step_s(way, recipe.architecture(1), recipe.lanes, recipe.window)
            # A busy machine is slower than it can be, never faster.
            steps_s[way] = min(found_s, steps_s.get(way, found_s))
        _remember(recipe, steps_s)
    return _fastest(steps_s)


def _fastest(steps_s: dict[Way, float]) -> MeasuredWay:
    """The fastest way; of those that are nearly as fast, the one with the most groups.

    Where other programs took the cores while it was measured, groups seem to gain nothing.
    """
    enough_s = NEARLY * min(steps_s.values())
    way = max(
        (way for way, step_s in steps_s.items() if step_s <= enough_s),
        key=lambda way: (way.groups, -steps_s[way]),
    )
    return MeasuredWay(way, steps_s[way])


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
    return f"{cpu_name()}, code {_code_digest()}: {' '.join(map(str, sizes))}"


@cache
def _code_digest() -> str:
    sources = b"".join(Path(str(module.__file__)).read_bytes() for module in MEASURED_CODE)
    return hashlib.sha256(sources).hexdigest()[:8]


def _read() -> dict:
    """What was measured so far; empty if nothing was, or the file is damaged."""
    try:
        records = json.loads(_path().read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return records if isinstance(records, dict) else {}


def _remembered(recipe: Recipe) -> tuple[dict[Way, float], float]:
    """Seconds of a step in each way that is possible here, and when it was measured (Unix time).

    Without all of them, nothing.
    """
    record = _read().get(_key(recipe))
    if not isinstance(record, dict):
        return {}, 0.0
    ways = possible_ways(available_cores(), recipe.lanes)
    found: dict[Way, Any] = {way: record.get(str(way)) for way in ways}
    numbers = [*found.values(), record.get("at")]
    if not all(type(number) is float and 0 < number < math.inf for number in numbers):
        return {}, 0.0
    return found, record["at"]


def _remember(recipe: Recipe, steps_s: dict[Way, float]) -> None:
    record = {**{str(way): step_s for way, step_s in steps_s.items()}, "at": time.time()}
    # Where nothing can be written, it is measured each time.
    with suppress(OSError, CharLSTMError):
        make_folder(home())
        replace_file(_path(), json.dumps({**_read(), _key(recipe): record}, indent=1).encode())


if __name__ == "__main__":
    fastest_way(find_recipe(sys.argv[1]))
