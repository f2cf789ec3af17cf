"""States are found again for the same model and the same text, and for no others."""

import gc
import threading
import weakref

import pytest

from charlstm.network.checkpoint import Checkpoint
from charlstm.writing.state_cache import StateCache
from tests.tiny_networks import random_checkpoint


@pytest.fixture
def checkpoint():
    return random_checkpoint()


def test_a_value_is_found_under_its_checkpoint_and_key(checkpoint):
    cache = StateCache(9)
    cache.put(checkpoint, "sea", 1)
    cache.put(checkpoint, b"digest", 2)
    cache.put(checkpoint, "sea", 3)
    assert cache.get(checkpoint, "sea") == 3
    assert cache.get(checkpoint, b"digest") == 2
    assert cache.get(checkpoint, "tea") is None
    assert cache.get(random_checkpoint(), "sea") is None
    assert len(cache) == 2


def test_what_was_stored_longest_ago_goes_first(checkpoint):
    cache = StateCache(3)
    for key in "abcad":
        cache.put(checkpoint, key, key)
    assert [cache.get(checkpoint, key) for key in "abcd"] == ["a", None, "c", "d"]


def test_the_longest_known_beginning_is_found(checkpoint):
    cache = StateCache(9)
    for text in ("", "se", "sea t"):
        cache.put(checkpoint, text, f"after {text!r}")
    assert cache.longest_prefix(checkpoint, "sea t", 2) == (5, "after 'sea t'")
    assert cache.longest_prefix(checkpoint, "sea ten", 2) == (5, "after 'sea t'")
    assert cache.longest_prefix(checkpoint, "sea tens", 2) == (0, None)
    assert cache.longest_prefix(checkpoint, "sen", 2) == (2, "after 'se'")
    assert cache.longest_prefix(checkpoint, "te", 2) == (0, "after ''")
    assert cache.longest_prefix(random_checkpoint(), "sea t", 2) == (0, None)


def test_a_checkpoint_is_not_kept_alive():
    cache, checkpoint = StateCache(9), random_checkpoint()
    cache.put(checkpoint, "sea", 1)
    gone = weakref.ref(checkpoint)
    del checkpoint
    gc.collect()
    assert gone() is None


def test_a_checkpoint_at_the_address_of_one_that_is_gone_gets_nothing_of_it(monkeypatch):
    """An address is what an object's hash is made of: here all checkpoints have the same."""
    monkeypatch.setattr(Checkpoint, "__hash__", lambda checkpoint: 7)
    cache, one = StateCache(9), random_checkpoint()
    cache.put(one, "sea", 1)
    other = random_checkpoint()
    assert hash(one) == hash(other)
    assert cache.get(other, "sea") is None
    del one
    gc.collect()
    assert cache.get(other, "sea") is None
    cache.put(other, "sea", 2)
    assert cache.get(other, "sea") == 2


def test_threads_may_store_and_look_up_at_once(checkpoint):
    cache, errors = StateCache(20), []

    def use(first: int) -> None:
        try:
            for number in range(2000):
                text = "x" * ((first + number) % 40)
                cache.put(checkpoint, text, len(text))
                length, value = cache.longest_prefix(checkpoint, text, 40)
                assert value in (None, length)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=use, args=[first]) for first in (0, 13, 26)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len(cache) == 20
