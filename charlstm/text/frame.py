"""Removes what surrounds books: the licence of Project Gutenberg and its sister projects.

At the end of a book it would be just the tenth that is held out, and is nothing like the rest.
"""

from __future__ import annotations

import re

# What parts a frame from a book: a line of stars, or what older files have in its place.
_TITLE = r"(?:[^\n*]*(?:\n[^\n*]+){0,2}\*{3})?[^\n]*(?:\n|\Z)"  # a long one has several lines
_MARK = re.compile(
    rf"^[ \t]*\*{{3}} *(?P<start>START) OF (?:THE |THIS )?PROJECT GUTENBERG{_TITLE}"
    r"|^(?P<print>\*END\*? ?THE SMALL PRINT!)[^\n]*(?:\n|\Z)"
    rf"|^[ \t]*\*{{3}} *(?P<end>END) OF (?:THE |THIS )?PROJECT GUTENBERG{_TITLE}"
    # Older files say it before the stars, in the language of the book.
    r"|^ *(?P<old_end>(?:Ende? (?:of |dieses |des )?(?:the |this )?|Fin (?:du |de ce |de |del )?"
    r"|Fi[mn]e? (?:do |deste |di |del )|Einde van (?:het |dit )?)"
    r"Pro(?:je[ck]t|jet|ye[ck]to|je[ck]?to|getto) Gutenberg"
    r"(?:'s\b|’s\b| E-?text| E-?book|,|[ \t]*$))[^\n]*(?:\n|\Z)",
    re.MULTILINE | re.IGNORECASE,
)
# One of these is in each of them.
_SIGNS = [
    sign for words in ("gutenberg", "small print") for sign in (words, words.title(), words.upper())
]
_SMALL_PRINT = "***START**THE SMALL PRINT"
# Characters. What is longer is no licence, but somebody's text beside a book, and stays.
LONGEST_FRAME = 40_000

# The frames of Australia and Canada have no lines of stars, but their paragraphs name the project.
_SISTER = re.compile(
    r"Project Gutenberg(?: of)? (?:Australia|Canada)|Distributed Proofreaders(?: of)? Canada"
    r"|gutenberg\.(?:net\.au|ca)\b|fadedpage\.com",
    re.IGNORECASE,
)
# The project's name alone in a line: part of a frame, not a sentence about the project.
_OWN_LINE = re.compile(
    r"^\W*(?:An? |The )?(?:Project Gutenberg(?: of)? (?:Australia|Canada)|Distributed Proofreaders"
    r"(?: of)? Canada)(?: e-?(?:book|text))?\W*$",
    re.IGNORECASE | re.MULTILINE,
)
_PARAGRAPH = re.compile(r"\S[^\n]*(?:\n[^\S\n]*\S[^\n]*)*")
_MIN_TIMES = 2
_AT_ONCE, _NEAR_BEGINNING, _NEAR_END = 500, 4_000, 3_000  # characters


def without_frame(text: str) -> tuple[str, str]:
    """The text without such frames, and a sentence about them; empty if there is none."""
    bodies, number = _bodies(text)
    if not number and _OWN_LINE.search(text, 0, _AT_ONCE):
        bodies = _body_of_sister(text)
        number = len(bodies)
    if not number:
        return text, ""
    parts = [
        (begin, end) for begin, end in (_stripped(text, *body) for body in bodies) if begin < end
    ]
    kept = "".join(text[begin:end] + "\n" for begin, end in parts)
    if number > 1 or len(parts) != 1:
        left_out = max(0, len(text) - len(kept))
        return kept, (
            f"What Project Gutenberg puts around its books was left out {number:,} times: "
            f"{left_out:,} characters."
        )
    ((begin, _),) = parts
    after = max(0, len(text) - begin - len(kept))
    if begin and after:
        size = f"{begin:,} characters before the text and {after:,} after it"
    else:
        size = f"{begin or after:,} characters {'before' if begin else 'after'} the text"
    return kept, f"The frame of Project Gutenberg was left out: {size}."


def _bodies(text: str) -> tuple[list[tuple[int, int]], int]:
    """Where the books are, and what stands between them; and how many frames were found."""
    bodies: list[tuple[int, int]] = []
    if not any(map(text.__contains__, _SIGNS)):  # much faster than to try the pattern
        return bodies, 0
    begin = 0  # of what is read now
    is_book = False  # whether that began with a mark
    frames = 0
    for mark in _MARK.finditer(text):
        is_short = mark.start() - begin <= LONGEST_FRAME
        small_print = text.rfind(_SMALL_PRINT, begin, mark.start()) if mark["print"] else -1
        if small_print - begin > len(text) - mark.end():  # it stands at the end of the book
            bodies.append((begin, small_print))
            frames += not is_book
            is_book, begin = False, mark.end()
            continue
        if mark["end"] or mark["old_end"]:
            is_licence = 2 * (mark.start() - begin) >= len(text) - mark.end() or is_book
            if not (frames or is_licence):  # quoted in a text about it
                continue
            if is_book or not frames:
                bodies.append((begin, mark.start()))
                frames += not is_book
            elif not is_short:  # somebody's text, between two marks for the same end
                bodies.append((begin, mark.start()))
            is_book = False
        else:
            goes_on = mark["print"] and is_short  # the licence, after a line of stars
            if (is_book and not goes_on) or not (is_book or is_short):
                bodies.append((begin, mark.start()))
            frames += not (is_book and goes_on)
            is_book = True
        begin = mark.end()
    if is_book or len(text) - begin > LONGEST_FRAME or not frames:
        bodies.append((begin, len(text)))
    return bodies, frames


def _body_of_sister(text: str) -> list[tuple[int, int]]:
    """Where a book of Australia or Canada is: between the paragraphs that name the project.

    Empty if the project is named only once, as in a text about it.
    """
    begin, end, times = 0, len(text), 0
    for paragraph in _PARAGRAPH.finditer(text, 0, min(_NEAR_BEGINNING, len(text) // 2)):
        if _SISTER.search(text, *paragraph.span()):
            begin, times = paragraph.end(), times + 1
    if times < _MIN_TIMES:
        return []
    for paragraph in _PARAGRAPH.finditer(text, max(begin, len(text) - _NEAR_END)):
        if _SISTER.search(text, *paragraph.span()):
            end = paragraph.start()
            break
    return [(begin, end)]


def _stripped(text: str, begin: int, end: int) -> tuple[int, int]:
    """The same part, without line breaks around it."""
    body = text[begin:end]
    return begin + len(body) - len(body.lstrip("\n")), begin + len(body.rstrip("\n"))
