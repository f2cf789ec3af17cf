"""The fastest way is measured once for a machine and a size, and remembered."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from charlstm.network.training_speed import Way
from charlstm.runs import fastest_way as module
from charlstm.runs.fastest_way import MeasuredWay, fastest_way, remembered_way
from charlstm.runs.recipes import QUICK
from tests.test_architecture import MODULES, own_imports

SIZES = replace(QUICK, embedding_units=3, lstm_units=(4,), lanes=32, window=16)
SLOW, FAST = Way("float32", 1), Way("float32", 2)


@pytest.fixture
def measured(monkeypatch, tmp_path):
    """Which ways were measured; the second one is the faster."""
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path))
    monkeypatch.setattr(module, "possible_ways", lambda cores, lanes: [SLOW, FAST])
    measured = []

    def measure(way, *sizes):
        measured.append(way)
        return {SLOW: 0.5, FAST: 0.25}[way]

    monkeypatch.setattr(module, "layers_step_s", measure)
    return measured


def test_the_fastest_is_taken_and_remembered(measured):
    assert remembered_way(SIZES) is None
    for _ in range(2):
        assert fastest_way(SIZES) == MeasuredWay(FAST, 0.25)
    assert measured == [SLOW, FAST]
    assert remembered_way(SIZES) == MeasuredWay(FAST, 0.25)


def test_other_sizes_and_another_processor_are_measured_by_themselves(measured, monkeypatch):
    fastest_way(SIZES)
    fastest_way(replace(SIZES, lanes=64))
    assert len(measured) == 4
    assert remembered_way(SIZES) is not None
    monkeypatch.setattr(module, "cpu_name", lambda: "another processor, 2 cores")
    assert remembered_way(SIZES) is None
    fastest_way(SIZES)
    assert len(measured) == 6


@pytest.fixture
def _digest_anew():
    module._code_digest.cache_clear()
    yield
    module._code_digest.cache_clear()


@pytest.mark.usefixtures("_digest_anew")
@pytest.mark.parametrize("code", module.MEASURED_CODE, ids=lambda code: code.__name__)
def test_a_change_of_the_compiled_layers_is_measured_anew(code, measured, monkeypatch, tmp_path):
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
    others = {"charlstm", *(f"charlstm.network{end}" for end in ("", ".lstm", ".integer_products"))}
    assert {code.__name__ for code in module.MEASURED_CODE} == entered - others


@pytest.mark.parametrize("content", ["", "[]", "{", '{"x": 1}', "[" * 100_000, "\0\xff"])
def test_a_damaged_file_is_measured_over(measured, content):
    module._path().write_text(content, "utf-8")
    assert fastest_way(SIZES).way == FAST
    assert remembered_way(SIZES) is not None


def test_a_way_that_this_machine_no_longer_has_is_not_taken(measured, monkeypatch):
    fastest_way(SIZES)
    monkeypatch.setattr(module, "possible_ways", lambda cores, lanes: [SLOW])
    assert fastest_way(SIZES).way == SLOW


def test_what_was_measured_on_a_busy_machine_is_mended_after_a_day(measured, monkeypatch):
    monkeypatch.setattr(module, "layers_step_s", lambda way, *sizes: {SLOW: 0.9, FAST: 3.0}[way])
    assert fastest_way(SIZES) == MeasuredWay(SLOW, 0.9)
    monkeypatch.setattr(module, "layers_step_s", lambda way, *sizes: {SLOW: 1.5, FAST: 0.4}[way])
    assert fastest_way(SIZES).way == SLOW  # not yet measured again
    now = module.time.time()
    monkeypatch.setattr(module.time, "time", lambda: now + 25 * 3600)
    assert fastest_way(SIZES) == MeasuredWay(FAST, 0.4)
    monkeypatch.setattr(module, "layers_step_s", lambda way, *sizes: 5.0)
    monkeypatch.setattr(module.time, "time", lambda: now + 50 * 3600)
    assert fastest_way(SIZES) == MeasuredWay(FAST, 0.4)  # it can be that fast


def test_a_speed_that_was_not_reached_for_a_week_is_forgotten(measured, monkeypatch):
    now, day_s = module.time.time(), 24 * 3600
    steps = {SLOW: 0.5, FAST: 0.1}
    monkeypatch.setattr(module, "layers_step_s", lambda way, *sizes: steps[way])
    fastest_way(SIZES)
    steps[FAST] = 0.8  # from now on
    for days, found_s in ((2, 0.1), (4, 0.1), (6.5, 0.1), (8, 0.5), (10, 0.5)):
        monkeypatch.setattr(module.time, "time", lambda days=days: now + days * day_s)
        assert fastest_way(SIZES).layers_step_s == found_s


def test_a_clock_that_was_set_back_keeps_nothing(measured, monkeypatch):
    fastest_way(SIZES)
    now = module.time.time()
    monkeypatch.setattr(module, "layers_step_s", lambda way, *sizes: 0.9)
    monkeypatch.setattr(module.time, "time", lambda: now - 3600)
    assert fastest_way(SIZES) == MeasuredWay(FAST, 0.9)


def test_records_without_times_are_measured_anew(measured):
    """As earlier versions wrote them: a number of seconds for each way."""
    fastest_way(SIZES)
    record = {str(SLOW): 0.5, str(FAST): 0.25, "at": module.time.time()}
    module._path().write_text(json.dumps({module._key(SIZES): record}))
    assert remembered_way(SIZES) is None
    fastest_way(SIZES)
    assert len(measured) == 4 and remembered_way(SIZES) is not None


@pytest.mark.parametrize("value", [None, 1, "fast", -0.1, 0.0, float("nan"), float("inf"), True])
@pytest.mark.parametrize("key", ["step_s", "at"])
def test_a_damaged_record_is_measured_anew(measured, key, value):
    fastest_way(SIZES)
    records = module._read()
    records[module._key(SIZES)][str(FAST)][key] = value
    module._path().write_text(json.dumps(records))
    assert remembered_way(SIZES) is None
    assert fastest_way(SIZES) == MeasuredWay(FAST, 0.25)


def test_more_groups_are_taken_unless_they_are_clearly_slower(measured, monkeypatch):
    for seconds, way in ((0.5, FAST), (0.6, FAST), (0.7, SLOW)):
        steps = {SLOW: 0.5, FAST: seconds}
        monkeypatch.setattr(module, "layers_step_s", lambda way, *sizes, s=steps: s[way])
        module._path().unlink(missing_ok=True)
        assert fastest_way(SIZES).way == way


def test_where_nothing_can_be_written_it_is_measured_each_time(measured, monkeypatch, tmp_path):
    file = tmp_path / "a file"
    file.write_text("")
    monkeypatch.setenv("CHARLSTM_HOME", str(file / "below"))
    for _ in range(2):
        assert fastest_way(SIZES).way == FAST
    assert len(measured) == 4
