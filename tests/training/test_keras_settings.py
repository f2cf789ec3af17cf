"""Settings that were made for other programs neither change a training nor break it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("keras", reason="training needs Keras")

import keras
import numpy as np

from charlstm.training.keras_settings import usual_settings
from charlstm.training.saving import read_resume
from tests.tiny_runs import train_records
from tests.tiny_trainings import create

ROOT = Path(__file__).resolve().parents[2]
OTHER = {
    "floatx": "float16",
    "epsilon": 0.1,
    "backend": "torch",
    "image_data_format": "channels_first",
}
LOAD = """
from charlstm.training.device import prepare_device
device = prepare_device()
import os, keras
from keras import config
print(config.floatx(), config.dtype_policy().name, config.epsilon(), config.image_data_format(),
      config.backend(), config.max_epochs(), config.max_steps_per_epoch(), os.environ["KERAS_HOME"])
"""


@pytest.fixture
def other_settings():
    """Those of a program that trains beside other things."""
    config = keras.config
    before = config.floatx(), config.dtype_policy(), config.max_epochs()
    config.set_floatx("float64")
    config.set_dtype_policy("mixed_float16")
    config.set_max_epochs(1)
    yield
    config.set_floatx(before[0])
    config.set_dtype_policy(before[1])
    config.set_max_epochs(before[2])


@pytest.mark.parametrize("content", [json.dumps(OTHER), "[1]"])
def test_a_training_loads_keras_as_it_comes(content, tmp_path):
    home = tmp_path / "keras"
    home.mkdir()
    (home / "keras.json").write_text(content)
    environment = {
        **os.environ,
        "KERAS_HOME": str(home),
        "KERAS_MAX_EPOCHS": "1",
        "KERAS_MAX_STEPS_PER_EPOCH": "many",
        "PYTHONPATH": str(ROOT),
    }
    environment.pop("KERAS_BACKEND", None)
    done = subprocess.run(
        [sys.executable, "-c", LOAD], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    usual = "float32 float32 1e-07 channels_last tensorflow None None"
    assert done.stdout.strip() == f"{usual} {home}"
    assert (home / "keras.json").read_text() == content


def test_a_program_s_own_settings_change_no_training_and_stay_its_own(
    tmp_path, tiny_corpus, tiny_recipe, other_settings
):
    run = create(tmp_path / "run", tiny_corpus, tiny_recipe, epochs=1)
    ending = train_records(run)
    assert ending["event"] == "finished" and ending["epoch"] >= 1
    _, variables = read_resume(run.paths.resume, keras.backend.backend())
    assert not {array.dtype for array in variables} & {np.dtype("f2"), np.dtype("f8")}
    config = keras.config
    assert (config.floatx(), config.dtype_policy().name) == ("float64", "mixed_float16")
    assert config.max_epochs() == 1


def test_settings_are_given_back_after_an_error(other_settings):
    with pytest.raises(KeyError), usual_settings():
        assert keras.config.floatx() == "float32"
        raise KeyError
    assert keras.config.floatx() == "float64"
