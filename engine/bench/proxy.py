"""A TCP proxy whose connections can be cut: the network between engine and switch."""

from __future__ import annotations

import gevent
from gevent import socket
from gevent.server import StreamServer

CHUNK = 1 << 16


class Proxy:
    """Forwards connections from a loopback port to `target` until they are cut."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._server = StreamServer(("127.0.0.1", 0), self._carry)

    def start(self) -> int:
        """Start; returns the port to connect to."""
        self._server.start()
        return int(self._server.server_port)

    def stop(self) -> None:
        self._server.stop(timeout=1)
        self.cut()

    def cut(self) -> None:
        """Close every connection at once, in the middle of any data."""
        for pair in list(self._pairs):
            for end in pair:
                _close(end)

    def _carry(self, near: socket.socket, _address: object) -> None:
        try:
            far = socket.create_connection(self.target, timeout=5)
        except OSError:
            near.close()
            return
        far.settimeout(None)
        pair = (near, far)
        self._pairs.add(pair)
        back = gevent.spawn(_pump, far, near)
        _pump(near, far)
        back.join(5)
        self._pairs.discard(pair)
        for end in pair:
            _close(end)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(CHUNK):
            sink.sendall(data)
    except OSError:
        return
    finally:
        _close(sink)


def _close(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
    finally:
        end.close()
