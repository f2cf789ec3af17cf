"""Limits are for each address: a visitor must not be able to make one up."""

import pytest

from charlstm.interface.network_address import address_of


def scope(*reported: str, client: str = "10.0.0.9") -> dict:
    return {
        "type": "http",
        "client": (client, 1234),
        "headers": [(b"x-forwarded-for", each.encode("latin-1")) for each in reported],
    }


def test_what_a_visitor_reports_counts_on_a_space_only(monkeypatch):
    monkeypatch.delenv("SPACE_ID", raising=False)
    assert address_of(scope("8.8.8.8", client="9.9.9.9")) == "9.9.9.9"
    monkeypatch.setenv("SPACE_ID", "somebody/charlstm")
    assert address_of(scope("8.8.8.8", client="10.0.0.9")) == "8.8.8.8"


@pytest.mark.parametrize(
    ("reported", "address"),
    [
        (("8.8.8.8",), "8.8.8.8"),
        (("1.1.1.1, 8.8.8.8",), "8.8.8.8"),  # the first one was made up
        (("1.1.1.1", "8.8.8.8"), "8.8.8.8"),  # in a header of its own
        (("1.1.1.1, 8.8.8.8, 10.16.3.80",), "8.8.8.8"),  # the host's own proxy
        (("10.16.3.80, 192.168.0.7",), "192.168.0.7"),
        (("8.8.8.8, <script>, unknown, 999.9.9.9",), "8.8.8.8"),
        (("nonsense",), "10.0.0.9"),
        (("",), "10.0.0.9"),
        ((), "10.0.0.9"),
        (("9," * 50_000 + "8.8.8.8",), "8.8.8.8"),
        (("2606:4700:1:2:3:4:5:6",), "2606:4700:1:2::/64"),
        (("2606:4700:1:2:ffff::1",), "2606:4700:1:2::/64"),
        (("::ffff:8.8.8.8",), "8.8.8.8"),
    ],
)
def test_the_last_address_of_the_internet_is_the_visitor_s(monkeypatch, reported, address):
    monkeypatch.setenv("SPACE_ID", "somebody/charlstm")
    assert address_of(scope(*reported)) == address


def test_a_network_that_one_visitor_may_choose_from_is_one_address(monkeypatch):
    monkeypatch.delenv("SPACE_ID", raising=False)
    found = {address_of(scope(client=f"2606:4700:1:2::{last:x}")) for last in range(100)}
    assert found == {"2606:4700:1:2::/64"}
    assert address_of(scope(client="::1")) == "::1"
    assert address_of({"type": "http", "headers": []}) == ""
