"""Commands that a test runs in its own process, and how they refuse."""

from __future__ import annotations

from charlstm.command_line.commands import main


def answer(capsys, *arguments) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command run in this process."""
    capsys.readouterr()
    code = main([str(argument) for argument in arguments])
    output = capsys.readouterr()
    return code, output.out, output.err


def check_refusal(code: int, out: str, err: str) -> None:
    assert code == 2
    assert out == ""
    lines = err.strip().splitlines()
    assert len(lines) == 1, err
    assert "Traceback" not in err
    assert lines[0].endswith(".")
