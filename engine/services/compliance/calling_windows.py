"""Calling windows: the hours of the day in which a campaign may ring.  Pure.

Written ``09:30-14:00,16:30-22:00`` in local time; half-open, several a day;
``22:00-24:00`` ends at midnight; ``22:00-02:00`` crosses it.  Empty: any hour.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from engine.clock import from_ms, to_ms
from engine.errors import BadInput

_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")
_DAY_MIN = 24 * 60


@dataclass(frozen=True, slots=True)
class Windows:
    """Spans of minutes of the day, ``(start, end)`` with 0 <= start < end <= 1440; empty means any hour."""

    spans: tuple[tuple[int, int], ...] = ()

    def is_open(self, now: int, zone: tzinfo) -> bool:
        """Whether calls may be placed at `now` (ms)."""
        if not self.spans:
            return True
        local = from_ms(now).astimezone(zone)
        minute = local.hour * 60 + local.minute
        return any(start <= minute < end for start, end in self.spans)

    def next_open(self, now: int, zone: tzinfo) -> int:
        """The first instant from `now` on at which calls may be placed (ms)."""
        if self.is_open(now, zone):
            return now
        local = from_ms(now).astimezone(zone)
        for day in range(3):
            for start, _ in self.spans:
                at = _local_minute(local, day, start, zone)
                if to_ms(at) > now:
                    return to_ms(at)
        raise AssertionError("a window opens every day")

    def closes_at(self, now: int, zone: tzinfo) -> int | None:
        """When the window that is open at `now` closes (ms); None when it never does."""
        if not self.spans or not self.is_open(now, zone):
            return None
        local = from_ms(now).astimezone(zone)
        minute = local.hour * 60 + local.minute
        end = next(end for start, end in self.spans if start <= minute < end)
        closing = _local_minute(local, 0, end, zone)
        if end == _DAY_MIN and self.spans[0][0] == 0:
            if self.spans[0][1] == _DAY_MIN:
                return None
            closing = _local_minute(local, 1, self.spans[0][1], zone)
        return to_ms(closing)

    def after_open_ms(self, start: int, amount: int, zone: tzinfo, limit_days: int = 400) -> int | None:
        """The instant by which `amount` ms of open time have passed since `start`; None beyond the limit."""
        at, left = start, amount
        last = start + limit_days * 86_400_000
        while at < last:
            at = self.next_open(at, zone)
            closes = self.closes_at(at, zone)
            if closes is None or at + left <= closes:
                return at + left
            left -= closes - at
            at = closes
        return None

    def within(self, other: Windows) -> Windows:
        """The time that is open in both; NEVER when there is none."""
        if not self.spans or not other.spans:
            return self if self.spans else other
        both = tuple(
            sorted(
                (max(start, first), min(end, last))
                for start, end in self.spans
                for first, last in other.spans
                if max(start, first) < min(end, last)
            )
        )
        return Windows(both) if both else NEVER

    def __str__(self) -> str:
        return ",".join(
            f"{start // 60:02d}:{start % 60:02d}-{end // 60:02d}:{end % 60:02d}" for start, end in self.spans
        )


# A minute that no day has: never open, and looked at again each midnight.
NEVER = Windows(((_DAY_MIN, _DAY_MIN),))


def parse_windows(text: str) -> Windows:
    """Windows from their written form.  Raises BadInput that names the span and what is wrong."""
    minutes = bytearray(_DAY_MIN)
    if not text.strip():
        return Windows()
    for number, part in enumerate(text.split(","), start=1):
        found = _SPAN.fullmatch(part.strip())
        if not found:
            raise BadInput(f"Window {number} ({part.strip()!r}) is not of the form 09:30-14:00.")
        start = int(found[1]) * 60 + int(found[2])
        end = int(found[3]) * 60 + int(found[4])
        if int(found[2]) > 59 or int(found[4]) > 59 or start >= _DAY_MIN or end > _DAY_MIN:
            raise BadInput(f"Window {number} ({part.strip()!r}) names a time that no day has.")
        if start == end:
            raise BadInput(f"Window {number} ({part.strip()!r}) is empty: it ends when it begins.")
        for minute in range(start, end) if start < end else [*range(start, _DAY_MIN), *range(end)]:
            minutes[minute] = 1
    return Windows(_spans(minutes))


def _spans(minutes: bytearray) -> tuple[tuple[int, int], ...]:
    spans = []
    start = None
    for minute in range(_DAY_MIN + 1):
        is_open = minute < _DAY_MIN and minutes[minute]
        if is_open and start is None:
            start = minute
        elif not is_open and start is not None:
            spans.append((start, minute))
            start = None
    return tuple(spans)


def _local_minute(local: datetime, days: int, minute: int, zone: tzinfo) -> datetime:
    """The instant of a minute of the day, `days` after the day of `local`; wall-clock arithmetic."""
    day = datetime(local.year, local.month, local.day) + timedelta(days=days, minutes=minute)
    return day.replace(tzinfo=zone).astimezone(UTC)
