"""Several devices, which a processor plays when XLA is told to part it, train as one does."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.waiting import PATIENCE_S

ROOT = Path(__file__).resolve().parents[2]

TRAIN = """
import json, sys
import keras
from charlstm.training import session
from charlstm.text.corpus import paste
from charlstm.training.device import prepare_device
from charlstm.training.distribution import over_devices
from charlstm.runs.recipes import RECIPES, Budget, Recipe
from tests.tiny_runs import create_run, records, train_records

text, folder, interrupted = sys.stdin.read(), sys.argv[1], sys.argv[2] == "interrupted"
RECIPES["tiny"] = Recipe(
    name="tiny", embedding_units=5, lstm_units=(8, 12), budget=Budget(epochs=1), lanes=4,
    window=11, learning_rate=2e-2, warmup_share=0.05, beta_2=0.99, weight_decay=0.01,
    clip_norm=1.0, dropout=0.05, embedding_dropout=0.05,
    recurrent_dropout=0.05, fresh_start_share=0.02,
)
losses, parts, held_out_windows = [], {}, set()

class Noting(session.Progress):
    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)
        losses.append(float(logs["loss"]))
        for variable in self.model.variables:
            parts[variable.path] = [part.data.shape for part in variable.value.addressable_shards]

def note(event):
    if event["event"] == "progress" and interrupted and not run.paths.resume.exists():
        run.stop()

# A chapter for each step: its loss is that of the step, and the learning rate, which JAX takes up
# between chapters, does not hang on how long a step takes.
session.Progress, session.CHAPTER_S = Noting, 0
measure = session.HeldOutCurve.measure
session.HeldOutCurve.measure = lambda curve: (
    held_out_windows.add(len(curve.inputs)), measure(curve))[1]
run = create_run(recipe=RECIPES["tiny"], corpus=paste(text), budget=Budget(epochs=0.5),
                 random_seed=3, folder=folder)
first = train_records(run, note)
last = train_records(run, note) if interrupted else first
left = keras.distribution.distribution()

device = prepare_device()
try:
    with over_devices(device, RECIPES["tiny"]):
        within = keras.distribution.distribution()
        layouts = within and [within.get_data_layout((n, 11)).axes for n in (4, 3)]
        raise KeyError
except KeyError:
    left = left or keras.distribution.distribution()
with over_devices(device, RECIPES["notebook"]) as of_notebook:
    left = left or keras.distribution.distribution()
print(json.dumps({
    "first": first,
    "last": last,
    "events": records(run),
    "losses": losses,
    "parts": parts,
    "held_out_windows": sorted(held_out_windows),
    "layouts": layouts,
    "device": device.name,
    "device_of_notebook": of_notebook.name,
    "left": repr(left),
}))
"""


def trained(devices: int, folder: Path, text: str, how: str = "in one go") -> dict:
    """What a training told, in a process of its own that has so many devices."""
    for module in ("keras", "jax"):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed: Keras parts a training on JAX alone")
    finished = subprocess.run(
        [sys.executable, "-c", TRAIN, str(folder), how],
        input=text,
        capture_output=True,
        encoding="utf-8",
        cwd=ROOT,
        env={
            **os.environ,
            "KERAS_BACKEND": "jax",
            "JAX_PLATFORMS": "cpu",
            "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}",
        },
        timeout=PATIENCE_S,
    )
    assert finished.returncode == 0, finished.stderr
    told = json.loads(finished.stdout.splitlines()[-1])
    assert told["last"]["event"] == "finished", told["last"]
    assert told["left"] == "None", "the next training of this process would inherit it"
    return told


@pytest.fixture(scope="module")
def text(tiny_corpus):
    """Long enough for three held-out windows, which two devices cannot share evenly."""
    return tiny_corpus.text + tiny_corpus.text[::2]


@pytest.fixture(scope="module")
def on_one(tmp_path_factory, text):
    return trained(1, tmp_path_factory.mktemp("one") / "run", text)


@pytest.mark.parametrize(
    ("devices", "how"), [(2, "in one go"), (2, "interrupted"), (3, "in one go")]
)
def test_two_devices_train_as_one_does(devices, how, on_one, tmp_path, text):
    on_two = trained(devices, tmp_path / "run", text, how)
    # They really were two, each with two of the four lanes and with all weights.
    states = {path: part for path, part in on_two["parts"].items() if path.endswith(("/h", "/c"))}
    assert len(states) == 4
    assert {
        path: [[2, 8], [2, 8]] if "lstm_1" in path else [[2, 12], [2, 12]] for path in states
    } == (states)
    assert on_two["parts"]["embedding/embeddings"] == 2 * on_one["parts"]["embedding/embeddings"]
    assert on_two["layouts"] == [["batch", None], [None, None]]
    assert on_one["layouts"] is None and len(on_one["parts"]["embedding/embeddings"]) == 1
    name = f"2 x {on_two['device']}"
    if devices == 3:
        name += " (of 3: 4 lanes part evenly among 2)"
    started = [event for event in on_two["events"] if event["event"] == "started"]
    assert {event["device"] for event in started} == {name}
    assert len(started) == (2 if how == "interrupted" else 1)
    assert on_two["device_of_notebook"] == on_two["device"]

    # The losses are the same sums in another order: float32 rounds them by some 1e-7, which
    # the steps of the optimizer carry on and enlarge.
    assert on_two["held_out_windows"] == on_one["held_out_windows"] == [3]
    assert len(on_two["losses"]) == len(on_one["losses"]) == on_one["last"]["step"]
    np.testing.assert_allclose(on_two["losses"], on_one["losses"], atol=1e-4, rtol=0)
    assert on_one["losses"][-1] < on_one["losses"][0] - 0.5  # there was something to learn
    results, expected = on_two["last"]["results"], on_one["last"]["results"]
    assert results["loss_nats"] == pytest.approx(expected["loss_nats"], abs=1e-3)
    if how == "interrupted":
        assert on_two["first"]["event"] == "stopped"
        assert 0 < on_two["first"]["step"] == started[1]["step"] < on_two["last"]["step"]


def test_with_one_device_a_training_is_left_as_it_is(on_one):
    (started,) = [event for event in on_one["events"] if event["event"] == "started"]
    assert started["device"] == on_one["device"]


@pytest.mark.parametrize("backend", ["tensorflow", "torch"])
def test_other_frameworks_are_left_alone(backend, tiny_recipe):
    from charlstm.training.device import Device
    from charlstm.training.distribution import over_devices

    device = Device(name="several of these", kind="gpu", backend=backend, backend_version="1")
    with over_devices(device, tiny_recipe) as same:
        assert same is device
