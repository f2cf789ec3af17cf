"""How well `quick` learns texts of any kind and script, beside counting 4-grams in the same text.

python -m tests.benchmarks.scripts FILE … [--minutes 3] [--keep FOLDER]

The figures are those of the kept version, on the last tenth of each text, the state carried. A list
whose tail is unlike the rest is shuffled, as its visitor is advised to.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from charlstm.analysis.unlike_tail import tail_of
from charlstm.machine import cpu_name
from charlstm.runs.recipes import QUICK, Budget
from charlstm.runs.run import Run
from charlstm.runs.training_request import TrainingRequest
from charlstm.text.corpus import ReadingOptions, read_file


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("texts", nargs="+", metavar="FILE")
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--keep", metavar="FOLDER", help="where to leave the checkpoints")
    arguments = parser.parse_args()
    print(f"quick, {arguments.minutes:g} minutes each, by {cpu_name()}\n")
    print(
        f"{'text':<16}{'characters':>12}{'distinct':>10}{'units':>7}{'passes':>8}{'4-gram':>9}"
        f"{'network':>9}{'difference':>12}{'right':>8}",
        flush=True,
    )
    for path in map(Path, arguments.texts):
        _train(path, arguments.minutes, arguments.keep)


def _train(path: Path, minutes: float, keep: str | None) -> None:
    text = read_file(path)
    tail = tail_of(text.text)
    if tail.is_unlike and tail.is_list:
        text = read_file(path, options=ReadingOptions(shuffles_lines=True))
    budget = Budget(minutes=minutes)
    run = Run.create(TrainingRequest(recipe=QUICK, corpus=text, budget=budget, random_seed=1))
    run.start().wait()
    timeline = run.timeline()
    results, baselines = timeline.results, timeline.baselines
    if results is None or timeline.started is None:
        print(f"{path.stem:<16}did not finish: {timeline.status}")
        return
    if keep:
        Path(keep).mkdir(parents=True, exist_ok=True)
        (Path(keep) / f"{path.stem}.safetensors").write_bytes(run.paths.checkpoint.read_bytes())
    progress = timeline.latest
    units = run.config.recipe.lstm_units[0]
    difference = results.loss_nats - baselines.four_gram_loss_nats
    print(
        f"{path.stem:<16}{len(text.text):>12,}{len(set(text.text)):>10,}{units:>7}"
        f"{progress.epoch:>8.1f}{baselines.four_gram_loss_nats:>9.3f}{results.loss_nats:>9.3f}"
        f"{difference:>+12.3f}{results.accuracy:>8.1%}",
        flush=True,
    )


if __name__ == "__main__":
    main()
