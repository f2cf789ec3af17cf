"""What this computer's settings make of the way to the internet: proxies and certificates."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path


def proxy_of(url: str) -> str:
    """Where the environment sends a request first, without name and password; empty: nowhere."""
    from requests import utils  # here: importing it takes half a second

    address = utils.select_proxy(url, utils.get_environ_proxies(url)) or ""
    rest = address.partition("://")[2] or address
    return address.removesuffix(rest) + rest.rpartition("@")[2]  # a password may have any sign


def on_useless_proxy(proxy: str, package: str) -> str:
    """Words on a proxy that cannot be used.

    Args:
        package: what proxies of the kind SOCKS need.
    """
    needs = f", which needs the package {package}" if proxy.startswith("socks") else ""
    return f"the proxy {proxy} of this computer cannot be used{needs}"


def missing_certificates(variables: Sequence[str]) -> str:
    """Which file of certificates is asked for and not there, in plain words; empty if none is.

    Args:
        variables: of the environment, the one that is asked first before the others.
    """
    for name in variables:
        if path := os.environ.get(name):
            return "" if Path(path).exists() else f"{name} names {path}, and there is no such file"
    return ""
