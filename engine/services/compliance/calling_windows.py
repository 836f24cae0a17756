"""Calling windows: the hours of the day, and the days of the week, in which a campaign may ring.  Pure.

Stored as ``09:30-14:00,16:30-22:00`` in local time: half-open, several a day.  ``22:00-24:00`` ends at
midnight, ``22:00-02:00`` crosses it, and the empty text means any hour.
People may write ``9-14``, ``09:30–14:00``, «۰۹:۳۰ تا ۱۴:۰۰ و ۱۶:۳۰ تا ۲۲», ``9 am to 2 pm``.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from engine.clock import from_ms, to_ms
from engine.errors import BadInput

_TIME = r"(\d{1,2})(?:[:.٫h](\d{2}))?\s*(am|pm|صبح|ظهر|بعدازظهر|بعد از ظهر|عصر|شب)?"
_SPAN = re.compile(rf"(?:از|from)?\s*{_TIME}\s*(?:-|~|تا|الی|to|until|till)\s*{_TIME}")
_BETWEEN = re.compile(r"[,،;؛\n]| (?:و|and)[ \n]+")
LONGEST = 200  # characters of all windows
_SPACES = re.compile(r"[^\S\n]+")
_AFTERNOON = ("pm", "ظهر", "بعدازظهر", "بعد از ظهر", "عصر", "شب")
_DAY_MIN = 24 * 60


EVERY_DAY = ""
_WEEK = "1234567"  # ISO: 1 is Monday, 6 Saturday


@dataclass(frozen=True, slots=True)
class Windows:
    """When calls may be placed, local time.

    `spans`: minutes of the day, ``(start, end)`` with 0 <= start < end <= 1440; empty means any hour.
    `days`: ISO weekdays on which the spans hold (``67123``), sorted; empty means every day.
    """

    spans: tuple[tuple[int, int], ...] = ()
    days: str = EVERY_DAY

    def is_open(self, now: int, zone: tzinfo) -> bool:
        """Whether calls may be placed at `now` (ms)."""
        if not self.spans and not self.days:
            return True
        local = from_ms(now).astimezone(zone)
        minute = local.hour * 60 + local.minute
        return any(start <= minute < end for start, end in self._spans_on(local, 0))

    def next_open(self, now: int, zone: tzinfo) -> int:
        """The first instant at or after `now` (ms) at which calls may be placed."""
        if self.is_open(now, zone):
            return now
        local = from_ms(now).astimezone(zone)
        for day in range(9):
            for start, _ in self._spans_on(local, day):
                at = _local_minute(local, day, start, zone)
                if to_ms(at) > now:
                    return to_ms(at)
        raise AssertionError("a window opens every week")

    def closes_at(self, now: int, zone: tzinfo) -> int | None:
        """When the window that is open at `now` closes (ms); None when it never does."""
        if (not self.spans and not self.days) or not self.is_open(now, zone):
            return None
        local = from_ms(now).astimezone(zone)
        minute = local.hour * 60 + local.minute
        end = next(end for start, end in self._spans_on(local, 0) if start <= minute < end)
        day = 0
        while end == _DAY_MIN:  # it may continue after midnight
            following = self._spans_on(local, day + 1)
            if not following or following[0][0]:
                break
            end, day = following[0][1], day + 1
            if day > 7:
                return None
        return to_ms(_local_minute(local, day, end, zone))

    def after_open_ms(self, start: int, amount: int, zone: tzinfo, limit_days: int = 400) -> int | None:
        """The instant (ms) at which `amount` ms of open time have passed since `start`; None after `limit_days` days."""
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
        """The time that is open in both windows; NEVER when there is none."""
        days = "".join(day for day in self.days or _WEEK if day in (other.days or _WEEK))
        if not days:
            return NEVER
        days = EVERY_DAY if days == _WEEK else days
        if not self.spans or not other.spans:
            return Windows(self.spans or other.spans, days)
        both = tuple(
            sorted(
                (max(start, first), min(end, last))
                for start, end in self.spans
                for first, last in other.spans
                if max(start, first) < min(end, last)
            )
        )
        return Windows(both, days) if both else NEVER

    def _spans_on(self, local: datetime, day: int) -> tuple[tuple[int, int], ...]:
        """The spans of the day that is `day` days after the day of `local`."""
        if self.days and str((local.date() + timedelta(days=day)).isoweekday()) not in self.days:
            return ()
        return self.spans or ((0, _DAY_MIN),)

    def __str__(self) -> str:
        return ",".join(
            f"{start // 60:02d}:{start % 60:02d}-{end // 60:02d}:{end % 60:02d}" for start, end in self.spans
        )


# An impossible minute: never open, and checked again each midnight.
NEVER = Windows(((_DAY_MIN, _DAY_MIN),))


def windows_of(text: str, days: str) -> Windows:
    """Windows from the written hours and weekdays.  Raises BadInput as `parse_windows` and `parse_days` do."""
    return Windows(parse_windows(text).spans, parse_days(days))


def parse_days(text: str) -> str:
    """ISO weekdays, sorted, without duplicates; all seven give the empty text.  Raises BadInput for anything else."""
    wrong = set(text) - set(_WEEK)
    if wrong:
        raise BadInput("«%(day)s» is not a weekday: 1 is Monday, 7 is Sunday.", day=min(wrong))
    found = "".join(sorted(set(text)))
    return EVERY_DAY if found == _WEEK else found


def parse_windows(text: str) -> Windows:
    """Windows from their written form.  Raises BadInput, which names the span and what is wrong with it."""
    minutes = bytearray(_DAY_MIN)
    if not text.strip():
        return Windows()
    if len(text) > LONGEST:
        raise BadInput("The windows have at most %(n)s characters.", n=LONGEST)
    for number, part in enumerate(_BETWEEN.split(_plain(text)), start=1):
        shown = part.strip()
        found = _SPAN.fullmatch(shown)
        if not found:
            raise BadInput(
                "Window %(number)s (%(text)s) is not of the form 09:30-14:00.",
                number=number,
                text=repr(shown),
            )
        start, end = _minute(*found.group(1, 2, 3)), _minute(*found.group(4, 5, 6))
        if start is None or end is None or start >= _DAY_MIN or end > _DAY_MIN:
            raise BadInput(
                "Window %(number)s (%(text)s) contains an impossible time.", number=number, text=repr(shown)
            )
        if start == end:
            raise BadInput(
                "Window %(number)s (%(text)s) is empty: it ends when it begins.",
                number=number,
                text=repr(shown),
            )
        for minute in range(start, end) if start < end else [*range(start, _DAY_MIN), *range(end)]:
            minutes[minute] = 1
    return Windows(_spans(minutes))


def _plain(text: str) -> str:
    """The text as the patterns expect it: ASCII digits and dashes, Persian letters, no invisible marks."""
    out = []
    for char in unicodedata.normalize("NFKC", text).casefold().replace("ي", "ی").replace("ك", "ک"):
        category = unicodedata.category(char)
        if category == "Nd":
            out.append(str(unicodedata.decimal(char)))
        elif category == "Pd" or char == "\N{MINUS SIGN}":
            out.append("-")
        elif char == "\N{ZERO WIDTH NON-JOINER}":
            out.append(" ")
        elif category not in ("Cf", "Mn"):
            out.append(char)
    return _SPACES.sub(" ", "".join(out)).strip()


def _minute(hour: str, minute: str | None, half: str | None) -> int | None:
    """A time as a minute of the day; None for an impossible one."""
    hours, minutes = int(hour), int(minute or 0)
    if half:
        if not 1 <= hours <= 12:
            return None
        if half in _AFTERNOON:
            # Twelve at night is midnight, the end of the day.
            hours = 24 if half == "شب" and hours == 12 else hours % 12 + 12
        else:
            hours %= 12
    return hours * 60 + minutes if minutes < 60 else None


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
