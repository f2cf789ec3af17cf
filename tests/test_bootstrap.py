"""From a plain Python to a running page: what is checked, skipped and said."""

import ast
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from charlstm import bootstrap
from tests.refusals import refusal

ROOT = Path(__file__).resolve().parent.parent
RUNS_ON_OLD_PYTHON = [
    "app.py",
    "charlstm/__init__.py",
    "charlstm/bootstrap.py",
    "tests/__init__.py",
    "tests/__main__.py",
]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "environment"


# The Python that starts


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 9), (3, 13, 5)])
def test_supported_pythons_pass(version):
    bootstrap.check_python(version, 2**63 - 1)


@pytest.mark.parametrize("version", [(3, 8, 18), (3, 10, 13), (3, 14, 0), (4, 0, 0)])
def test_other_pythons_are_named_with_what_is_expected(version, capsys):
    sentence = refusal(capsys, bootstrap.check_python, version, 2**63 - 1)
    assert ".".join(map(str, version)) in sentence
    assert "3.11 to 3.13" in sentence


def test_32_bit_python_is_refused(capsys):
    assert "32-bit" in refusal(capsys, bootstrap.check_python, (3, 12, 1), 2**31 - 1)


def test_a_suitable_python_on_the_path_is_suggested(capsys, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda command: command)
    monkeypatch.setattr(bootstrap, "_answer", lambda *a: "1" if a[0] == "python3.12" else None)
    assert "`python3.12`" in refusal(capsys, bootstrap.check_python, (3, 8, 18), 2**63 - 1)


@pytest.mark.parametrize("name", RUNS_ON_OLD_PYTHON)
def test_what_runs_before_the_check_is_readable_by_python_3_8(name):
    ast.parse((ROOT / name).read_text(encoding="utf-8"), feature_version=(3, 8))


@pytest.mark.parametrize("name", ["bootstrap.py", "__init__.py"])
def test_bootstrap_imports_only_the_standard_library(name):
    for node in ast.walk(ast.parse((ROOT / "charlstm" / name).read_text(encoding="utf-8"))):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            modules = [alias.name for alias in node.names]
            if isinstance(node, ast.ImportFrom):
                modules = [node.module]
            assert {module.split(".")[0] for module in modules} <= sys.stdlib_module_names


# What is installed


def test_missing_packages_are_those_not_installed(tmp_path):
    file = tmp_path / "requirements.txt"
    file.write_text("# tests\npytest>=1,<999  # here\n\n-r other.txt\nno-such[extra]>=1,<2\n")
    assert bootstrap.missing_packages(file) == ["no-such"]


def test_a_package_outside_its_bounds_is_missing(tmp_path):
    file = tmp_path / "requirements.txt"
    file.write_text("pytest>=1,<2\nhypothesis>=999,<1000\npluggy >= 1, < 999\n")
    assert bootstrap.missing_packages(file) == ["pytest", "hypothesis"]


@pytest.mark.parametrize(
    ("version", "fulfils"),
    [
        ("6.31.0", True),
        ("6.100", True),
        ("6.30.9", False),
        ("7.0.0", False),
        ("6.32.0rc1+local.7", True),
    ],
)
def test_versions_compare_as_numbers(version, fulfils):
    assert bootstrap._within(version, ">=6.31,<7") is fulfils


@pytest.mark.parametrize(
    ("installed", "backend", "missing"),
    [
        ({"tensorflow": "2.21.0"}, None, []),
        ({"tensorflow-cpu": "2.21.0"}, None, []),
        ({"torch": "2.9.0"}, None, ["tensorflow"]),
        ({"torch": "2.9.0"}, "torch", []),
        ({"tensorflow": "2.21.0"}, "jax", ["tensorflow"]),
    ],
)
def test_keras_needs_the_framework_it_is_told_to_run_on(
    installed, backend, missing, tmp_path, monkeypatch
):
    monkeypatch.setattr(bootstrap, "_installed_version", installed.get)
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    if backend:
        monkeypatch.setenv("KERAS_BACKEND", backend)
    file = tmp_path / "requirements.txt"
    file.write_text("tensorflow>=2.20,<3\n")
    assert bootstrap.missing_packages(file) == missing


def pins() -> dict[str, str]:
    """Versions by the name of their package."""
    lines = (line.partition(";")[0].strip() for line in bootstrap.LOCK.read_text().splitlines())
    return dict(line.split("==") for line in lines if line and line[0] != "#")


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_the_lock_pins_every_requirement_within_its_bounds(name):
    requirements = bootstrap._requirements(ROOT / name)
    assert requirements
    for package, bounds in requirements:
        assert bootstrap._within(pins()[package], bounds), package


def test_the_lock_leaves_the_choice_of_an_index_to_whoever_installs():
    assert "://" not in bootstrap.LOCK.read_text()


@pytest.mark.parametrize(
    ("system", "processor", "options", "fits"),
    [
        ("linux", "x86_64", [], True),
        ("linux", "x86_64", ["--setup", "--no-lock"], False),
        ("linux", "aarch64", [], False),
        ("darwin", "arm64", [], False),
        ("win32", "AMD64", [], False),
    ],
)
def test_the_lock_is_for_the_machines_it_was_tested_on(
    system, processor, options, fits, monkeypatch
):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: processor)
    assert bootstrap.lock_to_use(["app.py", *options]) == (bootstrap.LOCK if fits else None)


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-gpu.txt", "requirements-dev.txt"]
)
def test_every_requirement_is_open_up_to_the_next_major_version(name):
    lines = (ROOT / name).read_text().splitlines()
    requirements = [line for line in lines if line and line[0] not in "#-"]
    assert requirements
    for line in requirements:
        match = re.fullmatch(r"[a-z_-]+(?:\[[a-z-]+\])?>=(\d+)(?:\.\d+)*,<(\d+)", line)
        assert match, line
        assert int(match[2]) == int(match[1]) + 1, line


# Debian's packages


def fake_debian(monkeypatch, *, root, there=(), installable=()):
    """A machine with little more than apt-get on its PATH, and more after an installation."""
    commands = []
    on_path = {name: f"/usr/bin/{name}" for name in ("apt-get", *there)}

    def call(command, **_):
        commands.append(" ".join(command))
        on_path.update({name: f"/usr/bin/{name}" for name in installable if name in command})
        return 0

    monkeypatch.setattr(os, "geteuid", lambda: 0 if root else 1000, raising=False)
    monkeypatch.setattr(shutil, "which", on_path.get)
    monkeypatch.setattr(subprocess, "call", call)
    return commands


@pytest.mark.parametrize("there", [[], ["chromium"]])
def test_root_on_debian_gets_the_quickest_chromium(monkeypatch, there):
    commands = fake_debian(monkeypatch, root=True, there=there, installable=[bootstrap.HEADLESS])
    assert bootstrap.ensure_chromium() == f"/usr/bin/{bootstrap.HEADLESS}"
    assert [command.split()[2] for command in commands] == ["update", "install"]


@pytest.mark.parametrize(
    ("there", "installable"), [([], ["chromium"]), (["chromium"], [])], ids=["new", "there"]
)
def test_root_where_there_is_no_headless_shell_gets_the_usual_one(monkeypatch, there, installable):
    commands = fake_debian(monkeypatch, root=True, there=there, installable=installable)
    assert bootstrap.ensure_chromium() == "/usr/bin/chromium"
    asked = [command.split()[-2] for command in commands if "install" in command.split()]
    assert asked == [bootstrap.HEADLESS, *installable]


def test_an_installation_without_chromium_is_said(monkeypatch, capsys):
    fake_debian(monkeypatch, root=True)
    assert bootstrap.ensure_chromium() is None
    assert "are skipped" in capsys.readouterr().err


def test_others_on_debian_are_told_the_command(monkeypatch, capsys):
    commands = fake_debian(monkeypatch, root=False, installable=["chromium"])
    assert bootstrap.ensure_chromium() is None
    assert "sudo apt-get install chromium" in capsys.readouterr().err
    assert not commands


def test_a_browser_that_is_there_is_taken_as_it_is(monkeypatch):
    monkeypatch.setattr(shutil, "which", {"google-chrome": "/opt/chrome"}.get)
    assert bootstrap.ensure_chromium() == "/opt/chrome"


def test_root_on_debian_gets_the_missing_venv_module(monkeypatch, folder):
    commands = fake_debian(monkeypatch, root=True)
    monkeypatch.setattr(bootstrap, "_has_venv", lambda: len(commands) > 0)
    bootstrap._create(folder)
    package = f"python3.{sys.version_info[1]}-venv"
    assert any(command.endswith(f" {package}") for command in commands)
    assert "-m venv" in commands[-1]


def test_others_without_the_venv_module_are_told_its_package(monkeypatch, folder, capsys):
    commands = fake_debian(monkeypatch, root=False)
    monkeypatch.setattr(bootstrap, "_has_venv", lambda: False)
    sentence = refusal(capsys, bootstrap._create, folder)
    assert f"sudo apt-get install python3.{sys.version_info[1]}-venv" in sentence
    assert not commands


# The start of the page


def test_setup_starts_the_same_script_inside_the_environment(monkeypatch, tmp_path):
    class Replaced(Exception):
        pass

    def become(python, arguments):
        raise Replaced(python, arguments)

    monkeypatch.setattr(bootstrap, "check_python", lambda: None)
    monkeypatch.setattr(bootstrap, "make_environment", lambda files, lock: Path("its/python"))
    monkeypatch.setattr(bootstrap, "become", become)
    script = tmp_path / "app.py"
    with pytest.raises(Replaced) as call:
        bootstrap.before_start([str(script), "--port", "8000", "--setup"])
    assert call.value.args == (Path("its/python"), [str(script.resolve()), "--port", "8000"])


def test_without_the_packages_one_sentence_names_them_and_setup(monkeypatch, capsys):
    monkeypatch.setattr(bootstrap, "missing_packages", lambda file: ["gradio", "keras"])
    sentence = refusal(capsys, bootstrap.before_start, ["app.py", "--share"])
    assert "gradio, keras" in sentence
    assert "app.py --setup" in sentence


def test_with_the_packages_nothing_happens(monkeypatch, capsys):
    monkeypatch.setattr(bootstrap, "missing_packages", lambda file: [])
    bootstrap.before_start(["app.py", "--share"])
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("code", [0, 1, 5])
def test_the_exit_code_of_the_last_step_is_passed_on(code):
    program = (
        "import sys; from pathlib import Path; from charlstm import bootstrap; "
        f"bootstrap.become(Path(sys.executable), ['-c', 'import sys; sys.exit({code})'])"
    )
    assert subprocess.call([sys.executable, "-c", program], cwd=ROOT) == code
