"""The fastest way to train LSTM layers on this machine: measured, then remembered.

What was measured is kept in a file of the home folder. Another processor, another number of cores
or another version of the compiled code is measured anew, and all of it once a day, because the
machine may have been busy. What was fastest counts for a week: the machine may have become slower.
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
from typing import Any, Self

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
FORGET_AFTER_S = 7 * RENEW_AFTER_S
NEARLY = 1.25  # times as long as the fastest


@dataclass(frozen=True)
class MeasuredWay:
    """A way, and how long the LSTM layers take in it.

    Attributes:
        layers_step_s: seconds of a training step that the LSTM layers take.
    """

    way: Way
    layers_step_s: float


@dataclass(frozen=True)
class _Measurement:
    """The fastest step of a way, and when it was measured (Unix time)."""

    step_s: float
    at: float

    @classmethod
    def from_json(cls, record: Any) -> Self | None:
        """Parse it; None if it is damaged, or of a version that did not know when."""
        if not isinstance(record, dict) or set(record) != {"step_s", "at"}:
            return None
        is_good = all(type(value) is float and 0 < value < math.inf for value in record.values())
        return cls(**record) if is_good else None


def remembered_way(recipe: Recipe) -> MeasuredWay | None:
    """The fastest way for a recipe's sizes as far as it was measured before; None if it was not."""
    measured, _ = _remembered(recipe)
    return _fastest(measured) if measured else None


def fastest_way(recipe: Recipe) -> MeasuredWay:
    """The fastest way for a recipe's sizes, measured unless that was done lately.

    Measuring takes some tenths of a second for each way. The first time ever it compiles too: some
    ten seconds.
    """
    measured, measured_at = _remembered(recipe)
    if not measured or not _is_within(RENEW_AFTER_S, measured_at):
        for way in possible_ways(available_cores(), recipe.lanes):
            # Neither the choice nor the speed depends on the vocabulary: it is not in these layers.
            step_s = layers_step_s(way, recipe.architecture(1), recipe.lanes, recipe.window)
            measured[way] = _faster(_Measurement(step_s, time.time()), measured.get(way))
        _remember(recipe, measured)
    return _fastest(measured)


def _is_within(seconds: float, at: float) -> bool:
    """Whether a time (Unix time) is at most so long ago; False for a time to come."""
    return 0 <= time.time() - at < seconds


def _faster(new: _Measurement, before: _Measurement | None) -> _Measurement:
    """The faster of two: a busy machine is slower than it can be, never faster."""
    if before is None or not _is_within(FORGET_AFTER_S, before.at):
        return new
    return min(new, before, key=lambda each: each.step_s)


def _fastest(measured: dict[Way, _Measurement]) -> MeasuredWay:
    """The fastest way; of those that are nearly as fast, the one with the most groups.

    Where other programs took the cores while it was measured, groups seem to gain nothing.
    """
    enough_s = NEARLY * min(each.step_s for each in measured.values())
    way = max(
        (way for way, each in measured.items() if each.step_s <= enough_s),
        key=lambda way: (way.groups, -measured[way].step_s),
    )
    return MeasuredWay(way, measured[way].step_s)


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


def _remembered(recipe: Recipe) -> tuple[dict[Way, _Measurement], float]:
    """The fastest steps in all ways that are possible here, and when they were measured last.

    Without all of them, nothing.
    """
    record = _read().get(_key(recipe))
    if not isinstance(record, dict) or type(record.get("at")) is not float:
        return {}, 0.0
    measured = {}
    for way in possible_ways(available_cores(), recipe.lanes):
        each = _Measurement.from_json(record.get(str(way)))
        if each is None:
            return {}, 0.0
        measured[way] = each
    return measured, record["at"]


def _remember(recipe: Recipe, measured: dict[Way, _Measurement]) -> None:
    record = {**{str(way): vars(each) for way, each in measured.items()}, "at": time.time()}
    # Where nothing can be written, it is measured each time.
    with suppress(OSError, CharLSTMError):
        make_folder(home())
        replace_file(_path(), json.dumps({**_read(), _key(recipe): record}, indent=1).encode())


if __name__ == "__main__":
    fastest_way(find_recipe(sys.argv[1]))
