"""The licence around a book is no part of it."""

import pytest

from charlstm.text.corpus import read_text
from charlstm.text.frame import without_frame

BODY = "A book.\nIt has lines.\n" * 30


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Licence.\n*** START OF THE PROJECT GUTENBERG EBOOK A BOOK ***\n",
         "*** END OF THE PROJECT GUTENBERG EBOOK A BOOK ***\nMore licence.\n"),
        ("Licence.\n***START OF THIS PROJECT GUTENBERG EBOOK A BOOK***\n\n",
         "\nEnd of Project Gutenberg's A Book, by Nobody\n\n*** END OF THIS PROJECT GUTENBERG"),
        ("", "*** END OF THE PROJECT GUTENBERG EBOOK X ***\n" + "licence " * 100),
        ("Licence.\n*** START OF THE PROJECT GUTENBERG EBOOK X ***\n", ""),
        ("**The small print**\n*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*\n",
         "End of the Project Gutenberg Etext of A Book\n"),
        ("Licence.\n*** START OF THE PROJECT GUTENBERG EBOOK A BOOK, OR: WHAT\nHAS A TITLE ***\n",
         "*** END OF THE PROJECT GUTENBERG EBOOK A BOOK, OR: WHAT\nHAS A TITLE ***\nLicence.\n"),
        ("", "Ende dieses Projekt Gutenberg Etextes\n" + "Lizenz " * 100),
        ("", "Fin del Proyecto Gutenberg\n" + "Licencia " * 100),
        ("", "Fim do Projecto Gutenberg, de Luís de Camões\n" + "Licença " * 100),
        ("", "Fin du Projet Gutenberg, Candide\n" + "Licence " * 100),
        ("", "Fin du Project Gutenberg EBook\n" + "licence " * 100),
    ],
)  # fmt: skip
def test_what_stands_around_it_is_left_out_and_said(before, after):
    text, notice = without_frame(before + BODY + after)
    assert text == BODY
    assert notice.startswith("The frame of Project Gutenberg was left out: ")
    said = f"{len(before):,} characters before the text" if before else "characters after the text"
    assert said in notice and " 0 characters" not in notice


@pytest.mark.parametrize("country", ["of Australia eBook", "Canada Ebook"])
def test_books_of_other_countries_have_frames_without_stars(country):
    site = "gutenberg.net.au" if "Australia" in country else "gutenberg.ca"
    before = (
        f"* A Project Gutenberg {country} *\n\nThis is made available at no cost.\n\n"
        f"The licence is at http://{site}/licence.html\n\n\n"
    )
    after = f"\n\n\nThis site is full of books: http://{site}\n\nThank you.\n"
    text, notice = without_frame(before + BODY * 200 + after)
    assert text == BODY * 200
    assert notice.startswith("The frame of Project Gutenberg was left out: ")


@pytest.mark.parametrize(
    "text",
    [
        BODY,
        "",
        "They spoke of Project Gutenberg.\n",
        "*** THE END ***\n",
        f"They spoke of Project Gutenberg Australia.\n\n{BODY}",
        "Project Gutenberg of Australia is what this is about.\n\n"
        + BODY
        + "\n\nMore is at gutenberg.net.au, as I said.\n\n"
        + BODY * 20,
        "I quote:\n*** END OF THE PROJECT GUTENBERG EBOOK ***\n" + BODY,
    ],
)
def test_a_text_without_one_stays_as_it_is(text):
    assert without_frame(text) == (text, "")


def test_a_book_is_read_without_it():
    licence = "*** END OF THE PROJECT GUTENBERG EBOOK X ***\n" + "No part of it.\n" * 100
    read = read_text((BODY * 200 + licence).encode(), "book.txt")
    assert read.text == BODY * 200
    assert len(read.notices) == 1


def book(body: str, title: str) -> str:
    return (
        f"Licence.\n*** START OF THE PROJECT GUTENBERG EBOOK {title} ***\n{body}\n"
        f"*** END OF THE PROJECT GUTENBERG EBOOK {title} ***\nMore licence.\n"
    )


def test_several_books_are_all_kept():
    text, notice = without_frame(book("One.", "A") + book("Two.", "B") + book("Three.", "C"))
    assert text == "One.\nTwo.\nThree.\n"
    assert "was left out 3 times" in notice
    begun = "*** START OF THE PROJECT GUTENBERG EBOOK {} ***\n{}\n"
    text, _ = without_frame(begun.format("A", "One.") + begun.format("B", "Two."))
    assert text == "One.\nTwo.\n"


@pytest.mark.parametrize(
    "line",
    [
        "End of the Project Gutenberg era came when",
        "*END THE SMALL PRINT said the old file",
    ],
)
def test_a_sentence_like_a_frame_is_none(line):
    text = BODY * 50 + line + "\n" + BODY * 50
    assert without_frame(text) == (text, "")


def test_a_long_text_beside_a_book_stays():
    before, after = "Before.\n" * 6000, "After.\n" * 6000
    text, _ = without_frame(before + book("One.", "A").removesuffix("More licence.\n") + after)
    assert text.startswith("Before.\n") and "\nOne.\n" in text and text.endswith("After.\n")
    assert "PROJECT GUTENBERG" not in text


def test_the_small_print_may_stand_at_the_end_of_a_book():
    book = "A line of the poem.\n" * 200
    small = (
        "***START**THE SMALL PRINT!**FOR PUBLIC DOMAIN ETEXTS**START***\nlawyers\n"
        "*END THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.02/11/02*END*\n"
    )
    text, notice = without_frame(f"The Raven\n\n{book}\n{small}")
    assert text == f"The Raven\n\n{book}" and notice
    assert without_frame(f"{small}\n{book}")[0] == book
