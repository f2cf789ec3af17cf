"""The page without a browser: its server, its endpoint, its words."""

import asyncio
import importlib.util
import inspect
import os
import queue
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from gradio_client import Client

from charlstm.errors import CharLSTMError
from charlstm.home import shipped_folder
from charlstm.interface.models import SHIPPED, ModelRegistry
from charlstm.interface.page import build_page
from charlstm.interface.train import report, tab
from charlstm.interface.train.news import TrainingNews
from charlstm.interface.train.tab import NOTHING, Trainer, _usual_budget
from charlstm.interface.write.tab import Writer
from charlstm.network.checkpoint import load_checkpoint, save_checkpoint
from charlstm.runs import fine_tuning
from charlstm.runs.fastest_way import FIRST_TIME
from charlstm.runs.fine_tuning import BUDGET
from charlstm.runs.recipes import FULL, QUICK
from charlstm.runs.run import Run, Runs
from charlstm.writing.engine import Engine
from charlstm.writing.sampling import Sampling
from charlstm.writing.single_text import write
from tests.page_server import ROOT, free_port
from tests.tiny_networks import random_checkpoint, tiny_shakespeare_text
from tests.tiny_runs import append, create_run
from tests.waiting import PATIENCE_S, wait_until


@pytest.fixture(scope="module")
def client(server):
    return Client(server.address, verbose=False)


def test_the_server_is_light(server):
    assert server.start_bytes < 300e6


def test_generate_streams_the_text_so_far_seed_text_first(client):
    texts = list(client.submit("ROMEO:", 0.8, 400, 5, api_name="/generate"))
    assert texts[0].startswith("ROMEO:")
    assert all(after.startswith(before) for before, after in zip(texts, texts[1:], strict=False))
    assert len(texts[-1]) == 406


def test_generate_gives_the_library_s_text(client):
    text = client.predict("To be", 0.6, 120, 11, api_name="/generate")
    checkpoint = load_checkpoint(shipped_folder() / "tiny-shakespeare.safetensors")
    pieces = write(
        checkpoint, "To be", length=120, sampling=Sampling(temperature=0.6), random_seed=11
    )
    assert text == "To be" + "".join(pieces)


@pytest.mark.parametrize("seed_text", ["", "x", "Ω😀", "a\x07b\n", "word " * 400])
def test_generate_takes_any_seed_text(client, seed_text):
    assert client.predict(seed_text, 0.8, 50, 1, api_name="/generate").startswith(seed_text)


@pytest.mark.parametrize(
    ("writing_request", "sentence"),
    [
        (("a", 9, 100, 1), "temperature was 9"),
        (("a", 0.8, 3, 1), "length was 3"),
        (("a", 0.8, 100.5, 1), "whole number"),
        (("a", 0.8, 100, -1), "random seed was -1"),
        (("a" * 2001, 0.8, 100, 1), "2,001 characters"),
    ],
)
def test_generate_refuses_in_a_sentence(client, writing_request, sentence):
    with pytest.raises(Exception, match=sentence):
        client.predict(*writing_request, api_name="/generate")


def test_what_was_copied_is_reported_when_the_training_text_is_there(make, tiny_corpus):
    run = make("a")
    vocabulary = "".join(sorted(set(tiny_corpus.text)))
    training = {"corpus": run.config.to_json()["corpus"], "carries_state": True}
    save_checkpoint(random_checkpoint(vocabulary, training=training), run.paths.checkpoint)
    writer = Writer(Engine(), ModelRegistry(Runs()))
    passage = tiny_corpus.text[:200]
    assert (
        "No match with its training text of 8 characters"
        in writer.copied("a", "zqx" * 20)["sentence"]
    )
    assert "match with" in writer.copied("a", passage)["sentence"]
    assert writer.copied("a", passage) != writer.copied("a", "zqx" * 20)
    nothing = writer.copied(SHIPPED, passage)["sentence"]
    assert nothing == "", "its text is not on this machine"
    with pytest.raises(CharLSTMError, match="2,001 characters"):
        writer.copied("a", "x" * 2001)


def test_a_model_is_found_by_its_name(make):
    writer = Writer(Engine(), ModelRegistry(Runs()))
    for name in ("a", "b"):
        characters = f"\n .{name}"
        save_checkpoint(random_checkpoint(characters), make(name).paths.checkpoint)
    names = [writer.registry.load(model).name for model in (SHIPPED, "a", "b")]
    assert [writer.which_model(name)["id"] for name in names] == [SHIPPED, "a", "b"]
    with pytest.raises(CharLSTMError, match="“gone” is not here"):
        writer.which_model("gone")


def test_the_chosen_model_shows_how_good_it_is(make):
    writer = Writer(Engine(), ModelRegistry(Runs()))
    assert "On 111,539 characters of text it never saw" in asyncio.run(writer.about(SHIPPED))[0]
    assert asyncio.run(writer.about("gone"))[0] == ""
    run = make("a")
    for results in ({"loss_nats": "odd"}, [1], {"accuracy": 1}, {"loss_nats": None}):
        training = {"results": results, "started": {}}
        save_checkpoint(random_checkpoint(training=training), run.paths.checkpoint)
        assert asyncio.run(writer.about("a"))[0] == "", "it can write all the same"


@pytest.fixture
def measured(monkeypatch):
    """The recipes that the page has measured in the background."""
    recipes = queue.SimpleQueue()
    monkeypatch.setattr(tab, "measure_elsewhere", recipes.put)
    return recipes


@pytest.fixture
def trainer(measured):
    return Trainer(ModelRegistry(Runs()))


@pytest.fixture
def make(tiny_corpus, home):
    def make(name: str) -> Run:
        return create_run(
            recipe=QUICK,
            corpus=tiny_corpus,
            budget=QUICK.budget,
            random_seed=1,
            folder=home / "runs" / name,
        )

    return make


@pytest.mark.parametrize(
    ("amount", "unit", "sentence"),
    [
        (None, "minutes", "a number of minutes"),
        (0, "minutes", "budget was 0 minutes"),
        (-3, "epochs", "budget was -3 epochs"),
        (1e9, "minutes", "up to 10,080"),
    ],
)
def test_a_budget_that_is_no_budget_is_refused_before_and_at_the_start(
    trainer, amount, unit, sentence
):
    form = ("practice-text", None, "", "verse", "quick", amount, unit)
    assert sentence in trainer.describe(*form)[1]
    with pytest.raises(CharLSTMError, match=sentence):
        trainer.start(*form, progress=lambda *share, **words: None)
    assert trainer.runs.all() == []


def test_the_estimate_is_for_the_visitor_s_own_text(trainer, tiny_corpus):
    long = trainer.describe("tiny-shakespeare", None, "", "verse", "full", 400, "epochs")[1]
    short = trainer.describe("paste", None, tiny_corpus.text, "verse", "full", 400, "epochs")
    assert "hours" in long and "hours" not in short[1]
    assert f"{len(tiny_corpus.text):,} characters" in short[0]


# Starting from a model


def form(text, model, *, source="paste", recipe="quick", amount=3):
    return (source, None, text, "verse", recipe, amount, "minutes", model)


@pytest.fixture
def began(monkeypatch):
    """The names of the trainings that the page started; none of them runs."""
    names = []

    def start(run):
        names.append(run.name)
        return subprocess.Popen([sys.executable, "-c", ""])

    monkeypatch.setattr(Run, "start", start)
    return names


def progress(*share, **words):
    pass


def test_nothing_comes_first_among_what_a_training_can_start_from(trainer, make):
    run = make("a")
    save_checkpoint(random_checkpoint(), run.paths.checkpoint)
    listed = trainer.starts(NOTHING)
    assert listed.value == NOTHING
    assert [model for _, model in listed.choices] == [NOTHING, SHIPPED, run.name]
    assert trainer.starts(run.name).value == run.name
    run.paths.checkpoint.unlink()
    assert trainer.starts(run.name).value == NOTHING


def test_a_training_from_scratch_says_nothing_of_a_model(trainer, began, tiny_corpus):
    assert trainer.describe(*form(tiny_corpus.text, NOTHING))[2] == ""
    trainer.start(*form(tiny_corpus.text, NOTHING), progress=progress)
    assert trainer.runs.get(began[0]).config.source is None


def test_a_training_from_a_model_says_what_that_means_and_what_is_new(trainer, began, tiny_corpus):
    text = tiny_corpus.text.replace("king", "k~ng")
    note = trainer.describe(*form(text, SHIPPED))[2]
    assert "LSTM 512 + 512" in note
    assert "does not know 1 character of this text: ~. It starts from scratch." in note
    name = trainer.start(*form(text, SHIPPED), progress=progress)
    assert [name] == began
    run = trainer.runs.get(name)
    assert run.config.source.new_characters == "~"
    assert run.config.recipe.lstm_units == (512, 512) and run.config.recipe.name == "quick"
    status = TrainingNews(trainer.registry, name)(1)["status"]
    assert "starts from the model “Shakespeare (comes with charlstm)”" in status
    assert (
        run.paths.source.read_bytes()
        == (shipped_folder() / "tiny-shakespeare.safetensors").read_bytes()
    )


def test_how_many_characters_are_new_is_said_once_the_text_is_here(trainer, home):
    writing_request = form("", SHIPPED, source="tiny-shakespeare")
    assert "once the text is here" in trainer.describe(*writing_request)[2]
    text = tiny_shakespeare_text()
    (home / "downloads").mkdir(parents=True)
    (home / "downloads" / "tiny-shakespeare.txt").write_text(text, encoding="utf-8", newline="")
    text_note, _, note, *_ = trainer.describe(*writing_request)
    assert "knows all characters of this text" in note and text_note == ""


def test_the_estimate_is_for_the_network_of_the_model(trainer, tiny_corpus):
    def passes(model):
        estimate = trainer.describe(*form(tiny_corpus.text, model))[1]
        return float(re.search(r"reads the text ([\d,.]+) times", estimate)[1].replace(",", ""))

    assert passes(NOTHING) > 3 * passes(SHIPPED)


def test_a_model_that_is_gone_or_damaged_is_named_before_and_at_the_start(
    trainer, make, began, tiny_corpus
):
    run = make("a")
    for content, sentence in ((b"garbage" * 99, "no checkpoint"), (None, "here, or not any more")):
        if content is None:
            run.paths.checkpoint.unlink()
        else:
            run.paths.checkpoint.write_bytes(content)
        text_note, time_note, note, *_ = trainer.describe(*form(tiny_corpus.text, run.name))
        assert sentence in note and "advice" in note
        assert "distinct" in text_note and "Takes about" in time_note
        with pytest.raises(CharLSTMError, match=sentence):
            trainer.start(*form(tiny_corpus.text, run.name), progress=progress)
    assert [run.name for run in trainer.runs.all()] == ["a"] and began == []


def test_a_text_with_too_many_new_characters_is_refused_before_and_at_the_start(
    trainer, began, monkeypatch
):
    monkeypatch.setattr(fine_tuning, "MAX_VOCABULARY", 1000)
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 990))) * 3
    assert "at most 1,000" in trainer.describe(*form(text, SHIPPED))[2]
    with pytest.raises(CharLSTMError, match="at most 1,000"):
        trainer.start(*form(text, SHIPPED), progress=progress)
    assert trainer.runs.all() == [] and began == []


def test_a_model_brings_the_usual_time_of_fine_tuning():
    assert _usual_budget("full", SHIPPED) == (BUDGET.epochs, "epochs")
    assert _usual_budget("full", NOTHING) == (FULL.budget.minutes, "minutes")
    assert _usual_budget("notebook", NOTHING) == (20, "epochs")


def test_only_generate_is_offered_to_programs(client):
    endpoints = client.view_api(return_format="dict")["named_endpoints"]
    assert list(endpoints) == ["/generate"]
    names = [parameter["parameter_name"] for parameter in endpoints["/generate"]["parameters"]]
    assert names == ["seed_text", "temperature", "length", "random_seed"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--port", "99999"], "1 to 65535"),
        (["--host", "nowhere.invalid"], "no address 'nowhere.invalid'"),
        (["--port"], "is taken"),
    ],
)
def test_an_address_that_cannot_be_had_is_refused_in_a_sentence(server, options, sentence):
    if options[-1] == "--port":
        options = [*options, str(server.port)]
    done = subprocess.run(
        [sys.executable, "app.py", *options], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert sentence in done.stderr and "Traceback" not in done.stderr


def test_a_page_that_nobody_visits_lets_the_processor_rest(server):
    tasks = Path(f"/proc/{server.process.pid}/task")
    if not tasks.exists():
        pytest.skip("how often a thread woke up is counted on Linux alone")

    def wakes() -> int:
        found = [task.joinpath("status").read_text() for task in tasks.iterdir()]
        return sum(int(re.search(r"\nvoluntary_ctxt_switches:\s+(\d+)", each)[1]) for each in found)

    def rests() -> bool:
        before = wakes()
        time.sleep(1)
        return wakes() - before < 400

    wait_until(rests)


def test_host_and_port_come_from_the_environment_too(tmp_path):
    port = free_port()
    environment = {
        **os.environ,
        "CHARLSTM_HOME": str(tmp_path),
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_SERVER_PORT": str(port),
    }
    process = subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert str(port) in process.stdout.readline()
    finally:
        process.kill()
        process.wait()


def test_without_a_framework_the_page_says_how_to_get_training(trainer, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "tensorflow" else found(name)
    )
    assert "Training needs tensorflow" in described(trainer, "quick")
    with pytest.raises(CharLSTMError, match="pip install -r requirements.txt"):
        trainer.start(*form("practice-text", NOTHING))
    assert Runs().all() == []


def test_gradio_need_not_look_up_a_constructor_again_for_every_visitor():
    demo = build_page(Engine(), ModelRegistry(Runs()))
    for kind in {type(block) for block in demo.blocks.values()}:
        remembered = kind.__init__.__signature__
        del kind.__init__.__signature__
        assert inspect.signature(kind.__init__) == remembered
        kind.__init__.__signature__ = remembered


def described(trainer: Trainer, recipe: str) -> str:
    return trainer.describe("practice-text", None, "", "verse", recipe, 3, "minutes")[1]


def test_what_was_not_measured_is_measured_once(trainer, measured, monkeypatch):
    monkeypatch.setattr(tab, "will_measure", lambda recipes: True)
    for _ in range(2):
        note = described(trainer, "quick")
        assert "judging by the processor" in note and FIRST_TIME in note
    assert measured.get(timeout=PATIENCE_S) == QUICK
    assert measured.empty()


def test_where_another_framework_trains_nothing_is_measured(trainer, measured, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    monkeypatch.setattr(tab, "check_can_train", lambda: None)  # also where it is not installed
    note = described(trainer, "quick")
    assert "judging by the processor" in note and FIRST_TIME not in note
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    assert "judging by the processor" in described(trainer, "notebook")
    assert trainer._measured == set() and measured.empty()


def test_nothing_is_measured_while_a_training_runs(trainer, measured, make, monkeypatch):
    monkeypatch.setattr(tab, "will_measure", lambda recipes: True)
    run = make("a")
    run.ownership.claim()
    described(trainer, "quick")
    assert trainer._measured == set()
    run.ownership.release()
    described(trainer, "quick")
    assert measured.get(timeout=PATIENCE_S) == QUICK


def test_a_training_that_still_compiles_and_measures_says_so_from_the_start(
    trainer, make, monkeypatch
):
    run = make("a")
    run.ownership.claim()
    for measures in (True, False):
        monkeypatch.setattr(report, "will_measure", lambda recipes, measures=measures: measures)
        status = TrainingNews(trainer.registry, run.name)(1)["status"]
        assert "Getting ready" in status and (FIRST_TIME in status) == measures
    monkeypatch.setattr(report, "will_measure", lambda recipes: True)
    append(run, "started")
    append(run, "progress")
    assert FIRST_TIME not in TrainingNews(trainer.registry, run.name)(1)["status"]


def test_a_file_that_is_no_text_as_far_as_one_can_see_may_be_read_in_another_encoding(
    trainer, tmp_path
):
    path = tmp_path / "old.txt"
    text = "".join(chr(0x4E00 + 37 * i % 5000) for i in range(2600))
    path.write_bytes(text.encode("utf-16-be"))  # without a mark

    def described(encoding: str) -> tuple:
        asked = ("upload", [str(path)], "", "verse", "quick", 3, "minutes", NOTHING, encoding)
        note, _, _, choice, *_ = trainer.describe(*asked)
        return note, choice.visible

    note, is_offered = described("")
    assert "choose its encoding" in note and is_offered
    note, is_offered = described("utf-16-be")
    assert "2,600 characters" in note and is_offered
