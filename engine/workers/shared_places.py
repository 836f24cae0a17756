"""The places of accounts, shared by all processes of one data folder: file locks, with one file per lane.

A lock is a byte of the file.  Nothing is written, and the system releases what a process held, however it ends.
"""

from __future__ import annotations

import fcntl
import os
import struct
from pathlib import Path

FOLDER = "turns"
MOST = 16  # most places of one account


class SharedPlaces:
    """The places that this process holds in a lane; all processes together hold at most `of_account` per account."""

    def __init__(self, folder: Path, lane: str, of_account: int) -> None:
        """Open the lane's file, and create it if needed.  Raises OSError."""
        folder = folder / FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        self._file = os.open(folder / f"{lane}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._of_account = min(of_account, MOST)
        self._held: set[int] = set()

    def take(self, account: int) -> bool:
        """Take a place of an account; False when all are taken, here or elsewhere."""
        for byte in range(account * MOST, account * MOST + self._of_account):
            if byte not in self._held and self._lock(fcntl.F_WRLCK, byte):
                self._held.add(byte)
                return True
        return False

    def release(self, account: int) -> None:
        """Release one of the account's places that this process holds."""
        byte = next(each for each in self._held if each // MOST == account)
        self._lock(fcntl.F_UNLCK, byte)
        self._held.discard(byte)

    def _lock(self, kind: int, byte: int) -> bool:
        # struct flock of the open file description: a lock of the process would end when it closes another file of that name.
        wanted = struct.pack("hhqqi", kind, os.SEEK_SET, byte, 1, 0)
        try:
            fcntl.fcntl(self._file, fcntl.F_OFD_SETLK, wanted)
        except (BlockingIOError, PermissionError):
            return False
        return True
