"""Characters of UTF-8 among any bytes: with NumPy the same as Python's own decoder finds."""

import random

import numpy as np

import charlstm.text.blocks as blocks_module
from charlstm.text.utf8 import characters_at, cut_off_bytes, find_utf8, with_joined_halves

PIECES = ["a", "é", "ß", "中", "국", "\U0001f600", "\U0010ffff", "\n"]


def some_bytes(seed: int) -> bytes:
    generator = random.Random(seed)
    return b"".join(
        generator.choice(PIECES).encode() if generator.random() < 0.7 else generator.randbytes(2)
        for _ in range(400)
    )


def test_wrong_bytes_are_those_that_python_replaces():
    for seed in range(60):
        data = some_bytes(seed)
        is_wrong, begins = find_utf8(np.frombuffer(data, np.uint8))
        kept = bytes(byte for byte, wrong in zip(data, is_wrong, strict=True) if not wrong)
        assert kept.decode() == data.decode(errors="ignore")
        found = characters_at(np.frombuffer(data, np.uint8), begins)
        expected = [sign for sign in kept.decode() if sign > "\x7f"]
        assert list(map(chr, found.points.tolist())) == expected
        assert [len(sign.encode()) for sign in expected] == found.lengths.tolist()
        ends = found.places + found.lengths
        assert found.follows.tolist() == np.isin(found.places, ends).tolist()
        assert found.precedes.tolist() == np.isin(ends, found.places).tolist()


def test_halves_of_characters_are_joined_in_blocks_of_any_size(monkeypatch):
    def halves(sign: str) -> bytes:
        units = sign.encode("utf-16-be")
        return b"".join(
            chr(int.from_bytes(units[at : at + 2], "big")).encode("utf-8", "surrogatepass")
            for at in range(0, len(units), 2)
        )

    for seed, size in enumerate((1, 2, 7, 50, 100_000)):
        monkeypatch.setattr(blocks_module, "BLOCK", size)
        signs = random.Random(seed).choices([*PIECES, "\ud83d", "\udc00 "], k=300)
        text = "".join(signs).replace("\ud83d\udc00", "\ud83d \udc00")
        data = b"".join(halves(sign) if sign >= "\U00010000" else one(sign) for sign in text)
        whole, joined = with_joined_halves(data)
        assert whole.decode() == text.replace("\ud83d", "\ufffd").replace("\udc00", "\ufffd")
        assert joined == sum(sign >= "\U00010000" for sign in text)


def one(sign: str) -> bytes:
    return sign.encode("utf-8", "surrogatepass")


def test_a_character_without_an_end_is_found():
    assert cut_off_bytes("naïve 中".encode()) == 0
    assert cut_off_bytes("naïve 中".encode()[:-1]) == 2
    assert cut_off_bytes("naïve \U0001f600".encode()[:-1]) == 3
    assert cut_off_bytes(b"na\xef") == 1
