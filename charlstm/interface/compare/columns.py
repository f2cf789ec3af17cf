"""Several texts written at the same time, each in a column of the page.

They are submitted to the engine together, so that texts of the same network share a batch.
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
    """The text that a column is to show.

    Attributes:
        name: heading that distinguishes the column from the others, a word or two.
        detail: smaller text beside the heading, such as the temperature.
        checkpoint: the model, or the error because of which it could not be loaded.
    """

    name: str
    detail: str
    writing_request: WritingRequest
    checkpoint: Checkpoint | CharLSTMError


class Column:
    """A column while it is written; its HTML is only appended to, so that little is sent."""

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
        """Stream the pieces of the text; none if the model could not be loaded."""
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
        """End the column with the reason why its text broke off."""
        self.error = error
        sentence = str(error) if isinstance(error, CharLSTMError) else BROKE_OFF
        self.html += f'</div><p class="facts advice">{escape(sentence, quote=False)}</p></section>'

    def finish(self) -> None:
        """End the column with facts about the complete text."""
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
    """Write all columns at the same time; yields each time that some have grown."""
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
    """Merge several streams; yields lists of (index of the stream, piece) as the pieces arrive.

    A list holds all pieces that are available at that time. If a stream fails, its exception is
    yielded in place of a piece, and the others continue. Closing the generator closes all streams.
    """
    arrived: asyncio.Queue = asyncio.Queue()

    async def listen(position: int, stream: AsyncGenerator[str, None]) -> None:
        try:
            async with aclosing(stream):
                async for piece in stream:
                    arrived.put_nowait((position, piece))
        except Exception as error:  # passed to the consumer, because a task has no caller
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
