"""Texts that an engine writes, collected, and the same texts written alone."""

from __future__ import annotations

import pytest

from charlstm.network.checkpoint import Checkpoint
from charlstm.writing.engine import Engine
from charlstm.writing.piece import Piece
from charlstm.writing.sampling import Sampling
from charlstm.writing.single_text import write


def written_alone(
    checkpoint: Checkpoint,
    seed_text: str,
    length: int,
    random_seed: int,
    sampling: Sampling | None = None,
) -> str:
    pieces = write(
        checkpoint,
        seed_text,
        length=length,
        random_seed=random_seed,
        sampling=sampling or Sampling(),
    )
    return "".join(pieces)


async def collect(engine: Engine, checkpoint: Checkpoint, seed_text: str, **writing_request) -> str:
    return "".join(
        [piece async for piece in engine.write(checkpoint, seed_text, **writing_request)]
    )


async def collect_pieces(
    engine: Engine, checkpoint: Checkpoint, seed_text: str, **writing_request
) -> Piece:
    """All pieces of a text as one."""
    pieces = engine.pieces(checkpoint, seed_text, **writing_request)
    return Piece.joined([piece async for piece in pieces])


def counted_steps(checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Fills up with the steps that the network is advanced from now on."""
    steps, write = [], checkpoint.quantized.write

    def counting(*arguments):
        steps.append(write(*arguments))
        return steps[-1]

    monkeypatch.setattr(checkpoint.quantized, "write", counting)
    return steps
