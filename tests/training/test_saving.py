"""The resume file: read as it was written, or refused in a sentence."""

from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("keras", reason="saving reads the variables of Keras")

from charlstm.errors import CharLSTMError
from charlstm.network.checkpoint import write_tensors
from charlstm.training.saving import ResumePoint, read_resume
from tests.damage import DAMAGES, check_sentence, modes_count


@pytest.fixture
def write(tmp_path):
    def write(**position):
        path = tmp_path / "resume.safetensors"
        tensors = {f"{place:03d}/{11 - place}": np.full(2, place) for place in range(12)}
        write_tensors(tensors, {"position": json.dumps(position)}, path)
        return path

    return write


def test_the_variables_come_in_the_order_of_their_numbers(write):
    path = write(step=7, elapsed_s=2.5, backend="jax")
    point, saved = read_resume(path, "jax")
    assert point == ResumePoint(step=7, elapsed_s=2.5, backend="jax")
    assert [array[0] for array in saved] == list(range(12))


def test_another_framework_cannot_go_on(write):
    with pytest.raises(CharLSTMError, match="ran on jax; resume it with KERAS_BACKEND=jax"):
        read_resume(write(step=7, elapsed_s=2.5, backend="jax"), "torch")


@pytest.mark.parametrize(
    "position", [{}, {"step": "x", "elapsed_s": 1, "backend": "jax"}, {"step": 1, "backend": "jax"}]
)
def test_a_damaged_position_is_refused_in_a_sentence(write, position):
    with pytest.raises(CharLSTMError, match="is damaged.*Start a new training"):
        read_resume(write(**position), "jax")


def test_a_file_that_is_cut_off_is_refused_in_a_sentence(write):
    path = write(step=7, elapsed_s=2.5, backend="jax")
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(CharLSTMError, match="is damaged"):
        read_resume(path, "jax")


@pytest.mark.parametrize("name", DAMAGES)
def test_whatever_becomes_of_the_file_is_said_in_a_sentence(name, write):
    path = write(step=7, elapsed_s=2.5, backend="jax")
    DAMAGES[name](path)
    with modes_count(), pytest.raises(CharLSTMError) as caught:
        read_resume(path, "jax")
    check_sentence(caught.value)
    assert str(path) in str(caught.value)
