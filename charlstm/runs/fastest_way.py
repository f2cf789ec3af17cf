"""The fastest way to train LSTM layers on this machine: measured once, then remembered.

What was measured is kept in a file of the home folder. Another processor, another number of cores
or another version of the compiled code is measured anew.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from charlstm.errors import CharLSTMError
from charlstm.files import replace_file
from charlstm.home import home, make_folder
from charlstm.machine import available_cores, cpu_name
from charlstm.network.lstm import Architecture
from charlstm.network.recurrence_kernel import SOURCES_SHA256
from charlstm.network.training_speed import Way, layers_step_s, possible_ways


@dataclass(frozen=True)
class MeasuredWay:
    """A way, and how long the LSTM layers take in it.

    Attributes:
        layers_step_s: seconds of a training step that the LSTM layers take.
    """

    way: Way
    layers_step_s: float


def remembered_way(architecture: Architecture, lanes: int, window: int) -> MeasuredWay | None:
    """The fastest way for these sizes as it was measured before; None if it was not."""
    record = _read().get(_key(architecture, lanes, window))
    if not isinstance(record, dict):
        return None
    dtype, groups, step_s = (record.get(name) for name in ("dtype", "groups", "step_s"))
    if not (isinstance(groups, int) and isinstance(step_s, float) and step_s > 0):
        return None
    way = Way(str(dtype), groups)
    is_possible = way in possible_ways(available_cores(), lanes)
    return MeasuredWay(way, step_s) if is_possible else None


def fastest_way(architecture: Architecture, lanes: int, window: int) -> MeasuredWay:
    """The fastest way for these sizes: the one remembered, or some tenths of a second of measuring.

    The first time ever, it compiles too, which takes some ten seconds.
    """
    found = remembered_way(architecture, lanes, window)
    if found is not None:
        return found
    measured = [
        MeasuredWay(way, layers_step_s(way, architecture, lanes, window))
        for way in possible_ways(available_cores(), lanes)
    ]
    best = min(measured, key=lambda each: each.layers_step_s)
    _remember(_key(architecture, lanes, window), best)
    return best


def _path() -> Path:
    return home() / "fastest-ways.json"


def _key(architecture: Architecture, lanes: int, window: int) -> str:
    sizes = [architecture.embedding_units, *architecture.lstm_units, lanes, window]
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
