"""What a public page keeps of its visitors' trainings."""

import os
import time
from dataclasses import replace

import pytest

from charlstm.errors import CharLSTMError
from charlstm.interface.limits import OWN, PUBLIC
from charlstm.interface.models import ModelRegistry
from charlstm.interface.train.keeping import Keeping
from charlstm.runs.recipes import QUICK
from charlstm.runs.run import Run, Runs
from charlstm.runs.training_request import TrainingRequest
from charlstm.runs.waiting_line import WaitingLine
from tests.waiting import wait_until

FEW = replace(PUBLIC, trainings_of_visitor=2, trainings=4, keep_s=3600.0)


@pytest.fixture
def make(home, tiny_corpus):
    def make(name: str, owner: str, hours_ago: float = 0) -> Run:
        request = TrainingRequest(
            recipe=QUICK, corpus=tiny_corpus, budget=QUICK.budget, random_seed=1, owner=owner
        )
        run = Run.create(request, home / "runs" / name)
        then = time.time() - 3600 * hours_ago
        for path in [*run.folder.iterdir(), run.folder]:
            os.utime(path, (then, then))
        return run

    return make


@pytest.fixture
def keeping(monkeypatch):
    """Without its thread."""
    monkeypatch.setattr(Keeping, "_go_on", lambda keeping: None)
    return lambda limits: Keeping(ModelRegistry(Runs(), limits))


def kept(home) -> list[str]:
    return sorted(path.parent.name for path in (home / "runs").glob("*/config.json"))


def test_of_each_visitor_the_latest_and_of_all_the_latest_are_kept(make, keeping, home):
    for number, owner in enumerate("aaabbcc"):
        make(f"{number}-{owner}", owner)
    keeping(FEW).tidy()
    assert kept(home) == ["3-b", "4-b", "5-c", "6-c"]
    assert not (home / "runs" / "0-a").exists()


def test_given_models_and_what_was_deleted_go_by_the_same_rule(home, keeping, make):
    limits = replace(FEW, models_of_visitor=1, models=2, keep_deleted_s=60.0)
    keeping(limits)  # without its thread
    registry = ModelRegistry(Runs(), limits)
    one = Keeping(registry)
    given = {
        owner + str(number): registry.added.add(b"", "a", owner)
        for number, owner in enumerate("aabc")
    }
    one.tidy()
    assert {model.owner for model in registry.added.all()} == {"b", "c"}
    assert not given["a0"].folder.exists() and not given["a1"].folder.exists()
    registry.deleted.put(make("1-a", "a").folder)
    one.tidy()
    assert len(registry.deleted.all()) == 1
    long_ago = time.time() - 120
    os.utime(registry.deleted.all()[0], (long_ago, long_ago))
    one.tidy()
    assert registry.deleted.all() == []


def test_what_is_old_goes_unless_it_runs_or_waits(make, keeping, home):
    make("1-new", "a")
    make("2-old", "b", hours_ago=2)
    running, waiting = make("3-running", "c", hours_ago=2), make("4-waiting", "d", hours_ago=2)
    waiting.paths.waiting.touch()
    running.ownership.claim()
    try:
        keeping(FEW).tidy()
    finally:
        running.ownership.release()
    assert kept(home) == ["1-new", "3-running", "4-waiting"]


@pytest.mark.parametrize("hours", [-50, 50])
def test_what_has_just_ended_is_kept_when_the_clock_is_set(make, keeping, home, hours, monkeypatch):
    tidying = keeping(FEW)
    run = make("1-a", "a")
    waiting = make("2-b", "b")
    waiting.paths.waiting.touch()
    run.ownership.claim()
    tidying.tidy()  # as at the start of each training
    run.paths.log.write_text("it goes on")
    run.ownership.release()
    waiting.paths.waiting.unlink()
    now_s = time.time()
    monkeypatch.setattr(time, "time", lambda: now_s + 3600 * hours)
    tidying.tidy()
    assert kept(home) == ["1-a", "2-b"]
    monotonic_s = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: monotonic_s + 2 * 3600)
    tidying.tidy()
    assert kept(home) == [], "their time is over, whatever the clock says"


def test_on_ones_own_page_nothing_is_deleted(make, keeping, home):
    for number in range(8):
        make(f"{number}", "a", hours_ago=10_000)
    keeping(OWN).tidy()
    assert len(kept(home)) == 8


def test_trainings_that_wait_begin_by_themselves(make, monkeypatch):
    begun = []
    monkeypatch.setattr(WaitingLine, "start_next", lambda line: begun.append(line.waiting()))
    make("waits", "a").paths.waiting.touch()
    Keeping(ModelRegistry(Runs(), PUBLIC))
    wait_until(lambda: begun)
    assert [run.name for run in begun[0]] == ["waits"]


def test_the_line_has_room_for_a_few_of_each_visitor_and_each_address(make, keeping, monkeypatch):
    limits = replace(PUBLIC, waiting_of_visitor=2, waiting_of_address=3, waiting=4)
    one = keeping(limits)
    monkeypatch.setattr(one, "start_next", lambda: None)
    one.let_wait(make("1-a", "a"), "here")
    one.let_wait(make("2-a", "a"), "here")
    with pytest.raises(CharLSTMError, match="2 of your trainings are waiting for their turn"):
        one.let_wait(make("3-a", "a"), "elsewhere")
    one.let_wait(make("4-b", "b"), "here")
    with pytest.raises(CharLSTMError, match=r"The line is full \(3 trainings are waiting\)"):
        one.let_wait(make("5-c", "c"), "here")
    one.let_wait(make("6-c", "c"), "there")
    with pytest.raises(CharLSTMError, match=r"The line is full \(4 trainings are waiting\)"):
        one.let_wait(make("7-d", "d"), "everywhere")


def test_nobody_drives_out_with_many_secrets_what_others_keep(home, keeping):
    one = keeping(replace(FEW, models_of_visitor=3, models=4))
    registry = one._registry
    theirs = registry.added.add(b"", "a", "victim")
    registry.came_from[theirs.name] = "there"
    for number in range(9):
        model = registry.added.add(b"", "a", f"secret {number}")
        registry.came_from[model.name] = "here"
        registry.on_added()
    left = registry.added.all()
    assert len(left) == 4 and theirs.name in {model.name for model in left}
