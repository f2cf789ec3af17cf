"""The request for a text, and the ranges that its parts must be in."""

from __future__ import annotations

from dataclasses import dataclass

from charlstm.errors import CharLSTMError
from charlstm.writing.sampling import Sampling

# Lowest and highest value of each.
TEMPERATURES = (0.1, 1.5)
LENGTHS = (50, 2000)  # characters
MAX_SEED_CHARACTERS = 2000
MAX_TEXT_CHARACTERS = 40_000  # of a text that was continued again and again
RANDOM_SEEDS = (0, 2**31 - 1)


@dataclass(frozen=True, kw_only=True)
class WritingRequest:
    """What a visitor asked for, checked: with the model it decides every character of a text.

    Attributes:
        length: characters to write, within `LENGTHS`.
        random_seed: within `RANDOM_SEEDS`.
    """

    seed_text: str
    sampling: Sampling
    length: int
    random_seed: int

    @classmethod
    def check(
        cls, seed_text, temperature, length, random_seed, most_characters=MAX_SEED_CHARACTERS
    ) -> WritingRequest:
        """Make a request from values of any type, which may come from strangers.

        Args:
            most_characters: the limit for the seed text.

        Raises:
            CharLSTMError: a value is of a wrong type or out of its range; the message says what was
                given and what was expected.
        """
        seed_text = "" if seed_text is None else seed_text
        if not isinstance(seed_text, str):
            raise CharLSTMError(f"The seed text was {seed_text!r:.60}; give a text.")
        try:
            seed_text.encode()
        except UnicodeEncodeError as error:
            raise CharLSTMError(
                "The seed text has half a character in it (a lone surrogate): type it again."
            ) from error
        if len(seed_text) > most_characters:
            raise CharLSTMError(
                f"The beginning has {len(seed_text):,} characters; use at most {most_characters:,}."
            )
        temperature = _number("temperature", temperature, *TEMPERATURES)
        return cls(
            seed_text=seed_text,
            sampling=Sampling(temperature=temperature),
            length=_whole("length", length, *LENGTHS),
            random_seed=_whole("random seed", random_seed, *RANDOM_SEEDS),
        )


def _number(name: str, value, lowest: float, highest: float) -> float:
    good = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not good or not lowest <= value <= highest:
        raise CharLSTMError(
            f"The {name} was {value!r:.40}; give a number from {lowest} to {highest:,}."
        )
    return float(value)


def _whole(name: str, value, lowest: int, highest: int) -> int:
    number = _number(name, value, lowest, highest)
    if number != int(number):
        raise CharLSTMError(f"The {name} was {value}; give a whole number.")
    return int(number)
