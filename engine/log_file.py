"""One log file for several processes: appended to line by line, rotated by the process that finds it full.

A line is one `write` to a file opened for appending, so lines of two processes never mix.  Before each line the handler
checks that the name still belongs to the open file.  Rotation holds a lock, so that two processes do not rotate at once.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
from pathlib import Path

from engine.private_files import open_append

# Characters that begin a new line, move a terminal's cursor or change the text direction.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
CONTINUES = "\n  | "  # before each further line of an event, so that none looks like an event of its own


def harmless(text: str) -> str:
    """A text that is safe in a line of the log: invisible characters are written as their numbers."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class OneLine(logging.Formatter):
    """Writes an event as one line that no logged text can break; a traceback follows indented."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return harmless(super().formatMessage(record))

    def formatException(self, ei: object) -> str:
        lines = super().formatException(ei).splitlines()  # type: ignore[arg-type]
        return CONTINUES.lstrip("\n") + CONTINUES.join(harmless(line) for line in lines)

    def formatStack(self, stack_info: str) -> str:
        return CONTINUES.lstrip("\n") + CONTINUES.join(harmless(line) for line in stack_info.splitlines())


class SharedFileHandler(logging.Handler):
    """Appends to `path`, and keeps `kept` old files of `max_bytes` (``path.1`` is the newest)."""

    def __init__(self, path: Path, max_bytes: int, kept: int) -> None:
        super().__init__()
        self._path, self._max_bytes, self._kept = path, max_bytes, kept
        self._fd = open_append(path)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = (self.format(record) + "\n").encode("utf-8", "backslashreplace")
            self._look(len(line))
            os.write(self._fd, line)
        except Exception:  # noqa: BLE001 - as logging's handlers do: a log that fails stops nobody
            self.handleError(record)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        super().close()

    def _look(self, coming: int) -> None:
        """Make sure that the open file is the one of that name and has room."""
        own = os.fstat(self._fd)
        try:
            named = os.stat(self._path)
        except FileNotFoundError:
            named = None
        if named is None or named.st_ino != own.st_ino:
            self._reopen()
            own = os.fstat(self._fd)
        if own.st_size and own.st_size + coming > self._max_bytes:
            self._turn_over(own.st_ino)

    def _turn_over(self, full: int) -> None:
        lock = open_append(self._path.with_name(self._path.name + ".lock"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._path.exists() and self._path.stat().st_ino == full:  # else another process has done it
                for number in range(self._kept - 1, 0, -1):
                    old = self._old(number)
                    if old.exists():
                        old.replace(self._old(number + 1))
                self._path.replace(self._old(1))
            self._reopen()
        finally:
            os.close(lock)

    def _old(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")

    def _reopen(self) -> None:
        fd = open_append(self._path)
        os.close(self._fd)
        self._fd = fd
