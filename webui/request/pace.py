"""How often something may be asked for, counted for all web processes together.

In a small database of its own beside the data (nothing is lost with it): the one of calls is not written for
every page that a stranger asks for.  A key has one number, the instant from which it has nothing left of its
allowance: a request moves it on by its share, and is refused when that would be more than the whole span ahead.
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
# Parameters: key, now, share, longest (the latest instant that is still allowed).
_TAKE = """
INSERT INTO pace (key, used_until) VALUES (:key, :now + :share)
ON CONFLICT (key) DO UPDATE SET used_until = MAX(used_until, :now) + :share
WHERE MAX(used_until, :now) + :share <= :longest
RETURNING used_until
"""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in a span of so many ms."""

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
    """What is left of an allowance: how many, and after how many ms it is whole again."""

    rate: Rate
    count: int
    whole_ms: int


class Pace:
    """The counts, in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._kept: sqlite3.Connection | None = None
        self._asked = 0
        self._is_broken = False

    def take(self, key: str, rate: Rate, now: int) -> int:
        """Take one of the allowance of `key` at `now` (ms); 0, or after how many ms there is one again.

        When the counts cannot be kept (a full disk) everybody may: a limit must not become an outage.
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
        """What is left of the allowance of `key`; nothing is taken."""
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
        """Forget now and then who has their whole allowance again, and if need be who is nearest to it."""
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
