"""Several texts that are written at the same time: their streams joined, a column of the page each.

All of them are asked of the engine at once, so that those of one network share a batch.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from html import escape

from charlstm.errors import CharLSTMError
from charlstm.interface.compare.word_facts import word_facts
from charlstm.interface.markup import text_html
from charlstm.network.checkpoint import Checkpoint
from charlstm.writing.engine import Engine
from charlstm.writing.request import WritingRequest
from charlstm.writing.single_text import name_unknown, read_seed_text

BROKE_OFF = "This model cannot write: something is wrong with it."
_END = object()


@dataclass(frozen=True, kw_only=True)
class Writing:
    """What one column is asked to show.

    Attributes:
        name: what distinguishes it from the other columns, in a word or two.
        detail: the same as a number, or what else holds for it.
        checkpoint: who writes, or why there is nobody who could.
    """

    name: str
    detail: str
    writing_request: WritingRequest
    checkpoint: Checkpoint | CharLSTMError


class Column:
    """A column as it grows; its HTML is only lengthened, so that only what is new is sent."""

    def __init__(self, writing: Writing):
        self.writing = writing
        self.written = ""
        self.error: Exception | None = None
        seed_text = writing.writing_request.seed_text
        name, detail = (escape(words, quote=False) for words in (writing.name, writing.detail))
        self.html = (
            f'<section class="compared"><header><h2>{name} <small>{detail}</small></h2>'
            '<button type="button" class="copy-figures copy-column" '
            f'aria-label="Copy the text: {escape(writing.name)}">Copy</button></header>'
            f'<div class="page"><span class="seed">{text_html(seed_text)}</span>'
        )
        if isinstance(writing.checkpoint, CharLSTMError):
            self.fail(writing.checkpoint)

    async def pieces(self, engine: Engine) -> AsyncGenerator[str, None]:
        """What is written, piece by piece; nothing where nobody can write."""
        checkpoint = self.writing.checkpoint
        if isinstance(checkpoint, CharLSTMError):
            return
        writing_request = self.writing.writing_request
        pieces = engine.write(
            checkpoint,
            writing_request.seed_text,
            length=writing_request.length,
            random_seed=writing_request.random_seed,
            sampling=writing_request.sampling,
        )
        async with aclosing(pieces):
            async for piece in pieces:
                yield piece

    def add(self, piece: str) -> None:
        self.written += piece
        self.html += text_html(piece)

    def fail(self, error: Exception) -> None:
        """Say why the text ends here."""
        self.error = error
        sentence = str(error) if isinstance(error, CharLSTMError) else BROKE_OFF
        self.html += f'</div><p class="facts advice">{escape(sentence, quote=False)}</p></section>'

    def finish(self) -> None:
        """Say what can be measured of the text, now that it is whole."""
        checkpoint = self.writing.checkpoint
        if self.error is not None or isinstance(checkpoint, CharLSTMError):
            return
        seed_text = self.writing.writing_request.seed_text
        facts = word_facts(seed_text, self.written)
        unknown = read_seed_text(checkpoint.vocabulary, seed_text).unknown
        if unknown:
            facts.append(escape(name_unknown(unknown), quote=False))
        self.html += f'</div><p class="facts">{"<br>".join(facts)}</p></section>'


async def grow(columns: Sequence[Column], engine: Engine) -> AsyncGenerator[None, None]:
    """Let all columns write at once; comes back each time that some have grown."""
    streams = [column.pieces(engine) for column in columns]
    async with aclosing(merged(streams)) as news:
        async for arrived in news:
            for position, piece in arrived:
                if isinstance(piece, Exception):
                    columns[position].fail(piece)
                else:
                    columns[position].add(piece)
            yield


async def merged(
    streams: Sequence[AsyncGenerator[str, None]],
) -> AsyncGenerator[list[tuple[int, str | Exception]], None]:
    """What comes from several streams, as it comes: (which stream, its piece), those that are
    there at the same moment together.

    Of a stream that fails the exception is yielded, and the others go on. Leaving the iteration
    closes all streams.
    """
    arrived: asyncio.Queue = asyncio.Queue()

    async def listen(position: int, stream: AsyncGenerator[str, None]) -> None:
        try:
            async with aclosing(stream):
                async for piece in stream:
                    arrived.put_nowait((position, piece))
        except Exception as error:  # for whoever iterates: a task has no caller
            arrived.put_nowait((position, error))
        finally:
            arrived.put_nowait((position, _END))

    listening = [asyncio.create_task(listen(*numbered)) for numbered in enumerate(streams)]
    still_open = len(streams)
    try:
        while still_open:
            together = [await arrived.get()]
            while not arrived.empty():
                together.append(arrived.get_nowait())
            still_open -= sum(piece is _END for _, piece in together)
            if news := [pair for pair in together if pair[1] is not _END]:
                yield news
    finally:
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
