"""The facts about this machine, from files of Linux that the tests write themselves."""

from __future__ import annotations

import math
import os
import subprocess
import sys

import pytest

from charlstm import machine


@pytest.fixture
def linux(tmp_path, monkeypatch):
    """A processor of four cores, described by files in place of /proc and /sys; writes one."""

    def write(path: str, text: str) -> None:
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    monkeypatch.setattr(machine, "CPUINFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(machine, "OWN_CGROUPS", tmp_path / "own")
    monkeypatch.setattr(machine, "CGROUPS", tmp_path / "groups")
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1, 2, 3}, raising=False)
    write("cpuinfo", "processor\t: 0\nmodel name\t: Some(R) CPU\nflags\t\t: fpu avx avx2\n")
    return write


def test_without_control_groups_the_affinity_counts(linux):
    assert machine.available_cores() == 4
    assert machine.core_quota() == math.inf
    assert machine.cpu_name() == "Some CPU, 4 cores"


@pytest.mark.parametrize(
    ("limit", "cores", "name"),
    [
        ("150000 100000", 2, "1.5 cores"),
        ("100000 100000", 1, "1 core"),
        ("25000 50000", 1, "0.5 cores"),
        ("100000 30000", 4, "3.33 cores"),
        ("900000 100000", 4, "4 cores"),
        ("max 100000", 4, "4 cores"),
    ],
)
def test_a_container_s_quota_limits_the_cores(linux, limit, cores, name):
    linux("own", "0::/\n")
    linux("groups/cpu.max", f"{limit}\n")
    assert machine.available_cores() == cores
    assert machine.cpu_name() == f"Some CPU, {name}"


@pytest.mark.parametrize("limited", ["a/b/c", "a/b", "a"])
def test_the_groups_around_the_own_one_limit_it_too(linux, limited):
    linux("own", "0::/a/b/c\n")
    for group in ("a", "a/b", "a/b/c"):
        linux(f"groups/{group}/cpu.max", "max 100000\n")
    linux("groups/a/other/cpu.max", "50000 100000\n")
    linux(f"groups/{limited}/cpu.max", "250000 100000\n")
    assert machine.core_quota() == 2.5
    assert machine.available_cores() == 3


def test_the_narrowest_of_several_quotas_counts(linux):
    linux("own", "0::/a/b\n")
    linux("groups/a/cpu.max", "200000 100000\n")
    linux("groups/a/b/cpu.max", "300000 100000\n")
    assert machine.core_quota() == 2


@pytest.mark.parametrize("folder", ["", "docker/", "docker/1f/"])
@pytest.mark.parametrize(("quota", "limit"), [("150000", 1.5), ("-1", math.inf)])
def test_the_first_version_of_control_groups_is_read_too(linux, folder, quota, limit):
    """Its path may be the host's, while the container sees its own group as the root."""
    linux("own", "5:memory:/\n4:cpuset:/wrong\n3:cpu,cpuacct:/docker/1f\n0::/\n")
    linux("groups/cpu/wrong/cpu.cfs_quota_us", "1000\n")
    linux("groups/cpu/wrong/cpu.cfs_period_us", "100000\n")
    linux(f"groups/cpu/{folder}cpu.cfs_quota_us", f"{quota}\n")
    linux(f"groups/cpu/{folder}cpu.cfs_period_us", "100000\n")
    assert machine.core_quota() == limit


@pytest.mark.parametrize("text", ["", "0::\n", "nonsense\n\n0:::\n", "0::/../../other\n"])
@pytest.mark.parametrize("limit", ["", "many few", "100000", "100000 0", "0 100000", "1 2 3"])
def test_what_cannot_be_read_sets_no_limit(linux, text, limit):
    linux("own", text)
    linux("groups/cpu.max", limit)
    assert machine.available_cores() == 4


def test_a_flag_is_a_whole_word(linux):
    assert machine.has_flag("avx2")
    assert machine.has_flag("avx")
    assert not machine.has_flag("av")
    assert not machine.has_flag("avx512f")
    linux("cpuinfo", "Features\t: fp asimd\n")
    assert not machine.has_flag("avx2")


def test_half_precision_is_for_processors_that_are_made_for_it(linux):
    assert machine.matrix_dtype_of("cpu") == "float32"
    linux("cpuinfo", "flags\t\t: fpu avx512f amx_bf16 amx_tile\n")
    assert machine.matrix_dtype_of("cpu") == "bfloat16"
    assert machine.matrix_dtype_of("gpu") == "float32"
    machine.CPUINFO.unlink()
    assert machine.matrix_dtype_of("cpu") == "float32"  # nothing is known


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_server_may_have_many_open_files():
    code = (
        "import resource; from charlstm import machine;"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 4096));"
        "machine.allow_many_open_files();"
        "print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "4096"
