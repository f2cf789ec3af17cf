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
        "Of Burgundy the tongue, or, respect out ",
        "9283254a3ff3ee5a6a9022fdabc90b657c497982fc0f1e26df58cf39a357ab23",
    ),
    ("ROMEO:", 0.1, 200, 1): (
        "\nI have seen the world to the country's ",
        "c3a10e97ace4d19a728d697f3ca0a40a05457cdcb851620cfb86947c854e28d8",
    ),
    ("ROMEO:", 1.5, 300, 2): (
        "\nAh, Jove's gentle:' nakefit, inkessed,\n",
        "d0c07249bb24fe5ef66f12c436607b58a6c812c4405110c40a208f8aacc33b79",
    ),
    ("To be, or not to be", 0.5, 250, 3): (
        " as his servant to the right than my mea",
        "22c0232d3ac8809621efaba0012d409ca5b4394def1c1eb2d1aea2683d7eff5e",
    ),
    ("KING RICHARD II:\nWhat ", 1.0, 300, 2147483647): (
        "you shall be endured?\n\nDUCHESS OF YORK:\n",
        "5fd5705a60d8e6f6e7e60d2d72548aa6654f3b3b462e7a09d42b1a885a14533f",
    ),
    ("\n\n", 1.2, 60, 5): (
        "LADY ANNE:\nYou knew unto your\nheart's ho",
        "48f4a6b9ab09b84fa7eba3c10332b71720ac3bbfc4442f6987d67aa719e9d6ae",
    ),
    ("Ünïcode 漢字 😀 day", 0.7, 120, 6): (
        " from his common thoughts.\n\nQUEEN ELIZAB",
        "36c1d6c2cc5ab75b29c6269fb7288d9a85e38796eac9884c51c9c48ca46b54d5",
    ),
    ("😀", 0.3, 100, 77): (
        "And so much for the heart of heaven, he ",
        "6d64f0b58af74bc39dad0c6dc7cfa3194bcc5dee1801148ba92c3b3cb1f2da0f",
    ),
    ("\t\r\nline one\r\nline two\n", 0.9, 280, 8): (
        "If bear the being with my heart.\n\nBRUTUS",
        "41fc602fdd13cb16511c85eefff7f65a0c21eae67a8865d9fba91f256496b2ed",
    ),
    ("O " * 300, 1.1, 150, 123456): (
        "DERY,\nBeing presence, look upon his case",
        "5397f446717c851e42a41f68c0c7d1dcb2e587b1b40a3b4cce60fe46215e4929",
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
