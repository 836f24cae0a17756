"""Which addresses given by customers we may post to: the public internet, never a network of our own.

Asked when an address is entered, and again of the address that a connection is really made to: a name can
point elsewhere a moment later (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

from engine.errors import BadInput

LONGEST_URL = 500
PORTS = frozenset((80, 443, *range(1024, 65536)))
INTERNET = ipaddress.IPv6Network(
    "2000::/3"
)  # of IPv6 all that is public; the rest leads to networks near us, or nowhere
TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")  # NAT64 (RFC 6052)
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def parse_networks(text: str) -> tuple[Network, ...]:
    """Networks, separated by commas or blanks, that may be told although they are not public; BadInput."""
    try:
        return tuple(ipaddress.ip_network(each) for each in text.replace(",", " ").split())
    except ValueError as error:
        raise BadInput("«%(text)s» is not a list of networks such as 192.0.2.0/24.", text=text) from error


def is_allowed(address: str, also: Sequence[Network] = ()) -> bool:
    """Whether a connection to this IP address may be made."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        found = _inner(found)
    if any(found in network for network in also if network.version == found.version):
        return True
    if found.version == 6 and found not in INTERNET:
        return False
    return found.is_global and not found.is_multicast


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address that an IPv6 one stands for (mapped, 6to4, by a translator), else the address itself."""
    if address in TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


class AddressRefused(BadInput):
    """Nothing is posted there: it is no address, nobody knows its host, or it lies in a network of our own."""


def check_url(url: str, also: Sequence[Network] = ()) -> str:
    """The address of a receiver, tidied; AddressRefused says what is wrong with it.  Looks its name up."""
    url = url.strip()
    if (
        len(url) > LONGEST_URL
        or not url.isascii()
        or any(ord(letter) <= 32 or ord(letter) == 127 for letter in url)
    ):
        raise AddressRefused(
            "The address has blanks, letters beyond ASCII (write such a name as xn--…) or more than %(n)s characters.",
            n=LONGEST_URL,
        )
    try:
        parts = urlsplit(url)
        port = (443 if parts.scheme == "https" else 80) if parts.port is None else parts.port
    except ValueError as error:
        raise AddressRefused(
            "«%(url)s» is not an address such as https://example.com/avanak.", url=url
        ) from error
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise AddressRefused("«%(url)s» is not an address such as https://example.com/avanak.", url=url)
    if parts.username is not None or parts.password is not None:
        raise AddressRefused("The address must not hold a user name or password.")
    if port not in PORTS:
        raise AddressRefused("Port %(port)s cannot be used: 80, 443, or 1024 and above.", port=port)
    addresses = look_up(parts.hostname, port)
    if not addresses:
        raise AddressRefused("The name %(name)s cannot be found.", name=parts.hostname)
    if not all(is_allowed(address, also) for address in addresses):
        raise AddressRefused("%(name)s lies in a network that is not public.", name=parts.hostname)
    return url


def look_up(host: str, port: int) -> list[str]:
    """The IP addresses of a name; empty when there are none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [str(each[4][0]) for each in found]
