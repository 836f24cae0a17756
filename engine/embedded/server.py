"""The loop of the embedded switch: sockets, timers and signals in one thread.

It uses neither gevent nor asyncio but one epoll.  Each turn reads input, does what is due, writes the logs to the
operating system, and only then sends.  So a phone that rang is in the log before anybody knows of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys
import time

from engine import interpreter
from engine.embedded.listener import Listener
from engine.embedded.options import EmbeddedOptions
from engine.embedded.switch import GRID_S, Switch

_READ = 256 * 1024
_STDIN = 0


class Server:
    """Serves one ``Switch`` on one port until it is told to stop."""

    def __init__(self, options: EmbeddedOptions, until_stdin_closes: bool = False) -> None:
        self.switch = Switch(options)
        self._acceptor = socket.create_server((options.host, options.port), backlog=64)
        self._acceptor.setblocking(False)
        self.port: int = self._acceptor.getsockname()[1]
        self._epoll = select.epoll()
        self._epoll.register(self._acceptor.fileno(), select.EPOLLIN)
        if until_stdin_closes:
            self._epoll.register(_STDIN, select.EPOLLIN | select.EPOLLHUP)
        self._listeners: dict[int, Listener] = {}
        self._waits_to_write: set[int] = set()
        self._is_stopping = False
        self._wants_rotation = False
        self._wake_reader, self._wake_writer = socket.socketpair()
        for end in (self._wake_reader, self._wake_writer):
            end.setblocking(False)
        self._epoll.register(self._wake_reader.fileno(), select.EPOLLIN)

    def run(self) -> None:
        """Prints one line of JSON on stdout (where it listens) and serves until a signal or the end of the parent."""
        signal.set_wakeup_fd(self._wake_writer.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop_signal)
        signal.signal(signal.SIGHUP, self._on_rotate_signal)
        interpreter.tune()
        hello = {"port": self.port, "pid": os.getpid(), "core_uuid": self.switch.core_uuid}
        sys.stdout.write(json.dumps(hello) + "\n")
        sys.stdout.flush()
        next_heartbeat = time.monotonic() + self.switch.options.heartbeat_s
        while not self._is_stopping:
            self._wait(next_heartbeat)
            now = time.monotonic()
            self.switch.run_timers(now)
            if now >= next_heartbeat:
                self.switch.heartbeat()
                next_heartbeat = now + self.switch.options.heartbeat_s
            if self._wants_rotation:
                self._wants_rotation = False
                self.switch.cdr.rotate()
            self._write_out()
        self._shut_down()

    def _on_stop_signal(self, _number: int, _frame: object) -> None:
        self._is_stopping = True

    def _on_rotate_signal(self, _number: int, _frame: object) -> None:
        self._wants_rotation = True

    def _wait(self, next_heartbeat: float) -> None:
        """Waits at most until the next timer; reads and runs the commands of clients."""
        due = self.switch.next_due()
        until = next_heartbeat if due is None else min(due, next_heartbeat)
        timeout = max(0.0, until - time.monotonic())
        for fd, mask in self._epoll.poll(timeout):
            listener = self._listeners.get(fd)
            if listener is not None:
                if mask & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
                    self._read(listener)
            elif fd == self._acceptor.fileno():
                self._accept()
            elif fd == _STDIN:
                if not os.read(_STDIN, _READ):
                    self._is_stopping = True
            else:
                with contextlib.suppress(BlockingIOError):
                    self._wake_reader.recv(_READ)

    def _accept(self) -> None:
        try:
            sock, peer = self._acceptor.accept()
        except BlockingIOError:
            return
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener = Listener(self.switch, sock, f"{peer[0]}:{peer[1]}")
        self._listeners[sock.fileno()] = listener
        self.switch.events.listeners.add(listener)
        self._epoll.register(sock.fileno(), select.EPOLLIN)

    @staticmethod
    def _read(listener: Listener) -> None:
        try:
            data = listener.sock.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            listener.received(data)
        else:
            listener.is_dead = True

    def _write_out(self) -> None:
        """Logs first, then sockets."""
        if self.switch.support is not None:
            self.switch.support.book.file.flush()
        self.switch.rung_log.flush()
        self.switch.cdr.flush()
        for fd, listener in list(self._listeners.items()):
            listener.resume()
            is_empty = listener.flush()
            if listener.is_dead or (listener.is_closing and is_empty):
                self._drop(fd, listener)
            elif is_empty == (fd in self._waits_to_write):
                self._epoll.modify(fd, select.EPOLLIN if is_empty else select.EPOLLIN | select.EPOLLOUT)
                (self._waits_to_write.discard if is_empty else self._waits_to_write.add)(fd)

    def _drop(self, fd: int, listener: Listener) -> None:
        self._epoll.unregister(fd)
        self._waits_to_write.discard(fd)
        del self._listeners[fd]
        self.switch.events.listeners.discard(listener)
        self.switch.events.resubscribe()
        listener.sock.close()

    def _shut_down(self) -> None:
        """Ends as FreeSWITCH does: hangs up calls with SYSTEM_SHUTDOWN, then notifies listeners."""
        self._acceptor.close()
        switch = self.switch
        switch.hang_up_all(switch.calls.values(), "SYSTEM_SHUTDOWN")
        if switch.support is not None:
            switch.support.end_all("SYSTEM_SHUTDOWN")
        for listener in self._listeners.values():
            listener.goodbye()
        deadline = time.monotonic() + 1.0
        while self._listeners and time.monotonic() < deadline:
            self._write_out()
            self._epoll.poll(GRID_S)
        switch.rung_log.close()
        switch.cdr.close()
