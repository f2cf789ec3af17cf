"""Writes the text of a first visit again: python -m tests.first_text

The bundled model writes it, as it would write it for a visitor. The page carries it along, so that
it can be shown at once, while the server still gets ready.
"""

import asyncio
import json

from charlstm.home import shipped_folder
from charlstm.interface.models import SHIPPED_FILE
from charlstm.interface.text_stream import as_json
from charlstm.interface.write.tab import FIRST_TEXT
from charlstm.network.checkpoint import load_checkpoint
from charlstm.writing.engine import Engine
from charlstm.writing.piece import Piece
from charlstm.writing.sampling import Sampling

SEED_TEXT, TEMPERATURE, RANDOM_SEED = "ROMEO:", 0.8, 36
LAST_WORDS = "Your business which is come to "  # after a space anything may come
LENGTH = 400  # within which these words come


def first_text() -> dict:
    """What `FIRST_TEXT` holds: a request, and the answer of `/write` to it as one piece."""
    piece = Piece.joined(asyncio.run(_pieces()))
    written = _until(as_json(piece), LAST_WORDS)
    return {
        "seed_text": SEED_TEXT,
        "temperature": TEMPERATURE,
        "random_seed": RANDOM_SEED,
        "piece": written,
    }


async def _pieces() -> list[Piece]:
    engine = Engine()
    engine.start()
    pieces = engine.pieces(
        load_checkpoint(shipped_folder() / SHIPPED_FILE),
        SEED_TEXT,
        length=LENGTH,
        random_seed=RANDOM_SEED,
        sampling=Sampling(temperature=TEMPERATURE),
        chances=5,
    )
    return [piece async for piece in pieces]


def _until(answer: dict, words: str) -> dict:
    end = answer["text"].index(words) + len(words)
    return {name: value[:end] for name, value in answer.items()}


if __name__ == "__main__":
    FIRST_TEXT.write_text(json.dumps(first_text(), separators=(",", ":")) + "\n", "utf-8")
