"""The fastest way is measured once for a machine and a size, and remembered."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path

import pytest

from charlstm.network.training_speed import Case
from charlstm.network.way import Way
from charlstm.runs import fastest_way as module
from charlstm.runs.fastest_way import (
    MeasuredWay,
    fastest_way,
    fastest_ways,
    remembered_way,
    will_measure,
)
from charlstm.runs.recipes import NOTEBOOK, QUICK
from charlstm.runs.sizing import in_all_widths
from tests.full_disk import full_disk
from tests.test_architecture import MODULES, own_imports
from tests.waiting import PATIENCE_S

SIZES = replace(QUICK, embedding_units=3, lstm_units=(4,), lanes=32, window=16)
SLOW, FAST = Way("float32", 1), Way("float32", 2)


class Processor:
    """Stands in for the measuring.

    Attributes:
        steps_s: seconds of a step in each way; the second way is the faster.
        measured: which ways were measured.
    """

    def __init__(self):
        self.steps_s = {SLOW: 0.5, FAST: 0.25}
        self.measured: list[Way] = []

    def measure(self, cases: Sequence[Case]) -> list[float]:
        self.measured += [case.way for case in cases]
        return [self.steps_s[case.way] for case in cases]


@pytest.fixture
def processor(monkeypatch):
    processor = Processor()
    module.make_folder(module.home())
    monkeypatch.setattr(module, "possible_ways", lambda cores, lanes: [SLOW, FAST])
    monkeypatch.setattr(module, "steps_s", processor.measure)
    return processor


@pytest.fixture
def clock(monkeypatch):
    """Sets the time, to hours from now."""
    now = module.time.time()

    def set_to(hours):
        monkeypatch.setattr(module.time, "time", lambda: now + 3600 * hours)

    return set_to


def test_the_fastest_is_taken_and_remembered(processor):
    assert remembered_way(SIZES) is None
    for _ in range(2):
        assert fastest_way(SIZES) == MeasuredWay(FAST, 0.25)
    assert processor.measured == [SLOW, FAST]
    assert remembered_way(SIZES) == MeasuredWay(FAST, 0.25)


def test_other_sizes_and_another_processor_are_measured_by_themselves(processor, monkeypatch):
    fastest_way(SIZES)
    fastest_way(replace(SIZES, lanes=64))
    assert len(processor.measured) == 4
    assert remembered_way(SIZES) is not None
    monkeypatch.setattr(module, "cpu_name", lambda: "another processor, 2 cores")
    assert remembered_way(SIZES) is None
    fastest_way(SIZES)
    assert len(processor.measured) == 6


@pytest.fixture
def _digest_anew():
    module._code_digest.cache_clear()
    yield
    module._code_digest.cache_clear()


@pytest.mark.usefixtures("_digest_anew")
@pytest.mark.parametrize("code", module.MEASURED_CODE, ids=lambda code: code.__name__)
def test_a_change_of_the_compiled_layers_is_measured_anew(code, processor, monkeypatch, tmp_path):
    fastest_way(SIZES)
    changed = tmp_path / "changed.py"
    changed.write_bytes(Path(code.__file__).read_bytes() + b"# changed")
    monkeypatch.setattr(code, "__file__", str(changed))
    module._code_digest.cache_clear()
    assert remembered_way(SIZES) is None


def test_all_code_that_is_measured_counts():
    imported, entered = {"charlstm.network.training_speed"}, set()
    while imported:
        name = imported.pop()
        entered.add(name)
        imported |= own_imports(MODULES[name]) - entered
    # Without the packages themselves, the type of a network's sizes, and what only writing needs.
    only_writing = ("", ".lstm", ".integer_products", ".drawing")
    others = {"charlstm", *(f"charlstm.network{end}" for end in only_writing)}
    assert {code.__name__ for code in module.MEASURED_CODE} == entered - others


@pytest.mark.parametrize("content", ["", "[]", "{", '{"x": 1}', "[" * 100_000, "\0\xff"])
def test_a_damaged_file_is_measured_over(processor, content):
    module._path().write_text(content, "utf-8")
    assert fastest_way(SIZES).way == FAST
    assert remembered_way(SIZES) is not None


def test_a_way_that_this_machine_no_longer_has_is_not_taken(processor, monkeypatch):
    fastest_way(SIZES)
    monkeypatch.setattr(module, "possible_ways", lambda cores, lanes: [SLOW])
    assert fastest_way(SIZES).way == SLOW


def test_what_was_measured_on_a_busy_machine_is_mended_after_a_day(processor, clock):
    processor.steps_s = {SLOW: 0.9, FAST: 3.0}
    assert fastest_way(SIZES) == MeasuredWay(SLOW, 0.9)
    processor.steps_s = {SLOW: 1.5, FAST: 0.4}
    assert fastest_way(SIZES).way == SLOW  # not yet measured again
    clock(25)
    assert fastest_way(SIZES) == MeasuredWay(FAST, 0.4)
    processor.steps_s = {SLOW: 5.0, FAST: 5.0}
    clock(50)
    assert fastest_way(SIZES) == MeasuredWay(FAST, 0.4)  # it can be that fast


def test_a_speed_that_was_not_reached_for_a_week_is_forgotten(processor, clock):
    processor.steps_s = {SLOW: 0.5, FAST: 0.1}
    fastest_way(SIZES)
    processor.steps_s[FAST] = 0.8  # from now on
    for days, found_s in ((2, 0.1), (4, 0.1), (6.5, 0.1), (8, 0.5), (10, 0.5)):
        clock(24 * days)
        assert fastest_way(SIZES).step_s == found_s


def test_a_clock_that_was_set_back_keeps_nothing(processor, clock):
    fastest_way(SIZES)
    processor.steps_s = {SLOW: 0.9, FAST: 0.9}
    clock(-1)
    assert fastest_way(SIZES) == MeasuredWay(FAST, 0.9)


def test_records_without_times_are_measured_anew(processor):
    """As earlier versions wrote them: a number of seconds for each way."""
    fastest_way(SIZES)
    record = {str(SLOW): 0.5, str(FAST): 0.25, "at": module.time.time()}
    module._path().write_text(json.dumps({module._key(SIZES): record}))
    assert remembered_way(SIZES) is None
    fastest_way(SIZES)
    assert len(processor.measured) == 4 and remembered_way(SIZES) is not None


@pytest.mark.parametrize("value", [None, 1, "fast", -0.1, 0.0, float("nan"), float("inf"), True])
@pytest.mark.parametrize("key", ["step_s", "at"])
def test_a_damaged_record_is_measured_anew(processor, key, value):
    fastest_way(SIZES)
    records = module._read()
    records[module._key(SIZES)][str(FAST)][key] = value
    module._path().write_text(json.dumps(records))
    assert remembered_way(SIZES) is None
    assert fastest_way(SIZES) == MeasuredWay(FAST, 0.25)


def test_more_groups_are_taken_unless_they_are_clearly_slower(processor):
    for seconds, way in ((0.5, FAST), (0.6, FAST), (0.7, SLOW)):
        processor.steps_s[FAST] = seconds
        module._path().unlink(missing_ok=True)
        assert fastest_way(SIZES).way == way


def test_where_nothing_can_be_written_it_is_measured_each_time(processor, monkeypatch, tmp_path):
    file = tmp_path / "a file"
    file.write_text("")
    monkeypatch.setenv("CHARLSTM_HOME", str(file / "below"))
    for _ in range(2):
        assert fastest_way(SIZES).way == FAST
    assert len(processor.measured) == 4


def test_on_a_full_disk_it_is_measured_each_time_and_what_was_known_stays(processor):
    fastest_way(QUICK)
    with full_disk():
        for _ in range(2):
            assert fastest_way(SIZES).way == FAST
    assert len(processor.measured) == 6
    assert remembered_way(QUICK).way == FAST and remembered_way(SIZES) is None


ALL = [replace(SIZES, lstm_units=(units,)) for units in (4, 8)]


def test_what_is_to_be_compared_is_measured_together(processor):
    fastest_way(ALL[1])
    processor.steps_s = {SLOW: 0.4, FAST: 0.2}
    assert fastest_ways(ALL) == [MeasuredWay(FAST, 0.2)] * 2
    assert processor.measured == [SLOW, FAST] * 3
    fastest_ways(ALL)
    fastest_way(ALL[0])
    assert len(processor.measured) == 6


def test_only_one_measures_at_a_time_and_the_others_take_what_it_found(processor, monkeypatch):
    begun, may_end = threading.Event(), threading.Event()

    def measure(cases):
        begun.set()
        assert may_end.wait(PATIENCE_S)
        return processor.measure(cases)

    monkeypatch.setattr(module, "steps_s", measure)
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(fastest_ways, ALL)
        assert begun.wait(PATIENCE_S)
        second = threads.submit(fastest_ways, ALL)
        assert not wait([second], timeout=0.1).done
        may_end.set()
        assert first.result(PATIENCE_S) == second.result(PATIENCE_S)
    assert len(processor.measured) == 4


def test_without_locks_it_is_measured_all_the_same(processor, monkeypatch):
    def no_locks(path):
        raise OSError("no locks available")

    monkeypatch.setattr(module, "locked", no_locks)
    assert fastest_way(SIZES).way == FAST
    assert remembered_way(SIZES) is not None


@pytest.fixture
def expected(monkeypatch):
    """Chooses what trains; TensorFlow on the processor to begin with."""

    def choose(backend: str = "tensorflow", kind: str = "cpu") -> None:
        monkeypatch.setenv("KERAS_BACKEND", backend)
        monkeypatch.setattr(module, "expected_device_kind", lambda: kind)

    choose()
    return choose


@pytest.mark.parametrize("where", [{"backend": "jax"}, {"backend": "torch"}, {"kind": "gpu"}])
def test_nothing_is_measured_where_the_frameworks_own_layers_train(where, expected, monkeypatch):
    told = []
    monkeypatch.setattr(module.subprocess, "run", lambda command, **_: told.append(command))
    assert will_measure([QUICK]) and not will_measure([NOTEBOOK])
    expected(**where)
    assert not will_measure([QUICK])
    module.measure_elsewhere(QUICK)
    assert told == []


@pytest.mark.usefixtures("expected")
def test_a_recipe_is_measured_elsewhere_until_all_its_widths_are_known(monkeypatch):
    told = []
    monkeypatch.setattr(module.subprocess, "run", lambda command, **_: told.append(command[1:]))
    module.measure_elsewhere(QUICK)
    assert told == [["-m", "charlstm.runs.fastest_way", "quick"]]
    monkeypatch.setattr(module, "possible_ways", lambda cores, lanes: [SLOW])
    monkeypatch.setattr(module, "steps_s", lambda cases: [0.1] * len(cases))
    fastest_way(QUICK)
    module.measure_elsewhere(QUICK)
    assert len(told) == 2
    fastest_ways(in_all_widths(QUICK))
    module.measure_elsewhere(QUICK)
    assert len(told) == 2
