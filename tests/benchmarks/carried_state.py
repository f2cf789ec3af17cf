"""Does a network stay good when its state is carried far beyond what it was trained on?

python -m tests.benchmarks.carried_state CHECKPOINT TEXT_FILE

Reads stretches of 2,000 characters of the held-out text, each from a zero state, and prints the
mean loss by the distance from the start. A network trained on windows of 100 characters that
cannot bear more would show a rising loss after 100.
"""

import sys

import numpy as np

from charlstm.analysis.evaluation import surprisal_nats
from charlstm.network.checkpoint import load_checkpoint
from charlstm.text.corpus import read_file
from charlstm.text.split import split

STRETCH = 2000
PIECE = 50
EDGES = (0, 5, 10, 20, 50, 90, 110, 200, 500, 1000, STRETCH - 1)


def main(checkpoint_path: str, text_path: str) -> None:
    checkpoint = load_checkpoint(checkpoint_path)
    style = checkpoint.training.get("corpus", {}).get("style", "verse")
    ids, _ = checkpoint.vocabulary.encode_known(read_file(text_path, style).text)
    _, held_out = split(ids)
    stretches = len(held_out) // STRETCH
    texts = held_out[: stretches * STRETCH].reshape(stretches, STRETCH)
    state = checkpoint.network.start(stretches)
    losses = []
    for first in range(0, STRETCH - 1, PIECE):
        piece = slice(first, min(first + PIECE, STRETCH - 1))
        logits, state = checkpoint.network.read(texts[:, piece], state)
        losses.append(surprisal_nats(logits, texts[:, piece.start + 1 : piece.stop + 1]))
    by_distance = np.concatenate(losses, axis=1).mean(axis=0)
    print(f"{'characters read':>20}{'loss (nats)':>14}   {stretches} stretches")
    for start, stop in zip(EDGES, EDGES[1:], strict=False):
        print(f"{f'{start} to {stop}':>20}{by_distance[start:stop].mean():14.3f}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
