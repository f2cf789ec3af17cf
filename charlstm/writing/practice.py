"""Makes the built-in practice text: python -m charlstm.writing.practice

Without an internet connection Tiny Shakespeare cannot be downloaded to train on. The practice text
replaces it: the bundled model wrote it, at temperature 1 from many seed texts. The same checkpoint
always makes the same text.
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

STRETCHES = 160  # of the text, each begun afresh
STRETCH_CHARACTERS = 2200
# Beginnings that any English text may have: single words, not lines that somebody wrote.
SEED_TEXTS = (
    "The ", "My lord, ", "What ", "I ", "O ", "Come, ", "If ", "And ", "Why ", "First ",
    "Good ", "When ", "But ", "How ", "She ", "He ", "We ", "Now ", "Then ", "No, ",
)  # fmt: skip


async def practice_text(checkpoint: Checkpoint) -> str:
    """Write STRETCHES stretches, each begun afresh and cut off after its last whole line."""
    engine = Engine()
    done = 0

    async def stretch(index: int) -> str:
        nonlocal done
        seed_text = SEED_TEXTS[index % len(SEED_TEXTS)]
        pieces = engine.write(
            checkpoint,
            seed_text,
            length=STRETCH_CHARACTERS,
            random_seed=index,
            sampling=Sampling(temperature=1.0),
        )
        text = seed_text + "".join([piece async for piece in pieces])
        done += 1
        print(f"\r{done} of {STRETCHES} stretches", end="", file=sys.stderr, flush=True)
        return text[: text.rfind("\n") + 1] or text

    # All at once: the engine writes them in one batch.
    stretches = await asyncio.gather(*(stretch(index) for index in range(STRETCHES)))
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
