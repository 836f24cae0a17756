"""Child processes that do what a stranger's data may crash, for one caller at a time.

Plain system calls, so that they may be used from any thread: the hub's, a
thread pool's, or a program without gevent.  A call blocks its thread; the
caller sees to it that nobody waits behind it.
"""

from __future__ import annotations

import atexit
import os
import posix
import signal
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


class ChildDied(Exception):
    """The child ended before it answered: crashed, ran too long, or could not start."""


class Child:
    """A Python file run with our interpreter; answers one request after the other."""

    def __init__(self, program: Path, words: Sequence[str] = ()) -> None:
        theirs_in, self._to = os.pipe()
        self._from, theirs_out = os.pipe()
        actions = [
            (os.POSIX_SPAWN_DUP2, theirs_in, 0),
            (os.POSIX_SPAWN_DUP2, theirs_out, 1),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ]
        # Isolated: neither the environment nor the working directory decides what is imported.
        argv = [sys.executable, "-I", str(program), *words]
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": os.devnull, "LC_ALL": "C.UTF-8"}
        # Of `posix`, not of `os`: gevent's own are watched and put off until its hub runs.
        self._pid = posix.posix_spawn(sys.executable, argv, environment, file_actions=actions)
        posix.close(theirs_in)
        posix.close(theirs_out)

    def ask(self, request: bytes) -> bytes:
        """Send a request and wait for its answer; ChildDied when there is none."""
        try:
            view = memoryview(struct.pack("<I", len(request)) + request)
            while view:
                view = view[os.write(self._to, view) :]
            return self._read(struct.unpack("<I", self._read(4))[0])
        except OSError as error:
            raise ChildDied(str(error)) from error

    def _read(self, size: int) -> bytes:
        parts = []
        while size:
            part = os.read(self._from, min(size, 1 << 20))
            if not part:
                raise ChildDied("the child has ended")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def end(self) -> None:
        """End the process and forget it."""
        for descriptor in (self._to, self._from):
            with suppress(OSError):
                posix.close(descriptor)
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        with suppress(ChildProcessError):  # gevent may have reaped it
            posix.waitpid(self._pid, 0)


class Children:
    """Idle children that are used again; as many as ask at once, `kept` stay."""

    def __init__(self, program: Path, words: Sequence[str] = (), kept: int = 2) -> None:
        self.program = program
        self.words = tuple(words)
        self.kept = kept
        self._idle: list[Child] = []  # append and pop are atomic
        atexit.register(self.close)

    def ask(self, request: bytes) -> bytes:
        """An answer of some child; ChildDied when that child ended over it."""
        try:
            child = self._idle.pop()
        except IndexError:
            child = Child(self.program, self.words)
        try:
            answer = child.ask(request)
        except BaseException:
            child.end()
            raise
        if len(self._idle) < self.kept:
            self._idle.append(child)
        else:
            child.end()
        return answer

    def close(self) -> None:
        """End those that are idle."""
        while self._idle:
            self._idle.pop().end()
