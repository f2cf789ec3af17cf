"""The environment of the page is made once, brought up to date, and mended where it is broken."""

import errno
import json
import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from charlstm import bootstrap
from tests.refusals import refusal


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
