"""The commands: train, evaluate, generate, info, pull and push. Each returns its exit code."""

from __future__ import annotations

import argparse
import io
import os
import random
import re
import signal
import sys
from dataclasses import replace
from pathlib import Path

from charlstm.analysis.baselines import NOTICES, Comparison, compare, measured_on
from charlstm.analysis.evaluation import bits_per_char, perplexity
from charlstm.backend import check_can_train
from charlstm.command_line.arguments import build_parser
from charlstm.command_line.information import info_command
from charlstm.command_line.output import print_json, say
from charlstm.errors import CharLSTMError
from charlstm.files import reason_of, refusal_in_words, replace_file
from charlstm.network.checkpoint import Checkpoint, load_checkpoint
from charlstm.network.training_record import BaselineFigures, Results
from charlstm.runs.advice import FLATTERED, advice_for
from charlstm.runs.run import Run

MOST_UNKNOWN = 0.5  # of a text's characters, for figures on the rest to say something


# train


def train_command(arguments: argparse.Namespace) -> int:
    from charlstm.command_line.preparation import prepare_run
    from charlstm.command_line.progress import TrainingBar
    from charlstm.runs.events import Event, Failed, Started, Stopped
    from charlstm.runs.fastest_way import FIRST_TIME, will_measure
    from charlstm.training.train import train

    out = Path(arguments.out) if arguments.out else None
    if out is not None and (out.is_dir() or not out.absolute().parent.is_dir()):
        raise CharLSTMError(
            f"--out {out} is not a file in an existing folder: make the folder first."
        )
    check_can_train()
    run = prepare_run(arguments)
    say(f"Run folder: {run.folder}")
    said = run.config.notices
    for notice in said:
        say(notice)
    if will_measure(run.config.candidates):
        say(FIRST_TIME)
    _stop_on_signals(run)
    with TrainingBar() as bar:

        def follow(event: Event) -> None:
            if isinstance(event, Started):  # something may have been chosen since
                for notice in run.config.notices:
                    if notice not in said:
                        bar.write(notice)
            bar.follow(event)

        ending = train(run, follow)
    if isinstance(ending, Failed):
        say(ending.message)
        return 1
    if isinstance(ending, Stopped):
        say(f"Stopped. Continue with: python -m charlstm train --resume {run.folder}")
    checkpoint = run.paths.checkpoint
    if out is not None:
        checkpoint = _copy(checkpoint, out)
    trained = load_checkpoint(checkpoint)
    timeline = run.timeline()
    results = timeline.results
    if results is not None:
        on = measured_on(trained.training)
        if on in NOTICES:
            say(NOTICES[on])
        say(_figures_text(compare(results, timeline.baselines, on), results))
    for sentence in advice_for(timeline, from_model=run.config.source is not None):
        say(sentence)
    say(f"Checkpoint: {checkpoint}")
    if arguments.json:
        print_json(_training_json(run, trained, checkpoint, ending.kind))
    return 0


def _training_json(run: Run, trained: Checkpoint, checkpoint: Path, status: str) -> dict:
    """The object that `train --json` prints."""
    training = trained.training
    started, baselines = training.started, training.started.baselines
    return {
        **({} if training.results is None else training.results.to_json()),
        "four_gram_loss_nats": baselines.four_gram_loss_nats,
        "four_gram_accuracy": baselines.four_gram_accuracy,
        "blind_loss_nats": baselines.blind_loss_nats,
        "parameters": trained.architecture.parameters(),
        "status": status,
        "checkpoint": str(checkpoint),
        "run": str(run.folder),
        "train_s": training.train_s,
        "characters_per_s": round((training.characters_seen or 0) / (training.train_s or 1)),
        "device": started.device,
        "backend": started.backend,
        "backend_version": started.backend_version,
    }


def _copy(checkpoint: Path, out: Path) -> Path:
    """Replace `out` atomically, because a page may be reading it."""
    try:
        replace_file(out, checkpoint.read_bytes())
    except OSError as error:
        raise CharLSTMError(
            f"The checkpoint could not be copied to {out} ({reason_of(error)}): it is {checkpoint}."
        ) from error
    return out


def _stop_on_signals(run: Run) -> None:
    """Let the first Ctrl-C stop the training and keep the model, and the second end it at once."""

    def stop(signal_number, frame):
        run.stop()
        say("Stopping after this step. Press Ctrl-C again to end at once.")
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)


# evaluate


def evaluate_command(arguments: argparse.Namespace) -> int:
    from charlstm.analysis.baselines import measure_baselines
    from charlstm.analysis.evaluation import evaluate
    from charlstm.analysis.training_text import is_training_text
    from charlstm.command_line.progress import ShareBar
    from charlstm.text.split import split

    checkpoint = load_checkpoint(arguments.checkpoint)
    training = checkpoint.training
    text, notices = _text_to_evaluate(checkpoint, arguments)
    ids, unknown = checkpoint.vocabulary.encode_known(text)
    if unknown:
        skipped = len(text) - len(ids)
        if skipped > MOST_UNKNOWN * len(text):
            raise CharLSTMError(
                f"The network does not know {skipped:,} of the {len(text):,} characters of this "
                "text, so figures on the rest would say nothing: use a text in the script and the "
                "signs it was trained on."
            )
        notices.append(f"{skipped:,} characters that the network does not know were left out.")
    training_part, held_out = split(ids)
    if len(held_out) < 2:
        raise CharLSTMError(
            f"Of this text the network knows {len(ids)} characters: too few to measure anything. "
            "Use a text in the script it was trained on."
        )
    on = measured_on(training) if is_training_text(text, training) else "other"
    if on in NOTICES:
        notices.append(NOTICES[on])
    if on != "other" and training.kept_version is not None:
        notices.append(f"This is the best version of a training. {FLATTERED}")
    for notice in notices:
        say(notice)
    baselines = measure_baselines(training_part, held_out, len(checkpoint.vocabulary))
    with ShareBar("Measuring") as bar:
        results = evaluate(checkpoint.network, held_out, bar.show).results
    figures = _figures_text(compare(results, baselines, on), results)
    if arguments.json:
        say(figures)
        print_json(
            {
                **results.to_json(),
                **_baselines_json(baselines),
                "measured_on": on,
                "notices": notices,
            }
        )
    else:
        print(figures, flush=True)
    return 0


def _baselines_json(baselines: BaselineFigures) -> dict[str, float | None]:
    """The baselines' part of the object that `evaluate --json` prints."""
    loss = baselines.four_gram_loss_nats
    return {
        "four_gram_loss_nats": loss,
        "four_gram_bits_per_char": None if loss is None else bits_per_char(loss),
        "four_gram_perplexity": None if loss is None else perplexity(loss),
        "four_gram_accuracy": baselines.four_gram_accuracy,
        "blind_loss_nats": baselines.blind_loss_nats,
    }


def _text_to_evaluate(
    checkpoint: Checkpoint, arguments: argparse.Namespace
) -> tuple[str, list[str]]:
    """The text to evaluate on, and notices about it: the given text, or else the model's own.

    The last tenth of it is measured.

    Raises:
        CharLSTMError: the given text cannot be read, or the model's own is not on this machine.
    """
    from charlstm.analysis.training_text import recorded_style, text_at_hand
    from charlstm.command_line.preparation import read_texts
    from charlstm.command_line.progress import DownloadBar
    from charlstm.text import corpus

    training = checkpoint.training
    name, style = training.text.name or "", recorded_style(training)
    if arguments.text:
        given = read_texts(arguments.text, style, arguments)
        return given.text, list(given.notices)
    text = text_at_hand(training, Path(arguments.checkpoint).parent)
    if text is None and name == "tiny-shakespeare":
        with DownloadBar() as bar:
            text = corpus.tiny_shakespeare(style, bar.show).text
    if text is None:
        raise CharLSTMError(
            f"This model was trained on {name[:80]!r}, a text that is not here: give it, or "
            "another one, with --text FILE."
        )
    return text, []


# generate


def generate_command(arguments: argparse.Namespace) -> int:
    from threadpoolctl import threadpool_limits

    from charlstm.analysis.copying import TrainingText, describe_copy
    from charlstm.analysis.training_text import part_learned_from, text_at_hand
    from charlstm.writing.request import UNLIMITED, TextRequest
    from charlstm.writing.single_text import read_seed_text, write

    checkpoint = load_checkpoint(arguments.checkpoint)
    seed_text = _seed_text(arguments)
    random_seed = arguments.random_seed
    if random_seed is None:
        random_seed = random.SystemRandom().randrange(10**6)
        say(f"Random seed: {random_seed}")
    request = TextRequest.check(
        arguments.checkpoint,
        seed_text,
        arguments.temperature,
        arguments.length,
        random_seed,
        UNLIMITED,
    )
    remark = read_seed_text(checkpoint.vocabulary, request.seed_text).remark
    if remark:
        say(remark)
    sys.stdout.write(request.seed_text)
    pieces = write(
        checkpoint,
        request.seed_text,
        length=request.length,
        sampling=replace(request.sampling, top_k=arguments.top_k, top_p=arguments.top_p),
        random_seed=request.random_seed,
    )
    written = []
    # For a single text, several BLAS threads only wait for each other on a busy machine.
    with threadpool_limits(limits=1, user_api="blas"):
        for index, piece in enumerate(pieces):
            sys.stdout.write(piece)
            written.append(piece)
            if index % 50 == 0:
                sys.stdout.flush()
    print(flush=True)
    text = text_at_hand(checkpoint.training, Path(arguments.checkpoint).parent)
    if text is not None:
        learned = TrainingText(part_learned_from(text, checkpoint.training))
        fine_tuned = checkpoint.training.source is not None
        say(describe_copy(learned.longest_copy("".join(written)), fine_tuned=fine_tuned))
    return 0


def _seed_text(arguments: argparse.Namespace) -> str:
    """What the text begins with.

    Raises:
        CharLSTMError: it was given twice, or its file cannot be read.
    """
    from charlstm.text.corpus import bytes_of
    from charlstm.text.decoding import decode
    from charlstm.text.normalizing import normalize
    from charlstm.writing.request import UNLIMITED

    given = arguments.seed_text
    if arguments.seed_file is None:
        if given is not None and re.search(r"\\[nt]", given):
            say(
                "The seed text has a backslash, which is read as it stands: for a line break use "
                "--seed-file, or quotes of your shell such as $'…'."
            )
        return given or ""
    if given is not None:
        raise CharLSTMError("--seed-text and --seed-file were both given: give one of them.")
    data = bytes_of(arguments.seed_file, 4 * UNLIMITED.seed_characters)
    decoded = decode(data, arguments.seed_file)
    text, notices = normalize(decoded.text)
    for notice in [*decoded.notices, *notices]:
        say(notice)
    # A file ends with a line break, of which its writer seldom thinks.
    return text.removesuffix("\n")


# pull and push


def pull_command(arguments: argparse.Namespace) -> int:
    from charlstm.network import hub

    wanted = hub.read_name(arguments.name)
    out = Path(arguments.out or f"{wanted.partition('/')[2]}.safetensors")
    if arguments.out is None and out.exists():
        raise CharLSTMError(f"{out} is here already: say with --out where to put the new one.")
    say(f"Getting {wanted} from the Hub.")
    pulled = hub.pull(wanted)
    try:
        replace_file(out, pulled.data)
    except OSError as error:
        raise CharLSTMError(
            f"The checkpoint could not be kept as {out} ({reason_of(error)}): give another place "
            "with --out."
        ) from error
    say(f"Checkpoint: {out}")
    return 0


def push_command(arguments: argparse.Namespace) -> int:
    from charlstm.network import hub

    say("Putting it on the Hub.")
    address = hub.push(arguments.checkpoint, arguments.name, is_private=not arguments.public)
    print(address, flush=True)
    return 0


def _figures_text(comparison: Comparison, results: Results) -> str:
    if results.cold_loss_nats is None:
        return comparison.as_text()
    return (
        f"{comparison.as_text()}\n"
        f"Loss from a cold start, windows of 256 characters: {results.cold_loss_nats:.3f} nats."
    )


COMMANDS = {
    "train": train_command,
    "evaluate": evaluate_command,
    "generate": generate_command,
    "info": info_command,
    "pull": pull_command,
    "push": push_command,
}


def main(argv: list[str] | None = None) -> int:
    """Run the command line.

    Returns:
        The exit code: 0, 1 after a failed training, 2 for bad input, 130 after Ctrl-C.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Characters that a terminal cannot show must not make a command fail.
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        arguments = build_parser().parse_args(argv)
        code = COMMANDS[arguments.command](arguments)
        sys.stdout.flush()
        return code
    except CharLSTMError as error:
        say(str(error))
        return 2
    except KeyboardInterrupt:
        say("Ended.")
        return 130
    except BrokenPipeError:  # the reader closed the pipe, as `head` does
        _forget_output()
        return 0
    except OSError as error:  # of a file that no other sentence speaks of, such as the output
        say(refusal_in_words(error))
        _forget_output()
        return 2


def _forget_output() -> None:
    """Let Python not fail again at its end, when it writes what is left."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
