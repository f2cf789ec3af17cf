"""The request for a text: all that decides its characters, and the ranges of its parts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields

from charlstm.errors import CharLSTMError
from charlstm.writing.sampling import Sampling

# Lowest and highest value of each.
TEMPERATURES = (0.1, 1.5)
LENGTHS = (50, 2000)  # characters
RANDOM_SEEDS = (0, 2**31 - 1)
MAX_SEED_CHARACTERS = 2000
MAX_TEXT_CHARACTERS = 40_000  # of a text that was continued again and again


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What may be asked for; for programs of one's own more than on a page.

    Attributes:
        seed_characters: the most characters that a seed text may have.
    """

    temperatures: tuple[float, float] = TEMPERATURES
    lengths: tuple[int, int] = LENGTHS
    random_seeds: tuple[int, int] = RANDOM_SEEDS
    seed_characters: int = MAX_SEED_CHARACTERS


VISITORS = Limits()
# A text that is continued is the seed text of what follows.
CONTINUED = Limits(seed_characters=MAX_TEXT_CHARACTERS)
# On one's own machine: what can still be held in memory, and ended with Ctrl-C.
UNLIMITED = Limits(
    temperatures=(0, 10),
    lengths=(1, 1_000_000),
    random_seeds=(0, 2**63 - 1),
    seed_characters=1_000_000,
)


@dataclass(frozen=True, kw_only=True)
class TextRequest:
    """What was asked for, checked. A text is a function of it: the same request, the same text.

    Attributes:
        model: who writes, by a name that is the same on every machine.
        temperature: within `TEMPERATURES`.
        length: characters to write after the seed text, within `LENGTHS`.
        random_seed: within `RANDOM_SEEDS`.
    """

    model: str
    seed_text: str
    temperature: float
    length: int
    random_seed: int

    @classmethod
    def check(
        cls, model, seed_text, temperature, length, random_seed, limits: Limits = VISITORS
    ) -> TextRequest:
        """Make a request from values of any type, which may come from strangers.

        Numbers may be given as text, as an address has them.

        Raises:
            CharLSTMError: a value is of a wrong type or out of its range; the message says what was
                given and what was expected.
        """
        if not isinstance(model, str):
            raise CharLSTMError(f"The model was {model!r:.60}; give the name of a model.")
        seed_text = "" if seed_text is None else seed_text
        check_seed_text(seed_text, limits.seed_characters)
        return cls(
            model=model,
            seed_text=seed_text,
            temperature=number("temperature", temperature, *limits.temperatures),
            length=whole_number("length", length, *limits.lengths),
            random_seed=whole_number("random seed", random_seed, *limits.random_seeds),
        )

    @property
    def sampling(self) -> Sampling:
        return Sampling(temperature=self.temperature)


# As JSON has numbers, and a little more; Python's own are wider still: 5_0, and other digits.
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
MAX_NUMBER = 100  # characters of a number
MAX_SHOWN = 40  # characters of a bad value in a message


def check_names(given: Iterable[str], known: Iterable[str]) -> None:
    """Refuse parameters that there are not.

    Raises:
        CharLSTMError: one of the given names is not known.
    """
    known = list(known)
    for name in given:
        if name not in known:
            raise CharLSTMError(
                f"There is no parameter {name!r:.60}; there are {', '.join(known)}."
            )


PARAMETERS = tuple(field.name for field in fields(TextRequest))


def check_seed_text(seed_text, most_characters: int) -> None:
    """Refuse what cannot be a seed text.

    Raises:
        CharLSTMError: it is no text, not valid Unicode, or too long.
    """
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


def number(name: str, value, lowest: float, highest: float) -> float:
    """A number within a range, from a number or a text.

    Raises:
        CharLSTMError: it is not.
    """
    found = value
    if isinstance(value, str):
        is_one = len(value) <= MAX_NUMBER and NUMBER.fullmatch(value.strip())
        found = float(value) if is_one else None
    is_number = isinstance(found, (int, float)) and not isinstance(found, bool)
    if not is_number or not lowest <= found <= highest:
        raise CharLSTMError(
            f"The {name} was {_shown(value)}; give a number from {lowest} to {highest:,}."
        )
    return float(found)


def _shown(value) -> str:
    """A value as its sender wrote it, cut if it is long."""
    text = repr(value) if isinstance(value, str) else json.dumps(value, default=repr)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 2]} …"


def whole_number(name: str, value, lowest: int, highest: int) -> int:
    """As `number`, without a fraction."""
    found = number(name, value, lowest, highest)
    if found != int(found):
        raise CharLSTMError(f"The {name} was {_shown(value)}; give a whole number.")
    # A float has not enough digits for a large one.
    return value if isinstance(value, int) else int(found)
