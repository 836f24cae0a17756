"""Calendars: which hours of which day count, and who changed what.

A `Calendar` is an immutable value.  It contains its hours and every holiday by date, not a reference to a package
that may be upgraded, and its `version` is a hash of these.  A ticket stores the version, the store keeps
`to_json()` under it, so the same clock can be computed again in a year.

Two kinds:

support       the hours in which telephone and tickets are answered: several
              intervals a day, other hours on Fridays and official holidays.
working-days  Saturday to Thursday without official holidays, each a whole day
              of 24 hours.  The agreement counts working *days* («۳ روز کاری»,
              «تا آخر روز کاری بعد»), and its working day ends with the second
              shift at 24:00: the end of the office day and of the civil day
              are the same instant.  So three working days run 72 hours of such
              days from the moment of the report: Wednesday 10:00 gives Sunday
              10:00, and a report on a Friday starts at Saturday 00:00.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache

import holidays as holidays_package

from engine.agreement.dates import (
    DAY_S,
    clock_text,
    date_text,
    local_instant,
    parse_date,
    parse_instant,
    quoted,
)
from engine.agreement.intervals import Spans, merge
from engine.errors import BadInput

Hours = tuple[tuple[int, int], ...]  # seconds of the local day, 0 to 86,400

# The years whose holidays a calendar contains.  The package knows 1980 to 2100; lunar holidays of far years are
# only estimates.
FIRST_YEAR, LAST_YEAR = 2000, 2050
WEEKDAY_KEYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WHOLE_DAY: Hours = ((0, DAY_S),)


class CalendarKind(StrEnum):
    SUPPORT = "support"  # the hours of telephone and tickets
    WORKING_DAYS = "working-days"  # whole working days


class EditAction(StrEnum):
    ADD = "add"  # the day becomes an official holiday
    STRIKE = "strike"  # the day is not a holiday after all
    MOVE = "move"  # the holiday is on another day (the moon was seen later)
    HALF_DAY = "half_day"  # a working day with shorter support hours


@dataclass(frozen=True, slots=True)
class Holiday:
    day: date
    name_fa: str
    name_en: str


@dataclass(frozen=True, slots=True)
class HolidayEdit:
    """One change by staff to the official holidays: who, when and why.

    `to` is only for MOVE; `hours` only for HALF_DAY (empty: the first shift of that day).  `at` is the time of the
    edit in seconds UTC.
    """

    action: EditAction
    day: date
    author: str
    at: int
    reason: str
    to: date | None = None
    name_fa: str = ""
    name_en: str = ""
    hours: Hours = ()


@dataclass(frozen=True, slots=True)
class Calendar:
    """Hours of each weekday (Monday first), of holidays, and of single days."""

    kind: CalendarKind
    week: tuple[Hours, ...]
    holiday_hours: Hours
    holidays: tuple[Holiday, ...]
    half_days: tuple[tuple[date, Hours], ...] = ()
    first_year: int = FIRST_YEAR
    last_year: int = LAST_YEAR
    version: str = field(init=False)
    _holiday_by_day: Mapping[date, Holiday] = field(init=False, repr=False)
    _half_by_day: Mapping[date, Hours] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_holiday_by_day", {each.day: each for each in self.holidays})
        object.__setattr__(self, "_half_by_day", dict(self.half_days))
        digest = hashlib.sha256(self.to_json().encode()).hexdigest()
        object.__setattr__(self, "version", digest[:16])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Calendar) and other.version == self.version

    def __hash__(self) -> int:
        return hash(self.version)

    def holiday(self, day: date) -> Holiday | None:
        """The official holiday on a date, after all edits; None on other days."""
        return self._holiday_by_day.get(day)

    def is_half_day(self, day: date) -> bool:
        """Whether staff gave a date hours of its own."""
        return day in self._half_by_day

    def hours(self, day: date) -> Hours:
        """The intervals of a date in seconds of the local day.  Raises BadInput outside the known years."""
        if not self.first_year <= day.year <= self.last_year:
            raise BadInput(
                "the calendar knows the official holidays of %(first)s to %(last)s only, not of %(day)s",
                first=self.first_year,
                last=self.last_year,
                day=day,
            )
        half = self._half_by_day.get(day)
        if half is not None:
            return half
        return self.holiday_hours if day in self._holiday_by_day else self.week[day.weekday()]

    def spans(self, day: date) -> Spans:
        """The intervals of a date as instants in seconds UTC."""
        return merge((local_instant(day, start), local_instant(day, end)) for start, end in self.hours(day))

    def to_json(self) -> str:
        """Canonical JSON of the whole calendar; `from_json` gives an equal one."""
        content = {
            "kind": self.kind.value,
            "week": self.week,
            "holiday_hours": self.holiday_hours,
            "holidays": [(each.day.isoformat(), each.name_fa, each.name_en) for each in self.holidays],
            "half_days": [(day.isoformat(), hours) for day, hours in self.half_days],
            "years": (self.first_year, self.last_year),
        }
        return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @staticmethod
    def from_json(text: str) -> Calendar:
        """The calendar that `to_json` wrote."""
        content = json.loads(text)
        return Calendar(
            kind=CalendarKind(content["kind"]),
            week=tuple(_pairs(hours) for hours in content["week"]),
            holiday_hours=_pairs(content["holiday_hours"]),
            holidays=tuple(Holiday(date.fromisoformat(d), fa, en) for d, fa, en in content["holidays"]),
            half_days=tuple((date.fromisoformat(d), _pairs(hours)) for d, hours in content["half_days"]),
            first_year=content["years"][0],
            last_year=content["years"][1],
        )


def _pairs(hours: Iterable[Sequence[int]]) -> Hours:
    return tuple((int(start), int(end)) for start, end in hours)


def parse_hours(pairs: object, what: str) -> Hours:
    """Hours from ``[["08:30", "14:00"], ["14:45", "24:00"]]``.  Raises BadInput unless they are sorted and disjoint."""
    if not isinstance(pairs, list | tuple):
        raise BadInput('%(what)s: needs a list of pairs like ["08:30", "14:00"]', what=what)
    hours: list[tuple[int, int]] = []
    for pair in pairs:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise BadInput(
                '%(what)s: \'%(pair)s\' is not a pair such as ["08:30", "14:00"]', what=what, pair=pair
            )
        start, end = (_clock(each, what) for each in pair)
        if start >= end or (hours and start < hours[-1][1]):
            raise BadInput(
                "%(what)s: '%(pair)s' ends before it starts or overlaps the one before", what=what, pair=pair
            )
        hours.append((start, end))
    return tuple(hours)


def _clock(text: object, what: str) -> int:
    parts = str(text).split(":")
    if len(parts) == 2 and all(part.isascii() and part.isdigit() for part in parts):
        hour, minute = int(parts[0]), int(parts[1])
        if minute < 60 and hour * 60 + minute <= 24 * 60:
            return hour * 3600 + minute * 60
    raise BadInput("%(what)s: '%(text)s' is not a time of day such as 08:30 or 24:00", what=what, text=text)


def hours_text(hours: Hours) -> str:
    """``08:30-14:00, 14:45-24:00``, or ``closed``."""
    return ", ".join(f"{clock_text(start)}-{clock_text(end)}" for start, end in hours) or "closed"


@lru_cache(maxsize=1)
def official_holidays() -> tuple[Holiday, ...]:
    """Iran's official holidays from FIRST_YEAR to LAST_YEAR according to the `holidays` package."""
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    persian = holidays_package.country_holidays("IR", years=years, language="fa_IR")
    english = holidays_package.country_holidays("IR", years=years, language="en_US")
    return tuple(Holiday(day, persian[day], english[day]) for day in sorted(persian))


def build_calendar(
    kind: CalendarKind,
    week: tuple[Hours, ...],
    holiday_hours: Hours,
    edits: Iterable[HolidayEdit] = (),
    base: Iterable[Holiday] | None = None,
) -> Calendar:
    """The calendar of these hours, with the edits of staff applied to the official holidays (`base`).

    Edits are applied in the order of their `at`.  An edit whose holiday no longer exists is applied as far as possible
    (a strike does nothing, a move adds the new day), so that an upgrade of the package never leaves us without a
    calendar; `check_edit` is the strict check at the time of entry.  A half day stays a working day: it changes only
    the support hours.
    """
    by_day = {each.day: each for each in (official_holidays() if base is None else base)}
    half: dict[date, Hours] = {}
    for edit in sorted(edits, key=lambda each: each.at):
        if edit.action is EditAction.HALF_DAY:
            half[edit.day] = edit.hours or week[edit.day.weekday()][:1]
            continue
        half.pop(edit.day, None)
        gone = by_day.pop(edit.day, None)
        if edit.action is EditAction.STRIKE:
            continue
        target = edit.to if edit.action is EditAction.MOVE and edit.to else edit.day
        names = gone or Holiday(edit.day, "تعطیل رسمی", "Official holiday")
        fresh = Holiday(target, edit.name_fa or names.name_fa, edit.name_en or names.name_en)
        there = by_day.get(target)
        if there is not None:
            fresh = Holiday(target, f"{there.name_fa}؛ {fresh.name_fa}", f"{there.name_en}; {fresh.name_en}")
        by_day[target] = fresh
    return Calendar(
        kind=kind,
        week=week,
        holiday_hours=holiday_hours,
        holidays=tuple(by_day[day] for day in sorted(by_day)),
        half_days=tuple(sorted(half.items())) if kind is CalendarKind.SUPPORT else (),
    )


def check_edit(calendar: Calendar, edit: HolidayEdit) -> None:
    """Raise BadInput, with one sentence, for an edit that makes no sense on the present `calendar`."""
    day = f"{date_text(edit.day)} ({edit.day.isoformat()})"
    holiday = calendar.holiday(edit.day)
    if not edit.author.strip() or not edit.reason.strip():
        raise BadInput("the edit of %(day)s needs an author and a reason", day=day)
    if edit.action is EditAction.ADD:
        if holiday is not None:
            raise BadInput(
                "%(day)s is an official holiday already: %(english)s", day=day, english=holiday.name_en
            )
        if not edit.name_fa.strip():
            raise BadInput("the new holiday on %(day)s needs a name", day=day)
    elif edit.action in (EditAction.STRIKE, EditAction.MOVE) and holiday is None:
        raise BadInput(
            "%(day)s is not an official holiday, so it cannot be %(what)s", day=day, what=_PAST[edit.action]
        )
    if edit.action is EditAction.MOVE and (edit.to is None or edit.to == edit.day):
        raise BadInput("the holiday of %(day)s needs another day to move to", day=day)
    if edit.action is EditAction.HALF_DAY and (holiday is not None or not calendar.hours(edit.day)):
        raise BadInput(
            "%(day)s is not a working day, so it cannot be a half day (strike the holiday first)", day=day
        )


_PAST = {EditAction.STRIKE: "struck", EditAction.MOVE: "moved"}


def parse_edit(record: object, what: str) -> HolidayEdit:
    """An edit from its JSON record; BadInput begins with `what` (like ``edits[3]``).

    ``{"action": "move", "day": "1405-03-06", "to": "1405-03-07", "author": "…", "at": ISO time,
    "reason": "…", "name_fa": "…", "name_en": "…", "hours": [["08:30", "12:00"]]}``
    """
    if not isinstance(record, dict):
        raise BadInput("%(what)s: needs an object with action, day, author, at and reason", what=what)
    try:
        action = EditAction(str(record.get("action")))
    except ValueError:
        raise BadInput(
            "%(what)s.action: %(action)s is not one of %(known)s",
            what=what,
            action=quoted(record.get("action")),
            known=list(EditAction),
        ) from None
    for key in ("author", "reason"):
        if not isinstance(record.get(key), str) or not record[key].strip():
            raise BadInput("%(what)s.%(key)s: is missing", what=what, key=key)
    if action is EditAction.MOVE and not record.get("to"):
        raise BadInput("%(what)s.to: a moved holiday needs the day it moves to", what=what)
    return HolidayEdit(
        action=action,
        day=parse_date(record.get("day", ""), f"{what}.day"),
        author=record["author"],
        at=parse_instant(record.get("at"), f"{what}.at"),
        reason=record["reason"],
        to=parse_date(record["to"], f"{what}.to") if record.get("to") else None,
        name_fa=str(record.get("name_fa", "")),
        name_en=str(record.get("name_en", "")),
        hours=parse_hours(record.get("hours", []), f"{what}.hours"),
    )
