"""The network of a client: an IPv4 address, or the /64 of an IPv6 one, because one person has a whole /64."""

from __future__ import annotations

import ipaddress


def network_of(address: str | None) -> str:
    """The network that limits are counted by: ``192.0.2.7``, ``2001:db8:1:2::/64``; text that is no address is itself."""
    try:
        found = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return (address or "")[:64]
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is None:
            return str(ipaddress.ip_network((found, 64), strict=False))
        found = found.ipv4_mapped
    return str(found)
