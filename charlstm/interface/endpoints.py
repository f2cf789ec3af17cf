"""Between Gradio and the library: handlers whose errors become messages, and views' questions.

This is the one place where a `CharLSTMError` becomes something a visitor reads.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from html import escape

import gradio as gr

from charlstm.errors import CharLSTMError


def offer(name: str, answer: Callable[..., dict]) -> None:
    """Let the page ask for `answer` at `/gradio_api/run/NAME`, within a `gr.Blocks`.

    The arguments of `answer` need type hints; it returns what becomes JSON.

    A `CharLSTMError` becomes `{"error": sentence}`: to the view it is an answer like others.
    """

    @functools.wraps(answer)
    def answered(*arguments):
        try:
            return answer(*arguments)
        except CharLSTMError as error:
            return {"error": str(error)}

    gr.api(answered, api_name=name, queue=False, api_visibility="undocumented")


def friendly(handler):
    """Show a `CharLSTMError` of an event handler as a message; let anything else be an error."""
    if inspect.isasyncgenfunction(handler):

        @functools.wraps(handler)
        async def wrapped(*arguments):
            try:
                async for outputs in handler(*arguments):
                    yield outputs
            except CharLSTMError as error:
                raise as_message(error) from error

        return wrapped

    @functools.wraps(handler)
    def wrapped(*arguments):
        try:
            return handler(*arguments)
        except CharLSTMError as error:
            raise as_message(error) from error

    return wrapped


def as_message(error: CharLSTMError) -> gr.Error:
    return gr.Error(escape(str(error), quote=False), duration=12, print_exception=False)
