"""python -m charlstm generate: where its seed text comes from, and how it is quoted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from charlstm.network.checkpoint import save_checkpoint
from tests.commands import answer, check_refusal
from tests.tiny_networks import random_checkpoint

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def model(tmp_path):
    save_checkpoint(random_checkpoint(), tmp_path / "a.safetensors")
    return tmp_path / "a.safetensors"


def test_a_seed_text_may_stand_in_a_file(model, tmp_path, capsys):
    (tmp_path / "seed.txt").write_bytes(b"ten\nants\r\n")
    code, out, err = answer(
        capsys, "generate", model, "--seed-file", tmp_path / "seed.txt", "--length", "5",
        "--random-seed", "1",
    )  # fmt: skip
    assert code == 0
    assert out.startswith("ten\nants") and len(out) == len("ten\nants") + 5 + 1
    assert "Windows line ends" in err
    code, out, err = answer(
        capsys, "generate", model, "--seed-file", tmp_path / "none", "--length", "5"
    )
    check_refusal(code, out, err)
    code, out, err = answer(
        capsys, "generate", model, "--seed-file", tmp_path / "seed.txt", "--seed-text", "a"
    )
    check_refusal(code, out, err)
    assert "give one of them" in err


def test_a_seed_text_may_come_from_standard_input(model, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "charlstm", "generate", model, "--seed-file", "-", "--length", "5"],
        cwd=ROOT,
        input=b"tent\n",
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode().startswith("tent")


def test_a_backslash_in_a_seed_text_is_pointed_out(model, capsys):
    code, out, err = answer(
        capsys,
        "generate",
        model,
        "--seed-text",
        "ten\\nants",
        "--length",
        "5",
        "--random-seed",
        "1",
    )
    assert code == 0 and "--seed-file" in err


def test_a_value_that_begins_with_a_dash_gets_advice(model, capsys):
    code, out, err = answer(capsys, "generate", model, "--seed-text", "---")
    check_refusal(code, out, err)
    assert "--option=VALUE" in err
    code, out, _ = answer(
        capsys, "generate", model, "--seed-text=---", "--length", "5", "--random-seed", "1"
    )
    assert code == 0 and out.startswith("---")
