"""Posting to an address that a customer named, and to nothing of our own.

The host is looked up here, and what is connected to is the address that was looked at: a name that changes
between two looks (DNS rebinding) gains nothing.  Redirects are not followed, answers are read to 64 kB.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from engine.clock import monotonic_s
from engine.errors import BadInput

CONNECT_S, ANSWER_S = 5.0, 10.0
MOST_BYTES = 64_000
LONGEST_URL = 500


class AddressRefused(BadInput):
    """The address cannot be used: it is none, nobody knows its host, or it is one of our own networks."""


@dataclass(frozen=True, slots=True)
class PostAnswer:
    """What came back; `status` is that of HTTP."""

    status: int
    body: bytes


def check_url(url: str, permitted: Sequence[str] = ()) -> None:
    """Raise AddressRefused unless something may be posted there; looks the host up.

    `permitted` are networks of ours that may be used all the same.
    """
    parts = _parts(url)
    _addresses(parts, permitted)


def post(url: str, body: bytes, headers: Mapping[str, str], permitted: Sequence[str] = ()) -> PostAnswer:
    """Post once.  AddressRefused, or OSError or HTTPException when nothing came back.  Blocks on the network."""
    parts = _parts(url)
    address = _addresses(parts, permitted)[0]
    port = parts.port or (443 if parts.scheme == "https" else 80)
    until = monotonic_s() + ANSWER_S
    sock: socket.socket = socket.create_connection((address, port), CONNECT_S)
    connection = http.client.HTTPConnection(parts.hostname or "", port)
    try:
        sock.settimeout(ANSWER_S)
        if parts.scheme == "https":
            sock = ssl.create_default_context().wrap_socket(sock, server_hostname=parts.hostname)
        connection.sock = sock
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, {"Connection": "close", **headers})
        answer = connection.getresponse()
        found = b""
        while len(found) < MOST_BYTES and monotonic_s() < until:
            part = answer.read1(MOST_BYTES - len(found))
            if not part:
                break
            found += part
        return PostAnswer(answer.status, found)
    finally:
        connection.close()
        sock.close()


def _parts(url: str) -> SplitResult:
    refused = AddressRefused(
        "The address %(url)s is not one such as https://example.com/answer.", url=url[:80]
    )
    if len(url) > LONGEST_URL or not url.isascii() or any(char <= " " for char in url):
        raise refused
    try:
        parts = urlsplit(url)
        has_port = parts.port is None or parts.port > 0
    except ValueError as error:
        raise refused from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or not has_port:
        raise refused
    return parts


def _addresses(parts: SplitResult, permitted: Sequence[str]) -> list[str]:
    """The addresses of a host, all of them outside; AddressRefused."""
    try:
        found = socket.getaddrinfo(parts.hostname, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AddressRefused("Nobody knows the host %(host)s.", host=str(parts.hostname)[:80]) from error
    addresses = [str(each[4][0]).partition("%")[0] for each in found]
    networks = [ipaddress.ip_network(each) for each in permitted]
    for address in addresses:
        known = ipaddress.ip_address(address)
        if isinstance(known, ipaddress.IPv6Address) and known.ipv4_mapped is not None:
            known = known.ipv4_mapped
        is_outside = known.is_global and not known.is_multicast
        if not is_outside and not any(known in network for network in networks):
            raise AddressRefused(
                "The host %(host)s is in a network of our own.", host=str(parts.hostname)[:80]
            )
    return addresses
