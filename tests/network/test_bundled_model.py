"""What comes with the product writes words from its first letters on."""

import re

import numpy as np
import pytest

from charlstm.analysis.copying import MEMORISED, TrainingText
from charlstm.analysis.evaluation import evaluate
from charlstm.home import shipped_folder
from charlstm.network.checkpoint import load_checkpoint
from charlstm.text.corpus import practice_text
from charlstm.text.split import split
from charlstm.writing.sampling import Sampling
from charlstm.writing.single_text import write
from tests.tiny_networks import tiny_shakespeare_text

# One word each; some from the plays, some not.
SEED_TEXTS = (
    "love king Romeo death night the What sword honour mother "
    "Rome heart apple window crown friend sea fire sweet time"
).split()
WORD = re.compile(r"[A-Za-z']+")


@pytest.fixture(scope="module")
def shipped():
    return load_checkpoint(shipped_folder() / "tiny-shakespeare.safetensors")


def complete_words(seed_text: str, written: str) -> list[str]:
    """Words that begin after the seed text's own and are not cut off by the end."""
    text = seed_text + written
    return [
        word.group()
        for word in WORD.finditer(text)
        if word.end() > len(seed_text) and word.end() < len(text)
    ]


def test_short_seed_texts_are_followed_by_words(shipped):
    known = {word.lower() for word in WORD.findall(tiny_shakespeare_text())}
    words = []
    for random_seed in range(3):
        for seed_text in SEED_TEXTS:
            pieces = write(
                shipped, seed_text, length=60, sampling=Sampling(), random_seed=random_seed
            )
            words += complete_words(seed_text, "".join(pieces))
    good = [word for word in words if word.lower() in known or word.lower().strip("'") in known]
    assert len(words) > 400
    assert len(good) / len(words) >= 0.95, sorted(set(words) - set(good))


def test_it_is_as_good_as_it_records(shipped):
    """Exact figures over the whole held-out part; the text must be at hand."""
    text = tiny_shakespeare_text()
    _, held_out = split(shipped.vocabulary.encode(text))
    figures = evaluate(shipped.network, held_out)
    recorded = shipped.training.results
    assert figures.cold_loss_nats <= 1.35
    assert figures.characters == len(held_out) - 1
    for name in ("loss_nats", "cold_loss_nats", "accuracy"):
        assert getattr(figures, name) == pytest.approx(getattr(recorded, name), abs=1e-4)


@pytest.mark.parametrize("temperature", [0.3, 0.8])
def test_it_does_not_recite(shipped, temperature):
    learned = TrainingText(split(tiny_shakespeare_text())[0])
    sampling = Sampling(temperature=temperature)
    for random_seed in range(2):
        pieces = write(shipped, "ROMEO:", length=500, sampling=sampling, random_seed=random_seed)
        assert len(learned.longest_copy("".join(pieces)).text) < MEMORISED


def test_it_is_a_small_file_with_a_record(shipped):
    path = shipped_folder() / "tiny-shakespeare.safetensors"
    assert path.stat().st_size < 10_000_000
    assert {array.dtype for array in shipped.weights.values()} == {np.dtype(np.float16)}
    assert shipped.training.text.style == "verse"
    assert len(shipped.samples) >= 24
    steps = [sample.step for sample in shipped.samples]
    assert steps == sorted(steps)
    losses = [loss for _, loss in shipped.history["val_loss_nats"]]
    assert losses[0] > 3 > 1.5 > losses[-1]


def test_the_practice_text_is_long_enough_and_its_own():
    text = practice_text().text
    assert len(text) >= 300_000
    assert len(set(text)) >= 50


def test_the_practice_text_is_nobody_s_but_the_model_s():
    """A copied passage of 120 characters would hold one of these stretches of 60."""
    source = tiny_shakespeare_text()
    text = practice_text().text
    stretches = [text[start : start + 60] for start in range(0, len(text) - 59, 60)]
    assert [stretch for stretch in stretches if stretch in source] == []
