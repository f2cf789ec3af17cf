"""The one place where the library's errors become messages on the page."""

from __future__ import annotations

import functools
import inspect
from html import escape

import gradio as gr

from charlstm.errors import CharLSTMError


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
