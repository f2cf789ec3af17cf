"""Who may import whom, and how long a file may be."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import charlstm

PACKAGE = Path(charlstm.__file__).parent
ROOT = PACKAGE.parent
FRAMEWORKS = {"keras", "tensorflow", "jax", "torch"}
TRAINING_SIDE = {
    "recurrence",
    "lane_network",
    "model",
    "callbacks",
    "held_out",
    "final_figures",
    "fitting",
    "device",
    "distribution",
}
MAX_LINES = 350


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").as_posix()


def imports(path: Path) -> Iterator[str]:
    """Every module a file imports, at its top or within a function, by its full name."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield node.module
            if node.module == "charlstm":
                yield from (f"charlstm.{alias.name}" for alias in node.names)


def packages(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)}


def own_imports(path: Path) -> set[str]:
    return {
        name.removeprefix("charlstm.") for name in imports(path) if name.startswith("charlstm.")
    }


every_module = pytest.mark.parametrize("path", modules(), ids=name_of)
every_library_module = pytest.mark.parametrize(
    "path", [path for path in modules() if not name_of(path).startswith("interface/")], ids=name_of
)


@every_library_module
def test_the_library_never_imports_the_interface(path):
    assert "gradio" not in packages(path)
    assert not {name for name in own_imports(path) if name.split(".")[0] == "interface"}


@every_module
def test_only_the_training_side_imports_a_framework(path):
    if name_of(path) not in TRAINING_SIDE:
        assert not packages(path) & FRAMEWORKS


def test_only_the_device_knows_which_framework_computes():
    found = {name_of(path) for path in modules() if packages(path) & (FRAMEWORKS - {"keras"})}
    assert found <= {"device"}


@pytest.mark.parametrize("name", ["errors", "vocabulary", "sampling", "lstm"])
def test_the_foundations_know_nobody(name):
    path = PACKAGE / f"{name}.py"
    assert not own_imports(path)
    assert packages(path) <= set(sys.stdlib_module_names) | {"numpy"}


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("dataset", set()),
        ("ngram", set()),
        ("recipes", {"errors", "lstm"}),
        ("evaluation", {"lstm"}),
        ("copying", set()),
        ("training_text", {"corpus", "dataset", "errors", "home"}),
        ("comparison", {"evaluation", "fine_tuning", "ngram", "timeline"}),
        ("advice", {"best_version", "timeline"}),
        ("best_version", {"checkpoint"}),
        ("integer_products", set()),
        ("kernel", {"integer_products"}),
        ("quantized", {"kernel", "lstm"}),
        ("checkpoint", {"errors", "lstm", "quantized", "vocabulary"}),
        ("writing", {"checkpoint", "sampling", "vocabulary"}),
        ("insight", {"checkpoint", "quantized", "sampling", "writing"}),
        ("features", set()),
        ("walkthrough", {"checkpoint", "lstm", "vocabulary", "writing"}),
        ("cells", {"checkpoint", "features", "sampling", "writing"}),
        ("batch", {"checkpoint", "quantized", "sampling", "writing"}),
        ("engine", {"batch", "checkpoint", "device", "kernel", "lstm", "quantized", "sampling"}),
        ("fine_tuning", {"checkpoint", "corpus", "errors", "recipes", "vocabulary"}),
        (
            "distillation",
            {"checkpoint", "corpus", "errors", "fine_tuning", "lstm", "recipes"},
        ),
        ("event_log", set()),
        ("feeding", {"dataset", "recipes"}),
        ("resume_file", {"errors"}),
        ("run_config", {"distillation", "fine_tuning", "ownership"}),
        ("distribution", {"device", "recipes"}),
        ("recurrence", set()),
        ("lane_network", {"recipes", "recurrence"}),
        ("model", {"lane_network", "lstm", "recipes"}),
        ("corpus", {"errors", "home", "practice"}),
    ],
)
def test_imports_go_down_never_up(name, allowed):
    assert own_imports(PACKAGE / f"{name}.py") <= allowed


@pytest.mark.parametrize("path", [*modules(), ROOT / "app.py"], ids=lambda path: path.stem)
def test_no_file_grows_beyond_what_one_reads_in_one_go(path):
    assert len(path.read_text("utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize(
    "statement",
    [
        "import charlstm",
        "import charlstm; [getattr(charlstm, name) for name in charlstm.__all__]",
        "import charlstm.checkpoint, charlstm.evaluation, charlstm.writing",
        "import charlstm.engine",
        "import charlstm.__main__; charlstm.__main__.build_parser()",
    ],
)
def test_importing_the_library_loads_neither_a_framework_nor_gradio(statement):
    code = f"import sys; {statement}; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    loaded = set(result.stdout.split())
    assert "charlstm" in loaded
    assert not loaded & (FRAMEWORKS | {"gradio"})


@pytest.mark.parametrize("name", charlstm.__all__)
def test_every_public_name_resolves(name):
    assert getattr(charlstm, name) is not None


def test_the_public_names_are_what_is_visible():
    assert charlstm.__all__ == sorted(set(charlstm.__all__))
    assert dir(charlstm) == charlstm.__all__
    with pytest.raises(AttributeError, match="no attribute 'generate'"):
        _ = charlstm.generate
