"""The estimate believes earlier trainings, else the processor, and counts as training does."""

import pytest

from charlstm.machine import cpu_name
from charlstm.network.way import Way
from charlstm.runs.estimate import (
    Basis,
    estimate,
    matrix_operations_per_s,
    past_characters_per_s,
)
from charlstm.runs.fastest_way import MeasuredWay
from charlstm.runs.fine_tuning import fine_tuned
from charlstm.runs.recipes import FULL, NOTEBOOK, QUICK, RECIPES, Budget
from charlstm.runs.run import Run
from charlstm.runs.sizing import READING_SHARE
from tests.tiny_runs import append, create_run

CHARACTERS = 1_000_000


@pytest.fixture(autouse=True)
def device(monkeypatch):
    """Chooses what trains: TensorFlow on this processor, unless a test says otherwise."""

    def choose(backend: str = "tensorflow", kind: str = "cpu") -> None:
        monkeypatch.setenv("KERAS_BACKEND", backend)
        for module in ("estimate", "fastest_way"):
            monkeypatch.setattr(f"charlstm.runs.{module}.expected_device_kind", lambda: kind)

    choose()
    return choose


@pytest.fixture
def run(tmp_path, tiny_corpus):
    return create_run(
        recipe=QUICK,
        corpus=tiny_corpus,
        budget=QUICK.budget,
        random_seed=1,
        folder=tmp_path / "run",
    )


@pytest.fixture
def known_processor(monkeypatch):
    monkeypatch.setattr("charlstm.runs.estimate.matrix_operations_per_s", lambda: 3.10e11)
    monkeypatch.setattr("charlstm.runs.estimate.matrix_dtype_of", lambda kind: "bfloat16")


def progress(run: Run, steps: int, seconds_a_step: float = 0.1, **device: str) -> None:
    append(run, "started", **{"device": cpu_name(), **device})
    for step in range(steps):
        append(run, "progress", step=step, elapsed_s=step * seconds_a_step)


def test_earlier_trainings_are_the_guide(run):
    progress(run, 50)
    speed = QUICK.lanes * QUICK.window / 0.1
    assert past_characters_per_s(QUICK, [run]) == pytest.approx(speed)
    guess = estimate(QUICK, Budget(epochs=2), CHARACTERS, [run])
    assert guess.basis is Basis.EARLIER_TRAINING and guess.epochs == 2
    assert guess.seconds == pytest.approx(2 * 0.9 * CHARACTERS / speed)


def test_the_newest_training_counts(run, tmp_path, tiny_corpus):
    progress(run, 50, 0.1)
    newer = create_run(
        recipe=QUICK, corpus=tiny_corpus, budget=QUICK.budget, random_seed=1, folder=tmp_path / "b"
    )
    progress(newer, 50, 0.2)
    assert past_characters_per_s(QUICK, [newer, run]) == pytest.approx(
        QUICK.lanes * QUICK.window / 0.2
    )


def test_another_recipe_or_a_training_that_hardly_began_says_nothing(run):
    progress(run, 5)
    assert past_characters_per_s(QUICK, [run]) is None
    progress(run, 50)
    assert past_characters_per_s(FULL, [run]) is None


def test_a_network_of_another_size_says_nothing(run):
    progress(run, 50)
    larger = fine_tuned(QUICK, 256, (512, 512))
    assert past_characters_per_s(larger, [run]) is None
    same = fine_tuned(QUICK, QUICK.embedding_units, QUICK.lstm_units)
    assert past_characters_per_s(same, [run]) is not None


GPU = {"device": "NVIDIA H100", "device_kind": "gpu"}


@pytest.mark.parametrize(
    ("past", "expected", "counts"),
    [
        ({}, {}, True),
        ({"device": "another processor, 2 cores"}, {}, False),
        ({"backend": "jax"}, {}, False),
        ({"backend": "jax"}, {"backend": "jax"}, True),
        (GPU, {}, False),
        (GPU, {"kind": "gpu"}, True),
        ({}, {"kind": "gpu"}, True),  # then no GPU was used, whatever is there
        ({**GPU, "backend": "torch"}, {"kind": "gpu"}, False),
    ],
)
def test_an_earlier_training_counts_if_it_ran_on_the_same_device(
    run, device, past, expected, counts
):
    progress(run, 50, **past)
    device(**expected)
    assert (past_characters_per_s(QUICK, [run]) is not None) == counts


def test_a_training_that_was_never_started_says_nothing(run):
    for step in range(50):
        append(run, "progress", step=step, elapsed_s=step * 0.1)
    assert past_characters_per_s(QUICK, [run]) is None


def test_a_larger_network_takes_longer_by_the_same_recipe(known_processor):
    budget = Budget(epochs=1)
    larger = fine_tuned(QUICK, 256, (512, 512))
    assert (
        estimate(larger, budget, CHARACTERS, []).seconds
        > 4 * estimate(QUICK, budget, CHARACTERS, []).seconds
    )


def test_a_budget_of_minutes_is_what_it_takes(known_processor):
    guess = estimate(QUICK, Budget(minutes=3), CHARACTERS, [])
    assert guess.seconds == 180 and guess.basis is Basis.PROCESSOR
    twice = estimate(QUICK, Budget(minutes=6), CHARACTERS, [])
    assert twice.epochs == pytest.approx(2 * guess.epochs)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_time_grows_with_the_text_and_the_passes(known_processor, recipe):
    once = estimate(recipe, Budget(epochs=1), CHARACTERS, []).seconds
    assert estimate(recipe, Budget(epochs=1), 2 * CHARACTERS, []).seconds == pytest.approx(2 * once)
    assert estimate(recipe, Budget(epochs=3), CHARACTERS, []).seconds == pytest.approx(3 * once)


def test_the_estimates_agree_with_what_was_measured(known_processor):
    """On the processor that the shares come from: `quick` read 71,241 characters a
    second, `full` 24,500; notebook's 20 epochs take more than a day."""
    for recipe, least, most in ((QUICK, 70_000, 90_000), (FULL, 23_000, 26_000)):
        guess = estimate(recipe, Budget(epochs=1), CHARACTERS, [])
        assert least < 0.9 * CHARACTERS / guess.seconds < most
    hours = estimate(NOTEBOOK, Budget(epochs=20), 1_108_157, []).seconds / 3600
    assert 20 < hours < 40


def test_a_processor_without_units_for_bfloat16_takes_longer(known_processor, monkeypatch):
    with_units = estimate(FULL, Budget(epochs=1), CHARACTERS, []).seconds
    monkeypatch.setattr("charlstm.runs.estimate.matrix_dtype_of", lambda kind: "float32")
    assert estimate(FULL, Budget(epochs=1), CHARACTERS, []).seconds > 1.3 * with_units


def test_the_processor_is_measured_once_and_quickly():
    assert matrix_operations_per_s() == matrix_operations_per_s() > 1e8


def test_without_an_earlier_training_a_measured_step_is_the_guide(monkeypatch):
    measured = MeasuredWay(Way("float32", 2), 0.02)
    monkeypatch.setattr("charlstm.runs.estimate.remembered_way", lambda recipe: measured)
    guess = estimate(FULL, Budget(epochs=1), CHARACTERS, [])
    assert guess.basis is Basis.MEASURED_STEP
    steps = 0.9 * CHARACTERS / (FULL.lanes * FULL.window)
    assert guess.seconds == pytest.approx(steps * 0.02 / READING_SHARE)


def test_the_notebook_has_no_measured_step(monkeypatch):
    """Its layers are the framework's: what was measured says nothing about them."""
    measured = MeasuredWay(Way("float32", 2), 0.02)
    monkeypatch.setattr("charlstm.runs.estimate.remembered_way", lambda recipe: measured)
    assert estimate(NOTEBOOK, Budget(epochs=1), CHARACTERS, []).basis is Basis.PROCESSOR


@pytest.mark.parametrize(
    ("elsewhere", "basis"),
    [
        ({"backend": "jax"}, Basis.PROCESSOR),
        ({"backend": "torch"}, Basis.PROCESSOR),
        ({"kind": "gpu"}, Basis.PROCESSOR_ONLY),
        ({"backend": "torch", "kind": "gpu"}, Basis.PROCESSOR_ONLY),
    ],
)
def test_a_step_of_the_compiled_layers_says_nothing_of_other_devices(
    elsewhere, basis, device, known_processor, monkeypatch
):
    expected = estimate(FULL, Budget(epochs=1), CHARACTERS, []).seconds
    measured = MeasuredWay(Way("float32", 2), 0.02)
    monkeypatch.setattr("charlstm.runs.estimate.remembered_way", lambda recipe: measured)
    device(**elsewhere)
    guess = estimate(FULL, Budget(epochs=1), CHARACTERS, [])
    assert guess.basis is basis and not guess.is_measured
    assert guess.seconds == expected
