"""The Compare tab without a browser: what its columns show, and that they are written together."""

import asyncio
import re
from html import unescape

import pytest

from charlstm.errors import CharLSTMError
from charlstm.home import shipped_folder
from charlstm.interface.compare.columns import BROKE_OFF, merged
from charlstm.interface.compare.model_pair import ONLY_ONE, TWICE_THE_SAME
from charlstm.interface.compare.tab import Comparer, name_temperature
from charlstm.interface.compare.word_facts import longest_said_twice, whole_words, word_facts
from charlstm.interface.models import SHIPPED, SHIPPED_FILE, SHIPPED_TITLE, ModelRegistry
from charlstm.network.checkpoint import load_checkpoint, save_checkpoint
from charlstm.runs.recipes import QUICK
from charlstm.runs.run import Run, Runs
from charlstm.runs.source_model import SourceModel
from charlstm.writing.batch import Batch
from charlstm.writing.engine import Engine
from charlstm.writing.sampling import Sampling
from charlstm.writing.single_text import write
from tests.slow_page import advance_slowly
from tests.tiny_networks import random_checkpoint
from tests.tiny_runs import create_run
from tests.waiting import wait_until

TEMPERATURES = (0.3, 0.8, 1.3)
MODELS = (SHIPPED, SHIPPED)


class Request:
    """What Gradio tells a handler about its visitor."""

    session_hash = "somebody"


@pytest.fixture
def comparer():
    return Comparer(Engine(), ModelRegistry(Runs()))


@pytest.fixture
def slowly(monkeypatch):
    """Texts are written so slowly that something can happen on the way, on any machine."""
    monkeypatch.setattr(Batch, "advance", advance_slowly)


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


def asked(
    comparer,
    mode,
    seed_text="ROMEO:",
    *,
    length=100,
    random_seed=5,
    model=SHIPPED,
    temperatures=TEMPERATURES,
    models=MODELS,
    temperature=0.8,
):
    """What the page is shown, one after the other."""
    settings = (model, *temperatures, *models, temperature)
    return comparer.write(mode, seed_text, length, random_seed, *settings, request=Request)


def shown(comparer, mode, *seed_text, **settings):
    async def all_of_it():
        return [outputs async for outputs in asked(comparer, mode, *seed_text, **settings)]

    return asyncio.run(all_of_it())


def text_of(column: str) -> str:
    page = re.search(r'<div class="page">(.*?)(</div>|$)', column, re.DOTALL)[1]
    return unescape(re.sub("<[^>]*>", "", page))


def heading_of(column: str) -> str:
    return unescape(re.sub("<[^>]*>", "", re.search("<h2>(.*?)</h2>", column)[1]))


def facts_of(column: str) -> str:
    return unescape(re.sub("<[^>]*>", "", re.search(r'<p class="facts.*?</p>', column)[0]))


def library_text(checkpoint, seed_text, temperature, *, length=100, random_seed=5) -> str:
    sampling = Sampling(temperature=temperature)
    pieces = write(checkpoint, seed_text, length=length, sampling=sampling, random_seed=random_seed)
    return seed_text + "".join(pieces)


# Three temperatures


def test_every_temperature_has_the_library_s_text_and_a_name(comparer):
    *columns, status = shown(comparer, "temperatures")[-1]
    checkpoint = load_checkpoint(shipped_folder() / SHIPPED_FILE)
    for column, temperature in zip(columns, TEMPERATURES, strict=True):
        assert text_of(column) == library_text(checkpoint, "ROMEO:", temperature)
    assert [heading_of(column) for column in columns] == [
        "Careful temperature 0.3",
        "Balanced temperature 0.8",
        "Wild temperature 1.3",
    ]
    assert "3 texts of 100 characters" in status and "random seed 5" in status
    assert SHIPPED_TITLE in status


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


def test_the_texts_of_one_model_share_a_batch(comparer, monkeypatch):
    together = set()
    advance = Batch.advance

    def spy(batch, *arguments):
        together.update({(id(batch), text.settings[0]) for text in batch.texts})
        counts.append(len(batch.texts))
        advance(batch, *arguments)

    counts = []
    monkeypatch.setattr(Batch, "advance", spy)
    shown(comparer, "temperatures", length=500)
    assert {temperature for _, temperature in together} == set(TEMPERATURES)
    assert len({batch for batch, _ in together}) == 1
    assert max(counts) == 3


def test_columns_are_only_lengthened_and_what_was_typed_is_no_markup(comparer):
    everything = shown(comparer, "temperatures", "a < b\r& <b>", length=2000)
    assert len(everything) > 2
    for before, after in zip(everything, everything[1:], strict=False):
        for column in range(3):
            assert after[column].startswith(before[column])
    for column in everything[-1][:3]:
        assert '<span class="seed">a &lt; b&#13;&amp; &lt;b&gt;</span>' in column
    assert all("Writing" in status or "ready" in status for *_, status in everything[:-1])
    assert "Writing" not in everything[-1][-1]


def test_leaving_closes_all_texts(comparer, slowly):
    async def leave_at_once():
        pages = asked(comparer, "temperatures", length=2000)
        async for columns in pages:
            if len(text_of(columns[0])) > 20:
                break
        await pages.aclose()
        await asyncio.to_thread(wait_until, lambda: not comparer.engine._batches)
        return len(asyncio.all_tasks())

    written = []
    finish = Batch.remove_idle

    def count(batch):
        gone = finish(batch)
        written.extend(text.remaining for text in gone)
        return gone

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Batch, "remove_idle", count)
        assert asyncio.run(leave_at_once()) == 1, "no task is left but this one"
    assert len(written) == 3 and all(written), "none of them was written to its end"
    assert not comparer.turns._latest


def test_a_new_comparison_ends_the_one_before_it(comparer, slowly):
    async def twice():
        first = []

        async def begin():
            async for outputs in asked(comparer, "temperatures", "O", length=2000):
                first.append(outputs)

        task = asyncio.create_task(begin())
        while len(first) < 2:
            await asyncio.sleep(0.005)
        second = [o async for o in asked(comparer, "temperatures", "KING:", length=50)]
        await task
        return first[-1], second[-1]

    first, second = asyncio.run(twice())
    assert "Broken off" in first[-1] and len(text_of(first[0])) < 2001
    assert all(text_of(column).startswith("KING:") for column in second[:3])
    assert len(text_of(second[2])) == 55


@pytest.mark.parametrize(
    ("writing_request", "sentence"),
    [
        ({"temperatures": (0.3, 9, 1.3)}, "temperature was 9"),
        ({"temperatures": (0.3, 0.8, None)}, "temperature was None"),
        ({"length": 3}, "length was 3"),
        ({"random_seed": -1}, "random seed was -1"),
        ({"model": "gone"}, "not here any more"),
        ({"mode": "writing_requests"}, "choose one of the two"),
        ({"mode": "models"}, "train another one on the Train tab"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_shown(
    comparer, writing_request, sentence
):
    async def first():
        return await anext(asked(comparer, **{"mode": "temperatures", **writing_request}))

    with pytest.raises(CharLSTMError, match=sentence):
        asyncio.run(first())
    assert not comparer.turns._latest


# Two models


def test_two_models_write_with_the_same_dice_each_under_its_name(comparer, make):
    run = make("a")
    *columns, nothing, status = shown(comparer, "models", "the", models=(SHIPPED, run.name))[-1]
    shipped = load_checkpoint(shipped_folder() / SHIPPED_FILE)
    own = load_checkpoint(run.paths.checkpoint)
    assert text_of(columns[0]) == library_text(shipped, "the", 0.8)
    assert text_of(columns[1]) == library_text(own, "the", 0.8)
    assert heading_of(columns[0]) == f"{SHIPPED_TITLE} temperature 0.8"
    assert re.match("pasted text, quick, .* temperature 0.8", heading_of(columns[1]))
    assert nothing == "" and "2 texts of 100 characters in" in status


def test_what_one_model_does_not_know_is_named_in_its_column_alone(comparer, make):
    run = make("a")
    left, right, *_ = shown(comparer, "models", "theaZ<", models=(SHIPPED, run.name))[-1]
    assert "never saw <:" in facts_of(left)
    assert "never saw Z <:" in facts_of(right)


def test_a_damaged_model_leaves_the_other_one_in_peace(comparer, make):
    run = make("a")
    run.paths.checkpoint.write_bytes(b"garbage" * 99)
    everything = shown(comparer, "models", models=(run.name, SHIPPED))
    left, right, *_, status = everything[-1]
    assert text_of(left) == "ROMEO:" and "no checkpoint" in facts_of(left)
    assert len(text_of(right)) == 106 and "different words" in facts_of(right)
    assert status.count("1 text of 100 characters") == 1
    with pytest.raises(CharLSTMError, match="no checkpoint"):
        shown(comparer, "temperatures", model=run.name)


def test_a_model_that_breaks_while_it_writes_leaves_the_other_one_in_peace(
    comparer, make, monkeypatch
):
    run = make("a")
    own = comparer.registry.get(run.name)
    advance = Batch.advance

    def break_own(batch, *arguments):
        if batch.checkpoint is own:
            raise MemoryError("no room")
        advance(batch, *arguments)

    monkeypatch.setattr(Batch, "advance", break_own)
    last = []

    async def follow():
        async for outputs in asked(comparer, "models", models=(SHIPPED, run.name)):
            last[:] = outputs

    with pytest.raises(MemoryError):  # said in the log, and to the visitor at the end
        asyncio.run(follow())
    left, right, *_, status = last
    assert len(text_of(left)) == 106 and facts_of(right) == BROKE_OFF
    assert "1 text of 100 characters" in status and "Writing" not in status


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
    (comparer.registry.folder("b") / "checkpoint.safetensors").unlink()
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


def test_what_was_typed_is_not_measured(comparer):
    seed_text = "zounds zounds, zounds zounds zounds. "
    *columns, _ = shown(comparer, "temperatures", seed_text)[-1]
    for column in columns:
        written = text_of(column)[len(seed_text) :]
        expected = "".join(word_facts(seed_text, written)).replace("<b>", "").replace("</b>", "")
        assert facts_of(column) == expected and "zounds" not in expected


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
        "Longest passage that comes twice: <b>2</b> words, “my lord”.",
    ]
    assert word_facts("", "Go! Stay! Go!") == [
        "<b>2</b> different words of 3.",
        "No two words in a row come twice.",
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


# Streams


def test_a_stream_that_fails_is_heard_of_and_the_others_go_on():
    closed = []

    async def stream(name, count, fails=False):
        try:
            for number in range(count):
                await asyncio.sleep(0)
                yield f"{name}{number}"
            if fails:
                raise CharLSTMError("broken")
        finally:
            closed.append(name)

    async def listen():
        streams = [stream("a", 5), stream("b", 1, fails=True), stream("c", 0)]
        return [pair async for together in merged(streams) for pair in together]

    heard = asyncio.run(listen())
    assert [piece for position, piece in heard if position == 0] == ["a0", "a1", "a2", "a3", "a4"]
    assert [str(piece) for position, piece in heard if position == 1] == ["b0", "broken"]
    assert not [piece for position, piece in heard if position == 2]
    assert sorted(closed) == ["a", "b", "c"]
