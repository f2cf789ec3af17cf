"""What computes, and how its work is parted."""

from __future__ import annotations

import pytest

from charlstm import device
from charlstm.device import Device


def a_device(**details):
    settings = {"name": "a processor", "kind": "cpu", "backend": "tensorflow", "cores": 2}
    return Device(backend_version="1", **{**settings, **details})


@pytest.mark.parametrize(
    ("cores", "lanes", "groups"),
    [(1, 128, 1), (2, 128, 2), (2, 16, 1), (3, 128, 2), (8, 128, 8), (64, 128, 8), (2, 33, 1)],
)
def test_lanes_are_parted_evenly_among_the_cores_in_groups_that_are_worth_it(cores, lanes, groups):
    assert a_device(cores=cores).lane_groups(lanes) == groups


@pytest.mark.parametrize("details", [{"kind": "gpu"}, {"backend": "jax"}, {"backend": "torch"}])
def test_elsewhere_the_frameworks_own_layer_is_taken(details):
    assert a_device(**details).lane_groups(128) is None


def test_half_precision_is_for_processors_that_are_made_for_it(tmp_path, monkeypatch):
    cpuinfo = tmp_path / "cpuinfo"
    monkeypatch.setattr(device, "CPUINFO", cpuinfo)
    assert device._matrix_dtype("cpu") == "float32"  # nothing is known
    cpuinfo.write_text("model name\t: Some(R) CPU\nflags\t\t: fpu avx2\n")
    assert device._matrix_dtype("cpu") == "float32"
    assert device.cpu_name().startswith("Some CPU, ")
    cpuinfo.write_text("model name\t: Some(R) CPU\nflags\t\t: fpu avx512f amx_bf16 amx_tile\n")
    assert device._matrix_dtype("cpu") == "bfloat16"
    assert device._matrix_dtype("gpu") == "float32"
