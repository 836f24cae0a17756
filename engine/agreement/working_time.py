"""Clocks that run in working time: how much has elapsed, and when a deadline is reached.

`elapsed` and `deadline` are inverse: ``elapsed(c, s, deadline(c, s, n, p), p) == n``, and no earlier instant has that
value.  A pause is a span in which the clock is stopped (we wait for the customer).  Pass an open pause as
``(start, now)``; the deadline is then the one that would hold if the customer answered now.

Nothing here iterates over seconds: a year of a calendar is one table of spans with running totals, made once.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from engine.agreement.calendars import Calendar, CalendarKind
from engine.agreement.dates import (
    DAY_S,
    WEEKDAYS_EN,
    WEEKDAYS_FA,
    date_text,
    duration_text,
    duration_text_fa,
    instant_text,
    instant_text_fa,
    local_day,
    local_instant,
    persian_digits,
)
from engine.agreement.intervals import Span, Spans, clip, covering, merge
from engine.errors import BadInput
from engine.sentences import Instant


@dataclass(frozen=True, slots=True)
class _Year:
    """The open spans of one local year, and the open seconds up to the end of each."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    until: tuple[int, ...]

    @property
    def total(self) -> int:
        return self.until[-1] if self.until else 0

    def before(self, at: int) -> int:
        """Open seconds of the year before `at`."""
        index = bisect_right(self.starts, at) - 1
        if index < 0:
            return 0
        return self.until[index] - max(0, self.ends[index] - at)


@lru_cache(maxsize=512)
def _year(calendar: Calendar, year: int) -> _Year:
    spans: list[Span] = []
    day = date(year, 1, 1)
    while day.year == year:
        spans.extend(calendar.spans(day))
        day += timedelta(days=1)
    merged = merge(spans)
    until, so_far = [], 0
    for start, end in merged:
        so_far += end - start
        until.append(so_far)
    return _Year(tuple(s for s, _ in merged), tuple(e for _, e in merged), tuple(until))


def _open_seconds(calendar: Calendar, start: int, end: int) -> int:
    """Open seconds in ``[start, end)``, without regard to pauses."""
    first, last = local_day(start).year, local_day(end).year
    open_s = _year(calendar, last).before(end) - _year(calendar, first).before(start)
    return open_s + sum(_year(calendar, year).total for year in range(first, last))


def _advance(calendar: Calendar, start: int, amount_s: int) -> int:
    """The first instant at which `amount_s` > 0 open seconds have passed since `start`."""
    year = local_day(start).year
    table = _year(calendar, year)
    wanted = table.before(start) + amount_s
    while wanted > table.total:
        wanted -= table.total
        year += 1
        table = _year(calendar, year)
    index = bisect_left(table.until, wanted)
    return table.ends[index] - (table.until[index] - wanted)


def elapsed(calendar: Calendar, start: int, end: int, pauses: Iterable[Span] = ()) -> int:
    """Working seconds in ``[start, end)`` outside the pauses; instants in seconds UTC.

    Raises BadInput if `end` is before `start` or outside the calendar's years.
    """
    if end < start:
        raise BadInput(
            "the end %(end)s lies before the start %(start)s",
            end=Instant(end * 1000),
            start=Instant(start * 1000),
        )
    paused = clip(merge(pauses), start, end)
    return _open_seconds(calendar, start, end) - sum(_open_seconds(calendar, a, b) for a, b in paused)


def deadline(calendar: Calendar, start: int, amount_s: int, pauses: Iterable[Span] = ()) -> int:
    """The first instant at which `amount_s` working seconds have passed since `start`.

    For 0 seconds that is `start` itself.  Raises BadInput for a negative amount, or if the answer is outside the
    calendar's years.
    """
    if amount_s < 0:
        raise BadInput("an amount of working time cannot be negative: %(n)s s", n=amount_s)
    if amount_s == 0:
        return start
    cursor, left_s = start, amount_s
    for pause_start, pause_end in merge(pauses):
        if pause_end <= cursor:
            continue
        if pause_start > cursor:
            runs_s = _open_seconds(calendar, cursor, pause_start)
            if runs_s >= left_s:
                break
            left_s -= runs_s
        cursor = pause_end
    return _advance(calendar, cursor, left_s)


def is_open(calendar: Calendar, at: int) -> bool:
    """Whether the calendar's clock runs at an instant."""
    return covering(calendar.spans(local_day(at)), at) is not None


def next_open(calendar: Calendar, at: int) -> int:
    """The first instant at or after `at` at which the clock runs."""
    return _advance(calendar, at, 1) - 1


def is_working_day(calendar: Calendar, day: date) -> bool:
    """Whether a date is a working day; `calendar` must be a working-days calendar."""
    _require_working_days(calendar)
    return bool(calendar.hours(day))


def end_of_working_day(calendar: Calendar, start: int, count: int = 1) -> int:
    """The end (24:00) of the `count`-th working day after the day of `start`.

    «By the end of the next working day» is `count` 1: on a Wednesday the end of Thursday, on a Thursday or Friday the
    end of Saturday.
    """
    _require_working_days(calendar)
    if count < 1:
        raise BadInput("working days are counted from 1, not %(n)s", n=count)
    day = local_day(start)
    while count:
        day += timedelta(days=1)
        count -= bool(calendar.hours(day))
    return local_instant(day, DAY_S)


def _require_working_days(calendar: Calendar) -> None:
    if calendar.kind is not CalendarKind.WORKING_DAYS:
        raise ValueError("working days are asked of the working-days calendar")


@dataclass(frozen=True, slots=True)
class Explanation:
    """The state of a clock, in figures; `said` puts it into a sentence."""

    used_s: int
    amount_s: int
    deadline: int
    state: str  # running, closed, paused, late, met, cancelled
    resumes_at: int | None = None
    now: int = 0
    since: int = 0  # when it was done or paused
    in_days: bool = False  # its time is counted in working days

    @property
    def en(self) -> str:
        return self.said("en")

    @property
    def fa(self) -> str:
        return self.said("fa")

    def said(self, language: str, *, jalali: bool = True) -> str:
        """One sentence in ``fa`` or ``en``: «3 h 20 min of 4 h used; the clock stands still until 08:30»."""
        persian = language == "fa"
        if self.state == "cancelled":
            return "دیگر لازم نیست" if persian else "not owed any more"
        lasted = duration_text_fa if persian else duration_text

        def at(instant: int, *, is_end: bool = False) -> str:
            text = instant_text_fa if persian else instant_text
            return text(instant, jalali=jalali, is_end=is_end)

        def long(seconds: int) -> str:
            return lasted(seconds, days=self.in_days)

        used, amount, late_s = long(self.used_s), long(self.amount_s), self.used_s - self.amount_s
        head = f"{used} از {amount} گذشته است؛ " if persian else f"{used} of {amount} used; "
        due = at(self.deadline, is_end=True)
        match self.state:
            case "late":  # late_s is 0 while the office has been closed since the deadline
                if persian:
                    return f"{head}{long(late_s) + ' ' if late_s else ''}دیر شده است؛ مهلت {due} بود"
                return f"{head}late{f' by {long(late_s)}' if late_s else ''}, it was due at {due}"
            case "met":
                done = at(self.since)
                return f"{head}در {done} در مهلت انجام شد" if persian else f"{head}done in time at {done}"
            case "paused":
                since = at(self.since)
                if persian:
                    return f"{head}از {since} در انتظار پاسخ مشتری است و زمان نمی‌گذرد"
                return f"{head}the clock stands still since {since} while we wait for the customer"
            case "running":
                if persian:
                    return f"{head}زمان در حال گذر است؛ مهلت تا {due}"
                return f"{head}the clock runs, due at {due}"
        assert self.resumes_at is not None
        until = _moment(self.resumes_at, self.now, persian=persian, jalali=jalali)
        return f"{head}زمان تا {until} نمی‌گذرد" if persian else f"{head}the clock stands still until {until}"


def explain(
    calendar: Calendar,
    start: int,
    amount_s: int,
    now: int,
    pauses: Iterable[Span] = (),
    *,
    stopped_at: int | None = None,
) -> Explanation:
    """The state of a clock at `now`: «3 h 20 min of 4 h used; the clock stands still until 08:30».

    A pause that covers `now` means that we wait for the customer.  `stopped_at` is when the work was done (the answer
    given): the clock ends there, in time or late.
    """
    paused: Spans = merge(pauses)
    at = max(start, now if stopped_at is None else min(stopped_at, now))
    used_s = elapsed(calendar, start, at, paused)
    due = deadline(calendar, start, amount_s, paused)
    days = calendar.kind is CalendarKind.WORKING_DAYS
    resumes_at: int | None = None
    since = 0
    pause = covering(paused, now)
    if at > due:
        state = "late"
    elif stopped_at is not None and stopped_at <= now:
        state, since = "met", stopped_at
    elif pause is not None:
        state, since = "paused", pause[0]
    elif is_open(calendar, now):
        state = "running"
    else:
        state, resumes_at = "closed", next_open(calendar, now)
    return Explanation(used_s, amount_s, due, state, resumes_at, now, since, days)


def _moment(at: int, now: int, *, persian: bool, jalali: bool) -> str:
    """`at` as a time of day, with the date unless it is the day of `now`."""
    day = local_day(at)
    clock = instant_text(at).partition(" ")[2]
    if day == local_day(now):
        return f"ساعت {persian_digits(clock)}" if persian else clock
    if persian:
        return f"{WEEKDAYS_FA[day.weekday()]} {instant_text_fa(at, jalali=jalali)}"
    return f"{WEEKDAYS_EN[day.weekday()]} {date_text(day, jalali=jalali)} {clock}"
