"""Where strangers share a machine, trainings wait for their turn."""

import os
import subprocess
import sys

import pytest

from charlstm.runs.ownership import training_place
from charlstm.runs.run import Run, RunError, Runs
from charlstm.runs.waiting_line import WaitingLine
from tests.tiny_runs import append


@pytest.fixture
def line():
    return WaitingLine(Runs())


@pytest.fixture
def wait(make):
    """Lets a new training wait; returns it."""
    came = iter(range(1, 100))

    def wait() -> Run:
        run = make()
        run.paths.waiting.touch()
        os.utime(run.paths.waiting, ns=(0, next(came)))
        return run

    return wait


@pytest.fixture
def started(monkeypatch):
    """The trainings that were started, as processes that do nothing."""
    processes = []

    def start(run: Run):
        processes.append(
            (run.name, subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE))
        )
        training_place().write(processes[-1][1].pid)
        run.ownership.write(processes[-1][1].pid)
        return processes[-1][1]

    monkeypatch.setattr(Run, "start", start)
    yield processes
    for _, process in processes:
        process.kill()
        process.communicate()


def end(started) -> None:
    started[-1][1].kill()
    started[-1][1].wait()


def test_they_start_in_the_order_in_which_they_came(line, wait, make, started):
    make()  # which does not wait
    first, second, third = wait(), wait(), wait()
    assert [run.name for run in line.waiting()] == [first.name, second.name, third.name]
    assert [line.place_of(run.name) for run in (first, second, third)] == [0, 1, 2]
    assert first.timeline().status == "waiting"

    run, _ = line.start_next()
    assert run.name == first.name and not first.paths.waiting.exists()
    assert first.timeline().status == "preparing"
    assert [line.place_of(run.name) for run in (second, third)] == [1, 2]
    assert line.start_next() is None, "one at a time"

    end(started)
    assert line.start_next()[0].name == second.name
    third.paths.waiting.unlink()  # it leaves the line
    end(started)
    assert line.start_next() is None
    assert [name for name, _ in started] == [first.name, second.name]


def test_a_training_that_was_stopped_can_wait_to_go_on(line, wait, started):
    run = wait()
    append(run, "stopped")
    assert run.timeline().status == "waiting"
    line.start_next()
    assert run.timeline().status == "preparing"


def test_one_that_cannot_start_does_not_hold_the_others_up(line, wait, monkeypatch):
    broken, good = wait(), wait()
    tried = []

    def start(run: Run):
        tried.append(run.name)
        if run.name == broken.name:
            raise RunError("its events are damaged")
        return "a process"

    monkeypatch.setattr(Run, "start", start)
    assert line.start_next() is None
    assert line.start_next()[1] == "a process"
    assert tried == [broken.name, good.name]


def test_who_loses_the_place_to_another_server_stays_in_the_line(line, wait, monkeypatch, sleeper):
    first = wait()

    def start(run: Run):
        training_place().write(sleeper.pid)  # of a training that another server has just started
        raise RunError("Another training is running.")

    monkeypatch.setattr(Run, "start", start)
    assert line.start_next() is None
    assert [run.name for run in line.waiting()] == [first.name]
    assert first.timeline().status == "waiting"


def test_one_whose_server_died_at_its_start_is_not_begun_again(line, wait, sleeper):
    run = wait()
    training_place().write(sleeper.pid)
    run.ownership.write(sleeper.pid)
    assert line.start_next() is None
    assert not run.paths.waiting.exists() and run.is_alive()


def test_a_clock_that_was_set_back_lets_nobody_pass(line, make, monkeypatch):
    first, second = make(), make()
    line.join(first)
    hours_ahead_ns = first.paths.waiting.stat().st_mtime_ns + 5 * 3600 * 10**9
    os.utime(first.paths.waiting, ns=(hours_ahead_ns, hours_ahead_ns))
    line.join(second)
    assert [run.name for run in line.waiting()] == [first.name, second.name]


def test_a_line_outlives_its_server(wait):
    run = wait()
    assert [one.name for one in WaitingLine(Runs()).waiting()] == [run.name]
