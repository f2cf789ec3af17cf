"""What `pip install .` gives: the package, its data, its command, and no more than it needs."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import charlstm
from charlstm.bootstrap import LOCK, NEWEST_PYTHON, OLDEST_PYTHON, lock_to_use

PACKAGE = Path(charlstm.__file__).resolve().parent
ROOT = PACKAGE.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
# A room's modules may import what the base and these extras install.
EXTRAS_OF_ROOMS = {"training": ["train"], "interface": ["page"]}
IMPORTED_AS = {
    "scikit-learn": "sklearn",
    "huggingface-hub": "huggingface_hub",
}
OF_GRADIO = {"starlette"}  # Gradio decides on its version
OTHER_BACKENDS = {"jax", "torch"}  # in place of TensorFlow, for those who have one

SEED_TEXT = "ROMEO:"
LENGTH, RANDOM_SEED = 40, 1
WRITE_IN_PYTHON = f"""
from charlstm import Sampling, load_checkpoint, write
from charlstm.home import shipped_folder

checkpoint = load_checkpoint(shipped_folder() / "tiny-shakespeare.safetensors")
options = dict(length={LENGTH}, sampling=Sampling(temperature=0.8), random_seed={RANDOM_SEED})
print({SEED_TEXT!r} + "".join(write(checkpoint, {SEED_TEXT!r}, **options)))
"""


# What is declared


def lines_of(name: str) -> set[str]:
    lines = (ROOT / name).read_text("utf-8").splitlines()
    return {line for line in lines if line and line[0] not in "#-"}


def test_the_page_s_requirements_are_the_base_and_its_extras():
    declared = [*PROJECT["dependencies"], *EXTRAS["train"], *EXTRAS["page"]]
    assert len(declared) == len(set(declared))
    assert set(declared) == lines_of("requirements.txt")


def test_the_requirements_of_development_are_the_extra_test():
    assert set(EXTRAS["test"]) == lines_of("requirements-dev.txt")


def test_the_lock_pins_all_that_the_requirements_bring_along():
    if lock_to_use([]) is None:
        pytest.skip("the lock is for 64-bit Linux")
    pins = re.findall(r"^([\w.-]+)==", LOCK.read_text("utf-8"), flags=re.MULTILINE)
    requirements = lines_of("requirements.txt") | lines_of("requirements-dev.txt")
    assert installed_for(requirements).keys() <= {canonicalize_name(name) for name in pins}


def test_the_same_pythons_are_declared_and_checked_at_the_start():
    oldest, newest = OLDEST_PYTHON, NEWEST_PYTHON
    expected = f">={oldest[0]}.{oldest[1]},<{newest[0]}.{newest[1] + 1}"
    assert PROJECT["requires-python"] == expected


def imported(path: Path) -> set[str]:
    """The packages from elsewhere that a module imports, at its top or within a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - {"charlstm"}


def test_modules_import_only_what_their_extras_install():
    def names(requirements: list[str]) -> set[str]:
        declared = {Requirement(line).name for line in requirements}
        return {IMPORTED_AS.get(name, name) for name in declared}

    used = set()
    for path in PACKAGE.rglob("*.py"):
        extras = EXTRAS_OF_ROOMS.get(path.relative_to(PACKAGE).parts[0], [])
        allowed = names(PROJECT["dependencies"]).union(*(names(EXTRAS[name]) for name in extras))
        if "train" in extras:
            allowed |= OTHER_BACKENDS
        if path == PACKAGE / "network" / "hub.py":  # which asks first whether it is there
            allowed |= {"huggingface_hub"}
        if "page" in extras:
            allowed |= OF_GRADIO
        assert imported(path) <= allowed, path
        used |= imported(path)
    declared = names([*PROJECT["dependencies"], *EXTRAS["train"], *EXTRAS["page"]])
    assert declared <= used, "declared and not used"


# What is built


def copy_of_the_checkout(folder: Path) -> Path:
    """The files that a package is made of, beside some that must stay out of it."""
    folder.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(PACKAGE, folder / "charlstm", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "checkpoints").mkdir()
    for path in (ROOT / "checkpoints").glob("*.*"):
        shutil.copy(path, folder / "checkpoints")
    for name in (
        "checkpoints/runs/one/checkpoint.safetensors",
        "checkpoints/downloads/text.txt.xz",
        "tests/test_package.py",
        "charlstm/__pycache__/home.cpython-311.pyc",
    ):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


@pytest.fixture(scope="module")
def distributions(tmp_path_factory) -> tuple[Path, Path]:
    """The wheel and the source distribution, built without a network."""
    pytest.importorskip("hatchling", reason="hatchling builds the package: requirements-dev.txt")
    folder = tmp_path_factory.mktemp("distributions")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(folder)],
        cwd=copy_of_the_checkout(folder / "checkout"),
        check=True,
    )
    (wheel,), (source,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, source


def files_below(folder: Path) -> set[str]:
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in paths if "__pycache__" not in path.parts}


def test_the_wheel_holds_the_package_and_what_comes_with_it_and_nothing_else(distributions):
    names = set(zipfile.ZipFile(distributions[0]).namelist())
    assert {name for name in names if ".dist-info/" not in name} == {
        *(f"charlstm/{name}" for name in files_below(PACKAGE)),
        "charlstm/bundled/practice-text.txt.xz",
        "charlstm/bundled/tiny-shakespeare.safetensors",
    }
    assert {"charlstm/py.typed", "charlstm/interface/browser/page.css"} <= names


def test_the_source_distribution_holds_what_a_wheel_is_made_of(distributions):
    names = tarfile.open(distributions[1]).getnames()
    assert {name.partition("/")[2] for name in names} == {
        *(f"charlstm/{name}" for name in files_below(PACKAGE)),
        "checkpoints/practice-text.txt.xz",
        "checkpoints/tiny-shakespeare.safetensors",
        *("pyproject.toml", "README.md", "LICENSE", ".gitignore", "PKG-INFO"),
    }


def test_the_version_has_one_owner(distributions):
    assert re.fullmatch(r"\d+\.\d+\.\d+", charlstm.__version__)
    assert distributions[0].name.startswith(f"charlstm-{charlstm.__version__}-")


# What is installed


def installed_for(requirements: Iterable[str]) -> dict[str, metadata.Distribution]:
    """What is installed here for these requirements, and for what they need in turn."""
    wanted = [Requirement(line) for line in requirements]
    found: dict[str, metadata.Distribution] = {}
    done: set[str] = set()
    while wanted:
        requirement = wanted.pop()
        if str(requirement) in done:
            continue
        done.add(str(requirement))
        name = canonicalize_name(requirement.name)
        found[name] = metadata.distribution(name)
        for needed in map(Requirement, found[name].requires or []):
            extras = requirement.extras or {""}
            marker = needed.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras):
                wanted.append(needed)
    return found


@pytest.fixture(scope="module")
def python(distributions, tmp_path_factory) -> Path:
    """The Python of an environment with the wheel and its base dependencies, and nothing else.

    The dependencies are links to those of the environment that runs the tests: that takes no
    network and no time.
    """
    if os.name == "nt":
        pytest.skip("links to folders need an administrator on Windows")
    folder = tmp_path_factory.mktemp("installed") / "environment"
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-index"]
    subprocess.run([*command, "--no-deps", "--quiet", str(distributions[0])], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    for distribution in installed_for(PROJECT["dependencies"]).values():
        for name in {path.parts[0] for path in distribution.files} - {"..", "__pycache__"}:
            (packages / name).symlink_to(Path(distribution.locate_file(name)).resolve())
    return python


@pytest.fixture
def run(python, tmp_path):
    """Run a command of the environment, as somebody who knows no checkout."""
    environment = {"PATH": os.defpath, "HOME": str(tmp_path), "LANG": "C.UTF-8"}

    def run(*command: str, exit_code: int = 0) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            [str(python.parent / command[0]), *command[1:]],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert result.returncode == exit_code, result.stderr
        return result

    return run


@pytest.fixture
def bundled_model(run) -> str:
    code = "from charlstm.home import shipped_folder; print(shipped_folder())"
    return f"{run('python', '-c', code).stdout.strip()}/tiny-shakespeare.safetensors"


def test_python_and_the_command_write_the_same_text_with_the_bundled_model(run, bundled_model):
    assert "site-packages/charlstm/bundled" in bundled_model
    in_python = run("python", "-c", WRITE_IN_PYTHON).stdout
    assert in_python.startswith(SEED_TEXT)
    assert len(in_python) == len(SEED_TEXT) + LENGTH + len("\n")
    options = ["--temperature", "0.8", "--length", str(LENGTH), "--random-seed", str(RANDOM_SEED)]
    by_command = run("charlstm", "generate", bundled_model, "--seed-text", SEED_TEXT, *options)
    assert by_command.stdout == in_python


def test_the_command_measures_and_describes_a_model(run, bundled_model, tmp_path):
    (tmp_path / "text.txt").write_text("First Citizen:\nBefore we proceed, hear me speak.\n" * 60)
    result = run("charlstm", "evaluate", bundled_model, "--text", "text.txt", "--json").stdout
    assert '"loss_nats"' in result
    assert "3,724,097 weights" in run("charlstm", "info", bundled_model).stdout


def test_every_public_name_but_train_needs_the_base_alone(run):
    names = [name for name in charlstm.__all__ if name != "train"]
    code = f"import charlstm; [getattr(charlstm, name) for name in {names}]"
    run("python", "-c", code)


def test_neither_framework_nor_page_is_at_hand(run):
    code = "from importlib.util import find_spec; print([*map(find_spec, {})])"
    absent = ["keras", "tensorflow", "gradio", "sklearn"]
    assert run("python", "-c", code.format(absent)).stdout.strip() == str([None] * 4)


def test_what_an_installed_package_makes_lies_with_the_person_s_data(run, tmp_path):
    code = "from charlstm.home import home; print(home())"
    folder = Path(run("python", "-c", code).stdout.strip())
    assert folder.name == "charlstm" and tmp_path in folder.parents


def test_training_without_its_extra_ends_with_a_sentence(run):
    options = ["--corpus", "practice-text", "--epochs", "0.01"]
    result = run("charlstm", "train", *options, exit_code=2)
    assert "Training needs" in result.stderr and "Traceback" not in result.stderr
