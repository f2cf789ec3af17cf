"""`info`: what is in a checkpoint, or how a text is read."""

from __future__ import annotations

import argparse
import os
from dataclasses import asdict
from pathlib import Path

from charlstm.command_line.description import describe
from charlstm.command_line.output import print_json
from charlstm.errors import CharLSTMError
from charlstm.network.checkpoint import load_checkpoint


def info_command(arguments: argparse.Namespace) -> int:
    checkpoints = [file for file in arguments.files if not _may_be_text(file)]
    if not checkpoints:
        return _info_of_texts(arguments)
    file, others = checkpoints[0], len(arguments.files) - 1
    if others:
        raise CharLSTMError(
            f"{file} is a model, and {others:,} more {'file was' if others == 1 else 'files were'} "
            "given: give one model, or only texts."
        )
    checkpoint = load_checkpoint(file)
    architecture, size = checkpoint.architecture, os.path.getsize(file)
    facts = {
        "format": "charlstm/1",
        "parameters": architecture.parameters(),
        "embedding_units": architecture.embedding_units,
        "lstm_units": list(architecture.lstm_units),
        "vocabulary_size": architecture.vocabulary_size,
        "vocabulary": checkpoint.vocabulary.characters,
        "training": checkpoint.training.to_json(),
        "samples": len(checkpoint.samples),
        "cells": len(checkpoint.cells),
        "file_bytes": size,
    }
    if arguments.json:
        print_json(facts)
        return 0
    print(describe(checkpoint, Path(file).name, size))
    return 0


def _may_be_text(file: str) -> bool:
    """Whether a file is no checkpoint, judged by its name and its first bytes.

    Raises:
        CharLSTMError: it is not there.
    """
    from charlstm.text.corpus import STANDARD_INPUT, bytes_of

    if file == STANDARD_INPUT:
        return True
    if Path(file).suffix == ".safetensors":
        return False
    if not Path(file).is_file():
        what = "is no file" if Path(file).exists() else "is not there"
        shown = file or "An empty name"
        raise CharLSTMError(
            f"{shown} {what}: give the path of a model (.safetensors) or of a text."
        )
    return bytes_of(file, 9)[8:] != b"{"  # a header follows its length


def _info_of_texts(arguments: argparse.Namespace) -> int:
    from charlstm.command_line.preparation import read_texts
    from charlstm.runs.text_report import report_on

    text = read_texts(arguments.files, "verse", arguments)
    look = report_on(text)
    if arguments.json:
        facts = {
            "characters": len(text.text),
            "distinct_characters": len(set(text.text)),
            "encoding": text.encoding,
            "encoding_is_a_guess": text.is_guess,
            "markup": text.markup,
            **asdict(look),
        }
        print_json(facts)
        return 0
    print("\n".join([look.facts, *look.notices, *look.advice, "It begins:", *look.first_lines]))
    for beginning in look.beginnings:
        print("\n".join([f"{beginning.file}, begins:", *beginning.lines]))
    return 0
