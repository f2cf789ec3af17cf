"""What commands print: results to standard output, all else to standard error."""

from __future__ import annotations

import json
import sys


def say(message: str) -> None:
    """Print progress or a notice to standard error; standard output is for results."""
    print(message, file=sys.stderr, flush=True)


def print_json(record: dict) -> None:
    print(json.dumps(record, ensure_ascii=False), flush=True)
