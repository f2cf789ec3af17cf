"""Programs may send anything: what is of a wrong type is refused in a sentence."""

import asyncio

import gradio as gr
import pytest

from charlstm.errors import CharLSTMError
from charlstm.interface.endpoints import (
    any_choice,
    check_types,
    errors_as_messages,
    refuse_in_words,
)


def handler(text: str, number: int, share: float, flag: bool, more: str | None = None, any_of=0):
    return "done"


GOOD = ("a text", 5, 0.5, True, None, object())


@pytest.mark.parametrize("arguments", [GOOD, GOOD[:4], ("", -1, 2, False, "more", [])])
def test_what_fits_passes(arguments):
    check_types(handler, arguments)


@pytest.mark.parametrize(
    ("place", "value", "sentence"),
    [
        (0, 5, "text was 5; expected a text."),
        (0, None, "text was None; expected a text."),
        (0, ["a"], "text was ['a']; expected a text."),
        (0, "a\ud800", "text has half a character at position 2"),
        (1, 5.5, "number was 5.5; expected a whole number."),
        (1, True, "number was True; expected a whole number."),
        (1, "5", "expected a whole number"),
        (2, float("nan"), "expected a number"),
        (2, True, "expected a number"),
        (3, 1, "flag was 1; expected true or false."),
        (4, {}, "more was {}; expected a text, or nothing."),
        (4, "\udfff", "half a character"),
        (0, {"a": "o" * 1000}, "expected a text"),
    ],
)
def test_what_does_not_is_named(place, value, sentence):
    arguments = [*GOOD]
    arguments[place] = value
    with pytest.raises(CharLSTMError) as refusal:
        check_types(handler, tuple(arguments))
    assert sentence in str(refusal.value) and len(str(refusal.value)) < 120


def test_components_refuse_in_words():
    with gr.Blocks() as demo:
        size = gr.Dropdown(["small", "large"], label="Size")
        amount = gr.Slider(1, 5, label="How long")
        model = any_choice(gr.Dropdown([], label="Starting point"))
        for component in (size, amount):
            component.change(lambda value: None, component)
    refuse_in_words(demo)
    assert size.preprocess("small") == "small" and amount.preprocess(3) == 3
    assert model.preprocess("a model of a session that was forgotten").startswith("a model")
    for component, value in ((size, "huge"), (size, [1]), (amount, 9), (model, {})):
        with pytest.raises(gr.Error) as refusal:
            component.preprocess(value)
        assert str(refusal.value.message).startswith(f"“{component.label}” cannot be ")
        assert "class" not in str(refusal.value.message)


def test_handlers_of_every_kind_are_watched():
    async def stream(text: str):
        yield text

    with pytest.raises(gr.Error, match="expected a text"):
        errors_as_messages(handler)(5, 5, 0.5, True)

    async def all_of(value):
        return [text async for text in errors_as_messages(stream)(value)]

    assert asyncio.run(all_of("O")) == ["O"]
    with pytest.raises(gr.Error, match="expected a text"):
        asyncio.run(all_of(5))
