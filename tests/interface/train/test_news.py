"""What the Train tab is sent: the training that is asked for, and only what has changed in it."""

import shutil

import pytest

from charlstm.interface.models import ModelRegistry
from charlstm.interface.train import news, report
from charlstm.interface.train.news import CHARTS_PER_S, TrainingNews, shown_training
from charlstm.network.checkpoint import save_checkpoint
from charlstm.runs.recipes import QUICK
from charlstm.runs.run import Run, Runs
from tests.tiny_networks import random_checkpoint
from tests.tiny_runs import append, append_record, create_run


@pytest.fixture
def registry(home):
    return ModelRegistry(Runs())


@pytest.fixture
def make(tiny_corpus, home):
    """A training in the home folder; alive: as if this process trained it."""
    claimed = []

    def make(name: str, alive: bool = False) -> Run:
        run = create_run(
            recipe=QUICK,
            corpus=tiny_corpus,
            budget=QUICK.budget,
            random_seed=1,
            folder=home / "runs" / name,
        )
        if alive:
            run.ownership.claim()
            claimed.append(run)
        return run

    yield make
    for run in claimed:
        run.ownership.release()


def begin(run: Run) -> None:
    append(run, "started", step=0)
    append(run, "progress", 1.0, step=1)


def buttons(parts) -> dict:
    return {name: parts[name] for name in ("stop", "resume", "write", "keep", "delete")}


def names(parts) -> list[str]:
    return [name for _, name in parts["trainings"]]


NESTED = "[" * 100_000


@pytest.mark.parametrize(
    "damage",
    [
        lambda run: run.paths.config.write_text(NESTED),
        lambda run: run.paths.config.write_text('{"a":' * 100_000),
        lambda run: run.paths.config.write_bytes(b"\xff\xfe"),
        lambda run: (run.paths.config.unlink(), run.paths.config.mkdir()),
        lambda run: run.paths.events.write_text(f"{NESTED}\n"),
        lambda run: run.paths.events.mkdir(),
        lambda run: (run.folder / "process.json").write_text(NESTED),
        lambda run: (run.folder / "process.json").mkdir(),
        lambda run: run.paths.checkpoint.mkdir(),
        lambda run: run.paths.log.mkdir(),
    ],
)
def test_a_damaged_folder_hides_no_other_training(registry, make, damage):
    good, bad = make("a"), make("b")
    begin(good)
    damage(bad)
    parts = TrainingNews(registry, good.name)(1)
    assert parts["shown"] == good.name and good.name in names(parts)
    assert 'data-status="interrupted"' in parts["status"] or "Interrupted" in parts["status"]
    assert registry.default() is not None and not registry.runs.is_training()
    TrainingNews(registry, bad.name)(1)  # and is itself no error


def test_before_any_training_there_is_a_word_on_what_will_come(registry, make):
    look = TrainingNews(registry, "")
    parts = look(1)
    assert parts["status"] == report.NOTHING_YET and parts["shown"] is None
    assert not any(button["shown"] for button in buttons(parts).values())
    make("a")
    assert look(1)["shown"] == "a"


def test_the_named_training_is_shown_else_the_running_else_the_newest(registry, make):
    old, running, new = make("a"), make("b", alive=True), make("c")
    assert shown_training(registry, old.name) == old.name
    assert shown_training(registry, "gone") == shown_training(registry, "") == running.name
    running.ownership.release()
    assert shown_training(registry, "gone") == new.name
    assert names(TrainingNews(registry, "a")(1)) == ["c", "b", "a"]


def test_the_buttons_follow_the_training(registry, make):
    run = make("a", alive=True)
    look = TrainingNews(registry, run.name)
    can = {"shown": True, "enabled": True}
    cannot = {"shown": False, "enabled": True}
    keep = {"label": "Keep training (3 minutes more)", "shown": False}
    assert buttons(look(1)) == {
        "stop": {**can, "label": "Stop"},
        "resume": {"shown": False, "enabled": False},
        "write": cannot,
        "keep": {**keep, "enabled": False},
        "delete": cannot,
    }
    begin(run)
    save_checkpoint(random_checkpoint(), run.paths.checkpoint)
    assert buttons(look(1))["write"] == can
    run.stop()
    assert buttons(look(1))["stop"] == {"shown": True, "enabled": False, "label": "Stop"}
    assert "Stopping" in look(1)["status"]
    append(run, "stopped", 1.0, pid=run.ownership.pid())
    run.paths.stop.unlink()
    run.ownership.release()
    assert buttons(look(1)) == {
        "stop": {**cannot, "label": "Stop"},
        "resume": can,
        "write": can,
        "keep": {**keep, "enabled": True},
        "delete": can,
    }
    make("b", alive=True)
    assert look(1)["resume"] == {"shown": True, "enabled": False}, "another one is running"
    assert (look(1)["running"], look(1)["shown"]) == ("b", "a")


def test_a_training_that_is_removed_gives_way_to_another_one(registry, make):
    run = make("a")
    make("b")
    look = TrainingNews(registry, run.name)
    assert look(1)["shown"] == "a"
    shutil.rmtree(run.folder)
    parts = look(1)
    assert parts["shown"] == "b" and names(parts) == ["b"]
    assert parts["status"].startswith(report.GONE) and "Not started yet" in parts["status"]
    assert look(1) == parts, "it can be read for as long as nothing else is shown"
    make("c")
    assert report.GONE not in look(1)["status"], "it is another one that is shown now"
    shutil.rmtree(registry.runs.folder)
    assert look(1)["status"] == report.GONE + report.NOTHING_YET


def test_a_training_whose_notes_are_damaged_leaves_the_others_within_reach(registry, make):
    good, bad = make("a"), make("b")
    for event in ("progress", "started", "validated"):
        append_record(bad, {"event": event})
    look = TrainingNews(registry, "")
    for _ in range(2):
        parts = look(1)
        assert parts["shown"] == bad.name and "cannot be shown" in parts["status"]
        assert parts["charts"] == "" and parts["resume"]["shown"]
    assert "Not started yet" in TrainingNews(registry, good.name)(1)["status"]


def test_what_has_not_changed_is_not_made_again(registry, make, monkeypatch):
    made = []
    for name in ("status_html", "charts_html", "sample_html"):
        make_html = getattr(report, name)

        def note(*arguments, name=name, make_html=make_html):
            made.append(name)
            return make_html(*arguments)

        monkeypatch.setattr(report, name, note)
    run = make("a", alive=True)
    begin(run)
    look = TrainingNews(registry, run.name, clock=lambda: 0.0)
    first = look(0)
    assert sorted(made) == ["charts_html", "sample_html", "status_html"]
    assert look(0) == first and len(made) == 3
    append(run, "saved", 1.0, step=1)
    assert look(0) == first and len(made) == 3, "nobody sees that it was saved"
    append(run, "progress", 2.0, step=2)
    assert look(0)["charts"] != first["charts"] and len(made) == 6


def test_many_who_watch_are_sent_the_charts_less_often_but_the_end_at_once(registry, make):
    now_s = 0.0
    run = make("a", alive=True)
    begin(run)
    look = TrainingNews(registry, run.name, clock=lambda: now_s)

    def changed(watchers: int) -> set[str]:
        """What is new a second later, when the training has gone on."""
        nonlocal now_s
        before = look(watchers)
        now_s += 1.0
        append(run, "progress", now_s, step=round(now_s), epoch=now_s, share=now_s / 100)
        after = look(watchers)
        return {name for name in after if after[name] != before[name]}

    assert [changed(1) for _ in range(3)] == [{"status", "charts"}] * 3
    assert [changed(CHARTS_PER_S) for _ in range(3)] == [{"status", "charts"}] * 3
    crowd = [changed(4 * CHARTS_PER_S) for _ in range(8)]
    assert all("status" in parts for parts in crowd)
    assert ["charts" in parts for parts in crowd] == [False, False, False, True] * 2
    assert "charts" not in changed(4 * CHARTS_PER_S)
    append(run, "measuring", now_s, share=0.0)
    drawn = look(4 * CHARTS_PER_S)["charts"]
    assert drawn == report.charts_html(run.config, run.timeline())


def test_another_training_is_drawn_at_once_however_many_watch(registry, make):
    runs = [make("a", alive=True), make("b")]
    for run in runs:
        begin(run)
    look = TrainingNews(registry, "a", clock=lambda: 0.0)
    look(10 * CHARTS_PER_S)
    shutil.rmtree(runs[0].folder)
    runs[1].ownership.claim()
    append(runs[1], "progress", 9.0, step=9)
    assert "0:09" in look(10 * CHARTS_PER_S)["charts"]
    runs[1].ownership.release()


def test_who_deletes_a_training_is_not_told_that_it_vanished(registry, make):
    run = make("a", alive=False)
    look = TrainingNews(registry, run.name)
    assert look(1)["shown"] == run.name
    registry.delete(run.name)
    assert look(1)["status"] == report.NOTHING_YET


def test_a_training_that_vanishes_while_it_is_looked_at_is_no_error(registry, make, monkeypatch):
    run = make("a")
    look = TrainingNews(registry, run.name)
    is_stopping = report.is_stopping

    def vanish(run):
        shutil.rmtree(run.folder, ignore_errors=True)
        return is_stopping(run)

    monkeypatch.setattr(news.report, "is_stopping", vanish)
    assert look(1)["status"] == report.UNREADABLE
    assert look(1)["status"] == report.GONE + report.NOTHING_YET
