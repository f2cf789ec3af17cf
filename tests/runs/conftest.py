"""Run folders in which nobody has trained yet."""

from __future__ import annotations

import subprocess
import sys

import pytest

from charlstm.runs.recipes import QUICK
from charlstm.runs.run import Run
from tests.tiny_runs import create_run


@pytest.fixture
def make(tiny_corpus):
    def make(folder=None, recipe=QUICK, budget=QUICK.budget, random_seed=7) -> Run:
        return create_run(
            recipe=recipe, corpus=tiny_corpus, budget=budget, random_seed=random_seed, folder=folder
        )

    return make


@pytest.fixture
def run(make, tmp_path):
    return make(tmp_path / "run")


@pytest.fixture
def sleeper():
    """Another process that lives until the test ends."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()
