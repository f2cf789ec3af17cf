"""The part of the Train tab's form in which a text is chosen, and how it is read."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import gradio as gr

from charlstm.errors import CharLSTMError
from charlstm.interface import visitors
from charlstm.interface.limits import Limits
from charlstm.interface.turns import Turns
from charlstm.runs.text_report import TextReport, report_on
from charlstm.text import corpus
from charlstm.text.corpus import Corpus, ReadingOptions
from charlstm.text.decoding import LABELS
from charlstm.text.documents import BusyError
from charlstm.text.download import TINY_SHAKESPEARE_BYTES, downloaded_path

TEXTS = [
    ("Shakespeare: a million letters of plays", "tiny-shakespeare"),
    ("My own text: paste it", "paste"),
    ("Files: upload them", "upload"),
    ("Practice text: a short one that is built in", "practice-text"),
]
STYLES = [
    ("Verse: keep the line breaks", "verse"),
    ("Prose: line breaks become spaces", "prose"),
]
AS_GUESSED = ""
READING = Turns()
REMEMBERED = 4  # texts, so that a change of another setting does not read one again


@dataclass(frozen=True, kw_only=True)
class TextChoice:
    """What the form says about the text to learn from.

    Attributes:
        source: one of `TEXTS`.
        uploads: the paths of the uploaded files, which are read as one text.
        pasted: the text in the box.
        style: one of `corpus.STYLES`.
    """

    source: str
    uploads: tuple[Path, ...]
    pasted: str | None
    style: str
    options: ReadingOptions

    @classmethod
    def of(
        cls,
        source: str,
        upload: str | list[str] | None,
        pasted: str | None,
        style: str,
        encoding: str,
        keeps_markup: bool,
        shuffles_lines: bool,
    ) -> TextChoice:
        """The choice from the values of the form's fields."""
        options = ReadingOptions(
            encoding=encoding or None, keeps_markup=keeps_markup, shuffles_lines=shuffles_lines
        )
        paths = [upload] if isinstance(upload, str) else upload or []
        return cls(
            source=source,
            uploads=tuple(map(Path, filter(None, paths))),
            pasted=pasted,
            style=style,
            options=options,
        )

    @property
    def is_own(self) -> bool:
        """Whether it is the visitor's own text."""
        return self.source in ("paste", "upload")


def read(choice: TextChoice, limits: Limits, progress=None) -> Corpus:
    """The text that was chosen.

    Raises:
        CharLSTMError: none was given, or it cannot be learned from.
    """
    if choice.source == "upload":
        try:
            changed = tuple(path.stat().st_mtime_ns for path in choice.uploads)
        except (OSError, ValueError):  # ValueError: a NUL in the name
            changed = ()
        if not changed:
            raise CharLSTMError("No file was chosen: drop a text file into the box first.")
        return _in_turn(
            limits,
            _read_files,
            choice.uploads,
            changed,
            choice.style,
            limits.text_bytes,
            choice.options,
        )
    if choice.source == "paste":
        pasted = choice.pasted or ""
        return _in_turn(limits, _paste, pasted, choice.style, limits.text_bytes, choice.options)
    if choice.source == "practice-text":
        return corpus.practice_text(choice.style)
    return corpus.tiny_shakespeare_or_practice(choice.style, progress)


def is_downloaded() -> bool:
    """Whether Tiny Shakespeare can be read without a network."""
    try:
        size = downloaded_path().stat().st_size
    except OSError:
        return False
    return size == TINY_SHAKESPEARE_BYTES


def _in_turn(limits: Limits, reader: Callable[..., Corpus | CharLSTMError], *arguments) -> Corpus:
    """What a reader makes of a text; on a public page one at a time for a network address."""
    with READING.hold(visitors.address()) if limits.is_public else nullcontext():
        found = reader(*arguments)
    if isinstance(found, CharLSTMError):
        raise found.with_traceback(None)  # which would grow each time
    return found


# What cannot be read is remembered as well, or it would be tried at each change of the form.


@lru_cache(maxsize=REMEMBERED)
def _read_files(
    paths: tuple[Path, ...],
    changed: tuple[int, ...],
    style: str,
    max_bytes: int,
    options: ReadingOptions,
) -> Corpus | CharLSTMError:
    return _or_error(lambda: corpus.read_files(paths, style, max_bytes, options))


@lru_cache(maxsize=REMEMBERED)
def _paste(
    text: str, style: str, max_bytes: int, options: ReadingOptions
) -> Corpus | CharLSTMError:
    return _or_error(lambda: corpus.paste(text, style, max_bytes, options))


def _or_error(read_text: Callable[[], Corpus]) -> Corpus | CharLSTMError:
    try:
        return read_text()
    except BusyError:  # the next time it may be read
        raise
    except CharLSTMError as error:
        return error


@lru_cache(maxsize=REMEMBERED)
def look_at(text: Corpus, from_model: bool) -> TextReport:
    """The report on a text, made once."""
    return report_on(text, from_model=from_model)


@dataclass(frozen=True, kw_only=True)
class TextForm:
    """The components of this part of the form."""

    source: gr.Radio
    upload: gr.File
    pasted: gr.Textbox
    encoding: gr.Dropdown
    keeps_markup: gr.Checkbox
    shuffles_lines: gr.Checkbox
    note: gr.HTML

    @property
    def text(self) -> list:
        """Which text is chosen."""
        return [self.source, self.upload, self.pasted]

    @property
    def reading(self) -> list:
        """How the text is read: encoding, markup, order of lines."""
        return [self.encoding, self.keeps_markup, self.shuffles_lines]


def build_text_form(introduction: str, quiet: dict) -> TextForm:
    """Make two columns: the choice of a text, and how the chosen one was read.

    Args:
        introduction: HTML that stands above.
        quiet: what handlers that show no progress are given.
    """
    with gr.Column(min_width=0, elem_id="train-text"):
        gr.HTML(introduction, js_on_load=None, elem_id="train-introduction")
        source = gr.Radio(
            TEXTS, value="tiny-shakespeare", label="Text to learn from", elem_id="source"
        )
        upload = gr.File(
            label="Text, EPUB, .docx, .odt, PDF, mail, web page",
            file_count="multiple",
            visible=False,
            height=120,
            elem_id="upload",
        )
        pasted = gr.Textbox(
            label="Your text, at least 2,000 characters",
            lines=4,
            max_lines=8,
            visible=False,
            elem_id="pasted",
        )
    # Shown are those settings that make a difference to the text.
    with gr.Column(min_width=0, elem_id="text-reading"):
        note = gr.HTML("", elem_id="text-note", js_on_load=None)
        encoding = gr.Dropdown(
            _encodings("guess"),
            value=AS_GUESSED,
            label="The first lines look wrong? Choose how the letters are coded (encoding)",
            visible=False,
            elem_id="encoding",
        )
        keeps_markup = gr.Checkbox(
            False,
            label="Learn its tags and times too (markup)",
            visible=False,
            elem_id="keeps-markup",
        )
        shuffles_lines = gr.Checkbox(
            False, label="Shuffle its lines", visible=False, elem_id="shuffles-lines"
        )
    form = TextForm(
        source=source,
        upload=upload,
        pasted=pasted,
        encoding=encoding,
        keeps_markup=keeps_markup,
        shuffles_lines=shuffles_lines,
        note=note,
    )
    source.change(_boxes_for, source, [upload, pasted], **quiet)
    # A new text is read as usual again. By the browser: an answer of the server could come when the
    # visitor has chosen already. Not on `change`, which Gradio can report once more for the same
    # file when the settings appear below it: what was ticked by then would be lost.
    gr.on(
        [source.input, upload.upload, upload.delete, upload.clear],
        None,
        None,
        form.reading,
        js=f"() => [{AS_GUESSED!r}, false, false]",
    )
    return form


def options_for(
    text: Corpus | None, look: TextReport | None, options: ReadingOptions, remedy: str = ""
) -> tuple[gr.Dropdown, gr.Checkbox, gr.Checkbox]:
    """Those settings of how a text is read that make a difference to it.

    Args:
        text: None if there is none, or it cannot be read; what was chosen can then be changed back.
        look: the report on it; None without a text.
        remedy: a setting that might make the text readable, see `UnreadTextError`.
    """
    guessed = text.encoding if text is not None and text.is_guess else ""
    differ = text is not None and len({file.encoding for file in text.guessed_files}) > 1
    usual = "as guessed for each file" if differ else f"as guessed: {LABELS.get(guessed)}"
    return (
        gr.Dropdown(
            _encodings(usual if guessed else "guess"),
            visible=bool(guessed or options.encoding or remedy == "encoding"),
        ),
        gr.Checkbox(
            visible=options.keeps_markup or bool(text and text.markup) or remedy == "keeps_markup"
        ),
        gr.Checkbox(visible=options.shuffles_lines or bool(look and look.may_be_shuffled)),
    )


def _encodings(usual: str) -> list[tuple[str, str]]:
    """What can be chosen; `usual` is what the first, to guess, is called."""
    by_label = {label: key for key, label in reversed(LABELS.items()) if key != "utf-8"}
    return [(usual, AS_GUESSED), *sorted(by_label.items())]


def _boxes_for(source: str):
    """Show the input for the visitor's own text, if that source is chosen."""
    return gr.File(visible=source == "upload"), gr.Textbox(visible=source == "paste")
