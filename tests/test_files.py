"""A file is replaced at one go, or not at all."""

import os
import threading

import pytest

from charlstm.files import replace_file


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
