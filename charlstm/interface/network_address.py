"""Who asks, as far as the network shows it: limits are for each address."""

from __future__ import annotations

import os
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from starlette.datastructures import Headers
from starlette.types import Scope

_OF_ONE_PLACE = 64  # bits of an IPv6 address; the others somebody may choose as they like
_MOST = 400  # characters of what proxies report: the last ones count


def address_of(scope: Scope) -> str:
    """The network address of who asks; on a Space, that which its proxy reports."""
    client = scope["client"][0] if scope.get("client") else ""
    if os.environ.get("SPACE_ID"):
        reported = ",".join(Headers(scope=scope).getlist("x-forwarded-for"))
        client = _reported(reported[-_MOST:]) or client
    return _place_of(client)


@lru_cache(maxsize=4096)
def _reported(addresses: str) -> str:
    """Of addresses that proxies put one after the other, that of the visitor.

    Each proxy appends whom it was asked by. What stands before may be made up, and at the end may
    be machines of the host's own network: so it is the last one that anybody on the internet may
    have; without one, the last.

    >>> _reported("1.1.1.1, 8.8.8.8, 10.16.3.80")
    '8.8.8.8'
    """
    named = [part.strip() for part in addresses.split(",")]
    known = [part for part in named if _parsed(part) is not None]
    public = [part for part in known if ip_address(part).is_global]
    return (public or known or [""])[-1]


@lru_cache(maxsize=4096)
def _place_of(address: str) -> str:
    """The address itself, or the network of one that has a whole network to choose from.

    >>> _place_of("2001:db8:1:2:3:4:5:6"), _place_of("127.0.0.1")
    ('2001:db8:1:2::/64', '127.0.0.1')
    """
    parsed = _parsed(address)
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    if parsed.is_loopback:
        return address
    network = int(parsed) >> (128 - _OF_ONE_PLACE) << (128 - _OF_ONE_PLACE)
    return f"{IPv6Address(network)}/{_OF_ONE_PLACE}"


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(address)
    except ValueError:
        return None
