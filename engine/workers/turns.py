"""Whose turn it is: a limited number of jobs at once, one per account, and nobody waits for ever.

It waits with file descriptors and not with locks of `threading`: those become gevent's in a patched process, and the
threads that wait here are not the hub's.
"""

from __future__ import annotations

import _socket
import os
import struct
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from engine.workers.job import QueueFull
from engine.workers.shared_places import SharedPlaces

LOOK_US = 200_000  # between two checks whether another process has released a place of the account


@dataclass(slots=True)
class _Waiting:
    account: int | None
    bell: _socket.socket


class Turns:
    """The turns of one lane.  Work without an account (the house's own) is limited by `slots` alone."""

    def __init__(self, slots: int, of_account: int = 1, most_waiting: int = 4) -> None:
        self.slots = slots
        self.of_account = of_account
        self.most_waiting = most_waiting  # of one account
        self._shared: SharedPlaces | None = None
        self._lock = os.eventfd(1, os.EFD_SEMAPHORE | os.EFD_CLOEXEC)
        self._waiting: list[_Waiting] = []
        self._running: Counter[int | None] = Counter()
        self._served: dict[int | None, int] = {}  # the number of an account's newest turn
        self._number = 0

    @property
    def waiting(self) -> int:
        """How many jobs wait now."""
        return len(self._waiting)

    def share(self, places: SharedPlaces) -> None:
        """Share an account's places with other processes; call it before the first turn."""
        self._shared = places

    @contextmanager
    def turn(self, account: int | None) -> Iterator[None]:
        """Wait for a turn and hold it.  Raises QueueFull when too many jobs of the account wait."""
        self._wait(account)
        try:
            yield
        finally:
            with self._alone():
                self._running[account] -= 1
                if not self._running[account]:
                    del self._running[account]
                if self._shared and account is not None:
                    self._shared.release(account)
                self._call()

    def _wait(self, account: int | None) -> None:
        ours, bell = _socket.socketpair()
        ours.setsockopt(_socket.SOL_SOCKET, _socket.SO_RCVTIMEO, struct.pack("@ll", 0, LOOK_US))
        try:
            with self._alone():
                if account is not None:
                    waiting = sum(one.account == account for one in self._waiting)
                    if waiting >= self.most_waiting:
                        raise QueueFull(
                            "%(count)s files or texts of this account are waiting already; try again in a minute.",
                            count=waiting,
                        )
                self._waiting.append(_Waiting(account, bell))
                self._call()
            while not _rings(ours):
                with self._alone():
                    self._call()
        finally:
            ours.close()
            bell.close()

    def _call(self) -> None:
        """Wake the jobs whose turn it is: of the accounts that may go, the one served longest ago."""
        elsewhere: set[int | None] = set()  # accounts whose places are held by other processes
        while self._running.total() < self.slots:
            free = [one for one in self._waiting if one.account not in elsewhere and self._may(one.account)]
            if not free:
                return
            chosen = min(free, key=lambda one: self._served.get(one.account, 0))
            if self._shared and chosen.account is not None and not self._shared.take(chosen.account):
                elsewhere.add(chosen.account)
                continue
            self._waiting.remove(chosen)
            self._running[chosen.account] += 1
            self._number += 1
            self._served[chosen.account] = self._number
            if len(self._served) > 10_000:
                self._served = dict(sorted(self._served.items(), key=lambda item: item[1])[-1_000:])
            chosen.bell.send(b"!")

    def _may(self, account: int | None) -> bool:
        return account is None or self._running[account] < self.of_account

    @contextmanager
    def _alone(self) -> Iterator[None]:
        os.eventfd_read(self._lock)
        try:
            yield
        finally:
            os.eventfd_write(self._lock, 1)


def _rings(ours: _socket.socket) -> bool:
    """Wait a while for the turn; return whether it has come."""
    try:
        return bool(ours.recv(1))
    except BlockingIOError:
        return False
