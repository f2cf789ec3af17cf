"""Adapters between Gradio and our handlers.

This is the one place where a `CharLSTMError` becomes something a visitor reads.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from contextlib import aclosing
from html import escape
from typing import Any, get_type_hints

import gradio as gr

from charlstm.errors import CharLSTMError

# What a handler's type hints ask for: whether a value fits, and how it is called in a sentence.
KINDS: dict[Any, tuple[Callable[[Any], bool], str]] = {
    str: (lambda value: isinstance(value, str), "a text"),
    str | None: (lambda value: value is None or isinstance(value, str), "a text, or nothing"),
    int: (lambda value: type(value) is int, "a whole number"),
    float: (lambda value: type(value) in (int, float) and math.isfinite(value), "a number"),
    bool: (lambda value: isinstance(value, bool), "true or false"),
}


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


def refuse_in_words(demo: gr.Blocks) -> None:
    """Let the page's components refuse in our words what a program sends in place of their values.

    Gradio's own words quote types of Python.
    """
    for block in demo.blocks.values():
        if isinstance(block, gr.components.Component):
            block.preprocess = _in_words(block.preprocess, getattr(block, "label", None))


def _in_words(preprocess: Callable[[Any], Any], label: str | None) -> Callable[[Any], Any]:
    @functools.wraps(preprocess)
    def checked(payload: Any) -> Any:
        try:
            return preprocess(payload)
        except Exception as error:
            sentence = f"“{label}” cannot be {payload!r:.40}: choose again."
            raise gr.Error(escape(sentence, quote=False), print_exception=False) from error

    return checked


def any_choice(dropdown: gr.Dropdown) -> gr.Dropdown:
    """Let a handler check what was chosen, and not Gradio.

    Where a list is filled later, Gradio remembers it for a session, and forgets both together.
    """

    def preprocess(payload: Any) -> str | None:
        if payload is not None and not isinstance(payload, str):
            raise TypeError
        return payload

    dropdown.preprocess = preprocess
    return dropdown


def errors_as_messages(handler):
    """Wrap an event handler so that the page shows its `CharLSTMError` as a message.

    Any other exception is a bug and is not caught.
    """

    def as_message(error: CharLSTMError):
        sentence = escape(str(error), quote=False)
        raise gr.Error(sentence, duration=12, print_exception=False) from error

    return _with_errors(handler, as_message)


def check_types(handler: Callable, arguments: tuple) -> None:
    """Check what a program sent against the type hints of the handler that is to work with it.

    Raises:
        CharLSTMError: an argument is of another type.
    """
    hints = get_type_hints(handler)
    for name, value in zip(inspect.signature(handler).parameters, arguments, strict=False):
        fits, expected = KINDS.get(hints.get(name), (None, ""))
        if fits is not None and not fits(value):
            raise CharLSTMError(f"{name} was {value!r:.40}; expected {expected}.")
        try:
            if isinstance(value, str):
                value.encode()
        except UnicodeEncodeError as error:
            raise CharLSTMError(
                f"{name} has half a character at position {error.start + 1:,}; send whole ones."
            ) from error


def _with_errors(handler, react: Callable[[CharLSTMError], Any]):
    """Wrap `handler` so that a `CharLSTMError` yields or returns what `react` makes of it.

    Arguments of wrong types are such an error too.
    """
    if inspect.isasyncgenfunction(handler):

        @functools.wraps(handler)
        async def wrapped(*arguments):
            try:
                check_types(handler, arguments)
                async with aclosing(handler(*arguments)) as yielded:
                    async for outputs in yielded:
                        yield outputs
            except CharLSTMError as error:
                yield react(error)

    else:

        @functools.wraps(handler)
        def wrapped(*arguments):
            try:
                check_types(handler, arguments)
                return handler(*arguments)
            except CharLSTMError as error:
                return react(error)

    return wrapped
