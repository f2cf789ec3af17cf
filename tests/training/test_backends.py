"""The same training on every framework that is installed, each in a process of its own."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]

TRAIN_STOP_RESUME = """
import json, sys
import numpy as np
from charlstm.text.corpus import paste
from charlstm.runs.recipes import RECIPES, Budget, Recipe
from tests.tiny_runs import create_run, records, train_records

text, folder = sys.stdin.read(), sys.argv[1]
RECIPES["tiny"] = Recipe(
    name="tiny", embedding_units=5, lstm_units=(8, 12), budget=Budget(epochs=1), lanes=4,
    window=11, learning_rate=2e-2, warmup_share=0.05, beta_2=0.99, weight_decay=0.01,
    clip_norm=1.0, dropout=0.05, embedding_dropout=0.05,
    recurrent_dropout=0.05, fresh_start_share=0.02,
)
run = create_run(recipe=RECIPES["tiny"], corpus=paste(text), budget=Budget(epochs=2.5),
                 random_seed=3, folder=folder)

def stop(event):
    if event["event"] == "progress":
        run.stop()

def tensors():
    from safetensors.numpy import load_file
    return {name[:3]: (name[4:], array) for name, array in load_file(run.paths.resume).items()}

first = train_records(run, stop)
assert first["event"] == "stopped", first
saved = tensors()

from charlstm.training.device import prepare_device
from charlstm.runs.timeline import timeline_of
from charlstm.training.saving import variables_of
from charlstm.training.recording import EventRecorder
from charlstm.training.session import TrainingSession
recorder = EventRecorder(run, timeline_of(run.events()), lambda event: None)
resumed = TrainingSession(run, prepare_device(), recorder)
models = resumed.material.models
taken_up = {name[:3]: array for name, array in variables_of(models).items()}
last = train_records(run)
states = [float(np.abs(array).max()) for name, array in tensors().values()
          if name.endswith(("/h", "/c"))]
import keras
print(json.dumps({
    "last": last,
    "events": records(run),
    "stopped_at": first["step"],
    "resumed_at": resumed.clock.step,
    "restored": all(np.array_equal(taken_up[place], saved[place][1]) for place in saved),
    "states": states,
    "learning_rate": float(models.training.optimizer.learning_rate),
    "backend": keras.backend.backend(),
}))
"""


def printed(program: str, backend: str, *arguments: object, given: str = "") -> str:
    """The last line that a program prints with a backend; skips the test where that is missing."""
    for module in ("keras", backend):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed")
    finished = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        input=given,
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": backend},
        timeout=PATIENCE_S,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.splitlines()[-1]


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_a_training_finishes_carries_its_state_and_goes_on(backend, tmp_path, tiny_corpus):
    told = json.loads(printed(TRAIN_STOP_RESUME, backend, tmp_path / "run", given=tiny_corpus.text))
    assert told["backend"] == backend
    assert told["last"]["event"] == "finished", told["last"]
    started = [event for event in told["events"] if event["event"] == "started"]
    assert [event["backend"] for event in started] == [backend, backend]
    assert told["last"]["results"]["loss_nats"] < 0.7 * started[0]["blind_loss_nats"]
    losses = [e["running_loss_nats"] for e in told["events"] if e["event"] == "progress"]
    assert losses[-1] < losses[0]
    assert len(told["states"]) == 4
    assert min(told["states"]) > 0.01  # what the lanes carry from step to step
    assert 0 < told["stopped_at"] < told["last"]["step"]
    assert told["resumed_at"] == told["stopped_at"] == started[1]["step"]
    assert told["restored"]


STEPS_OF_KNOWN_GRADIENT = """
import keras
from charlstm.runs.recipes import QUICK
from charlstm.training.callbacks import LearningRate

STEPS = 40

class Clock:
    share = 0.0

class Passes(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        clock.share += 1 / STEPS

clock = Clock()
weight = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
model = keras.Sequential([keras.Input((1,)), weight])
model.compile(
    keras.optimizers.SGD(0.5),
    loss=lambda target, output: keras.ops.mean(output),  # its gradient is 1 at each step
)
ones = keras.ops.ones((STEPS, 1))
callbacks = [LearningRate(QUICK, clock), Passes()]
model.fit(ones, ones, batch_size=1, callbacks=callbacks, verbose=0)
print(-float(weight.kernel[0, 0]), sum(QUICK.learning_rate_at(k / STEPS) for k in range(STEPS)))
"""


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_each_step_is_taken_at_the_learning_rate_of_its_time(backend):
    taken, asked = map(float, printed(STEPS_OF_KNOWN_GRADIENT, backend).split())
    assert taken == pytest.approx(asked, rel=0.01)
