"""The command line's arguments: their parser, their ranges, and its error messages."""

from __future__ import annotations

import argparse
import math

from charlstm.errors import CharLSTMError
from charlstm.runs.recipes import RECIPES
from charlstm.text.decoding import LABELS
from charlstm.writing.request import UNLIMITED


class OneSentenceParser(argparse.ArgumentParser):
    """Raises CharLSTMError with one sentence, where argparse would print the usage and exit."""

    def error(self, message):
        advice = ""
        if "expected one argument" in message:
            advice = ": a value that begins with a dash needs an equals sign, --option=VALUE"
        raise CharLSTMError(f"{message[:1].upper()}{message[1:]}{advice} (see {self.prog} --help).")


def positive(text: str) -> float:
    """Parse a finite number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"got {text!r}, expected a number above 0")
    return number


def whole_number(lowest: int, highest: int):
    """A parser of whole numbers from `lowest` to `highest`, both included."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = None
        if number is None or not lowest <= number <= highest:
            raise argparse.ArgumentTypeError(
                f"got {text!r}, expected a whole number from {lowest} to {highest}"
            )
        return number

    return parse


def number_in(lowest: float, highest: float):
    """A parser of numbers from `lowest` to `highest`, both included."""

    def parse(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not lowest <= number <= highest:
            raise argparse.ArgumentTypeError(
                f"got {text!r}, expected a number from {lowest} to {highest}"
            )
        return number

    return parse


def _add_reading(command: argparse.ArgumentParser) -> None:
    """How the files of --text are read."""
    command.add_argument(
        "--encoding",
        choices=list(LABELS),
        metavar="NAME",
        help=f"of what is not UTF-8, where the guess is wrong: {', '.join(LABELS)}",
    )
    command.add_argument(
        "--keep-markup",
        action="store_true",
        default=None,
        help="keep the tags of web pages and the times of subtitles and chats",
    )
    command.add_argument(
        "--shuffle-lines", action="store_true", default=None, help="for a sorted list"
    )


def build_parser() -> argparse.ArgumentParser:
    parser = OneSentenceParser(
        prog="python -m charlstm", description="Character-level LSTMs: watch them learn to write."
    )
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="train | evaluate | generate | info | pull | push"
    )

    train = commands.add_parser("train", help="train a network")
    train.add_argument("--corpus", choices=["tiny-shakespeare", "practice-text"])
    train.add_argument(
        "--text", metavar="FILE", nargs="+", help="text files of your own; - is standard input"
    )
    _add_reading(train)
    train.add_argument("--from", metavar="CHECKPOINT", help="a model to start from (fine-tuning)")
    train.add_argument(
        "--teachers",
        nargs="+",
        metavar="CHECKPOINT",
        help="models of the same text to learn from beside it (knowledge distillation)",
    )
    train.add_argument("--style", choices=["verse", "prose"], help="keep line breaks, or not")
    train.add_argument("--recipe", choices=list(RECIPES), help="default: quick")
    train.add_argument("--minutes", type=positive, help="budget, from the first step on")
    train.add_argument("--epochs", type=positive, help="budget in epochs: times through the text")
    train.add_argument("--random-seed", type=whole_number(0, 2**32 - 1))
    train.add_argument("--out", metavar="FILE", help="where to put a copy of the checkpoint")
    train.add_argument("--run", metavar="DIR", help="the run folder to make")
    train.add_argument("--resume", metavar="DIR", help="the run folder to go on with")
    train.add_argument("--json", action="store_true", help="end with one JSON object")

    evaluate = commands.add_parser("evaluate", help="measure a network beside n-gram counts")
    evaluate.add_argument("checkpoint")
    evaluate.add_argument(
        "--text",
        metavar="FILE",
        nargs="+",
        help="another text: its last tenth is measured; - is standard input",
    )
    _add_reading(evaluate)
    evaluate.add_argument("--json", action="store_true", help="end with one JSON object")

    generate = commands.add_parser("generate", help="write on after a seed text")
    generate.add_argument("checkpoint")
    generate.add_argument("--seed-text", metavar="TEXT", help="what the text begins with")
    generate.add_argument("--seed-file", metavar="FILE", help="the same; - is standard input")
    generate.add_argument("--length", type=whole_number(*UNLIMITED.lengths), default=500)
    generate.add_argument("--temperature", type=number_in(*UNLIMITED.temperatures), default=0.8)
    generate.add_argument("--top-k", type=whole_number(1, 1000))
    generate.add_argument("--top-p", type=number_in(0.001, 1))
    generate.add_argument("--random-seed", type=whole_number(*UNLIMITED.random_seeds))

    info = commands.add_parser("info", help="show what is in a checkpoint, or how texts are read")
    info.add_argument(
        "files",
        metavar="CHECKPOINT | TEXT",
        nargs="+",
        help="one checkpoint, or texts, which are read as one",
    )
    _add_reading(info)
    info.add_argument("--json", action="store_true", help="end with one JSON object")

    pull = commands.add_parser("pull", help="get a checkpoint from the Hugging Face Hub")
    pull.add_argument("name", metavar="OWNER/NAME")
    pull.add_argument("--out", metavar="FILE", help="where to put it; default: NAME.safetensors")

    push = commands.add_parser("push", help="put a checkpoint on the Hugging Face Hub")
    push.add_argument("checkpoint")
    push.add_argument("name", metavar="OWNER/NAME")
    push.add_argument("--public", action="store_true", help="let everybody see it")
    return parser
