"""Whether the database may hold something new: asked before reads that nearly always find the same.

SQLite appends every transaction to its log, so a look at the log file costs a hundredth of a read.  PostgreSQL has no such
sign: there every read is made.
"""

from __future__ import annotations

import os
import time

from peewee import SqliteDatabase

from engine.store.database import db

# A transaction is in the file before it is synced, and visible only after that.
SETTLED_S = 0.3


class Changes:
    """What one reader has seen; a read is made at least every `longest_s`, whatever the file says."""

    def __init__(self, longest_s: float) -> None:
        self._longest_s = longest_s
        self._seen: tuple[int, int] | None = None
        self._until_m = 0.0

    def may_be_new(self, now_m: float) -> bool:
        """Whether to read at `now_m` (monotonic seconds); if so, the read counts as made."""
        mark = _log_file()
        is_young = mark is None or abs(time.time() - mark[0] / 1e9) < SETTLED_S
        if not is_young and mark == self._seen and now_m < self._until_m:
            return False
        # Read once more for what is not visible yet.
        self._seen, self._until_m = None if is_young else mark, now_m + self._longest_s
        return True


def _log_file() -> tuple[int, int] | None:
    """When SQLite's log was last written (ns) and its length; None if there is no log."""
    real = getattr(db, "obj", db)
    if not isinstance(real, SqliteDatabase):
        return None
    try:
        found = os.stat(f"{real.database}-wal")
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
