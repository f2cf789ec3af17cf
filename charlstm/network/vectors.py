"""What the processor that numba compiles for can do with vectors of numbers."""

from __future__ import annotations

import llvmlite.binding
import numba
from numba.core.codegen import get_host_cpu_features


def is_x86() -> bool:
    """Whether it is an x86 processor, whose special instructions can be named."""
    return llvmlite.binding.get_process_triple().startswith(("x86_64", "i686"))


def features() -> frozenset[str]:
    """Names of the features that numba may use, as LLVM spells them: "avx2", "fma".

    Not all that the processor has: NUMBA_CPU_FEATURES and NUMBA_ENABLE_AVX may allow less.
    """
    chosen = numba.config.CPU_FEATURES  # type: ignore[attr-defined]  # set when it is imported
    listed = get_host_cpu_features() if chosen is None else chosen
    return frozenset(name[1:] for name in listed.split(",") if name.startswith("+"))
