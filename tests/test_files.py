"""A file is replaced at one go, or not at all."""

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from charlstm import files
from charlstm.files import remove_file, replace_file
from tests.waiting import PATIENCE_S

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


def test_a_file_is_made_and_replaced(path):
    for content in (b"first", b"", b"third\0\r\n"):
        replace_file(path, content)
        assert path.read_bytes() == content
    assert os.listdir(path.parent) == [path.name]


def test_until_it_is_whole_the_old_file_is_there(path, monkeypatch):
    path.write_bytes(b"old")
    synced, fsync = [], os.fsync

    def look(descriptor):
        synced.append(path.read_bytes())
        assert list(path.parent.glob("model.safetensors.*.part")), "not beside it"
        fsync(descriptor)

    monkeypatch.setattr("os.fsync", look)
    replace_file(path, b"new")
    assert synced == [b"old"]
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("step", ["os.fsync", "os.replace"])
@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_a_failure_leaves_the_old_file_and_nothing_else(path, monkeypatch, step, error):
    path.write_bytes(b"old")

    def fail(*_):
        raise error

    monkeypatch.setattr(step, fail)
    with pytest.raises(type(error)):
        replace_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(path.parent) == [path.name]


def test_a_folder_that_is_missing_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        replace_file(tmp_path / "missing" / "model.safetensors", b"new")


@pytest.fixture
def windows(monkeypatch):
    """Does what Windows does while another process reads the file: it refuses the first times."""
    monkeypatch.setattr(files, "_IS_WINDOWS", True)
    monkeypatch.setattr(files, "PATIENCE_S", 0.2)

    def refuse(times, place, name):
        real, refused = getattr(place, name), []

        def fake(*arguments, **options):
            if Path(arguments[-1]).suffix != ".part" and len(refused) < times:
                refused.append(arguments)
                raise PermissionError(13, "Access is denied")
            return real(*arguments, **options)

        monkeypatch.setattr(place, name, fake)
        return refused

    return refuse


def test_a_file_that_is_being_read_on_windows_is_replaced_once_it_is_closed(path, windows):
    path.write_bytes(b"old")
    refused = windows(2, os, "replace")
    replace_file(path, b"new")
    assert len(refused) == 2
    assert path.read_bytes() == b"new"
    assert os.listdir(path.parent) == [path.name]


def test_a_file_that_is_being_read_on_windows_is_removed_once_it_is_closed(path, windows):
    path.write_bytes(b"old")
    refused = windows(2, type(path), "unlink")
    remove_file(path)
    assert len(refused) == 2 and not path.exists()
    remove_file(path)


def test_a_file_that_stays_open_on_windows_is_an_error_in_the_end(path, windows):
    path.write_bytes(b"old")
    windows(10**9, os, "replace")
    with pytest.raises(PermissionError):
        replace_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(path.parent) == [path.name]


def test_elsewhere_a_missing_permission_is_an_error_at_once(path, windows, monkeypatch):
    refused = windows(10**9, os, "replace")
    monkeypatch.setattr(files, "_IS_WINDOWS", False)
    with pytest.raises(PermissionError):
        replace_file(path, b"new")
    assert len(refused) == 1


def test_threads_that_write_the_same_file_leave_one_of_their_contents(path):
    contents = [bytes([letter]) * 100_000 for letter in b"abcd"]

    def write_often(content):
        for _ in range(5):
            replace_file(path, content)

    threads = [threading.Thread(target=write_often, args=[content]) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in contents
    assert os.listdir(path.parent) == [path.name]


HOLD = """
import sys, time
from pathlib import Path
from charlstm.files import locked

with locked(Path(sys.argv[1])):
    print("locked", flush=True)
    time.sleep(1000)
"""


def test_a_lock_is_waited_for_and_free_once_its_holder_is_killed(tmp_path):
    path = tmp_path / "a.lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, cwd=ROOT
    )
    got_it = threading.Event()

    def get():
        with files.locked(path):
            got_it.set()

    waiting = threading.Thread(target=get, daemon=True)
    try:
        assert holder.stdout.readline().strip() == b"locked"
        waiting.start()
        assert not got_it.wait(0.2)
    finally:
        holder.kill()
        holder.communicate()
    assert got_it.wait(PATIENCE_S)
    waiting.join()


def test_on_windows_a_lock_is_waited_for_longer_than_the_system_waits(tmp_path, monkeypatch):
    asked = []

    def lock(descriptor, mode, size):
        asked.append(mode)
        if asked.count("lock") < 3 and mode == "lock":
            raise OSError(errno.EDEADLK, "Resource deadlock avoided")

    system = SimpleNamespace(LK_LOCK="lock", LK_UNLCK="unlock", locking=lock)
    monkeypatch.setitem(sys.modules, "msvcrt", system)
    monkeypatch.setattr(sys, "platform", "win32")
    with files.locked(tmp_path / "a.lock"):
        assert asked == ["lock"] * 3
    assert asked == ["lock"] * 3 + ["unlock"]


@pytest.mark.parametrize(
    "content", ["", "{", b"\xff", "[" * 100_000, '{"a":' * 100_000, "1" * 5000]
)
def test_what_is_no_json_is_one_kind_of_error(content):
    with pytest.raises(ValueError):
        files.parse_json(content)
    assert files.parse_json('{"a": [1]}') == files.parse_json(b'{"a": [1]}') == {"a": [1]}
