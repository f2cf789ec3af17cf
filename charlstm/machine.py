"""Facts about this machine: the processor's name, its usable cores, its fastest float type."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MANY_FILES = 10_000
CPUINFO = Path("/proc/cpuinfo")
OWN_CGROUPS = Path("/proc/self/cgroup")  # the control groups of this process
CGROUPS = Path("/sys/fs/cgroup")  # where Linux shows all of them


def cpu_name() -> str:
    """The processor's name and the cores that this process may use, for people.

    Under a quota the cores may be a fraction: "Intel Xeon Processor, 1.5 cores".
    """
    name = _cpu("model name") or platform.processor() or platform.machine()
    name = name.replace("(R)", "").replace("(TM)", "")
    cores = round(min(available_cores(), core_quota()), 2)
    return f"{' '.join(name.split())}, {cores:g} core{'s' if cores != 1 else ''}"


def _cpu(key: str) -> str:
    """A value of the first processor in Linux's /proc/cpuinfo; empty if there is none."""
    for line in CPUINFO.read_text().splitlines() if CPUINFO.exists() else ():
        if line.startswith(key):
            return line.partition(":")[2].strip()
    return ""


def has_flag(name: str) -> bool:
    """Whether the processor has an x86 extension, such as "avx2"; False where Linux says nothing.

    Args:
        name: as in the flags of /proc/cpuinfo.
    """
    return name in _cpu("flags").split()


def matrix_dtype_of(kind: str) -> str:
    """The float type for matrix products: bfloat16 on a CPU with AMX units for it, else float32.

    AMX multiplies bfloat16 several times as fast as the vector units multiply float32.

    Args:
        kind: of the device: "cpu" or another.
    """
    return "bfloat16" if kind == "cpu" and has_flag("amx_bf16") else "float32"


def available_cores() -> int:
    """Number of processor cores that this process may use, at least 1."""
    cores = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    # Rounded up: two threads can use one and a half cores, one thread can't.
    return max(1, math.ceil(min(cores, core_quota())))


def core_quota() -> float:
    """Seconds of core time that this process may use each second; infinite without such a limit.

    Containers are limited in this way. The affinity does not show it, and neither does Python's
    `os.process_cpu_count`.
    """
    return min((_limit(group) for group in _own_groups()), default=math.inf)


def _own_groups() -> Iterator[Path]:
    """The folders of this process's control group and of the groups around it."""
    lines = []
    with suppress(OSError, UnicodeDecodeError):
        lines = OWN_CGROUPS.read_text("utf-8").splitlines()
    for line in lines:
        controllers, _, path = line.partition(":")[2].partition(":")
        if controllers and "cpu" not in controllers.split(","):
            continue
        root = CGROUPS / "cpu" if controllers else CGROUPS  # in version 1, in version 2
        # In a container the root may be its own group, whatever the path, so the root counts too.
        group = root / path.strip("/")
        for each in (group, *group.parents):
            if each.is_relative_to(root) and ".." not in each.parts:
                yield each


def _limit(group: Path) -> float:
    """The limit that one control group sets; infinite if none can be read."""
    try:
        if (group / "cpu.max").exists():
            quota, period = (group / "cpu.max").read_text("utf-8").split()
        else:
            quota, period = (
                (group / f"cpu.cfs_{name}_us").read_text("utf-8") for name in ("quota", "period")
            )
        limit = int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):  # "max" in version 2 is no limit
        return math.inf
    return limit if limit > 0 else math.inf  # and neither is -1 in version 1


def allow_many_open_files() -> None:
    """Let this process have as many open files as the system allows: a visitor has at least one."""
    with suppress(ImportError, OSError, ValueError):
        import resource  # not on Windows, which has no such limit

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        if most == resource.RLIM_INFINITY:
            most = MANY_FILES
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
