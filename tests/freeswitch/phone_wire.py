"""How a telephone's SIP travels by TLS: one connection to the switch, whose certificate is checked."""

from __future__ import annotations

import selectors
import socket
import ssl
from pathlib import Path

from tests.freeswitch.carrier_wire import Connection


class Sealed:
    """Like the socket of UDP, as far as a telephone uses it; where datagrams would go does not matter."""

    def __init__(self, server: tuple[str, int], authorities: Path) -> None:
        context = ssl.create_default_context(cafile=authorities)
        self._socket = context.wrap_socket(socket.create_connection(server, 5), server_hostname=server[0])
        self._socket.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._socket, selectors.EVENT_READ)
        self._connection = Connection(self._socket, self._selector)

    def fileno(self) -> int:
        return self._socket.fileno()

    def getsockname(self) -> tuple[str, int]:
        return self._socket.getsockname()

    def sendto(self, data: bytes, _server: tuple[str, int]) -> None:
        self._socket.sendall(data)

    def read(self) -> list[bytes]:
        """The whole messages that have arrived."""
        return [data for data, _ in self._connection.read()]

    def close(self) -> None:
        self._socket.close()
