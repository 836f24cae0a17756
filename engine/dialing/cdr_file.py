"""Read the switch's CDR file while it grows, and while it is rotated, truncated or replaced.

mod_cdr_csv appends one line a call to ``Master.csv``; told to rotate, it renames it to
``Master.csv.2026-03-21-00-00-00`` and begins a new one.  ``RecordFile`` gives every complete line once,
in order, from where a ``Cursor`` left off.
"""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from pathlib import Path

from engine.errors import AvanakError

log = logging.getLogger(__name__)

CHUNK = 1024 * 1024
HEAD = 36  # first bytes of a file, which distinguish it from another file with the same inode number


class RecordsUnavailable(AvanakError):
    """The switch's call records cannot be read now, so a missing record means nothing."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a file was read: the file by its inode number and first bytes, and the byte behind the last line."""

    inode: int
    head: str
    position: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """Complete lines of one file; `data` ends with a line's end and begins at byte `start`."""

    inode: int
    head: str
    start: int
    data: bytes

    def cursor(self, position: int) -> Cursor:
        return Cursor(self.inode, self.head, position)


class RecordFile:
    """One growing file.  Not thread-safe; every call may wait for the disk."""

    def __init__(self, path: Path, cursor: Cursor | None) -> None:
        self.path = path
        self._start = cursor
        self._fd: int | None = None
        self._inode = 0
        self._head = b""
        self._position = 0
        self._later: list[Path] = []  # rotated files to be read after the present one

    def read(self) -> Chunk | None:
        """The next complete lines, `CHUNK` bytes of them at most; None when there are none now.

        RecordsUnavailable when there is no such file, or it cannot be read.
        """
        try:
            if self._fd is None:
                self._resume()
            while True:
                chunk = self._read_present()
                if chunk is not None:
                    return chunk
                if not self._advance():
                    return None
        except OSError as error:
            self.close()
            raise RecordsUnavailable(
                "The call records %(path)s cannot be read: %(why)s.",
                path=self.path,
                why=error.strerror or error,
            ) from error

    def close(self) -> None:
        if self._fd is not None:
            cursor = Cursor(self._inode, self._head.decode("utf-8", "replace"), self._position)
            self._start = cursor
            os.close(self._fd)
            self._fd = None

    # -- which file, and from where --------------------------------------------------------

    def _resume(self) -> None:
        """Open where the cursor points: 1. the present file; 2. a rotated one, then all after it.

        If the cursor's file is gone, everything written since is read.  At worst this repeats lines, and a line of a call
        that has ended changes nothing.
        """
        cursor, self._start = self._start, None
        rotated = self._rotated()
        if cursor is None:
            self._open(self.path, 0)
            return
        for index, path in enumerate([*rotated, self.path]):
            if self._is_file_of(path, cursor):
                self._open(path, cursor.position)
                if os.fstat(self._fd or 0).st_size < cursor.position or not self._stands_after_a_line():
                    log.warning("action=records_cut path=%s", path)
                    self._position = 0
                self._later = rotated[index + 1 :] if path != self.path else []
                return
        log.warning("action=records_replaced path=%s rotated=%d", self.path, len(rotated))
        self._later = rotated[1:]
        self._open(rotated[0] if rotated else self.path, 0)

    def _rotated(self) -> list[Path]:
        """Files that were set aside, oldest first."""
        found = [path for path in self.path.parent.glob(f"{self.path.name}.*") if path.is_file()]
        return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))

    @staticmethod
    def _is_file_of(path: Path, cursor: Cursor) -> bool:
        try:
            if path.stat().st_ino != cursor.inode:
                return False
            with path.open("rb") as file:
                return file.read(HEAD).decode("utf-8", "replace").startswith(cursor.head)
        except FileNotFoundError:
            return False

    def _open(self, path: Path, position: int) -> None:
        self.close()
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._inode = os.fstat(self._fd).st_ino
        self._head = os.pread(self._fd, HEAD, 0)
        self._position = position

    def _stands_after_a_line(self) -> bool:
        return self._position == 0 or os.pread(self._fd or 0, 1, self._position - 1) == b"\n"

    # -- reading ---------------------------------------------------------------------------

    def _read_present(self) -> Chunk | None:
        assert self._fd is not None
        size = os.fstat(self._fd).st_size
        if size < self._position:
            log.warning("action=records_cut path=%s", self.path)
            self._position, self._head = 0, b""
        if len(self._head) < HEAD:
            self._head = os.pread(self._fd, HEAD, 0)
        if size == self._position:
            return None
        data = os.pread(self._fd, CHUNK, self._position)
        end = data.rfind(b"\n") + 1
        if end == 0:
            if len(data) < CHUNK:
                return None  # a line that is still being written
            end = len(data)  # a megabyte without a line end is not a record
        start = self._position
        self._position += end
        return Chunk(self._inode, self._head.decode("utf-8", "replace"), start, data[:end])

    def _advance(self) -> bool:
        """Go on to the next file if the present one, which has been read to its end, was rotated."""
        assert self._fd is not None
        if self._later:
            self._open(self._later.pop(0), 0)
            return True
        present = os.stat(self.path)  # absent for a moment during a rotation: unavailable
        if present.st_ino == self._inode:
            return False
        if os.fstat(self._fd).st_size > self._position and self._has_line():
            return True  # written between our last look and the renaming
        rotated = self._rotated()
        mine = next((i for i, path in enumerate(rotated) if path.stat().st_ino == self._inode), None)
        self._later = [] if mine is None else rotated[mine + 1 :]
        self._open(self._later.pop(0) if self._later else self.path, 0)
        return True

    def _has_line(self) -> bool:
        return b"\n" in os.pread(self._fd or 0, CHUNK, self._position)
