"""What computes, and how its work is parted."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from charlstm.errors import CharLSTMError
from charlstm.network.way import Way
from charlstm.runs.fastest_way import MeasuredWay
from charlstm.runs.recipes import FULL, NOTEBOOK, QUICK
from charlstm.training import device
from charlstm.training.device import Device
from tests.waiting import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]


def a_device(**details):
    settings = {"name": "a processor", "kind": "cpu", "backend": "tensorflow"}
    return Device(backend_version="1", **{**settings, **details})


@pytest.mark.parametrize("details", [{"kind": "gpu"}, {"backend": "jax"}, {"backend": "torch"}])
def test_elsewhere_the_frameworks_own_layer_is_taken(details):
    assert a_device(**details).fastest_way(QUICK) is None


def test_the_notebook_trains_as_it_did():
    assert a_device().fastest_way(NOTEBOOK) is None


def test_a_cpu_takes_the_way_that_was_measured(monkeypatch):
    way = Way("float32", 2)
    monkeypatch.setattr(device, "fastest_way", lambda *sizes: MeasuredWay(way, 0.02))
    assert a_device().fastest_way(QUICK) == way


def test_steps_of_several_recipes_are_measured_together(monkeypatch):
    asked = []

    def measure(recipes):
        asked.append(recipes)
        return [MeasuredWay(Way("float32", 1), seconds) for seconds in (0.02, 0.03)]

    monkeypatch.setattr(device, "fastest_ways", measure)
    assert a_device().steps_s([QUICK, FULL]) == [0.02, 0.03]
    assert asked == [[QUICK, FULL]]
    assert a_device(kind="gpu").steps_s([QUICK, FULL]) is None
    assert a_device().steps_s([QUICK, NOTEBOOK]) is None
    assert len(asked) == 1


@pytest.mark.parametrize(("by_lanes", "threads"), [(True, 1), (False, 0)])
def test_operations_share_the_cores_unless_groups_of_lanes_do(by_lanes, threads):
    """In a process of its own: TensorFlow settles it once."""
    pytest.importorskip("tensorflow", reason="threads of TensorFlow")
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "from charlstm.training.device import prepare_device\n"
            f"prepare_device(by_lanes={by_lanes})\n"
            "from tensorflow import config\n"
            "print(config.threading.get_intra_op_parallelism_threads())",
        ],
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": ""},
        timeout=PATIENCE_S,
    )
    assert told.returncode == 0, told.stderr
    assert int(told.stdout.split()[-1]) == threads


FAKE_TENSORFLOW = """
import os

class config:
    def list_physical_devices(kind):
        return []

    class threading:
        def set_intra_op_parallelism_threads(number):
            pass

__version__ = os.environ.get("TF_ENABLE_ONEDNN_OPTS", "unset")
"""


@pytest.mark.parametrize(
    ("flags", "chosen", "found"),
    [
        ("fpu avx avx2 fma", None, "1"),
        ("fpu avx avx2 fma avx512f avx512_vnni", None, "1"),
        ("fpu avx avx2 fma", "0", "0"),
        ("fpu avx", None, "unset"),
        ("fpu avx", "1", "1"),
    ],
)
def test_tensorflow_finds_onednn_turned_on_where_it_helps_unless_chosen(
    flags, chosen, found, tmp_path
):
    """In a process of its own, whose TensorFlow reports what it finds when it is imported."""
    (tmp_path / "tensorflow.py").write_text(FAKE_TENSORFLOW)
    (tmp_path / "keras.py").write_text("import tensorflow")  # so does the real one
    (tmp_path / "cpuinfo").write_text(f"model name\t: Some CPU\nflags\t\t: {flags}\n")
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "PYTHONPATH": str(tmp_path)}
    environment.pop("TF_ENABLE_ONEDNN_OPTS", None)
    if chosen is not None:
        environment["TF_ENABLE_ONEDNN_OPTS"] = chosen
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import pathlib\n"
            "from charlstm import machine\n"
            f"machine.CPUINFO = pathlib.Path({str(tmp_path / 'cpuinfo')!r})\n"
            "from charlstm.training.device import prepare_device\n"
            "print(prepare_device().backend_version)",
        ],
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        env=environment,
        timeout=PATIENCE_S,
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.split() == [found]


@pytest.mark.parametrize(("text", "nice"), [("", device.NICE), ("0", 0), ("19", 19)])
def test_how_far_a_training_lowers_its_priority_can_be_chosen(text, nice, monkeypatch):
    monkeypatch.setenv("CHARLSTM_NICE", text)
    assert device.chosen_nice() == nice


@pytest.mark.parametrize("text", ["20", "-1", "low", "1.5"])
def test_a_priority_that_makes_no_sense_is_refused_in_a_sentence(text, monkeypatch):
    monkeypatch.setenv("CHARLSTM_NICE", text)
    with pytest.raises(CharLSTMError, match="whole number from 0 to 19"):
        device.chosen_nice()
