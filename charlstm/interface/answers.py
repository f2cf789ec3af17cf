"""What the page's views ask of the server: figures as JSON, at `/gradio_api/run/NAME`."""

from __future__ import annotations

import functools
from collections.abc import Callable

import gradio as gr

from charlstm.errors import CharLSTMError


def offer(name: str, answer: Callable[..., dict]) -> None:
    """Let the page ask for `answer`, within a `gr.Blocks`; its arguments need type hints.

    A `CharLSTMError` becomes `{"error": sentence}`: to the view it is an answer like others.
    """

    @functools.wraps(answer)
    def answered(*arguments):
        try:
            return answer(*arguments)
        except CharLSTMError as error:
            return {"error": str(error)}

    gr.api(answered, api_name=name, queue=False, api_visibility="undocumented")
