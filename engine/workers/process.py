"""One worker process, seen from the caller.

It uses plain system calls, so that it works in any thread: the hub's, a thread pool's, or in a program without
gevent.  A call blocks its thread.
"""

from __future__ import annotations

import _socket
import json
import os
import posix
import signal
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from engine.workers import program
from engine.workers.job import Answer, End, Job, Lane

ROOT = Path(__file__).resolve().parents[2]
NICENESS = {Lane.LONG: 15, Lane.BEHIND: 15, Lane.QUICK: 0, Lane.SPEECH: 0}
IDLE_S = 60.0  # an idle worker waits this long for its next request
_MOST_JSON = 1 << 28


class Ended(Exception):
    """The worker ended, or was killed, before its answer was complete."""

    def __init__(self, end: End, detail: str) -> None:
        super().__init__(detail)
        self.end = end


class Failed(Exception):
    """The job raised an error of ours: its class, and its sentence as text."""

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind
        self.sentence = sentence


class Worker:
    """A process that does jobs of one kind, one after the other."""

    def __init__(self, job: Job) -> None:
        # The plain sockets of the system: gevent's belong to the hub of one thread.
        ours, theirs = _socket.socketpair()
        self._limits = job.limits
        self._idle_s = None if job.kept else IDLE_S
        self._socket = ours
        limits = job.limits
        taking = {
            "memory": limits.memory, "cpu_s": limits.cpu_s, "file_bytes": limits.file_bytes,
            "nice": NICENESS[job.lane], "idle_s": self._idle_s,
        }  # fmt: skip
        # Isolated: neither the environment nor the working directory decides what is imported.
        argv = [sys.executable, "-I", program.__file__, str(ROOT), job.target, json.dumps(taking),
                json.dumps(job.words)]  # fmt: skip
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": os.devnull, "LC_ALL": "C.UTF-8",
                       "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}  # fmt: skip
        actions = [
            (os.POSIX_SPAWN_DUP2, theirs.fileno(), 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ]
        # From `posix`, not `os`: gevent's versions wait for its hub.
        self.pid = posix.posix_spawn(sys.executable, argv, environment, file_actions=actions)
        theirs.close()
        self._status: int | None = None
        self._asked_at = time.monotonic()
        self.is_fit = True

    def ask(self, arguments: tuple[Any, ...]) -> Iterator[Answer]:
        """Yield the answers to a request as they come.

        Raises Ended or Failed.  After an unfinished iteration the worker cannot be used again.
        """
        self.is_fit = False
        left_s = self._limits.wall_s
        request = json.dumps(arguments).encode()
        left_s = self._send(struct.pack("<I", len(request)) + request, left_s)
        for _ in range(self._limits.answers + 1):
            head, left_s = self._read(9, left_s)
            kind, size, more = head[:1], *struct.unpack("<II", head[1:])
            if size > _MOST_JSON or size + more > self._limits.answer_bytes:
                raise Ended(End.SIZE, f"an answer of {size + more} bytes")
            text, left_s = self._read(size, left_s)
            data, left_s = self._read(more, left_s)
            value = orjson.loads(text)
            self._asked_at = time.monotonic()
            if kind == b".":
                self.is_fit = value["more"]
                return
            if kind == b"e":
                self.is_fit = value["more"]
                if "end" in value:
                    raise Ended(End(value["end"]), value.get("detail") or value["end"])
                raise Failed(value["error"], value["sentence"])
            yield Answer(value, data)
        raise Ended(End.SIZE, f"more than {self._limits.answers} answers")

    def is_ready(self) -> bool:
        """Whether the process still runs and is not about to end by itself."""
        is_going = self._idle_s is not None and time.monotonic() - self._asked_at > self._idle_s / 2
        return not is_going and self._wait(posix.WNOHANG) is None

    def end(self) -> None:
        """Kill the process and forget it."""
        self.is_fit = False
        self._socket.close()
        if self._status is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            self._wait(0)

    def _wait(self, options: int) -> int | None:
        """The status with which the process ended, -1 for an unknown one; None while it runs."""
        if self._status is None:
            try:
                pid, status = posix.waitpid(self.pid, options)
            except ChildProcessError:  # another signal handler has reaped it
                self._status = -1
            else:
                self._status = status if pid else None
        return self._status

    def _why(self) -> Ended:
        """Why the process is gone, by its exit status."""
        with suppress(ProcessLookupError):  # it may have closed only the socket
            os.kill(self.pid, signal.SIGKILL)
        status = self._wait(0)
        number = os.WTERMSIG(status) if status is not None and status > 0 and os.WIFSIGNALED(status) else 0
        if number == signal.SIGXCPU:
            return Ended(End.TIME, f"more than {self._limits.cpu_s} s of computing")
        if number == signal.SIGKILL:  # not by us: the system ran out of memory
            return Ended(End.MEMORY, "killed by the system")
        return Ended(End.CRASH, f"ended with {signal.Signals(number).name if number else status}")

    def _read(self, size: int, left_s: float) -> tuple[bytes, float]:
        parts = []
        while size:
            left_s = self._set_patience(_socket.SO_RCVTIMEO, left_s)
            began = time.monotonic()
            try:
                part = self._socket.recv(min(size, 1 << 20))
            except BlockingIOError:
                left_s = 0.0
                continue
            except OSError:
                part = b""
            if not part:
                raise self._why()
            left_s -= time.monotonic() - began
            parts.append(part)
            size -= len(part)
        return b"".join(parts), left_s

    def _send(self, data: bytes, left_s: float) -> float:
        view = memoryview(data)
        while view:
            left_s = self._set_patience(_socket.SO_SNDTIMEO, left_s)
            began = time.monotonic()
            try:
                view = view[self._socket.send(view) :]
            except BlockingIOError:
                left_s = 0.0
                continue
            except OSError:
                raise self._why() from None
            left_s -= time.monotonic() - began
        return left_s

    def _set_patience(self, option: int, left_s: float) -> float:
        """Set how long the next system call may wait; Ended when no time is left."""
        if left_s <= 0:
            raise Ended(End.TIME, f"no answer within {self._limits.wall_s:g} s")
        whole = int(left_s)
        micros = max(1, int((left_s - whole) * 1e6))
        self._socket.setsockopt(_socket.SOL_SOCKET, option, struct.pack("@ll", whole, micros))
        return left_s
