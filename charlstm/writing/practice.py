"""Makes the built-in practice text: python -m charlstm.writing.practice

Where there is no network there is no Tiny Shakespeare to train on. So the shipped model writes a
text of its own, at temperature 1 from many seed texts, and that text is shipped in its place.
The same checkpoint always makes the same text.
"""

from __future__ import annotations

import argparse
import asyncio
import lzma
import sys
from pathlib import Path

from charlstm.files import replace_file
from charlstm.home import shipped_folder
from charlstm.network.checkpoint import Checkpoint, load_checkpoint
from charlstm.text.corpus import PRACTICE_FILE
from charlstm.writing.engine import Engine
from charlstm.writing.sampling import Sampling

PIECES = 160
PIECE_CHARACTERS = 2200
# Beginnings that any English text may have: words, not lines of somebody's.
SEED_TEXTS = (
    "The ", "My lord, ", "What ", "I ", "O ", "Come, ", "If ", "And ", "Why ", "First ",
    "Good ", "When ", "But ", "How ", "She ", "He ", "We ", "Now ", "Then ", "No, ",
)  # fmt: skip


async def practice_text(checkpoint: Checkpoint) -> str:
    """A text of PIECES stretches, each begun afresh and ended at its last whole line."""
    engine = Engine()
    done = 0

    async def stretch(number: int) -> str:
        nonlocal done
        seed_text = SEED_TEXTS[number % len(SEED_TEXTS)]
        pieces = engine.write(
            checkpoint,
            seed_text,
            length=PIECE_CHARACTERS,
            random_seed=number,
            sampling=Sampling(temperature=1.0),
        )
        text = seed_text + "".join([piece async for piece in pieces])
        done += 1
        print(f"\r{done} of {PIECES} stretches", end="", file=sys.stderr, flush=True)
        return text[: text.rfind("\n") + 1] or text

    # All at once: the engine writes them in one batch.
    stretches = await asyncio.gather(*(stretch(number) for number in range(PIECES)))
    print(file=sys.stderr)
    return "\n".join(stretches)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    default = shipped_folder() / "tiny-shakespeare.safetensors"
    parser.add_argument("--checkpoint", type=Path, default=default)
    parser.add_argument("--out", type=Path, default=shipped_folder() / PRACTICE_FILE)
    arguments = parser.parse_args()
    text = asyncio.run(practice_text(load_checkpoint(arguments.checkpoint)))
    packed = lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME)
    replace_file(arguments.out, packed)
    print(f"{len(text):,} characters in {len(packed):,} bytes: {arguments.out}", file=sys.stderr)


if __name__ == "__main__":
    main()
