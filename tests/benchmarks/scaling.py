"""How a training grows with the text and with the network's width.

python -m tests.benchmarks.scaling [--seconds 20] [--text FILE]

Trains `quick` for a few seconds each on 1, 2 and 5 MB of text (the given text, repeated: what it
learns does not matter here), then with LSTM layers of 256, 512 and 1024 units, and prints how long
the preparation took, characters a second, how long one pass through the text takes, and memory.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

from charlstm.runs.recipes import QUICK, Budget
from tests.benchmarks.measured_training import measure
from tests.benchmarks.training import text_path

MEGABYTES = (1, 2, 5)
WIDTHS = (256, 512, 1024)
FIXED = replace(QUICK, is_sized=False)


def row(label: str, answer: dict) -> str:
    speed = answer["characters_per_s"]
    return (
        f"{label:24}{answer['parameters']:12,}{answer['prepare_s']:11.1f} s{speed:11,.0f}"
        f"{0.9 * answer['characters'] / speed:10.1f} s{answer['peak_memory_bytes'] / 1e9:8.2f} GB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--text")
    arguments = parser.parse_args()
    text = text_path(arguments.text).read_text("utf-8")
    budget = Budget(minutes=arguments.seconds / 60)
    print(
        f"{'':24}{'parameters':>12}{'prepared in':>13}{'chars/s':>11}{'one pass':>12}{'memory':>11}"
    )
    with tempfile.TemporaryDirectory() as folder:
        for megabytes in MEGABYTES:
            path = Path(folder) / f"{megabytes}.txt"
            path.write_text((text * (1 + megabytes * 10**6 // len(text)))[: megabytes * 10**6])
            print(row(f"{megabytes} MB of text", measure(FIXED, path, budget)), flush=True)
        for units in WIDTHS:
            recipe = replace(FIXED, lstm_units=(units,))
            path = Path(folder) / "1.txt"
            print(row(f"{units} units, 1 MB", measure(recipe, path, budget)), flush=True)


if __name__ == "__main__":
    main()
