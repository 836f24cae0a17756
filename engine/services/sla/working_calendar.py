"""The working calendar in the store: staff's edits of the holidays, and the versions that clocks froze.

The official holidays come from the package, the hours from the agreement's
version, and staff's edits lie over both.  An edit is never changed or removed:
a wrong one is undone by another (a holiday that was added is struck, one that
was struck is added, a half day gets the day's usual hours), so that the log
says what changed and when.  Pages edit through `tickets.clocks.edit_calendar`,
which moves the clocks that run as well.

Functions run inside a transaction; `now` is milliseconds UTC.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from engine.agreement.calendars import (
    Calendar,
    CalendarKind,
    EditAction,
    Holiday,
    HolidayEdit,
    Hours,
    check_edit,
    hours_text,
    parse_hours,
)
from engine.agreement.dates import clock_text, date_text
from engine.agreement.terms import Terms
from engine.errors import BadInput, NotFound
from engine.sentences import Word, kept
from engine.services.accounts import audit_log
from engine.services.accounts.permissions import CALENDAR_ROLES, Actor, require_role
from engine.services.sla import agreements
from engine.store.tables.support import CalendarEdit, CalendarVersion

__all__ = ["Day", "by_version", "current", "days", "edit", "edits", "history", "keep", "of_terms"]

MAX_DAYS = 400


@dataclass(frozen=True, slots=True)
class Day:
    """A day as the page of the calendar shows it."""

    day: date
    hours: Hours
    is_working: bool
    holiday: Holiday | None
    is_half: bool
    is_edited: bool


def edits() -> list[HolidayEdit]:
    """All edits by staff, in the order in which they were made."""
    return [_edit_of(row) for row in CalendarEdit.select().order_by(CalendarEdit.at, CalendarEdit.id)]


def history(limit: int = 200) -> list[CalendarEdit]:
    """The rows of the edits, the newest first, with who, when and why."""
    return list(CalendarEdit.select().order_by(CalendarEdit.id.desc()).limit(limit))


def current(kind: CalendarKind | str, now: int) -> Calendar:
    """The calendar of that kind by the agreement in force at `now`, with all edits."""
    return of_terms(agreements.in_force(now), kind)


def of_terms(terms: Terms, kind: CalendarKind | str) -> Calendar:
    """The calendar of that kind by a version of the agreement, with all edits made so far."""
    return _built(terms.sha256, terms.id, CalendarKind(kind), tuple(edits()))


@lru_cache(maxsize=16)
def _built(_terms_sha256: str, terms_id: str, kind: CalendarKind, made: tuple[HolidayEdit, ...]) -> Calendar:
    return agreements.versions().by_id(terms_id).calendar(kind, made)


def keep(calendar: Calendar, now: int) -> str:
    """Store a calendar under its version, so that a clock can be calculated again much later; the version."""
    if not CalendarVersion.select().where(CalendarVersion.version == calendar.version).exists():
        CalendarVersion.insert(
            version=calendar.version, kind=calendar.kind.value, content=calendar.to_json(), made_at=now
        ).on_conflict_ignore().execute()
    return calendar.version


@lru_cache(maxsize=64)  # a version is the hash of its content, so it never goes stale
def by_version(version: str) -> Calendar:
    """The calendar that some clock froze; NotFound if none did."""
    row = CalendarVersion.get_or_none(CalendarVersion.version == version)
    if row is None:
        raise NotFound("There is no calendar %(version)s.", version=version)
    return Calendar.from_json(row.content)


def edit(
    person: Actor,
    action: str,
    day: date,
    reason: str,
    now: int,
    *,
    to: date | None = None,
    name_fa: str = "",
    name_en: str = "",
    hours: list[list[str]] | None = None,
) -> None:
    """Staff add, strike or move a holiday or make a half day.

    `hours` (``[["08:30", "12:00"]]``) is a half day's, empty for its first shift.
    BadInput with one sentence if the edit makes no sense on the calendar as it
    is; NotAllowed for people without the right.
    """
    require_role(person, CALENDAR_ROLES)
    try:
        known = EditAction(action)
    except ValueError:
        raise BadInput(
            "The change '%(action)s' is none of %(known)s.", action=action, known=list(EditAction)
        ) from None
    pairs = parse_hours(hours or [], "The hours of the half day")
    made = HolidayEdit(
        action=known,
        day=day,
        author=f"person {person.id}",
        at=now // 1000,
        reason=" ".join(reason.split()),
        to=to if known is EditAction.MOVE else None,
        name_fa=name_fa.strip()[:200],
        name_en=name_en.strip()[:200],
        hours=pairs if known is EditAction.HALF_DAY else (),
    )
    before = current(CalendarKind.SUPPORT, now)
    check_edit(before, made)
    CalendarEdit.create(
        at=now,
        author_id=person.id,
        action=made.action.value,
        day=made.day.isoformat(),
        to_day=made.to.isoformat() if made.to else "",
        name_fa=made.name_fa,
        name_en=made.name_en,
        hours=json.dumps([[clock_text(start), clock_text(end)] for start, end in made.hours]),
        reason=made.reason,
    )
    after = current(CalendarKind.SUPPORT, now)
    changed = [each for each in (made.day, made.to) if each is not None]
    audit_log.record(
        person.id,
        None,
        "calendar.edit",
        f"calendar {made.action.value} {date_text(made.day)}",
        now,
        before={date_text(each): _said(before, each) for each in changed},
        after={**{date_text(each): _said(after, each) for each in changed}, "reason": made.reason},
    )


def days(first: date, last: date, now: int) -> list[Day]:
    """The days of a span (both ends in it) as they are now, for the page of the calendar."""
    if not 0 <= (last - first).days < MAX_DAYS:
        raise BadInput("The calendar is shown for 1 to %(n)s days.", n=MAX_DAYS)
    support = current(CalendarKind.SUPPORT, now)
    working = current(CalendarKind.WORKING_DAYS, now)
    touched = {each.day for each in edits()} | {each.to for each in edits() if each.to}
    shown = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [
        Day(
            day,
            support.hours(day),
            bool(working.hours(day)),
            support.holiday(day),
            support.is_half_day(day),
            day in touched,
        )
        for day in shown
    ]


def _said(calendar: Calendar, day: date) -> str:
    holiday = calendar.holiday(day)
    text = hours_text(calendar.hours(day))
    hours = text if calendar.hours(day) else Word(text)
    if holiday:
        return kept("holiday «%(name)s», %(hours)s", name=holiday.name_fa, hours=hours)
    if calendar.is_half_day(day):
        return kept("half day, %(hours)s", hours=hours)
    return kept("usual day, %(hours)s", hours=hours)


def _edit_of(row: CalendarEdit) -> HolidayEdit:
    return HolidayEdit(
        action=EditAction(row.action),
        day=date.fromisoformat(row.day),
        author=f"person {row.author_id}",
        at=row.at // 1000,
        reason=row.reason,
        to=date.fromisoformat(row.to_day) if row.to_day else None,
        name_fa=row.name_fa,
        name_en=row.name_en,
        hours=parse_hours(json.loads(row.hours), "hours"),
    )
