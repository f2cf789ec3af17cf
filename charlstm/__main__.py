"""The command line: python -m charlstm train | evaluate | generate | info."""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
from pathlib import Path

from charlstm.arguments import build_parser
from charlstm.checkpoint import Checkpoint, load_checkpoint
from charlstm.errors import CharLSTMError
from charlstm.recipes import Budget, find_recipe

LEAKY = (
    "This model was trained on a random split of overlapping windows, so it has seen this text: "
    "its figures here are too good."
)


def say(message: str) -> None:
    """Progress and notices go to standard error; standard output is for results."""
    print(message, file=sys.stderr, flush=True)


# train


def train_command(arguments: argparse.Namespace) -> int:
    from charlstm.progress import TrainingBar
    from charlstm.training import train

    out = Path(arguments.out) if arguments.out else None
    if out is not None and (out.is_dir() or not out.absolute().parent.is_dir()):
        raise CharLSTMError(f"--out {out} is no file in an existing folder: make the folder first.")
    run = _run_to_train(arguments)
    say(f"Run folder: {run.folder}")
    for notice in run.config["corpus"].get("notices", []):
        say(notice)
    _stop_on_signals(run)
    with TrainingBar() as bar:
        ending = train(run, bar.tell)
    if ending["event"] == "failed":
        say(ending["message"])
        return 1
    if ending["event"] == "stopped":
        say(f"Stopped. Go on with: python -m charlstm train --resume {run.folder}")
    checkpoint = run.checkpoint_path
    if out is not None:
        checkpoint = _copy(checkpoint, out)
    trained = load_checkpoint(checkpoint)
    figures = trained.training["results"]
    if figures:
        if not trained.training["carries_state"]:
            say(LEAKY)
        _print_figures(figures)
    say(f"Checkpoint: {checkpoint}")
    if arguments.json:
        started = trained.training["started"]
        _print_json(
            {
                **figures,
                "parameters": trained.architecture.parameters(),
                "status": ending["event"],
                "checkpoint": str(checkpoint),
                "run": str(run.folder),
                "train_s": trained.training["train_s"],
                "device": started["device"],
                "backend": started["backend"],
                "backend_version": started["backend_version"],
            }
        )
    return 0


def _copy(checkpoint: Path, out: Path) -> Path:
    """Replace `out` at one go: a page may be showing it."""
    temporary = out.with_name(f"{out.name}.part")
    try:
        shutil.copyfile(checkpoint, temporary)
        os.replace(temporary, out)
    except OSError as error:
        raise CharLSTMError(
            f"The checkpoint could not be copied to {out} ({error.strerror}): it is {checkpoint}."
        ) from error
    return out


def _run_to_train(arguments: argparse.Namespace):
    from charlstm.runs import Run

    budget = None
    if arguments.minutes is not None or arguments.epochs is not None:
        budget = Budget(minutes=arguments.minutes, epochs=arguments.epochs)
    chosen = [
        f"--{name.replace('_', '-')}"
        for name in ("corpus", "text", "style", "recipe", "random_seed")
        if getattr(arguments, name) is not None
    ]
    if arguments.resume:
        if chosen or arguments.run:
            raise CharLSTMError(
                f"--resume goes on with what the run folder says, so {(chosen or ['--run'])[0]} "
                "cannot be given with it; only --minutes or --epochs can."
            )
        run = Run(arguments.resume)
        _check_can_go_on(run, budget or run.budget)
        if budget is not None:
            run.set_budget(budget)
        if not run.is_alive():  # else the page has just started this process, and may stop it
            run.stop_path.unlink(missing_ok=True)
        return run
    if arguments.run:
        run = Run(arguments.run)
        if run.config_path.exists() and not chosen and budget is None and not run.events():
            return run  # prepared by somebody else, such as the page
        run.check_new()  # before a text is downloaded for nothing
    if arguments.text and arguments.corpus:
        raise CharLSTMError("Give either --text or --corpus, not both.")
    recipe = find_recipe(arguments.recipe or "quick")
    random_seed = arguments.random_seed
    if random_seed is None:
        random_seed = random.SystemRandom().randrange(2**31)
    return Run.create(
        recipe=recipe,
        corpus=_corpus(arguments),
        budget=budget or recipe.budget,
        random_seed=random_seed,
        folder=arguments.run,
    )


def _check_can_go_on(run, budget: Budget) -> None:
    from charlstm.timeline import read_timeline

    run.check_free()
    ending = read_timeline(run).ending
    used = ending.get("elapsed_s", 0) / 60 if budget.minutes else ending.get("epoch", 0)
    if ending.get("event") == "finished" and used > 0.999 * (budget.minutes or budget.epochs):
        raise CharLSTMError(
            "This training has used its whole budget. Give it a larger one to go on: --minutes "
            "or --epochs with a number above what it had."
        )


def _corpus(arguments: argparse.Namespace):
    from charlstm import corpus
    from charlstm.progress import DownloadBar

    style = arguments.style or "verse"
    if arguments.text:
        return corpus.read_file(arguments.text, style)
    if arguments.corpus == "practice-text":
        return corpus.practice_text(style)
    with DownloadBar() as bar:
        return corpus.tiny_shakespeare(style, bar.show)


def _stop_on_signals(run) -> None:
    """The first Ctrl-C stops and keeps the model; the second one ends at once."""

    def stop(signal_number, frame):
        run.stop()
        say("Stopping after this step. Press Ctrl-C again to end at once.")
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)


# evaluate


def evaluate_command(arguments: argparse.Namespace) -> int:
    from charlstm.dataset import split
    from charlstm.evaluation import evaluate
    from charlstm.progress import ShareBar

    checkpoint = load_checkpoint(arguments.checkpoint)
    text, notices = _text_to_evaluate(checkpoint, arguments)
    ids, unknown = checkpoint.vocabulary.encode_known(text)
    if unknown:
        skipped = len(text) - len(ids)
        notices.append(f"{skipped:,} characters that the network does not know were left out.")
    _, held_out = split(ids)
    if len(held_out) < 2:
        raise CharLSTMError(
            f"Of this text the network knows {len(ids)} characters: too few to measure anything. "
            "Use a text in the script it was trained on."
        )
    if not checkpoint.training.get("carries_state", True):
        notices.append(LEAKY)
    for notice in notices:
        say(notice)
    with ShareBar("Measuring") as bar:
        figures = evaluate(checkpoint.network, held_out, bar.show).as_dict()
    _print_figures(figures)
    if arguments.json:
        _print_json({**figures, "notices": notices})
    return 0


def _text_to_evaluate(checkpoint: Checkpoint, arguments) -> tuple[str, list[str]]:
    """The text whose last tenth is measured: the one given, or the one the model learned from."""
    import hashlib

    from charlstm import corpus
    from charlstm.progress import DownloadBar

    trained_on = checkpoint.training.get("corpus")
    trained_on = trained_on if isinstance(trained_on, dict) else {}
    style = trained_on.get("style") if trained_on.get("style") in corpus.STYLES else "verse"
    if arguments.text:
        given = corpus.read_file(arguments.text, style)
        return given.text, list(given.notices)
    beside = Path(arguments.checkpoint).parent / "corpus.txt"
    if beside.is_file():
        data = beside.read_bytes()
        if hashlib.sha256(data).hexdigest() == trained_on.get("sha256"):
            return data.decode(), []
    name = trained_on.get("name")
    if name == "practice-text":
        return corpus.practice_text(style).text, []
    if name == "tiny-shakespeare":
        with DownloadBar() as bar:
            return corpus.tiny_shakespeare(style, bar.show).text, []
    raise CharLSTMError(
        f"This model was trained on {str(name)[:80]!r}, a text that is not here: give it, or "
        "another one, with --text FILE."
    )


# generate


def generate_command(arguments: argparse.Namespace) -> int:
    from threadpoolctl import threadpool_limits

    from charlstm.sampling import Sampling
    from charlstm.writing import name_unknown, read_seed_text, write

    checkpoint = load_checkpoint(arguments.checkpoint)
    random_seed = arguments.random_seed
    if random_seed is None:
        random_seed = random.SystemRandom().randrange(10**6)
        say(f"Random seed: {random_seed}")
    seed_text = arguments.seed_text
    unknown = name_unknown(read_seed_text(checkpoint.vocabulary, seed_text).unknown)
    if unknown:
        say(unknown)
    sampling = Sampling(
        temperature=arguments.temperature, top_k=arguments.top_k, top_p=arguments.top_p
    )
    sys.stdout.write(seed_text)
    pieces = write(
        checkpoint,
        seed_text,
        length=arguments.length,
        sampling=sampling,
        random_seed=random_seed,
    )
    # One thread: for a single text several only wait for each other where the machine is busy.
    with threadpool_limits(limits=1, user_api="blas"):
        for place, piece in enumerate(pieces):
            sys.stdout.write(piece)
            if place % 50 == 0:
                sys.stdout.flush()
    print(flush=True)
    return 0


# info


def info_command(arguments: argparse.Namespace) -> int:
    checkpoint = load_checkpoint(arguments.checkpoint)
    architecture = checkpoint.architecture
    layers = " + ".join(map(str, architecture.lstm_units))
    sizes = f"LSTM {layers}, embedding {architecture.embedding_units}"
    facts = {
        "format": "charlstm/1",
        "parameters": architecture.parameters(),
        "embedding_units": architecture.embedding_units,
        "lstm_units": list(architecture.lstm_units),
        "vocabulary_size": architecture.vocabulary_size,
        "vocabulary": checkpoint.vocabulary.characters,
        "training": checkpoint.training,
        "samples": len(checkpoint.samples),
        "cells": len(checkpoint.cells),
        "file_bytes": os.path.getsize(arguments.checkpoint),
    }
    if arguments.json:
        _print_json(facts)
        return 0
    print(f"{facts['parameters']:,} parameters: {sizes}")
    print(f"{architecture.vocabulary_size} characters: {checkpoint.vocabulary.characters!r}")
    for name, value in checkpoint.training.items():
        print(f"{name}: {json.dumps(value, ensure_ascii=False)}")
    return 0


def _print_figures(figures: dict) -> None:
    say(
        f"Loss {figures['loss_nats']:.4f} nats ({figures['cold_loss_nats']:.4f} from a cold "
        f"start), {figures['bits_per_char']:.3f} bits a character, perplexity "
        f"{figures['perplexity']:.2f}, "
        f"{100 * figures['accuracy']:.1f} % of {figures['characters']:,} characters guessed right."
    )


def _print_json(record: dict) -> None:
    print(json.dumps(record, ensure_ascii=False), flush=True)


COMMANDS = {
    "train": train_command,
    "evaluate": evaluate_command,
    "generate": generate_command,
    "info": info_command,
}


def main(argv: list[str] | None = None) -> int:
    # What a terminal cannot show must not end a command.
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        arguments = build_parser().parse_args(argv)
        return COMMANDS[arguments.command](arguments)
    except CharLSTMError as error:
        say(str(error))
        return 2
    except KeyboardInterrupt:
        say("Ended.")
        return 130
    except BrokenPipeError:  # whoever read the output has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
