"""Compares random initial weights with those from counts, after the same number of characters.

python -m tests.benchmarks.initial_weights FILE … [--units 256] [--characters 3e5 1e6]

Trains the recipe `quick` twice on each text (training/initial_weights.py), with the dropout that
`quick` chooses for so many epochs, and prints the cold losses on the last tenth of the training
part: the held-out part is not read. The losses do not depend on the speed of the machine.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from dataclasses import replace
from pathlib import Path

from charlstm.runs.recipes import QUICK, Budget
from charlstm.runs.sizing import dropout_for
from charlstm.text.corpus import read_file
from charlstm.text.split import split
from tests.benchmarks.measured_training import measure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("texts", nargs="+", metavar="FILE")
    parser.add_argument("--units", type=int, default=256)
    parser.add_argument("--characters", type=float, nargs="+", default=[3e5, 1e6])
    arguments = parser.parse_args()
    print(f"{'text':<20}{'distinct':>9}{'read':>12}{'random':>9}{'counts':>9}{'gain':>9}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "training-part.txt"
        for text in map(Path, arguments.texts):
            part, _ = split(read_file(text).text)
            path.write_text(part, "utf-8")
            for characters in arguments.characters:
                budget = Budget(epochs=characters / len(split(part)[0]))
                random, counted = (
                    _loss(path, arguments.units, budget, is_counted) for is_counted in (False, True)
                )
                print(
                    f"{text.stem:<20}{len(set(part)):9,}{characters:12,.0f}{random:9.3f}"
                    f"{counted:9.3f}{random - counted:9.3f}",
                    flush=True,
                )


def _loss(path: Path, units: int, budget: Budget, is_counted: bool) -> float:
    recipe = replace(
        QUICK,
        lstm_units=(units,),
        dropout=dropout_for(budget.amount),
        is_sized=False,
        max_epochs_from_counts=math.inf if is_counted else 0,
    )
    return measure(recipe, path, budget)["results"]["cold_loss_nats"]


if __name__ == "__main__":
    main()
