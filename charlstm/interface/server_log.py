"""The server's log for its operator, in the logger "charlstm"; never contains visitors' input.

Logging is configured in app.py.
"""

from __future__ import annotations

import functools
import inspect
import logging
import subprocess
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager

import gradio as gr

import charlstm
from charlstm.errors import CharLSTMError
from charlstm.machine import cpu_name
from charlstm.runs.run import Run

log = logging.getLogger("charlstm")
SAME_AFTER_S = 60.0  # the same bug is logged again
_logged_s: dict[tuple[str, str], float] = {}  # when, by its kind and where it arose
BROKEN = "The server met an error that it did not expect, and its log says which. Try again."


def log_start(address: str) -> None:
    log.info("charlstm %s answers at %s, on %s", charlstm.__version__, address, cpu_name())


def log_training(run: Run, process: subprocess.Popen) -> threading.Thread:
    """Log the start of a training, and its end from the thread that is returned."""
    log.info("Training %s started, process %d", run.name, process.pid)
    thread = threading.Thread(
        target=_log_end, args=(run, process), daemon=True, name=f"log of {run.name}"
    )
    thread.start()
    return thread


def _log_end(run: Run, process: subprocess.Popen) -> None:
    exit_code = process.wait()
    try:
        status = run.timeline().status
    except CharLSTMError:
        status = "its events are damaged"
    if not run.folder.is_dir():
        status = "its folder is gone"
    log.info("Training %s ended: %s, exit code %d", run.name, status, exit_code)


def log_unexpected_errors(demo: gr.Blocks) -> None:
    """Log exceptions of the page's handlers that are bugs, without their messages.

    Visitors read that there was one. Gradio no longer prints such an exception, whose message may
    quote a visitor's input.
    """
    for event in demo.fns.values():
        if event.fn is not None:
            event.fn = _with_log(event.fn)


def _with_log(handler: Callable) -> Callable:
    if inspect.isasyncgenfunction(handler):

        @functools.wraps(handler)
        async def generate(*arguments):
            with _logged_errors():
                async with aclosing(handler(*arguments)) as yielded:
                    async for outputs in yielded:
                        yield outputs

        return generate
    if inspect.iscoroutinefunction(handler):

        @functools.wraps(handler)
        async def answer_later(*arguments):
            with _logged_errors():
                return await handler(*arguments)

        return answer_later

    @functools.wraps(handler)
    def answer(*arguments):
        with _logged_errors():
            return handler(*arguments)

    return answer


@contextmanager
def _logged_errors() -> Iterator[None]:
    try:
        yield
    except gr.Error:  # a sentence for the visitor
        raise
    except Exception as error:
        log_unexpected(error)
        raise gr.Error(BROKEN, print_exception=False) from error


def log_unexpected(error: Exception) -> None:
    """Log a bug: its traceback without its message, which may quote what a visitor typed."""
    frames = "".join(traceback.format_tb(error.__traceback__)).rstrip()
    now_s = time.monotonic()
    for known, last_s in list(_logged_s.items()):
        if now_s - last_s > SAME_AFTER_S:
            _logged_s.pop(known, None)
    if (type(error).__name__, frames) in _logged_s:  # whoever asks a thousand times fills no disk
        return
    _logged_s[type(error).__name__, frames] = now_s
    log.error("Unexpected %s\n%s", type(error).__name__, frames)
