"""Files as a disk, a crash or somebody's hand may leave them, and modes that count for root too."""

from __future__ import annotations

import ctypes
import os
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CAPABILITIES_VERSION = 0x20080522  # the third, see capset(2)
PASS_ANY_MODE = 1 << 1 | 1 << 2  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)


def _holds(content: bytes) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        _remove(path)
        path.write_bytes(content)

    return write


def _half(path: Path) -> None:
    content = path.read_bytes() if path.is_file() else b'{"a": [1'
    _remove(path)
    path.write_bytes(content[: len(content) // 2])


def _folder(path: Path) -> None:
    _remove(path)
    path.mkdir()
    (path / "a file").write_text("precious")


def _link_to_nothing(path: Path) -> None:
    _remove(path)
    path.symlink_to(path.parent / "nowhere" / "file")


def _locked(path: Path) -> None:
    path.touch()
    path.chmod(0)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "empty": _holds(b""),
    "random bytes": _holds(random.Random(3).randbytes(3000)),
    "zeros": _holds(bytes(5000)),
    "half": _half,
    "nested": _holds(b"[" * 100_000 + b"\n"),
    "one long line": _holds(b"x" * 2_000_000),
    "folder": _folder,
    "link to nothing": _link_to_nothing,
    "no permission": _locked,
}


class _Header(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _Set(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable")]


@contextmanager
def modes_count() -> Iterator[None]:
    """Let the modes of files count for this thread, even if root runs the tests."""
    if sys.platform == "win32" or os.geteuid() != 0:
        yield
        return
    if sys.platform != "linux":
        pytest.skip("root may read everything here")
    libc = ctypes.CDLL(None, use_errno=True)
    header, sets = _Header(CAPABILITIES_VERSION, 0), (_Set * 2)()
    assert libc.capget(ctypes.byref(header), sets) == 0
    before = sets[0].effective
    sets[0].effective &= ~PASS_ANY_MODE
    assert libc.capset(ctypes.byref(header), sets) == 0
    try:
        yield
    finally:
        sets[0].effective = before
        assert libc.capset(ctypes.byref(header), sets) == 0


def check_sentence(error: Exception) -> None:
    """What is said to people: one sentence or a few, in no programmer's words."""
    sentence = str(error)
    assert sentence.endswith(".") and "\n" not in sentence, sentence
    assert "Errno" not in sentence and "Traceback" not in sentence, sentence
