"""The callbacks of a training, on a clock that the test turns by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import pytest

pytest.importorskip("keras", reason="training needs Keras")

from charlstm.runs.recipes import QUICK, Budget
from charlstm.training import callbacks
from charlstm.training.callbacks import BetweenChapters, Clock, Ending, LearningRate, Progress

STEP_S = 0.06
CHAPTER_STEPS = 8


class FakeTime:
    def __init__(self):
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch) -> FakeTime:
    fake = FakeTime()
    monkeypatch.setattr(callbacks, "time", fake)
    return fake


def attach(callback):
    """Give a callback a model, as `fit` does."""
    optimizer = SimpleNamespace(learning_rate=None)
    callback.set_model(SimpleNamespace(stop_training=False, optimizer=optimizer))
    return callback


def running_clock(**arguments) -> Clock:
    clock = Clock(steps_per_epoch=40, **arguments)
    clock.start()
    return clock


# The clock


def test_a_budget_in_minutes_counts_from_the_first_step_and_not_from_the_preparing(time):
    clock = Clock(Budget(minutes=2), steps_per_epoch=40)
    time.now += 50  # building the network
    assert clock.share == 0
    clock.start()
    time.now += 30
    assert clock.share == pytest.approx(0.25)
    assert clock.eta_s == pytest.approx(90)


def test_a_budget_in_epochs_counts_steps_whatever_they_take(time):
    clock = running_clock(budget=Budget(epochs=3))
    time.now += 500
    assert clock.share == 0
    clock.step = 30
    assert clock.epoch == pytest.approx(0.75)
    assert clock.share == pytest.approx(0.25)
    assert clock.eta_s == pytest.approx(1500)  # three times what the first quarter took


def test_a_resumed_clock_goes_on_where_it_stood(time):
    clock = Clock(Budget(minutes=2), steps_per_epoch=40, step=70, elapsed_s=90.0)
    assert (clock.step, clock.elapsed_s, clock.share) == (70, 90.0, 0.75)
    clock.start()
    time.now += 15
    assert clock.share == pytest.approx(0.875)


def test_a_halted_clock_stands_still(time):
    clock = running_clock(budget=Budget(minutes=1))
    time.now += 20
    clock.halt()
    time.now += 500  # measuring on the whole held-out text
    assert clock.elapsed_s == pytest.approx(20)


def test_the_share_never_exceeds_one(time):
    clock = running_clock(budget=Budget(minutes=1))
    time.now += 61
    assert clock.share == 1
    assert clock.eta_s == 0


def test_what_a_whole_budget_takes():
    assert Clock(Budget(minutes=2), steps_per_epoch=40).total_s(0.1) == 120
    assert Clock(Budget(epochs=3), steps_per_epoch=40).total_s(0.1) == pytest.approx(12)


# The learning rate


def test_the_learning_rate_climbs_for_a_twentieth_of_the_time_and_then_falls_as_a_cosine(time):
    clock = running_clock(budget=Budget(minutes=1))
    callback = attach(LearningRate(QUICK, clock))
    rates = []
    for _ in range(61):
        callback.on_epoch_begin(0)
        rates.append(callback.model.optimizer.learning_rate)
        time.now += 1
    top = QUICK.learning_rate
    assert rates[0] == pytest.approx(top / 100)
    assert rates[1] == pytest.approx(top / 3)  # the climb takes 3 of the 60 seconds
    assert rates[3] == pytest.approx(top)
    assert rates[31] == pytest.approx(top * (0.01 + 0.99 * (1 + math.cos(math.pi * 28 / 57)) / 2))
    assert rates[60] == pytest.approx(top / 100)
    assert rates[3:] == sorted(rates[3:], reverse=True)


def test_the_learning_rate_of_a_resumed_training_is_that_of_its_share(time):
    clock = Clock(Budget(minutes=1), steps_per_epoch=40, step=7, elapsed_s=45.0)
    clock.start()
    callback = attach(LearningRate(QUICK, clock))
    callback.on_epoch_begin(0)
    assert callback.model.optimizer.learning_rate == pytest.approx(QUICK.learning_rate_at(0.75))


# Progress


class Training:
    """Takes steps of known loss as `fit` would, and logs their means as Keras does."""

    def __init__(self, time: FakeTime, clock: Clock, step_s: float = STEP_S):
        self.time = time
        self.clock = clock
        self.step_s = step_s
        self.emitted = []
        self.progress = Progress(clock, self.emitted.append, 24)
        attach(self.progress)

    def chapter(self, losses: list[float]):
        self.progress.on_epoch_begin(0)
        for batch in range(len(losses)):
            self.time.now += self.step_s
            mean = sum(losses[: batch + 1]) / (batch + 1)
            self.progress.on_train_batch_end(batch, {"loss": mean, "accuracy": mean / 10})
        self.progress.on_epoch_end(0, {"loss": sum(losses) / len(losses)})


def test_progress_is_emitted_at_most_five_times_a_second_and_often_enough_to_be_watched(time):
    training = Training(time, running_clock(budget=Budget(minutes=1)), step_s=0.01)
    for _ in range(40):
        training.chapter([2.0] * 50)
    moments = [event.elapsed_s for event in training.emitted]
    pauses = [after - before for before, after in zip(moments, moments[1:], strict=False)]
    assert min(pauses) >= 0.199
    assert max(pauses) <= 0.25


def test_a_training_of_a_week_still_reports_every_few_seconds(time):
    training = Training(time, running_clock(budget=Budget(minutes=7 * 24 * 60)), step_s=0.5)
    for _ in range(100):
        training.chapter([2.0])
    assert len(training.emitted) >= 9


def test_the_running_loss_is_the_mean_of_the_steps_since_the_last_report(time):
    training = Training(time, running_clock(budget=Budget(minutes=1)), step_s=0.1)
    training.chapter([5.0, 4.0, 3.0, 2.0, 7.0])
    training.chapter([1.0, 3.0])
    assert [event.step for event in training.emitted] == [1, 3, 5, 7]
    assert [event.running_loss_nats for event in training.emitted] == [5.0, 3.5, 4.5, 2.0]
    assert [event.accuracy for event in training.emitted] == [0.5, 0.35, 0.45, 0.2]


def test_progress_names_speed_epoch_share_and_the_time_that_is_left(time):
    training = Training(time, running_clock(budget=Budget(minutes=0.1)), step_s=0.5)
    training.chapter([2.0] * 3)
    event = training.emitted[-1]
    assert event.characters_per_s == 48  # 24 characters a step of half a second
    assert event.epoch == pytest.approx(3 / 40)
    assert event.share == pytest.approx(0.25)
    assert event.eta_s == pytest.approx(4.5)
    assert event.elapsed_s == pytest.approx(1.5)


@pytest.mark.parametrize("poison", [math.nan, math.inf])
def test_a_loss_that_is_no_number_ends_the_training_before_anything_is_saved(time, poison):
    training = Training(time, running_clock(budget=Budget(minutes=24 * 60)), step_s=0.001)
    training.chapter([2.0, 2.0])
    # The next progress is not due yet: the end of the chapter, where saving happens, sees it.
    with pytest.raises(FloatingPointError, match="step 4"):
        training.chapter([2.0, poison])


# The end


def test_the_training_ends_with_its_budget(time):
    clock = running_clock(budget=Budget(epochs=1))
    ending = attach(Ending(clock, lambda: False))
    for step in range(1, 41):
        assert not ending.model.stop_training
        clock.step = step
        ending.on_train_batch_end(step)
    assert ending.model.stop_training
    assert not ending.stopped


def test_a_training_that_was_asked_to_stop_ends_after_that_step(time):
    asked = []
    ending = attach(Ending(running_clock(budget=Budget(minutes=1)), lambda: bool(asked)))
    ending.on_train_batch_end(0)
    assert not ending.model.stop_training
    asked.append("stop")
    ending.on_train_batch_end(1)
    assert ending.model.stop_training
    assert ending.stopped


# Measuring, samples, saving


class Chapters:
    """A whole training on the fake clock, in which each thing takes the seconds it is given."""

    def __init__(self, time, budget: Budget, *, measure_s=0.1, sample_s=0.05, save_s=0.1, step=0):
        self.time = time
        self.clock = Clock(budget, steps_per_epoch=500, step=step)
        self.events: list[dict] = []
        self.measured_s = 0.0
        self.saves: list[float] = []
        self.measure_s, self.sample_s, self.save_s = measure_s, sample_s, save_s
        self.between = attach(
            BetweenChapters(
                self.clock,
                validate=self.validate,
                sample=self.sample,
                save=self.save,
                emit=lambda event: self.events.append(event.to_json()),
            )
        )

    def validate(self):
        self.time.now += self.measure_s
        self.measured_s += self.measure_s
        return 2.5, 0.25

    def sample(self):
        self.time.now += self.sample_s
        return "to be"

    def save(self):
        self.time.now += self.save_s
        self.saves.append(self.clock.elapsed_s)

    def run(self, step_s: float = STEP_S):
        self.clock.start()
        while self.clock.share < 1:
            self.time.now += CHAPTER_STEPS * step_s
            self.clock.step += CHAPTER_STEPS
            self.between.on_epoch_end(0)
        return self

    def of_kind(self, kind: str) -> list[dict]:
        return [event for event in self.events if event["event"] == kind]


@pytest.mark.parametrize("measure_s", [0.02, 0.3, 0.8])
def test_three_minutes_have_twenty_held_out_points_for_less_than_a_tenth_of_the_time(
    time, measure_s
):
    chapters = Chapters(time, Budget(minutes=3), measure_s=measure_s).run()
    points = chapters.of_kind("validated")
    assert len(points) >= (20 if measure_s < 0.75 else 15)
    assert chapters.measured_s < 18
    gaps = [b["elapsed_s"] - a["elapsed_s"] for a, b in zip(points, points[1:], strict=False)]
    assert max(gaps) < 3 * min(gaps)  # spread over the whole training


def test_a_slow_machine_measures_less_often(time):
    chapters = Chapters(time, Budget(minutes=3), measure_s=4.0).run()
    assert 3 <= len(chapters.of_kind("validated")) <= 6
    assert chapters.measured_s < 0.1 * chapters.clock.elapsed_s


def test_measuring_is_spread_over_a_budget_in_epochs_too(time):
    chapters = Chapters(time, Budget(epochs=6), measure_s=0.02).run()
    assert 20 <= len(chapters.of_kind("validated")) <= 31


def test_a_model_is_saved_at_least_every_thirty_seconds_even_on_a_slow_disk(time):
    chapters = Chapters(time, Budget(minutes=5), measure_s=2.0, save_s=4.0).run()
    moments = [0.0, *chapters.saves]
    assert max(after - before for before, after in zip(moments, moments[1:], strict=False)) < 30


def test_saving_takes_little_of_the_time(time):
    chapters = Chapters(time, Budget(minutes=5), save_s=0.5).run()
    assert 0.5 * len(chapters.saves) < 0.05 * chapters.clock.elapsed_s


def test_samples_are_written_every_ten_seconds_and_kept_at_steps_that_grow_like_a_power(time):
    chapters = Chapters(time, Budget(minutes=30)).run()
    samples = chapters.of_kind("sample")
    moments = [sample["elapsed_s"] for sample in samples]
    assert max(b - a for a, b in zip(moments, moments[1:], strict=False)) < 11
    kept = [sample["step"] for sample in samples if sample["kept"]]
    assert kept[0] == CHAPTER_STEPS
    assert 15 <= len(kept) <= 40
    late = [step for step in kept if step > 200]
    assert all(after >= 1.2 * before for before, after in zip(late, late[1:], strict=False))


def test_the_sample_at_the_end_is_kept_though_none_is_due(time):
    chapters = Chapters(time, Budget(minutes=1)).run()
    chapters.between.write_sample()
    chapters.between.write_sample()
    chapters.between.write_sample(keep=True)
    assert [sample["kept"] for sample in chapters.of_kind("sample")[-2:]] == [False, True]


def test_what_measuring_and_sampling_cost_is_known_once_each_was_done(time):
    between = Chapters(time, Budget(minutes=1), measure_s=0.7, sample_s=0.3).between
    assert between.measure_cost_s == between.sample_cost_s == math.inf
    between.clock.start()
    between.measure()
    between.write_sample()
    assert between.measure_cost_s == pytest.approx(0.7)
    assert between.sample_cost_s == pytest.approx(0.3)


def test_nothing_is_measured_or_saved_between_the_wish_to_stop_and_the_end_of_fit(time):
    chapters = Chapters(time, Budget(minutes=1))
    chapters.clock.start()
    chapters.between.model.stop_training = True
    time.now += 40
    chapters.clock.step = 50
    chapters.between.on_epoch_end(0)
    assert not chapters.events
    assert not chapters.saves


def test_a_recipe_without_decay_keeps_its_learning_rate(time):
    steady = replace(QUICK, decays=False, warmup_share=0.0)
    clock = running_clock(budget=Budget(minutes=1))
    callback = attach(LearningRate(steady, clock))
    for _ in range(3):
        time.now += 19
        callback.on_epoch_begin(0)
        assert callback.model.optimizer.learning_rate == QUICK.learning_rate
