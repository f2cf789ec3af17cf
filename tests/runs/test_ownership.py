"""One process at a time trains in a run folder, and whether it still lives is known."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import psutil
import pytest

from charlstm.runs.run import Run, RunError, Runs


@pytest.fixture
def sleeper():
    """Another process that lives until the test ends."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def owned_by(run: Run, pid: int, create_time: float | None = None) -> None:
    if create_time is None:
        create_time = psutil.Process(pid).create_time()
    owner = {"pid": pid, "create_time": create_time}
    (run.folder / "process.json").write_text(json.dumps(owner))


def test_nobody_trains_in_a_new_folder(run):
    assert not run.is_alive()
    assert not run.ownership.was_claimed()


def test_the_process_that_claimed_the_folder_trains_there_until_it_lets_go(run):
    run.ownership.claim()
    assert run.ownership.pid() == os.getpid()
    run.ownership.claim()  # its own claim is no obstacle
    run.ownership.release()
    assert not run.is_alive()


def test_a_second_process_cannot_train_in_the_folder_of_the_first(run, sleeper):
    owned_by(run, sleeper.pid)
    assert run.is_alive()
    with pytest.raises(RunError, match="running already"):
        run.ownership.claim()
    with pytest.raises(RunError, match="running already"):
        run.start()
    assert run.ownership.pid() == sleeper.pid


def test_of_many_processes_that_claim_a_folder_at_once_one_gets_it(run):
    code = (
        "import sys; from charlstm.runs.run import Run, RunError\n"
        "run = Run(sys.argv[1]); print('ready', flush=True); input()\n"
        "try: run.ownership.claim(); print('mine', flush=True)\n"
        "except RunError: print('refused', flush=True)\n"
        "input()"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(run.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    try:
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            process.stdin.write("\n")
            process.stdin.flush()
        answers = [process.stdout.readline().strip() for process in processes]
        assert sorted(answers) == ["mine", "refused", "refused", "refused"]
        assert run.ownership.pid() == processes[answers.index("mine")].pid
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def test_a_process_that_has_ended_does_not_train(run, sleeper):
    owned_by(run, sleeper.pid)
    sleeper.kill()
    sleeper.wait()
    assert not run.is_alive()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no zombies")
def test_a_zombie_does_not_train(run, sleeper):
    owned_by(run, sleeper.pid)
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)  # dead, and not yet buried
    assert psutil.Process(sleeper.pid).status() == psutil.STATUS_ZOMBIE
    assert not run.is_alive()


def test_another_process_with_the_same_number_does_not_train(run, sleeper):
    owned_by(run, sleeper.pid, psutil.Process(sleeper.pid).create_time() - 3600)
    assert not run.is_alive()
    run.ownership.claim()
    assert run.ownership.pid() == os.getpid()


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "7", '{"pid": "x"}', '{"pid": -4, "create_time": 1}', '{"pid": 1}',
     '{"pid": 1, "create_time": "x"}', '{"pid": 1e400, "create_time": 1}',
     '{"pid": 99999999999999999999, "create_time": 1}'],
)  # fmt: skip
def test_a_damaged_process_file_means_that_nobody_trains(run, content):
    (run.folder / "process.json").write_text(content)
    assert not run.is_alive()
    run.ownership.claim()
    assert run.is_alive()


def test_the_training_that_goes_on_is_found(make, sleeper):
    older, newer = make(), make()
    owned_by(older, sleeper.pid)
    assert Runs().running().name == older.name
    assert newer.name != older.name
