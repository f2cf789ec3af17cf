"""The READMEs say only what is true: commands parse, code runs, and what they name exists."""

import inspect
import re
import shlex
import subprocess
import sys
from pathlib import Path

import gradio
import pytest
from huggingface_hub import SpaceCard, SpaceCardData

from tests.waiting import PATIENCE_S

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CARD = SpaceCard.load(ROOT / "README.md", ignore_metadata_errors=False)
SETTINGS, BODY = CARD.data.to_dict(), CARD.text


def blocks(language: str, text: str = BODY) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)
    return [block for its_language, block in found if its_language == language]


def test_the_front_matter_is_what_a_space_needs():
    assert SETTINGS["sdk"] == "gradio"
    assert SETTINGS["sdk_version"] == gradio.__version__, "the version that was tested"
    assert SETTINGS["app_file"] == "app.py" and (ROOT / "app.py").exists()
    assert re.fullmatch(r"3\.1[123]", SETTINGS["python_version"]), "unquoted it would be a number"
    assert 0 < len(SETTINGS["short_description"]) <= 60
    colours = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
    assert {SETTINGS["colorFrom"], SETTINGS["colorTo"]} <= colours
    # Of these the Hub's own class knows all, and would leave nothing else as it is.
    known = inspect.signature(SpaceCardData).parameters
    assert set(SETTINGS) - set(known) == {
        "emoji", "colorFrom", "colorTo", "short_description"
    }  # fmt: skip
    assert SETTINGS["license"] == "mit" and (ROOT / "LICENSE").exists()


ARCHITECTURE = (ROOT / "charlstm" / "README.md").read_text(encoding="utf-8")
EXAMPLES = blocks("python") + blocks("python", ARCHITECTURE)


@pytest.mark.parametrize("example", EXAMPLES, ids=["library", "engine"])
def test_the_examples_run(example):
    done = subprocess.run(
        [sys.executable, "-c", example],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout) >= 200
    code_lines = [line for line in example.splitlines() if line.strip()]
    assert len(code_lines) <= 10


def test_the_command_lines_are_understood():
    from charlstm.command_line.arguments import build_parser

    commands = [
        shlex.split(line, comments=True)
        for block in blocks("")
        for line in block.splitlines()
        if line.startswith("python -m charlstm ")
    ]
    assert {command[3] for command in commands} == {
        "train", "evaluate", "generate", "info", "pull", "push"
    }  # fmt: skip
    for command in commands:
        build_parser().parse_args(command[3:])


@pytest.mark.parametrize("command", ["python3 app.py --setup", "python3 -m tests"])
def test_the_two_commands_stand_there_alone(command):
    assert [command] in [block.strip().splitlines() for block in blocks("")]


@pytest.mark.parametrize("path", ["README.md", "charlstm/README.md", "tests/benchmarks/README.md"])
def test_pictures_and_files_it_names_exist(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    for name in re.findall(r"\]\((.*?)\)", text):
        assert (ROOT / path).parent.joinpath(name).exists(), name
    for name in re.findall(r"`(requirements[\w-]*\.\w+|(?:tests|charlstm)/[\w./-]*)`", text):
        assert (ROOT / name).exists(), name


def test_each_benchmark_has_a_section_and_in_their_order():
    folder = ROOT / "tests" / "benchmarks"
    run_by_hand = [
        path.stem
        for path in sorted(folder.glob("*.py"))
        if "\ndef main(" in path.read_text(encoding="utf-8")
    ]
    sections = re.findall(r"^## (\w+)$", (folder / "README.md").read_text("utf-8"), re.MULTILINE)
    assert sections == ["Quality", *run_by_hand]
