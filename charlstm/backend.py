"""Which framework trains, and on what kind of device, as far as is known without loading it.

Only a training loads a framework: the page and the estimates must do without.
"""

from __future__ import annotations

import ctypes.util
import importlib.util
import os
import sys
from functools import cache
from pathlib import Path

from charlstm.errors import CharLSTMError

BACKENDS = ("tensorflow", "jax", "torch")
DEVICE_FILES = Path("/dev")


def chosen_backend() -> str:
    """The framework that `KERAS_BACKEND` names; otherwise TensorFlow.

    A backend in Keras' own keras.json does not count: a training sets the variable before it loads
    Keras. The name may be of no framework, which a training refuses.
    """
    return os.environ.get("KERAS_BACKEND") or "tensorflow"


def check_can_train() -> None:
    """Check that Keras and the chosen framework are installed, without loading them.

    Raises:
        CharLSTMError: one of them is not, or there is no such framework.
    """
    if chosen_backend() not in BACKENDS:
        raise CharLSTMError(unknown_backend())
    missing = [
        name for name in ("keras", chosen_backend()) if importlib.util.find_spec(name) is None
    ]
    if missing:
        raise CharLSTMError(needs(missing[-1]))


def unknown_backend() -> str:
    """A sentence that says that the variable names no framework."""
    names = ", ".join(BACKENDS)
    return f"KERAS_BACKEND is {chosen_backend()!r:.40}; set it to one of {names}, or not at all."


def needs(name: str) -> str:
    """A sentence that says that a package is missing, and what to do about it."""
    return (
        f"Training needs {name}, which is not installed. Install it with `pip install -r "
        "requirements.txt` (or charlstm with its extra `train`), or set KERAS_BACKEND to a "
        "framework that is there (tensorflow, jax or torch)."
    )


def expected_device_kind() -> str:
    """The kind of device that a training will probably run on: "gpu" or "cpu".

    A GPU is expected on Linux, if an NVIDIA one is there and not hidden, with the library (cuDNN)
    without which no framework uses it. Only the framework knows for sure.
    """
    is_hidden = os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip()[:1] in ("", "-")
    if sys.platform != "linux" or is_hidden:
        return "cpu"
    files = (*DEVICE_FILES.glob("nvidia[0-9]*"), *DEVICE_FILES.glob("dxg"))  # dxg: WSL 2
    return "gpu" if files and _has_cudnn() else "cpu"


@cache
def _has_cudnn() -> bool:
    """Whether cuDNN is installed, by pip or by the system."""
    has_packages = importlib.util.find_spec("nvidia") is not None
    if has_packages and importlib.util.find_spec("nvidia.cudnn") is not None:
        return True
    return ctypes.util.find_library("cudnn") is not None
