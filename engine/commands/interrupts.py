"""Ctrl-C and SIGTERM as events to wait for."""

from __future__ import annotations

import signal
from types import TracebackType
from typing import Self

import gevent
from gevent.event import Event as Flag

from engine.errors import AvanakError


class Interrupted(AvanakError):
    """Somebody pressed Ctrl-C before there was anything to go on with."""

    exit_status = 130


class Interrupts:
    """The first Ctrl-C or SIGTERM asks for an orderly end, the second for a quick one.

    The handler only sets events.
    """

    def __init__(self) -> None:
        self.first = Flag()
        self.second = Flag()
        self.abandoned = (
            Flag()
        )  # our parent process is dead: end at once and leave the calls to the next engine
        self._handlers: list[gevent.hub.signal] = []

    def __enter__(self) -> Self:
        self._handlers = [
            gevent.signal_handler(number, self._signalled) for number in (signal.SIGINT, signal.SIGTERM)
        ]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for handler in self._handlers:
            handler.cancel()

    def check(self) -> None:
        """Raise Interrupted if somebody pressed Ctrl-C."""
        if self.first.is_set():
            raise Interrupted("Interrupted; nobody was called.")

    def _signalled(self) -> None:
        (self.second if self.first.is_set() else self.first).set()
