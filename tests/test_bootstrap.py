"""From a plain Python to a running page: what is checked, made, skipped and said."""

import ast
import errno
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from charlstm import bootstrap

ROOT = Path(__file__).resolve().parent.parent
RUNS_ON_OLD_PYTHON = [
    "app.py",
    "charlstm/__init__.py",
    "charlstm/bootstrap.py",
    "tests/__init__.py",
    "tests/__main__.py",
]


class FakeMachine:
    """Stands in for subprocess.call: `venv` and `pip` succeed or fail as told."""

    def __init__(self):
        self.commands = []
        self.exit_code = 0
        self.pip_log = ""

    def __call__(self, command, **_):
        self.commands.append(" ".join(command))
        if "venv" in command:
            python = Path(command[-1], "Scripts/python.exe" if os.name == "nt" else "bin/python")
            python.parent.mkdir(parents=True, exist_ok=True)
            python.touch()
            Path(command[-1], "pyvenv.cfg").touch()
        if "--log" in command:
            Path(command[command.index("--log") + 1]).write_text(self.pip_log)
        return self.exit_code

    def count(self, word):
        return sum(f" {word} " in command for command in self.commands)


@pytest.fixture
def machine(monkeypatch):
    fake = FakeMachine()
    monkeypatch.setattr(subprocess, "call", fake)
    monkeypatch.setattr(bootstrap, "_works", Path.exists)
    monkeypatch.setattr(bootstrap, "_has_venv", lambda: True)
    set_free_bytes(monkeypatch, 9 * 10**9)
    return fake


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "environment"


@pytest.fixture
def requirements(tmp_path):
    file = tmp_path / "requirements.txt"
    file.write_text("# what for\nfirst>=1,<2\n")
    return file


def set_free_bytes(monkeypatch, free_bytes):
    usage = SimpleNamespace(free=free_bytes)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)


def refusal(capsys, function, *arguments, code=2):
    """The one sentence that a call ends with."""
    with pytest.raises(SystemExit) as end:
        function(*arguments)
    assert end.value.code == code
    return capsys.readouterr().err.strip().splitlines()[-1]


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


# The environment


def test_a_real_environment_is_made_and_found_again(folder, tmp_path, monkeypatch):
    set_free_bytes(monkeypatch, 9 * 10**9)
    file = tmp_path / "requirements.txt"
    file.write_text("# nothing\n")
    python = bootstrap.make_environment([file], folder)
    question = [str(python), "-c", "import sys; print(sys.prefix)"]
    prefix = subprocess.run(question, capture_output=True, text=True, check=True).stdout.strip()
    assert Path(prefix).resolve() == folder.resolve()
    monkeypatch.setattr(subprocess, "call", lambda *_, **__: pytest.fail("nothing is to be done"))
    assert bootstrap.make_environment([file], folder) == python


def test_second_start_runs_nothing(machine, folder, requirements):
    bootstrap.make_environment([requirements], folder)
    assert (machine.count("venv"), machine.count("install")) == (1, 1)
    bootstrap.make_environment([requirements], folder)
    assert len(machine.commands) == 2


def test_changed_requirements_are_installed_into_the_same_environment(
    machine, folder, requirements
):
    bootstrap.make_environment([requirements], folder)
    requirements.write_text("first>=1.5,<2\n")
    bootstrap.make_environment([requirements], folder)
    assert (machine.count("venv"), machine.count("install")) == (1, 2)


def test_page_and_tests_take_turns_without_installing_again(machine, folder, requirements):
    development = requirements.with_name("requirements-dev.txt")
    development.write_text("second>=1,<2\n")
    bootstrap.make_environment([requirements], folder)
    bootstrap.make_environment([requirements, development], folder)
    bootstrap.make_environment([requirements], folder)
    bootstrap.make_environment([requirements, development], folder)
    assert machine.count("install") == 2


@pytest.fixture
def lock(tmp_path):
    file = tmp_path / "requirements.lock"
    file.write_text("first==1.2\n")
    return file


def test_a_changed_lock_is_installed_into_the_same_environment(machine, folder, requirements, lock):
    bootstrap.make_environment([requirements], folder, lock=lock)
    bootstrap.make_environment([requirements], folder, lock=lock)
    assert machine.count("install") == 1
    assert machine.commands[-1].endswith(f" -c {lock}")
    lock.write_text("first==1.3\n")
    bootstrap.make_environment([requirements], folder, lock=lock)
    assert (machine.count("venv"), machine.count("install")) == (1, 2)


def test_an_installation_without_the_lock_does_not_count_as_one_with_it(
    machine, folder, requirements, lock
):
    bootstrap.make_environment([requirements], folder)
    assert " -c " not in machine.commands[-1]
    bootstrap.make_environment([requirements], folder, lock=lock)
    assert " -c " in machine.commands[-1]


def fail_with_the_lock(machine, monkeypatch, pip_log):
    def call(command, **_):
        machine.exit_code, machine.pip_log = (1, pip_log) if "-c" in command else (0, "")
        return machine(command)

    monkeypatch.setattr(subprocess, "call", call)


@pytest.mark.parametrize(
    "pip_log",
    ["ERROR: No matching distribution found for first==1.2", "pip's error: ResolutionImpossible"],
)
def test_a_version_that_is_gone_is_replaced_by_the_newest_within_its_bounds(
    pip_log, machine, folder, requirements, lock, monkeypatch, capsys
):
    fail_with_the_lock(machine, monkeypatch, pip_log)
    bootstrap.make_environment([requirements], folder, lock=lock)
    assert "requirements.lock is not available" in capsys.readouterr().err
    assert [" -c " in command for command in machine.commands[-2:]] == [True, False]
    bootstrap.make_environment([requirements], folder, lock=lock)
    assert machine.count("install") == 2


def test_without_a_network_the_newest_versions_are_not_tried_either(
    machine, folder, requirements, lock, monkeypatch, capsys
):
    pip_log = "NewConnectionError\nERROR: No matching distribution found for first==1.2"
    fail_with_the_lock(machine, monkeypatch, pip_log)
    start = partial(bootstrap.make_environment, lock=lock)
    sentence = refusal(capsys, start, [requirements], folder)
    assert "check the network" in sentence
    assert machine.count("install") == 1


def test_an_interrupted_installation_is_taken_up_again(machine, folder, requirements, capsys):
    def interrupt(command, **_):
        if "install" in command:
            machine(command)
            raise KeyboardInterrupt
        return machine(command)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess, "call", interrupt)
        refusal(capsys, bootstrap.make_environment, [requirements], folder, code=130)
    bootstrap.make_environment([requirements], folder)
    assert (machine.count("venv"), machine.count("install")) == (1, 2)


def test_a_failed_update_forgets_that_anything_was_done(machine, folder, requirements, capsys):
    old_text = requirements.read_text()
    bootstrap.make_environment([requirements], folder)
    requirements.write_text("first>=1.5,<2\n")
    machine.exit_code = 1
    refusal(capsys, bootstrap.make_environment, [requirements], folder)
    machine.exit_code = 0
    requirements.write_text(old_text)
    bootstrap.make_environment([requirements], folder)
    assert machine.count("install") == 3


def test_a_broken_python_is_made_anew(machine, folder, requirements, monkeypatch):
    bootstrap.make_environment([requirements], folder)
    requirements.write_text("first>=1.5,<2\n")
    monkeypatch.setattr(bootstrap, "_works", lambda python: False)
    bootstrap.make_environment([requirements], folder)
    assert machine.count("venv") == 2


def test_a_python_that_is_gone_is_made_anew(machine, folder, requirements):
    python = bootstrap.make_environment([requirements], folder)
    python.unlink()
    bootstrap.make_environment([requirements], folder)
    assert machine.count("venv") == 2
    assert python.exists()


def test_a_file_that_is_no_python_does_not_work(tmp_path):
    fake = tmp_path / "python"
    fake.write_text("not a program")
    fake.chmod(0o755)
    assert not bootstrap._works(fake)
    assert not bootstrap._works(tmp_path / "absent")
    assert bootstrap._works(Path(sys.executable))


@pytest.mark.parametrize("stamp", ["", "[1]", "{", json.dumps({"requirements.txt": "0"})])
def test_a_stamp_that_does_not_match_means_install(stamp, machine, folder, requirements):
    bootstrap.make_environment([requirements], folder)
    (folder / "charlstm-installed.json").write_text(stamp)
    bootstrap.make_environment([requirements], folder)
    assert machine.count("install") == 2


def test_too_little_disk_space_is_said_before_anything_is_made(
    machine, folder, requirements, monkeypatch, capsys
):
    set_free_bytes(monkeypatch, 12 * 10**8)
    sentence = refusal(capsys, bootstrap.make_environment, [requirements], folder)
    assert "3 GB" in sentence and "1.2 GB" in sentence
    assert not machine.commands


def test_a_made_environment_starts_on_a_full_disk(machine, folder, requirements, monkeypatch):
    python = bootstrap.make_environment([requirements], folder)
    set_free_bytes(monkeypatch, 0)
    assert bootstrap.make_environment([requirements], folder) == python


def test_a_folder_without_write_permission_is_refused(
    machine, folder, requirements, monkeypatch, capsys
):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    sentence = refusal(capsys, bootstrap.make_environment, [requirements], folder)
    assert f"cannot write to {folder.parent}" in sentence
    assert not machine.commands


def test_a_folder_that_is_no_environment_is_left_alone(machine, folder, requirements, capsys):
    folder.mkdir()
    (folder / "poems.txt").write_text("precious")
    assert "move it away" in refusal(capsys, bootstrap.make_environment, [requirements], folder)
    assert not machine.commands
    assert (folder / "poems.txt").read_text() == "precious"


def test_errors_of_the_file_system_become_a_sentence(
    machine, folder, requirements, monkeypatch, capsys
):
    def full(path):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(bootstrap, "_create", full)
    sentence = refusal(capsys, bootstrap.make_environment, [requirements], folder)
    assert "No space left on device" in sentence


@pytest.mark.parametrize(
    ("pip_log", "words"),
    [
        ("WARNING: NewConnectionError(... Network is unreachable)", "check the network"),
        ("Temporary failure in name resolution\nNo matching distribution found for a", "network"),
        ("ERROR: [Errno 28] No space left on device", "the disk is full"),
        (
            "ERROR: No matching distribution found for tensorflow<3,>=2.20 (from x)",
            "tensorflow<3,>=2.20 is not published for this computer",
        ),
        ("something else", "the reason is above"),
    ],
)
def test_failed_installations_say_what_to_mend(
    pip_log, words, machine, folder, requirements, monkeypatch, capsys
):
    python = bootstrap.make_environment([requirements], folder)
    requirements.write_text("first>=1.5,<2\n")
    machine.exit_code, machine.pip_log = 1, pip_log
    sentence = refusal(capsys, bootstrap.make_environment, [requirements], folder)
    assert words in sentence
    assert python.exists()


# Debian's packages


def fake_debian(monkeypatch, *, root, installable=()):
    """A machine with apt-get alone on its PATH, and more after a successful installation."""
    commands = []
    on_path = {"apt-get": "/usr/bin/apt-get"}

    def call(command, **_):
        commands.append(" ".join(command))
        on_path.update({name: f"/usr/bin/{name}" for name in installable if name in command})
        return 0

    monkeypatch.setattr(os, "geteuid", lambda: 0 if root else 1000, raising=False)
    monkeypatch.setattr(shutil, "which", on_path.get)
    monkeypatch.setattr(subprocess, "call", call)
    return commands


def test_root_on_debian_gets_chromium(monkeypatch):
    commands = fake_debian(monkeypatch, root=True, installable=["chromium"])
    assert bootstrap.ensure_chromium() == "/usr/bin/chromium"
    assert [command.split()[2] for command in commands] == ["update", "install"]


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
