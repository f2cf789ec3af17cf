"""What the pictures of the How it works tab are sent."""

import json

import numpy as np
import pytest

from charlstm.errors import CharLSTMError
from charlstm.interface.how.tab import MAX_CHARACTERS, HowItWorks
from charlstm.interface.models import SHIPPED, ModelRegistry
from charlstm.network.checkpoint import save_checkpoint
from charlstm.runs.run import Runs
from charlstm.writing.sampling import Sampling, probabilities
from tests.tiny_networks import random_checkpoint


@pytest.fixture
def answers(home):
    return HowItWorks(ModelRegistry(Runs()))


@pytest.fixture
def tiny(home):
    """A model of two layers of 5 and 7 units: its checkpoint, saved as `tiny`."""

    def save(**parts):
        checkpoint = random_checkpoint(**parts)
        folder = home / "runs" / "tiny"
        folder.mkdir(parents=True, exist_ok=True)
        save_checkpoint(checkpoint, folder / "checkpoint.safetensors")
        return checkpoint

    return save


def test_the_pictures_begin_with_a_text_that_suits_the_model(answers, tiny):
    assert answers.about_model(SHIPPED)["first_text"] == "ROMEO:\nO"
    tiny(samples=[{"step": 9, "elapsed_s": 1.0, "text": "sent a seat\nan ant\nten"}])
    assert answers.about_model("tiny")["first_text"] == "sent a seat"
    tiny(samples=[])
    assert answers.about_model("tiny")["first_text"] == "ROMEO:\nO", "nothing is known of it"


def test_a_moment_is_that_of_the_network(answers, tiny):
    tiny()
    checkpoint = answers.registry.get("tiny")
    answer = answers.moment("tiny", "seX a", 4)
    assert answer["tiles"] == [
        ["\n", 0, True, "\n"],
        ["s", 6, False, "s"],
        ["e", 4, False, "e"],
        ["X", None, False, "X"],
        [" ", 1, False, " "],
        ["a", 3, False, "a"],
    ]
    assert answer["read"] == 4
    logits, state = checkpoint.network.read(np.array([[0, 6, 4]]), checkpoint.network.start())
    for layer, (hidden, cell) in zip(answer["layers"], state, strict=True):
        np.testing.assert_allclose(np.array(layer["hidden"]) / 100, hidden[0], atol=0.00501)
        np.testing.assert_allclose(np.array(layer["cell"]) / 100, cell[0], atol=0.00501)
    sampling = Sampling(temperature=0.8)
    np.testing.assert_allclose(
        probabilities(np.array(answer["scores"]), sampling),
        probabilities(logits[0, -1], sampling),
        atol=2e-4,
    )


def test_a_negative_or_too_large_place_is_the_end(answers, tiny):
    tiny()
    end = answers.moment("tiny", "sea", 4)
    assert answers.moment("tiny", "sea", -1) == answers.moment("tiny", "sea", 99) == end
    assert answers.moment("tiny", "sea", 0)["layers"][1]["cell"] == [0] * 7


def test_the_limit_is_stated_in_a_sentence(answers):
    assert len(answers.moment("shipped", "x" * MAX_CHARACTERS, 1)["tiles"]) == MAX_CHARACTERS + 1
    with pytest.raises(CharLSTMError, match="61 characters; the pictures have room for 60"):
        answers.moment("shipped", "x" * (MAX_CHARACTERS + 1), 1)
    with pytest.raises(CharLSTMError, match="half a character"):
        answers.moment("shipped", "a\ud83d", 1)
    with pytest.raises(CharLSTMError, match="here, or not any more"):
        answers.moment("no such model", "a", 1)
    with pytest.raises(CharLSTMError, match="here, or not any more"):
        answers.about_model("no such model")


def test_the_model_is_described_in_its_real_sizes(answers, tiny):
    training = {"corpus": {"name": "practice-text"}, "steps": 3}
    checkpoint = tiny(training=training)
    answer = answers.about_model("tiny")
    assert "".join(answer["characters"]) == checkpoint.vocabulary.characters
    assert [part["units"] for part in answer["parts"]] == [3, 5, 7, 11]
    assert answer["parts"][1]["weights"] == [
        ["kernel", 3, 20],
        ["recurrent_kernel", 5, 20],
        ["bias", 20],
    ]
    counted = sum(part["parameters"] for part in answer["parts"])
    assert counted == answer["parameters"] == checkpoint.architecture.parameters()
    assert answer["learned"] == {"text": "the practice text", "steps": 3}


@pytest.mark.parametrize("model", ["shipped", "tiny"])
def test_every_answer_is_plain_json(answers, tiny, model):
    checkpoint = tiny()
    for name, array in checkpoint.weights.items():
        array[:] = 60000 * np.sign(array) if name.endswith("kernel") else array
    tiny_file = answers.registry.runs.folder / "tiny" / "checkpoint.safetensors"
    save_checkpoint(checkpoint, tiny_file)
    for answer in (answers.about_model(model), answers.moment(model, "sea " * 15, -1)):
        json.dumps(answer, allow_nan=False).encode()
