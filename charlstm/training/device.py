"""What computes: chosen by itself, and named so that it can be shown.

Every framework names its devices in its own way; this is the one place that knows.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import dataclass

from charlstm.errors import CharLSTMError
from charlstm.machine import available_cores, cpu_name, matrix_dtype_of

LEAST_LANES = 16  # a group of fewer takes hardly less time
BACKENDS = ("tensorflow", "jax", "torch")


@dataclass(frozen=True, kw_only=True)
class Device:
    name: str  # for people: "NVIDIA H100" or "Intel Xeon, 2 cores"
    kind: str  # "gpu" or "cpu"
    backend: str  # "tensorflow", "jax" or "torch"
    backend_version: str
    cores: int = 1
    matrix_dtype: str = "float32"  # of matrix products: the quickest that it is made for

    def lane_groups(self, lanes: int) -> int | None:
        """How many parts lanes are best worked on in, one a core; None: the framework knows."""
        if self.kind != "cpu" or self.backend != "tensorflow":
            return None
        fitting = [
            n for n in range(1, self.cores + 1) if not lanes % n and lanes >= n * LEAST_LANES
        ]
        return max(fitting, default=1)


def prepare_device(by_lanes: bool = True) -> Device:
    """Load the framework and settle where it computes: a GPU if there is one, else all cores.

    On a GPU memory is taken as needed, not all at once. On the CPU the process steps back behind
    the others, so that the page stays quick while a training runs.

    Args:
        by_lanes: the recipe trains by lanes, which on a processor are worked on in groups.
    """
    backend = os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # JAX takes 75 % otherwise
    if backend not in BACKENDS:
        raise CharLSTMError(
            f"KERAS_BACKEND is {backend!r}; set it to one of {', '.join(BACKENDS)}, or not at all."
        )
    try:
        if backend == "tensorflow":
            kind, name, version = _tensorflow(by_lanes)
        else:
            kind, name, version = {"jax": _jax, "torch": _torch}[backend]()
    except ModuleNotFoundError as error:
        raise CharLSTMError(
            f"Training needs {error.name}, which is not installed. Install requirements.txt, or "
            "set KERAS_BACKEND to a framework that is there (tensorflow, jax or torch)."
        ) from error
    if kind == "cpu":
        _step_back()
    return Device(
        name=name,
        kind=kind,
        backend=backend,
        backend_version=version,
        cores=available_cores(),
        matrix_dtype=matrix_dtype_of(kind),
    )


def _tensorflow(by_lanes: bool) -> tuple[str, str, str]:
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        with suppress(RuntimeError):  # a program that computed before has settled it already
            tf.config.experimental.set_memory_growth(gpu, True)
    if not gpus:
        # A thread for each of many chains of operations: threads that share one operation on a
        # small network wait for each other more than they work.
        with suppress(RuntimeError):
            tf.config.threading.set_intra_op_parallelism_threads(1 if by_lanes else 0)
        return "cpu", cpu_name(), tf.__version__
    details = tf.config.experimental.get_device_details(gpus[0])
    return "gpu", details.get("device_name", "GPU"), tf.__version__


def _jax() -> tuple[str, str, str]:
    import jax

    device = jax.devices()[0]
    if device.platform == "cpu":
        return "cpu", cpu_name(), jax.__version__
    return "gpu", device.device_kind, jax.__version__


def _torch() -> tuple[str, str, str]:
    import torch

    if torch.cuda.is_available():
        return "gpu", torch.cuda.get_device_name(0), torch.__version__
    return "cpu", cpu_name(), torch.__version__


def _step_back() -> None:
    import psutil

    process = psutil.Process()
    if sys.platform == "win32":
        process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    elif process.nice() < 10:
        process.nice(10)
