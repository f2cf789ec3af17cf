"""Adapters between Gradio and our handlers.

This is the one place where a `CharLSTMError` becomes something a visitor reads.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from contextlib import aclosing
from html import escape
from typing import Any

import gradio as gr

from charlstm.errors import CharLSTMError


def offer(name: str, answer: Callable[..., dict]) -> None:
    """Make `answer` available to the page's scripts at `/gradio_api/run/NAME`.

    To be called within a `gr.Blocks`. After a `CharLSTMError` the script receives
    `{"error": sentence}`, and shows the sentence in the view that sent the request.

    Args:
        answer: needs type hints on its arguments; returns a value that can be serialized as JSON.
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
    """Wrap an event handler so that the page shows its `CharLSTMError` as a message.

    Any other exception is a bug and is not caught.
    """

    def as_message(error: CharLSTMError):
        sentence = escape(str(error), quote=False)
        raise gr.Error(sentence, duration=12, print_exception=False) from error

    return _with_errors(handler, as_message)


def _with_errors(handler, react: Callable[[CharLSTMError], Any]):
    """Wrap `handler` so that a `CharLSTMError` yields or returns what `react` makes of it."""
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
