"""How the carrier's SIP travels: UDP, or TCP or TLS with one message after the other on a connection."""

from __future__ import annotations

import contextlib
import re
import selectors
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

_LENGTH = re.compile(rb"^(?:content-length|l)\s*:\s*(\d+)", re.I | re.M)


class Peer(Protocol):
    """Whoever sent a message: answers go back the same way."""

    def send(self, data: bytes) -> None: ...


class Datagrams:
    """The UDP socket; its peers are addresses."""

    def __init__(self, made: socket.socket) -> None:
        self.socket = made

    def read(self) -> Iterator[tuple[bytes, Peer]]:
        for _ in range(200):
            try:
                data, address = self.socket.recvfrom(65535)
            except BlockingIOError:
                return
            yield data, Address(self.socket, address)


class Address:
    """A place that datagrams are sent to."""

    def __init__(self, made: socket.socket, address: tuple[str, int]) -> None:
        self.socket, self.address = made, address

    def send(self, data: bytes) -> None:
        self.socket.sendto(data, self.address)


class Stray:
    """Sends by TCP to a peer that asked by UDP."""

    def __init__(self, peer: Peer) -> None:
        assert isinstance(peer, Address)
        self.address = peer.address

    def send(self, data: bytes) -> None:
        with contextlib.suppress(OSError), socket.create_connection(self.address, 2) as made:
            made.sendall(data)
            made.shutdown(socket.SHUT_WR)


class Listener:
    """Takes connections, by TLS with a certificate; they join the selector by themselves."""

    def __init__(
        self, host: str, port: int, certificate: Path | None, selector: selectors.BaseSelector
    ) -> None:
        self.socket = socket.create_server((host, port))
        self.selector = selector
        self.context: ssl.SSLContext | None = None
        if certificate is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)

    def read(self) -> Iterator[tuple[bytes, Peer]]:
        made, _ = self.socket.accept()
        made.settimeout(2)
        if self.context is not None:
            try:
                made = self.context.wrap_socket(made, server_side=True)
            except OSError:  # it does not trust us
                made.close()
                return
        made.setblocking(False)
        self.selector.register(made, selectors.EVENT_READ, Connection(made, self.selector))
        yield from ()


class Connection:
    """One connection of the switch."""

    def __init__(self, made: socket.socket, selector: selectors.BaseSelector) -> None:
        self.socket, self.selector = made, selector
        self.buffer = b""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read(self) -> Iterator[tuple[bytes, Peer]]:
        try:
            while data := self.socket.recv(65535):
                self.buffer += data
            self.selector.unregister(self.socket)
            self.socket.close()
        except (BlockingIOError, ssl.SSLWantReadError):
            pass
        while message := self._next():
            yield message, self

    def _next(self) -> bytes:
        """The next whole message; empty when it has not arrived yet.  Line ends alone keep a connection alive."""
        self.buffer = self.buffer.lstrip(b"\r\n")
        head, separator, body = self.buffer.partition(b"\r\n\r\n")
        found = _LENGTH.search(head)
        length = int(found[1]) if found else 0
        if not separator or len(body) < length:
            return b""
        self.buffer = body[length:]
        return head + separator + body[:length]
