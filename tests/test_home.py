"""Where trainings and downloads live."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import charlstm
from charlstm.errors import CharLSTMError
from charlstm.home import downloads_folder, home, make_folder, runs_folder, shipped_folder

CHECKOUT = Path(charlstm.__file__).resolve().parents[1]


@pytest.mark.parametrize("value", [None, "", "  "])
def test_home_is_the_checkpoints_of_the_checkout_unless_told(monkeypatch, value):
    monkeypatch.delenv("CHARLSTM_HOME", raising=False)
    if value is not None:
        monkeypatch.setenv("CHARLSTM_HOME", value)
    assert home() == CHECKOUT / "checkpoints" == shipped_folder()
    assert runs_folder() == CHECKOUT / "checkpoints" / "runs"


def test_what_is_made_in_a_read_only_checkout_lies_elsewhere(monkeypatch, tmp_path):
    monkeypatch.delenv("CHARLSTM_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert not home().is_relative_to(CHECKOUT)
    assert shipped_folder() == CHECKOUT / "checkpoints"


def test_an_installed_package_ships_what_it_needs_and_writes_nothing_beside_it(
    monkeypatch, tmp_path
):
    package = tmp_path / "site-packages" / "charlstm"
    (package / "bundled").mkdir(parents=True)
    monkeypatch.setattr("charlstm.home.PACKAGE", package)
    monkeypatch.delenv("CHARLSTM_HOME")
    assert shipped_folder() == package / "bundled"
    assert home().name == "charlstm"
    assert not home().is_relative_to(tmp_path / "site-packages")
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path / "elsewhere"))
    assert home() == tmp_path / "elsewhere"


def test_runs_and_downloads_follow_charlstm_home_and_what_is_shipped_does_not(
    monkeypatch, tmp_path
):
    monkeypatch.setenv("CHARLSTM_HOME", str(tmp_path / "elsewhere"))
    assert runs_folder() == tmp_path / "elsewhere" / "runs"
    assert downloads_folder() == tmp_path / "elsewhere" / "downloads"
    assert shipped_folder() == CHECKOUT / "checkpoints"
    assert not (tmp_path / "elsewhere").exists()


def test_a_tilde_is_the_home_folder_of_the_person(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("CHARLSTM_HOME", "~/writing")
    assert home() == tmp_path / "writing"


@pytest.mark.skipif(os.name == "nt", reason="Windows makes up a folder for any name")
def test_the_tilde_of_nobody_is_answered_with_a_sentence(monkeypatch):
    monkeypatch.setenv("CHARLSTM_HOME", "~nobody-of-this-name/writing")
    with pytest.raises(CharLSTMError, match="CHARLSTM_HOME.*full path"):
        home()


def test_home_stays_the_same_when_the_working_folder_changes(monkeypatch, tmp_path):
    (tmp_path / "other").mkdir()
    monkeypatch.setenv("CHARLSTM_HOME", "here")
    monkeypatch.chdir(tmp_path)
    assert home() == tmp_path / "here"


def test_make_folder_makes_those_above_it_and_may_be_repeated(tmp_path):
    folder = tmp_path / "one" / "two"
    assert make_folder(folder) == folder == make_folder(folder)
    assert folder.is_dir()


def test_a_file_in_the_way_is_named_and_charlstm_home_advised(tmp_path):
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(CharLSTMError, match="CHARLSTM_HOME") as caught:
            make_folder(folder)
        assert str(folder) in str(caught.value)


def test_a_folder_that_cannot_be_written_to_is_refused(monkeypatch, tmp_path):
    # Asked of the system, not made so on the disk: an administrator may write anywhere.
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(CharLSTMError, match="read-only.*CHARLSTM_HOME"):
        make_folder(tmp_path)
