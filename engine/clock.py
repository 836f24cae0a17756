"""Clocks: UTC wall time in milliseconds, and a monotonic clock for pacing.

Pure code takes ``now`` as an argument; only the outermost loops call these functions.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

TEHRAN = ZoneInfo("Asia/Tehran")


def wall_ms() -> int:
    """Milliseconds since 1970-01-01T00:00:00Z."""
    return time.time_ns() // 1_000_000


def monotonic_s() -> float:
    """Seconds on a clock that never jumps; only differences are meaningful."""
    return time.monotonic()


def both_clocks() -> tuple[int, float]:
    """(wall clock in ms, monotonic seconds)."""
    return wall_ms(), monotonic_s()


def from_ms(at_ms: int) -> datetime:
    """The aware UTC datetime of an instant in milliseconds."""
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC)


def to_ms(at: datetime) -> int:
    """Milliseconds of an aware datetime; a naive one is a programming error."""
    if at.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return round(at.timestamp() * 1000)
