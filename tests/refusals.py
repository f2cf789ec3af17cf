"""Calls that end the program with one sentence."""

from __future__ import annotations

from collections.abc import Callable

import pytest


def refusal(capsys, function: Callable, *arguments, code: int = 2) -> str:
    """The one sentence that a call ends with."""
    with pytest.raises(SystemExit) as end:
        function(*arguments)
    assert end.value.code == code
    return capsys.readouterr().err.strip().splitlines()[-1]
