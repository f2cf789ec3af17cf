"""The linter, the formatter and the type checker: python3 -m tests tests/test_style.py."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
COMMENT = "  # "


@pytest.mark.parametrize("command", ["ruff check .", "ruff format --check .", "mypy"])
def test_nothing_is_found_by(command):
    tool, *arguments = command.split()
    if find_spec(tool) is None:
        pytest.skip(f"{tool} is not installed: requirements-dev.txt lists it")
    result = subprocess.run(
        [sys.executable, "-m", tool, *arguments], cwd=ROOT, capture_output=True, text=True
    )
    assert result.returncode == 0, f"\n{result.stdout}{result.stderr}"


def python_files() -> list[Path]:
    folders = (ROOT / "charlstm", ROOT / "tests")
    return [ROOT / "app.py", *(path for folder in folders for path in folder.rglob("*.py"))]


def test_whoever_leaves_a_type_unchecked_says_why():
    mark = "# type: " + "ignore"  # in two parts: this line is no such place
    for path in python_files():
        for line in path.read_text("utf-8").splitlines():
            if mark in line:
                code, _, reason = line.partition(mark)[2].partition(COMMENT)
                assert code.startswith("[") and reason, f"{path}: {line}"


def test_only_packages_from_elsewhere_may_lack_types():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["mypy"]
    assert not {"ignore_errors", "ignore_missing_imports", "disable_error_code"} & settings.keys()
    for override in settings["overrides"]:
        if override.get("ignore_missing_imports"):
            assert not [name for name in override["module"] if name.startswith(("charlstm", "*"))]
