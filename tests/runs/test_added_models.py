"""Models whose files were given."""

import json
import os

import pytest

from charlstm.errors import CharLSTMError
from charlstm.runs import added_models
from charlstm.runs.added_models import AddedModels


@pytest.fixture
def models(home):
    return AddedModels(home / "models")


def test_a_file_is_kept_with_what_is_known_of_it(models):
    assert models.all() == []
    first = models.add(b"one", "first.safetensors", None)
    second = models.add(b"two", "zweites.safetensors", "anna")
    assert first.checkpoint.read_bytes() == b"one"
    assert [model.name for model in models.all()] == [second.name, first.name]
    again = models.get(second.name)
    assert (again.record.file_name, again.owner) == ("zweites.safetensors", "anna")
    assert models.get("../runs") is None and models.get("") is None
    second.remove()
    assert [model.name for model in models.all()] == [first.name]


@pytest.mark.parametrize(
    "record",
    ["", "{", "[]", "null", '{"format": "charlstm-added/2"}', "[" * 100_000,
     '{"format": "charlstm-added/1", "file_name": 5, "created": "2026-01-01"}'],
)  # fmt: skip
def test_a_damaged_record_hides_no_other_model(models, record):
    good = models.add(b"one", "a.safetensors", None)
    bad = models.add(b"two", "b.safetensors", None)
    (bad.folder / "added.json").write_text(record)
    assert [model.name for model in models.all()] == [good.name]


def test_a_folder_in_place_of_the_record_hides_no_other_model(models):
    good = models.add(b"one", "a.safetensors", None)
    bad = models.add(b"two", "b.safetensors", None)
    (bad.folder / "added.json").unlink()
    (bad.folder / "added.json").mkdir()
    assert [model.name for model in models.all()] == [good.name]


def test_an_owner_of_another_kind_is_nobody(models):
    model = models.add(b"one", "a.safetensors", "anna")
    path = model.folder / "added.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"owner": ["anna"]}))
    assert models.all()[0].owner is None


def test_a_full_disk_leaves_nothing_half_behind(models, monkeypatch):
    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(added_models, "replace_file", full)
    with pytest.raises(CharLSTMError, match="the disk is full"):
        models.add(b"one", "a.safetensors", None)
    assert os.listdir(models.folder) == []
