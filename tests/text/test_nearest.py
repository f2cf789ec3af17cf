"""What is read as what, where a network does not know a character."""

import pytest

from charlstm.text.nearest import nearest_known
from charlstm.text.vocabulary import Vocabulary


@pytest.mark.parametrize(
    ("known", "typed", "read"),
    [
        ("its'", "it’s", "it's"),
        ('no"', "“no”", '"no"'),
        ("no'", "“no”", "'no'"),  # a text may have single quotation marks only
        ("no'", "«no»", "'no'"),
        ("its", "it’s", "it’s"),  # nothing is near
        ("a-b", "a—b", "a-b"),
        ("wait.", "wait…", "wait."),
        ("cafe", "café", "cafe"),
        ("abc", "ＡＢＣ", "abc"),
        ("lodz", "łódz", "lodz"),
        ("ROD", "rød", "ROD"),
    ],
)
def test_the_nearest_known_character_is_taken(known, typed, read):
    text, changed = nearest_known(Vocabulary.from_text(known), typed)
    assert text == read and len(text) == len(typed)
    assert all(one not in known and other in known for one, other in changed.items())


def test_a_single_quotation_mark_is_no_double_one():
    assert nearest_known(Vocabulary.from_text('its"'), "it’s") == ("it’s", {})
