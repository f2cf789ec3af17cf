"""The log of a training is read on from where its reader was, whatever happens to the file."""

from __future__ import annotations

import json
import random

import pytest

from charlstm.runs import event_log
from charlstm.runs.event_log import START, EventLog
from charlstm.runs.ownership import RunError
from charlstm.runs.recipes import QUICK
from charlstm.runs.run import Run
from charlstm.runs.timeline import Timeline
from tests.tiny_runs import an_event, append, append_record, create_run


@pytest.fixture
def log(tmp_path):
    return EventLog(tmp_path / "events.jsonl")


@pytest.fixture
def run(tiny_corpus, tmp_path):
    return create_run(
        recipe=QUICK,
        corpus=tiny_corpus,
        budget=QUICK.budget,
        random_seed=7,
        folder=tmp_path / "run",
    )


@pytest.fixture
def parsed(monkeypatch):
    """The lines that have been parsed."""
    lines = []
    parse = event_log._parse

    def note(line):
        lines.append(line)
        return parse(line)

    monkeypatch.setattr(event_log, "_parse", note)
    return lines


def line(step: int) -> bytes:
    return json.dumps(an_event("saved", step=step).to_json()).encode() + b"\n"


def steps(log: EventLog, position=START):
    """The steps of the events after a position, and where the log then ends."""
    found = []
    for part in log.parts_after(position):
        if part.begins_anew:
            found = []
        found += [event.step for event in part.events]
        position = part.end
    return found, position


def test_a_hundred_thousand_events_are_parsed_once(run, parsed):
    events = 100_000
    with open(run.paths.events, "w", encoding="utf-8") as file:
        for step in range(events):
            progress = an_event("progress", step=step, elapsed_s=5.0 * step)
            file.write(json.dumps(progress.to_json()) + "\n")
    first = run.timeline()
    assert len(parsed) == events and first.latest.step == events - 1
    assert run.timeline() == first and len(parsed) == events
    append(run, "progress", step=events)
    assert run.timeline().latest.step == events and len(parsed) == events + 1


def test_reading_on_gives_what_was_added_and_nothing_twice(log):
    assert steps(log) == ([], START), "there is no file yet"
    log.append(an_event("saved", step=1))
    first, position = steps(log)
    assert (first, steps(log, position)) == ([1], ([], position))
    log.append(an_event("saved", step=2))
    log.append(an_event("saved", step=3))
    assert steps(log, position)[0] == [2, 3]
    assert [event.step for event in log.read()] == [1, 2, 3]


def test_a_line_is_read_once_it_is_whole_wherever_its_writer_was(log):
    whole = line(1) + line(2)
    for cut in range(len(whole) + 1):
        log.path.write_bytes(whole[:cut])
        first, position = steps(log)
        log.path.write_bytes(whole)
        assert first + steps(log, position)[0] == [1, 2]


def test_a_line_that_is_written_while_it_is_read_is_not_taken_for_two(log, monkeypatch):
    monkeypatch.setattr(event_log, "PART_BYTES", 1)
    log.path.write_bytes(line(1) + line(2)[:9])
    parts = log.parts_after(START)
    assert [event.step for event in next(parts).events] == [1]
    log.path.write_bytes(line(1) + line(2) + line(3))
    read = [1]
    for part in parts:
        read += [event.step for event in part.events]
        position = part.end
    assert read + steps(log, position)[0] == [1, 2, 3]


def test_parts_of_any_size_make_the_same_log(log, monkeypatch):
    rng = random.Random(3)
    log.path.write_bytes(b"".join(line(rng.randrange(10**9)) for _ in range(50)))
    whole = steps(log)
    for size in (1, 70, 500, 10**6):
        monkeypatch.setattr(event_log, "PART_BYTES", size)
        assert steps(log) == whole


@pytest.mark.parametrize("others", [1, 2, 5])
def test_a_log_that_begins_again_is_read_from_its_start(log, others):
    log.path.write_bytes(line(1) + line(2))
    _, position = steps(log)
    new = log.path.with_name("new")  # another file, as long as the old one or longer
    new.write_bytes(b"".join(line(step) for step in range(7, 7 + others)))
    new.replace(log.path)
    parts = list(log.parts_after(position))
    assert [part.begins_anew for part in parts] == [True]
    assert [event.step for event in parts[0].events] == list(range(7, 7 + others))


def test_a_log_that_is_gone_or_emptied_has_no_events(run):
    append(run, "started")
    assert run.timeline().started is not None
    run.paths.events.write_bytes(b"")
    assert run.timeline() == Timeline()
    append(run, "started")
    assert run.timeline().started is not None
    run.paths.events.unlink()
    assert run.timeline() == Timeline()


def test_a_damaged_event_hides_neither_itself_nor_what_was_read_before(run, parsed):
    append(run, "started")
    run.timeline()
    append_record(run, {"event": "saved", "step": "seven", "elapsed_s": 1.0})
    for _ in range(3):
        with pytest.raises(RunError, match="is damaged"):
            run.timeline()
    assert sum(b'"started"' in line for line in parsed) == 1


def test_another_reader_is_not_disturbed(run):
    append(run, "started")
    run.timeline()
    append(run, "saved")
    assert [event.kind for event in Run(run.folder).events()] == ["started", "saved"]
    assert [event.kind for event in run.events()] == ["started", "saved"]
