"""A text to train with, in a folder that the tests of a file share."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("command")


@pytest.fixture(scope="module")
def text_file(folder, tiny_corpus):
    path = folder / "text.txt"
    path.write_bytes(tiny_corpus.text.encode())
    return path
