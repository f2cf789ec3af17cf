"""Turns the arguments of `train` into a run folder."""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import replace

from charlstm.analysis.unlike_tail import tail_of
from charlstm.command_line.progress import DownloadBar
from charlstm.errors import CharLSTMError
from charlstm.runs.events import Finished
from charlstm.runs.fine_tuning import BUDGET
from charlstm.runs.ownership import check_place_is_free
from charlstm.runs.recipes import Budget, find_recipe
from charlstm.runs.run import Run
from charlstm.runs.source_model import SourceModel
from charlstm.runs.training_request import TrainingRequest
from charlstm.text import corpus

READING = ("encoding", "keep_markup", "shuffle_lines")
CHOICES = (  # options of a new training, which --resume does not accept
    "corpus",
    "text",
    "from",
    "teachers",
    "style",
    "recipe",
    "random_seed",
    *READING,
)


def prepare_run(arguments: argparse.Namespace) -> Run:
    """Create a new run folder, or check and update the one to resume.

    Raises:
        CharLSTMError: the arguments cannot be used; no file has been created or changed.
    """
    check_place_is_free()
    budget = None
    if arguments.minutes is not None or arguments.epochs is not None:
        budget = Budget(minutes=arguments.minutes, epochs=arguments.epochs)
    chosen = [
        f"--{name.replace('_', '-')}" for name in CHOICES if getattr(arguments, name) is not None
    ]
    if arguments.resume:
        if chosen or arguments.run:
            raise CharLSTMError(
                f"--resume continues with what the run folder says, so {(chosen or ['--run'])[0]} "
                "cannot be given with it; only --minutes or --epochs can."
            )
        return _prepare_resume(Run(arguments.resume), budget)
    if arguments.run:
        run = Run(arguments.run)
        if run.paths.config.exists() and not chosen and budget is None and not run.events():
            return run  # created beforehand, for example by the page
        run.paths.check_new()  # before a download that may be in vain
    if arguments.text and arguments.corpus:
        raise CharLSTMError("Give either --text or --corpus, not both.")
    for name in READING:
        if getattr(arguments, name) is not None and not arguments.text:
            option = f"--{name.replace('_', '-')}"
            raise CharLSTMError(f"{option} says how the files of --text are read: give --text too.")
    return _new(arguments, budget)


def _prepare_resume(run: Run, budget: Budget | None) -> Run:
    _check_can_resume(run, budget or run.config.budget)
    if budget is not None:
        run.set_budget(budget)
    if not run.is_alive():  # else the page started this process, and may have asked it to stop
        run.paths.stop.unlink(missing_ok=True)
    return run


def _check_can_resume(run: Run, budget: Budget) -> None:
    """Raise CharLSTMError if the training is running, or has used the whole budget."""
    run.ownership.check_free()
    ending = run.timeline().ending
    if not isinstance(ending, Finished):
        return
    if budget.share_used(ending.elapsed_s, ending.epoch) > 0.999:
        raise CharLSTMError(
            "This training has used its whole budget. Give it a larger one to go on: --minutes "
            "or --epochs with a number above what it had."
        )


def _new(arguments: argparse.Namespace, budget: Budget | None) -> Run:
    path = getattr(arguments, "from")
    # The models first, before a download that may be in vain.
    source = None if path is None else SourceModel.read(path)
    teachers = tuple(SourceModel.read(teacher) for teacher in arguments.teachers or ())
    recipe = find_recipe(arguments.recipe or "quick")
    random_seed = arguments.random_seed
    if random_seed is None:
        random_seed = random.SystemRandom().randrange(2**31)
    request = TrainingRequest(
        recipe=recipe,
        corpus=_corpus(arguments),
        budget=budget or (recipe.budget if source is None else BUDGET),
        random_seed=random_seed,
        source=source,
        teachers=teachers,
    )
    return Run.create(request, arguments.run)


def read_texts(paths: Sequence[str], style: str, arguments: argparse.Namespace) -> corpus.Corpus:
    """Read files of this computer as one text, in the way that the arguments ask for.

    Raises:
        CharLSTMError: one cannot be read, or the text cannot be learned from.
    """
    options = corpus.ReadingOptions(
        encoding=arguments.encoding,
        keeps_markup=bool(arguments.keep_markup),
        shuffles_lines=bool(arguments.shuffle_lines),
    )
    return corpus.read_files(paths, style, corpus.MAX_BYTES_OF_COMMANDS, options)


def _corpus(arguments: argparse.Namespace) -> corpus.Corpus:
    style = arguments.style or "verse"
    if arguments.text:
        text = read_texts(arguments.text, style, arguments)
        notices = [*text.notices, tail_of(text.text).sentence]
        return replace(text, notices=tuple(filter(None, notices)))
    if arguments.corpus == "practice-text":
        return corpus.practice_text(style)
    with DownloadBar() as bar:
        return corpus.tiny_shakespeare(style, bar.show)
