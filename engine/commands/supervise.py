"""Two processes for one service: each is started again when it dies, and the other does not notice.

A part is this program again, started with a socket as its standard input.  On it the part says that it is
ready, and hears `STOP` (end in order) and `NOW` (end the calls too).  When the supervisor dies, however it
dies, the socket closes: the part then ends by itself, so that nothing is left behind.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress

import click
import gevent
from gevent.event import Event

from engine.clock import monotonic_s
from engine.commands.interrupts import Interrupts

log = logging.getLogger(__name__)

STOPPING = "Stopping: no further call is placed, those that are up finish.  A second signal ends them."
READY, STOP, NOW = b"r", b"s", b"n"
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
STEADY_S = 60.0  # who has run for so long is started again after the shortest wait
KILL_AFTER_S = 30.0  # beyond the time that a part has for its end


class Part:
    """One process of the service, kept running until `stop`."""

    def __init__(
        self, name: str, words: Sequence[str], environment: Mapping[str, str], end_s: float = 0.0
    ) -> None:
        self.name = name
        self.is_ready = Event()  # for the first time
        self.failed = Event()  # it ended before it was ready for the first time, or it was stopped
        self.status = 0
        self._words, self._environment = list(words), dict(environment)
        self._end_s = end_s
        self._stopping = Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._link: socket.socket | None = None
        self._keeper: gevent.Greenlet | None = None

    def start(self) -> None:
        """Start it, and again whenever it dies."""
        self._keeper = gevent.spawn(self._keep)

    def wait_until_ready(self) -> bool:
        """Wait for its first readiness; False when it ended before."""
        gevent.wait([self.is_ready, self.failed], count=1)
        return self.is_ready.is_set()

    def tell(self, word: bytes) -> None:
        """Ask it to end: `STOP` or `NOW`; it is not started again."""
        self._stopping.set()
        if self._link is not None:
            with suppress(OSError):
                self._link.sendall(word)

    def join(self) -> int:
        """Wait until it has ended; its exit status.  One that does not end in its time is killed."""
        if self._keeper is None:
            return 0
        self._keeper.join(self._end_s + KILL_AFTER_S)
        if not self._keeper.dead and self._process is not None:
            log.error("action=part_killed part=%s", self.name)
            self._process.kill()
            self._keeper.join()
        return self.status

    def _keep(self) -> None:
        wait = FIRST_WAIT_S
        while not self._stopping.is_set():
            began = monotonic_s()
            self.status = self._run()
            if self._stopping.is_set() or not self.is_ready.is_set():
                break
            wait = FIRST_WAIT_S if monotonic_s() - began > STEADY_S else min(wait * 2, LONGEST_WAIT_S)
            log.error("action=part_died part=%s status=%d again_in_s=%.1f", self.name, self.status, wait)
            click.echo(f"The {self.name} process ended ({_how(self.status)}); it is started again.", err=True)
            self._stopping.wait(wait)
        self.failed.set()

    def _run(self) -> int:
        """Run it once; its exit status (minus the signal's number, if one ended it)."""
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                process = self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                    [sys.executable, "-m", "engine", *self._words],
                    stdin=theirs.fileno(),
                    env=self._environment,
                    start_new_session=True,  # a Ctrl-C at the terminal is for us, who tell it
                )
            self._link = ours
            log.info("action=part_started part=%s pid=%d", self.name, process.pid)
            if self._stopping.is_set():
                self.tell(STOP)
            listener = gevent.spawn(self._listen, ours)
            status = process.wait()
            self._link = None
            listener.join(1.0)
            listener.kill()
        return int(status)

    def _listen(self, link: socket.socket) -> None:
        with suppress(OSError):
            while word := link.recv(1):
                if word == READY:
                    self.is_ready.set()


def run(parts: Sequence[Part], interrupts: Interrupts) -> int:
    """Start the parts one after the other, keep them until somebody stops us; the exit status.

    A part that cannot start at first ends the rest, and its status is ours: later it is only started again.
    """
    for part in parts:
        part.start()
        starting = gevent.spawn(part.wait_until_ready)
        gevent.wait([starting, interrupts.first], count=1)
        if interrupts.first.is_set():
            break
        if not starting.get():
            _stop(parts, NOW)
            return part.status if part.status > 0 else 1
    log.info("action=serving parts=%s", ",".join(part.name for part in parts))
    interrupts.first.wait()
    click.echo(STOPPING, err=True)
    second = gevent.spawn(_at_second, parts, interrupts)
    _stop(parts, STOP)
    second.kill()
    return 0


def _at_second(parts: Sequence[Part], interrupts: Interrupts) -> None:
    interrupts.second.wait()
    for part in parts:
        part.tell(NOW)


def _stop(parts: Sequence[Part], word: bytes) -> None:
    for part in parts:
        part.tell(word)
    for part in parts:
        part.join()


def _how(status: int) -> str:
    if status >= 0:
        return f"status {status}"
    with suppress(ValueError):
        return signal.Signals(-status).name
    return f"signal {-status}"


class Supervised:
    """The part's end: what its supervisor says becomes interrupts; its death is an interrupt too."""

    def __init__(self, interrupts: Interrupts) -> None:
        self._link = socket.socket(fileno=os.dup(0))
        self._interrupts = interrupts
        self._listener = gevent.spawn(self._listen)

    def ready(self) -> None:
        """Tell the supervisor that the part does its work."""
        with suppress(OSError):
            self._link.sendall(READY)

    def _listen(self) -> None:
        word = STOP
        while word:
            try:
                word = self._link.recv(1)
            except OSError:
                word = b""
            if not word:
                log.error("action=supervisor_died")
                self._interrupts.abandoned.set()
            if word == NOW:
                self._interrupts.second.set()
            self._interrupts.first.set()
