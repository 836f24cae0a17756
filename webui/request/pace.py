"""Rate limits, counted for all web processes together.

The counts are in a small database of their own, so that requests of strangers do not write to the main database; losing
it does no harm.  Each key has one number, an instant: a request moves it forward by its share of the span, and is
refused when the instant would be more than the whole span in the future (the GCRA algorithm).
"""

from __future__ import annotations

import logging
import re
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)

FILE = "limits.db"
_SPANS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_RATE = re.compile(r"(\d+) per (second|minute|hour|day)")
PRUNE_EVERY = 2_000  # requests
MOST_KEYS = 200_000

_MAKE = "CREATE TABLE IF NOT EXISTS pace (key TEXT PRIMARY KEY, used_until INTEGER NOT NULL) WITHOUT ROWID"
# Parameters: key, now, share, longest (the latest allowed instant).
_TAKE = """
INSERT INTO pace (key, used_until) VALUES (:key, :now + :share)
ON CONFLICT (key) DO UPDATE SET used_until = MAX(used_until, :now) + :share
WHERE MAX(used_until, :now) + :share <= :longest
RETURNING used_until
"""


@dataclass(frozen=True, slots=True)
class Rate:
    """A number of requests in a span of ms."""

    count: int
    span_ms: int

    @classmethod
    def of(cls, text: str) -> Rate:
        """``20 per minute``."""
        found = _RATE.fullmatch(text)
        if found is None:
            raise ValueError(f"no rate: {text!r}")
        return cls(int(found[1]), _SPANS[found[2]] * 1000)


@dataclass(frozen=True, slots=True)
class Left:
    """The rest of an allowance: the number of requests, and the ms until it is complete again."""

    rate: Rate
    count: int
    whole_ms: int


class Pace:
    """The counts, in a database in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._kept: sqlite3.Connection | None = None
        self._asked = 0
        self._is_broken = False

    def take(self, key: str, rate: Rate, now: int) -> int:
        """Take one request from the allowance of `key` at `now` (ms); returns 0, or the ms until one is available.

        When the counts cannot be stored (a full disk) everything is allowed: a limit must not become an outage.
        """
        share = max(1, rate.span_ms // rate.count)
        longest = now + share * rate.count
        try:
            rows = self._database().execute(
                _TAKE, {"key": key, "now": now, "share": share, "longest": longest}
            )
            if rows.fetchone() is not None:
                self._prune(now)
                self._is_broken = False
                return 0
            rows = self._database().execute("SELECT used_until FROM pace WHERE key = ?", (key,))
            found = rows.fetchone()
        except sqlite3.Error as error:
            self._give_up(error)
            return 0
        return max(1, int(found[0]) + share - longest) if found else 0

    def left(self, key: str, rate: Rate, now: int) -> Left:
        """The rest of the allowance of `key`; nothing is taken."""
        share = max(1, rate.span_ms // rate.count)
        try:
            found = self._database().execute("SELECT used_until FROM pace WHERE key = ?", (key,)).fetchone()
        except sqlite3.Error as error:
            self._give_up(error)
            found = None
        used_ms = max(0, int(found[0]) - now) if found else 0
        return Left(rate, max(0, rate.count - -(-used_ms // share)), used_ms)

    def close(self) -> None:
        if self._kept is not None:
            with suppress(sqlite3.Error):
                self._kept.close()
            self._kept = None

    def _database(self) -> sqlite3.Connection:
        if self._kept is None:
            kept = sqlite3.connect(self._path, timeout=0.05, isolation_level=None, check_same_thread=False)
            self._path.chmod(0o600)
            kept.execute("PRAGMA journal_mode = WAL")
            kept.execute("PRAGMA synchronous = OFF")
            kept.execute(_MAKE)
            self._kept = kept
        return self._kept

    def _prune(self, now: int) -> None:
        """From time to time delete keys with a complete allowance, and if there are too many, those nearest to it."""
        self._asked += 1
        if self._asked % PRUNE_EVERY:
            return
        kept = self._database()
        kept.execute("DELETE FROM pace WHERE used_until <= ?", (now,))
        surplus = kept.execute("SELECT COUNT(*) FROM pace").fetchone()[0] - MOST_KEYS
        if surplus > 0:
            kept.execute(
                "DELETE FROM pace WHERE key IN (SELECT key FROM pace ORDER BY used_until LIMIT ?)", (surplus,)
            )

    def _give_up(self, error: sqlite3.Error) -> None:
        if not self._is_broken:
            log.error("action=limits_not_kept error=%r", str(error))
        self._is_broken = True
        self.close()
