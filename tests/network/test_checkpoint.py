"""The checkpoint file: what goes in comes out, and half a file never takes a whole one's place."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from charlstm.errors import CharLSTMError
from charlstm.network.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from charlstm.network.lstm import Network
from charlstm.network.training_record import TrainingRecord
from charlstm.runs.recipes import FULL
from tests.tiny_networks import ALPHABET, PARTS, random_checkpoint


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "model.safetensors"


def read_all(checkpoint: Checkpoint) -> np.ndarray:
    ids = np.arange(22)[None] * 7 % 11
    network = checkpoint.network
    return network.read(ids, network.start())[0]


def check_parts(checkpoint: Checkpoint) -> None:
    made = random_checkpoint(**PARTS)
    for name in PARTS:
        assert getattr(checkpoint, name) == getattr(made, name)


def metadata_of(path: Path) -> dict[str, str]:
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + size])["__metadata__"]


def test_a_round_trip_gives_the_logits_of_the_weights_in_float16(path):
    checkpoint = random_checkpoint()
    save_checkpoint(checkpoint, path)
    loaded = load_checkpoint(path)
    rounded = {name: array.astype(np.float16) for name, array in checkpoint.weights.items()}
    network = Network(checkpoint.architecture, rounded)
    ids = np.arange(22)[None] * 7 % 11
    expected = network.read(ids, network.start())[0]
    np.testing.assert_array_equal(read_all(loaded), expected)
    np.testing.assert_allclose(read_all(loaded), read_all(checkpoint), atol=0.01)


def test_a_second_round_trip_changes_nothing(path, tmp_path):
    save_checkpoint(random_checkpoint(**PARTS), path)
    save_checkpoint(load_checkpoint(path), tmp_path / "again")
    again = load_checkpoint(tmp_path / "again")
    np.testing.assert_array_equal(read_all(again), read_all(load_checkpoint(path)))
    check_parts(again)


def test_vocabulary_and_record_come_back(path):
    save_checkpoint(random_checkpoint(**PARTS), path)
    loaded = load_checkpoint(path)
    assert loaded.vocabulary.characters == ALPHABET
    assert loaded.architecture == random_checkpoint().architecture
    check_parts(loaded)


def test_control_characters_survive_in_a_vocabulary(path):
    characters = '\0\t\n\r"/\\\x7f\x85\u2028\ue000\ufeff\U0010ffff'
    save_checkpoint(random_checkpoint(characters), str(path))
    assert load_checkpoint(str(path)).vocabulary.characters == characters


def test_the_file_is_safetensors_with_the_parts_that_other_programs_rely_on(path):
    checkpoint = random_checkpoint(**PARTS)
    save_checkpoint(checkpoint, path)
    tensors = load_file(path)
    found = {name: tensor.shape for name, tensor in tensors.items()}
    assert found == checkpoint.architecture.weight_shapes()
    assert {tensor.dtype for tensor in tensors.values()} == {np.dtype(np.float16)}
    metadata = metadata_of(path)
    assert metadata["format"] == "charlstm/1"
    assert json.loads(metadata["vocabulary"]) == ALPHABET
    assert set(metadata) == {"format", "vocabulary", "architecture", *PARTS}


def test_the_network_of_full_stays_under_ten_megabytes():
    assert FULL.architecture(100).parameters() * 2 < 9_000_000


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 70_000])
def test_weights_gone_astray_are_not_stored(path, value):
    checkpoint = random_checkpoint()
    checkpoint.weights["output/bias"][2] = value
    with pytest.raises(CharLSTMError, match="output/bias"):
        save_checkpoint(checkpoint, path)
    assert not path.exists()


@pytest.mark.parametrize("place", ["os.fsync", "os.replace"])
@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(path, monkeypatch, place, error):
    save_checkpoint(random_checkpoint(), path)
    before = path.read_bytes()

    def interrupt(*_):
        raise error

    monkeypatch.setattr(place, interrupt)
    with pytest.raises(type(error)):
        save_checkpoint(random_checkpoint(random_seed=1), path)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_the_largest_random_seed_stays_a_number(path):
    save_checkpoint(random_checkpoint(training={"random_seed": 2**32 - 1}), path)
    assert load_checkpoint(path).training == TrainingRecord(random_seed=2**32 - 1)


def test_a_header_that_is_no_text_is_named_in_plain_words(path):
    save_checkpoint(random_checkpoint(), path)
    data = bytearray(path.read_bytes())
    data[40] = 0xE9
    path.write_bytes(data)
    with pytest.raises(CharLSTMError, match="its header is not in UTF-8"):
        load_checkpoint(path)
