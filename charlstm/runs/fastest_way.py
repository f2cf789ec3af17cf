"""The fastest way to train on this machine: measured, then remembered.

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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self

from charlstm.backend import chosen_backend, expected_device_kind
from charlstm.errors import CharLSTMError
from charlstm.files import locked, parse_json, replace_file
from charlstm.home import PACKAGE_PARENT, home, make_folder
from charlstm.machine import available_cores, cpu_name
from charlstm.network import (
    compiling,
    float_products,
    kernel,
    lane_kernel,
    lane_pass,
    lane_training,
    recurrence_kernel,
    training_layer,
    training_speed,
    vectors,
)
from charlstm.network import (
    way as way_module,
)
from charlstm.network.training_speed import Case, steps_s
from charlstm.network.way import Way, possible_ways
from charlstm.runs.recipes import Recipe, find_recipe
from charlstm.runs.sizing import in_all_widths

# Neither the choice nor, where a text has no thousands of different characters, the speed depends
# on how many there are.
USUAL_VOCABULARY_SIZE = 65

# The code whose speed is measured: a change of one of these files makes every measurement invalid.
MEASURED_CODE = (
    compiling,
    vectors,
    float_products,
    kernel,
    recurrence_kernel,
    lane_kernel,
    training_layer,
    lane_pass,
    lane_training,
    training_speed,
    way_module,
)
RENEW_AFTER_S = 24 * 3600.0
FORGET_AFTER_S = 7 * RENEW_AFTER_S
FIRST_TIME = (
    "The first training of this size on a computer takes up to half a minute to get ready: its "
    "code is compiled for the processor, and its speed is measured."
)
NEARLY = 1.25  # times as long as the fastest


@dataclass(frozen=True)
class MeasuredWay:
    """A way, and how long a training step takes in it, in seconds."""

    way: Way
    step_s: float


@dataclass(frozen=True)
class Measurement:
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


def has_ways(recipe: Recipe, backend: str, device_kind: str) -> bool:
    """Whether a recipe's steps are compiled for such a device, in a way to be chosen."""
    return backend == "tensorflow" and device_kind == "cpu" and recipe.predicts_every_position


def expects_ways(recipe: Recipe) -> bool:
    """Whether they probably will be in the next training, as far as is known before it."""
    return has_ways(recipe, chosen_backend(), expected_device_kind())


def will_measure(recipes: Iterable[Recipe]) -> bool:
    """Whether a training would first have to measure its ways, for all of these recipes."""
    return any(expects_ways(recipe) and remembered_way(recipe) is None for recipe in recipes)


def fastest_way(recipe: Recipe) -> MeasuredWay:
    """As `fastest_ways`, for one recipe."""
    return fastest_ways([recipe])[0]


def fastest_ways(recipes: Sequence[Recipe]) -> list[MeasuredWay]:
    """The fastest ways for the sizes of these recipes, measured unless that was done lately.

    All are measured together, so that they can be compared. This takes some tenths of a second for
    each recipe and way. The first time ever it compiles too: some ten seconds.
    """
    found = _fresh(recipes)
    if found is None:
        with _alone():
            # Another process may have measured while this one waited.
            found = _fresh(recipes) or _measure(recipes)
    return [_fastest(each) for each in found]


@contextmanager
def _alone() -> Iterator[None]:
    """Wait until no other process measures, because each would make the other seem slow."""
    with ExitStack() as stack:
        with suppress(OSError, CharLSTMError):  # without a lock it is better than not at all
            stack.enter_context(locked(make_folder(home()) / "fastest-ways.lock"))
        yield


def _fresh(recipes: Sequence[Recipe]) -> list[dict[Way, Measurement]] | None:
    """What was measured for each recipe; None unless all of it was measured lately."""
    found = []
    for recipe in recipes:
        measured, measured_at = _remembered(recipe)
        if not measured or not _is_within(RENEW_AFTER_S, measured_at):
            return None
        found.append(measured)
    return found


def _measure(recipes: Sequence[Recipe]) -> list[dict[Way, Measurement]]:
    """Measure all ways for each recipe, and remember what was found."""
    cases = [
        (
            recipe,
            Case(way, recipe.architecture(USUAL_VOCABULARY_SIZE), recipe.lanes, recipe.window),
        )
        for recipe in recipes
        for way in possible_ways(available_cores(), recipe.lanes)
    ]
    measured_s = steps_s([case for _, case in cases])
    now = time.time()
    found = {recipe: _remembered(recipe)[0] for recipe in recipes}
    for (recipe, case), step_s in zip(cases, measured_s, strict=True):
        measured = found[recipe]
        measured[case.way] = _faster(Measurement(step_s, now), measured.get(case.way))
    remember(found, now)
    return [found[recipe] for recipe in recipes]


def _is_within(seconds: float, at: float) -> bool:
    """Whether a time (Unix time) is at most so long ago; False for a time to come."""
    return 0 <= time.time() - at < seconds


def _faster(new: Measurement, before: Measurement | None) -> Measurement:
    """The faster of two: a busy machine is slower than it can be, never faster."""
    if before is None or not _is_within(FORGET_AFTER_S, before.at):
        return new
    return min(new, before, key=lambda each: each.step_s)


def _fastest(measured: dict[Way, Measurement]) -> MeasuredWay:
    """The fastest way; of those that are nearly as fast, the one with the most groups.

    Where other programs took the cores while it was measured, groups seem to gain nothing.
    """
    enough_s = NEARLY * min(each.step_s for each in measured.values())
    way = max(
        (way for way, each in measured.items() if each.step_s <= enough_s),
        key=lambda way: (way.groups, -measured[way].step_s),
    )
    return MeasuredWay(way, measured[way].step_s)


def measure_elsewhere(recipe: Recipe) -> None:
    """Have the fastest ways measured in a process of its own, if a training would measure them.

    Compiling and measuring would make a server's answers slow.
    """
    if will_measure(in_all_widths(recipe)):
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
        records = parse_json(_path().read_bytes())
    except (OSError, ValueError):
        return {}
    return records if isinstance(records, dict) else {}


def _remembered(recipe: Recipe) -> tuple[dict[Way, Measurement], float]:
    """The fastest steps in all ways that are possible here, and when they were measured last.

    Without all of them, nothing.
    """
    record = _read().get(_key(recipe))
    if not isinstance(record, dict) or type(record.get("at")) is not float:
        return {}, 0.0
    measured = {}
    for way in possible_ways(available_cores(), recipe.lanes):
        each = Measurement.from_json(record.get(str(way)))
        if each is None:
            return {}, 0.0
        measured[way] = each
    return measured, record["at"]


def remember(found: Mapping[Recipe, Mapping[Way, Measurement]], at: float) -> None:
    """Keep what was measured for each recipe at a time (Unix time), for all who train here."""
    records = {
        _key(recipe): {**{str(way): vars(each) for way, each in measured.items()}, "at": at}
        for recipe, measured in found.items()
    }
    # Where nothing can be written, it is measured each time.
    with suppress(OSError, CharLSTMError):
        make_folder(home())
        replace_file(_path(), json.dumps({**_read(), **records}, indent=1).encode())


if __name__ == "__main__":
    fastest_ways(in_all_widths(find_recipe(sys.argv[1])))
