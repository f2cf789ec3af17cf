"""What the recipes learn on a GPU in the same time, by each framework that is installed.

python -m tests.benchmarks.gpu [--recipe quick] [--minutes 0.5] [--text FILE]

Compares the Keras network on TensorFlow, JAX and torch with the same recipe written plainly with
`torch.nn.LSTM`, one after the other on the same GPU. `cuDNN` says whether the network's layers are
computed by that library's LSTM. Loss and accuracy of the recipe `notebook` are those of its own
random split.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
from dataclasses import replace

from charlstm.backend import BACKENDS
from charlstm.runs.recipes import Budget, find_recipe
from tests.benchmarks.measured_training import in_own_process, measure
from tests.benchmarks.training import text_path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", default="quick")
    parser.add_argument("--minutes", type=float, default=0.5)
    parser.add_argument("--text")
    parser.add_argument("--frameworks", nargs="*", default=BACKENDS)
    arguments = parser.parse_args()
    recipe = replace(find_recipe(arguments.recipe), is_sized=False)
    text, budget = text_path(arguments.text), Budget(minutes=arguments.minutes)
    print(f"{recipe.name}, {arguments.minutes:g} minutes each, on {text.name}\n")
    print(
        f"{'':24}{'cuDNN':>7}{'steps/s':>9}{'targets/s':>12}{'cold loss':>11}{'carried':>9}  device"
    )
    for framework in arguments.frameworks:
        if importlib.util.find_spec(framework):
            os.environ["KERAS_BACKEND"] = framework
            layers = in_own_process("tests.benchmarks.cudnn", {"recipe": recipe.name})
            show(f"Keras on {framework}", layers, measure(recipe, text, budget))
    if importlib.util.find_spec("torch") and recipe.predicts_every_position:
        request = {
            "recipe": recipe.name,
            "text_path": str(text),
            "minutes": arguments.minutes,
            "random_seed": 1,
        }
        row = in_own_process("tests.benchmarks.torch_training", request)
        show("torch.nn.LSTM", {"cudnn": None}, row)


def show(name: str, layers: dict, row: dict) -> None:
    results = row["results"]
    cudnn = {None: "", True: "yes", False: "no"}[layers["cudnn"]]
    print(
        f"{name:24}{cudnn:>7}{row['step'] / row['elapsed_s']:9.0f}{row['characters_per_s']:12,.0f}"
        f"{results['cold_loss_nats']:11.4f}{results['loss_nats']:9.4f}  {row['device']}",
        flush=True,
    )
    if split := results.get("random_split"):
        print(f"{'':24}random split: {split['loss_nats']:.4f}, accuracy {split['accuracy']:.4f}")


if __name__ == "__main__":
    main()
