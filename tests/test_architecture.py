"""Who may import whom: rooms import leftwards, Keras has one room, and Gradio has one."""

from __future__ import annotations

import ast
import graphlib
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import charlstm

PACKAGE = Path(charlstm.__file__).parent
ROOT = PACKAGE.parent
ROOMS = (
    "text",
    "network",
    "writing",
    "analysis",
    "runs",
    "training",
    "command_line",
    "interface",
)
FRAMEWORKS = {"keras", "tensorflow", "jax", "torch"}
MAX_LINES = 450
GUIDE = (PACKAGE / "README.md").read_text("utf-8")
ENTRANCES = {"charlstm.__main__"}  # of the command line: two lines that import it

# Every module by its full name.
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(PACKAGE.rglob("*.py"))
}


@cache
def imports(path: Path) -> frozenset[str]:
    """Every module a file imports, at its top or within a function, by its full name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(found)


def room_of(module: str) -> str | None:
    """The room a module lies in; None at the root of the package."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in ROOMS else None


def own_imports(path: Path) -> set[str]:
    return {name for name in imports(path) if name in MODULES}


def packages(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)}


every_module = pytest.mark.parametrize("module", MODULES)


def test_every_folder_is_a_room_and_none_is_missing():
    folders = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert folders == set(ROOMS)


@every_module
def test_rooms_import_leftwards(module):
    room = room_of(module)
    allowed = set() if room is None else set(ROOMS[: ROOMS.index(room) + 1])
    if room == "interface":
        allowed.remove("command_line")
    if module in ENTRANCES:
        allowed = {"command_line"}
    entered = {room_of(name) for name in own_imports(MODULES[module])} - {None}
    assert entered <= allowed


def test_no_modules_import_each_other_in_a_circle():
    graph = {module: own_imports(path) - {"charlstm"} for module, path in MODULES.items()}
    list(graphlib.TopologicalSorter(graph).static_order())  # raises CycleError


@every_module
def test_keras_has_one_room_and_gradio_another(module):
    found = packages(MODULES[module])
    if room_of(module) != "training":
        assert not found & FRAMEWORKS
    if room_of(module) != "interface":
        assert "gradio" not in found


def test_few_modules_know_which_framework_computes():
    """The device, and what is for TensorFlow alone: training on a CPU, and a step of Adam."""
    backends = FRAMEWORKS - {"keras"}
    found = {module for module, path in MODULES.items() if packages(path) & backends}
    assert found <= {f"charlstm.training.{name}" for name in ("device", "lane_model", "optimizer")}


@pytest.mark.parametrize("name", ["text.vocabulary", "network.lstm", "writing.sampling"])
def test_the_foundations_know_numpy_alone(name):
    path = MODULES[f"charlstm.{name}"]
    assert not own_imports(path)
    assert packages(path) <= set(sys.stdlib_module_names) | {"numpy"}


@pytest.mark.parametrize("path", [*MODULES.values(), ROOT / "app.py"], ids=lambda path: path.stem)
def test_no_file_grows_beyond_what_one_reads_in_one_go(path):
    assert len(path.read_text("utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize("module", [name for name in MODULES if name != "charlstm"])
def test_a_room_s_entrance_is_empty(module):
    path = MODULES[module]
    if path.name == "__init__.py":
        assert not path.read_text("utf-8").strip()


@pytest.mark.parametrize(
    "statement",
    [
        "import charlstm; [getattr(charlstm, name) for name in charlstm.__all__]",
        "import charlstm.command_line.commands, charlstm.command_line.preparation",
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


def test_the_page_is_there_once_it_is_imported_and_loads_no_framework():
    code = (
        "import sys, app, gradio; assert isinstance(app.demo, gradio.Blocks); print(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert "gradio" in loaded
    assert not set(loaded) & FRAMEWORKS


@pytest.mark.parametrize("name", charlstm.__all__)
def test_every_public_name_resolves(name):
    assert getattr(charlstm, name) is not None


def test_the_public_names_are_what_is_visible():
    assert charlstm.__all__ == sorted(set(charlstm.__all__))
    assert dir(charlstm) == charlstm.__all__
    with pytest.raises(AttributeError, match="no attribute 'generate'"):
        _ = charlstm.generate


# The guide for whoever carries on, charlstm/README.md


def test_the_guide_has_the_rooms_in_the_order_of_the_imports():
    assert tuple(re.findall(r"^\| `(\w+)/` \|", GUIDE, re.MULTILINE)) == ROOMS


def test_the_guide_lists_every_file():
    entries = re.split(r"^- \*\*", GUIDE.partition("## The files\n")[2], flags=re.MULTILINE)[1:]
    listed = []
    for entry in entries:
        folder, _, files = entry.partition("**: ")
        place = "" if folder == "(this folder)" else folder.strip("`")
        found = re.findall(r"`(\w+\.(?:py|js|css))`", files)
        listed += [place + name for name in found]
    present = {
        path.relative_to(PACKAGE).as_posix()
        for kind in ("*.py", "*.js", "*.css")
        for path in PACKAGE.rglob(kind)
        if path.name != "__init__.py" or path.parent == PACKAGE
    }
    assert sorted(listed) == sorted(present)


def test_the_files_that_the_guide_names_exist():
    for name in re.findall(r"`((?:\w+/)+[\w.]*)`", GUIDE):
        assert (PACKAGE / name).exists() or (ROOT / name).exists(), name
