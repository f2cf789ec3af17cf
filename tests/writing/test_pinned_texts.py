"""Texts of the bundled model, for ever: whoever has shared a link expects the text behind it."""

import asyncio
import hashlib

from charlstm.home import shipped_folder
from charlstm.network.checkpoint import load_checkpoint
from charlstm.text.corpus import practice_text
from charlstm.writing.engine import Engine
from charlstm.writing.practice import SEED_TEXTS, STRETCHES
from charlstm.writing.sampling import Sampling
from charlstm.writing.single_text import write

# Seed text, temperature, length, random seed: the first 40 characters and the SHA-256 of the text.
PINNED = {
    ("", 0.8, 300, 0): (
        "No brother, tell me, and it shall be tru",
        "e1b687de0ffeaa9c9da5e0e1c431d1220355e65a4bec40177c585c7fe1263c5f",
    ),
    ("ROMEO:", 0.1, 200, 1): (
        "\nI have not so much so that they are so.",
        "489da14e4d58a67029adc840ecda3df6d9d4360ab25c5d8a86a0a137a2289e33",
    ),
    ("ROMEO:", 1.5, 300, 2): (
        "\nAh, Lilious Gloucester!\nThrough hope sh",
        "c6266a8391c069dda7a197fec786da6cd6c7a09042f3cd91f3642576caf50033",
    ),
    ("To be, or not to be", 0.5, 250, 3): (
        " an executioner,\nAnd therefore let them ",
        "af0662fbf79fa7919eb2b27af14f1b280f461bebec9bd6ffe9847cecfb3fe515",
    ),
    ("KING RICHARD II:\nWhat ", 1.0, 300, 2147483647): (
        "would you call him home well there?\n\nLUC",
        "38e841b7572fe655aa70f5f6cf0ebaad965049b044dade04c54887a7eaeb063b",
    ),
    ("\n\n", 1.2, 60, 5): (
        "LADY ANTEG:\nWhat's it to tick\nPlain Pomp",
        "9f150e0e56554d5250dd99c5442a05c8b1d664e9eb1b116ce346584da1dd6a92",
    ),
    ("Ünïcode 漢字 😀 day", 0.7, 120, 6): (
        " doth consequence, it was almost imposed",
        "b154b39a04ff3aa86c8a9b1442fffb0645cc9d4d96e29f951193a62a96c076ef",
    ),
    ("😀", 0.3, 100, 77): (
        "\nCLARENCE:\nAnd then I have a cause to th",
        "4a01e9cb9de518fe04eb71b6624003fc8dd022f47646baa5ec14e2327a218954",
    ),
    ("\t\r\nline one\r\nline two\n", 0.9, 280, 8): (
        "Shall make her robmet in my heart, my ha",
        "fe0dabea1ef6134a4de71870f72cfc1fd7190d6de1d91e83c7f487d9f4f3cc06",
    ),
    ("O " * 300, 1.1, 150, 123456): (
        "AGET:\nCheers the, 'tis she too gint, and",
        "b126f6f4750ccd597a0f2455def53e2e53eb997ea8afb5f0817f35db76379106",
    ),
}


def test_the_bundled_model_writes_the_texts_that_people_have_shared():
    """A link holds what decides a text, not the text.

    So a change of the code that changes one of these texts breaks every link that somebody has
    shared, and this test must fail on no machine. Only a new bundled model may have new texts here;
    and, once, those seed texts whose unknown characters were skipped before nearest ones were read.
    """
    checkpoint = load_checkpoint(shipped_folder() / "tiny-shakespeare.safetensors")
    engine = Engine()

    async def one(seed_text: str, temperature: float, length: int, random_seed: int) -> str:
        numbers = {"length": length, "random_seed": random_seed}
        sampling = Sampling(temperature=temperature)
        pieces = engine.write(checkpoint, seed_text, sampling=sampling, **numbers)
        text = "".join([piece async for piece in pieces])
        assert text == "".join(write(checkpoint, seed_text, sampling=sampling, **numbers))
        return text

    async def together() -> list[str]:
        return await asyncio.gather(*(one(*request) for request in PINNED))

    texts = asyncio.run(together())
    found = {
        request: (text[:40], hashlib.sha256(text.encode()).hexdigest())
        for request, text in zip(PINNED, texts, strict=True)
    }
    assert found == PINNED
    assert [len(text) for text in texts] == [length for _, _, length, _ in PINNED]


def test_the_practice_text_is_what_the_bundled_model_writes():
    checkpoint = load_checkpoint(shipped_folder() / "tiny-shakespeare.safetensors")
    text = practice_text().text
    for index in (0, STRETCHES - 1):
        seed_text = SEED_TEXTS[index % len(SEED_TEXTS)]
        sampling = Sampling(temperature=1.0)
        pieces = write(checkpoint, seed_text, length=1000, sampling=sampling, random_seed=index)
        assert seed_text + "".join(pieces) in text
