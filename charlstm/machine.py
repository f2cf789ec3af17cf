"""What this machine is: its processor's name, the cores this process may use, its fastest dtype."""

from __future__ import annotations

import os
import platform
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")


def cpu_name() -> str:
    """The processor's name and its number of cores."""
    name = _cpu("model name") or platform.processor() or platform.machine()
    name = name.replace("(R)", "").replace("(TM)", "")
    cores = available_cores()
    return f"{' '.join(name.split())}, {cores} core{'s' if cores != 1 else ''}"


def _cpu(key: str) -> str:
    """The first processor's entry in Linux's cpuinfo; empty where there is none to read."""
    for line in CPUINFO.read_text().splitlines() if CPUINFO.exists() else ():
        if line.startswith(key):
            return line.partition(":")[2].strip()
    return ""


def matrix_dtype_of(kind: str) -> str:
    """bfloat16 where the processor multiplies it several times as fast, in units of its own."""
    return "bfloat16" if kind == "cpu" and "amx_bf16" in _cpu("flags").split() else "float32"


def available_cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
