"""The connections of the web server, each with time limits, so that none occupies a place for long.

A connection waits (for a head, for a body, for the next request) or works (a page is being made or sent).
One that waits beyond its time is cut.  Where places run short, the address that has the most waiting
connections loses its oldest one: somebody who opens hundreds shuts out nobody but themself.
"""

from __future__ import annotations

import logging
import socket
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

import gevent

from engine.clock import monotonic_s
from engine.network import network_of

log = logging.getLogger(__name__)

HEAD_S = 10.0  # for the head of a request, from its first connection
IDLE_S = 20.0  # between two requests, the head of the second included
BODY_S = 15.0  # of waiting for a body, and beyond it as long as what has come takes at
BODY_BYTES_S = 20_000
SEND_S = 30.0  # for a piece of an answer, and beyond it as long as it takes at BODY_BYTES_S
LOOK_S = 0.5


@dataclass(slots=True, eq=False)
class Connection:
    """One connection; `until` is when its patience ends (None: it works)."""

    sock: socket.socket
    address: str
    until: float | None
    since: float
    is_cut: bool = False

    def wait(self, seconds: float) -> None:
        """From now on it waits for the other side, at most so long."""
        self.since = monotonic_s()
        self.until = self.since + seconds

    def work(self) -> None:
        """From now on we work on it."""
        self.until = None

    def cut(self) -> None:
        """End it: its reader sees the end of the stream."""
        self.is_cut = True
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)


class Connections:
    """All connections of a server: at most `places`, at most `of_address` of one address (0: any number)."""

    def __init__(self, places: int, of_address: int) -> None:
        self._places, self._of_address = places, of_address
        self._all: set[Connection] = set()
        self._sweeper: gevent.Greenlet | None = None

    def start(self) -> None:
        self._sweeper = gevent.spawn(self._sweep)

    def stop(self) -> None:
        if self._sweeper is not None:
            self._sweeper.kill()

    def __len__(self) -> int:
        return len(self._all)

    def enter(self, sock: socket.socket, address: str) -> Connection | None:
        """Take in a new connection, in place of another if need be; None when all work and there is no place."""
        found = Connection(sock, network_of(address), None, monotonic_s())
        found.wait(HEAD_S)
        own = [each for each in self._all if each.address == found.address and not each.is_cut]
        is_own_full = 0 < self._of_address <= len(own)
        if is_own_full or sum(not each.is_cut for each in self._all) >= self._places:
            victim = _oldest(own) if is_own_full else _oldest(self._of_greediest())
            if victim is None:
                return None
            log.info("action=connection_cut reason=places from=%s", victim.address)
            victim.cut()
        self._all.add(found)
        return found

    def leave(self, connection: Connection) -> None:
        self._all.discard(connection)

    def _of_greediest(self) -> list[Connection]:
        waiting = [each for each in self._all if each.until is not None and not each.is_cut]
        counts = Counter(each.address for each in waiting)
        if not counts:
            return []
        greediest = counts.most_common(1)[0][0]
        return [each for each in waiting if each.address == greediest]

    def _sweep(self) -> None:
        while True:
            gevent.sleep(LOOK_S)
            now = monotonic_s()
            for each in list(self._all):
                if each.until is not None and now > each.until and not each.is_cut:
                    each.cut()


def _oldest(connections: list[Connection]) -> Connection | None:
    waiting = [each for each in connections if each.until is not None]
    return min(waiting, key=lambda each: each.since) if waiting else None
