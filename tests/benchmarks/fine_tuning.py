"""What a training gains by starting from the bundled model instead of from scratch.

python -m tests.benchmarks.fine_tuning [TEXT_FILE]

Without a file the text is some 50,000 characters of what Python's standard library says about
itself: another style than Shakespeare's, and a third more characters.
"""

import ast
import random
import sys
import sysconfig
import tempfile
from pathlib import Path

from charlstm.home import shipped_folder
from charlstm.runs.fine_tuning import BUDGET
from charlstm.runs.recipes import QUICK, Budget
from charlstm.runs.source_model import SourceModel
from charlstm.text.corpus import Corpus, paste, read_file
from tests.tiny_runs import create_run, train_records

CHARACTERS = 50_000
SHORTEST = 250  # characters of a docstring that is prose
PASSES = (4, 8, 16, 32)


def library_prose() -> Corpus:
    """Docstrings without examples, in an order that mixes the modules."""
    found = []
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
                text = ast.get_docstring(node) or ""
                if len(text) > SHORTEST and ">>>" not in text:
                    found.append(text)
    random.Random(0).shuffle(found)
    return paste("\n\n".join(found)[:CHARACTERS])


def measure(corpus: Corpus, budget: Budget, from_model: bool) -> str:
    start = None
    if from_model:
        start = SourceModel.read(shipped_folder() / "tiny-shakespeare.safetensors")
    with tempfile.TemporaryDirectory() as folder:
        run = create_run(
            recipe=QUICK,
            corpus=corpus,
            budget=budget,
            random_seed=1,
            folder=Path(folder) / "run",
            source=start,
        )
        ending = train_records(run)
    if ending["event"] != "finished":
        sys.exit(ending["message"])
    results = ending["results"]
    return (
        f"{ending['epoch']:8.1f}{ending['elapsed_s']:10.0f}{results['loss_nats']:12.3f}"
        f"{100 * results['accuracy']:12.1f}"
    )


def main(text_path: str | None = None) -> None:
    corpus = library_prose() if text_path is None else read_file(text_path)
    print(f"{len(corpus.text):,} characters, {len(set(corpus.text))} distinct\n")
    print(f"{'':24}{'passes':>8}{'seconds':>10}{'loss, nats':>12}{'right, %':>12}")
    print(f"{'from the shipped model':24}{measure(corpus, BUDGET, True)}", flush=True)
    for passes in PASSES:
        row = measure(corpus, Budget(epochs=passes), False)
        print(f"{'from scratch':24}{row}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 2 or sys.argv[1:] in (["-h"], ["--help"]):
        sys.exit(__doc__)
    main(*sys.argv[1:])
