"""How functions are compiled: at their first call, for this processor, and kept on disk."""

from __future__ import annotations

import numba


def compiled(function):
    """Compile a function at its first call, and keep the machine code on disk.

    Loops compile much faster than what NumPy has for whole arrays: assigning one slice to another
    alone would take two seconds.

    Floating-point numbers are computed as they are written, in the same order: without `fastmath`
    the compiler may neither reorder a sum nor fuse a product with a sum, so all processors get the
    same bits.
    """

    def compile_it(cache: bool):
        return numba.njit(cache=cache, nogil=True, boundscheck=False, error_model="numpy")(function)

    try:
        return compile_it(cache=True)
    except RuntimeError:  # there is no folder that it can be written to
        return compile_it(cache=False)
