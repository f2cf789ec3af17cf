"""The Compare tab without a browser: what is set side by side, and what is said of the texts."""

import pytest

from charlstm.errors import CharLSTMError
from charlstm.home import shipped_folder
from charlstm.interface.compare.model_pair import ONLY_ONE, TWICE_THE_SAME
from charlstm.interface.compare.tab import Comparer, name_temperature
from charlstm.interface.compare.word_facts import longest_said_twice, whole_words, word_facts
from charlstm.interface.models import SHIPPED, SHIPPED_FILE, SHIPPED_TITLE, ModelRegistry
from charlstm.network.checkpoint import save_checkpoint
from charlstm.runs.recipes import QUICK
from charlstm.runs.run import Run, Runs
from charlstm.runs.source_model import SourceModel
from tests.tiny_networks import random_checkpoint
from tests.tiny_runs import create_run

TEMPERATURES = (0.3, 0.8, 1.3)
MODELS = (SHIPPED, SHIPPED)


@pytest.fixture
def comparer():
    return Comparer(ModelRegistry(Runs()))


@pytest.fixture
def make(tiny_corpus, home):
    """Makes a training with a model of random weights, that may have started from another one."""

    def make(name: str, characters="\n .aeht", source=None, random_seed=0) -> Run:
        run = create_run(
            recipe=QUICK,
            corpus=tiny_corpus,
            budget=QUICK.budget,
            random_seed=1,
            folder=home / "runs" / name,
            source=source,
        )
        save_checkpoint(random_checkpoint(characters, random_seed), run.paths.checkpoint)
        return run

    return make


def compared(
    comparer,
    mode,
    seed_text="ROMEO:",
    *,
    model=SHIPPED,
    temperatures=TEMPERATURES,
    models=MODELS,
    temperature=0.8,
):
    """What the page is sent, with the settings of both modes."""
    return comparer.comparison(mode, seed_text, model, *temperatures, *models, temperature)


# Three temperatures


def test_every_temperature_has_a_name_and_one_model_writes_all(comparer, make):
    run = make("a")
    answer = compared(comparer, "temperatures", model=run.name)
    assert [(column["name"], column["detail"]) for column in answer["columns"]] == [
        ("Careful", "temperature 0.3"),
        ("Balanced", "temperature 0.8"),
        ("Wild", "temperature 1.3"),
    ]
    assert [column["temperature"] for column in answer["columns"]] == [0.3, 0.8, 1.3]
    assert {column["model"] for column in answer["columns"]} == {run.name}
    assert answer["writer"] == comparer.pair.name(run.name) != ""
    assert compared(comparer, "temperatures")["writer"] == SHIPPED_TITLE


@pytest.mark.parametrize(
    ("temperature", "name"),
    [
        (0.1, "Very careful"),
        (0.2, "Very careful"),
        (0.25, "Careful"),
        (0.7, "Calm"),
        (0.75, "Balanced"),
        (1.2, "Daring"),
        (1.25, "Wild"),
        (1.5, "Wild"),
    ],
)
def test_the_name_follows_the_temperature(temperature, name):
    assert name_temperature(temperature) == name


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"temperatures": (0.3, 9, 1.3)}, "temperature was 9"),
        ({"temperatures": (0.3, 0.8, None)}, "temperature was null"),
        ({"seed_text": "x" * 2001}, "2,001 characters; use at most 2,000"),
        ({"seed_text": None}, "seed text was None"),
        ({"mode": "both"}, "no comparison 'both'"),
        ({"mode": "models"}, "train another one on the Train tab"),
        ({"mode": "models", "models": (None, SHIPPED)}, "train another one"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_a_sentence(comparer, asked, sentence):
    with pytest.raises(CharLSTMError, match=sentence):
        compared(comparer, **{"mode": "temperatures", **asked})


# Two models


def test_two_models_stand_side_by_side_each_under_its_name(comparer, make):
    run = make("a")
    answer = compared(comparer, "models", models=(SHIPPED, run.name), temperature=0.7)
    left, right = answer["columns"]
    assert (left["name"], left["model"]) == (SHIPPED_TITLE, SHIPPED)
    assert right["name"].startswith("pasted text, quick, ") and right["model"] == run.name
    assert left["detail"] == right["detail"] == "temperature 0.7"
    assert left["temperature"] == right["temperature"] == 0.7
    assert answer["writer"] == "", "the columns say who writes"
    with pytest.raises(CharLSTMError, match="Both sides are the same model"):
        compared(comparer, "models", models=(run.name, run.name))


def test_the_newest_model_stands_beside_the_shipped_one(comparer, make):
    refreshed = comparer.pair.refreshed
    left, right, note, newest = refreshed()
    assert left["value"] == right["value"] == newest == SHIPPED and ONLY_ONE in note
    make("a")
    make("b")
    left, right, note, newest = refreshed(SHIPPED, SHIPPED, SHIPPED)
    assert (right["value"], newest, note) == ("b", "b", "")
    assert [model for _, model in left["choices"]] == [SHIPPED, "b", "a"]
    make("c")
    left, right, *_ = refreshed("b", "a", "b")
    assert right["value"] == "c" and "value" not in left
    (comparer.pair.registry.folder("b") / "checkpoint.safetensors").unlink()
    left, right, *_ = refreshed("b", "a", "c")
    assert left["value"] == SHIPPED and "value" not in right


def test_a_list_that_is_made_anew_does_not_undo_what_was_chosen_meanwhile(comparer, make):
    make("a")
    make("b")
    for side in comparer.pair.refreshed("b", "a", "b")[:2]:
        assert "value" not in side and len(side["choices"]) == 3


def test_the_same_model_twice_is_refused(comparer, make):
    make("a")
    assert TWICE_THE_SAME in comparer.pair.note("a", "a")
    for both in (("a", "a"), (None, SHIPPED)):
        with pytest.raises(CharLSTMError, match="Both sides are the same model"):
            comparer.pair.check(*both)


def test_it_is_said_what_a_model_started_from(comparer, make):
    source = SourceModel.read(shipped_folder() / SHIPPED_FILE, SHIPPED_TITLE)
    make("a", source=source)
    make("b")
    note = comparer.pair.note(SHIPPED, "a")
    assert "started from the model on the left: these are before and after." in note
    assert "started from the model on the right" in comparer.pair.note("a", SHIPPED)
    note = comparer.pair.note("b", "a")
    assert f"started from the model “{SHIPPED_TITLE}”." in note and "before" not in note
    assert comparer.pair.note(SHIPPED, "b") == ""


# What is measured


def test_facts_are_of_what_was_written_not_of_what_was_typed(comparer):
    seed_text = "zounds zounds, zounds zounds zounds. "
    written = "My lord, my lord!\n"
    answer = comparer.facts(seed_text, written)
    assert answer == {"facts": word_facts(seed_text, written)}
    assert "zounds" not in str(answer)


def test_facts_of_more_than_a_text_are_refused(comparer):
    assert comparer.facts("", "a " * 1000)["facts"]
    with pytest.raises(CharLSTMError, match="2,001 characters: up to 2,000"):
        comparer.facts("", "a" * 2001)
    with pytest.raises(CharLSTMError, match="use at most 2,000"):
        comparer.facts("a" * 2001, "")


def test_only_whole_words_that_were_written_count():
    assert whole_words("To b", "e, or not to be, that's th") == "or not to be that's".split()
    assert whole_words("To be, ", "or 'twas--\nNot?") == ["or", "twas", "not"]
    assert whole_words("", "Straße ÉTÉ हिन्दी 42.") == ["strasse", "été", "हिन्दी", "42"]
    assert whole_words("ab", "cdef") == [] == whole_words("", "\n -- '")
    assert whole_words("", "") == []


@pytest.mark.parametrize(
    ("words", "twice"),
    [
        ("to be or not to be", "to be"),
        ("a a a a a", "a a"),  # a run does not count as its own second time
        ("a b c a b c a b c", "a b c"),
        ("one two three", ""),
        ("the king the king of the king of spain", "the king of"),
        ("x to be y to be z", "to be"),
        ("a", ""),
        ("", ""),
    ],
)
def test_the_longest_run_of_words_that_comes_twice(words, twice):
    assert longest_said_twice(words.split()) == twice.split()


def test_facts_are_counted_from_what_was_written():
    assert word_facts("My lord, ", "my lord, my <lord>! ") == [
        "<b>2</b> different words of 4.",
        "Longest repeated phrase: <b>2</b> words, “my lord”.",
    ]
    assert word_facts("", "Go! Stay! Go!") == [
        "<b>2</b> different words of 3.",
        "No repeated phrases.",
    ]
    assert word_facts("", "Go!")[0] == "<b>1</b> different word of 1."
    assert word_facts("a", "bcd") == ["It holds no whole word."]
    long = word_facts("", "abcdefghijklmnop qrstuvwxyz " * 20)[1]
    assert "20</b> words" in long and long.endswith("…”.") and len(long) < 130


def test_a_repeated_text_of_the_greatest_length_is_measured_in_no_time():
    # 2,000 characters, as many words as possible: compared by brute force here.
    words = [chr(97 + (n * n) % 7) for n in range(1000)]
    found = longest_said_twice(words)
    places = [n for n in range(1000) if words[n : n + len(found)] == found]
    assert any(later - places[0] >= len(found) for later in places)
    longer = len(found) + 1
    runs = [tuple(words[n : n + longer]) for n in range(1001 - longer)]
    first = {}
    assert not any(n - first.setdefault(run, n) >= longer for n, run in enumerate(runs))
