"""One at a time for each address; others of it wait, and those of other addresses do not."""

import threading

import pytest

from charlstm.errors import CharLSTMError
from charlstm.interface import turns
from charlstm.interface.turns import BUSY, Turns
from tests.waiting import wait_until


def test_those_of_an_address_take_turns_and_others_do_not_wait():
    line, order, go = Turns(), [], threading.Event()

    def first():
        with line.hold("a"):
            order.append("first")
            go.wait()

    def second():
        with line.hold("a"):
            order.append("second")

    threads = [threading.Thread(target=one) for one in (first, second)]
    threads[0].start()
    wait_until(lambda: order)
    threads[1].start()
    with line.hold("b"):
        order.append("other")
    go.set()
    for thread in threads:
        thread.join()
    assert order == ["first", "other", "second"]
    assert not line._lines


def test_who_waits_too_long_or_with_too_many_is_told_so(monkeypatch):
    monkeypatch.setattr(turns, "PATIENCE_S", 0.01)
    line = Turns()
    with line.hold("a"):
        with pytest.raises(CharLSTMError, match=BUSY), line.hold("a"):
            pass
        monkeypatch.setattr(turns, "MOST_WAITING", 0)
        monkeypatch.setattr(turns, "PATIENCE_S", 300)
        with pytest.raises(CharLSTMError, match=BUSY), line.hold("a"):
            pass
    with line.hold("a"):
        pass
