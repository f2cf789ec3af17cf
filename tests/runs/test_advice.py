"""Warnings come when they are due, and only then."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charlstm.runs.advice import (
    RISE_NATS,
    SMALL_TEXT,
    SMOOTHED,
    advice_for,
    overfitting,
    small_text,
)
from charlstm.runs.timeline import Timeline
from tests.tiny_runs import a_timeline, an_event

# The recipe quick on the first 20,000 and 60,000 characters of Tiny Shakespeare: held-out loss,
# and training loss since the measurement before, every three or four seconds.
OVERFITTED = (
    [2.844, 2.161, 1.949, 1.833, 1.813, 1.870, 2.025, 2.168, 2.277, 2.545, 2.660, 2.744, 2.919],
    [3.266, 2.445, 2.014, 1.740, 1.445, 1.252, 1.059, 0.809, 0.611, 0.448, 0.313, 0.227, 0.160],
)
HARDLY_RISEN = (
    [2.683, 2.032, 1.736, 1.651, 1.593, 1.562, 1.564, 1.551, 1.588, 1.573, 1.579, 1.576, 1.587],
    [3.249, 2.164, 1.763, 1.639, 1.471, 1.408, 1.325, 1.298, 1.235, 1.194, 1.150, 1.110, 1.083],
)


def curve(losses) -> list[tuple[float, float]]:
    return [(3.0 * place, float(loss)) for place, loss in enumerate(losses)]


def first_warning(held_out, training) -> int | None:
    """After how many measurements it is warned first."""
    counts = range(1, len(held_out) + 1)
    return next((n for n in counts if overfitting(curve(held_out[:n]), curve(training[:n]))), None)


def test_a_text_that_is_memorised_is_noticed_within_five_measurements():
    found = first_warning(*OVERFITTED)
    best = int(np.argmin(OVERFITTED[0])) + 1
    assert best + 3 <= found <= best + 5
    told = overfitting(*map(curve, OVERFITTED))
    assert told.best_nats == pytest.approx(np.mean(OVERFITTED[0][2:7]))
    assert told.latest_nats == pytest.approx(np.mean(OVERFITTED[0][-5:]))
    assert told.best_s == 12.0, "the middle of the best five"


def test_a_rise_within_the_noise_of_a_sample_is_no_warning():
    assert first_warning(*HARDLY_RISEN) is None


def test_the_warning_goes_when_its_reason_goes():
    held_out, training = OVERFITTED
    assert overfitting(curve(held_out), curve(training))
    back = [*held_out, *[1.75] * SMOOTHED]
    assert not overfitting(curve(back), curve([*training, *[0.1] * SMOOTHED]))


def test_it_is_no_overfitting_where_the_training_loss_rises_too():
    held_out, training = OVERFITTED
    astray = [*training[:5], *np.linspace(1.5, 3, 8)]
    assert not overfitting(curve(held_out), curve(astray))
    assert not overfitting(curve(held_out), []), "nothing is known of it"


def test_noise_on_a_curve_that_falls_and_stays_is_hardly_ever_a_warning():
    """Of trainings with a noise of 0.04 nats, looked at after each of their 30 measurements."""
    rng = np.random.default_rng(7)
    time = np.arange(30)
    warned = 0
    for _ in range(200):
        held_out = 1.5 + 2.5 * np.exp(-time / 3) + rng.normal(0, 0.04, 30)
        warned += first_warning(held_out, np.linspace(3, 1, 30)) is not None
    assert warned <= 4


@given(
    st.lists(st.floats(0, 0.3), min_size=1, max_size=40), st.floats(0.5, 2), st.integers(0, 1000)
)
def test_a_curve_that_only_falls_is_no_warning(falls, end, random_seed):
    held_out = end + np.cumsum(falls)[::-1]
    training = np.random.default_rng(random_seed).random(len(falls))
    assert first_warning(held_out, training) is None


@given(st.floats(-1, 1), st.floats(0.001, 1000))
def test_only_the_rise_decides_not_the_level_nor_the_unit_of_time(level, unit):
    held_out, training = ([loss + level for loss in losses] for losses in OVERFITTED)
    times = [unit * place for place in range(len(held_out))]
    assert overfitting(
        list(zip(times, held_out, strict=True)), list(zip(times, training, strict=True))
    )


@pytest.mark.parametrize(
    ("rise", "is_noticed"), [(RISE_NATS - 0.01, False), (RISE_NATS + 0.01, True)]
)
def test_the_limit_is_where_it_is_said_to_be(rise, is_noticed):
    held_out = [1.5] * SMOOTHED + [1.5 + rise] * SMOOTHED
    told = overfitting(curve(held_out), curve(np.linspace(2, 1, 2 * SMOOTHED)))
    assert (told is not None) == is_noticed


def timeline(characters=None, losses=OVERFITTED) -> Timeline:
    held_out, training = losses
    started = [] if characters is None else [an_event("started", characters=characters)]
    validated = [an_event("validated", s, val_loss_nats=loss) for s, loss in curve(held_out)]
    progress = [an_event("progress", s, running_loss_nats=loss) for s, loss in curve(training)]
    return a_timeline(events=[*started, *validated, *progress])


def test_both_warnings_say_what_helps():
    overfits, small = advice_for(timeline(20_000), from_model=False)
    assert "memorise its text (overfitting)" in overfits and "from 1.90 to 2.63 nats" in overfits
    assert "best after about 12 seconds" in overfits and "What helps" in overfits
    assert "20,000 characters" in small and "What helps: more text" in small
    assert "never saw" not in overfits + small, "the notebook's split leaks"


def test_a_training_that_has_not_begun_or_does_well_is_noticed_nothing():
    assert advice_for(Timeline(), from_model=False) == []
    assert advice_for(timeline(SMALL_TEXT, HARDLY_RISEN), from_model=False) == []


@pytest.mark.parametrize("characters", [2_000, SMALL_TEXT - 1])
def test_a_small_text_is_called_so(characters):
    assert f"{characters:,} characters" in small_text(characters, from_model=False)
    assert small_text(SMALL_TEXT, from_model=False) == ""


def test_whoever_starts_from_a_model_is_not_told_to_start_from_one():
    assert "starting from a model" in small_text(5_000, from_model=False)
    assert "starting from a model" not in small_text(5_000, from_model=True)
    assert "starting from a model" not in advice_for(timeline(5_000), from_model=True)[1]
