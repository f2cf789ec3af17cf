"""Writing one text."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from charlstm.text.vocabulary import Vocabulary
from charlstm.writing.sampling import Sampling
from charlstm.writing.single_text import read_seed_text, write
from tests.tiny_networks import ALPHABET, random_checkpoint

SEED_TEXTS = {
    "empty": "",
    "one character": "s",
    "a line break": "\n",
    "known ones": "seen! é",
    "2,000 characters": "tea sense " * 200,
    "all unknown": "XYZ",
    "emoji, known and unknown": "😀🎭😀",
    "control characters": "\0\x07\x1b[31m\r\u202e",
    "a lone surrogate": "a\ud800b",
}


@pytest.fixture(scope="module")
def checkpoint():
    return random_checkpoint()


def written(checkpoint, seed_text="", *, length=40, random_seed=1, **settings) -> str:
    return "".join(
        write(
            checkpoint,
            seed_text,
            length=length,
            sampling=Sampling(**settings),
            random_seed=random_seed,
        )
    )


@pytest.mark.parametrize("seed_text", SEED_TEXTS.values(), ids=SEED_TEXTS.keys())
def test_any_seed_text_is_written_on(checkpoint, seed_text):
    text = written(checkpoint, seed_text)
    assert len(text) == 40
    assert set(text) <= set(ALPHABET)


@pytest.mark.parametrize("seed_text", SEED_TEXTS.values(), ids=SEED_TEXTS.keys())
def test_a_text_written_in_two_goes_is_the_text_of_one_go(checkpoint, seed_text):
    whole = written(checkpoint, seed_text, length=50)
    first = written(checkpoint, seed_text, length=20)
    assert first + written(checkpoint, seed_text + first, length=30) == whole


@pytest.mark.parametrize("settings", [{"temperature": 0}, {"top_k": 2}, {"top_p": 0.5}, {}])
def test_a_character_takes_one_random_number_whatever_the_settings(checkpoint, settings):
    """Else the second part would begin with another number than in the text of one go."""
    whole = written(checkpoint, "sea", length=40, **settings)
    first = written(checkpoint, "sea", length=15, **settings)
    assert first + written(checkpoint, "sea" + first, length=25, **settings) == whole


def test_the_same_random_seed_gives_the_same_text(checkpoint):
    assert written(checkpoint, "sea") == written(checkpoint, "sea")
    assert written(checkpoint, "sea") != written(checkpoint, "sea", random_seed=2)


def test_temperature_zero_takes_the_likeliest_whatever_the_random_seed(checkpoint):
    network, state = checkpoint.network, checkpoint.network.start()
    logits, state = network.step(checkpoint.vocabulary.encode("\n"), state)
    logits, state = network.step(checkpoint.vocabulary.encode("t"), state)
    expected = ""
    for _ in range(30):
        id_ = logits[0].argmax()
        expected += ALPHABET[id_]
        logits, state = network.step(np.array([id_]), state)
    for random_seed in (1, 2):
        text = written(checkpoint, "t", length=30, temperature=0, random_seed=random_seed)
        assert text == expected


def test_the_whole_seed_text_matters_not_its_last_character_alone(checkpoint):
    endings = {
        tuple(written(checkpoint, start + "e", length=5, random_seed=seed) for seed in range(20))
        for start in "stn"
    }
    assert len(endings) == 3


def test_unknown_characters_are_skipped_in_reading(checkpoint):
    assert read_seed_text(checkpoint.vocabulary, "XsXeaX").ids.tolist() == (
        read_seed_text(checkpoint.vocabulary, "sea").ids.tolist()
    )


@pytest.mark.parametrize(
    ("characters", "begins_with"), [("\n abc", "\n"), (" abc", " "), ("abc", "")]
)
def test_a_text_begins_where_a_line_begins(characters, begins_with):
    vocabulary = Vocabulary(characters)
    assert vocabulary.decode(read_seed_text(vocabulary, "cab").ids) == begins_with + "cab"
    assert vocabulary.decode(read_seed_text(vocabulary, "").ids) == begins_with


def test_a_network_without_spaces_and_line_breaks_writes_from_nothing():
    assert len(written(random_checkpoint("abc"), "", length=9)) == 9


def test_characters_come_one_by_one_without_waiting_for_the_rest(checkpoint):
    pieces = write(checkpoint, length=10**9, sampling=Sampling(), random_seed=1)
    assert [len(piece) for piece in islice(pieces, 3)] == [1, 1, 1]


def test_unknown_characters_are_named():
    assert read_seed_text(Vocabulary("abc"), "aX\u202e\td😀X").remark == (
        "Skipped X, right-to-left override, tab, d, 😀: they are not in the text the network "
        "learned from."
    )


def test_many_unknown_characters_are_named_in_part():
    sentence = read_seed_text(Vocabulary("!"), "ABCDEFGHIJKLMNO").remark
    assert "K, L and 3 more" in sentence
    assert "M" not in sentence.removeprefix("Skipped").partition(":")[0]


def test_nothing_unknown_is_nothing_to_say():
    assert read_seed_text(Vocabulary("abc"), "").remark == ""
    assert read_seed_text(Vocabulary("abc"), "cab").remark == ""


def test_what_is_near_to_a_known_character_is_read_as_that_and_said():
    vocabulary = Vocabulary.from_text('it\'s a "cafe" -')
    reading = read_seed_text(vocabulary, "it’s a “café” – №")
    assert vocabulary.decode(reading.ids) == ' it\'s a "cafe" - '
    assert reading.remark == (
        'Read as what the network knows: ’ as \', “ as ", é as e, ” as ", – as -. '
        "Skipped №: it is not in the text the network learned from."
    )


@pytest.mark.parametrize(
    ("known", "typed", "read"),
    [
        ("’", "'", "’"),  # the other way round
        ("—", "-", "—"),
        ("abc", "ABC", "abc"),
        ("abc", "ａｂｃ", "abc"),
        (" ab", "a\xa0b", "a b"),
        ("é", "é", "é"),
    ],
)
def test_the_nearest_is_the_one_that_the_network_knows(known, typed, read):
    vocabulary = Vocabulary.from_text(known)
    reading = read_seed_text(vocabulary, typed)
    assert vocabulary.decode(reading.ids).lstrip() == read and reading.unknown == ""


def test_a_lone_surrogate_is_named_by_its_number():
    remark = read_seed_text(Vocabulary("abc"), "\ud800").remark
    remark.encode()  # can be shown
    assert "U+D800" in remark
