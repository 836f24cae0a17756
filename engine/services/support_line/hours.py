"""Whether support is open, by the working calendar with its holidays and half days, and when it opens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from engine.agreement import working_time
from engine.agreement.calendars import CalendarKind
from engine.agreement.dates import local_day
from engine.services.sla import working_calendar


@dataclass(frozen=True, slots=True)
class OpenHours:
    """Support at an instant; milliseconds."""

    is_open: bool
    opens_at: int  # the next opening; now, while it is open
    closes_at: int | None  # of the hours that run; None while it is closed


def office(now: int) -> OpenHours:
    """Whether support is open at `now`, and when that changes."""
    calendar = working_calendar.current(CalendarKind.SUPPORT, now)
    at = now // 1000
    if not working_time.is_open(calendar, at):
        return OpenHours(False, working_time.next_open(calendar, at) * 1000, None)
    day = local_day(at)
    spans = [span for days in (0, 1) for span in calendar.spans(day + timedelta(days=days))]
    end = at
    for start, until in sorted(spans):
        if start <= end < until:  # a shift that ends at midnight may go on in the next day's
            end = until
    return OpenHours(True, now, end * 1000)


def spans(from_at: int, days: int, now: int) -> list[tuple[int, int]]:
    """The open hours of the days from `from_at` on, as spans in milliseconds: what the switch is told (`conf install`)."""
    calendar = working_calendar.current(CalendarKind.SUPPORT, now)
    first = local_day(from_at // 1000)
    found: list[tuple[int, int]] = []
    for count in range(days):
        for start, end in calendar.spans(first + timedelta(days=count)):
            if found and found[-1][1] == start * 1000:
                found[-1] = (found[-1][0], end * 1000)
            else:
                found.append((start * 1000, end * 1000))
    return found
