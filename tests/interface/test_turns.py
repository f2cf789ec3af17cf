"""One at a time for each address; others of it wait, and those of other addresses do not."""

import threading

import pytest

from charlstm.errors import CharLSTMError
from charlstm.interface import turns
from charlstm.interface.turns import BUSY, SharedTurn, Turns
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


def test_the_address_that_had_its_turn_longest_ago_comes_first():
    turn = SharedTurn(patience_s=300, waiting_of_address=3, waiting=5, busy="busy")
    order, may_end = [], threading.Event()

    def take(name, address):
        with turn.hold(address):
            order.append(name)
            may_end.wait()

    threads = []
    for number, (name, address) in enumerate(
        [("a1", "a"), ("a2", "a"), ("a3", "a"), ("b1", "b"), ("b2", "b"), ("c1", "c")]
    ):
        threads.append(threading.Thread(target=take, args=(name, address)))
        threads[-1].start()
        wait_until(lambda number=number: len(turn._waiting) + len(order) == number + 1)
    with pytest.raises(CharLSTMError, match="busy"), turn.hold("d"):
        pass
    may_end.set()
    for thread in threads:
        thread.join()
    assert order == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_who_waits_too_long_for_a_shared_turn_is_told_so_and_waits_no_more():
    turn = SharedTurn(patience_s=0.01, waiting_of_address=1, waiting=2, busy="busy")
    with turn.hold("a"), pytest.raises(CharLSTMError, match="busy"), turn.hold("a"):
        pass
    assert not turn._waiting
    with turn.hold("a"):
        pass
