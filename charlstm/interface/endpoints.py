"""Between Gradio and the library: what a handler needs so that the page can use it.

This is the one place where a `CharLSTMError` becomes something a visitor reads.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from html import escape
from typing import Any

import gradio as gr

from charlstm.errors import CharLSTMError


def offer(name: str, answer: Callable[..., dict]) -> None:
    """Let the page's scripts ask for `answer` at `/gradio_api/run/NAME`, within a `gr.Blocks`.

    The arguments of `answer` need type hints; it returns what becomes JSON. For a `CharLSTMError`
    the script gets `{"error": sentence}`, and shows the sentence in the view that asked.
    """

    def as_answer(error: CharLSTMError) -> dict:
        return {"error": str(error)}

    gr.api(
        _with_errors(answer, as_answer),
        api_name=name,
        queue=False,
        api_visibility="undocumented",
    )


def errors_as_messages(handler):
    """An event handler whose `CharLSTMError` is shown as a message in a corner of the page.

    Any other exception is passed on: it is a mistake of ours.
    """

    def as_message(error: CharLSTMError):
        sentence = escape(str(error), quote=False)
        raise gr.Error(sentence, duration=12, print_exception=False) from error

    return _with_errors(handler, as_message)


def _with_errors(handler, react: Callable[[CharLSTMError], Any]):
    """`handler`, with what `react` makes of its `CharLSTMError` as its result."""
    if inspect.isasyncgenfunction(handler):

        @functools.wraps(handler)
        async def wrapped(*arguments):
            try:
                async with aclosing(handler(*arguments)) as yielded:
                    async for outputs in yielded:
                        yield outputs
            except CharLSTMError as error:
                yield react(error)

    else:

        @functools.wraps(handler)
        def wrapped(*arguments):
            try:
                return handler(*arguments)
            except CharLSTMError as error:
                return react(error)

    return wrapped


def numbered(handler: Callable[..., AsyncGenerator[tuple, None]]):
    """A handler that sends the number of its request back with all that it yields.

    The number is its last input and its last output; see latest_request.js, which needs it.

    Args:
        handler: takes the visitor's request by the keyword `request`.
    """

    async def with_number(request: gr.Request, *inputs):
        *others, number = inputs
        async with aclosing(handler(*others, request=request)) as yielded:
            async for outputs in yielded:
                yield *outputs, number

    return with_number
