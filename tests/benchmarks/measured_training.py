"""One training in a process of its own, with the memory it took: what the benchmarks compare."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from charlstm.runs.recipes import Budget, Recipe
from tests.tiny_runs import create_run, records, train_records


def measure(recipe: Recipe, text_path: Path, budget: Budget, *, random_seed: int = 1) -> dict:
    """Train and return the last event's details, characters a second and peak memory in bytes."""
    request = {
        "recipe": asdict(recipe),
        "text_path": str(text_path),
        "budget": asdict(budget),
        "random_seed": random_seed,
    }
    return in_own_process("tests.benchmarks.measured_training", request)


def in_own_process(module: str, request: dict) -> dict:
    """Run a module with a request on standard input; its last line is the answer, in JSON.

    Adds `peak_memory_bytes` and `whole_s`, the time from start to end of the process.
    """
    began_s = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    process.stdin.write(json.dumps(request))
    process.stdin.close()
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{module} ended with code {process.returncode}: {output[-2000:]}")
    answer = json.loads(output.splitlines()[-1])
    return {
        **answer,
        "peak_memory_bytes": usage.ru_maxrss * 1024,  # Linux tells it in KiB
        "whole_s": time.monotonic() - began_s,
    }


def _train(request: dict) -> dict:
    from charlstm.runs.recipes import RECIPES
    from charlstm.text.corpus import read_file

    fields = request["recipe"]
    fields["lstm_units"] = tuple(fields["lstm_units"])
    fields["budget"] = Budget(**fields["budget"])
    recipe = RECIPES[fields["name"]] = Recipe(**fields)
    with tempfile.TemporaryDirectory() as folder:
        run = create_run(
            recipe=recipe,
            corpus=read_file(request["text_path"], "verse"),
            budget=Budget(**request["budget"]),
            random_seed=request["random_seed"],
            folder=Path(folder) / "run",
        )
        last = train_records(run)
        if last["event"] != "finished":
            raise SystemExit(f"the training ended so: {last}")
        run_recipe = run.config.recipe
        started = next(event for event in records(run) if event["event"] == "started")
    characters = last["step"] * recipe.lanes
    characters *= recipe.window if recipe.predicts_every_position else 1
    return {
        **last,
        "parameters": started["parameters"],
        "device": started["device"],
        "lstm_units": list(run_recipe.lstm_units),
        "characters": started["characters"],
        "characters_per_s": characters / last["elapsed_s"],
    }


if __name__ == "__main__":
    print(json.dumps(_train(json.load(sys.stdin))))
