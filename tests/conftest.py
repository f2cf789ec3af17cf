"""Settings for all tests."""

import os
import random
from collections import Counter

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # several wait for each other beside other processes
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CHARLSTM_NICE"] = "0"  # beside busy processes a training would get nothing to do

import hypothesis
import pytest

from charlstm.runs.recipes import RECIPES, Budget, Recipe

pytest_plugins = ["tests.browsing"]
LONG_FILES = {"test_lost_connection.py", "test_browser_lost_server.py"}
# Where what they assert fails, pytest shows the values, as in a test.
pytest.register_assert_rewrite(
    "tests.commands", "tests.how_it_works", "tests.refusals", "tests.tiny_trainings"
)


# No time limit for an example: on a busy machine it would say nothing about the code.
hypothesis.settings.register_profile("charlstm", deadline=None, max_examples=60, database=None)
hypothesis.settings.load_profile("charlstm")

WORDS = {
    "name": ["the king", "my lord", "a fool", "the queen", "her son"],
    "verb": ["loves", "fears", "hears", "is"],
    "end": ["me.\n", "thee!\n", "no man?\n", "so old;\n"],
}


def pytest_collection_modifyitems(items):
    """Tests in a browser come last: Playwright's event loop stays in the thread until its end.

    Of their files, which take minutes, the longest come first, so that at the end no process waits
    long for another: those that start a server in each test, then those with the most tests.
    """
    in_file = Counter(item.path for item in items)

    def place(item) -> tuple:
        if "browser" not in item.fixturenames:
            return (False,)
        return True, item.path.name not in LONG_FILES, -in_file[item.path], item.path

    items.sort(key=place)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """No test touches the runs and downloads of whoever runs it."""
    folder = tmp_path / "home"
    monkeypatch.setenv("CHARLSTM_HOME", str(folder))
    return folder


@pytest.fixture(scope="session", autouse=True)
def _home_of_what_outlives_a_test(tmp_path_factory):
    """What is trained or measured for several tests stays out of the checkout."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHARLSTM_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="session")
def tiny_corpus():
    """Some thousand characters of a small grammar: learned in a few hundred steps."""
    from charlstm.text.corpus import paste

    rng = random.Random(5)
    lines = (" ".join(rng.choice(words) for words in WORDS.values()) for _ in range(300))
    return paste("".join(lines), "verse")


@pytest.fixture(scope="session")
def tiny_recipe():
    """A recipe that trains in a second; every size another one. `find_recipe` knows it."""
    recipe = Recipe(
        name="tiny",
        embedding_units=5,
        lstm_units=(8, 12),
        budget=Budget(epochs=1),
        lanes=4,
        window=11,
        learning_rate=2e-2,
        warmup_share=0.05,
        beta_2=0.99,
        weight_decay=0.01,
        clip_norm=1.0,
        dropout=0.05,
        embedding_dropout=0.05,
        fresh_start_share=0.02,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(RECIPES, recipe.name, recipe)
        yield recipe
