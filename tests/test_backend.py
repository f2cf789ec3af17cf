"""Which framework trains and on what, as far as it is known before one is loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest

from charlstm import backend
from charlstm.backend import check_can_train, chosen_backend, expected_device_kind
from charlstm.errors import CharLSTMError


@pytest.mark.parametrize(
    ("variable", "chosen"),
    [(None, "tensorflow"), ("", "tensorflow"), ("jax", "jax"), ("torch", "torch")],
)
def test_the_variable_chooses_the_backend_and_tensorflow_is_the_default(
    variable, chosen, monkeypatch
):
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    if variable is not None:
        monkeypatch.setenv("KERAS_BACKEND", variable)
    assert chosen_backend() == chosen


@pytest.mark.parametrize("name", ["abacus", "no.such.package", "..", "a b", "x" * 500])
def test_a_backend_that_there_is_not_is_named_before_a_training(name, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", name)
    with pytest.raises(CharLSTMError, match="tensorflow, jax, torch") as caught:
        check_can_train()
    assert name[:30] in str(caught.value) and len(str(caught.value)) < 200


@pytest.fixture
def computer(monkeypatch, tmp_path):
    """Linux with these device files and environment, and with cuDNN or not."""

    def make(*files: str, cudnn: bool = True, visible: str | None = None, system: str = "linux"):
        for name in files:
            (tmp_path / name).touch()
        monkeypatch.setattr(backend, "DEVICE_FILES", tmp_path)
        monkeypatch.setattr(backend, "_has_cudnn", lambda: cudnn)
        monkeypatch.setattr(sys, "platform", system)
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        if visible is not None:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)

    return make


@pytest.mark.parametrize(
    ("files", "options", "kind"),
    [
        (["nvidia0", "nvidiactl"], {}, "gpu"),
        (["dxg"], {}, "gpu"),
        (["nvidia0"], {"visible": "0"}, "gpu"),
        (["nvidia0"], {"visible": "GPU-8932f937"}, "gpu"),
        (["nvidia0"], {"visible": ""}, "cpu"),
        (["nvidia0"], {"visible": "-1"}, "cpu"),
        (["nvidia0"], {"cudnn": False}, "cpu"),
        (["nvidiactl"], {}, "cpu"),
        ([], {}, "cpu"),
        (["nvidia0"], {"system": "win32"}, "cpu"),
    ],
)
def test_a_gpu_is_expected_where_one_is_there_and_can_be_used(files, options, kind, computer):
    computer(*files, **options)
    assert expected_device_kind() == kind


@pytest.mark.parametrize(
    ("packages", "library", "found"),
    [
        ({"nvidia", "nvidia.cudnn"}, None, True),
        ({"nvidia"}, None, False),
        (set(), "libcudnn.so.9", True),
        (set(), None, False),
    ],
)
def test_cudnn_is_found_where_pip_or_the_system_put_it(packages, library, found, monkeypatch):
    monkeypatch.setattr(
        backend.importlib.util, "find_spec", lambda name: name if name in packages else None
    )
    monkeypatch.setattr(backend.ctypes.util, "find_library", lambda name: library)
    assert backend._has_cudnn.__wrapped__() is found


def test_asking_loads_no_framework():
    code = (
        "import sys; from charlstm import backend; backend.chosen_backend();"
        "backend.expected_device_kind(); backend._has_cudnn(); print(*sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not {"tensorflow", "keras", "jax", "torch"} & set(answer.stdout.split())
