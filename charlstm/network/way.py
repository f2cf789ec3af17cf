"""The ways in which a network can be trained on a CPU."""

from __future__ import annotations

from dataclasses import dataclass

from charlstm.network.recurrence_kernel import HAS_TILES

MIN_GROUP_LANES = 16  # a panel: a smaller group takes as long


@dataclass(frozen=True)
class Way:
    """How the steps of a training are computed on a CPU.

    Attributes:
        matrix_dtype: of the matrix products, "float32" or "bfloat16".
        groups: number of groups of lanes; each is computed by a thread of its own.
    """

    matrix_dtype: str
    groups: int

    @property
    def in_tiles(self) -> bool:
        """Whether the processor's matrix units compute the products."""
        return self.matrix_dtype == "bfloat16"

    def __str__(self) -> str:
        groups = "1 group" if self.groups == 1 else f"{self.groups} groups"
        return f"{self.matrix_dtype}, {groups} of lanes"


def possible_ways(cores: int, lanes: int) -> list[Way]:
    """The ways that make sense on this machine: one group, or about one for each core."""
    fitting = [n for n in range(1, cores + 1) if not lanes % n and lanes >= n * MIN_GROUP_LANES]
    groups = sorted({1, max(fitting, default=1)}, reverse=True)
    dtypes = ["bfloat16", "float32"] if HAS_TILES else ["float32"]
    return [Way(dtype, number) for dtype in dtypes for number in groups]
