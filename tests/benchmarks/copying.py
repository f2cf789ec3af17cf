"""How long it takes to look for copies: 10,000 characters in a training text of 5 million.

python -m tests.benchmarks.copying
"""

import time

import numpy as np

from charlstm.analysis.copying import TrainingText

TURNS = 5


def main() -> None:
    rng = np.random.default_rng(1)
    letters = np.frombuffer(b"etaoin shrdlu\n", np.uint8)
    text = letters[rng.integers(0, len(letters), 5_000_000)].tobytes().decode()
    began_s = time.perf_counter()
    prepared = TrainingText(text)
    print(f"prepared in {time.perf_counter() - began_s:.2f} s, once")
    written = text[3_000_000:3_000_100] + "".join(rng.permuted(list(text[:9_900])))
    for _ in range(TURNS):
        began_s = time.perf_counter()
        prepared.longest_copy(written)
        print(f"looked up in {time.perf_counter() - began_s:.2f} s")


if __name__ == "__main__":
    main()
