"""A training in words: what the page says at every stage, and that nothing in it is markup."""

import re
from dataclasses import replace

import pytest

from charlstm.home import shipped_folder
from charlstm.interface.models import SHIPPED_FILE
from charlstm.interface.train import report
from charlstm.network.checkpoint import load_checkpoint, save_checkpoint
from charlstm.runs.config import write_config
from charlstm.runs.estimate import Basis, Estimate
from charlstm.runs.events import Event
from charlstm.runs.recipes import NOTEBOOK, QUICK, Budget
from charlstm.runs.run import Run
from charlstm.runs.sizing import Size
from charlstm.runs.source_model import SourceModel
from charlstm.runs.text_report import report_on
from charlstm.runs.timeline import Timeline, duration
from charlstm.text.corpus import Corpus, paste
from tests.tiny_networks import random_checkpoint
from tests.tiny_runs import a_timeline, an_event, create_run

STARTED = {
    "backend": "tensorflow",
    "backend_version": "2.21.0",
    "device": "Some <processor>, 2 cores",
    "device_kind": "cpu",
    "parameters": 718_849,
    "characters": 12_000,
    "vocabulary_size": 31,
    "blind_loss_nats": 3.4,
    "four_gram_loss_nats": 1.8,
    "four_gram_accuracy": 0.47,
}
PROGRESS = {
    "step": 40,
    "elapsed_s": 60.0,
    "epoch": 0.4,
    "share": 0.25,
    "running_loss_nats": 2.0,
    "accuracy": 0.4,
    "characters_per_s": 12_345,
    "eta_s": 180.0,
}
VALIDATED = {"step": 40, "elapsed_s": 60.0, "val_loss_nats": 1.9, "val_accuracy": 0.45}
SAMPLE = {"step": 40, "elapsed_s": 60.0, "text": "\nA <b>fool</b> & his king\n"}


@pytest.fixture
def run(tmp_path, tiny_corpus):
    return create_run(
        recipe=QUICK,
        corpus=tiny_corpus,
        budget=Budget(minutes=4),
        random_seed=1,
        folder=tmp_path / "run",
    )


def timeline(status: str, *more: Event, characters: int = 12_000) -> Timeline:
    """A minute into a training; then `more` events."""
    started = an_event("started", **{**STARTED, "characters": characters})
    minute = [an_event("progress", **PROGRESS), an_event("validated", **VALIDATED)]
    return a_timeline(status, [started, *minute, *more])


def finished(results: dict) -> Event:
    return an_event("finished", 60.0, results=results)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-1, "0 seconds"),
        (1.2, "1 second"),
        (59.4, "59 seconds"),
        (60, "1 minute"),
        (200, "3 min 20 s"),
        (7200, "about 2.0 hours"),
        (97_200, "about 27 hours"),
    ],
)
def test_durations_are_for_people(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("epochs", "words"),
    [
        (0.123, "12% of the text"),
        (0.999, "the text once"),
        (2.04, "the text 2 times"),
        (2.5, "the text 2.5 times"),
        (1234.5, "the text 1,234 times"),
    ],
)
def test_passes_are_for_people(epochs, words):
    assert report.passes(epochs) == words


def report_of(run, timeline) -> str:
    """All that the tab says in words."""
    return report.status_html(run, timeline) + report.details_html(run.config, timeline)


def test_a_running_training_says_how_long_it_still_takes(run):
    html = report.status_html(run, timeline("running"))
    assert 'data-status="running"' in html and "Learning" in html
    assert "3 minutes left" in html and "12,345 letters a second" in html
    assert 'aria-valuenow="25"' in html
    assert "It guesses" not in html, "no result before the end"


def test_what_is_done_before_the_first_step_is_a_list(run):
    def steps(*events: Event) -> list[tuple[str, str]]:
        html = report.status_html(run, a_timeline("preparing", events))
        return re.findall(r'<li class="(\w+)">([^<]*)</li>', html)

    assert [state for state, _ in steps()] == ["now", "later", "later", "later", "later"]
    assert steps()[1][1].startswith("Measuring how fast")
    building = an_event("preparing", 0.0, task="building")
    assert [state for state, _ in steps(building)] == ["done", "done", "now", "later", "later"]
    later = [an_event("started", step=7), an_event("preparing", 9.0, task="trying")]
    resumed = steps(*later)
    assert [state for state, _ in resumed] == ["done", "done", "done", "now"]
    assert not any(words.startswith("Measuring") for _, words in resumed), "it has its size"
    unknown = an_event("preparing", 0.0, task="a step of a later version")
    assert [state for state, _ in steps(unknown)][0] == "now"
    assert "preparations" not in report.status_html(run, timeline("running"))


def test_the_chosen_size_is_said_while_it_learns_and_among_the_details(run):
    run.set_size(Size(units=256, dropout=0.1))
    words = "256 units: the width that learns the most on this computer"
    assert words in report.status_html(run, timeline("running"))
    assert words not in report.status_html(run, timeline("finished", finished({})))
    assert words in report.details_html(run.config, timeline("finished", finished({})))


def test_the_samples_before_the_latest_are_the_first_and_one_half_way(run):
    samples = [
        an_event("sample", float(step), step=step, text=f"text {step}") for step in (1, 5, 30, 40)
    ]
    html = report.sample_html(timeline("running", *samples))
    assert re.findall("text \\d+", html) == ["text 40", "text 5", "text 1"]
    assert "What it writes now, after 40 seconds<" in html
    assert "earlier" not in report.sample_html(timeline("running", *samples[2:]))
    assert "now" not in report.sample_html(timeline("finished", *samples))


def test_the_promise_shows_how_a_model_learned():
    shipped = load_checkpoint(shipped_folder() / SHIPPED_FILE)
    assert 'class="curve"' in report.promise_html(shipped)
    assert report.promise_html(random_checkpoint()) == "", "nothing is known of its training"


@pytest.mark.parametrize("status", ["preparing", "running", "measuring"])
def test_stop_is_answered_at_once(run, status):
    run.stop()
    assert "Stopping" in report.status_html(run, timeline(status))


def test_the_result_is_said_in_words_and_in_figures_beside_those_of_counting(run):
    ending = finished({"loss_nats": 1.5, "accuracy": 0.554, "characters": 1_200})
    html = report_of(run, timeline("finished", ending))
    assert "Finished after 1 minute" in html
    assert (
        "guesses 55% of the next characters right on text it never saw, better than simple counting"
        in html
    )
    assert "<caption>On 1,200 characters of text it never saw</caption>" in html
    for figures in (("1.500", "1.800"), ("4.48", "6.05"), ("55.4%", "47.0%"), ("2.164", "2.597")):
        assert "".join(f"<td>{figure}</td>" for figure in figures) in html


def test_a_result_that_is_worse_than_counting_says_so(run):
    ending = finished({"loss_nats": 2.5, "accuracy": 0.3})
    assert "Not yet as good as simple counting" in report.status_html(
        run, timeline("finished", ending)
    )


def test_without_a_final_measurement_the_curve_s_last_one_is_shown(run):
    html = report_of(run, timeline("stopped"))
    assert "On text it never saw (a part of it)" in html and "<td>1.900</td>" in html
    assert "Your model is saved" not in html, "there is none yet"
    run.paths.checkpoint.touch()
    assert "Your model is saved" in report_of(run, timeline("stopped"))


def test_the_notebook_s_leaking_figure_is_named_so(run):
    results = {
        "loss_nats": 1.5,
        "accuracy": 0.55,
        "random_split": {"loss_nats": 1.43, "accuracy": 0.58},
    }
    html = report_of(run, timeline("finished", finished(results)))
    assert "That split leaks" in html


@pytest.mark.parametrize("status", ["running", "measuring", "finished", "stopped"])
def test_what_a_training_calls_for_is_said_while_it_runs_and_after(run, tuned, status):
    html = report.status_html(run, timeline(status))
    assert "This is a short text: 12,000 characters." in html and "starting from a model" in html
    assert "starting from a model" not in report.status_html(tuned("unseen"), timeline(status))
    enough = timeline(status, characters=1_000_000)
    assert 'class="advice"' not in report.status_html(run, enough)
    memorised = a_timeline(
        status,
        [
            an_event("started", **{**STARTED, "characters": 1_000_000}),
            *(
                an_event("validated", **{**VALIDATED, "elapsed_s": s, "val_loss_nats": loss})
                for s, loss in enumerate([2.0] * 5 + [2.5] * 5)
            ),
            *(
                an_event("progress", **{**PROGRESS, "elapsed_s": s, "running_loss_nats": loss})
                for s, loss in enumerate(2.0 - s / 10 for s in range(10))
            ),
        ],
    )
    html = report.status_html(run, memorised)
    assert "begun to memorise its text" in html and "little text" not in html


def test_a_failure_shows_its_advice(run):
    failed = an_event("failed", message="Disk <full>.")
    html = report.status_html(run, timeline("failed", failed))
    assert "Something went wrong" in html and "Disk &lt;full&gt;." in html


def test_that_another_text_is_used_stands_before_all_else(tmp_path):
    notice = "Tiny Shakespeare could not be downloaded (<offline>), so the practice text is used."
    text = Corpus(name="practice-text", text="abc\n" * 900, style="verse", notices=(notice,))
    run = create_run(
        recipe=QUICK, corpus=text, budget=QUICK.budget, random_seed=1, folder=tmp_path / "run"
    )
    html = report.status_html(run, timeline("running"))
    assert html.index("(&lt;offline&gt;)") < html.index("progressbar")


@pytest.fixture
def tuned(tmp_path, tiny_corpus):
    """A training that starts from a model with an odd name, which knew this text or not."""

    def tuned(held_out: str) -> Run:
        path = tmp_path / "old.safetensors"
        save_checkpoint(random_checkpoint(), path)
        run = create_run(
            recipe=QUICK,
            corpus=tiny_corpus,
            budget=Budget(minutes=4),
            random_seed=1,
            folder=tmp_path / held_out,
            source=SourceModel.read(path, "the <old> one"),
        )
        source = replace(run.config.source, held_out=held_out)
        write_config(replace(run.config, source=source), run.paths.config)
        return run

    return tuned


@pytest.mark.parametrize("status", ["running", "finished"])
def test_that_a_training_started_from_a_model_is_part_of_its_report(tuned, run, status):
    html = report.status_html(tuned("unseen"), timeline(status))
    assert "starts from the model “the &lt;old&gt; one”" in html
    assert "does not know" in html and "start from scratch" in html
    assert "starts from" not in report.status_html(run, timeline(status))


@pytest.mark.parametrize(
    ("held_out", "words"),
    [
        ("unseen", "On text it never saw (a part of it)"),
        ("seen", "On text that the model it started from had seen (a part of it)"),
        ("unknown", "On text that this training kept from it (a part of it)"),
    ],
)
def test_text_that_the_first_model_may_have_read_is_not_called_unseen(tuned, held_out, words):
    run = tuned(held_out)
    assert words in report_of(run, timeline("stopped"))
    drawn = report.charts_html(run.config, timeline("stopped"))
    assert ("never saw" in drawn) == (held_out == "unseen")


def test_what_starting_from_a_model_means_is_said_before_the_start(tiny_corpus):
    html = report.start_html(random_checkpoint(), tiny_corpus)
    assert "LSTM 5 + 7" in html and "does not know" in html
    markup = Corpus(name="x", text="<&>", style="verse")
    assert "3 characters of this text: &amp;, &lt;, &gt;." in report.start_html(
        random_checkpoint(), markup
    )
    assert "once the text is here" in report.start_html(random_checkpoint(), None)


@pytest.mark.parametrize("status", list(report.HEADLINES))
def test_every_status_can_be_shown_before_anything_has_happened(run, status):
    html = report.status_html(run, Timeline(status=status))
    assert f'data-status="{status}"' in html
    drawn = report.charts_html(run.config, Timeline(status=status))
    is_going_on = status in ("preparing", "running", "measuring")
    assert ("charlstm-plot" in drawn) == is_going_on
    assert ("Its first text" in report.sample_html(Timeline(status=status))) == is_going_on


def test_the_bar_of_a_training_with_more_time_does_not_begin_full(run):
    whole = an_event("progress", **{**PROGRESS, "elapsed_s": 120.0, "share": 1.0})
    html = report.status_html(run, timeline("preparing", whole))  # of 4 minutes
    assert 'aria-valuenow="50"' in html


def test_both_plots_are_drawn(run):
    assert report.charts_html(run.config, timeline("running")).count('class="charlstm-plot"') == 2


def test_a_training_by_epochs_is_drawn_until_its_expected_end(run, tmp_path, tiny_corpus):
    settings = {"corpus": tiny_corpus, "random_seed": 1, "budget": Budget(epochs=2)}
    by_epochs = create_run(recipe=QUICK, folder=tmp_path / "epochs", **settings)
    # `run` takes 4 minutes; PROGRESS says that 1 has passed, and that 3 are left.
    assert report.charts_html(by_epochs.config, timeline("running")) == report.charts_html(
        run.config, timeline("running")
    )
    notebook = create_run(recipe=NOTEBOOK, folder=tmp_path / "notebook", **settings)
    assert "its random split (leaky)" in report.charts_html(notebook.config, timeline("running"))


def test_what_the_network_writes_is_never_markup(run):
    html = report.sample_html(timeline("running", an_event("sample", **SAMPLE)))
    assert "A &lt;b&gt;fool&lt;/b&gt; &amp; his king</div>" in html
    assert "&lt;processor&gt;" in report_of(run, timeline("running"))


def test_a_text_is_described_with_what_was_changed_in_it():
    html = report.text_html(report_on(paste("To <be>,\r\nor not\r\n" * 200)))
    assert "pasted text: 3,200 characters (12 distinct), 400 lines." in html
    assert '<p dir="auto">To &lt;be&gt;,</p><p dir="auto">or not</p>' in html
    assert "<li>Windows line ends" in html
    assert "This is a short text" in html and "starting from a model" in html
    assert "advice" not in report.text_html(report_on(paste("To be, or not to be\n" * 5_000)))


def test_an_estimate_says_what_it_stands_on():
    guess = Estimate(seconds=180, epochs=2.5, basis=Basis.PROCESSOR)
    html = report.estimate_html(guess)
    assert "Takes about 3 minutes" in html and "reads the text 2.5 times" in html
    assert "judging by the processor" in html
    guess = Estimate(seconds=97_200, epochs=20, basis=Basis.MEASURED_STEP)
    assert "Takes about 27 hours" in report.estimate_html(guess)
    assert "as measured here" in report.estimate_html(guess)
    guess = Estimate(seconds=60, epochs=1, basis=Basis.PROCESSOR_ONLY)
    assert "judging by the processor; a graphics card may be" in report.estimate_html(guess)
    assert set(report.BASES) == set(Basis)


def test_a_notebook_result_never_claims_unseen_text(tmp_path, tiny_corpus, run):
    notebook = create_run(
        recipe=NOTEBOOK,
        corpus=tiny_corpus,
        budget=Budget(epochs=1),
        random_seed=1,
        folder=tmp_path / "leaky",
    )
    for status in ("stopped", "finished"):
        html = report_of(notebook, timeline(status))
        assert "leaks" in html and "never saw" not in html
        assert "never saw" in report_of(run, timeline(status))
    for status in report.HEADLINES:
        html = report_of(notebook, timeline(status)) + report.charts_html(
            notebook.config, timeline(status)
        )
        assert "never saw" not in html
