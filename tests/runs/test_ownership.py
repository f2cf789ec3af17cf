"""One process at a time trains in a run folder, and whether it still lives is known."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import psutil
import pytest

from charlstm.runs.ownership import check_place_is_free, training_place
from charlstm.runs.run import Run, RunError, Runs
from tests.tiny_runs import append


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


def test_one_training_at_a_time_in_all_of_a_home_folder(make, sleeper):
    """Pages, further servers and the command line all decide in the same place."""
    going_on, waiting = make(), make()
    owned_by(going_on, sleeper.pid)
    training_place().write(sleeper.pid)
    with pytest.raises(RunError, match="Another training is running"):
        waiting.start()
    assert not waiting.is_alive() and not waiting.ownership.was_claimed()
    with pytest.raises(RunError, match="Another training is running"):
        check_place_is_free()
    sleeper.kill()
    sleeper.wait()
    check_place_is_free()
    training_place().claim()
    check_place_is_free()  # this process has it
    training_place().release()


def test_of_servers_that_start_trainings_at_the_same_moment_one_does(make, tmp_path):
    runs = [make() for _ in range(4)]
    code = (
        "import subprocess, sys\n"
        "from charlstm.runs.run import Run, RunError\n"
        "run = Run(sys.argv[1])\n"
        "run._start_process = lambda _: subprocess.Popen("
        "[sys.executable, '-c', 'import time; time.sleep(1000)'])\n"
        "print('ready', flush=True); input()\n"
        "try: print(run.start().pid, flush=True)\n"
        "except RunError as error: print(error, flush=True)\n"
        "input()"
    )
    servers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(run.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for run in runs
    ]
    try:
        for server in servers:
            assert server.stdout.readline() == "ready\n"
        for server in servers:
            server.stdin.write("\n")
            server.stdin.flush()
        answers = [server.stdout.readline().strip() for server in servers]
        assert sum(answer.isdecimal() for answer in answers) == 1
        assert sum("Another training is running" in answer for answer in answers) == 3
        assert [run.is_alive() for run in runs] == [answer.isdecimal() for answer in answers]
    finally:
        for answer in answers:
            if answer.isdecimal():
                psutil.Process(int(answer)).kill()
        for server in servers:
            server.kill()
            server.communicate()


def test_a_training_that_gets_ready_can_be_ended_and_resumed(run, sleeper):
    append(run, "preparing", task="building")
    owned_by(run, sleeper.pid)
    run.stop()
    run.end_getting_ready()
    assert sleeper.wait() != 0
    assert not run.is_alive() and not run.ownership.was_claimed() and not run.paths.stop.exists()
    assert run.timeline().status == "stopped"


@pytest.mark.parametrize("kind", ["progress", "measuring"])
def test_a_training_that_has_learned_something_is_not_ended_so(run, sleeper, kind):
    append(run, kind)
    owned_by(run, sleeper.pid)
    run.end_getting_ready()
    assert sleeper.poll() is None and run.is_alive()


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


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere these times stay as they were")
@pytest.mark.parametrize("hours", [-30, -1, 5, 8000])
def test_a_training_lives_on_when_the_clock_is_set(make, sleeper, hours, monkeypatch):
    run, other = make(), make()
    run.ownership.write(sleeper.pid)
    training_place().write(sleeper.pid)
    append(run, "progress")
    begun, boot_time = psutil.Process(sleeper.pid).create_time(), psutil.boot_time()
    # This is all that a clock that is set changes: Linux moves the time of the system's start.
    monkeypatch.setattr(psutil._psplatform, "boot_time", lambda: boot_time + 3600 * hours)
    assert psutil.Process(sleeper.pid).create_time() != pytest.approx(begun, abs=60)
    assert run.is_alive() and run.timeline().status == "running"
    with pytest.raises(RunError, match="Another training is running"):
        other.start()
    sleeper.kill()
    sleeper.wait()
    assert not run.is_alive() and run.timeline().status == "interrupted"


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "7", '{"pid": "x"}', '{"pid": -4, "create_time": 1}', '{"pid": 1}',
     '{"pid": 1, "create_time": "x"}', '{"pid": 1e400, "create_time": 1}',
     '{"pid": 99999999999999999999, "create_time": 1}',
     '{"pid": 1, "create_time": 1, "after_boot_s": "x"}', '{"pid": 1, "after_boot_s": null}'],
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
