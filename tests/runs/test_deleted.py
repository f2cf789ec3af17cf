"""What was deleted can be brought back for a while."""

import os
import time

import pytest

from charlstm.errors import CharLSTMError
from charlstm.runs.deleted import Deleted


@pytest.fixture
def deleted(home):
    return Deleted(home / "deleted", keep_s=3600)


@pytest.fixture
def make(home):
    def make(name, kind="runs"):
        folder = home / kind / name
        folder.mkdir(parents=True)
        (folder / "a.txt").write_text(name)
        return folder

    return make


def test_what_was_deleted_last_comes_first_and_comes_back(deleted, make):
    one, two = make("one"), make("two", "models")
    for folder in (one, two):
        deleted.put(folder)
        assert not folder.exists()
    first, second = deleted.all()
    assert (first.name, second.name) == ("two", "one")
    assert deleted.bring_back(first) == two
    assert (two / "a.txt").read_text() == "two"
    assert [path.name for path in deleted.all()] == ["one"]


def test_one_of_the_same_name_takes_the_place_of_the_earlier(deleted, make):
    deleted.put(make("one"))
    newer = make("one")
    (newer / "a.txt").write_text("newer")
    deleted.put(newer)
    (only,) = deleted.all()
    assert (deleted.bring_back(only) / "a.txt").read_text() == "newer"


def test_a_taken_place_is_said_and_nothing_is_lost(deleted, make):
    deleted.put(make("one"))
    (aside,) = deleted.all()
    make("one")
    with pytest.raises(CharLSTMError, match="its place is taken"):
        deleted.bring_back(aside)
    assert deleted.all() == [aside]


def test_what_is_gone_is_said(deleted, make, home):
    with pytest.raises(CharLSTMError, match="could not be deleted"):
        deleted.put(home / "runs" / "none")
    deleted.put(make("one"))
    (aside,) = deleted.all()
    os.rename(aside, home / "elsewhere")
    with pytest.raises(CharLSTMError, match="could not be brought back"):
        deleted.bring_back(aside)


def test_it_is_kept_for_a_while_and_only_so_many(home, make):
    few = Deleted(home / "deleted", keep_s=3600, at_most=2)
    for name in ("1", "2", "3"):
        few.put(make(name))
    assert [path.name for path in few.all()] == ["3", "2"]
    long_ago = time.time() - 7200
    os.utime(few.all()[1], (long_ago, long_ago))
    few.clear()
    assert [path.name for path in few.all()] == ["3"]
