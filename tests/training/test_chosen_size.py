"""A new training of `quick` chooses its width once, by the speed of this machine."""

from __future__ import annotations

import pytest

pytest.importorskip("keras", reason="training needs Keras")

from charlstm.runs.recipes import FULL, QUICK, Budget
from charlstm.runs.sizing import LOSSES, Size
from charlstm.training.train import with_chosen_size
from tests.tiny_runs import create_run


class Processor:
    """A device whose steps take a time in proportion to the number of weights."""

    def __init__(self, step_s_of_usual: float | None):
        self.step_s_of_usual = step_s_of_usual
        self.asked: list[list[int]] = []  # the widths, for each time

    def steps_s(self, recipes):
        widths = [recipe.lstm_units[0] for recipe in recipes]
        self.asked.append(widths)
        usual = self.step_s_of_usual
        return None if usual is None else [usual * (width / 384) ** 2 for width in widths]


@pytest.fixture
def create(tmp_path, tiny_corpus):
    def create(recipe=QUICK, budget=QUICK.budget):
        return create_run(
            recipe=recipe,
            corpus=tiny_corpus,
            budget=budget,
            random_seed=1,
            folder=tmp_path / f"run-{len(list(tmp_path.iterdir()))}",
        )

    return create


def test_a_slow_processor_gets_a_narrower_network(create):
    widths = []
    for step_s in (1.0, 0.1, 0.02):
        run, processor = create(), Processor(step_s)
        recipe = with_chosen_size(run, processor)
        assert processor.asked == [list(LOSSES)]  # all at once
        assert recipe == run.config.recipe
        assert recipe.lstm_units == (run.config.size.units,)
        widths.append(run.config.size.units)
    assert widths == sorted(widths)
    assert widths[0] < widths[-1]


@pytest.mark.parametrize(
    ("recipe", "budget"), [(QUICK, Budget(epochs=2)), (FULL, Budget(minutes=1))]
)
def test_what_is_asked_for_in_epochs_or_with_another_recipe_stays(create, recipe, budget):
    run, processor = create(recipe, budget), Processor(0.1)
    assert with_chosen_size(run, processor) == recipe
    assert run.config.size is None and processor.asked == []


def test_on_a_gpu_the_recipe_stays(create):
    run = create()
    assert with_chosen_size(run, Processor(None)) == QUICK
    assert run.config.size is None


def test_a_size_that_was_chosen_is_what_a_resumed_training_has(create):
    run = create()
    run.set_size(Size(192, 0.35))
    assert run.config.recipe.lstm_units == (192,)
    assert run.config.recipe.dropout == 0.35
