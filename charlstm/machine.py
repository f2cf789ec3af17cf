"""Facts about this machine: the processor's name, its usable cores, its fastest float type."""

from __future__ import annotations

import os
import platform
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")


def cpu_name() -> str:
    """The processor's name and the number of cores that this process may use, for people."""
    name = _cpu("model name") or platform.processor() or platform.machine()
    name = name.replace("(R)", "").replace("(TM)", "")
    cores = available_cores()
    return f"{' '.join(name.split())}, {cores} core{'s' if cores != 1 else ''}"


def _cpu(key: str) -> str:
    """A value of the first processor in Linux's /proc/cpuinfo; empty if there is none."""
    for line in CPUINFO.read_text().splitlines() if CPUINFO.exists() else ():
        if line.startswith(key):
            return line.partition(":")[2].strip()
    return ""


def matrix_dtype_of(kind: str) -> str:
    """The float type for matrix products: bfloat16 on a CPU with AMX units for it, else float32.

    AMX multiplies bfloat16 several times as fast as the vector units multiply float32.

    Args:
        kind: of the device: "cpu" or another.
    """
    return "bfloat16" if kind == "cpu" and "amx_bf16" in _cpu("flags").split() else "float32"


def available_cores() -> int:
    """Number of processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
