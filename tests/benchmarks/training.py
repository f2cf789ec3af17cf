"""What is learned in the same minutes, on the same text, by the same cores.

python -m tests.benchmarks.training [--minutes 1] [--text FILE]

Compares the recipe `quick`, the same recipe written plainly with `torch.nn.LSTM` (if torch is
installed), and the course notebook's loop: one target a window of 100, Adam, no carried state. The
losses are measured by the same code on the same held-out text.

The recipe `quick` chooses its width for the time it has; the last column but one is the share that
its matrix products would take of the time if the cores did nothing else, at the speed of a large
product, measured just before.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from charlstm.home import home
from charlstm.machine import cpu_name
from charlstm.runs.estimate import OPERATIONS_PER_WEIGHT
from charlstm.runs.recipes import NOTEBOOK, QUICK, Budget
from charlstm.text.corpus import tiny_shakespeare
from tests.benchmarks.measured_training import in_own_process, measure

SIZE, GOES = 2048, 8  # of the large products


def text_path(given: str | None) -> Path:
    """The file to train on: the one given, or Tiny Shakespeare."""
    if given:
        return Path(given)
    path = home() / "benchmarks" / "tiny-shakespeare.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(tiny_shakespeare().text, "utf-8")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--text")
    parser.add_argument("--without-notebook", action="store_true", help="its row takes long")
    arguments = parser.parse_args()
    text, minutes = text_path(arguments.text), arguments.minutes
    budget, limit = Budget(minutes=minutes), products_per_s()
    print(f"{minutes:g} minutes each, on {text.name}, by {cpu_name()}")
    print(f"large products: {limit / 1e9:.0f} billion float32 operations a second\n")
    print(
        f"{'':36}{'targets/s':>12}{'ratio':>8}{'cold loss':>11}{'carried':>9}{'products':>10}"
        f"{'memory':>10}"
    )
    ours = measure(QUICK, text, budget)
    show("quick", ours, ours, limit)
    if ours["lstm_units"] != list(QUICK.lstm_units):
        usual = replace(QUICK, is_sized=False)
        usual_row = measure(usual, text, budget)
        show(f"quick with {QUICK.lstm_units[0]} units", usual_row, ours, limit)
    if importlib.util.find_spec("torch"):
        request = {"recipe": "quick", "text_path": str(text), "minutes": minutes, "random_seed": 1}
        plain = in_own_process("tests.benchmarks.torch_training", request)
        show(f"torch.nn.LSTM, {QUICK.lstm_units[0]} units", plain, ours, limit)
    else:
        print("torch is not installed: its row is missing.")
    # Its figures at the end take minutes more: it measures its own test windows too.
    if not arguments.without_notebook:
        show("the notebook's loop", measure(NOTEBOOK, text, budget), ours, limit)


def products_per_s() -> float:
    """Float32 operations a second in large matrix products, on all cores: the best of several."""
    matrix = np.ones((SIZE, SIZE), np.float32)
    best_s = float("inf")
    for _ in range(GOES):
        began_s = time.perf_counter()
        matrix @ matrix
        best_s = min(best_s, time.perf_counter() - began_s)
    return 2 * SIZE**3 / best_s


def show(name: str, row: dict, ours: dict, limit: float) -> None:
    results, speed = row["results"], row["characters_per_s"]
    share = OPERATIONS_PER_WEIGHT * row["parameters"] * speed / limit
    print(
        f"{name:36}{speed:12,.0f}{speed / ours['characters_per_s']:8.2f}"
        f"{results['cold_loss_nats']:11.4f}{results['loss_nats']:9.4f}{share:10.2f}"
        f"{row['peak_memory_bytes'] / 1e9:7.2f} GB",
        flush=True,
    )


if __name__ == "__main__":
    main()
