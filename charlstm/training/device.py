"""Chooses the device that a training runs on, and names it for people.

Each framework has its own way to list devices; only this module knows them.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from charlstm.backend import BACKENDS, chosen_backend, needs, unknown_backend
from charlstm.errors import CharLSTMError
from charlstm.machine import cpu_name, has_flag
from charlstm.network.way import Way
from charlstm.runs.fastest_way import fastest_way, fastest_ways, has_ways
from charlstm.runs.recipes import Recipe
from charlstm.training.keras_settings import load_keras

NICE = 10  # so that the page stays quick while a training runs
# glibc's M_MMAP_THRESHOLD, M_TRIM_THRESHOLD and M_TOP_PAD, in bytes.
MALLOC_OPTIONS = {-3: 32 << 20, -1: 1 << 30, -2: 64 << 20}


@dataclass(frozen=True, kw_only=True)
class Device:
    """The device that a training runs on."""

    name: str  # for people: "NVIDIA H100" or "Intel Xeon, 2 cores"
    kind: str  # "gpu" or "cpu"
    backend: str  # "tensorflow", "jax" or "torch"
    backend_version: str

    def fastest_way(self, recipe: Recipe) -> Way | None:
        """The fastest way to compute a recipe's steps here, measured if it is not known.

        None where the framework's own layers are used: on a GPU, on other frameworks than
        TensorFlow, and for a recipe that does not train by lanes.
        """
        return fastest_way(recipe).way if self.has_ways(recipe) else None

    def has_ways(self, recipe: Recipe) -> bool:
        """Whether the recipe's steps are compiled here."""
        return has_ways(recipe, self.backend, self.kind)

    def steps_s(self, recipes: Sequence[Recipe]) -> list[float] | None:
        """Seconds of a training step of each recipe, measured together if they are not known.

        None if one of them has no ways.
        """
        if not all(map(self.has_ways, recipes)):
            return None
        return [measured.step_s for measured in fastest_ways(recipes)]


def prepare_device(by_lanes: bool = True) -> Device:
    """Load the framework and choose its device: a GPU if there is one, else all CPU cores.

    On a GPU, memory is allocated as needed. On a CPU the process lowers its own priority (nice 10),
    so that the page stays responsive while a training runs.

    Args:
        by_lanes: whether the recipe trains by lanes, which a CPU processes in groups.

    Raises:
        CharLSTMError: KERAS_BACKEND is not supported, or the framework is not installed.
    """
    backend = os.environ["KERAS_BACKEND"] = chosen_backend()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # JAX takes 75% otherwise
    if has_flag("avx2"):
        # oneDNN trains 1.75 times as fast with AVX2 alone; TensorFlow, which reads this when it is
        # imported, turns it on by itself only with AVX-512 VNNI or AMX.
        os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    if backend not in BACKENDS:
        raise CharLSTMError(unknown_backend())
    try:
        load_keras()
        if backend == "tensorflow":
            kind, name, version = _tensorflow(by_lanes)
        else:
            kind, name, version = {"jax": _jax, "torch": _torch}[backend]()
    except ModuleNotFoundError as error:
        raise CharLSTMError(needs(error.name or backend)) from error
    if kind == "cpu":
        _lower_priority(chosen_nice())
        _keep_memory()
    return Device(
        name=name,
        kind=kind,
        backend=backend,
        backend_version=version,
    )


def _tensorflow(by_lanes: bool) -> tuple[str, str, str]:
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        with suppress(RuntimeError):  # too late if the program has already used the GPU
            tf.config.experimental.set_memory_growth(gpu, True)
    if not gpus:
        # One thread per operation, several operations at a time: in a small network, threads that
        # share an operation spend more time waiting for each other than working.
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


def _lower_priority(nice: int) -> None:
    """Let other processes go first; a process that has a lower priority already keeps it.

    Args:
        nice: 0 (no change) to 19, as Unix counts; Windows knows one step only.
    """
    import psutil

    process = psutil.Process()
    if sys.platform == "win32":
        if nice:
            process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    elif process.nice() < nice:
        process.nice(nice)


def _keep_memory() -> None:
    """Tell glibc to keep freed memory instead of returning it to the operating system.

    A step frees and allocates arrays of some megabytes again and again; to get each page anew takes
    a fifth of the step.
    """
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):  # another C library
            set_option = ctypes.CDLL(None).mallopt
            for option, value in MALLOC_OPTIONS.items():
                set_option(option, value)


def chosen_nice() -> int:
    """How far a training on the CPU lowers its priority: CHARLSTM_NICE, otherwise `NICE`."""
    text = os.environ.get("CHARLSTM_NICE", "").strip() or str(NICE)
    if not (text.isdigit() and int(text) <= 19):
        raise CharLSTMError(f"CHARLSTM_NICE is {text!r}; give a whole number from 0 to 19.")
    return int(text)
