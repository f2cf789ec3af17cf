"""What networks of several widths learn from a number of characters.

python -m tests.benchmarks.sizes [--units 192 256 384 512] [--characters 1e6 4e6] [--text FILE]

Trains the recipe `quick` and prints the cold loss on the last tenth of the training part: the
held-out part is not read. runs/sizing.py chooses by these losses. They do not depend on the speed
of the machine; the seconds do.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

from charlstm.runs.recipes import QUICK, Budget
from charlstm.runs.sizing import CHARACTERS, LOSSES
from charlstm.text.split import split
from tests.benchmarks.measured_training import measure
from tests.benchmarks.training import text_path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--units", type=int, nargs="+", default=list(LOSSES))
    parser.add_argument("--characters", type=float, nargs="+", default=CHARACTERS)
    parser.add_argument("--dropout", type=float, nargs="+", default=[QUICK.dropout])
    parser.add_argument("--text")
    arguments = parser.parse_args()
    training_part, _ = split(text_path(arguments.text).read_text("utf-8"))
    print(f"{'characters':>12}{'units':>8}{'dropout':>9}{'cold loss':>11}{'seconds':>9}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "training-part.txt"
        path.write_text(training_part, "utf-8")
        epoch = len(split(training_part)[0])
        for characters in arguments.characters:
            for units in arguments.units:
                for dropout in arguments.dropout:
                    recipe = replace(QUICK, lstm_units=(units,), dropout=dropout, is_sized=False)
                    row = measure(recipe, path, Budget(epochs=characters / epoch))
                    loss = row["results"]["cold_loss_nats"]
                    print(
                        f"{characters:12,.0f}{units:8}{dropout:9}{loss:11.3f}"
                        f"{row['elapsed_s']:9.0f}",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
