"""What is learned in the same minutes, on the same text, by the same cores.

python -m tests.benchmarks.training [--minutes 1] [--text FILE]

Compares the recipe `quick`, the same recipe written plainly with `torch.nn.LSTM` (if torch is
installed), and the course notebook's loop: one target a window of 100, Adam, no carried state. The
losses are measured by the same code on the same held-out text.
"""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path

from charlstm.home import home
from charlstm.runs.recipes import NOTEBOOK, QUICK
from charlstm.text.corpus import tiny_shakespeare
from tests.benchmarks.measured_training import in_own_process, measure


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
    arguments = parser.parse_args()
    text, minutes = text_path(arguments.text), arguments.minutes
    print(f"{minutes:g} minutes each, on {text.name}\n")
    print(f"{'':36}{'targets/s':>12}{'ratio':>8}{'cold loss':>11}{'carried':>9}{'memory':>10}")
    ours = measure(QUICK, text, minutes)
    show("quick", ours, ours)
    if importlib.util.find_spec("torch"):
        request = {"recipe": "quick", "text_path": str(text), "minutes": minutes, "random_seed": 1}
        plain = in_own_process("tests.benchmarks.torch_training", request)
        show("the same recipe with torch.nn.LSTM", plain, ours)
    else:
        print("torch is not installed: its row is missing.")
    # Its figures at the end take minutes more: it measures its own test windows too.
    show("the notebook's loop", measure(NOTEBOOK, text, minutes), ours)


def show(name: str, row: dict, ours: dict) -> None:
    results, speed = row["results"], row["characters_per_s"]
    print(
        f"{name:36}{speed:12,.0f}{speed / ours['characters_per_s']:8.2f}"
        f"{results['cold_loss_nats']:11.4f}{results['loss_nats']:9.4f}"
        f"{row['peak_memory_bytes'] / 1e9:7.2f} GB",
        flush=True,
    )


if __name__ == "__main__":
    main()
