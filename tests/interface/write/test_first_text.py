"""The text of a first visit is one that the bundled model writes."""

import json

from charlstm.interface.write.tab import FIRST_TEXT
from tests.first_text import first_text


def test_the_first_text_is_what_the_bundled_model_writes():
    assert first_text() == json.loads(FIRST_TEXT.read_text("utf-8"))
